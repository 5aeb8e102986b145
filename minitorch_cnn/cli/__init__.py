"""The command ``minitorch-cnn``: train a net on handwritten digits, use it, check the machine.

``main`` parses, calls one command, and turns every error a user can cause into one message and an
exit code. Only light modules are imported here; a command imports the engine when it runs.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from minitorch_backends.protocol import OutOfDeviceMemory
from minitorch_cnn.cli.arguments import FROM_FILE, build_parser
from minitorch_cnn.cli.config import words_of
from minitorch_cnn.cli.errors import CommandError, UsageError, os_message

EXIT_FAILURE = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
"""What shells report for a program stopped by Ctrl-C."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        The words after the program's name; those of this process if not given.

    Returns
    -------
    int
        Exit code: 0 done, 1 failed, 2 wrongly called, 130 stopped by Ctrl-C.

    Examples
    --------
    >>> main(["--version"])  # doctest: +ELLIPSIS
    minitorch-cnn ...
    0
    """
    parser = build_parser()
    try:
        arguments = _with_config(parser, argv)
    except SystemExit as exit_:  # argparse has printed help, a version or an error
        return int(exit_.code or 0)
    except UsageError as error:
        return _complain(f"{parser.prog} train", f"{error} (see: {parser.prog} train --help)", 2)
    if arguments.command is None:
        parser.print_help(sys.stderr)
        return EXIT_USAGE
    program = f"{parser.prog} {arguments.command}"
    try:
        _run(arguments)
        sys.stdout.flush()
    except UsageError as error:
        return _complain(program, f"{error} (see: {program} --help)", EXIT_USAGE)
    except KeyboardInterrupt as interrupt:
        return _complain(program, str(interrupt) or "stopped by Ctrl-C", EXIT_INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output has gone (`| head`); nothing is left to say, not even on exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILURE
    except OutOfDeviceMemory as error:
        return _complain(program, str(error))
    except MemoryError:
        message = "not enough memory; use a smaller --batch-size or a smaller model"
        return _complain(program, message)
    except OSError as error:
        return _complain(program, os_message(error))
    except (CommandError, ValueError, ImportError, FloatingPointError) as error:
        return _complain(program, str(error))
    return 0


def _run(arguments: argparse.Namespace) -> None:
    """Call the command, whose module is loaded now and not before."""
    module = import_module(f"{__name__}.{arguments.command}")
    getattr(module, arguments.command)(arguments)


def _with_config(parser: argparse.ArgumentParser, argv: Sequence[str] | None) -> Any:
    """The arguments, with those of ``--config`` before the ones that were given."""
    words = list(sys.argv[1:] if argv is None else argv)
    arguments = parser.parse_args(words)
    if getattr(arguments, "config", None) is None:
        return arguments
    place = words.index(arguments.command) + 1
    from_file = words_of(arguments.config, FROM_FILE)
    return parser.parse_args([*words[:place], *from_file, *words[place:]])


def _complain(program: str, message: str, exit_code: int = EXIT_FAILURE) -> int:
    print(f"{program}: {message}", file=sys.stderr)
    return exit_code
