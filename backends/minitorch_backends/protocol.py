"""The contract between the engine and an array library.

Only types and errors live here; a third-party backend follows :class:`Backend` structurally and
needs to import nothing of ours. No array library is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias, runtime_checkable

Array: TypeAlias = Any
"""An array of any array library; the libraries share no base class, hence ``Any``."""

Kernel: TypeAlias = Callable[..., Any]
"""A function on raw arrays, looked up by name; see ``portable.py`` for names and signatures."""


class BackendUnavailable(RuntimeError):
    """A backend that is known but cannot be used here; the message gives the cause and the fix."""


class OutOfDeviceMemory(MemoryError):
    """The memory of a device is full; the message says how full, and what gives room again."""


@runtime_checkable
class Backend(Protocol):
    """What the engine needs from an array library.

    Attributes
    ----------
    name : str
        The word a user writes in ``backend="..."``.
    array_types : tuple of type
        Types of this library's arrays, and of the scalars its operators may return instead of
        0-d arrays. Types must not be shared between backends: they are how a backend is found.
    xp : namespace
        An array-API namespace (2024.12 or later) whose functions take these arrays.
    kernels : mapping of str to callable
        Fast replacements for functions of ``minitorch_backends.portable``, by name. A missing
        name falls back to the portable one.
    """

    @property
    def name(self) -> str: ...
    @property
    def array_types(self) -> tuple[type, ...]: ...
    @property
    def xp(self) -> Any: ...
    @property
    def kernels(self) -> Mapping[str, Kernel]: ...

    def asarray(self, array: Any, *, copy: bool) -> Array:
        """Bring a NumPy array (or an own array) to this library; ``copy=False`` may share."""
        ...

    def to_numpy(self, array: Array) -> Any:
        """The one door to the host: a ``numpy.ndarray``, sharing memory where it can."""
        ...

    def seal(self, array: Array) -> Array:
        """Turn an operator's result into a proper array that nobody writes to by accident.

        Scalars become 0-d arrays; libraries with a writeable flag clear it.
        """
        ...

    def synchronize(self) -> None:
        """Wait until all queued work is done (nothing to do on a CPU)."""
        ...


@runtime_checkable
class SeveralDevices(Backend, Protocol):
    """A backend with one object for each device; they share their array types.

    ``"name"`` means the first device and ``"name:1"`` the second. The backend of an array is then
    found by asking for its device.
    """

    def on_device(self, number: int) -> Backend:
        """The backend of another device; always the same object for the same number."""
        ...

    def home_of(self, array: Array) -> Backend:
        """The backend of the device that holds ``array``."""
        ...

    def compute_on(self, array: Array) -> None:
        """Make the device that holds ``array`` the one on which the library computes next."""
        ...


@runtime_checkable
class Queued(Backend, Protocol):
    """A backend that computes later: to ask for a value is to wait for all that is queued.

    Entries that users may get wrong (a label that is no class) are then looked at when something
    comes to the host anyway.
    """

    def check_later(self, wrong: Array, error: Callable[[], Exception]) -> None:
        """Raise ``error()`` at the next way to the host if an entry of ``wrong`` is True.

        At once if the backend's ``checks_at_once`` is True.
        """
        ...

    checks_at_once: bool


class Upload(Protocol):
    """Arrays on their way from the host."""

    def arrive(self) -> list[Array]:
        """The arrays, for whatever is computed from now on; the host need not wait for them."""
        ...


@runtime_checkable
class Uploading(Backend, Protocol):
    """A backend that copies from the host while it computes: batches are sent one ahead."""

    def upload(self, arrays: Sequence[Any]) -> Upload:
        """Begin to bring NumPy arrays over; they may be written to when this returns."""
        ...
