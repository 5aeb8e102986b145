"""Reading IDX files, the format in which MNIST is published, plain or gzipped.

A header of 2 zero bytes, a type code, the number of dimensions and the dimensions (big-endian),
then the values. Files come from anywhere, so nothing is believed: memory is only spent on bytes
that are really there, and a file that is not exactly what it says is refused whole. Imports only
NumPy; what the arrays mean (digits, datasets) does not belong here.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from os import PathLike, fspath
from typing import IO, Any, cast

import numpy as np

__all__ = ["read_idx", "read_images", "read_labels", "read_stream"]

UNSIGNED_BYTE = 0x08
GZIP_MAGIC = b"\x1f\x8b"
CHUNK = 1 << 20
MAX_BYTES = 1 << 30
CONTENTS = {1: "labels", 3: "pictures"}


def read_images(path: str | PathLike[str], *, max_bytes: int = MAX_BYTES) -> Any:
    """Pictures of an IDX file, uint8 of shape (N, height, width). Errors: see ``read_idx``."""
    images = read_idx(path, 3, max_bytes=max_bytes)
    if images.size == 0:
        raise _refusal(path, f"it holds pictures of shape {images.shape}, so no pixel at all")
    return images


def read_labels(
    path: str | PathLike[str], *, classes: int | None = None, max_bytes: int = MAX_BYTES
) -> Any:
    """Labels of an IDX file, uint8 of shape (N,). Errors: see ``read_idx``.

    With ``classes``, a label outside 0 .. classes - 1 is a ValueError that names the first one.
    """
    labels = read_idx(path, 1, max_bytes=max_bytes)
    if labels.size == 0:
        raise _refusal(path, "it holds no labels")
    if classes is not None and labels.max() >= classes:
        first = int(np.argmax(labels >= classes))
        raise _refusal(
            path, f"label {labels[first]} at position {first} is outside 0..{classes - 1}"
        )
    return labels


def read_idx(path: str | PathLike[str], ndim: int, *, max_bytes: int = MAX_BYTES) -> Any:
    """Read an IDX file of unsigned bytes, plain or gzipped (the content decides, not the name).

    Parameters
    ----------
    path : str or path
        The file.
    ndim : int
        Number of dimensions expected: 3 for pictures, 1 for labels.
    max_bytes : int, default 1 GiB
        Largest array accepted, in bytes. It bounds the memory that a hostile header or a gzip bomb
        can claim.

    Returns
    -------
    numpy.ndarray
        uint8, of the shape given in the header.

    Raises
    ------
    ValueError
        If the file is truncated, longer than its header says, of another kind or type, too large,
        or its gzip stream is damaged. The message names the file, what was found, what was
        expected, and what to do.
    OSError
        If the file cannot be opened.

    Notes
    -----
    Format: Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits".

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from minitorch_cnn.datasets.idx import read_idx
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "labels-idx1-ubyte")
    ...     _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1]))
    ...     read_idx(path, 1)
    array([7, 2, 1], dtype=uint8)
    """
    with open(path, "rb") as file:
        return read_stream(path, file, ndim, max_bytes=max_bytes)


def read_stream(
    path: str | PathLike[str], file: IO[bytes], ndim: int, *, max_bytes: int = MAX_BYTES
) -> Any:
    """:func:`read_idx` of a file that is open; messages call it ``path``."""
    zipped = file.read(2) == GZIP_MAGIC
    file.seek(0)
    stream = cast("IO[bytes]", gzip.GzipFile(fileobj=file)) if zipped else file
    try:
        shape = _read_shape(path, stream, ndim)
        size = math.prod(shape)
        if size > max_bytes:
            raise _refusal(
                path,
                f"its header promises {size} bytes ({shape}), over the {max_bytes} allowed",
            )
        values = _read_at_most(stream, size)
        excess = len(values) == size and stream.read(1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise _refusal(path, f"its gzip stream is damaged or cut short ({error})") from None
    if len(values) < size:
        raise _refusal(
            path, f"it is truncated: shape {shape} needs {size} values, found {len(values)}"
        )
    if excess:
        raise _refusal(path, f"bytes follow the {size} values that shape {shape} needs")
    return np.frombuffer(values, np.uint8).reshape(shape)


def _read_shape(path: str | PathLike[str], stream: IO[bytes], ndim: int) -> tuple[int, ...]:
    magic = stream.read(4)
    if len(magic) < 4:
        raise _refusal(path, f"it is truncated: {len(magic)} bytes, shorter than any IDX header")
    if magic[:2] != b"\0\0":
        raise _refusal(path, f"it is no IDX file: it begins with {magic!r}, not two zero bytes")
    code, found_ndim = magic[2], magic[3]
    if code != UNSIGNED_BYTE:
        raise _refusal(path, f"its type code is 0x{code:02x}, expected 0x08 (unsigned bytes)")
    if found_ndim != ndim:
        raise _refusal(
            path,
            f"it holds {_contents(found_ndim)}, expected {_contents(ndim)}; was it renamed or "
            "swapped with another file?",
        )
    header = stream.read(4 * ndim)
    if len(header) < 4 * ndim:
        raise _refusal(path, "it is truncated inside its header")
    return struct.unpack(f">{ndim}I", header)


def _contents(ndim: int) -> str:
    name = CONTENTS.get(ndim, "values")
    return f"{name} ({ndim} dimension{'' if ndim == 1 else 's'}, magic number {0x0800 + ndim})"


def _read_at_most(stream: IO[bytes], size: int) -> bytearray:
    """Up to ``size`` bytes, in chunks: memory follows what the stream holds, not its header."""
    values = bytearray()
    while len(values) < size:
        chunk = stream.read(min(CHUNK, size - len(values)))
        if not chunk:
            break
        values += chunk
    return values


def _refusal(path: str | PathLike[str], problem: str) -> ValueError:
    return ValueError(
        f"IDX file {fspath(path)!r} is refused: {problem}. Replace it with an intact copy."
    )
