"""Datasets made of others: put together, and split at random.

Imports datasets and the one random generator.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from operator import index as as_integer
from typing import Any

import numpy as np

from minitorch_cnn import random
from minitorch_cnn.data.dataset import Dataset, Subset, get_batch

__all__ = ["ConcatDataset", "random_split"]


class ConcatDataset(Dataset):
    """Datasets one after the other.

    Parameters
    ----------
    datasets : iterable of Dataset
        One or more, with items of one structure.

    Raises
    ------
    ValueError
        For no datasets.

    Examples
    --------
    >>> import numpy as np
    >>> from minitorch_cnn import data
    >>> one, other = data.TensorDataset(np.arange(3)), data.TensorDataset(np.arange(10, 12))
    >>> both = data.ConcatDataset([one, other])
    >>> len(both), both[3], both.get_batch(np.array([4, 0]))
    (5, (np.int64(10),), (array([11,  0]),))
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise ValueError("ConcatDataset needs at least one dataset")

    @property
    def cumulative_sizes(self) -> list[int]:
        """Where each dataset ends."""
        return list(accumulate(map(len, self.datasets)))

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: Any) -> Any:
        """The item at an integer; negative ones count from the end."""
        position, length = as_integer(index), len(self)
        if not -length <= position < length:
            raise IndexError(f"index {index} is out of range for a ConcatDataset of {length} items")
        number, place = self._place(position % length)
        return self.datasets[number][place]

    def get_batch(self, indices: Any) -> Any:
        """The items at an array of indices; at once where all are of one dataset."""
        places = [self._place(int(index)) for index in indices]
        if len({number for number, _ in places}) == 1:
            within = np.array([place for _, place in places])
            return get_batch(self.datasets[places[0][0]], within)
        return super().get_batch(indices)

    def _place(self, index: int) -> tuple[int, int]:
        """Which dataset has an item, and where in it."""
        ends = self.cumulative_sizes
        number = bisect_right(ends, index)
        return number, index - (ends[number - 1] if number else 0)


def random_split(
    dataset: Any, lengths: Sequence[int] | Sequence[float], *, seed: int | None = None
) -> list[Subset]:
    """Split a dataset at random into parts that do not overlap.

    Parameters
    ----------
    dataset : Dataset
    lengths : sequence of int or of float
        Numbers of items that sum to all of them, or fractions that sum to 1; what is left by
        rounding down goes to the first parts, one each.
    seed : int, optional
        None draws from ``mt.random.default_rng()``.

    Returns
    -------
    list of Subset

    Raises
    ------
    ValueError
        If the lengths do not sum to the dataset's, or a fraction is out of range.

    Examples
    --------
    >>> from minitorch_cnn import data
    >>> [len(part) for part in data.random_split(range(11), [0.7, 0.3], seed=0)]
    [8, 3]
    """
    total = len(dataset)
    counts = _counts(total, lengths)
    rng = random.default_rng() if seed is None else np.random.default_rng(seed)
    cuts = np.split(rng.permutation(total), np.cumsum(counts)[:-1])
    return [Subset(dataset, part) for part in cuts]


def _counts(total: int, lengths: Sequence[Any]) -> list[int]:
    if math.isclose(sum(lengths), 1.0) and any(isinstance(n, float) for n in lengths):
        if any(not 0 <= fraction <= 1 for fraction in lengths):
            raise ValueError(f"random_split: fractions {list(lengths)}; expected 0 to 1 each")
        counts = [math.floor(total * fraction) for fraction in lengths]
        left = total - sum(counts)
        return [count + (i < left) for i, count in enumerate(counts)]
    counts = [as_integer(n) for n in lengths]
    if sum(counts) != total or min(counts) < 0:
        raise ValueError(
            f"random_split: lengths {counts} sum to {sum(counts)}; expected {total}, all items of "
            "the dataset, or fractions that sum to 1"
        )
    return counts
