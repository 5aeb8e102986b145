"""Metrics: sums over batches that stay where the tensors live until they are asked for.

So a step on a GPU waits for nothing. Plain classes over the public interface of tensors; what they
are measured for belongs to the callers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minitorch_cnn.creation import arange
from minitorch_cnn.grad_mode import no_grad
from minitorch_cnn.ops.indexing import take_along_axis
from minitorch_cnn.ops.shape import expand_dims
from minitorch_cnn.tensor import Tensor

__all__ = [
    "F1",
    "Accuracy",
    "ConfusionMatrix",
    "MeanIoU",
    "Metric",
    "Precision",
    "Recall",
    "TopKAccuracy",
]


class Metric:
    """Base class of metrics: give it ``measured``, which says what a batch adds.

    Attributes
    ----------
    name : str
        Under which ``fit`` keeps it in its history.

    Notes
    -----
    ``outputs`` are scores ``(N, classes, ...)`` with a class for each of the ``targets``
    ``(N, ...)``; or, where both have one shape, scores for "yes" (above 0) and targets of 0 and 1.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> class MeanError(mt.train.metrics.Metric):
    ...     def measured(self, outputs, targets):
    ...         return (outputs - targets).abs().sum(), outputs.size
    >>> metric = MeanError()
    >>> metric.update(mt.tensor([1.0, 4.0]), mt.tensor([0.0, 0.0]))
    >>> metric.name, metric.compute()
    ('mean_error', 2.5)
    """

    def __init__(self) -> None:
        self.reset()

    @property
    def name(self) -> str:
        """The class's name in lower case, with underscores."""
        word = type(self).__name__
        return "".join(
            f"_{c.lower()}" if i and c.isupper() and word[i - 1].islower() else c.lower()
            for i, c in enumerate(word)
        )

    def reset(self) -> None:
        """Forget all batches."""
        self.total: Any = None
        self.count = 0

    @no_grad()
    def update(self, outputs: Tensor, targets: Tensor) -> None:
        """Add a batch; nothing is read back from the device."""
        total, count = self.measured(outputs.detach(), targets)
        self.total = total if self.total is None else self.total + total
        self.count += count

    def measured(self, outputs: Tensor, targets: Tensor) -> tuple[Any, int]:
        """What a batch adds: a sum, as a Tensor, and of how many."""
        raise TypeError(f"{type(self).__name__} defines no measured(outputs, targets); add one")

    def compute(self) -> Any:
        """The figure over all batches since :meth:`reset`.

        Raises
        ------
        ValueError
            If there was no batch.
        """
        if self.total is None:
            raise ValueError(f"{type(self).__name__}: no batch yet; call update(outputs, targets)")
        return self.total.item() / self.count


class Accuracy(Metric):
    """Share of targets whose class has the highest score.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> metric = mt.train.metrics.Accuracy()
    >>> metric.update(mt.tensor([[0.1, 0.9], [0.8, 0.2]]), mt.tensor([1, 1]))
    >>> metric.compute()
    0.5
    """

    def measured(self, outputs: Tensor, targets: Tensor) -> tuple[Any, int]:
        return (answers_of(outputs, targets) == targets).sum(), targets.size


class TopKAccuracy(Metric):
    """Share of targets whose class is among the ``k`` with the highest scores.

    Parameters
    ----------
    k : int
        1 or more.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> metric = mt.train.metrics.TopKAccuracy(2)
    >>> metric.update(mt.tensor([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]]), mt.tensor([1, 2]))
    >>> metric.compute()
    0.5
    """

    def __init__(self, k: int = 5) -> None:
        if k < 1:
            raise ValueError(f"TopKAccuracy: k={k}; expected 1 or more")
        self.k = k
        super().__init__()

    @property
    def name(self) -> str:
        return f"top_{self.k}_accuracy"

    def measured(self, outputs: Tensor, targets: Tensor) -> tuple[Any, int]:
        own = take_along_axis(outputs, expand_dims(targets, 1), axis=1)
        better = (outputs > own).to("int64").sum(axis=1)
        return (better < self.k).sum(), targets.size


class ConfusionMatrix(Metric):
    """``matrix[target][answer]`` counts targets of a class that were taken for another.

    Parameters
    ----------
    classes : int
        Targets outside of ``0`` to ``classes - 1`` are left out.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> metric = mt.train.metrics.ConfusionMatrix(2)
    >>> metric.update(mt.tensor([[0.1, 0.9], [0.8, 0.2]]), mt.tensor([1, 1]))
    >>> metric.compute()
    array([[0, 0],
           [1, 1]])
    """

    def __init__(self, classes: int) -> None:
        if classes < 2:
            raise ValueError(f"{type(self).__name__}: classes={classes}; expected 2 or more")
        self.classes = classes
        super().__init__()

    def measured(self, outputs: Tensor, targets: Tensor) -> tuple[Any, int]:
        answers = answers_of(outputs, targets).reshape((-1, 1))
        classes = arange(self.classes, backend=targets.backend)
        each = (targets.reshape((-1, 1)) == classes, answers == classes)
        rows, columns = (one.to("float32") for one in each)
        # A batch's counts are exact in float32; their sum over an epoch might not be.
        return (rows.T @ columns).to("int64"), targets.size

    def matrix(self) -> Any:
        """The counts over all batches, on the host."""
        if self.total is None:
            raise ValueError(f"{type(self).__name__}: no batch yet; call update(outputs, targets)")
        return np.asarray(self.total.numpy())

    def compute(self) -> Any:
        """The counts: a NumPy array of shape (classes, classes)."""
        return self.matrix()


