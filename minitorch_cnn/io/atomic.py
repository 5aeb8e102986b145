"""Writing a file so that it is there whole or not at all.

Everything the project writes goes through :func:`atomic_write`. Standard library only; what the
bytes mean belongs to the modules that call it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_ADVICE = {
    errno.ENOSPC: "the disk is full; free some space or write to another disk",
    errno.EDQUOT: "your disk quota is used up; free some space or write to another disk",
    errno.EFBIG: "the file is too large for this file system; write to another disk",
    errno.EACCES: "you may not write there; change the permissions or choose another folder",
    errno.EPERM: "you may not write there; change the permissions or choose another folder",
    errno.EROFS: "the file system is read-only; choose another folder",
    errno.ENOENT: "the folder does not exist; create it first",
    errno.ENOTDIR: "a part of the folder's path is a file; choose another folder",
    errno.EEXIST: "there is a file of this name; choose another",
    errno.EISDIR: "this is a folder; name a file in it",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
}


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open ``path`` for writing bytes; the new content appears at the end, or not at all.

    The bytes go to a hidden temporary file in the same folder, are flushed to the disk, and take
    the name in one step (``os.replace``). Whatever happens before that step, an exception or a
    cut in the power, a previous file of that name stays as it was. After an exception the
    temporary file is removed.

    Parameters
    ----------
    path : str or path-like
        The file to write. A symbolic link is followed. The folder must exist.

    Yields
    ------
    BinaryIO
        The file to write to.

    Raises
    ------
    OSError
        With the system's error number, and what to do in words: full disk, no permission, ...

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name) / "note.txt"
    >>> with atomic_write(path) as file:
    ...     _ = file.write(b"whole")
    >>> path.read_bytes()
    b'whole'
    >>> folder.cleanup()
    """
    target = Path(path).resolve()
    temporary = target.parent / f".{target.name[:100]}.{secrets.token_hex(6)}.tmp"
    try:
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        # "x" refuses to follow a link somebody planted under the temporary name.
        with open(temporary, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
        flush_folder(target.parent)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError):
            raise _explained(error, path) from error
        raise


def make_folder(path: str | os.PathLike[str]) -> None:
    """Make a folder and those above it, if it is not there yet.

    Raises
    ------
    OSError
        As for :func:`atomic_write`.
    """
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _explained(error, path) from error


def remove_leftovers(folder: str | os.PathLike[str]) -> None:
    """Delete temporary files that a killed process left in ``folder``.

    Only for folders that a single process writes to: a file another process is writing right now
    would be taken for a leftover.
    """
    for path in Path(folder).glob(".*.tmp"):
        with contextlib.suppress(OSError):
            path.unlink()


def _explained(error: OSError, path: str | os.PathLike[str]) -> OSError:
    """The same error, with what to do about it if we know."""
    if error.errno not in _ADVICE:
        return error
    return OSError(error.errno, f"could not write {os.fspath(path)}: {_ADVICE[error.errno]}")


def flush_folder(folder: Path) -> None:
    """Make the new name itself survive a power cut; Windows and some file systems cannot."""
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
