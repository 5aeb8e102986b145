"""What a command raises when it cannot go on: messages for the user, never tracebacks."""

from __future__ import annotations


class CommandError(Exception):
    """The command failed; exit code 1. The message says what to do."""


class UsageError(CommandError):
    """The command was called wrongly; exit code 2. The message says how to call it."""


def os_message(error: OSError) -> str:
    """The message of an operating-system error in words, without its number.

    Examples
    --------
    >>> os_message(OSError(28, "could not write run.json: the disk is full"))
    'could not write run.json: the disk is full'
    >>> os_message(OSError(13, "Permission denied", "/root/x"))
    '/root/x: Permission denied'
    """
    if error.strerror is None:
        return str(error)
    return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
