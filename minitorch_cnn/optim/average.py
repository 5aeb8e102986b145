"""A running mean of the weights: smoother than the weights themselves, and mostly better.

May import ``state`` and what lies below it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from minitorch_cnn.backend import backend_of
from minitorch_cnn.grad_mode import no_grad
from minitorch_cnn.optim.state import follow, own, shown


class ExponentialMovingAverage:
    """``average = decay * average + (1 - decay) * parameter``, for every parameter.

    Parameters
    ----------
    params : iterable of Parameter
        ``model.parameters()``; buffers, such as running statistics, are the model's own.
    decay : float
        From 0 to below 1; the average reaches back about ``1 / (1 - decay)`` steps.

    Raises
    ------
    ValueError
        For a decay out of range, or no parameters.

    Notes
    -----
    Source: B. Polyak, A. Juditsky, "Acceleration of Stochastic Approximation by Averaging", 1992.
    The averages begin as the parameters are.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> p = mt.nn.Parameter([1.0])
    >>> average = mt.optim.ExponentialMovingAverage([p], decay=0.75)
    >>> _ = p.assign_(mt.tensor([5.0]))
    >>> average.update()
    >>> with average.applied():
    ...     p.item()
    2.0
    >>> p.item()
    5.0
    """

    def __init__(self, params: Iterable[Any], decay: float = 0.999) -> None:
        self.parameters = list(params)
        if not 0 <= decay < 1 or not self.parameters:
            raise ValueError(
                f"ExponentialMovingAverage: decay={decay} over {len(self.parameters)} parameters; "
                "expected 0 <= decay < 1, and one or more"
            )
        self.decay = decay
        self._averages = [{"average": _copy(p.data)} for p in self.parameters]

    def update(self) -> None:
        """Take the parameters as they are into the average; to be called after every step."""
        for parameter, kept in zip(self.parameters, self._averages, strict=True):
            follow(kept, parameter.data)
            kept["average"] *= self.decay
            kept["average"] += (1 - self.decay) * parameter.data

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Within it, the parameters are their averages: to evaluate or to save the model."""
        before = [parameter.detach() for parameter in self.parameters]
        self.copy_to()
        try:
            yield
        finally:
            self._assign(before)

    def copy_to(self) -> None:
        """Make the parameters their averages for good."""
        self._assign([shown(kept["average"]) for kept in self._averages])

    def state_dict(self) -> dict[str, Any]:
        """The averages, in the order of the parameters: ``{"averages": [Tensor, ...]}``."""
        return {"averages": [shown(kept["average"]) for kept in self._averages]}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from the averages of :meth:`state_dict`; all or nothing.

        Raises
        ------
        ValueError
            If they do not fit the parameters; nothing has been changed then.
        """
        given = list(state_dict.get("averages", ()))
        if len(given) != len(self.parameters):
            raise ValueError(
                f"ExponentialMovingAverage: a state of {len(given)} averages, there are "
                f"{len(self.parameters)} parameters"
            )
        self._averages = [
            {"average": own(value, None, parameter, f"the average of parameter {number}")}
            for number, (value, parameter) in enumerate(zip(given, self.parameters, strict=True))
        ]

    def _assign(self, values: list[Any]) -> None:
        with no_grad():
            for parameter, value in zip(self.parameters, values, strict=True):
                parameter.assign_(value.to(parameter.backend))


def _copy(array: Any) -> Any:
    return backend_of(array).asarray(array, copy=True)
