"""``nn.Connectivity``: what a table is and says, against loops that are slow and obvious."""

import copy
import math
import pickle
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import minitorch_cnn as mt
from minitorch_cnn.nn import Connectivity
from slow_tables import links_of, require_same, window_links

MODES = ("zeros", "reflect", "replicate", "circular")


@st.composite
def tables(draw: Any, *, single: bool = False, most: int = 5) -> Connectivity:
    """Any table, also empty; with parallel links if not ``single``, weights without links."""
    shape = draw(st.integers(0, most)), draw(st.integers(0, most))
    cells = [(o, i) for o in range(shape[0]) for i in range(shape[1])]
    linked = draw(st.lists(st.sampled_from(cells), unique=single, max_size=12)) if cells else []
    weights = draw(st.integers(1, 6))
    numbers = [draw(st.integers(0, weights - 1)) for _ in linked]
    outputs, inputs = ([cell[end] for cell in linked] for end in (0, 1))
    return Connectivity(outputs, inputs, numbers, shape, weights=weights)


@st.composite
def window_settings(draw: Any, mode: str = "zeros") -> dict[str, Any]:
    """Arguments of ``window_links`` for a window that fits."""
    dims = draw(st.integers(1, 3))

    def each(low: int, high: int) -> tuple[int, ...]:
        return tuple(draw(st.integers(low, high)) for _ in range(dims))

    groups = draw(st.integers(1, 2))
    found = {
        "channels": (groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2))),
        "kernel": each(1, 3),
        "sizes": each(1, 6 if dims < 3 else 4),
        "stride": each(1, 3),
        "padding": each(0, 2),
        "dilation": each(1, 2),
        "groups": groups,
        "mode": mode,
    }
    names = ("sizes", "kernel", "padding", "dilation")
    for n, k, p, d in zip(*(found[name] for name in names), strict=True):
        assume(n + 2 * p >= d * (k - 1) + 1)
        assume(mode == "zeros" or p < n or (mode == "circular" and p <= n))
    return found


def made(kind: str, found: dict[str, Any]) -> Connectivity:
    names = ("kernel", "sizes", "stride", "padding", "dilation", "groups")
    arguments = [found[name] for name in names]
    make = getattr(Connectivity, kind)
    table: Connectivity = make(*found["channels"], *arguments, padding_mode=found["mode"])
    return table


