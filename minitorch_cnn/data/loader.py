"""The loader: epochs of shuffled batches, each a function of the seed and the epoch number alone.

Imports datasets, collation and the making of Tensors. What is done with a batch does not belong
here.
"""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from minitorch_backends.protocol import Uploading
from minitorch_cnn import random
from minitorch_cnn.backend import get_backend
from minitorch_cnn.creation import asarray
from minitorch_cnn.data.collate import map_tree
from minitorch_cnn.data.dataset import get_batch
from minitorch_cnn.data.upload import is_data, one_ahead
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
    collate : callable, optional
        Makes a batch of a list of items, instead of :func:`default_collate`.
    transform : callable, optional
        A function ``(arrays, rng) -> arrays`` of the whole batch on the host, see
        ``data.transforms``. ``rng`` depends on seed, epoch and batch number only.
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
        For an empty dataset, a ``batch_size`` below 1 or a ``seed`` below 0.

    Notes
    -----
    Every NumPy array in a batch becomes a Tensor without being copied; Tensors stay where they are
    unless ``backend`` is given; everything else is handed on as it is. Parameters and meaning
    follow ``torch.utils.data.DataLoader``.

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
        self.shuffle = shuffle
        self.drop_last = drop_last
        self.collate = collate
        self.transform = transform
        if seed is None:
            draws = shuffle or transform is not None
            seed = int(random.default_rng().integers(2**32)) if draws else 0
        self.seed = _integer("seed", seed, 0)
        self.backend = backend
        self.epoch = 0

    def __len__(self) -> int:
        """Number of batches in an epoch."""
        whole, rest = divmod(len(self.dataset), self.batch_size)
        return whole if self.drop_last or not rest else whole + 1

    def __iter__(self) -> Iterator[Any]:
        """Begin the next epoch."""
        epoch = self.epoch
        self.epoch += 1
        # A copy goes through the epoch, so that changing the loader meanwhile affects later ones.
        return copy.copy(self)._batches(epoch, self._order(epoch), len(self))

    def state_dict(self) -> dict[str, int]:
        """Seed and epoch: all that the order of the batches to come depends on.

        An epoch counts as soon as it is begun; save between epochs.
        """
        return {"seed": self.seed, "epoch": self.epoch}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on as the loader went on from which ``state`` was taken.

        Parameters
        ----------
        state : mapping of str to int
            What :meth:`state_dict` returned.

        Raises
        ------
        ValueError
            For other entries than "seed" and "epoch", or a negative one.
        TypeError
            For an entry that is no integer.
        """
        if set(state) != {"seed", "epoch"}:
            raise ValueError(
                f"DataLoader: a state holds 'seed' and 'epoch', got {sorted(map(str, state))}"
            )
        seed, epoch = (_integer(name, state[name], 0) for name in ("seed", "epoch"))
        self.seed, self.epoch = seed, epoch

    def _batches(self, epoch: int, order: Any, count: int) -> Iterator[Any]:
        size = self.batch_size
        batches = (
            self._batch(order[number * size : (number + 1) * size], epoch, number)
            for number in range(count)
        )
        home = get_backend(self.backend)
        if isinstance(home, Uploading):
            return one_ahead(batches, home, move_tensors=self.backend is not None)
        return (map_tree(self._as_tensor, batch) for batch in batches)

    def _order(self, epoch: int) -> Any:
        if not self.shuffle:
            return np.arange(len(self.dataset))
        return self._rng(epoch).permutation(len(self.dataset))

    def _batch(self, indices: Any, epoch: int, number: int) -> Any:
        """A batch as the dataset and the transform make it, mostly of NumPy arrays."""
        if self.collate is None:
            batch = get_batch(self.dataset, indices)
        else:
            batch = self.collate([self.dataset[int(index)] for index in indices])
        if self.transform is not None:
            batch = self.transform(map_tree(_on_host, batch), self._rng(epoch, number))
        return batch

    def _rng(self, *key: int) -> np.random.Generator:
        """An independent generator for an epoch's order, or for a batch's transform."""
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=key))

    def _as_tensor(self, leaf: Any) -> Any:
        if is_data(leaf):
            return asarray(leaf, backend=self.backend)
        if isinstance(leaf, Tensor) and self.backend is not None:
            return leaf.to(self.backend)
        return leaf


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
