"""Fetching one published file: mirrors, checksum, resumption, and nothing half-done in its place.

``fetch`` knows nothing of digits; which files exist and where a user keeps them belongs to the
dataset modules. Imports the standard library, and tqdm when there is something to show.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from http import HTTPStatus
from os import PathLike
from pathlib import Path

__all__ = ["DownloadError", "fetch", "sha256_of"]

CHUNK = 1 << 16
TRANSIENT = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}


class DownloadError(OSError):
    """No mirror delivered the file. The message lists every mirror with its reason."""


class _MirrorError(Exception):
    """One attempt at one mirror failed; ``final`` where trying again cannot help."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.final = final


def fetch(
    file_name: str,
    mirrors: Sequence[str],
    sha256: str,
    folder: str | PathLike[str],
    *,
    size: int | None = None,
    timeout: float = 20.0,
    rounds: int = 3,
    pause: float = 1.0,
    progress: bool = True,
) -> Path:
    """Make sure that ``folder`` holds the file with this checksum, downloading it if need be.

    The bytes go to ``file_name + ".part"``, which survives a cut connection or Ctrl-C and is
    continued by the next attempt, at any mirror. Only a complete file of the right checksum is
    given its final name.

    Parameters
    ----------
    file_name : str
        Name of the file, without a folder.
    mirrors : sequence of str
        Addresses (http or https) of folders that hold it, in order of preference.
    sha256 : str
        Its SHA-256 in hexadecimal.
    folder : str or path
        Where to put it; made if absent.
    size : int, optional
        Its length in bytes, if known: a longer answer is then cut off at once.
    timeout : float, default 20
        Seconds to wait for a connection or for the next bytes.
    rounds : int, default 3
        How often to go through the mirrors before giving up.
    pause : float, default 1
        Seconds to wait before the second round; the wait grows with each round.
    progress : bool, default True
        Show a progress bar on standard error if that is a terminal.

    Returns
    -------
    pathlib.Path
        Of the file.

    Raises
    ------
    DownloadError
        If no mirror delivered it.
    ValueError
        If a file of that name is there, with another checksum; or an address is not http(s).
    OSError
        If the folder cannot be written, or the disk is full. What was received is kept.
    """
    target = Path(folder) / file_name
    if target.name != file_name:
        raise ValueError(f"file_name must be a plain file name, got {file_name!r}")
    for mirror in mirrors:
        if not mirror.startswith(("http://", "https://")):
            raise ValueError(f"a mirror must be an http or https address, got {mirror!r}")
    if _is_intact(target, sha256):
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(file_name + ".part")
    with _alone_on(part):
        if _is_intact(target, sha256):  # another process finished while this one waited
            return target
        with _progress_bar(file_name, size, progress) as report:
            receive = partial(
                _receive, part=part, sha256=sha256, size=size, timeout=timeout, report=report
            )
            _go_round(mirrors, file_name, rounds, pause, receive)
        os.replace(part, target)
    return target


def sha256_of(path: str | PathLike[str]) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_intact(target: Path, sha256: str) -> bool:
    if not target.exists():
        return False
    found = sha256_of(target)
    if found != sha256:
        raise ValueError(
            f"{target} is there, but it is another file or damaged: its SHA-256 is {found}, "
            f"expected {sha256}. Move it away and try again."
        )
    return True


@contextmanager
def _alone_on(part: Path) -> Iterator[None]:
    """Hold the .part file against other processes; leave none behind that is empty."""
    with open(part, "ab") as handle:
        if sys.platform != "win32":  # there an open file cannot be replaced, which protects it
            import fcntl

            with suppress(OSError):  # a network file system may know no locks
                fcntl.flock(handle, fcntl.LOCK_EX)
        else:
            handle.close()
        try:
            yield
        finally:
            with suppress(FileNotFoundError):
                if part.stat().st_size == 0:
                    part.unlink()


