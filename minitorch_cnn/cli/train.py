"""``minitorch-cnn train``: from the options to a run folder with everything in it.

Joins data, model, optimiser and run folder, and runs epochs from the start or from a checkpoint.
What an epoch is belongs to ``minitorch_cnn.train``, the results at the end to ``results``.
"""

from __future__ import annotations

import argparse
import platform
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy

import minitorch_cnn as mt
from minitorch_cnn import data, nn, optim
from minitorch_cnn.cli.arguments import TrainOptions, program_version
from minitorch_cnn.cli.backends import select_backend
from minitorch_cnn.cli.console import Progress, confusion_table
from minitorch_cnn.cli.digits import fingerprint, load_digits
from minitorch_cnn.cli.errors import CommandError
from minitorch_cnn.cli.results import write_results
from minitorch_cnn.cli.run_folders import explained_stop, new_run, open_run, resumed_options
from minitorch_cnn.models import MODELS
from minitorch_cnn.train import Checkpoint, RunFolder, cosine_decay, evaluate, train_one_epoch

_MAX_SHIFT = 2
_TEST_BATCH = 500


def train(arguments: argparse.Namespace) -> None:
    """Train as the arguments say."""
    run = open_run(Path(arguments.resume)) if arguments.resume else None
    options = resumed_options(arguments, run) if run else TrainOptions.from_arguments(arguments)
    select_backend(options.backend)
    train_set, test_set = load_digits(options.data)
    digits = {
        "training": len(train_set),
        "test": len(test_set),
        "sha256": fingerprint(train_set, test_set),
    }
    if run is None:
        run = new_run(arguments, _record(options, digits))
    elif run.record.get("data") != digits:
        raise CommandError(
            f"{options.data} does not hold the pictures that this run was started with; "
            "give their folder as --data, or start a new run"
        )
    with explained_stop(run):
        training = _prepare(options, run, train_set, test_set)
        _announce(training)
        for epoch in range(training.first_epoch, options.epochs):
            _train_epoch(training, epoch)
        _finish(training)


@dataclass
class _Training:
    """The things that one training moves along together."""

    options: TrainOptions
    run: RunFolder
    model: nn.Sequential
    optimizer: optim.Adam
    batches: data.DataLoader
    test_batches: data.DataLoader
    first_epoch: int = 0

    def save(self, epoch: int, *, final: bool = False) -> None:
        checkpoint = Checkpoint(
            epoch=epoch,
            model=self.model.state_dict(),
            optimizer=self.optimizer.state_dict(),
            loader=self.batches.state_dict(),
            random=dict(mt.random.default_rng().bit_generator.state),
        )
        # The file says what it is, so that a copy of it alone can still be used.
        notes = {"minitorch_cnn.model": self.options.model}
        self.run.save_checkpoint(checkpoint, metadata=notes, final=final)

    def restore(self, checkpoint: Checkpoint) -> None:
        self.model.load_state_dict(checkpoint.model)
        self.optimizer.load_state_dict(checkpoint.optimizer)
        self.batches.load_state_dict(checkpoint.loader)
        try:
            mt.random.default_rng().bit_generator.state = checkpoint.random
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"the checkpoint's random generator is damaged ({error})") from None
        self.first_epoch = checkpoint.epoch


def _prepare(
    options: TrainOptions,
    run: RunFolder,
    train_set: data.TensorDataset,
    test_set: data.TensorDataset,
) -> _Training:
    """Build everything from the seed, then go to the checkpoint if there is one."""
    mt.seed(options.seed)
    model = MODELS[options.model]()
    shift = data.transforms.RandomShift(_MAX_SHIFT) if options.augment else None
    batches = data.DataLoader(
        train_set, options.batch_size, shuffle=True, transform=shift, seed=options.seed
    )
    training = _Training(
        options,
        run,
        model,
        optim.Adam(model.parameters(), lr=options.lr),
        batches,
        data.DataLoader(test_set, _TEST_BATCH),
    )
    checkpoint = run.load_checkpoint()
    if checkpoint is not None:
        training.restore(checkpoint)
    return training


def _train_epoch(training: _Training, epoch: int) -> None:
    """Train, test, write the checkpoint, and only then tell."""
    options, record = training.options, training.run.record
    pictures, steps = record["data"]["training"], len(training.batches)
    title = f"epoch {epoch + 1:>{len(str(options.epochs))}}/{options.epochs}"
    started = time.perf_counter()
    # Overflow is found by its result, a loss that is not finite; NumPy need not warn as well.
    with Progress(title, pictures) as progress, numpy.errstate(over="ignore", invalid="ignore"):
        train_score = train_one_epoch(
            training.model,
            training.batches,
            training.optimizer,
            learning_rate=lambda step: cosine_decay(options.lr, step, steps * options.epochs),
            first_step=epoch * steps,
            report=progress,
        )
    seconds = time.perf_counter() - started
    test_score, record["confusion"] = evaluate(training.model, training.test_batches)
    record["history"].append(
        {
            "epoch": epoch + 1,
            "train_loss": train_score.loss,
            "train_accuracy": train_score.accuracy,
            "test_loss": test_score.loss,
            "test_accuracy": test_score.accuracy,
            "seconds": round(seconds, 3),
        }
    )
    training.save(epoch + 1)
    print(
        f"{title}  train: loss {train_score.loss:.4f}, accuracy {train_score.accuracy:7.2%}"
        f"   test: loss {test_score.loss:.4f}, accuracy {test_score.accuracy:7.2%}"
        f"   {seconds:.1f} s, {pictures / seconds:,.0f} pictures/s",
        flush=True,
    )


def _finish(training: _Training) -> None:
    """Put the last checkpoint into the run folder itself, and the results beside it."""
    run = training.run
    training.save(training.options.epochs, final=True)
    remarks = write_results(run, training.model)
    print(f"\n{confusion_table(run.record['confusion'])}\n")
    print(f"test accuracy {run.record['history'][-1]['test_accuracy']:.2%}")
    print(f"in {run.path}: {', '.join(sorted(file.name for file in run.path.iterdir()))}")
    print(*remarks, sep="\n", end="\n" if remarks else "")


def _record(options: TrainOptions, digits: dict[str, Any]) -> dict[str, Any]:
    return {
        "options": asdict(options),
        "versions": {
            "python": platform.python_version(),
            "numpy": numpy.__version__,
            "minitorch_cnn": program_version(),
        },
        "data": digits,
        "history": [],
        "confusion": [],
    }


def _announce(training: _Training) -> None:
    weights = sum(parameter.size for parameter in training.model.parameters())
    digits = training.run.record["data"]
    start = f", from epoch {training.first_epoch + 1} on" if training.first_epoch else ""
    print(
        f"{training.options.model} with {weights:,} weights, {digits['training']:,} pictures to "
        f"train and {digits['test']:,} to test ({training.options.data}), "
        f"kept in {training.run.path}{start}",
        flush=True,
    )
