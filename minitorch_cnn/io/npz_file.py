"""Reading NumPy's ``.npz``: arrays in a zip archive, checked before memory is taken for them.

NumPy's own reader would unpickle objects if asked to, and trusts the sizes that an archive claims.
Standard library and NumPy only; the way to tensors belongs to ``tensor_file``.
"""

from __future__ import annotations

import math
import os
import zipfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import numpy as np

_ROOM = 16 << 20
_EXPANSION = 16
"""Arrays may take this many bytes, and this many times the bytes of the file besides: far above
what weights and pictures compress to, far below what an archive made to burst claims."""
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    OverflowError,
    EOFError,
    NotImplementedError,  # other compressions
    RuntimeError,  # passwords
    OSError,
    UnicodeError,
    SyntaxError,
    RecursionError,
    MemoryError,
)
"""What the standard library raises on archives, and NumPy on headers, that are not whole."""


def read_npz(path: str | os.PathLike[str], dtypes: frozenset[str]) -> dict[str, Any]:
    """The arrays of an archive by name; refused whole unless all is well.

    ``dtypes`` are the names of those that are taken.
    """
    arrays: dict[str, Any] = {}
    try:
        with open(path, "rb") as file, zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            _check_sizes(path, members)
            for member in members:
                name = _name(path, member.filename)
                if name in arrays:
                    _refuse(path, f"{name!r} is there twice")
                with archive.open(member) as content:
                    arrays[name] = _array(path, name, content, member.file_size, dtypes)
    except FileNotFoundError:
        raise FileNotFoundError(f"no file {os.fspath(path)}") from None
    except _Refused:
        raise
    except _BROKEN as error:
        _refuse(path, f"{type(error).__name__}: {error}")
    return arrays


class _Refused(ValueError):
    """The reason is said already."""


def _refuse(path: str | os.PathLike[str], reason: str) -> NoReturn:
    raise _Refused(f"{os.fspath(path)} is not a whole .npz file: {reason}. Nothing was loaded")


def _check_sizes(path: str | os.PathLike[str], members: list[zipfile.ZipInfo]) -> None:
    claimed = sum(member.file_size for member in members)
    there = os.stat(path).st_size
    if claimed > _ROOM + _EXPANSION * there:
        _refuse(path, f"its {there:,} bytes claim to hold arrays of {claimed:,}")


def _name(path: str | os.PathLike[str], member: str) -> str:
    """The name of an array, from that of its file in the archive; it is never used as a path."""
    name = member.removesuffix(".npy")
    if name == member:
        kind = ": is it a PyTorch .pt file, which holds pickle?" if member.endswith(".pkl") else ""
        _refuse(path, f"{member!r} in it is not an array{kind}")
    parts = Path(name).parts
    if not name or ".." in parts or name.startswith(("/", "\\")) or ":" in name:
        _refuse(path, f"{member!r} in it is not a name but a path")
    return name


def _array(
    path: str | os.PathLike[str], name: str, content: Any, size: int, dtypes: frozenset[str]
) -> Any:
    shape, fortran, dtype = _header(content)
    if dtype.hasobject or dtype.name not in dtypes:
        _refuse(path, f"{name!r} has dtype {dtype}, expected one of {', '.join(sorted(dtypes))}")
    wanted = math.prod(shape) * dtype.itemsize
    if wanted > size:
        _refuse(path, f"{name!r} claims {wanted:,} bytes and has {size:,} at most")
    data = content.read(wanted + 1)
    if len(data) != wanted:
        _refuse(path, f"{name!r} has {len(data):,} bytes, expected {wanted:,}")
    array = np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")
    if dtype.kind == "b" and array.view(np.uint8).max(initial=0) > 1:
        _refuse(path, f"{name!r} holds truth values other than 0 and 1")
    return array.astype(dtype.newbyteorder("="), order="C")


def _header(content: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(content)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(content)
    if version == (2, 0):
        return np.lib.format.read_array_header_2_0(content)
    raise ValueError(f"version {version} of the .npy format")
