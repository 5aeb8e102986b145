"""Datasets: something with a length and items.

A dataset may know a faster way to a whole batch than item by item (``Dataset.get_batch``); that is
the only thing the loader asks beyond ``len(dataset)`` and ``dataset[index]``. Imports NumPy, Tensor
and the collation of items; order and epochs belong to the loader.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from operator import index as as_integer
from typing import Any

import numpy as np

from minitorch_cnn.data.collate import default_collate
from minitorch_cnn.tensor import Tensor

__all__ = ["Dataset", "Subset", "TensorDataset", "get_batch"]


class Dataset(ABC):
    """Base class of datasets: give it ``__len__`` and ``__getitem__``.

    The loader takes anything that has the two, so deriving from this class is a convenience.

    Examples
    --------
    >>> import numpy as np
    >>> from minitorch_cnn import data
    >>> class Squares(data.Dataset):
    ...     def __len__(self):
    ...         return 5
    ...     def __getitem__(self, index):
    ...         return index, float(index) ** 2
    >>> Squares().get_batch(np.array([1, 3]))
    (array([1, 3]), array([1., 9.], dtype=float32))
    """

    @abstractmethod
    def __len__(self) -> int:
        """Number of items."""

    @abstractmethod
    def __getitem__(self, index: Any) -> Any:
        """The item at an index from 0 to ``len(self) - 1``."""

    def get_batch(self, indices: Any) -> Any:
        """The items at an array of indices, stacked by :func:`default_collate`.

        Override it where a whole batch can be had at once.
        """
        return _item_by_item(self, indices)


class TensorDataset(Dataset):
    """Arrays that go together: item i is the tuple of their i-th entries.

    Parameters
    ----------
    *arrays : numpy.ndarray or Tensor
        With equal first dimension. They are not copied.

    Attributes
    ----------
    classes : tuple of str or None
        Names of the classes, where those who made the dataset know them.

    Raises
    ------
    TypeError
        For something else than an array or a Tensor.
    ValueError
        For no arrays, an array without dimensions, or unequal first dimensions.

    Examples
    --------
    >>> import numpy as np
    >>> from minitorch_cnn import data
    >>> dataset = data.TensorDataset(np.arange(6.0).reshape(3, 2), np.array([0, 1, 0]))
    >>> len(dataset), dataset[1]
    (3, (array([2., 3.]), np.int64(1)))
    >>> dataset[1:][1]
    array([1, 0])
    """

    arrays: tuple[Any, ...]
    classes: tuple[str, ...] | None = None

    def __init__(self, *arrays: Any) -> None:
        if not arrays:
            raise ValueError("TensorDataset needs at least one array, e.g. images and labels")
        for position, array in enumerate(arrays):
            if not isinstance(array, Tensor | np.ndarray):
                raise TypeError(
                    f"TensorDataset: argument {position} is a {type(array).__name__}, expected a "
                    "NumPy array or a Tensor; convert it with np.asarray(...) or mt.asarray(...)"
                )
            if array.ndim == 0:
                raise ValueError(
                    f"TensorDataset: argument {position} has no dimensions, so no items; "
                    "expected shape (N, ...)"
                )
        lengths = [array.shape[0] for array in arrays]
        if len(set(lengths)) > 1:
            raise ValueError(
                f"TensorDataset: the arrays have {lengths} items (first dimensions), expected "
                "equally many; is one of them transposed, or of another split?"
            )
        self.arrays = tuple(
            array if isinstance(array, Tensor) else np.asarray(array) for array in arrays
        )

    def __len__(self) -> int:
        return int(self.arrays[0].shape[0])

    def __getitem__(self, index: Any) -> tuple[Any, ...]:
        """The entries at an integer, a slice, or an array of indices."""
        if not isinstance(index, slice):
            index = _checked(index, self)
            if index.ndim == 0:
                index = int(index)
        return tuple(array[index] for array in self.arrays)

    def get_batch(self, indices: Any) -> tuple[Any, ...]:
        """The entries at an array of indices: one fancy index per array."""
        return tuple(array[indices] for array in self.arrays)


class Subset(Dataset):
    """The items of a dataset at some indices, in their order.

    Parameters
    ----------
    dataset : Dataset
        Any dataset: anything with ``len(dataset)`` and ``dataset[index]``.
    indices : sequence of int or of bool
        Integers from 0 to ``len(dataset) - 1``, negative ones counting from the end; repetitions
        are allowed. Or a mask, with one bool for each item.

    Raises
    ------
    IndexError
        For an index outside the dataset.
    TypeError
        For indices that are no integers.
    ValueError
        For indices of other than one dimension.

    Examples
    --------
    >>> from minitorch_cnn import data
    >>> data.Subset(["a", "b", "c"], [2, 0])[0]
    'c'
    """

    dataset: Any
    indices: Any

    def __init__(self, dataset: Any, indices: Sequence[int] | Any) -> None:
        positions = _checked(indices, dataset)
        if positions.ndim != 1:
            raise ValueError(
                f"Subset: indices must be a sequence of integers, got shape {positions.shape}"
            )
        self.dataset = dataset
        self.indices = positions.copy()

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: Any) -> Any:
        """The item at a position in the subset."""
        return self.dataset[int(self.indices[_checked(as_integer(index), self)])]

    def get_batch(self, indices: Any) -> Any:
        """The items at an array of positions in the subset, from the dataset at once."""
        return get_batch(self.dataset, self.indices[indices])


def get_batch(dataset: Any, indices: Any) -> Any:
    """The items of any dataset at an array of indices, stacked."""
    if isinstance(dataset, Dataset):
        return dataset.get_batch(indices)
    return _item_by_item(dataset, indices)


def _item_by_item(dataset: Any, indices: Any) -> Any:
    return default_collate([dataset[int(index)] for index in indices], indices=indices)


def _checked(indices: Any, dataset: Any) -> Any:
    """The indices as an integer array; IndexError unless all are in the dataset.

    Negative ones count from the end, and a boolean mask stands for where it is true.
    """
    array = np.asarray(indices)
    length = len(dataset)
    if array.dtype == np.bool_ and array.shape == (length,):
        return np.flatnonzero(array)
    if array.size == 0:
        array = array.astype(np.int64)
    if array.dtype.kind not in "iu":
        raise TypeError(
            f"a {type(dataset).__name__} is indexed by integers, got {array.dtype} of shape "
            f"{array.shape}"
        )
    wrong = array[(array < -length) | (array >= length)]
    if wrong.size:
        raise IndexError(
            f"index {wrong[0]} is out of range for a {type(dataset).__name__} of {length} items"
        )
    return array
