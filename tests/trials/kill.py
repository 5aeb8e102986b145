"""Kill a training at any moment: is there always a whole checkpoint to go on from?

    python tests/trials/kill.py --trials 200

Each trial trains in a process of its own and kills it (SIGKILL) at a random moment. The next start
has to find a checkpoint no older than the last one that was saved, and the training that goes on
from there has to end with the weights of one that was never stopped, bit for bit.
"""

from __future__ import annotations

import argparse
import mmap
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import minitorch_cnn as mt
from minitorch_cnn import data, nn, optim

STEPS = 30
EVERY = 2
"""Steps between two checkpoints."""
_PICTURES = np.random.default_rng(0).standard_normal((20, 4)).astype(np.float32)


def train(folder: Path, saved: Callable[[int], None] = lambda step: None) -> list[Any]:
    """Train from the newest checkpoint on, if there is one, to the end; gives the weights.

    ``saved`` is told of every step whose checkpoint is written.
    """
    mt.seed(0)
    net = nn.Sequential(nn.Dense(4, 8), nn.ReLU(), nn.Dropout(0.3), nn.Dense(8, 2))
    optimizer = optim.Adam(net.parameters(), lr=0.01)
    schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    loader = data.DataLoader(
        data.TensorDataset(_PICTURES, np.arange(20) % 2), batch_size=8, shuffle=True, seed=1
    )
    parts = {"model": net, "optimizer": optimizer, "schedule": schedule, "loader": loader}
    checkpoints = mt.train.Checkpoints(folder, keep=2)
    step = checkpoints.resume(**parts) or 0
    while step < STEPS:
        for x, y in loader:
            loss = nn.functional.cross_entropy(net(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            step += 1
            if step % EVERY == 0:
                checkpoints.save(step, **parts)
                saved(step)
            if step == STEPS:
                break
    return [value.numpy() for value in net.state_dict().values()]


def killed_after(seconds: float, folder: Path) -> int:
    """Train in a process that is killed after so many seconds; the last step that was saved."""
    with mmap.mmap(-1, 8) as shared:
        child = os.fork()
        if not child:

            def saved(step: int) -> None:
                shared[:8] = step.to_bytes(8, "little")

            try:
                train(folder, saved)
            finally:
                os._exit(0)
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return int.from_bytes(shared[:8], "little")


def finished(folder: Path) -> Any:
    """Train to the end in a process of its own; the weights.

    All trainings are forked, because a process that was computes with the plain kernels.
    """
    child = os.fork()
    if not child:
        try:
            np.save(folder / "weights.npy", np.concatenate([w.ravel() for w in train(folder)]))
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    return np.load(folder / "weights.npy")


def trial(folder: Path, expected: Any, seconds: float) -> tuple[int, int]:
    """Kill one training and finish it: the step saved last, and the step resumed from."""
    saved = killed_after(seconds, folder)
    found = mt.train.Checkpoints(folder).resume(strict=True) or 0
    if found < saved or found - saved > EVERY:
        raise AssertionError(f"saved step {saved}, found step {found}")
    np.testing.assert_array_equal(finished(folder), expected)
    return saved, found


def main(arguments: list[str] | None = None) -> None:
    """Run the trials and print what was met."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    moments = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        started = time.perf_counter()
        expected = finished(folder / "whole")
        length = time.perf_counter() - started
        met = [
            trial(folder / str(number), expected, moments.uniform(0, 1.1 * length))
            for number in range(options.trials)
        ]
    stopped = sum(saved < STEPS for saved, _ in met)
    begun = sum(found > saved for saved, found in met)
    print(
        f"{len(met)} trainings killed, {stopped} of them before their last checkpoint, {begun} "
        f"between a checkpoint and the word of it; all went on from a whole checkpoint, at steps "
        f"{min(found for _, found in met)} to {max(found for _, found in met)}, and ended bit for "
        "bit as the one that was never stopped"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
