"""Which array library a raw array belongs to, and which one new tensors are made in.

Everything above asks this file, by the type of an array: one dictionary look-up. (Where a library
has several devices, arrays of one type live in several backends, and the array is asked.) May
import ``minitorch_backends``, ``context_mode`` and ``graph``. Backends are announced through the
entry-point group ``minitorch_cnn.backends`` and loaded when first named; the NumPy backend is bound
directly, so that importing the package scans no metadata.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from contextvars import ContextVar, Token
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from minitorch_backends import portable
from minitorch_backends.numpy import backend as make_numpy_backend
from minitorch_backends.protocol import (
    Array,
    Backend,
    BackendUnavailable,
    Kernel,
    OutOfDeviceMemory,
    Queued,
    SeveralDevices,
)
from minitorch_cnn.context_mode import ContextMode
from minitorch_cnn.graph import Boxed

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

ENTRY_POINT_GROUP = "minitorch_cnn.backends"

float16, float32, float64 = np.dtype("float16"), np.dtype("float32"), np.dtype("float64")
int8, int16, int32, int64 = (np.dtype(name) for name in ("int8", "int16", "int32", "int64"))
uint8, uint16, uint32, uint64 = (np.dtype(name) for name in ("uint8", "uint16", "uint32", "uint64"))
bool_ = np.dtype("bool")

DTYPES = {
    dtype.name: dtype
    for dtype in (
        *(float16, float32, float64, int8, int16, int32, int64),
        *(uint8, uint16, uint32, uint64, bool_),
    )
}
"""The public dtypes by name; the same objects on every backend."""

_loaded: dict[str, Backend] = {}
_by_type: dict[type, Backend] = {}
_by_device: dict[type, SeveralDevices] = {}
"""Array type -> a backend that knows those of other devices; instead of in ``_by_type``."""
SWITCHES: dict[type, Callable[[Array], None]] = {}
"""Array type -> ``compute_on`` of its backends; empty until a library uses a second device."""
NAMESPACES: dict[type, Any] = {}
"""Array type -> array-API namespace of its backend; filled as backends are loaded."""
SEALS: dict[type, Callable[[Array], Array]] = {}
"""Array type -> ``seal`` of its backend; filled as backends are loaded."""
_queued: set[type] = set()
"""Array types whose backends are :class:`Queued`: a set, since to ask the protocol takes 50 us."""


def register(backend: Backend) -> Backend:
    """Make a backend object known by its name and array types; returns it."""
    if not isinstance(backend, Backend):
        raise TypeError(
            f"{backend!r} is no backend; expected a name ({', '.join(sorted(_loaded))}, ...) or an "
            "object with the attributes of minitorch_backends.protocol.Backend"
        )
    several = isinstance(backend, SeveralDevices)
    for array_type in backend.array_types:
        owner = _by_type.get(array_type) or _by_device.get(array_type)
        if owner is not None and not (several and type(owner) is type(backend)):
            raise ValueError(
                f"backend {backend.name!r}: arrays of type {array_type.__name__} belong to backend "
                f"{owner.name!r} already; array types are how a backend is found"
            )
    _loaded[backend.name] = backend
    for array_type in backend.array_types:
        if isinstance(backend, SeveralDevices):
            if _by_device.setdefault(array_type, backend) is not backend:
                SWITCHES[array_type] = backend.compute_on
        else:
            _by_type[array_type] = backend
        if isinstance(backend, Queued):
            _queued.add(array_type)
        NAMESPACES[array_type] = backend.xp
        SEALS[array_type] = backend.seal
    return backend


def namespace(*arrays: Any) -> Any:
    """The array-API namespace of the first raw array among ``arrays`` (scalars are skipped)."""
    for array in arrays:
        found = NAMESPACES.get(type(array))
        if found is not None:
            return found
    raise TypeError(
        "no array of a loaded backend among "
        f"{[type(array).__name__ for array in arrays]}; make tensors with mt.tensor(...) first"
    )


def backend_of(array: Any) -> Backend:
    """The backend of a raw array, found by its type and, where that is not enough, its device."""
    kind = type(array)
    found = _by_type.get(kind)
    if found is not None:
        return found
    family = _by_device.get(kind)
    if family is not None:
        home = family.home_of(array)
        return _loaded.get(home.name) or register(home)
    raise TypeError(
        f"{kind.__name__} is not an array of a loaded backend ({', '.join(sorted(_loaded))}); make "
        "a tensor with mt.tensor(...) first"
    )


def switch_device(arrays: Iterable[Any]) -> None:
    """Let the device that holds the arrays compute; asked for only while ``SWITCHES`` holds any."""
    for array in arrays:
        switch = SWITCHES.get(type(array))
        if switch is not None:
            switch(array)
            return


def refuse_if(wrong: Array, error: Callable[[], Exception]) -> None:
    """Raise ``error()`` if an entry of ``wrong`` is True.

    Where asking would make the host wait for the device, the question is put off until something
    comes to the host.
    """
    if is_queued(wrong):
        cast(Queued, backend_of(wrong)).check_later(wrong, error)
    elif bool(namespace(wrong).any(wrong)):
        raise error()


def is_queued(array: Array) -> bool:
    """Whether the array's library computes later: it is then not asked about single entries."""
    return type(array) in _queued


