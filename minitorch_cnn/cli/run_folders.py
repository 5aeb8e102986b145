"""Which folder a training goes to, what it may be resumed with, and what to say when it stops."""

from __future__ import annotations

import argparse
import contextlib
import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from minitorch_cnn.cli.arguments import TrainOptions, given_options
from minitorch_cnn.cli.errors import CommandError, UsageError, os_message
from minitorch_cnn.train import RunFolder

_PARENT = Path("runs")


def open_run(path: Path) -> RunFolder:
    """The folder of ``--resume``."""
    try:
        return RunFolder.open(path)
    except FileNotFoundError as error:
        raise UsageError(f"--resume takes the folder of a run, but {error}") from None


def resumed_options(arguments: argparse.Namespace, run: RunFolder) -> TrainOptions:
    """The options that ``run`` was started with, which the command line may not change.

    Raises
    ------
    UsageError
        If an option was given with another value.
    """
    options = TrainOptions.from_record(run.record["options"])
    given = given_options(arguments)
    # The same pictures may have moved to another folder; their hash tells.
    options = replace(options, data=given.pop("data", options.data))
    for name, value in given.items():
        started_with = getattr(options, name)
        if value != started_with:
            raise UsageError(
                f"the run in {run.path} was started with {name.replace('_', ' ')} {started_with}, "
                f"not {value}, and a resumed run keeps its options. Leave this one out, or start "
                "a new run without --resume"
            )
    return options


def new_run(arguments: argparse.Namespace, record: dict[str, Any]) -> RunFolder:
    """Make the folder that was asked for, or the first free one of the default name.

    Raises
    ------
    UsageError
        If the folder asked for holds something already.
    OSError
        If the folder cannot be made.
    """
    if arguments.out or arguments.name:
        path = Path(arguments.out) if arguments.out else _PARENT / arguments.name
        try:
            return RunFolder.create(path, record)
        except FileExistsError as error:
            raise UsageError(
                f"{error}; choose another --out or --name, or go on with an unfinished run by "
                "--resume"
            ) from None
    options = record["options"]
    name = f"{options['model']}-{Path(options['data']).resolve().name}"
    number = 1
    while True:
        with contextlib.suppress(FileExistsError):
            return RunFolder.create(_PARENT / (name if number == 1 else f"{name}-{number}"), record)
        number += 1


@contextlib.contextmanager
def explained_stop(run: RunFolder) -> Iterator[None]:
    """Whatever stops a training, say what is kept and how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"stopped by Ctrl-C. {_what_is_kept(run)}") from None
    except OSError as error:
        raise CommandError(f"{os_message(error)}. {_what_is_kept(run)}") from error
    except FloatingPointError as error:
        raise CommandError(f"{error}. {_what_is_kept(run, resumable=False)}") from None


def _what_is_kept(run: RunFolder, *, resumable: bool = True) -> str:
    epoch = run.record.get("checkpoint", {}).get("epoch", 0)
    kept = f"The checkpoint of epoch {epoch} is kept in {run.path}" if epoch else "No epoch ended"
    resume = f"; go on with: minitorch-cnn train --resume {shlex.quote(str(run.path))}"
    return kept + (resume if resumable else "")
