"""What sharing buys: nets that differ in one constraint, on digits centred, shifted and permuted.

    python -m benchmarks.sharing                 five seeds, some ten minutes on two cores
    python -m benchmarks.sharing --quick         the same path in seconds, its figures mean nothing

Every net has the same maps and hidden units; what differs is where a unit looks, whether the units
of a map share their weights, and how far a map is pooled. All nets of one seed get the same
pictures, shifts, permutation and order of batches, so they can be compared in pairs. What is made
of the results is ``sharing_report``'s.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

import minitorch_cnn as mt
from benchmarks import sharing_report
from minitorch_cnn import data, datasets, nn, optim
from minitorch_cnn.data.transforms import RandomShift
from minitorch_cnn.io.atomic import make_folder
from minitorch_cnn.train import cosine_decay

SIDE = 28
MAPS = 16
WINDOW = 10
STRIDE = 2
POSITIONS = (SIDE - WINDOW) // STRIDE + 1
"""Of a window along each side; the last one ends with the last pixel."""
UNITS = MAPS * POSITIONS**2
"""Hidden units, of every net."""
CLASSES = 10

MAX_SHIFT = 4
"""In pixels, down and right, each drawn alone. Of most digits nothing is cut off."""

HELD_OUT = 1000
"""Training pictures that ``--held-out`` tests on."""

PURPOSES = ("choice", "weights", "permutation", "train shifts", "test shifts")
"""Each draws from a generator of its own, so that none moves another."""

Views = dict[str, tuple[data.TensorDataset, data.TensorDataset]]


@dataclass(frozen=True)
class Recipe:
    """How every net is trained: Adam on batches of 50, its rate falling to 0 along half a cosine.

    The rate is the best of 0.001, 0.003, 0.01 and 0.03 in the mean over all nets, numbers of
    pictures and conditions on held-out training pictures; the test pictures had no say.
    """

    epochs: int = 60
    batch_size: int = 50
    learning_rate: float = 0.01


# --- nets -----------------------------------------------------------------------------------------


def dense_layer(rng: np.random.Generator) -> tuple[nn.Module, ...]:
    """Every unit is linked to every pixel, with weights of its own."""
    return nn.Flatten(), nn.Dense(SIDE**2, UNITS, rng=rng)


def local_layer(rng: np.random.Generator) -> tuple[nn.Module, ...]:
    """Every unit is linked to a window, with weights of its own."""
    return (nn.LocallyConnected2d(1, MAPS, SIDE, WINDOW, STRIDE, rng=rng),)


def conv_layer(rng: np.random.Generator) -> tuple[nn.Module, ...]:
    """Every unit is linked to a window, with the weights of its map."""
    return (nn.Conv2d(1, MAPS, WINDOW, STRIDE, rng=rng),)


@dataclass(frozen=True)
class Design:
    """A first layer, the side of the squares that max pooling takes together, and a dense head."""

    layer: Callable[[np.random.Generator], tuple[nn.Module, ...]]
    pool: int = 1

    def build(self, rng: np.random.Generator) -> nn.Sequential:
        """The net with new weights; takes (N, 1, 28, 28), gives (N, 10)."""
        pooling = [nn.MaxPool2d(self.pool)] if self.pool > 1 else []
        features = UNITS // self.pool**2
        head = nn.Dense(features, CLASSES, rng=rng)
        return nn.Sequential(*self.layer(rng), nn.ReLU(), *pooling, nn.Flatten(), head)


NETS = {
    "dense": Design(dense_layer),
    "local": Design(local_layer),
    "conv": Design(conv_layer),
    "local + pool": Design(local_layer, pool=2),
    "conv + pool": Design(conv_layer, pool=2),
    "local + global pool": Design(local_layer, pool=POSITIONS),
    "conv + global pool": Design(conv_layer, pool=POSITIONS),
}


def count_weights(design: Design) -> int:
    """Free parameters, offsets included, counted from the net itself."""
    return sum(parameter.size for parameter in design.build(np.random.default_rng(0)).parameters())


# --- digits ---------------------------------------------------------------------------------------


def stream(seed: int, purpose: str) -> np.random.Generator:
    """A generator that depends on the seed and what it is for, and on nothing else."""
    return np.random.default_rng((seed, PURPOSES.index(purpose)))


def permuted(pictures: Any, order: Any) -> Any:
    """Pictures (N, 1, height, width) whose pixel ``i``, row by row, is pixel ``order[i]``."""
    return pictures.reshape(len(pictures), -1)[:, order].reshape(pictures.shape)


def views(
    train: data.TensorDataset,
    test: data.TensorDataset,
    seed: int,
    pictures: int,
    held_out: bool = False,
) -> Views:
    """What the nets of one seed are trained and tested on: centred, shifted, permuted.

    The training pictures are drawn from ``train``, fewer being among more of the same seed. Each
    is shifted once, not anew in every epoch, so that no view has more pictures than another. Pixels
    of training and test pictures are permuted alike.
    """
    chosen = stream(seed, "choice").permutation(len(train))
    images, labels = train[chosen[:pictures]]
    test_images, test_labels = train[chosen[-HELD_OUT:]] if held_out else test[:]
    shift = RandomShift(MAX_SHIFT)
    order = stream(seed, "permutation").permutation(SIDE**2)
    changed = {
        "centred": (images, test_images),
        "shifted": (
            shift(images, stream(seed, "train shifts")),
            shift(test_images, stream(seed, "test shifts")),
        ),
        "permuted": (permuted(images, order), permuted(test_images, order)),
    }
    return {
        name: (data.TensorDataset(seen, labels), data.TensorDataset(unseen, test_labels))
        for name, (seen, unseen) in changed.items()
    }


# --- training -------------------------------------------------------------------------------------


def fit(net: nn.Module, dataset: data.TensorDataset, recipe: Recipe, seed: int) -> None:
    """Train ``net``; the order of the batches depends on the seed alone."""
    optimiser = optim.Adam(net.parameters())
    batches = data.DataLoader(dataset, batch_size=recipe.batch_size, shuffle=True, seed=seed)
    steps, step = recipe.epochs * len(batches), 0
    for _ in range(recipe.epochs):
        for pictures, labels in batches:
            for group in optimiser.param_groups:
                group["lr"] = cosine_decay(recipe.learning_rate, step, steps)
            loss = nn.functional.cross_entropy(net(pictures), labels)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            step += 1


@mt.no_grad()
def accuracy(net: nn.Module, dataset: data.TensorDataset) -> float:
    """The share of pictures whose digit gets the highest score."""
    right = 0
    for pictures, labels in data.DataLoader(dataset, batch_size=500):
        right += int((net(pictures).argmax(axis=1) == labels).sum().item())
    return right / len(dataset)


def run(
    train: data.TensorDataset,
    test: data.TensorDataset,
    *,
    seeds: Iterable[int],
    pictures: Iterable[int],
    recipe: Recipe,
    held_out: bool = False,
    report: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Train every net on every view, for every seed and number of pictures.

    Returns
    -------
    dict
        ``settings``, the ``weights`` of each net, and ``runs``: for each number of pictures, net
        and condition the accuracy, and the accuracy on the training pictures, of every seed.
    """
    seeds, pictures = list(seeds), list(pictures)
    runs: dict[tuple[Any, ...], dict[str, Any]] = {}
    for count in pictures:
        for seed in seeds:
            given = views(train, test, seed, count, held_out)
            for name, design in NETS.items():
                report(f"{count} pictures, seed {seed}: {name}")
                nets = {}
                for view, (seen, _) in given.items():
                    nets[view] = design.build(stream(seed, "weights"))
                    fit(nets[view], seen, recipe, seed)
                for trained, tested in sharing_report.CONDITIONS:
                    key = {"pictures": count, "net": name, "trained": trained, "tested": tested}
                    row = runs.setdefault(
                        tuple(key.values()), {**key, "accuracy": [], "train_accuracy": []}
                    )
                    row["accuracy"].append(accuracy(nets[trained], given[tested][1]))
                    row["train_accuracy"].append(accuracy(nets[trained], given[trained][0]))
    settings = {
        "seeds": seeds,
        "pictures": pictures,
        "test_pictures": HELD_OUT if held_out else len(test),
        "held_out": held_out,
        **asdict(recipe),
        "maps": MAPS,
        "window": WINDOW,
        "stride": STRIDE,
        "hidden_units": UNITS,
        "max_shift": MAX_SHIFT,
    }
    weights = {name: count_weights(design) for name, design in NETS.items()}
    return {"settings": settings, "weights": weights, "runs": list(runs.values())}


