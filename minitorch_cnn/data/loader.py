"""The loader: epochs of shuffled batches, each a function of the seed and the epoch number alone.

Imports datasets, samplers, collation, workers and the making of Tensors. What is done with a batch
does not belong here.
"""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from minitorch_backends.protocol import Uploading
from minitorch_cnn import random
from minitorch_cnn.backend import get_backend
from minitorch_cnn.creation import asarray
from minitorch_cnn.data.collate import map_tree
from minitorch_cnn.data.dataset import get_batch
from minitorch_cnn.data.sample_random import SampleGenerator
from minitorch_cnn.data.sampler import BatchSampler, RandomSampler, SequentialSampler, batches_of
from minitorch_cnn.data.upload import is_data, one_ahead
from minitorch_cnn.data.workers import made_ahead
from minitorch_cnn.tensor import Tensor

__all__ = ["DataLoader"]

Transform = Callable[[Any, np.random.Generator], Any]


class DataLoader:
    """Iterate over a dataset in batches of Tensors; each iteration is one epoch.

    The order of an epoch depends on ``seed`` and the epoch number only, so iterations may be nested
    or given up half-way, and training goes on exactly where it was after :meth:`load_state_dict`.

    Parameters
    ----------
    dataset : Dataset
        Anything with ``len(dataset)`` and ``dataset[index]``, see :class:`Dataset`.
    batch_size : int, default 1
        Items per batch, 1 or more.
    shuffle : bool, default False
        Draw a new order for every epoch; otherwise the order is the dataset's own.
    drop_last : bool, default False
        Leave out the last batch of an epoch if it is smaller than the others.
    sampler : Sampler, optional
        Says which items make up an epoch, and in which order, instead of ``shuffle``.
    batch_sampler : BatchSampler, optional
        Says which items make up each batch, instead of ``batch_size``, ``shuffle``, ``sampler`` and
        ``drop_last``.
    num_workers : int, default 0
        Threads that make batches ahead of time. Batches are the same whatever their number.
    prefetch_factor : int, default 2
        At most so many batches for each worker are made ahead.
    collate : callable, optional
        Makes a batch of a list of items, instead of :func:`default_collate`.
    transform : callable, optional
        A function ``(arrays, rng) -> arrays`` of the whole batch on the host, see
        ``data.transforms``. ``rng`` is a :class:`SampleGenerator`: a ``numpy.random.Generator``
        that depends on seed, epoch and batch number only, and has numbers for each sample that
        depend on seed, epoch and the sample's index only.
    seed : int, optional
        0 or more. None draws it, once, from ``mt.random.default_rng()`` (so ``mt.seed`` repeats
        it); a loader that draws nothing has seed 0.
    backend : str or Backend, optional
        Where the Tensors are made; None is the default backend.

    Attributes
    ----------
    epoch : int
        Number of iterations begun; the number of the next one, counted from 0.

    Raises
    ------
    TypeError
        For no dataset, or a ``batch_size`` or ``seed`` that is no integer.
    ValueError
        For an empty dataset, a ``batch_size`` below 1, a ``seed`` below 0, or settings that a
        sampler decides.

    Notes
    -----
    Every NumPy array in a batch becomes a Tensor without being copied; Tensors stay where they are
    unless ``backend`` is given; everything else is handed on as it is. Parameters and meaning
    follow ``torch.utils.data.DataLoader``.

    Workers are threads of this process, so that nothing has to be copied between processes; they
    help as far as the dataset and the transform leave Python's global lock, as NumPy does in long
    operations and reading files does.

    Where a backend copies while it computes (CuPy), the next batch is made and sent up before this
    one is handed out. A dataset's error then comes a batch earlier; the batches are the same.

    Examples
    --------
    >>> import numpy as np
    >>> from minitorch_cnn import data
    >>> dataset = data.TensorDataset(np.arange(10.0).reshape(5, 2), np.arange(5))
    >>> loader = data.DataLoader(dataset, batch_size=2)
    >>> len(loader), [x.shape for x, y in loader]
    (3, [(2, 2), (2, 2), (1, 2)])
    >>> shuffled = data.DataLoader(dataset, batch_size=5, shuffle=True, seed=0)
    >>> [y.numpy().tolist() for epoch in range(2) for x, y in shuffled]
    [[0, 3, 2, 1, 4], [4, 3, 2, 0, 1]]
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int = 1,
        shuffle: bool = False,
        *,
        drop_last: bool = False,
        sampler: Any = None,
        batch_sampler: Any = None,
        num_workers: int = 0,
        prefetch_factor: int = 2,
        collate: Callable[[list[Any]], Any] | None = None,
        transform: Transform | None = None,
        seed: int | None = None,
        backend: Any = None,
    ) -> None:
        if not hasattr(dataset, "__len__") or not hasattr(dataset, "__getitem__"):
            raise TypeError(
                f"DataLoader: a {type(dataset).__name__} is no dataset; expected __len__ and "
                "__getitem__, e.g. data.TensorDataset(images, labels)"
            )
        if len(dataset) == 0:
            raise ValueError("DataLoader: the dataset is empty, there is nothing to load")
        self.dataset = dataset
        self.batch_size = _integer("batch_size", batch_size, 1)
        if batch_sampler is not None and (
            batch_size != 1 or shuffle or sampler is not None or drop_last
        ):
            raise ValueError(
                "DataLoader: batch_sampler decides batch_size, shuffle, sampler and drop_last; "
                "leave them out"
            )
        if sampler is not None and shuffle:
            raise ValueError("DataLoader: sampler decides the order; leave shuffle out")
        self.shuffle = shuffle
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.num_workers = _integer("num_workers", num_workers, 0)
        self.prefetch_factor = _integer("prefetch_factor", prefetch_factor, 1)
        self.collate = collate
        self.transform = transform
        if seed is None:
            sampled = sampler is not None or batch_sampler is not None
            draws = shuffle or sampled or transform is not None
            seed = int(random.default_rng().integers(2**32)) if draws else 0
        self.seed = _integer("seed", seed, 0)
        self.backend = backend
        self.epoch = 0
        self._first = 0
        self._under_way: _Position | None = None

    def __len__(self) -> int:
        """Number of batches in an epoch."""
        return len(self._batch_sampler())

    def __iter__(self) -> Iterator[Any]:
        """Begin the next epoch, or go on in the one that a loaded state was taken in."""
        epoch, first = self.epoch, self._first
        self.epoch, self._first = epoch + 1, 0
        batches = batches_of(self._batch_sampler(), self._rng(epoch))
        self._under_way = position = _Position(epoch, first, len(batches))
        # A copy goes through the epoch, so that changing the loader meanwhile affects later ones.
        made = copy.copy(self)._batches(epoch, batches, first)
        return position.followed(made)

    def state_dict(self) -> dict[str, int]:
        """Seed and epoch: all that the order of the batches to come depends on.

        In the middle of an epoch, the number of the batches of it that were handed out as well.
        An epoch that was given up counts as one that is over.
        """
        position = self._under_way
        if position is not None and position.is_inside:
            return {"seed": self.seed, "epoch": position.epoch, "batch": position.batch}
        state = {"seed": self.seed, "epoch": self.epoch}
        return {**state, "batch": self._first} if self._first else state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on as the loader went on from which ``state`` was taken.

        Parameters
        ----------
        state : mapping of str to int
            What :meth:`state_dict` returned.

        Raises
        ------
        ValueError
            For other entries than "seed", "epoch" and perhaps "batch", or a negative one.
        TypeError
            For an entry that is no integer.
        """
        if set(state) - {"batch"} != {"seed", "epoch"}:
            raise ValueError(
                "DataLoader: a state holds 'seed' and 'epoch', and 'batch' within an epoch, got "
                f"{sorted(map(str, state))}"
            )
        given = {"batch": 0, **state}
        seed, epoch, first = (_integer(name, given[name], 0) for name in ("seed", "epoch", "batch"))
        self.seed, self.epoch, self._first, self._under_way = seed, epoch, first, None

    def _batch_sampler(self) -> Any:
        if self.batch_sampler is not None:
            return self.batch_sampler
        sampler = self.sampler
        if sampler is None:
            sampler = (RandomSampler if self.shuffle else SequentialSampler)(self.dataset)
        return BatchSampler(sampler, self.batch_size, self.drop_last)

    def _batches(self, epoch: int, indices: list[Any], first: int) -> Iterator[Any]:
        tasks = ((indices[number], epoch, number) for number in range(first, len(indices)))
        ahead = self.num_workers * self.prefetch_factor
        batches = made_ahead(self._batch, tasks, self.num_workers, ahead)
        home = get_backend(self.backend)
        if isinstance(home, Uploading):
            return one_ahead(batches, home, move_tensors=self.backend is not None)
        return (map_tree(self._as_tensor, batch) for batch in batches)

    def _batch(self, indices: Any, epoch: int, number: int) -> Any:
        """A batch as the dataset and the transform make it, mostly of NumPy arrays."""
        if self.collate is None:
            batch = get_batch(self.dataset, indices)
        else:
            batch = self.collate([self.dataset[int(index)] for index in indices])
        if self.transform is not None:
            rng = SampleGenerator(self.seed, epoch, number, indices)
            batch = self.transform(map_tree(_on_host, batch), rng)
        return batch

    def _rng(self, epoch: int) -> np.random.Generator:
        """The generator of an epoch's order."""
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(epoch,)))

    def _as_tensor(self, leaf: Any) -> Any:
        if is_data(leaf):
            return asarray(leaf, backend=self.backend)
        if isinstance(leaf, Tensor) and self.backend is not None:
            return leaf.to(self.backend)
        return leaf


@dataclass
class _Position:
    """How far an epoch has got."""

    epoch: int
    batch: int
    batches: int
    over: bool = False

    @property
    def is_inside(self) -> bool:
        return not self.over and 0 < self.batch < self.batches

    def followed(self, made: Iterator[Any]) -> Iterator[Any]:
        """The batches, counted as they are handed out."""
        try:
            for batch in made:
                self.batch += 1
                yield batch
        finally:
            self.over = True


def _on_host(leaf: Any) -> Any:
    return leaf.numpy() if isinstance(leaf, Tensor) else leaf


def _integer(name: str, value: Any, smallest: int) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool):
        raise TypeError(f"DataLoader: {name} must be an integer, got {value!r}")
    if number < smallest:
        raise ValueError(f"DataLoader: {name} must be {smallest} or more, got {number}")
    return number
