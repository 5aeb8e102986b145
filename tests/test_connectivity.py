"""The table of links itself: against obvious loops, and against the matrices that it stands for."""

import copy
import itertools
import pickle
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minitorch_cnn as mt
from minitorch_cnn.nn import Connectivity


def host(values: Any) -> np.ndarray:
    return values.detach().numpy()


def labels(rows: int = 5, columns: int = 5) -> Any:
    """Matrices of labels: -1 for no link, few labels, so that many links are tied."""
    return st.integers(0, rows).flatmap(
        lambda r: st.integers(1, columns).flatmap(
            lambda c: st.lists(
                st.lists(st.integers(-1, 4), min_size=c, max_size=c), min_size=r, max_size=r
            ).map(lambda rows: np.array(rows, np.int64).reshape(r, c))
        )
    )


def partition(matrix: np.ndarray) -> set[frozenset[tuple[int, int]]]:
    """Which entries of a matrix of labels share a weight, without the names of the weights."""
    cells: dict[int, set[tuple[int, int]]] = {}
    for row, column in np.argwhere(matrix >= 0):
        cells.setdefault(int(matrix[row, column]), set()).add((int(row), int(column)))
    return {frozenset(cell) for cell in cells.values()}


# --- making one ---------------------------------------------------------------------------------


def slow_labels(tied: bool, channels: Any, kernel: Any, sizes: Any, window: Any) -> np.ndarray:
    """The matrix of labels of a convolution or local layer by loops over everything."""
    (inputs, outputs), (stride, padding, dilation, groups) = channels, window
    positions = [
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d in zip(sizes, kernel, stride, padding, dilation, strict=True)
    ]
    depth = inputs // groups
    shape = ((outputs, *positions), (inputs, *sizes))
    matrix = np.full(tuple(int(np.prod(side)) for side in shape), -1)
    weight = np.arange(outputs * depth * int(np.prod(kernel))).reshape(outputs, depth, *kernel)
    for o, *position in itertools.product(*map(range, shape[0])):
        for c, *place in itertools.product(range(depth), *map(range, kernel)):
            pixel = [
                q * s - p + k * d
                for q, s, p, k, d in zip(position, stride, padding, place, dilation, strict=True)
            ]
            if all(0 <= x < n for x, n in zip(pixel, sizes, strict=True)):
                row = np.ravel_multi_index((o, *position), shape[0])
                channel = o // (outputs // groups) * depth + c
                column = np.ravel_multi_index((channel, *pixel), shape[1])
                label = int(weight[(o, c, *place)])
                if not tied:
                    at = np.ravel_multi_index(tuple(position), positions)
                    label += int(at) * weight.size
                matrix[row, column] = label
    return matrix


@given(data=st.data(), dims=st.integers(1, 3), groups=st.integers(1, 2), tied=st.booleans())
@settings(max_examples=60)
def test_windows_against_loops(data: Any, dims: int, groups: int, tied: bool) -> None:
    def each(low: int, high: int) -> list[int]:
        return [data.draw(st.integers(low, high)) for _ in range(dims)]

    kernel, stride, padding, dilation = each(1, 3), each(1, 3), each(0, 2), each(1, 2)
    sizes = [
        max(data.draw(st.integers(1, 4)), d * (k - 1) + 1 - 2 * p)
        for d, k, p in zip(dilation, kernel, padding, strict=True)
    ]
    channels = (groups * data.draw(st.integers(1, 2)), groups * data.draw(st.integers(1, 2)))
    make = Connectivity.conv if tied else Connectivity.local
    window = [tuple(part) for part in (stride, padding, dilation)]
    table = make(*channels, tuple(kernel), tuple(sizes), *window, groups)
    expected = slow_labels(tied, channels, kernel, sizes, (stride, padding, dilation, groups))
    np.testing.assert_array_equal(table.labels(), expected)
    positions = 1 if tied else table.shape[0] // channels[1]
    assert table.weights == positions * channels[1] * channels[0] // groups * np.prod(kernel)