# --- command line ---------------------------------------------------------------------------------

FULL: dict[str, Any] = {"seeds": 5, "pictures": [300, 1000], "epochs": Recipe.epochs}
QUICK: dict[str, Any] = {"seeds": 2, "pictures": [60], "epochs": 2}
"""What is taken for options that are not given."""

_DESCRIPTION = """\
What sharing weights buys, measured. Seven nets with the same maps and hidden units are trained on
few handwritten digits: dense; local (each unit sees a window); conv (the units of a map share their
weights); local and conv with each map max-pooled by 2 x 2, or as a whole. They are tested on digits
that are centred, shifted by up to 4 pixels, or have their pixels permuted.
"""

_EPILOG = """\
DIR then holds sharing.json (every run), sharing.csv (means and standard deviations) and sharing.png
(accuracy against weights). Two runs of one command give equal files. The linear algebra library's
number of threads can change the last digits; OPENBLAS_NUM_THREADS=1 fixes it.
"""


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m benchmarks.sharing",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--seeds",
        type=int,
        metavar="N",
        help=f"seeds 0 to N - 1, at least 2 (default: {FULL['seeds']})",
    )
    parser.add_argument(
        "--pictures",
        type=int,
        nargs="+",
        metavar="N",
        help=f"numbers of training pictures (default: {' '.join(map(str, FULL['pictures']))})",
    )
    parser.add_argument(
        "--epochs",
        type=int,
        metavar="N",
        help=f"passes over the training pictures (default: {FULL['epochs']})",
    )
    parser.add_argument(
        "--learning-rate",
        type=float,
        metavar="RATE",
        default=Recipe.learning_rate,
        help=f"of Adam at the start, for all nets (default: {Recipe.learning_rate})",
    )
    parser.add_argument(
        "--data",
        default="mini",
        metavar="mini|FOLDER",
        help="the 7,000 digits that come with the package, or a folder with the four IDX files of "
        "such a set (default: mini)",
    )
    parser.add_argument(
        "--held-out",
        action="store_true",
        help=f"test on {HELD_OUT:,} training pictures that no net is trained on, instead of the "
        "test pictures: for choosing a recipe",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help=f"{QUICK['seeds']} seeds, {QUICK['pictures'][0]} pictures, {QUICK['epochs']} epochs, "
        "unless given: shows that all runs, and nothing else",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("runs/sharing"),
        metavar="DIR",
        help="folder for the results, made if needed (default: runs/sharing)",
    )
    return parser


