"""Does the loader keep a training step fed? An epoch with augmentation, beside its steps alone.

    python -m benchmarks.loader [--workers N]

LeNet in batches of 64 of the digits that come along; Adam. Pictures are shifted and normalised, or
turned as well. The steps alone take one batch again and again. All take turns; a ratio is of the
fastest of each.
"""

from __future__ import annotations

import argparse
from typing import Any

from benchmarks.timing import fastest
from minitorch_cnn import data, datasets, models, nn, optim
from minitorch_cnn.data import transforms

BATCH = 64


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    train, _ = datasets.mnist_mini()
    shift, normalize = transforms.RandomShift(2), transforms.Normalize(0.13, 0.31)
    augmentations = {
        "as they are": None,
        "shifted": transforms.Compose(shift, normalize),
        "shifted and turned": transforms.Compose(shift, transforms.RandomRotation(10), normalize),
    }
    model = models.lenet()
    optimizer = optim.Adam(model.parameters())

    def step(x: Any, y: Any) -> None:
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    plain = data.DataLoader(train, BATCH, drop_last=True)
    first = next(iter(plain))

    def steps_alone() -> None:
        for _ in range(len(plain)):
            step(*first)

    def epoch(transform: Any, workers: int) -> Any:
        loader = data.DataLoader(
            train, BATCH, shuffle=True, drop_last=True, transform=transform, num_workers=workers
        )

        def run() -> None:
            for batch in loader:
                step(*batch)

        return run

    ways = {
        f"{name}, {workers} workers": epoch(augment, workers)
        for name, augment in augmentations.items()
        for workers in options.workers
    }
    alone, *seconds = fastest(steps_alone, *ways.values(), runs=options.runs)
    print(f"{'steps alone':30} {1e3 * alone / len(plain):7.3f} ms a step")
    for name, taken in zip(ways, seconds, strict=True):
        print(f"{name:30} {1e3 * taken / len(plain):7.3f} ms a step, ratio {taken / alone:.3f}")


if __name__ == "__main__":
    main()
