"""Samplers: which items make up an epoch, in which order.

A sampler says it with ``order(rng)``, from a generator that belongs to the epoch, so that an epoch
can be repeated and resumed. Imports NumPy and the one random generator; batches and Tensors belong
to the loader.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from operator import index as as_integer
from typing import Any

import numpy as np

from minitorch_cnn import random

__all__ = [
    "BatchSampler",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "SubsetRandomSampler",
    "WeightedRandomSampler",
]


class Sampler(ABC):
    """Base class of samplers: give it ``__len__`` and ``order``.

    The loader also takes anything with ``__len__`` and ``__iter__``, as PyTorch does; whether an
    epoch of that can be repeated is its own affair.

    Examples
    --------
    >>> import numpy as np
    >>> from minitorch_cnn import data
    >>> class EverySecond(data.Sampler):
    ...     def __len__(self):
    ...         return 3
    ...     def order(self, rng):
    ...         return np.arange(0, 6, 2)
    >>> dataset = data.TensorDataset(np.arange(6))
    >>> [x.tolist() for x, in data.DataLoader(dataset, batch_size=2, sampler=EverySecond())]
    [[0, 2], [4]]
    """

    @abstractmethod
    def __len__(self) -> int:
        """Number of indices in an epoch."""

    @abstractmethod
    def order(self, rng: np.random.Generator) -> Any:
        """The indices of an epoch, whose generator is ``rng``: an integer array."""

    def __iter__(self) -> Iterator[Any]:
        """The indices one by one, in an order drawn from the generator of ``mt.random``."""
        return iter(self.order(random.default_rng()).tolist())


class SequentialSampler(Sampler):
    """All items in the dataset's own order.

    Parameters
    ----------
    data_source : Dataset

    Examples
    --------
    >>> from minitorch_cnn import data
    >>> list(data.SequentialSampler("abc"))
    [0, 1, 2]
    """

    def __init__(self, data_source: Any) -> None:
        self.data_source = data_source

    def __len__(self) -> int:
        return len(self.data_source)

    def order(self, rng: np.random.Generator) -> Any:
        return np.arange(len(self))


class RandomSampler(Sampler):
    """All items in a new order every epoch, or so many drawn at random.

    Parameters
    ----------
    data_source : Dataset
    replacement : bool, default False
        Draw each item anew from all of them.
    num_samples : int, optional
        Length of an epoch; that of the dataset if not given. Without replacement, what goes beyond
        it begins another order.

    Raises
    ------
    ValueError
        If ``num_samples`` is below 1.

    Examples
    --------
    >>> import numpy as np
    >>> from minitorch_cnn import data
    >>> data.RandomSampler("abcd", num_samples=6).order(np.random.default_rng(0))
    array([2, 0, 1, 3, 3, 2])
    """

    def __init__(
        self, data_source: Any, replacement: bool = False, num_samples: int | None = None
    ) -> None:
        self.data_source, self.replacement = data_source, replacement
        self.num_samples = None if num_samples is None else _count("RandomSampler", num_samples)

    def __len__(self) -> int:
        return len(self.data_source) if self.num_samples is None else self.num_samples

    def order(self, rng: np.random.Generator) -> Any:
        items, count = len(self.data_source), len(self)
        if self.replacement:
            return rng.integers(items, size=count)
        rounds = [rng.permutation(items) for _ in range(-(-count // items))]
        return np.concatenate(rounds)[:count]


class SubsetRandomSampler(Sampler):
    """Some items, in a new order every epoch.

    Parameters
    ----------
    indices : sequence of int

    Examples
    --------
    >>> from minitorch_cnn import data
    >>> sorted(data.SubsetRandomSampler([4, 2, 7]))
    [2, 4, 7]
    """

    def __init__(self, indices: Sequence[int]) -> None:
        self.indices = np.array(indices, dtype=np.int64)

    def __len__(self) -> int:
        return len(self.indices)

    def order(self, rng: np.random.Generator) -> Any:
        return rng.permutation(self.indices)


class WeightedRandomSampler(Sampler):
    """Items drawn with probabilities, to even out classes of which there are few examples.

    Parameters
    ----------
    weights : sequence of float, shape (items,)
        They need not sum to 1.
    num_samples : int
        Length of an epoch.
    replacement : bool, default True

    Raises
    ------
    ValueError
        If a weight is negative or not finite, all are 0, or fewer than ``num_samples`` are above 0
        without replacement.

    Examples
    --------
    >>> import numpy as np
    >>> from minitorch_cnn import data
    >>> labels = np.array([0, 0, 0, 0, 0, 0, 1, 1])
    >>> sampler = data.WeightedRandomSampler(1 / np.bincount(labels)[labels], num_samples=1000)
    >>> np.bincount(labels[sampler.order(np.random.default_rng(0))])
    array([473, 527])
    """

    def __init__(
        self, weights: Sequence[float] | Any, num_samples: int, replacement: bool = True
    ) -> None:
        given = np.asarray(weights, dtype=np.float64)
        if given.ndim != 1 or not np.isfinite(given).all() or (given < 0).any() or not given.any():
            raise ValueError(
                "WeightedRandomSampler: expected a list of finite weights of 0 or more, of which "
                f"one is above 0, got shape {given.shape} with values from "
                f"{given.min(initial=np.inf)} to {given.max(initial=-np.inf)}"
            )
        self.weights, self.replacement = given, replacement
        self.num_samples = _count("WeightedRandomSampler", num_samples)
        possible = int(np.count_nonzero(given))
        if not replacement and possible < self.num_samples:
            raise ValueError(
                f"WeightedRandomSampler: num_samples={num_samples} of {possible} items with a "
                "weight above 0, without replacement; pass replacement=True"
            )

    def __len__(self) -> int:
        return self.num_samples

    def order(self, rng: np.random.Generator) -> Any:
        shares = self.weights / self.weights.sum()
        return rng.choice(len(shares), self.num_samples, self.replacement, shares)


class BatchSampler:
    """The indices of a sampler, cut into batches.

    Parameters
    ----------
    sampler : Sampler, or iterable of int with a length
    batch_size : int
        1 or more.
    drop_last : bool
        Leave out the last batch if it is smaller than the others.

    Raises
    ------
    ValueError
        If ``batch_size`` is below 1.

    Examples
    --------
    >>> from minitorch_cnn import data
    >>> list(data.BatchSampler(data.SequentialSampler("abcde"), 2, drop_last=False))
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Any, batch_size: int, drop_last: bool) -> None:
        self.sampler, self.drop_last = sampler, drop_last
        self.batch_size = _count("BatchSampler", batch_size, "batch_size")

    def __len__(self) -> int:
        whole, rest = divmod(len(self.sampler), self.batch_size)
        return whole if self.drop_last or not rest else whole + 1

    def order(self, rng: np.random.Generator) -> list[Any]:
        """The batches of an epoch, whose generator is ``rng``: a list of integer arrays."""
        indices, size = order_of(self.sampler, rng), self.batch_size
        cut = [indices[first : first + size] for first in range(0, len(indices), size)]
        return cut[:-1] if self.drop_last and cut and len(cut[-1]) < size else cut

    def __iter__(self) -> Iterator[list[int]]:
        """The batches one by one, in an order drawn from the generator of ``mt.random``."""
        return iter([batch.tolist() for batch in self.order(random.default_rng())])


def order_of(sampler: Any, rng: np.random.Generator) -> Any:
    """The indices of an epoch from any sampler."""
    if hasattr(sampler, "order"):
        return np.asarray(sampler.order(rng))
    return np.asarray(list(sampler), dtype=np.int64)


def batches_of(sampler: Any, rng: np.random.Generator) -> list[Any]:
    """The batches of an epoch from any sampler of batches."""
    batches = sampler.order(rng) if hasattr(sampler, "order") else sampler
    return [np.asarray(batch, dtype=np.int64) for batch in batches]


def _count(name: str, value: Any, what: str = "num_samples") -> int:
    number = as_integer(value)
    if number < 1:
        raise ValueError(f"{name}: {what}={value}; expected 1 or more")
    return number
