"""The command ``minitorch-cnn``: train a net on handwritten digits, use it, check the machine.

``main`` parses, calls one command, and turns every error a user can cause into one message and an
exit code. Only light modules are imported here; a command imports the engine when it runs.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from minitorch_backends.protocol import OutOfDeviceMemory
from minitorch_cnn.cli.arguments import build_parser
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
        arguments = parser.parse_args(argv)
    except SystemExit as exit_:  # argparse has printed help, a version or an error
        return int(exit_.code or 0)
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
    if arguments.command == "train":
        from minitorch_cnn.cli.train import train

        train(arguments)
    elif arguments.command == "backends":
        from minitorch_cnn.cli.backends import backends

        backends(arguments)
    elif arguments.command == "doctor":
        from minitorch_cnn.cli.doctor import doctor

        doctor(arguments)
    else:
        from minitorch_cnn.cli.predict import predict

        predict(arguments)


def _complain(program: str, message: str, exit_code: int = EXIT_FAILURE) -> int:
    print(f"{program}: {message}", file=sys.stderr)
    return exit_code
