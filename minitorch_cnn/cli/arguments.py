"""The words of the command line: options, their defaults, their help, their checks.

Nothing slow is imported, so that ``--help`` and a mistyped option answer at once. Backends, data
and files are checked by the commands.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from dataclasses import asdict, dataclass, fields
from typing import Any, NoReturn

from minitorch_cnn.models import MODELS

MINI = "mnist-mini"

_DESCRIPTION = """\
Train a small convolutional net on handwritten digits, and ask it about your own.

  minitorch-cnn train                        a LeNet on the digits that come along, in a minute
  minitorch-cnn evaluate runs/lenet-mnist-mini
  minitorch-cnn predict runs/lenet-mnist-mini mine.png
  minitorch-cnn summary lenet                what it is made of
  minitorch-cnn export runs/lenet-mnist-mini lenet.onnx
  minitorch-cnn doctor                       is everything in place?
"""

_TRAIN = """\
Train a net on handwritten digits and keep everything of the run in one folder:
the weights, the learning curve, the kernels it learned, the confusion table.

  minitorch-cnn train                        a LeNet on the 6,000 digits that come along
  minitorch-cnn train --data mnist           on all 60,000 (fetched once, some 11 MB)
  minitorch-cnn train --model local          own weights at every position: no tying
  minitorch-cnn train --model conv           the same windows with one kernel for all
  minitorch-cnn train --config run.toml      options from a file; those given besides win
  minitorch-cnn train --resume RUN_DIR       go on after Ctrl-C, a crash or a power cut
"""

_TRAIN_END = """\
Ctrl-C stops the training and keeps the checkpoint of the last whole epoch. A resumed run
ends with exactly the weights of one that was never stopped. The same command with the same
--seed gives the same figures.

A file for --config holds these options by their names, a line each:

  model = "lenet"
  epochs = 10
  batch-size = 128
  augment = false
"""

_EVALUATE = """\
Score a net on the test pictures of a set: loss, accuracy, and which digits are taken for which.

  minitorch-cnn evaluate runs/lenet-mnist-mini
  minitorch-cnn evaluate model.safetensors --data mnist --json
"""

_SUMMARY = """\
Print what a net is made of, layer by layer: shapes, links, weights, multiplications, memory, and
how much of the picture an output sees.

  minitorch-cnn summary lenet
  minitorch-cnn summary runs/lenet-mnist-mini
"""

_EXPORT = """\
Write the net of a checkpoint as ONNX, for programs that run it without this library.

  minitorch-cnn export runs/lenet-mnist-mini lenet.onnx
