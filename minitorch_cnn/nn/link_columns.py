"""The array work behind ``Connectivity``: sorting, renumbering, merging and joining its columns.

Columns are integer arrays with one entry per link, sorted by output and input unless said
otherwise. NumPy on host integers only; no tensor, no layer, no window arithmetic. May import
``arguments``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minitorch_cnn.nn.arguments import count

IntArray = np.ndarray[Any, np.dtype[np.integer[Any]]]
Columns = tuple[IntArray, IntArray, IntArray]


# --- arguments ----------------------------------------------------------------------------------


def rectangle(values: Any, what: str) -> np.ndarray[Any, Any]:
    """``values`` as an array of whatever dtype."""
    try:
        return np.asarray(values)
    except ValueError:
        raise ValueError(f"{what}: rows of different lengths; expected a rectangle") from None


def integers(
    values: Any, what: str, *, ndim: int | None = None, shape: tuple[int, ...] | None = None
) -> IntArray:
    """``values`` as an array of integers of the wanted shape."""
    array = rectangle(values, what)
    if array.size and array.dtype.kind not in "iu":
        raise TypeError(f"{what}: expected integers, got dtype {array.dtype}")
    if (ndim is not None and array.ndim != ndim) or (shape is not None and array.shape != shape):
        wanted = f"{ndim} dimensions" if shape is None else f"shape {shape}"
        raise ValueError(f"{what}: expected {wanted}, got shape {array.shape}")
    return array.astype(np.int64, copy=False)


def checked_columns(
    outputs: Any, inputs: Any, numbers: Any, shape: Any, weights: int | None
) -> Columns:
    """Columns of a table as a user gives them, or the error that says what is wrong."""
    name = "Connectivity"
    n_outputs, n_inputs = integers(shape, f"{name} shape", shape=(2,)).tolist()
    if min(n_outputs, n_inputs) < 0:
        raise ValueError(f"{name} shape: {tuple(shape)} has a negative number of units")
    if weights is not None:
        weights = count(weights, f"{name} weights", least=0)
    columns = (
        integers(outputs, f"{name} outputs", ndim=1),
        integers(inputs, f"{name} inputs", ndim=1),
        integers(numbers, f"{name} numbers", ndim=1),
    )
    if len({column.size for column in columns}) > 1:
        raise ValueError(
            f"{name}: {columns[0].size} outputs, {columns[1].size} inputs and {columns[2].size} "
            "numbers; a table has one of each for every link"
        )
    ends = (n_outputs, n_inputs, weights)
    for what, column, end in zip(("outputs", "inputs", "numbers"), columns, ends, strict=True):
        low, high = int(column.min(initial=0)), int(column.max(initial=-1))
        if low < 0 or (end is not None and high >= end):
            where = "0" if end is None else f"0 to {end - 1}"
            raise ValueError(
                f"{name} {what}: found {column.min()} to {column.max()}; expected {where}"
                f"{' and up' if end is None else ''}"
            )
    return columns


# --- numbers of weights -------------------------------------------------------------------------


def compact(numbers: IntArray) -> tuple[IntArray, int]:
    """The used numbers counted from 0 in the same order, and how many there are."""
    used, new = np.unique(numbers, return_inverse=True)
    return new.reshape(-1), used.size


def renumbered(numbers: IntArray) -> IntArray:
    """Numbers in the order of their first link: the same for all tables that tie the same links.

    >>> renumbered(np.array([7, 3, 7, 5])).tolist()
    [0, 1, 0, 2]
    """
    _, first, inverse = np.unique(numbers, return_index=True, return_inverse=True)
    rank = np.empty_like(first)
    rank[np.argsort(first)] = np.arange(first.size)
    return rank[inverse.reshape(-1)]


def merged(numbers: IntArray, second: IntArray) -> IntArray:
    """For each link the least number it is tied to, if links of one ``second`` label are tied, too.

    >>> merged(np.array([0, 1, 2, 3, 1]), np.array([0, 0, 1, 2, 2])).tolist()
    [0, 0, 2, 0, 0]
    """
    least = np.arange(int(numbers.max(initial=-1)) + 1)
    while True:
        by_second = np.full(int(second.max(initial=-1)) + 1, least.size)
        np.minimum.at(by_second, second, least[numbers])
        new = least.copy()
        # Where a number points is lowered, and with it all that point there: long chains of ties
        # halve with every round.
        np.minimum.at(new, least[numbers], by_second[second])
        new = new[new]
        if np.array_equal(new, least):
            return new[numbers]
        least = new


def first_links(numbers: IntArray, weights: int) -> IntArray:
    """The first link of each weight; 0 for a weight that has none."""
    first = np.zeros(weights, np.int64)
    first[numbers[::-1]] = np.arange(numbers.size)[::-1]
    return first


# --- outputs that share -------------------------------------------------------------------------


def ranks(outputs: IntArray) -> IntArray:
    """Position of each link among those of its output."""
    starts = np.searchsorted(outputs, outputs, side="left")
    return np.arange(outputs.size) - starts


def shared_by_groups(
    groups: Any,
    shape: tuple[int, ...],
    outputs: IntArray,
    inputs: IntArray,
    places: IntArray | None,
) -> IntArray:
    """A label for each link, equal where ``Connectivity.tie(groups)`` shares a weight."""
    name = "Connectivity.tie groups"
    labels = integers(groups, name)
    if labels.shape == shape:
        return _apart_if_negative(labels[outputs, inputs])
    if labels.ndim == 0:
        size = int(labels)
        if size < 1 or shape[0] % size:
            raise ValueError(
                f"{name}: {shape[0]} outputs cannot be cut into groups of {size}; pass a divisor, "
                "or a label for each output"
            )
        labels = np.arange(shape[0]) // size
    elif labels.shape != shape[:1]:
        raise ValueError(
            f"{name}: labels of shape {labels.shape} for a table of {shape[0]} outputs and "
            f"{shape[1]} inputs; expected a size, ({shape[0]},), or {shape}"
        )
    labels, _ = compact(labels)
    if places is None:
        places = _places_by_rank(outputs, labels, shape[0], name)
    return compact(labels[outputs] * (int(places.max(initial=0)) + 1) + places)[0]


def _apart_if_negative(labels: IntArray) -> IntArray:
    """The labels from 0 on, with one of its own for each negative one."""
    apart = labels < 0
    alone = int(labels.max(initial=-1)) + 1 + np.arange(labels.size)
    return compact(np.where(apart, alone, labels))[0]


def _places_by_rank(outputs: IntArray, labels: IntArray, n_outputs: int, name: str) -> IntArray:
    links = np.bincount(outputs, minlength=n_outputs)
    most = np.zeros(int(labels.max(initial=-1)) + 1, np.int64)
    np.maximum.at(most, labels, links)
    different = np.flatnonzero(links != most[labels])
    if different.size:
        lone = int(different[0])
        raise ValueError(
            f"{name}: output {lone} has {links[lone]} links and another of its group "
            f"{most[labels[lone]]}, and nothing says which of them share; restrict by windows, "
            "place by place, or make the table with from_matrix_of_labels"
        )
    return ranks(outputs)


# --- windows ------------------------------------------------------------------------------------


def listed_windows(windows: Any, shape: tuple[int, ...]) -> Columns:
    """Outputs, inputs and places of windows given as ``(n_outputs, places)``; -1 sees nothing."""
    name = "Connectivity.restrict windows"
    array = integers(windows, name, ndim=2)
    if array.shape[0] != shape[0]:
        raise ValueError(
            f"{name}: {array.shape[0]} rows for {shape[0]} outputs; a mask must be of booleans"
        )
    if array.max(initial=-1) >= shape[1] or array.min(initial=-1) < -1:
        raise ValueError(
            f"{name}: found {array.min()} to {array.max()}; expected inputs from 0 to "
            f"{shape[1] - 1}, and -1 for a place that sees none"
        )
    outputs, places = np.nonzero(array >= 0)
    inputs = array[outputs, places]
    order = np.lexsort((inputs, outputs))
    columns = (outputs[order], inputs[order], places[order])
    if has_parallel_links(*columns[:2]):
        raise ValueError(
            f"{name}: a window sees the same input at two places; if this is a mask of 0 and 1, "
            "make it one of booleans"
        )
    return columns


def moved_to_windows(
    table: Columns, windows: tuple[IntArray, IntArray, IntArray | None], shape: tuple[int, ...]
) -> tuple[IntArray, IntArray, IntArray, IntArray | None]:
    """The links of ``table`` that windows (outputs, inputs, places) leave; copies keep sharing.

    Of copies, the one that sees most says which number each place has. A place that it does not
    see, such as one beyond the border, has the number of the first copy that does see it, unless
    that is another place's for the sole reason that they met the same input: then it is a new one.
    Without places they are counted, and copies must have equally many.
    """
    outputs, inputs, places = windows
    linked = cells(table[0], table[1], shape[1])
    at, there = where_found(cells(outputs, inputs, shape[1]), linked)
    outputs, inputs, at = outputs[there], inputs[there], at[there]
    copies = _copies(table, shape[0])
    if places is None:
        places = _places_by_rank(outputs, copies, shape[0], "Connectivity.restrict")
    else:
        places = places[there]
    place, _ = compact(copies[outputs] * (int(places.max(initial=0)) + 1) + places)
    unseen = ~_sees_most(outputs, copies, shape[0])[outputs]
    order = np.lexsort((unseen, place))
    first = order[np.searchsorted(place[order], np.arange(int(place.max(initial=-1)) + 1))]
    number = table[2][at[first]]
    new = unseen[first] & _of_one_input(table, copies, shape[1])[number]
    number[new] = int(table[2].max(initial=-1)) + 1 + np.arange(int(new.sum()))
    return outputs, inputs, number[place], None if windows[2] is None else places


def _sees_most(outputs: IntArray, copies: IntArray, n_outputs: int) -> Any:
    """Whether each output is the one with most links among its copies, the first of equals."""
    links = np.bincount(outputs, minlength=n_outputs)
    order = np.lexsort((-links, copies))
    _, first = np.unique(copies[order], return_index=True)
    most = np.zeros(n_outputs, bool)
    most[order[first]] = True
    return most


def _of_one_input(table: Columns, copies: IntArray, n_inputs: int) -> Any:
    """Whether each number is tied for no other reason than that outputs are copies."""
    outputs, inputs, numbers = table
    met = cells(copies[outputs], inputs, n_inputs)
    first = met[first_links(numbers, int(numbers.max(initial=-1)) + 1)] if met.size else met
    alone = np.ones(first.size, bool)
    alone[numbers[met != first[numbers]]] = False
    return alone


def _copies(table: Columns, n_outputs: int) -> IntArray:
    """A label for each output, equal where all links have the same inputs and weights."""
    outputs, inputs, numbers = table
    links = np.bincount(outputs, minlength=n_outputs)
    starts = np.cumsum(links) - links
    labels = np.zeros(n_outputs, np.int64)
    for length, rows in _by_length(links):
        at = starts[rows][:, None] + np.arange(length)
        labels[rows] = labels.max() + 1 + _equal_rows(np.hstack([inputs[at], numbers[at]]))
    return compact(labels)[0]


def _by_length(lengths: IntArray) -> Sequence[tuple[int, IntArray]]:
    return [(int(n), np.flatnonzero(lengths == n)) for n in np.unique(lengths)]


def _equal_rows(rows: IntArray) -> IntArray:
    """A label for each row of a matrix, equal for equal rows."""
    if not rows.shape[1]:
        return np.zeros(rows.shape[0], np.int64)
    plain = np.ascontiguousarray(rows, np.int64)
    whole = plain.view(f"V{plain.itemsize * plain.shape[1]}").reshape(-1)
    return np.unique(whole, return_inverse=True)[1].reshape(-1)


def same_links(one: Any, other: Any) -> bool:
    """Whether two tables have the same links, whatever their weights."""
    return np.array_equal(one.outputs, other.outputs) and np.array_equal(one.inputs, other.inputs)


def same_ties(one: Any, other: Any) -> bool:
    """Whether two tables with the same links tie the same of them."""
    if not has_parallel_links(one.outputs, one.inputs):
        return np.array_equal(renumbered(one.numbers), renumbered(other.numbers))
    # Links between the same two units have no order: what counts is where each weight stands.
    ours, theirs = (_sets_of_cells(table) for table in (one, other))
    return len(ours) == len(theirs) and all(map(np.array_equal, ours, theirs))


def _sets_of_cells(table: Any) -> Sequence[IntArray]:
    """The cells of each weight as rows of matrices, one for each number of links; in order."""
    links = np.bincount(table.numbers)
    starts = np.cumsum(links) - links
    where = cells(table.outputs, table.inputs, table.shape[1])
    where = where[np.lexsort((where, table.numbers))]
    found = []
    for length, numbers in _by_length(links):
        rows = where[starts[numbers][:, None] + np.arange(length)]
        if length:
            found.append(rows[np.lexsort(rows.T[::-1])])
    return found


def cells(outputs: IntArray, inputs: IntArray, n_inputs: int) -> IntArray:
    """Where in the flattened matrix each link stands."""
    return outputs.astype(np.int64) * n_inputs + inputs


def where_found(wanted: IntArray, cells: IntArray) -> tuple[IntArray, Any]:
    """Place of each wanted cell among sorted ``cells``, and whether it is there at all."""
    at = np.searchsorted(cells, wanted)
    return np.minimum(at, max(cells.size - 1, 0)), np.append(cells, -1)[at] == wanted


def has_parallel_links(outputs: IntArray, inputs: IntArray) -> bool:
    """Whether two links run between the same two units."""
    return bool(((outputs[1:] == outputs[:-1]) & (inputs[1:] == inputs[:-1])).any())


# --- products of tables -------------------------------------------------------------------------


def paths(
    second: Columns, first: Columns, first_shape: tuple[int, ...], first_weights: int
) -> Columns:
    """All paths of two links, one of ``first`` and then one of ``second``: (output, input, pair).

    Sorted by output, input and pair of weights.
    """
    outputs, middles, numbers = second
    links = np.bincount(first[0], minlength=first_shape[0])
    starts = np.cumsum(links) - links
    ways = links[middles]
    link = np.repeat(np.arange(outputs.size), ways)
    onward = np.arange(link.size) - np.repeat(np.cumsum(ways) - ways, ways)
    at = starts[middles[link]] + onward
    pairs = numbers[link].astype(np.int64) * first_weights + first[2][at]
    columns = (outputs[link].astype(np.int64), first[1][at].astype(np.int64), pairs)
    order = np.lexsort(columns[::-1])
    return columns[0][order], columns[1][order], columns[2][order]


def sums_of_paths(outputs: IntArray, inputs: IntArray, pairs: IntArray) -> Columns:
    """One link for all paths between two units; links of the same pairs of weights are tied."""
    new = np.ones(outputs.size, bool)
    new[1:] = (outputs[1:] != outputs[:-1]) | (inputs[1:] != inputs[:-1])
    starts = np.flatnonzero(new)
    lengths = np.diff(starts, append=outputs.size)
    labels = np.zeros(starts.size, np.int64)
    for length, cells in _by_length(lengths):
        at = starts[cells][:, None] + np.arange(length)
        labels[cells] = labels.max() + 1 + _equal_rows(pairs[at])
    return outputs[starts], inputs[starts], renumbered(labels)