_ONE_PATH: ContextVar[bool] = ContextVar("one_path", default=False)


def surely_all(mask: Array) -> bool:
    """Whether all entries are True; False, too, where asking would make the host wait."""
    return not is_queued(mask) and not _ONE_PATH.get() and bool(namespace(mask).all(mask))


class one_path(ContextMode):
    """Take the same operations on every backend: those that need to ask for no value."""

    def __init__(self) -> None:
        super().__init__(_ONE_PATH, True)


_kernels: dict[tuple[str, type], Kernel] = {}


def kernel(name: str, array: Array) -> Kernel:
    """The kernel ``name`` for an array: its backend's own, else the portable one."""
    place = name, type(array)
    found = _kernels.get(place)
    if found is None:
        found = _kernels[place] = backend_of(array).kernels.get(name) or portable.KERNELS[name]
    return found


@cache
def _entry_points() -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points  # 10 ms, and rarely needed

    return {point.name: point for point in entry_points(group=ENTRY_POINT_GROUP)}


def backend_names() -> list[str]:
    """Names of all announced backends, loaded or not.

    >>> import minitorch_cnn as mt
    >>> "numpy" in mt.backend_names()
    True
    """
    return sorted({*_loaded, *_entry_points()})


def get_backend(backend: str | Backend | None = None) -> Backend:
    """The backend object for a name, loading it on first use; ``None`` gives the default.

    ``"cupy:1"`` is CuPy on the second GPU. ``"auto"`` is CuPy where it can be used and NumPy where
    it cannot; which of the two it is, and why, is written to the error stream once.

    Raises
    ------
    ValueError
        For a name nobody announced.
    TypeError
        For an object that is no backend.
    BackendUnavailable, OutOfDeviceMemory
        For a backend that cannot be used here; the message gives cause and fix.

    Examples
    --------
    >>> from minitorch_cnn.backend import get_backend
    >>> get_backend("numpy").name
    'numpy'
    """
    if backend is None:
        return default_backend()
    if not isinstance(backend, str):
        return _loaded.get(getattr(backend, "name", "")) or register(backend)
    if backend in _loaded:
        return _loaded[backend]
    if backend == "auto":
        return _chosen()
    family, colon, number = backend.partition(":")
    if colon:
        return _on_device(family, number)
    point = _entry_points().get(backend)
    if point is None:
        raise ValueError(
            f"unknown backend {backend!r}; known here: {', '.join(backend_names())}. A backend is "
            f"announced by an installed package through the entry-point group {ENTRY_POINT_GROUP!r}"
        )
    return register(point.load()())


def _on_device(family: str, number: str) -> Backend:
    """The backend called ``family:number``."""
    first = get_backend(family)
    if not isinstance(first, SeveralDevices):
        raise ValueError(
            f"backend {family + ':' + number!r}: {family!r} has one device; call it {family!r}"
        )
    if not (number.isascii() and number.isdigit()):
        raise ValueError(
            f"backend {family + ':' + number!r}: a device is a number, such as {family + ':1'!r}"
        )
    found = first.on_device(int(number))
    return _loaded.get(found.name) or register(found)


@cache
def _chosen() -> Backend:
    """What ``"auto"`` means in this process."""
    try:
        found, why = get_backend("cupy"), "a GPU can be used"
    except (BackendUnavailable, OutOfDeviceMemory) as error:
        found, why = get_backend("numpy"), str(error)
    print(f"minitorch_cnn: backend 'auto' is {found.name!r}: {why}", file=sys.stderr)
    return found


_process_default: list[Backend] = [register(make_numpy_backend())]
_context_default: ContextVar[Backend | None] = ContextVar("backend", default=None)
_environment_read: list[bool] = []


def default_backend() -> Backend:
    """The backend in which tensors are made when none is named."""
    if not _environment_read:
        name = os.environ.get("MINITORCH_BACKEND")
        if name:
            try:
                _process_default[0] = get_backend(name)
            except (ValueError, BackendUnavailable, OutOfDeviceMemory) as error:
                raise type(error)(f"MINITORCH_BACKEND: {error}") from None
        _environment_read.append(True)
    return _context_default.get() or _process_default[0]