def _go_round(
    mirrors: Sequence[str],
    file_name: str,
    rounds: int,
    pause: float,
    receive: Callable[[str], None],
) -> None:
    """Call ``receive`` with one address after the other until it succeeds, or DownloadError."""
    reasons: dict[str, str] = {}
    remaining = list(mirrors)
    for turn in range(rounds):
        if turn and remaining:
            time.sleep(pause * turn)
        for mirror in list(remaining):
            try:
                receive(f"{mirror.rstrip('/')}/{file_name}")
            except _MirrorError as error:
                reasons[mirror] = str(error)
                if error.final:
                    remaining.remove(mirror)
            else:
                return
    tried = "".join(f"\n  {mirror}: {reason}" for mirror, reason in reasons.items())
    raise DownloadError(f"{file_name} could not be downloaded; no mirror delivered it:{tried}")


def _receive(
    url: str,
    *,
    part: Path,
    sha256: str,
    size: int | None,
    timeout: float,
    report: Callable[[int], None],
) -> None:
    """Complete ``part`` from one mirror and check it."""
    have = part.stat().st_size if part.exists() else 0  # absent: another process cleared up
    if size is None or have != size:
        response = _open(url, have, timeout)
        if response is not None:
            with response:
                _append(response, part, have, size, report)
    found = sha256_of(part)
    if found != sha256:
        os.truncate(part, 0)
        # What was there before may be what is wrong: then the mirror deserves a fresh start.
        raise _MirrorError(f"wrong checksum: SHA-256 {found}, expected {sha256}", final=not have)


def _open(url: str, have: int, timeout: float) -> http.client.HTTPResponse | None:
    """Ask for the bytes from ``have`` on; None where the mirror says that there are no more."""
    headers = {"User-Agent": "minitorch-cnn"}
    if have:
        headers["Range"] = f"bytes={have}-"
    request = urllib.request.Request(url, headers=headers)
    try:
        response: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        error.close()
        if have and error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return None
        transient = error.code >= 500 or error.code in TRANSIENT
        raise _MirrorError(f"HTTP {error.code} {error.reason}", final=not transient) from None
    except (OSError, http.client.HTTPException) as error:
        raise _MirrorError(_reason(error)) from None
    return response


def _append(
    response: http.client.HTTPResponse,
    part: Path,
    have: int,
    size: int | None,
    report: Callable[[int], None],
) -> None:
    """Write the answer after what ``part`` has, or over it where the mirror sent the whole file."""
    resumes = response.status == HTTPStatus.PARTIAL_CONTENT
    if resumes and not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
        raise _MirrorError("it sent another range than asked for", final=True)
    received = have if resumes else 0
    if size is not None and response.length is not None and received + response.length != size:
        raise _MirrorError(
            f"its file has {received + response.length} bytes, expected {size}", final=True
        )
    try:
        with open(part, "ab" if resumes else "wb") as file:
            report(received)
            while chunk := _read(response):
                received += len(chunk)
                if size is not None and received > size:
                    file.truncate(0)
                    raise _MirrorError(f"it sent more than the {size} bytes expected", final=True)
                file.write(chunk)
                report(received)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:  # only the disk: `_read` turns every network error into _MirrorError
        error.filename = error.filename or str(part)
        raise
    if response.length or (size is not None and received < size):
        raise _MirrorError(f"the connection was cut after {received} bytes")


def _read(response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read1(CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise _MirrorError(_reason(error)) from None


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", error)
    return str(reason) or type(reason).__name__


@contextmanager
def _progress_bar(
    file_name: str, size: int | None, progress: bool
) -> Iterator[Callable[[int], None]]:
    """A function that is told how many bytes are there, and draws them."""
    from tqdm import tqdm

    hidden = None if progress else True  # None: hidden unless standard error is a terminal
    with tqdm(
        desc=file_name, total=size, unit="B", unit_scale=True, unit_divisor=1024, disable=hidden
    ) as bar:

        def report(received: int) -> None:
            bar.update(received - bar.n)

        yield report
