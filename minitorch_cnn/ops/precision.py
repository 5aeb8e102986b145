"""What functions do under ``autocast``: three decorators, which do nothing outside of it.

May import ``shape``, ``arguments`` and what lies below them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from minitorch_cnn.autocast import autocast_dtype
from minitorch_cnn.backend import backend_of, canonical_dtype
from minitorch_cnn.graph import Boxed
from minitorch_cnn.ops.shape import astype

_Function = TypeVar("_Function", bound=Callable[..., Any])
_WIDTHS = {"float16": 0, "float32": 1}
"""Dtypes that are cast; float64 is somebody's wish, and stays."""


def half(function: _Function) -> _Function:
    """Decorate a function that computes products: in the dtype of ``autocast``."""
    return _casting(function, lambda wanted, arguments: wanted)


def single(function: _Function) -> _Function:
    """Decorate a function that would lose too much in float16: in float32."""
    return _casting(function, lambda wanted, arguments: "float32")


def widest(function: _Function) -> _Function:
    """Decorate a function whose tensors must be of one dtype: in the widest of theirs."""
    return _casting(function, _widest)


def _casting(function: _Function, choose: Callable[[str, list[Any]], str]) -> _Function:
    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        target = autocast_dtype()
        if target is None:
            return function(*args, **kwargs)
        wanted = choose(target.name, [*args, *kwargs.values()])
        cast = [_cast(argument, wanted) for argument in args]
        return function(*cast, **{name: _cast(value, wanted) for name, value in kwargs.items()})

    return called  # type: ignore[return-value]


def single_precision(x: Any) -> Any:
    """A float16 tensor in float32, under ``autocast``."""
    return x if autocast_dtype() is None else _cast(x, "float32")


def _cast(value: Any, wanted: str) -> Any:
    if isinstance(value, (list, tuple)):
        return type(value)(_cast(one, wanted) for one in value) if _has_tensors(value) else value
    name = _dtype_of(value)
    if name not in _WIDTHS or name == wanted:
        return value
    try:
        return astype(value, wanted)
    except (TypeError, ValueError, AttributeError) as error:
        home = backend_of(value._data).name
        raise ValueError(
            f"autocast: cannot cast {name} to {wanted} on backend {home!r}: {error}. Use a backend "
            "that has it, or leave autocast out"
        ) from None


def _has_tensors(values: Any) -> bool:
    return type(values) in (list, tuple) and any(isinstance(one, Boxed) for one in values)


def _dtype_of(value: Any) -> str:
    return canonical_dtype(value._data.dtype).name if isinstance(value, Boxed) else ""


def _widest(wanted: str, arguments: list[Any]) -> str:
    flat = [one for a in arguments for one in (a if isinstance(a, (list, tuple)) else [a])]
    return max((_dtype_of(one) for one in flat), key=lambda name: _WIDTHS.get(name, -1))
