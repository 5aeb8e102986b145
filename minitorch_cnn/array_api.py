"""The array API's namespace: what ``x.__array_namespace__()`` gives to libraries written for it.

It holds the functions of the package under the same names. One thing differs: the standard has item
assignment, and the libraries use it (SciPy's ``logsumexp`` does), while tensors are values. So the
tensors that come from here are of the subclass whose entries can be set,
:class:`minitorch_cnn.MutableTensor`, and no two of them share an object. Reads the package when a
name is asked for, since it stands on top of it.
"""

from __future__ import annotations

from functools import wraps
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from minitorch_cnn.tensor_mutable import mutable

STANDARD_ATTRIBUTES = ("__array_api_version__", "__array_namespace_info__")
EXTENSIONS = ("linalg",)


def __getattr__(name: str) -> Any:
    package = import_module("minitorch_cnn")
    foreign = name.startswith("__") and name not in STANDARD_ATTRIBUTES
    if foreign or not hasattr(package, name):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(package, name)
    if name in EXTENSIONS:
        parts = {part: _giving_mutable(getattr(found, part)) for part in found.__all__}
        found = SimpleNamespace(**parts)
    globals()[name] = found = _giving_mutable(found)  # asked for once
    return found


def __dir__() -> list[str]:
    return sorted({*import_module("minitorch_cnn").__all__, *STANDARD_ATTRIBUTES})


def _giving_mutable(thing: Any) -> Any:
    """A function whose results can be written; dtypes, constants and classes as they are."""
    if not callable(thing) or isinstance(thing, type):
        return thing

    @wraps(thing)
    def in_the_standard(*args: Any, **options: Any) -> Any:
        return mutable(thing(*args, **options))

    return in_the_standard
