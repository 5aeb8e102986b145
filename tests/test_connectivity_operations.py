"""``nn.Connectivity``: tables made of tables, against union-find and exact products."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from minitorch_cnn.nn import Connectivity
from slow_tables import ends_of_tied, links_of, require_same, tied
from test_connectivity import made, tables, window_settings


def numbers(data: Any, length: int, most: int, least: int = 0) -> list[int]:
    return [data.draw(st.integers(least, most)) for _ in range(length)]


# --- tie ----------------------------------------------------------------------------------------


@given(table=tables(), data=st.data())
def test_tie_weights(table: Connectivity, data: Any) -> None:
    labels = numbers(data, table.weights, 3, -2)
    found = table.tie(weights=labels)
    known = sorted(set(labels))
    expected = [(o, i, known.index(labels[number])) for o, i, number in links_of(table)]
    assert links_of(found) == expected
    assert found.weights == len(known)


@given(table=tables(single=True), data=st.data())
def test_tie_by_a_matrix_of_labels(table: Connectivity, data: Any) -> None:
    """Negative labels say nothing: what ``labels()`` of another table has where no link is."""
    matrix = np.array(numbers(data, table.shape[0] * table.shape[1], 3, -2), int)
    matrix = matrix.reshape(table.shape)
    links = links_of(table)
    labels = [
        ("alone", place) if matrix[o, i] < 0 else ("label", int(matrix[o, i]))
        for place, (o, i, _) in enumerate(links)
    ]
    require_same(table.tie(matrix), tied(links, labels))


@given(table=tables(single=True), data=st.data())
def test_tie_outputs_place_by_place(table: Connectivity, data: Any) -> None:
    labels = numbers(data, table.shape[0], 2)
    rank = [sum(o == output for o in table.outputs[:n]) for n, output in enumerate(table.outputs)]
    counts = np.bincount(table.outputs, minlength=table.shape[0])
    fits = all(len({int(n) for n in counts[np.array(labels) == g]}) < 2 for g in set(labels))
    if not fits:
        with pytest.raises(ValueError, match="nothing says which of them share"):
            table.tie(labels)
        return
    links = links_of(table)
    pairs = [(labels[o], place) for (o, _, _), place in zip(links, rank, strict=True)]
    require_same(table.tie(labels), tied(links, pairs))


@given(found=window_settings(), data=st.data())
def test_tie_windows_place_by_place(found: dict[str, Any], data: Any) -> None:
    """At the border windows have fewer links; their places say which belong together."""
    table = made("local", found)
    labels = numbers(data, table.shape[0], 3)
    names = [(labels[o], int(p)) for o, p in zip(table.outputs, table.places, strict=True)]
    require_same(table.tie(labels), tied(links_of(table), names))
    positions = table.shape[0] // found["channels"][1]
    assert table.tie(positions) == made("conv", found)


@given(size=st.integers(0, 4), groups=st.integers(1, 3), n_in=st.integers(0, 4))
def test_tie_consecutive_outputs(size: int, groups: int, n_in: int) -> None:
    size = max(size, 1)
    dense = Connectivity.dense(n_in, size * groups)
    table = dense.tie(size)
    assert table == dense.tie(np.arange(size * groups) // size)
    assert table.weights == groups * n_in
    assert table.tie(1) == table


def test_long_chains_of_ties_are_not_walked_one_by_one() -> None:
    """Each of many weights is tied to the next, the least one at the far end.

    Walked one by one this would run into the time limit of a test.
    """
    size = 200_000
    names = np.concatenate([[0], np.arange(size - 1, 0, -1)])
    outputs, inputs = np.repeat(np.arange(size), 2), np.tile([0, 1], size)
    chain = Connectivity(outputs, inputs, np.repeat(names, 2), (size, 2))
    labels = np.stack([np.arange(size), np.arange(1, size + 1)], axis=1)
    assert chain.tie(labels).weights == 1
    labels[size // 2, 0] = size + 1
    assert chain.tie(labels).weights == 2


# --- restrict -----------------------------------------------------------------------------------


@given(table=tables(single=True), data=st.data())
def test_restrict_by_a_mask_keeps_weights(table: Connectivity, data: Any) -> None:
    mask = np.array(numbers(data, table.shape[0] * table.shape[1], 1), bool).reshape(table.shape)
    rows = [tuple(link[1:] for link in links_of(table) if link[0] == o) for o in range(len(mask))]
    assume(len(set(rows)) == len(rows))  # no copies
    require_same(table.restrict(mask), [link for link in links_of(table) if mask[link[:2]]])


@st.composite
def listed_windows(draw: Any) -> tuple[np.ndarray, int]:
    """For each output, which inputs it sees at which place; and the number of inputs."""
    n_out, n_in, places = (draw(st.integers(low, 4)) for low in (0, 1, 0))
    rows = []
    for _ in range(n_out):
        row = [draw(st.integers(-1, n_in - 1)) for _ in range(places)]
        rows.append([-1 if seen in row[:place] else seen for place, seen in enumerate(row)])
    return np.array(rows, int).reshape(n_out, places), n_in


@given(windows=listed_windows(), data=st.data())
@settings(max_examples=300)
def test_tying_and_restricting_commute(windows: Any, data: Any) -> None:
    seen, n_in = windows
    dense = Connectivity.dense(n_in, len(seen))
    groups, more = numbers(data, len(seen), 2), numbers(data, len(seen), 1)
    links = [(o, int(i), (groups[o], place)) for (o, place), i in np.ndenumerate(seen) if i >= 0]
    require_same(dense.restrict(seen).tie(groups), links)
    require_same(dense.tie(groups).restrict(seen), links)
    end = ends_of_tied((("group", a), ("more", b)) for a, b in zip(groups, more, strict=True))
    both = [(o, i, (end(("group", groups[o])), place)) for o, i, (_, place) in links]
    require_same(dense.tie(groups).tie(more).restrict(seen), both)


@given(found=window_settings())
def test_tied_and_restricted_is_a_convolution(found: dict[str, Any]) -> None:
    """The claim of the derivation, on pictures with any padding."""
    local = made("local", found)
    n_outputs, n_inputs = local.shape
    dense, positions = Connectivity.dense(n_inputs, n_outputs), n_outputs // found["channels"][1]
    assert dense.restrict(local) == local
    assert dense.restrict(local).tie(positions) == made("conv", found)
    assert dense.tie(positions).restrict(local) == made("conv", found)


def test_restrict_keeps_ties_within_a_row() -> None:
    """Copies whose weights are all one go on having one, at the border as well."""
    windows = [[-1, 0, 1], [0, 1, 2], [1, 2, -1]]
    dense = Connectivity.dense(3, 3)
    assert dense.tie(weights=[0] * 9).restrict(windows).weights == 1
    assert dense.tie(3).restrict(windows) == Connectivity.conv(1, 1, 3, (3,), padding=1)
    # No copy sees all places here.
    assert Connectivity.dense(2, 2).tie(weights=[0] * 4).restrict([[-1, 0], [1, -1]]).weights == 1
    mirrored = dense.tie(3).tie(weights=[0, 1, 0]).restrict(windows)
    assert mirrored == Connectivity.conv(1, 1, 3, (3,), padding=1).tie(weights=[0, 1, 0])


def test_more_places_than_inputs() -> None:
    """A window that is larger than the picture: a place that no copy had a weight for gets one."""
    table = Connectivity.dense(2, 2).tie(2).restrict([[-1, 0, 1], [0, 1, -1]])
    assert table.labels().tolist() == [[0, 1], [2, 0]]


def test_restrict_by_a_table_without_places_counts_them() -> None:
    windows = Connectivity.from_matrix_of_labels([[0, 0, -1], [-1, 0, 0]])
    found = Connectivity.dense(3, 2).tie(2).restrict(windows)
    assert found == Connectivity.conv(1, 1, 2, (3,))


# --- untie, transpose ---------------------------------------------------------------------------


@given(table=tables())
def test_untie(table: Connectivity) -> None:
    found = table.untie()
    assert links_of(found) == [(o, i, n) for n, (o, i, _) in enumerate(links_of(table))]
    assert found.weights == found.links
    assert found.untie() == found


@given(table=tables())
def test_transpose(table: Connectivity) -> None:
    turned = table.transpose()
    assert sorted(links_of(turned)) == sorted((i, o, n) for o, i, n in links_of(table))
    assert (turned.shape, turned.weights) == (table.shape[::-1], table.weights)
    assert turned.transpose() == table


# --- compose ------------------------------------------------------------------------------------


def exact_matrix(table: Connectivity, rng: np.random.Generator) -> np.ndarray:
    """With large random integers for weights: different polynomials differ almost surely."""
    theta = [int(n) for n in rng.integers(1, 2**60, table.weights)]
    matrix = np.zeros(table.shape, object)
    for output, seen, number in links_of(table):
        matrix[output, seen] += theta[number]
    return matrix


@given(first=tables(), data=st.data(), seed=st.integers(0, 99))
@settings(max_examples=150)
def test_compose_is_the_product(first: Connectivity, data: Any, seed: int) -> None:
    n_out, links = data.draw(st.integers(0, 4)), data.draw(st.integers(0, 8))
    links = links if n_out and first.shape[0] else 0
    ends = (n_out - 1, first.shape[0] - 1, 3)
    second = Connectivity(*(numbers(data, links, end) for end in ends), (n_out, first.shape[0]))
    rng = np.random.default_rng(seed)
    product = exact_matrix(second, rng).dot(exact_matrix(first, rng))
    product = product.reshape(n_out, first.shape[1])
    entries = [(o, i, product[o, i]) for o, i in np.ndindex(product.shape) if product[o, i]]
    found = second.compose(first)
    require_same(found, entries)
    assert found.weights == len({value for _, _, value in entries})


@given(first=tables(single=True, most=4), seed=st.integers(0, 99))
def test_weights_of_a_product_are_its_projection(
    backend: str, first: Connectivity, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    second = Connectivity.dense(first.shape[0], 3).tie(3)
    one = first.matrix(rng.standard_normal(first.weights))
    other = second.matrix(rng.standard_normal(second.weights))
    product, table = other @ one, second.compose(first)
    found = table.matrix(table.project(product))
    np.testing.assert_allclose(found.numpy(), product.numpy(), atol=1e-13)


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
