"""What the engine takes for granted of a backend, apart from its kernels.

Names and types, ways to the library and back, what operators return, writing in place, errors and
devices. Each check raises AssertionError with what was met and what was expected. May import
``placement`` and ``kernels``.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any
from unittest import SkipTest

import numpy as np
from array_api_compat import array_namespace

from minitorch_backends import portable
from minitorch_backends.protocol import Array, Backend, Queued, SeveralDevices
from minitorch_backends.testing.draw import HostArray
from minitorch_backends.testing.kernels import find_kernel
from minitorch_backends.testing.placement import placed

FLOATS = ("float16", "float32", "float64")
DTYPES = (
    *FLOATS,
    *("int8", "int16", "int32", "int64"),
    *("uint8", "uint16", "uint32", "uint64"),
    "bool",
)


def require(true: bool, what: str) -> None:
    """Raise ``AssertionError(what)`` unless ``true``; unlike ``assert``, also under ``-O``."""
    if not true:
        raise AssertionError(what)


def require_dtype(backend: Backend, dtype: str) -> None:
    """Skip what needs a dtype that is not offered; only float16 may be missing."""
    if hasattr(backend.xp, dtype):
        return
    require(dtype == "float16", f"backend {backend.name!r}: xp has no {dtype}")
    raise SkipTest(f"backend {backend.name!r} has no float16")


def check_protocol(backend: Backend) -> None:
    """Attributes and their types."""
    if not isinstance(backend, Backend):
        missing = [name for name in _members(Backend) if not hasattr(backend, name)]
        raise AssertionError(f"{backend!r} is no backend; it has no {', '.join(missing)}")
    name, types = backend.name, backend.array_types
    require(isinstance(name, str) and bool(name), f"name is {name!r}; expected a word")
    require(":" not in name or isinstance(backend, SeveralDevices), f"name {name!r} has a colon")
    require(
        isinstance(types, tuple) and bool(types) and all(isinstance(t, type) for t in types),
        f"array_types is {types!r}; expected a tuple of at least one type",
    )
    unknown = set(backend.kernels) - set(portable.KERNELS)
    require(not unknown, f"kernels {sorted(unknown)} are none of {', '.join(portable.KERNELS)}")
    for kernel_name, kernel in backend.kernels.items():
        require(callable(kernel), f"kernel {kernel_name!r} is {kernel!r}; expected a function")
    backend.synchronize()


def _members(protocol: type) -> list[str]:
    return [name for name in vars(protocol) if not name.startswith("_")]


def own(backend: Backend, array: Any, what: str) -> None:
    """Require an array of the backend."""
    require(
        type(array) in backend.array_types,
        f"{what} is a {type(array).__name__}; expected one of the backend's array_types, "
        f"{[kind.__name__ for kind in backend.array_types]}",
    )


def same(backend: Backend, array: Array, expected: HostArray, what: str) -> None:
    """Require these values, signs of zeros included, in this shape and dtype."""
    own(backend, array, what)
    found = backend.to_numpy(array)
    require(isinstance(found, np.ndarray), f"to_numpy of {what} gives {type(found).__name__}")
    require(
        (tuple(array.shape), found.shape, found.dtype)
        == (expected.shape, expected.shape, expected.dtype),
        f"{what} has shape {tuple(array.shape)}, and {found.shape}, {found.dtype} as NumPy array; "
        f"expected {expected.shape}, {expected.dtype}",
    )
    equal = np.array_equal(found, expected, equal_nan=expected.dtype.kind == "f")
    signs = expected.dtype.kind != "f" or np.array_equal(np.signbit(found), np.signbit(expected))
    require(equal and signs, f"{what} is {found}; expected {expected}")


# --- to the library and back ---------------------------------------------------------------------


def _samples(dtype: str) -> dict[str, HostArray]:
    """Arrays of every layout that NumPy has, with the extremes of the dtype."""
    if dtype in FLOATS:
        limits = np.finfo(dtype)
        numbers = [1.5, -0.0, 0.0, np.inf, -np.inf, limits.max, limits.tiny, -2.0]
    elif dtype == "bool":
        numbers = [True, False, False, True, True, True, False, False]
    else:
        bounds = np.iinfo(dtype)
        numbers = [0, 1, bounds.min, bounds.max, 2, 3, 5, 7]
    row = np.array(numbers, dtype)
    table = row.reshape(2, 4)
    return {
        "a vector": row,
        "a 0-d array": row[:1].reshape(()),
        "a 0-d negative zero": np.array(-0.0 if dtype in FLOATS else 0, dtype),
        "an empty vector": row[:0],
        "an array without entries": np.empty((3, 0, 2), dtype),
        "a transposed array": table.T,
        "every second entry": row[::2],
        "an array read backwards": table[:, ::-1],
        "a row that is repeated": np.broadcast_to(row, (3, 8)),
        "a column that is repeated": np.broadcast_to(row[:, None], (8, 2)),
    }


def check_round_trip(backend: Backend, dtype: str) -> None:
    """Through ``asarray`` to the library and through ``to_numpy`` back, nothing changes."""
    require_dtype(backend, dtype)
    for name, sample in _samples(dtype).items():
        what = f"{name} of {dtype}"
        for copy in (True, False):
            for read_only in (True, False):
                host = np.array(sample) if name in ("a vector", "a 0-d array") else sample
                if read_only or not host.flags.writeable:
                    host = host.view()
                    host.setflags(write=False)
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    array = backend.asarray(host, copy=copy)
                same(backend, array, sample, f"asarray(copy={copy}) of {what}")
                same(backend, backend.asarray(array, copy=copy), sample, f"asarray twice of {what}")
        _check_dtype(backend, array, dtype)
    for layout in ("transposed", "strided"):
        values = np.array(np.arange(6).reshape(2, 3) % 2, dtype)
        same(backend, placed(backend, values, layout), values, f"a {layout} array of {dtype}")


def _check_dtype(backend: Backend, array: Array, dtype: str) -> None:
    require(
        array.dtype == getattr(backend.xp, dtype) and str(array.dtype).split(".")[-1] == dtype,
        f"an array of {dtype} has the dtype {array.dtype}; expected xp.{dtype}, with that name",
    )


def check_copies(backend: Backend) -> None:
    """``asarray(copy=True)`` shares no memory, neither with NumPy nor with an own array."""
    host = np.arange(3.0)
    first = backend.asarray(host, copy=True)
    host[:] = -1.0
    same(backend, first, np.arange(3.0), "a copy of a NumPy array that was written to")
    second = backend.asarray(first, copy=True)
    second[:] = backend.asarray(np.full(3, -1.0), copy=True)
    same(backend, first, np.arange(3.0), "an array whose copy was written to")


# --- computing -----------------------------------------------------------------------------------


def check_operators(backend: Backend) -> None:
    """Operators and reductions give arrays of the backend, 0-d ones once they are sealed."""
    xp, host = backend.xp, np.arange(6.0, dtype=np.float32).reshape(2, 3)
    x = backend.asarray(host, copy=True)
    results: dict[str, tuple[Any, Any]] = {
        "x + x": (x + x, host + host),
        "x * 2.0": (x * 2.0, host * 2),
        "-x": (-x, -host),
        "x > 1": (x > 1, host > 1),
        "x @ x.mT": (x @ xp.matrix_transpose(x), host @ host.T),
        "x[1, ...]": (x[1, ...], host[1]),
        "x[1, 2]": (x[1, 2], host[1, 2]),
        "xp.sum(x)": (xp.sum(x), host.sum()),
        "xp.max(x, axis=0)": (xp.max(x, axis=0), host.max(axis=0)),
        "xp.zeros(device=x.device)": (
            xp.zeros((2, 0), dtype=xp.int64, device=x.device),
            np.zeros((2, 0), np.int64),
        ),
    }
    for what, (result, expected) in results.items():
        own(backend, result, what)
        once = backend.seal(result)
        same(backend, once, np.asarray(expected), f"seal({what})")
        require(
            type(once) is type(x),
            f"seal({what}) is a {type(once).__name__}; expected a {type(x).__name__}",
        )
        same(backend, backend.seal(once), np.asarray(expected), f"seal(seal({what}))")
        require(once.device == x.device, f"{what} is on {once.device}; expected {x.device}")


def check_namespace(backend: Backend) -> None:
    """array-api-compat finds the array library; the portable kernels ask it."""
    x = backend.asarray(np.zeros(2), copy=True)
    found = array_namespace(x)
    require(
        hasattr(found, "permute_dims"),
        f"array_namespace(x) gives {found!r}, which does not follow the array-API standard",
    )


def check_writing(backend: Backend) -> None:
    """Own arrays can be written to through slices; the portable kernels do so."""
    expected = np.zeros((3, 4))
    x = backend.asarray(expected, copy=True)
    rows = np.arange(8.0).reshape(2, 4)
    x[1:, :] = backend.asarray(rows, copy=True)
    x[:, ::2] += 1.0
    expected[1:] = rows
    expected[:, ::2] += 1.0
    same(backend, x, expected, "an array that was written to")


# --- errors and devices --------------------------------------------------------------------------


def check_index_errors(backend: Backend) -> None:
    """A wrong index is an IndexError, at the latest when the backend is waited for.

    Not so the values of an index where the backend computes later; the operations ask for them.
    """
    x = backend.asarray(np.zeros((2, 3)), copy=True)

    def there(values: Any) -> Array:
        return backend.asarray(np.array(values), copy=True)

    keys: dict[str, tuple[Array, ...]] = {
        "a mask of another shape": (there([True, False, True]),),
        "more indices than axes": (there([0]), there([0]), there([0])),
    }
    if not isinstance(backend, Queued):
        keys["an index that is too large"] = (there([0, 2]),)
        keys["an index that is too small"] = (there([-3]),)
    for what, key in keys.items():
        met = _met(partial(find_kernel(backend, "select"), x, key=key), backend)
        require(
            isinstance(met, IndexError),
            f"select with {what} gives {met!r}; expected an IndexError",
        )


def _met(call: Callable[[], Any], backend: Backend) -> Any:
    """The error that a call raises, or else its result on the host."""
    try:
        result = call()
        backend.synchronize()
    except Exception as error:
        return error
    return backend.to_numpy(result)


def check_devices(backend: Backend) -> None:
    """A backend of several devices finds the home of each array."""
    if not isinstance(backend, SeveralDevices):
        raise SkipTest(f"backend {backend.name!r} has one device")
    x = backend.asarray(np.zeros(2), copy=True)
    home = backend.home_of(x)
    require(home is backend, f"home_of an own array is {home!r}; expected {backend!r}")
    first = backend.on_device(0)
    require(first is backend.on_device(0), "on_device(0) gives another object each time")
    backend.compute_on(x)
    same(backend, x + x, np.zeros(2), "x + x after compute_on(x)")