def main(words: list[str] | None = None) -> int:
    """Run the experiment; print the tables and write the files."""
    parser = build_parser()
    options = parser.parse_args(words)
    for name, value in (QUICK if options.quick else FULL).items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    if options.seeds < 2:
        parser.error(f"--seeds {options.seeds}: a spread needs 2 seeds or more")
    if options.epochs < 1:
        parser.error(f"--epochs {options.epochs}: expected 1 or more")
    if not options.learning_rate > 0:
        parser.error(f"--learning-rate {options.learning_rate}: expected a positive number")
    try:
        train, test = load(options.data)
    except ValueError as error:
        parser.error(f"--data {options.data}: {error}")
    most = len(train) - (HELD_OUT if options.held_out else 0)
    for count in options.pictures:
        if not 1 <= count <= most:
            parser.error(f"--pictures {count}: expected 1 to {most}, the pictures that there are")
    if len(set(options.pictures)) < len(options.pictures):
        parser.error(f"--pictures {options.pictures}: expected each number once")
    try:
        make_folder(options.out)
    except OSError as error:
        parser.error(f"--out {options.out}: {error.strerror}")
    results = run(
        train,
        test,
        seeds=range(options.seeds),
        pictures=options.pictures,
        recipe=Recipe(epochs=options.epochs, learning_rate=options.learning_rate),
        held_out=options.held_out,
        report=lambda line: print(line, file=sys.stderr, flush=True),
    )
    print(sharing_report.text(results))
    for line in sharing_report.write(results, options.out):
        print(line)
    return 0


def load(name: str) -> tuple[data.TensorDataset, data.TensorDataset]:
    """Training and test pictures: the digits of the package, or a folder of IDX files."""
    if name == "mini":
        return datasets.mnist_mini()
    train, test = datasets.read_mnist_folder(name)
    return datasets.from_arrays(*train), datasets.from_arrays(*test)


if __name__ == "__main__":
    sys.exit(main())