class _OfClasses(ConfusionMatrix):
    """A figure for each class, and their mean."""

    def __init__(self, classes: int, average: str | None = "macro") -> None:
        averages = ("macro", "micro", "weighted", None)
        if average not in averages:
            raise ValueError(f"{type(self).__name__}: average={average!r} is none of {averages}")
        self.average = average
        super().__init__(classes)

    def share(self, right: Any, targets: Any, answers: Any) -> Any:
        """The figure, from numbers of right answers, of targets and of answers of each class."""
        raise TypeError(f"{type(self).__name__} defines no share(...); add one")

    def compute(self) -> Any:
        """The mean figure, or without ``average`` an array of one for each class.

        A class of which there was nothing to divide by has 0, as in scikit-learn; one that was
        neither there nor answered is left out of the mean.
        """
        matrix = self.matrix()
        counts = np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
        if self.average == "micro":
            return float(self.share(*(np.sum(count) for count in counts)))
        each = self.share(*counts)
        if self.average is None:
            return each
        targets, answers = counts[1:]
        weights = targets if self.average == "weighted" else (targets + answers > 0)
        return float(np.average(each, weights=weights))


class Precision(_OfClasses):
    """Share of the answers "it is this class" that are right.

    Parameters
    ----------
    classes : int
    average : {"macro", "micro", "weighted", None}
        Mean over classes, figure of all together, mean by numbers of targets, or none.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> metric = mt.train.metrics.Precision(2, average=None)
    >>> metric.update(mt.tensor([[0.1, 0.9], [0.2, 0.8]]), mt.tensor([1, 0]))
    >>> metric.compute()
    array([0. , 0.5])
    """

    def share(self, right: Any, targets: Any, answers: Any) -> Any:
        return _quotient(right, answers)


class Recall(_OfClasses):
    """Share of the targets of a class that were found.

    Parameters are those of :class:`Precision`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> metric = mt.train.metrics.Recall(2, average=None)
    >>> metric.update(mt.tensor([[0.1, 0.9], [0.2, 0.8]]), mt.tensor([1, 0]))
    >>> metric.compute()
    array([0., 1.])
    """

    def share(self, right: Any, targets: Any, answers: Any) -> Any:
        return _quotient(right, targets)


class F1(_OfClasses):
    """Harmonic mean of precision and recall.

    Parameters are those of :class:`Precision`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> metric = mt.train.metrics.F1(2)
    >>> metric.update(mt.tensor([[0.1, 0.9], [0.2, 0.8]]), mt.tensor([1, 0]))
    >>> round(metric.compute(), 4)
    0.3333
    """

    def share(self, right: Any, targets: Any, answers: Any) -> Any:
        return _quotient(2 * right, targets + answers)


class MeanIoU(_OfClasses):
    """Intersection over union of where a class is and where it is seen: for segmentation.

    Parameters are those of :class:`Precision`.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> scores = mt.tensor([[[[0.9, 0.2]], [[0.1, 0.8]]]])  # (1, 2 classes, 1, 2)
    >>> metric = mt.train.metrics.MeanIoU(2)
    >>> metric.update(scores, mt.tensor([[[1, 1]]]))
    >>> metric.compute()
    0.25
    """

    @property
    def name(self) -> str:
        return "mean_iou"

    def share(self, right: Any, targets: Any, answers: Any) -> Any:
        return _quotient(right, targets + answers - right)


def answers_of(outputs: Tensor, targets: Tensor) -> Any:
    """The class of the highest score, or for scores of "yes" whether they are above 0."""
    if outputs.shape == targets.shape:
        return (outputs > 0).to(targets.dtype)
    if outputs.ndim < 2 or (outputs.shape[0], *outputs.shape[2:]) != targets.shape:
        raise ValueError(
            f"metrics: outputs of shape {outputs.shape} for targets of shape {targets.shape}; "
            "expected scores (N, classes, ...) for classes (N, ...), or equal shapes"
        )
    return outputs.argmax(axis=1)


def _quotient(a: Any, b: Any) -> Any:
    return np.where(b > 0, a / np.maximum(b, 1), 0.0)
