"""Other libraries that have to be told of tensors before they take them.

Most need nothing: NumPy, SciPy and scikit-learn ask a tensor for ``__array__``, ``__dlpack__`` or
``__array_namespace__``. einops keeps a list of its own, and is told here, at the import of the
package: whichever of the two is imported first, ``rearrange`` then takes tensors. That imports
einops where it is installed, which costs 1 ms (0.1 ms where it is not); waiting for the user's own
import would take a hook in Python's import system. May import everything below the package.
"""

from contextlib import suppress

with suppress(ImportError):
    from minitorch_cnn.interop import einops_backend as einops_backend
