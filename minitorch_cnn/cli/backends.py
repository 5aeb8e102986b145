"""``minitorch-cnn backends``: which array libraries can compute here, and why others cannot."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass

import minitorch_cnn as mt
from minitorch_backends import portable
from minitorch_backends.protocol import Backend
from minitorch_cnn.backend import backend_names, default_backend, device_of, get_backend
from minitorch_cnn.cli.console import paragraph
from minitorch_cnn.cli.errors import CommandError, UsageError

_HEADINGS = ("backend", "usable", "device", "library", "kernels: own", "portable")


@dataclass(frozen=True)
class BackendState:
    """What is known of one backend on this machine.

    Attributes
    ----------
    name : str
    default : bool
        Whether new tensors are made in it.
    why_not : str
        Why it cannot be used here, and what mends it; empty if it can.
    device, library, version : str
        Empty if it cannot be used.
    own_kernels, portable_kernels : int
        How many of the kernels are its own, and for how many the portable ones stand in.
    """

    name: str
    default: bool = False
    why_not: str = ""
    device: str = ""
    library: str = ""
    version: str = ""
    own_kernels: int = 0
    portable_kernels: int = 0


def backends(arguments: argparse.Namespace) -> None:
    """Print every announced backend."""
    states = [state_of(name) for name in backend_names()]
    if arguments.json:
        print(json.dumps([asdict(state) for state in states], indent=2))
        return
    print(_table(states))
    for state in states:
        if state.why_not:
            print(f"\n{paragraph(state.why_not)}")


def state_of(name: str) -> BackendState:
    """Make a backend and look at it; whatever keeps it from being used is said, not raised."""
    try:
        home = get_backend(name)
        library = home.array_types[0].__module__.partition(".")[0]
        own = sum(kernel in home.kernels for kernel in portable.KERNELS)
        return BackendState(
            name=name,
            default=name == _default_name(),
            device=device_name(home),
            library=library,
            version=str(getattr(sys.modules[library], "__version__", "")),
            own_kernels=own,
            portable_kernels=len(portable.KERNELS) - own,
        )
    except (mt.BackendUnavailable, mt.OutOfDeviceMemory) as error:
        return BackendState(name, why_not=str(error))
    except Exception as error:  # a package of somebody else's, which may fail in any way
        return BackendState(
            name,
            why_not=f"backend {name!r} cannot be used: making it fails with "
            f"{type(error).__name__}: {error}. To mend it: update or remove the package that "
            "announces it",
        )


def _default_name() -> str:
    """The name of the default backend; empty if MINITORCH_BACKEND names one of no use here."""
    try:
        return default_backend().name
    except (ValueError, mt.BackendUnavailable, mt.OutOfDeviceMemory):
        return ""


def device_name(home: Backend) -> str:
    """What the maker calls the device of a backend, or else what its library calls it."""
    return str(getattr(home, "device_name", None) or device_of(home))


def _table(states: list[BackendState]) -> str:
    """One line for each backend; the default has a star.

    Examples
    --------
    >>> numpy = BackendState("numpy", True, "", "cpu", "numpy", "2.4.0", 18, 11)
    >>> print(_table([BackendState("cupy", why_not="no driver"), numpy]))
    backend   usable   device   library       kernels: own   portable
    cupy      no
    numpy *   yes      cpu      numpy 2.4.0   18             11
    """
    rows = [_HEADINGS, *map(_row, states)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def _row(state: BackendState) -> tuple[str, ...]:
    if state.why_not:
        return (state.name, "no", "", "", "", "")
    name = f"{state.name} *" if state.default else state.name
    library = f"{state.library} {state.version}".rstrip()
    return (name, "yes", state.device, library, f"{state.own_kernels}", f"{state.portable_kernels}")


def select_backend(name: str) -> None:
    """Make new tensors in the backend of ``--backend``."""
    try:
        mt.use_backend(name)
    except (mt.BackendUnavailable, mt.OutOfDeviceMemory) as error:
        raise CommandError(str(error)) from None
    except (ValueError, RuntimeError) as error:
        raise UsageError(f"--backend {name}: {error}") from None