"""

_PREDICT = """\
Read pictures of single digits and print what the net takes them for.

  minitorch-cnn predict runs/lenet-mnist-mini three.png
  minitorch-cnn predict model.safetensors scans/*.jpg --json
"""

_PREDICT_END = """\
Pictures become what the net was trained on: 28 x 28 pixels, light ink on black. Dark ink on a
light ground is inverted (the border tells). A picture of 28 x 28 pixels is then taken as it is;
of any other, the part with ink is scaled to 20 pixels and centred by its centre of mass.
A .npy file holds one picture (height, width) or several (N, height, width), whole numbers from
0 to 255 or fractions from 0 to 1.
"""

_BACKENDS = """\
List every backend that is installed: whether it can be used here (if not, why, and what mends
it), its device, its array library, and how many kernels it has of its own; the portable ones do
the rest.

  minitorch-cnn backends
"""

_DOCTOR = """\
Check this installation: versions, optional parts, folders, threads, and one small training on
every backend that can be used here.

  minitorch-cnn doctor
"""

_DOCTOR_END = """\
Each line is ok, warn (something optional cannot be used) or fail, with what mends it. The exit
code is 1 if anything failed. Attach the output of --json to a bug report.
"""


@dataclass(frozen=True)
class TrainOptions:
    """What defines a training: two runs with equal options give equal weights."""

    model: str = "lenet"
    data: str = MINI
    backend: str = "numpy"
    epochs: int = 0
    batch_size: int = 64
    lr: float = 0.003
    seed: int = 0
    augment: bool = False

    @classmethod
    def from_arguments(cls, arguments: argparse.Namespace) -> TrainOptions:
        """Options that were given, and defaults for the others; some depend on the data."""
        given = given_options(arguments)
        mini = given.get("data", MINI) == MINI
        defaults = {
            "backend": os.environ.get("MINITORCH_BACKEND") or "numpy",
            "epochs": 25 if mini else 5,
            "augment": mini,
        }
        return cls(**defaults | given)

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> TrainOptions:
        """Options as a run folder keeps them.

        Raises
        ------
        ValueError
            If one is missing, unknown, or of another type than the default.
        """
        defaults = asdict(cls())
        for name in defaults.keys() | record.keys():
            if name not in defaults or type(record.get(name)) is not type(defaults[name]):
                raise ValueError(f"the run's options are damaged at {name!r}; start a new run")
        if record["model"] not in MODELS:
            raise ValueError(f"the run's model {record['model']!r} is none of {', '.join(MODELS)}")
        return cls(**record)


FROM_FILE = frozenset(
    {*(field.name.replace("_", "-") for field in fields(TrainOptions)), "out", "name"}
)
"""Options that a file for ``--config`` may hold."""


def given_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """Those training options that stand on the command line."""
    names = {field.name for field in fields(TrainOptions)}
    return {name: value for name, value in vars(arguments).items() if name in names}


def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    parser = _Parser("minitorch-cnn", _DESCRIPTION)
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
    _add_train(commands)
    _add_evaluate(commands)
    _add_predict(commands)
    _add_summary(commands)
    _add_export(commands)
    _add_backends(commands)
    _add_doctor(commands)
    return parser


def _add_train(commands: Any) -> None:
    parser = commands.add_parser(
        "train", description=_TRAIN, epilog=_TRAIN_END, help="train a net on handwritten digits"
    )
    # Options that were not given leave no trace, so that --resume can tell.
    parser.add_argument("--config", metavar="FILE", help="take options from a TOML file")
    what = parser.add_argument_group("what to train", argument_default=argparse.SUPPRESS)
    what.add_argument(
        "--model",
        choices=MODELS,
        help="lenet: two convolutions and three dense layers; mlp: dense layers only; conv: one "
        "convolution; local: conv with untied weights (default: lenet)",
    )
    what.add_argument(
        "--data",
        metavar="mnist-mini|mnist|DIR",
        help="6,000 digits that come along, the full MNIST, or a folder with the four files of "
        f"such a set in IDX format (default: {MINI})",
    )
    what.add_argument(
        "--augment",
        action=argparse.BooleanOptionalAction,
        help=f"shift each picture by up to 2 pixels at random (default: only for {MINI})",
    )
    how = parser.add_argument_group("how to train", argument_default=argparse.SUPPRESS)
    how.add_argument(
        "--backend",
        metavar="NAME",
        help="array library that computes (default: $MINITORCH_BACKEND, else numpy)",
    )
    how.add_argument(
        "--epochs",
        type=_whole_number(1),
        metavar="N",
        help=f"passes over the data (default: 25 for {MINI}, else 5)",
    )
    how.add_argument(
        "--batch-size", type=_whole_number(1), metavar="N", help="pictures per step (default: 64)"
    )
    how.add_argument(
        "--lr",
        type=_positive_number,
        metavar="RATE",
        help="learning rate of Adam at the start; it falls to 0 along a cosine (default: 0.003)",
    )
    how.add_argument(
        "--seed",
        type=_whole_number(0),
        metavar="N",
        help="decides first weights, order of pictures and shifts (default: 0)",
    )
    where = parser.add_argument_group("where to keep it").add_mutually_exclusive_group()
    where.add_argument(
        "--out",
        metavar="DIR",
        help="folder of the run, new or empty (default: runs/MODEL-DATA, numbered if taken)",
    )
    where.add_argument(
        "--name", type=_folder_name, metavar="NAME", help="the same as --out runs/NAME"
    )
    where.add_argument(
        "--resume",
        metavar="RUN_DIR",
        help="go on with the run in this folder, with the options it was started with",
    )


def _add_evaluate(commands: Any) -> None:
    parser = commands.add_parser(
        "evaluate", description=_EVALUATE, help="score a net on test pictures"
    )
    _add_checkpoint(parser)
    parser.add_argument(
        "--data",
        default=MINI,
        metavar="mnist-mini|mnist|DIR",
        help=f"the set whose test pictures are used (default: {MINI})",
    )
    parser.add_argument("--backend", metavar="NAME", help="array library that computes")
    parser.add_argument(
        "--batch-size",
        type=_whole_number(1),
        default=500,
        metavar="N",
        help="pictures at a time (default: 500)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def _add_summary(commands: Any) -> None:
    parser = commands.add_parser(
        "summary", description=_SUMMARY, help="print what a net is made of"
    )
    parser.add_argument(
        "net", metavar="NET", help=f"{'|'.join(MODELS)}, a run folder, or a .safetensors file"
    )
    _add_model(parser)


def _add_export(commands: Any) -> None:
    parser = commands.add_parser("export", description=_EXPORT, help="write a net as ONNX")
    _add_checkpoint(parser)
    parser.add_argument("file", metavar="FILE.onnx", help="the file to write")


def _add_checkpoint(parser: Any) -> None:
    parser.add_argument(
        "checkpoint", metavar="CHECKPOINT", help="folder of a run, or a .safetensors file of one"
    )
    _add_model(parser)


def _add_model(parser: Any) -> None:
    parser.add_argument(
        "--model",
        choices=MODELS,
        help="the net of the checkpoint, for a file that does not say it itself",
    )


def _add_predict(commands: Any) -> None:
    parser = commands.add_parser(
        "predict", description=_PREDICT, epilog=_PREDICT_END, help="recognise digits in pictures"
    )
    _add_checkpoint(parser)
    parser.add_argument(
        "images", metavar="IMAGE", nargs="+", help="PNG, JPEG or another picture, or .npy"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def _add_backends(commands: Any) -> None:
    parser = commands.add_parser(
        "backends", description=_BACKENDS, help="list the array libraries that can compute here"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def _add_doctor(commands: Any) -> None:
    parser = commands.add_parser(
        "doctor", description=_DOCTOR, epilog=_DOCTOR_END, help="check the installation"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of lines")


class _Parser(argparse.ArgumentParser):
    """argparse with our layout of help, and errors of one line."""

    def __init__(self, prog: str, description: str = "", **settings: Any) -> None:
        settings.setdefault("formatter_class", _Layout)
        super().__init__(prog, description=description, allow_abbrev=False, **settings)

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message} (see: {self.prog} --help)", file=sys.stderr)
        sys.exit(2)


class _Layout(argparse.RawDescriptionHelpFormatter):
    """Descriptions as written; options in one column wide enough for their names."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30, width=96)


class _Version(argparse.Action):
    """Look the version up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> NoReturn:
        print(f"{parser.prog} {program_version()}")
        sys.exit(0)


def program_version() -> str:
    """The version of this package, as far as it was installed at all."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("minitorch-cnn")
    except PackageNotFoundError:
        return "(not installed)"


def _whole_number(least: int) -> Any:
    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least:
            raise argparse.ArgumentTypeError(
                f"expected a whole number of at least {least}, got {text!r}"
            )
        return number

    return parse


def _positive_number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {text!r}")
    return number


def _folder_name(text: str) -> str:
    if text in ("", ".", "..") or "/" in text or "\\" in text:
        raise argparse.ArgumentTypeError(f"expected a name, not the path {text!r}; use --out")
    return text