def test_dense() -> None:
    table = Connectivity.dense(3, 2)
    np.testing.assert_array_equal(table.labels(), np.arange(6).reshape(2, 3))
    assert (table.links, table.weights, table.reuse, table.rank()) == (6, 6, 1.0, 2)
    assert Connectivity.dense(0, 3).links == Connectivity.dense(3, 0).reuse == 0


@given(matrix=labels())
def test_labels_there_and_back(matrix: np.ndarray) -> None:
    table = Connectivity.from_matrix_of_labels(matrix)
    assert partition(table.labels()) == partition(matrix)
    assert table.links == (matrix >= 0).sum()
    assert table.weights == len(set(matrix[matrix >= 0].tolist()))
    assert np.all(np.diff(np.unique(table.numbers)) == 1)


@given(matrix=labels(), seed=st.integers(0, 9))
def test_links_come_in_any_order(matrix: np.ndarray, seed: int) -> None:
    table = Connectivity.from_matrix_of_labels(matrix)
    order = np.random.default_rng(seed).permutation(table.links)
    again = Connectivity(
        table.outputs[order], table.inputs[order], table.numbers[order], table.shape
    )
    assert again == table
    np.testing.assert_array_equal(again.labels(), table.labels())


def test_a_kernel_may_be_larger_than_what_it_sees() -> None:
    """Weights that no link uses count, and make no difference between tables."""
    table = Connectivity.conv(1, 1, 3, input_size=(1,), padding=1)
    assert (table.links, table.weights) == (1, 3)
    assert table == Connectivity.dense(1, 1)
    assert table.labels().tolist() == [[1]]
    assert table.project([[5.0]]).tolist() == [0.0, 5.0, 0.0]


def test_parallel_links_add_up(backend: str) -> None:
    table = Connectivity.conv(1, 1, 3, input_size=(2,), padding=1, padding_mode="replicate")
    matrix = table.matrix(mt.tensor([1.0, 10.0, 100.0]))
    assert matrix.tolist() == [[11.0, 100.0], [1.0, 110.0]]
    assert table == table.transpose().transpose()
    for call in (table.labels, lambda: table.project(matrix), lambda: table.restrict([[0], [1]])):
        with pytest.raises(ValueError, match="several links run between the same two units"):
            call()


def test_construction_takes_memory_for_its_links_alone() -> None:
    def peak(maps: int) -> tuple[int, int]:
        tracemalloc.start()
        table = Connectivity.conv(3, maps, 3, (32, 32), padding=1)
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used, table.links

    peak(1)
    (small, few), (large, many) = peak(16), peak(32)
    assert many == 2 * few
    assert large <= 2.1 * small
    assert large <= 48 * many  # bytes; four columns of four are kept


# --- what it is ---------------------------------------------------------------------------------


@given(matrix=labels(), seed=st.integers(0, 9))
def test_the_matrix_and_its_gradient(backend: str, matrix: np.ndarray, seed: int) -> None:
    table = Connectivity.from_matrix_of_labels(matrix)
    rng = np.random.default_rng(seed)
    values = rng.standard_normal(table.weights)
    theta = mt.tensor(values, requires_grad=True)
    found = table.matrix(theta)
    numbers = table.labels()
    expected = np.where(numbers >= 0, np.append(values, 0.0)[numbers], 0.0)
    np.testing.assert_array_equal(host(found), expected)
    upstream = rng.standard_normal(matrix.shape)
    found.backward(mt.tensor(upstream))
    sums = [upstream[numbers == number].sum() for number in range(table.weights)]
    np.testing.assert_allclose(theta.grad.numpy(), sums, atol=1e-13)
    assert table.matrix(theta.to("float32")).dtype == mt.float32