class use_backend:
    """Set the backend in which new tensors are made; also a context manager.

    Called, it changes the default of the whole process. In a ``with`` statement it holds for the
    block (and its thread or task) only. Existing tensors stay where they are.

    Parameters
    ----------
    backend : str or Backend
        Such as ``"numpy"``, ``"cupy"``, ``"cupy:1"`` (the second GPU) or ``"auto"`` (CuPy where
        it can be used, else NumPy; which, is written to the error stream). The environment
        variable ``MINITORCH_BACKEND`` sets the first default.

    Raises
    ------
    ValueError, BackendUnavailable, OutOfDeviceMemory
        As :func:`get_backend`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> with mt.use_backend("numpy"):
    ...     mt.zeros(2).backend
    'numpy'
    """

    def __init__(self, backend: str | Backend) -> None:
        self.backend = get_backend(backend)
        default_backend()  # so that the environment variable cannot override this call later
        self._before = _process_default[0]
        self._tokens: list[Token[Backend | None]] = []
        _process_default[0] = self.backend

    def __enter__(self) -> Backend:
        _process_default[0] = self._before
        self._tokens.append(_context_default.set(self.backend))
        return self.backend

    def __exit__(self, *error: object) -> None:
        _context_default.reset(self._tokens.pop())

    def __repr__(self) -> str:
        return f"use_backend({self.backend.name!r})"


def device_of(backend: Backend) -> Any:
    """The device object (array API) on which a backend makes its arrays."""
    return backend.asarray(np.empty(0, np.float32), copy=False).device


def devices() -> list[Any]:
    """The devices of all loaded backends, that of the default backend first."""
    first = default_backend()
    return [device_of(b) for b in (first, *(b for b in _loaded.values() if b is not first))]


def backend_of_device(device: Any) -> Backend:
    """The loaded backend whose arrays live on ``device``, as ``x.device`` gives it.

    Raises
    ------
    ValueError
        If no loaded backend has this device.
    """
    for backend in _loaded.values():
        if type(known := device_of(backend)) is type(device) and known == device:
            return backend
    raise ValueError(
        f"device {device!r} belongs to no loaded backend; known here: "
        f"{', '.join(map(repr, devices()))}. Pass what x.device gives, or backend=..."
    )


def destination(
    *targets: Any, device: Any = None, dtype: Any = None
) -> tuple[Backend | None, np.dtype[Any] | None]:
    """The backend and the dtype that the arguments of ``to`` name, None where they name none.

    Raises
    ------
    TypeError, ValueError
        If they name nothing, or nothing that is known.
    """
    home, wanted = None, None if dtype is None else as_dtype(dtype)
    for target in (*targets, *([] if device is None else [device])):
        if target is None:
            raise TypeError("to: expected a backend or a dtype, got None")
        if isinstance(target, Boxed):
            home, wanted = backend_of(target._data), canonical_dtype(target._data.dtype)
        elif isinstance(target, (np.dtype, type)) or (isinstance(target, str) and target in DTYPES):
            wanted = as_dtype(target)
        else:
            home = _named_backend(target)
    if home is None and wanted is None:
        raise TypeError("to: expected a backend or a dtype, got nothing")
    return home, wanted


def _named_backend(target: Any) -> Backend:
    """A backend by its name, itself, or a device on which its arrays live."""
    known = hasattr(target, "array_types") or (isinstance(target, str) and target in _loaded)
    if not known and any(type(d) is type(target) and d == target for d in devices()):
        return backend_of_device(target)
    if isinstance(target, str) and target.partition(":")[0] == "cuda":
        raise ValueError(f"to: {target!r} is no backend; the one for NVIDIA GPUs is called 'cupy'")
    return get_backend(target)


def canonical_dtype(native: Any) -> np.dtype[Any]:
    """The public dtype (a ``numpy.dtype``) for a backend's own dtype object."""
    if isinstance(native, np.dtype):
        return native
    if isinstance(native, (type, str)):
        return np.dtype(native)
    return np.dtype(str(native).rpartition(".")[2])  # such as "array_api_strict.float32"


def as_dtype(dtype: Any) -> np.dtype[Any]:
    """The public dtype for what a user may write: ``mt.float64``, ``"float64"``, ``float``.

    Python's ``float`` means float32 (the default) and ``int`` means int64.

    Raises
    ------
    TypeError
        If it is no supported dtype (complex numbers and objects are not).

    Examples
    --------
    >>> from minitorch_cnn.backend import as_dtype
    >>> as_dtype("float64")
    dtype('float64')
    """
    if dtype is float:
        return float32
    if dtype is int:
        return int64
    try:
        found = canonical_dtype(dtype)
    except (TypeError, ValueError):
        found = None
    if found is None or found.name not in DTYPES:
        raise TypeError(f"dtype {dtype!r} is not supported; choose one of {', '.join(DTYPES)}")
    return found


def native_dtype(dtype: Any, backend: Backend) -> Any:
    """A public dtype as the backend's own dtype object."""
    return getattr(backend.xp, as_dtype(dtype).name)


__all__ = [
    "BackendUnavailable",
    "OutOfDeviceMemory",
    "backend_names",
    "default_backend",
    "get_backend",
    "use_backend",
]
