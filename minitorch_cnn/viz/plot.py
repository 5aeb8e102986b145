"""A picture of a table, chosen by its size. May import ``net`` and ``weight_matrix``."""

from __future__ import annotations

from typing import Any

from minitorch_cnn.nn import Connectivity
from minitorch_cnn.viz.arguments import table_of
from minitorch_cnn.viz.net import net_diagram
from minitorch_cnn.viz.weight_matrix import weight_matrix

FEW_LINKS = 200
"""Up to so many, single lines are told apart."""

FEW_UNITS = 100


def plot(connectivity: Connectivity, kind: str | None = None, **options: Any) -> Any:
    """Draw a table as a net or as a matrix; ``connectivity.plot()`` is this function.

    Parameters
    ----------
    connectivity : Connectivity
    kind : {"net", "matrix"}, optional
        ``"net"`` is :func:`net_diagram`, ``"matrix"`` is :func:`weight_matrix`. If not given, a net
        for up to 200 links between up to 100 units, and a matrix for larger tables.
    **options
        As for the function that draws. They decide, too, if no kind is given: ``theta`` needs a
        matrix, ``input_shape``, ``output_shape`` and ``highlight`` a net.

    Returns
    -------
    SVG
        Or a matplotlib.figure.Figure for large matrices.

    Raises
    ------
    ValueError
        If there is no such kind; as the function that draws.

    Examples
    --------
    >>> from minitorch_cnn import nn
    >>> nn.Connectivity.dense(3, 2).plot()
    SVG(... x ..., '3 inputs, 2 outputs, 6 links, 6 weights')
    """
    table = table_of(connectivity, "plot")
    if kind is None:
        few = table.links <= FEW_LINKS and sum(table.shape) <= FEW_UNITS
        net = {"input_shape", "output_shape", "highlight"} & options.keys()
        kind = "net" if net or (few and "theta" not in options) else "matrix"
    if kind == "net":
        return net_diagram(table, **options)
    if kind == "matrix":
        return weight_matrix(table, **options)
    raise ValueError(f"plot: kind {kind!r} is none of 'net', 'matrix'")