@given(matrix=labels(), seed=st.integers(0, 9))
def test_projection_is_the_least_squares_solution(
    backend: str, matrix: np.ndarray, seed: int
) -> None:
    table = Connectivity.from_matrix_of_labels(matrix)
    wanted = np.random.default_rng(seed).standard_normal(matrix.shape)
    cells = (table.labels()[..., None] == np.arange(table.weights)).reshape(
        matrix.size, table.weights
    )
    best = np.linalg.lstsq(cells.astype(float), wanted.ravel(), rcond=None)[0]
    found = table.project(mt.tensor(wanted))
    np.testing.assert_allclose(host(found), best, atol=1e-12)
    np.testing.assert_array_equal(host(table.project(table.matrix(found))), host(found))


@given(matrix=labels(), seed=st.integers(0, 9))
def test_equal_up_to_the_names_of_weights(matrix: np.ndarray, seed: int) -> None:
    table = Connectivity.from_matrix_of_labels(matrix)
    names = np.random.default_rng(seed).permutation(5)
    renamed = Connectivity.from_matrix_of_labels(np.where(matrix >= 0, names[matrix], -1))
    assert table == renamed
    assert hash(table) == hash(renamed)
    assert (table == table.untie()) is (table.links == table.weights)
    assert table != matrix.tolist()
    if table.links:
        fewer = matrix.copy()
        fewer[table.outputs[0], table.inputs[0]] = -1
        assert table != Connectivity.from_matrix_of_labels(fewer)


def test_ranks_of_the_derivation() -> None:
    dense = Connectivity.dense(9, 16)
    windows = Connectivity.local(1, 4, 2, input_size=(3, 3))
    tables = (dense, dense.tie(4), dense.restrict(windows), dense.tie(4).restrict(windows))
    assert [table.rank() for table in tables] == [9, 4, 9, 9]
    assert dense.tie(4).rank(np.zeros(36)) == 0
    assert dense.tie(4).rank(mt.ones(36)) == 1


def test_columns_cannot_be_written_and_copies_are_equal(backend: str) -> None:
    table = Connectivity.conv(1, 2, 2, input_size=(3, 3))
    table.matrix(mt.ones(8))
    for column in (table.outputs, table.inputs, table.numbers, table.places):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 1
    for twin in (copy.deepcopy(table), pickle.loads(pickle.dumps(table))):
        assert twin == table
        np.testing.assert_array_equal(host(twin.matrix(mt.ones(8))), host(table.matrix(mt.ones(8))))


# --- making another of it -----------------------------------------------------------------------


def united(*partitions: set[frozenset[Any]]) -> set[frozenset[Any]]:
    """The finest partition that is as coarse as all of these."""
    found: list[set[Any]] = []
    for cell in itertools.chain(*partitions):
        touching = [other for other in found if other & cell]
        found = [other for other in found if not other & cell]
        found.append(set(cell).union(*touching))
    return {frozenset(cell) for cell in found}


@given(matrix=labels(), data=st.data())
def test_tying_links_against_union(matrix: np.ndarray, data: Any) -> None:
    table = Connectivity.from_matrix_of_labels(matrix)
    cells = st.lists(st.integers(0, 5), min_size=matrix.size, max_size=matrix.size)
    more = np.array(data.draw(cells), np.int64).reshape(matrix.shape)
    tied = table.tie(more)
    both = united(partition(matrix), partition(np.where(matrix >= 0, more, -1)))
    assert partition(tied.labels()) == both
    assert tied.weights == len(both)
    assert tied.tie(more) == tied


