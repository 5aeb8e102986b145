"""Mixed precision: which dtype products are computed in, one context variable.

The functions that follow it say so where they are declared, see ``ops/precision``. May import
``backend`` and ``context_mode``.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

import numpy as np

from minitorch_cnn.backend import as_dtype
from minitorch_cnn.context_mode import ContextMode

_TARGET: ContextVar[np.dtype[Any] | None] = ContextVar("autocast", default=None)
autocast_dtype = _TARGET.get
"""What products are computed in here; None where nothing is cast."""


class autocast(ContextMode):
    """Compute products in float16, and what would suffer in float32, inside a ``with`` block.

    Convolutions, dense layers, matrix products and attention cast their inputs to ``dtype``.
    Losses, softmax, normalisations, sums, powers, exponentials and logarithms cast to float32.
    Everything else takes what comes, and the wider of two. Parameters stay as they are, and get
    gradients in their own dtype. A gradient is computed as its operation was, also where
    ``backward`` is called inside.

    Context manager and decorator. Small gradients are lost in float16: scale the loss with
    ``optim.GradScaler``.

    Parameters
    ----------
    dtype : dtype, default "float16"
        float16 or float32.
    enabled : bool, default True
        False turns it off, within another as well.

    Raises
    ------
    ValueError
        For another dtype; inside it, on a backend without float16.

    Notes
    -----
    Source: P. Micikevicius et al., "Mixed Precision Training", 2018; the lists of operations are
    PyTorch's. float16 is fast where the device computes in it, as GPUs do, and slow on NumPy.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> layer, x = mt.nn.Dense(3, 2), mt.ones((1, 3))
    >>> with mt.autocast():
    ...     y = layer(x)
    ...     y.dtype, mt.nn.functional.softmax(y, 1).dtype
    (dtype('float16'), dtype('float32'))
    """

    def __init__(self, dtype: Any = "float16", enabled: bool = True) -> None:
        if str(dtype) in ("bfloat16", "cuda", "cpu"):
            raise ValueError(
                f"autocast: {dtype!r}; expected dtype='float16'. NumPy and the array API have no "
                "bfloat16, and the backend goes with the tensors"
            )
        target = as_dtype(dtype)
        if target.name not in ("float16", "float32"):
            raise ValueError(f"autocast: dtype={target}; expected float16 or float32")
        super().__init__(_TARGET, target if enabled else None)
