"""Which input each output is linked to, and which free weight each link uses: one table.

The first page of the derivation: every layer of it is such a table, and what makes one into the
next is an operation on tables. Two words after LeCun (1989): *links* are connections, *weights* are
free parameters. A table is host integers and holds no weights; ``matrix(theta)`` puts them in. May
import ``connection_table``, ``window_links`` and what they stand on; knows no layer.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minitorch_cnn.nn import link_columns
from minitorch_cnn.nn.arguments import check_groups, count
from minitorch_cnn.nn.connection_table import ConnectionTable
from minitorch_cnn.nn.functional.windows import Ints, per_dimension
from minitorch_cnn.nn.link_columns import IntArray
from minitorch_cnn.nn.window_links import Window


class Connectivity(ConnectionTable):
    """A sparse table (output, input, weight): the structure of a linear layer without its weights.

    Parameters
    ----------
    outputs, inputs, numbers : array_like of int, shape (links,)
        Link ``n`` runs from input ``inputs[n]`` to output ``outputs[n]`` and uses weight
        ``numbers[n]``; links of one number are tied. In any order; several links between the same
        two units add up.
    shape : (n_outputs, n_inputs)
    weights : int, optional
        How many weights there are, if more than the largest number says.

    Attributes
    ----------
    outputs, inputs, numbers : array of int, shape (links,)
        Sorted by output, then input. Read-only.
    shape : tuple of int
    weights : int
        Free parameters, ``theta`` has so many entries.
    places : array of int, or None
        Which place of its window each link looks through, where there are windows.

    Raises
    ------
    ValueError, TypeError
        If the columns differ in length, are no integers, or name units outside ``shape``.

    Notes
    -----
    Source of the words and of the idea: Y. LeCun, "Generalization and network design strategies",
    1989. Two tables are equal (``==``) if they have the same links and the same of them are tied,
    whatever the numbers of the weights.

    Examples
    --------
    A picture of 3 x 3 pixels and 16 neurons, in three steps to a convolution:

    >>> from minitorch_cnn.nn import Connectivity
    >>> dense = Connectivity.dense(9, 16)
    >>> dense
    Connectivity(9 inputs, 16 outputs: 144 links, 144 weights)
    >>> tied = dense.tie(4)
    >>> tied
    Connectivity(9 inputs, 16 outputs: 144 links, 36 weights)
    >>> windows = Connectivity.local(1, 4, kernel_size=2, input_size=(3, 3))
    >>> tied.restrict(windows)
    Connectivity(9 inputs, 16 outputs: 64 links, 16 weights)
    >>> tied.restrict(windows) == Connectivity.conv(1, 4, kernel_size=2, input_size=(3, 3))
    True
    """

    # --- making one -----------------------------------------------------------------------------

    @classmethod
    def dense(cls, n_in: int, n_out: int) -> Connectivity:
        """Every output linked to every input, each link with a weight of its own.

        >>> from minitorch_cnn.nn import Connectivity
        >>> Connectivity.dense(3, 2).labels()
        array([[0, 1, 2],
               [3, 4, 5]])
        """
        n_in = count(n_in, "Connectivity.dense n_in", least=0)
        n_out = count(n_out, "Connectivity.dense n_out", least=0)
        number = np.arange(n_in * n_out)
        rows, columns = np.repeat(np.arange(n_out), n_in), np.tile(np.arange(n_in), n_out)
        return cls._of(rows, columns, number, (n_out, n_in), number.size)

    @classmethod
    def conv(
        cls,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        input_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        *,
        padding_mode: str = "zeros",
    ) -> Connectivity:
        """The table of a convolution: local links, weights shared over all positions.

        Parameters
        ----------
        in_channels, out_channels : int
        kernel_size, stride, padding, dilation : int or one for each dimension
            As for :class:`Conv2d`; ``padding`` may be ``"same"`` or ``"valid"``.
        input_size : int or tuple of int
            Of the picture, without channels. Its length says how many dimensions there are; if it
            is an integer, that of ``kernel_size`` does, and two if that is one too.
        groups : int
        padding_mode : {"zeros", "reflect", "replicate", "circular"}

        Returns
        -------
        Connectivity
            From ``(in_channels, *input_size)`` to ``(out_channels, *positions)``, both flattened
            row by row. Weights are numbered as in a kernel ``(out_channels, in_channels / groups,
            *kernel_size)``, flattened.

        Raises
        ------
        ValueError, TypeError
            As :class:`Conv2d`, and if the window fits nowhere.

        Examples
        --------
        >>> from minitorch_cnn.nn import Connectivity
        >>> Connectivity.conv(1, 1, kernel_size=2, input_size=(1, 4), padding=(0, 0))
        Traceback (most recent call last):
            ...
        ValueError: Connectivity.conv: a window of (2, 2) (dilation (1, 1)) does not fit ...
        >>> Connectivity.conv(1, 1, kernel_size=2, input_size=(4,)).labels()
        array([[ 0,  1, -1, -1],
               [-1,  0,  1, -1],
               [-1, -1,  0,  1]])
        """
        settings = (stride, padding, dilation, groups, padding_mode)
        return cls._slid(True, in_channels, out_channels, kernel_size, input_size, *settings)

    @classmethod
    def local(
        cls,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        input_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        *,
        padding_mode: str = "zeros",
    ) -> Connectivity:
        """The table of a locally connected layer: the links of :meth:`conv`, nothing shared.

        Weights are numbered as in the layer's ``weight`` ``(*positions, out_channels, in_channels /
        groups, *kernel_size)``, so places over zero padding have a weight, too, that no link uses.

        >>> from minitorch_cnn.nn import Connectivity
        >>> Connectivity.local(1, 1, kernel_size=2, input_size=(4,)).labels()
        array([[ 0,  1, -1, -1],
               [-1,  2,  3, -1],
               [-1, -1,  4,  5]])
        """
        settings = (stride, padding, dilation, groups, padding_mode)
        return cls._slid(False, in_channels, out_channels, kernel_size, input_size, *settings)

    @classmethod
    def _slid(
        cls,
        tied: bool,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        input_size: Any,
        stride: Any,
        padding: Any,
        dilation: Any,
        groups: int,
        padding_mode: str,
    ) -> Connectivity:
        name = f"Connectivity.{'conv' if tied else 'local'}"
        check_groups(in_channels, out_channels, groups, name)
        given = (v for v in (input_size, kernel_size) if isinstance(v, (tuple, list)))
        dims = len(next(given, (1, 1)))
        if not dims:
            raise ValueError(f"{name}: input_size and kernel_size need at least one dimension")
        sizes = per_dimension(input_size, dims, f"{name} input_size", least=1)
        window = Window.of(
            kernel_size, stride, padding, dilation, dims=dims, name=name, mode=padding_mode
        )
        positions = window.positions(sizes, name)
        channels = (in_channels, out_channels)
        return cls.of_window(window, *channels, sizes, groups, positions, tied=tied)

    @classmethod
    def of_window(
        cls,
        window: Window,
        in_channels: int,
        out_channels: int,
        sizes: Ints,
        groups: int,
        positions: Ints,
        *,
        tied: bool,
    ) -> Connectivity:
        """What :meth:`conv` (tied) and :meth:`local` do, with arguments that have been checked.

        ``positions`` may ask for more or fewer of them than fit on the picture.
        """
        links = window.links(in_channels, out_channels, sizes, groups, positions)
        area = math.prod(positions)
        links_of_one = in_channels // groups * math.prod(window.kernel)
        kernel = links.channels if tied else links.positions * out_channels + links.channels
        return cls._of(
            links.outputs,
            links.inputs,
            kernel * links_of_one + links.places,
            (out_channels * area, in_channels * math.prod(sizes)),
            (1 if tied else area) * out_channels * links_of_one,
            links.places,
        )

    @classmethod
    def from_matrix_of_labels(cls, labels: Any) -> Connectivity:
        """The table of a matrix of labels: equal labels share a weight, a negative one is no link.

        Parameters
        ----------
        labels : array_like of int, shape (n_outputs, n_inputs)
            Weights are numbered in the order of their labels, so labels 0, 1, 2, ... are numbers.

        Examples
        --------
        A circulant matrix, in which each row is the one above it, rolled on by one:

        >>> import numpy as np
        >>> from minitorch_cnn.nn import Connectivity
        >>> place = np.arange(4)
        >>> Connectivity.from_matrix_of_labels((place - place[:, None]) % 4)
        Connectivity(4 inputs, 4 outputs: 16 links, 4 weights)
        """
        matrix = link_columns.integers(labels, "Connectivity.from_matrix_of_labels labels", ndim=2)
        rows, columns = np.nonzero(matrix >= 0)
        known, numbers = np.unique(matrix[rows, columns], return_inverse=True)
        return cls._of(rows, columns, numbers.reshape(-1), matrix.shape, known.size)

    # --- making another of it -------------------------------------------------------------------

    def tie(self, groups: Any = None, *, weights: Any = None) -> Connectivity:
        """The same links with more of them tied; what is tied already stays tied.

        Parameters
        ----------
        groups : int or array_like of int, optional
            So many consecutive outputs share their weights; or labels (n_outputs,), where outputs
            of one label share; or a matrix of labels (n_outputs, n_inputs), where links of one
            label share, and a negative one leaves its link as it is. Outputs share place by place:
            the link at a place of one window with those at the same place of the others. Without
            windows, the links of an output are counted in the order of their inputs.
        weights : array_like of int, shape (weights,), optional
            Labels of the weights instead: those of one label become one. The new weights are
            numbered in the order of their labels.

        Raises
        ------
        ValueError, TypeError
            If the groups do not fit the outputs, labels have the wrong shape, or outputs of one
            group have different numbers of links and no windows say which belong together.

        Examples
        --------
        >>> from minitorch_cnn.nn import Connectivity
        >>> Connectivity.dense(2, 4).tie(2).labels()
        array([[0, 1],
               [0, 1],
               [2, 3],
               [2, 3]])
        >>> symmetric = [0, 1, 0]
        >>> Connectivity.conv(1, 1, 3, input_size=(5,)).tie(weights=symmetric).weights
        2
        """
        if (groups is None) == (weights is None):
            raise TypeError("Connectivity.tie: pass either groups or weights=labels")
        if weights is not None:
            labels = link_columns.integers(
                weights, "Connectivity.tie weights", shape=(self.weights,)
            )
            known, new = np.unique(labels, return_inverse=True)
            numbers = new.reshape(-1)[self.numbers]
            return self._with(numbers, known.size)
        second = link_columns.shared_by_groups(
            groups, self.shape, self.outputs, self.inputs, self.places
        )
        return self._with(*link_columns.compact(link_columns.merged(self.numbers, second)))

    def restrict(self, windows: Any) -> Connectivity:
        """Fewer links: only those that a mask or windows leave. Copies move along with theirs.

        Outputs that were copies of each other (the same weights at the same inputs) go on sharing
        place by place: each now looks with the same weights through a window of its own, those of
        the copy that sees most. So tying outputs and restricting commute, at the border, too: a
        place that this copy does not see has a weight of its own. All other links keep theirs.

        Parameters
        ----------
        windows : array_like of bool or int, or Connectivity
            - a mask (n_outputs, n_inputs), True where links stay. The places of a window are then
              counted in the order of its inputs;
            - for each output the inputs that it sees (n_outputs, places), -1 for a place that sees
              none, such as one beyond the border;
            - another table such as :meth:`local`, of which the links and places are taken.

        Raises
        ------
        ValueError, TypeError
            If shapes differ, an input is named that is none, or copies are left with different
            numbers of links by a mask, which does not say which of them share.

        Examples
        --------
        >>> from minitorch_cnn.nn import Connectivity
        >>> Connectivity.dense(3, 2).tie(2).restrict([[0, 1], [1, 2]]).labels()
        array([[ 0,  1, -1],
               [-1,  0,  1]])
        """
        self._require_single_links("restrict")
        links = (self.outputs, self.inputs, self.numbers)
        seen = self._seen_by(windows)
        outputs, inputs, numbers, places = link_columns.moved_to_windows(links, seen, self.shape)
        numbers, weights = link_columns.compact(numbers)
        return self._of(outputs, inputs, numbers, self.shape, weights, places)

    def _seen_by(self, windows: Any) -> tuple[IntArray, IntArray, IntArray | None]:
        """Outputs, inputs and places of what :meth:`restrict` takes."""
        table = isinstance(windows, Connectivity)
        name = "Connectivity.restrict windows"
        array = windows if table else link_columns.rectangle(windows, name)
        if not table and array.size and array.dtype.kind not in "biu":
            raise TypeError(
                f"{name}: expected a mask of booleans, windows of integers or a Connectivity "
                f"(layer.connectivity(input_shape)), got {_kind_of(windows, array)}"
            )
        if not table and array.dtype != np.bool_:
            return link_columns.listed_windows(windows, self.shape)
        if array.shape != self.shape:
            what = "windows of a table" if table else "a mask"
            raise ValueError(
                f"Connectivity.restrict: {what} of shape {array.shape} for a table of {self.shape} "
                "(outputs, inputs)"
            )
        if table:
            windows._require_single_links("restrict")
            return windows.outputs, windows.inputs, windows.places
        kept = array[self.outputs, self.inputs]
        places = None if self.places is None else self.places[kept]
        return self.outputs[kept], self.inputs[kept], places

    def untie(self) -> Connectivity:
        """The same links, each with a weight of its own."""
        return self._with(np.arange(self.links), self.links)

    def transpose(self) -> Connectivity:
        """The table turned: every link runs from its output to its input, with the same weight.

        >>> from minitorch_cnn.nn import Connectivity
        >>> Connectivity.conv(1, 1, kernel_size=2, input_size=(3,)).transpose().labels()
        array([[ 0, -1],
               [ 1,  0],
               [-1,  1]])
        """
        order = np.lexsort((self.outputs, self.inputs))
        columns = (column[order] for column in (self.inputs, self.outputs, self.numbers))
        return self._of(*columns, self.shape[::-1], self.weights)

    def compose(self, other: Connectivity) -> Connectivity:
        """The table of ``self`` after ``other``: of the product of their matrices.

        An entry of the product is a sum over the paths between two units, each path the product of
        its two weights. Entries that are the same sum for whatever weights share a weight of the
        new table; ``project`` gives its weights from the product of two matrices.

        Raises
        ------
        ValueError
            If the outputs of ``other`` are not the inputs of ``self``.
        TypeError
            If ``other`` is no table.

        Examples
        --------
        Two windows of 3, one after the other, are one of 5:

        >>> from minitorch_cnn.nn import Connectivity
        >>> first = Connectivity.conv(1, 1, kernel_size=3, input_size=(9,))
        >>> second = Connectivity.conv(1, 1, kernel_size=3, input_size=(7,))
        >>> second.compose(first) == Connectivity.conv(1, 1, kernel_size=5, input_size=(9,))
        True
        """
        if not isinstance(other, Connectivity):
            raise TypeError(
                f"Connectivity.compose: expected a Connectivity, got a {type(other).__name__}"
            )
        if self.shape[1] != other.shape[0]:
            raise ValueError(
                f"Connectivity.compose: {other.shape[0]} outputs of the first table are no inputs "
                f"of the second, which has {self.shape[1]}"
            )
        paths = link_columns.paths(
            (self.outputs, self.inputs, self.numbers),
            (other.outputs, other.inputs, other.numbers),
            other.shape,
            other.weights,
        )
        outputs, inputs, numbers = link_columns.sums_of_paths(*paths)
        return self._of(outputs, inputs, numbers, (self.shape[0], other.shape[1]))

    # --- inside ---------------------------------------------------------------------------------

    def _with(self, numbers: IntArray, weights: int) -> Connectivity:
        """The same links with other weights."""
        return self._of(self.outputs, self.inputs, numbers, self.shape, weights, self.places)


def _kind_of(given: Any, array: Any) -> str:
    """What was given instead of numbers: its dtype, or its type where it is no array at all."""
    return f"a {type(given).__name__}" if array.dtype == object else f"dtype {array.dtype}"