@given(n_in=st.integers(1, 5), groups=st.integers(1, 4), size=st.integers(1, 4))
def test_tying_neurons(n_in: int, groups: int, size: int) -> None:
    dense = Connectivity.dense(n_in, groups * size)
    tied = dense.tie(size)
    assert (tied.links, tied.weights) == (dense.links, groups * n_in)
    assert tied == dense.tie(np.arange(groups * size) // size)
    assert tied == dense.tie([7 - group for group in range(groups) for _ in range(size)])
    assert tied.tie(1) == tied
    assert tied.untie() == dense


def test_tying_weights_numbers_them_by_label() -> None:
    table = Connectivity.conv(1, 1, 3, input_size=(4,)).tie(weights=[1, 0, 1])
    assert table.labels().tolist() == [[1, 0, 1, -1], [-1, 1, 0, 1]]
    assert Connectivity.conv(1, 1, 3, (4,)).tie(weights=[5, 2, 5]) == table


@given(data=st.data(), size=st.integers(1, 3), groups=st.integers(1, 3), n_in=st.integers(1, 5))
def test_tying_and_windows_commute(data: Any, size: int, groups: int, n_in: int) -> None:
    n_out = size * groups
    places = data.draw(st.integers(1, n_in))
    orders = [data.draw(st.permutations(range(n_in))) for _ in range(n_out)]
    windows = np.array([order[:places] for order in orders])
    cut = np.array(data.draw(st.lists(st.booleans(), min_size=windows.size, max_size=windows.size)))
    windows[cut.reshape(windows.shape)] = -1
    dense = Connectivity.dense(n_in, n_out)
    first, last = dense.tie(size).restrict(windows), dense.restrict(windows).tie(size)
    assert first == last
    matrix = first.labels()
    for o, other in itertools.product(range(n_out), repeat=2):
        for p, q in itertools.product(range(places), repeat=2):
            if windows[o, p] >= 0 <= windows[other, q]:
                same = matrix[o, windows[o, p]] == matrix[other, windows[other, q]]
                assert same == (o // size == other // size and p == q)


def test_masks_and_tables_as_windows() -> None:
    dense = Connectivity.dense(9, 16)
    windows = Connectivity.local(1, 4, 2, input_size=(3, 3))
    mask = windows.labels() >= 0
    conv = Connectivity.conv(1, 4, 2, input_size=(3, 3))
    for restriction in (mask, mask.tolist(), windows, conv):
        assert dense.restrict(restriction) == windows
        assert dense.tie(4).restrict(restriction) == conv == dense.restrict(restriction).tie(4)
    assert conv.restrict(np.ones((16, 9), bool)) == conv
    few = np.zeros((16, 9), bool)
    assert dense.restrict(few).links == 0
    few[0, :2] = few[1, 0] = True
    with pytest.raises(ValueError, match="output 1 has 1 links and another of its group 2"):
        dense.tie(4).restrict(few)
    with pytest.raises(ValueError, match="output 1 has 1 links and another of its group 2"):
        dense.restrict(few).tie(4)


def test_copies_keep_what_is_tied_within_them() -> None:
    """All weights one weight: moving them into windows leaves them one."""
    one = Connectivity.dense(5, 3).tie(weights=[0] * 15)
    assert one.restrict([[0, 1], [1, 2], [3, 4]]).weights == 1
    assert one.restrict([[0, -1], [-1, 2], [3, 4]]).weights == 1


def test_windows_cut_by_the_border_share_by_place() -> None:
    conv = Connectivity.conv(1, 2, 3, input_size=(4, 4), padding=1)
    local = Connectivity.local(1, 2, 3, input_size=(4, 4), padding=1)
    assert local.tie(16) == conv
    assert Connectivity.dense(16, 32).tie(16).restrict(local) == conv


@given(matrix=labels(), seed=st.integers(0, 9))
def test_turned(matrix: np.ndarray, seed: int) -> None:
    table = Connectivity.from_matrix_of_labels(matrix)
    theta = np.random.default_rng(seed).standard_normal(table.weights)
    turned = table.transpose()
    np.testing.assert_array_equal(host(turned.matrix(theta)), host(table.matrix(theta)).T)
    assert turned.transpose() == table


@given(first=labels(4, 4), data=st.data(), seed=st.integers(0, 9))
def test_products(first: np.ndarray, data: Any, seed: int) -> None:
    size = 4 * first.shape[0]
    flat = data.draw(st.lists(st.integers(-1, 3), min_size=size, max_size=size))
    a = Connectivity.from_matrix_of_labels(first)
    b = Connectivity.from_matrix_of_labels(np.array(flat, np.int64).reshape(4, first.shape[0]))
    rng = np.random.default_rng(seed)
    factors = [host(t.matrix(rng.standard_normal(t.weights))) for t in (b, a)]
    product, both = factors[0] @ factors[1], b.compose(a)
    np.testing.assert_allclose(host(both.matrix(both.project(product))), product, atol=1e-12)
    found = both.labels()
    assert np.array_equal(found >= 0, (b.labels() >= 0).astype(int) @ (a.labels() >= 0) > 0)
    values = [product[found == number] for number in range(both.weights)]
    assert all(np.ptp(group) <= 1e-12 for group in values)
    # Entries that share no weight are other polynomials, and differ for almost all weights.
    ends = sorted(group[0] for group in values)
    assert all(later - before > 1e-9 for before, later in itertools.pairwise(ends))


MISTAKES = {
    "columns": (lambda t: Connectivity([0], [0], [0, 1], (1, 1)), "1 outputs, 1 inputs and 2"),
    "outputs": (lambda t: Connectivity([5], [0], [0], (1, 1)), "outputs: found 0 to 5"),
    "numbers": (lambda t: Connectivity([0], [0], [-1], (1, 1)), "numbers: found -1"),
    "weights": (lambda t: Connectivity([0], [0], [4], (1, 1), weights=2), "found 0 to 4"),
    "shape": (lambda t: Connectivity([], [], [], (-1, 1)), r"\(-1, 1\) has a negative"),
    "labels": (lambda t: Connectivity.from_matrix_of_labels([1]), "expected 2 dimensions"),
    "divide": (lambda t: t.tie(3), "4 outputs cannot be cut into groups of 3"),
    "zero": (lambda t: t.tie(0), "groups of 0"),
    "neurons": (lambda t: t.tie([0, 1]), r"shape \(2,\) .* 4 outputs and 3 inputs"),
    "ragged": (lambda t: t.tie([[0], [1, 2]]), "different lengths"),
    "tie weights": (lambda t: t.tie(weights=[0]), r"expected shape \(12,\), got shape \(1,\)"),
    "mask": (lambda t: t.restrict(np.ones((2, 3), bool)), r"mask of shape \(2, 3\)"),
    "mask of numbers": (lambda t: t.restrict(np.ones((4, 3), int)), "one of booleans"),
    "input": (lambda t: t.restrict([[3]] * 4), "found 3 to 3; expected inputs from 0 to 2"),
    "rows": (lambda t: t.restrict([[0]]), "1 rows for 4 outputs"),
    "table": (lambda t: t.restrict(Connectivity.dense(2, 4)), r"shape \(4, 2\)"),
    "theta": (lambda t: t.matrix([1.0]), r"theta of shape \(1,\) has 1 entries; .* 12 weights"),
    "project": (lambda t: t.project([[1.0]]), r"matrix of shape \(1, 1\)"),
    "compose": (lambda t: t.compose(t), "4 outputs of the first .* has 3"),
    "mode": (lambda t: Connectivity.conv(1, 1, 2, 3, padding_mode="mirror"), "'mirror' is none of"),
    "fit": (lambda t: Connectivity.conv(1, 1, 4, 3), "does not fit"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_mistakes_are_named(case: str) -> None:
    call, words = MISTAKES[case]
    with pytest.raises(ValueError, match=words):
        call(Connectivity.dense(3, 4))


def test_things_of_another_kind_are_refused() -> None:
    table = Connectivity.dense(3, 4)
    for call in (
        lambda: table.tie(),
        lambda: table.tie(2, weights=[0] * 12),
        lambda: table.tie(2.0),
        lambda: table.restrict(None),
        lambda: table.compose(3),
        lambda: Connectivity.from_matrix_of_labels([[0.5]]),
        lambda: Connectivity.dense("3", 4),
    ):
        with pytest.raises(TypeError, match="Connectivity"):
            call()
