"""All parameters of a net as one long vector, and back.

May import Tensor and what lies below it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from minitorch_cnn.ops.arguments import raw, require_array
from minitorch_cnn.ops.arrange import concat
from minitorch_cnn.ops.shape import reshape
from minitorch_cnn.tensor import Tensor


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """The entries of all ``parameters`` one after the other; differentiable.

    Raises
    ------
    ValueError
        If there are none.

    >>> import minitorch_cnn as mt
    >>> mt.nn.utils.parameters_to_vector([mt.ones((1, 2)), mt.zeros(1)])
    tensor([1., 1., 0.])
    """
    pieces = [reshape(parameter, (-1,)) for parameter in parameters]
    if not pieces:
        raise ValueError("parameters_to_vector: no parameters; pass model.parameters()")
    return concat(pieces)  # type: ignore[no-any-return]


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Overwrite all ``parameters`` with the entries of ``vec``, one after the other.

    Parameters
    ----------
    vec : Tensor, shape (n,)
    parameters : iterable of Tensor
        Leaves of n entries together.

    Raises
    ------
    ValueError
        If the numbers of entries differ; nothing has been changed then.

    >>> import minitorch_cnn as mt
    >>> layer = mt.nn.Dense(2, 1)
    >>> mt.nn.utils.vector_to_parameters(mt.tensor([1.0, 2.0, 3.0]), layer.parameters())
    >>> layer.weight.tolist(), layer.bias.tolist()
    ([[1.0, 2.0]], [3.0])
    """
    targets = list(parameters)
    data: Any = raw(require_array(vec, "vector_to_parameters"))
    needed = sum(target.size for target in targets)
    if tuple(data.shape) != (needed,):
        raise ValueError(
            f"vector_to_parameters: a vector of shape {tuple(data.shape)} for {needed} entries in "
            f"{len(targets)} parameters; expected ({needed},)"
        )
    start = 0
    for target in targets:
        piece = data[start : start + target.size]
        target.assign_(reshape(piece, target.shape))
        start += target.size