# --- making one ---------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", ["conv", "local"])
@given(data=st.data())
def test_windows_are_what_loops_find(kind: str, mode: str, data: Any) -> None:
    found = data.draw(window_settings(mode))
    table = made(kind, found)
    links, shape, weights = window_links(**found, tied=kind == "conv")
    assert sorted(links_of(table)) == sorted(links)
    assert (table.shape, table.weights, table.links) == (shape, weights, len(links))
    order = [link[:2] for link in links_of(table)]
    assert order == sorted(order)
    area = math.prod(found["kernel"]) * (found["channels"][0] // found["groups"])
    np.testing.assert_array_equal(table.places, table.numbers % area)


@given(n_in=st.integers(0, 5), n_out=st.integers(0, 5))
def test_dense(n_in: int, n_out: int) -> None:
    table = Connectivity.dense(n_in, n_out)
    assert links_of(table) == [(o, i, o * n_in + i) for o in range(n_out) for i in range(n_in)]
    assert (table.shape, table.weights) == ((n_out, n_in), n_in * n_out)


@given(data=st.data(), shape=st.tuples(st.integers(0, 4), st.integers(0, 4)))
def test_matrix_of_labels(data: Any, shape: tuple[int, int]) -> None:
    entries = [data.draw(st.integers(-2, 9)) for _ in range(math.prod(shape))]
    labels = np.array(entries, int).reshape(shape)
    table = Connectivity.from_matrix_of_labels(labels)
    require_same(table, [(o, i, labels[o, i]) for o, i in np.ndindex(shape) if labels[o, i] >= 0])
    known = sorted({label for label in entries if label >= 0})
    assert table.weights == len(known)
    for output, seen, number in links_of(table):
        assert known[number] == labels[output, seen]
    again = Connectivity.from_matrix_of_labels(table.labels())
    np.testing.assert_array_equal(again.labels(), table.labels())


def test_settings_of_windows_as_layers_take_them() -> None:
    assert Connectivity.conv(1, 1, 3, 5).shape == (9, 25)
    assert Connectivity.conv(1, 1, (3,), 5).shape == (3, 5)
    assert Connectivity.conv(1, 1, 3, (5, 5, 5)).shape == (27, 125)
    assert Connectivity.conv(1, 1, 3, (5, 4), padding="same").shape == (20, 20)
    assert Connectivity.local(1, 1, 2, (3,), padding="valid").weights == 4


def test_equal_links_in_any_order() -> None:
    table = Connectivity([1, 0, 1], [0, 1, 1], [2, 0, 2], (2, 2), weights=7)
    assert links_of(table) == [(0, 1, 0), (1, 0, 2), (1, 1, 2)]
    assert (table.weights, table.links, table.reuse) == (7, 3, 3 / 7)
    assert Connectivity([0], [0], [4], (1, 1)).weights == 5


# --- what it says -------------------------------------------------------------------------------


def dense_matrix(table: Connectivity, theta: np.ndarray) -> np.ndarray:
    matrix = np.zeros(table.shape)
    for output, seen, number in links_of(table):
        matrix[output, seen] += theta[number]
    return matrix


@given(table=tables(), seed=st.integers(0, 99))
def test_matrix_and_its_gradient(backend: str, table: Connectivity, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values, upstream = rng.standard_normal(table.weights), rng.standard_normal(table.shape)
    theta = mt.tensor(values, requires_grad=True)
    matrix = table.matrix(theta)
    assert matrix.shape == table.shape
    np.testing.assert_allclose(matrix.detach().numpy(), dense_matrix(table, values), atol=1e-14)
    matrix.backward(mt.tensor(upstream))
    expected = np.zeros(table.weights)
    for output, seen, number in links_of(table):
        expected[number] += upstream[output, seen]
    np.testing.assert_allclose(theta.grad.numpy(), expected, atol=1e-14)
    np.testing.assert_array_equal(table.spread(values).numpy(), values[table.numbers])
    np.testing.assert_allclose(
        table.transpose().matrix(theta).detach().numpy(), matrix.detach().numpy().T, atol=1e-14
    )


@given(table=tables(single=True), seed=st.integers(0, 99))
def test_projection_is_least_squares(backend: str, table: Connectivity, seed: int) -> None:
    rng = np.random.default_rng(seed)
    given_matrix = rng.standard_normal(table.shape)
    found = table.project(mt.tensor(given_matrix)).numpy()
    columns = [dense_matrix(table, column).ravel() for column in np.eye(table.weights)]
    design = np.stack(columns, axis=1)
    if design.size:
        expected = np.linalg.lstsq(design, given_matrix.ravel())[0]
        np.testing.assert_allclose(found, expected, atol=1e-13)
    unused = np.bincount(table.numbers, minlength=table.weights) == 0
    assert not found[unused].any()
    theta = np.where(unused, 0, rng.standard_normal(table.weights))
    np.testing.assert_array_equal(table.project(table.matrix(mt.tensor(theta))).numpy(), theta)


def test_what_is_not_a_number_stays_with_its_weight(backend: str) -> None:
    table = Connectivity([0, 1], [0, 1], [0, 1], (2, 2), weights=3)
    found = table.project([[np.nan, 0.0], [0.0, 2.0]]).numpy()
    np.testing.assert_array_equal(found, [np.nan, 2, 0])


@given(table=tables(single=True))
def test_labels(table: Connectivity) -> None:
    labels = table.labels()
    assert labels.dtype == np.int64
    assert (labels >= 0).sum() == table.links
    assert all(labels[output, seen] == number for output, seen, number in links_of(table))


def test_rank(backend: str) -> None:
    assert Connectivity.dense(9, 16).rank() == 9
    assert Connectivity.dense(9, 16).tie(4).rank() == 4
    assert Connectivity.conv(1, 4, 2, (3, 3)).rank() == 9
    assert Connectivity.conv(1, 1, 2, (4,)).rank(mt.tensor([1.0, 1.0])) == 3
    assert Connectivity.dense(2, 2).rank([1.0, 2.0, 2.0, 4.0]) == 1
    assert Connectivity.dense(0, 3).rank() == Connectivity([], [], [], (2, 2)).rank() == 0


@given(table=tables(), data=st.data())
def test_equality_is_up_to_names_of_weights(table: Connectivity, data: Any) -> None:
    order = data.draw(st.permutations(range(table.links)))
    names = data.draw(st.permutations(range(table.weights)))
    columns = (table.outputs[order], table.inputs[order], np.array(names)[table.numbers[order]])
    other = Connectivity(*columns, table.shape)
    assert table == other
    assert hash(table) == hash(other)
    number = data.draw(st.integers(0, max(table.links - 1, 0)))
    if np.count_nonzero(table.numbers == table.numbers[number : number + 1]) > 1:
        numbers = table.numbers.copy()
        numbers[number] = table.weights
        changed = Connectivity(table.outputs, table.inputs, numbers, table.shape)
        assert (table == changed) == (signatures(table) == signatures(changed))
    assert table != Connectivity(*columns, (table.shape[0], table.shape[1] + 1))
    if table.links:
        assert table != Connectivity(*(column[1:] for column in columns), table.shape)


def signatures(table: Connectivity) -> list[list[tuple[int, int]]]:
    """Where each weight stands, without its name."""
    where: dict[int, list[tuple[int, int]]] = {}
    for output, seen, number in links_of(table):
        where.setdefault(number, []).append((output, seen))
    return sorted(where.values())


def test_equality_with_parallel_links() -> None:
    def table(*numbers: int) -> Connectivity:
        return Connectivity([0, 0, 0], [0, 0, 1], numbers, (1, 2))

    assert table(0, 1, 0) == table(1, 0, 0) == table(3, 7, 7)
    assert table(0, 1, 0) != table(0, 1, 2)
    assert table(0, 1, 0) != table(0, 0, 0)
    assert table(0, 0, 1) != table(0, 1, 1)
    assert table(0, 1, 0) != 3
    again = Connectivity.conv(1, 1, 3, (4,), padding=1, padding_mode="replicate")
    assert again == again.transpose().transpose() != again.untie()


def test_parallel_links_add_up(backend: str) -> None:
    table = Connectivity.conv(1, 1, 3, (2,), padding=1, padding_mode="replicate")
    assert (table.links, table.weights) == (6, 3)
    expected = [[3.0, 4.0], [1.0, 6.0]]
    assert table.matrix([1.0, 2.0, 4.0]).tolist() == [[1 + 2, 4], [1, 2 + 4]] == expected
    for call in (table.labels, lambda: table.project(np.ones((2, 2)))):
        with pytest.raises(ValueError, match=r"Connectivity\.(labels|project): several links run"):
            call()
    mask = np.ones((2, 2), bool)
    for one, windows in ((table, mask), (Connectivity.dense(2, 2), table)):
        with pytest.raises(ValueError, match=r"Connectivity\.restrict: several links run"):
            one.restrict(windows)


# --- as an object -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda table: pickle.loads(pickle.dumps(table))]
)
def test_copies_are_equal_and_read_only(backend: str, copied: Any) -> None:
    for table in (Connectivity.conv(2, 2, 2, (3, 3)), Connectivity.dense(3, 2).tie(2)):
        table.matrix(np.ones(table.weights))  # what a backend keeps beside the table is not copied
        found = copied(table)
        assert found == table
        assert (found.shape, found.weights) == (table.shape, table.weights)
        assert found.matrix(np.ones(found.weights)).shape == table.shape
        for one in (table, found):
            for column in (one.outputs, one.inputs, one.numbers, one.places):
                assert column is None or not column.flags.writeable


def test_what_it_is_made_of_stays_free() -> None:
    columns = [np.array([0, 1]) for _ in range(3)]
    table = Connectivity(*columns, (2, 2))
    for column in columns:
        column[:] = 0
    assert links_of(table) == [(0, 0, 0), (1, 1, 1)]
    with pytest.raises(ValueError, match="read-only"):
        table.numbers[0] = 1


def test_memory_is_proportional_to_links() -> None:
    """Four columns of 32-bit integers are kept, and little more than half as much in passing."""
    peaks = []
    for maps in (64, 128):
        tracemalloc.start()
        table = Connectivity.conv(3, maps, 3, (32, 32))
        kept, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert table.links == maps * 30 * 30 * 27
        assert kept < 4.1 * 4 * table.links
        assert peak < 6.1 * 4 * table.links
        peaks.append(peak)
    assert peaks[1] == pytest.approx(2 * peaks[0], rel=0.05)


# --- mistakes -----------------------------------------------------------------------------------

DENSE = Connectivity.dense(3, 4)
ERRORS: dict[str, tuple[Any, type[Exception], str]] = {
    "lengths": (
        lambda: Connectivity([0, 1], [0], [0], (2, 2)),
        ValueError,
        "2 outputs, 1 inputs and 1 numbers",
    ),
    "output": (
        lambda: Connectivity([2], [0], [0], (2, 2)),
        ValueError,
        "Connectivity outputs: found 2 to 2; expected 0 to 1",
    ),
    "input": (
        lambda: Connectivity([0], [-1], [0], (2, 2)),
        ValueError,
        "Connectivity inputs: found -1 to -1; expected 0 to 1",
    ),
    "number": (
        lambda: Connectivity([0], [0], [-3], (2, 2)),
        ValueError,
        "Connectivity numbers: found -3 to -3; expected 0 and up",
    ),
    "numbers beyond weights": (
        lambda: Connectivity([0], [0], [3], (2, 2), weights=3),
        ValueError,
        "Connectivity numbers: found 3 to 3; expected 0 to 2",
    ),
    "weights": (
        lambda: Connectivity([0], [0], [0], (1, 1), weights=1.5),
        TypeError,
        "Connectivity weights: expected an integer, got 1.5",
    ),
    "negative weights": (
        lambda: Connectivity([], [], [], (1, 1), weights=-1),
        ValueError,
        "Connectivity weights: expected at least 0, got -1",
    ),
    "negative shape": (
        lambda: Connectivity([], [], [], (-1, 1)),
        ValueError,
        "Connectivity shape: (-1, 1) has a negative number",
    ),
    "shape": (
        lambda: Connectivity([], [], [], 4),
        ValueError,
        "Connectivity shape: expected shape (2,), got shape ()",
    ),
    "dtype": (
        lambda: Connectivity([0.0], [0], [0], (1, 1)),
        TypeError,
        "Connectivity outputs: expected integers, got dtype float64",
    ),
    "column": (
        lambda: Connectivity([[0]], [0], [0], (1, 1)),
        ValueError,
        "Connectivity outputs: expected 1 dimensions, got shape (1, 1)",
    ),
    "dense": (
        lambda: Connectivity.dense(-1, 2),
        ValueError,
        "Connectivity.dense n_in: expected at least 0",
    ),
    "labels of a line": (
        lambda: Connectivity.from_matrix_of_labels([0, 1]),
        ValueError,
        "from_matrix_of_labels labels: expected 2 dimensions",
    ),
    "ragged labels": (
        lambda: Connectivity.from_matrix_of_labels([[0], [0, 1]]),
        ValueError,
        "rows of different lengths",
    ),
    "mode": (
        lambda: Connectivity.conv(1, 1, 2, (3,), padding_mode="mirror"),
        ValueError,
        "Connectivity.conv: padding_mode 'mirror' is none of 'zeros', 'reflect'",
    ),
    "no dimension": (
        lambda: Connectivity.local(1, 1, 2, ()),
        ValueError,
        "Connectivity.local: input_size and kernel_size need at least one dimension",
    ),
    "groups": (
        lambda: Connectivity.conv(3, 2, 2, (3,), groups=2),
        ValueError,
        "Connectivity.conv: groups=2 must divide in_channels 3",
    ),
    "window": (
        lambda: Connectivity.local(1, 1, 4, (3,)),
        ValueError,
        "Connectivity.local: a window of (4,)",
    ),
    "theta": (
        lambda: DENSE.matrix([1.0]),
        ValueError,
        "theta of shape (1,) has 1 entries; this table has 12 weights",
    ),
    "projected": (
        lambda: DENSE.project(np.ones((3, 4))),
        ValueError,
        "Connectivity.project: a matrix of shape (3, 4) for a table of (4, 3)",
    ),
    "tie nothing": (DENSE.tie, TypeError, "Connectivity.tie: pass either groups or weights"),
    "tie twice": (lambda: DENSE.tie(2, weights=[0] * 12), TypeError, "pass either groups"),
    "tie size": (lambda: DENSE.tie(3), ValueError, "4 outputs cannot be cut into groups of 3"),
    "tie none": (lambda: DENSE.tie(0), ValueError, "cut into groups of 0"),
    "tie floats": (lambda: DENSE.tie(2.0), TypeError, "Connectivity.tie groups: expected integers"),
    "tie shape": (
        lambda: DENSE.tie([0, 1, 2]),
        ValueError,
        "labels of shape (3,) for a table of 4 outputs and 3 inputs",
    ),
    "tie ragged": (lambda: DENSE.tie([[0], [0, 1]]), ValueError, "rows of different lengths"),
    "tie weights": (
        lambda: DENSE.tie(weights=[0, 1]),
        ValueError,
        "Connectivity.tie weights: expected shape (12,), got shape (2,)",
    ),
    "tie different": (
        lambda: Connectivity([0, 0, 1], [0, 1, 0], [0, 1, 2], (2, 2)).tie(2),
        ValueError,
        "output 1 has 1 links and another of its group 2",
    ),
    "mask": (
        lambda: DENSE.restrict(np.ones((3, 4), bool)),
        ValueError,
        "a mask of shape (3, 4) for a table of (4, 3)",
    ),
    "windows of a table": (
        lambda: DENSE.restrict(Connectivity.dense(4, 3)),
        ValueError,
        "windows of a table of shape (3, 4) for a table of (4, 3)",
    ),
    "rows": (lambda: DENSE.restrict([[0], [1]]), ValueError, "2 rows for 4 outputs"),
    "seen": (
        lambda: DENSE.restrict([[3], [0], [0], [0]]),
        ValueError,
        "found 0 to 3; expected inputs from 0 to 2",
    ),
    "seen twice": (
        lambda: DENSE.restrict([[1, 1]] * 4),
        ValueError,
        "a window sees the same input at two places; if this is a mask of 0 and 1",
    ),
    "ragged windows": (
        lambda: DENSE.restrict([[0], [0, 1], [0], [0]]),
        ValueError,
        "Connectivity.restrict windows: rows of different lengths",
    ),
    "copies with different masks": (
        lambda: DENSE.tie(4).restrict(np.tri(4, 3, dtype=bool)),
        ValueError,
        "Connectivity.restrict: output 0 has 1 links and another of its group 3",
    ),
    "composed sizes": (
        lambda: DENSE.compose(Connectivity.dense(2, 2)),
        ValueError,
        "2 outputs of the first table are no inputs of the second, which has 3",
    ),
    "composed": (
        lambda: DENSE.compose(3),
        TypeError,
        "compose: expected a Connectivity, got a int",
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_mistakes_are_explained(case: str) -> None:
    call, kind, words = ERRORS[case]
    with pytest.raises(kind) as caught:
        call()
    assert words in str(caught.value), str(caught.value)
