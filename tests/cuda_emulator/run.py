"""Runs Python on emulated CUDA: ``python tests/cuda_emulator/run.py [--mode NAME] ARGUMENTS``.

``ARGUMENTS`` are those of Python, such as ``-m pytest tests/test_ops.py --backend cupy`` or a
script. The environment is made first where it is missing or out of date. ``--mode`` names a strict
mode (repeat it to combine them), ``--set NAME=VALUE`` any setting of ``emulator.SETTINGS``.
"""

import argparse
import os
import sys
from pathlib import Path

from build import DEFAULT, BuildError, ensure
from emulator import MODES, PREFIX, SETTINGS

OWN = ("--environment", "--mode", "--set")


def split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Our own options, which come first, and what is for Python."""
    at = 0
    while at < len(arguments) and arguments[at].split("=")[0] in (*OWN, "-h", "--help"):
        at += 2 if arguments[at] in OWN else 1
    return arguments[:at], arguments[at:]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0] if __doc__ else None,
        usage="%(prog)s [-h] [--environment DIR] [--mode NAME] [--set NAME=VALUE] ARGUMENTS...",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="settings:\n" + "\n".join(f"  {name:20} {what}" for name, what in SETTINGS.items()),
    )
    parser.add_argument("--environment", metavar="DIR", type=Path, default=DEFAULT)
    parser.add_argument("--mode", action="append", choices=MODES, default=[])
    parser.add_argument("--set", action="append", metavar="NAME=VALUE", default=[])
    own, arguments = split(sys.argv[1:])
    options = parser.parse_args(own)

    settings = {name: value for mode in options.mode for name, value in MODES[mode].items()}
    for given in options.set:
        name, _, value = given.partition("=")
        if name not in SETTINGS:
            parser.error(f"--set {given}: expected one of {', '.join(SETTINGS)}")
        settings[name] = value
    try:
        python = ensure(options.environment)
    except BuildError as error:
        sys.exit(f"emulated CUDA: {error}")
    for name, value in settings.items():
        os.environ[f"{PREFIX}{name}"] = value
    os.execv(python, [str(python), *arguments])


if __name__ == "__main__":
    main()
