"""The loss of sequences whose alignment is unknown, as a layer.

May import ``base`` and ``functional``.
"""

from __future__ import annotations

from minitorch_cnn.nn import functional
from minitorch_cnn.nn.loss.base import Loss


class CTCLoss(Loss):
    """Negative log-probability of a sequence of labels under all its alignments.

    See :func:`functional.ctc_loss`. Log-probabilities are ``(T, N, C)`` or ``(T, C)``, targets
    ``(N, S)`` or one after the other, lengths ``(N,)``.

    Parameters
    ----------
    blank : int
        The label of no label.
    reduction : {"mean", "sum", "none"}
        ``"mean"`` divides each loss by its number of labels before averaging.
    zero_infinity : bool
        Count sequences that are too long for their steps as 0 rather than infinite.

    Examples
    --------
    >>> import minitorch_cnn as mt
    >>> logs = mt.nn.functional.log_softmax(mt.zeros((3, 1, 2)), 2)
    >>> mt.nn.CTCLoss()(logs, mt.tensor([[1]]), [3], [1])
    tensor(0.2877)
    """

    function = staticmethod(functional.ctc_loss)

    def __init__(
        self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False
    ) -> None:
        super().__init__(reduction, blank=blank, zero_infinity=zero_infinity)
