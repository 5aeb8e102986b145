"""The linear product of a sparse table: against the dense matrix, its body, and differences."""

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minitorch_cnn as mt
from minitorch_cnn import testing
from minitorch_cnn.ops.links import LinkTable, blocks_of, linked_product
from op_samples_base import strided
from op_samples_drawn import link_tables
from references.case import Array

SMALL = settings(max_examples=30)


def drawn(table: LinkTable, batch: int = 3, dtype: Any = np.float64) -> tuple[Array, Array]:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((batch, table.shape[1])).astype(dtype)
    return x, rng.standard_normal(table.outputs.size).astype(dtype)


def matrix_of(table: LinkTable, values: Array) -> Array:
    """The dense matrix (n_outputs, n_inputs); parallel links add up."""
    matrix = np.zeros(table.shape)
    np.add.at(matrix, (table.outputs, table.inputs), values)
    return matrix


def convolution(size: int = 8, channels: int = 3) -> LinkTable:
    """Windows of three over a line of pixels, padded: several outputs look at each."""
    position, channel, place = np.meshgrid(
        np.arange(size), np.arange(channels), np.arange(3), indexing="ij"
    )
    inputs = position + place - 1
    inside = (inputs >= 0) & (inputs < size)
    outputs = channel * size + position
    return LinkTable(outputs[inside], inputs[inside], (channels * size, size))


# --- values and gradients ------------------------------------------------------------------------


@given(table=link_tables(), batch=st.integers(0, 3))
@SMALL
def test_product_and_gradients_of_the_dense_matrix(
    backend: str, table: LinkTable, batch: int
) -> None:
    x, values = drawn(table, batch)
    upstream = np.random.default_rng(1).standard_normal((batch, table.shape[0]))
    for mode in (mt.compositions, lambda: mt.enable_grad()):
        a, v = (mt.tensor(array, requires_grad=True) for array in (x, values))
        with mode():
            y = linked_product(a, v, table)
        y.backward(mt.tensor(upstream))
        matrix = matrix_of(table, values)
        expected = upstream.T @ x
        for found, wanted in (
            (y.detach(), x @ matrix.T),
            (a.grad, upstream @ matrix),
            (v.grad, expected[table.outputs, table.inputs]),
        ):
            np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-12, atol=1e-12)


@given(table=link_tables())
@SMALL
def test_body_and_kernels_are_the_same_to_third_order(backend: str, table: LinkTable) -> None:
    x, values = (mt.tensor(array, requires_grad=True) for array in drawn(table))

    def body(x: Any, values: Any) -> Any:
        with mt.compositions():
            return linked_product(x, values, table)

    testing.check_same(lambda x, v: linked_product(x, v, table), body, [x, values], order=3)


@given(table=link_tables())
@SMALL
def test_gradients_by_finite_differences(backend: str, table: LinkTable) -> None:
    x, values = (mt.tensor(array, requires_grad=True) for array in drawn(table))
    testing.check_grads(lambda x, v: linked_product(x, v, table), [x, values], order=2)


@given(table=link_tables())
@SMALL
def test_the_turned_table_is_the_adjoint_in_the_input(backend: str, table: LinkTable) -> None:
    values = mt.tensor(drawn(table)[1])
    turned = LinkTable(table.inputs, table.outputs, table.shape[::-1])
    testing.check_adjoint(
        lambda x: linked_product(x, values, table),
        lambda g: linked_product(g, values, turned),
        (2, table.shape[1]),
        (2, table.shape[0]),
    )


def test_float32_stays_float32_in_any_layout(backend: str) -> None:
    table = convolution()
    x, values = drawn(table, dtype=np.float32)
    a = mt.tensor(x, requires_grad=True)
    v = mt.tensor(values, requires_grad=True)
    y = linked_product(a, v, table)
    y.sum().backward()
    assert {t.dtype for t in (y, a.grad, v.grad)} == {mt.float32}
    if backend == "numpy":
        again = linked_product(strided(x), strided(values), table)
        np.testing.assert_array_equal(again.numpy(), y.detach().numpy())


def test_results_are_the_same_each_time() -> None:
    table = convolution()
    x, values = (mt.tensor(a, requires_grad=True) for a in drawn(table, dtype=np.float32))
    found = []
    for _ in range(2):
        y = linked_product(x, values, table)
        found.append([t.detach().numpy() for t in (y, *mt.grad((y * y).sum(), [x, values]))])
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


# --- blocks --------------------------------------------------------------------------------------


@given(table=link_tables(), turned=st.booleans())
def test_blocks_hold_every_output_and_every_link_once(table: LinkTable, turned: bool) -> None:
    blocks = table.blocks(np.empty(0), turned)
    ends = (table.inputs, table.outputs) if turned else (table.outputs, table.inputs)
    for outputs, inputs, links in blocks:
        assert links.shape == (*outputs.shape, inputs.shape[1])
        np.testing.assert_array_equal(
            ends[0][links], np.broadcast_to(outputs[:, :, None], links.shape)
        )
        np.testing.assert_array_equal(ends[1][links], np.broadcast_to(inputs[:, None], links.shape))
    for part, size in ((0, table.shape[turned]), (2, table.outputs.size)):
        numbers = np.concatenate([block[part].reshape(-1) for block in blocks])
        np.testing.assert_array_equal(np.sort(numbers), np.arange(size))


def test_outputs_with_the_same_window_share_it() -> None:
    shapes = [inputs.shape for _, inputs, _ in convolution().blocks(np.empty(0), False)]
    assert shapes == [(2, 2), (6, 3)]  # both edges, and the six positions inside


def test_blocks_are_made_once_for_each_backend(backend: str) -> None:
    table = convolution()
    x, values = (mt.tensor(a) for a in drawn(table))
    linked_product(x, values, table)
    first = table.blocks(x.data, False)
    linked_product(x, values, table)
    assert table.blocks(x.data, False) is first
    assert type(first[0][0]) is type(x.data)


@pytest.mark.parametrize("shape", [(3, 2), (0, 2), (3, 0), (0, 0)])
def test_a_table_without_links(shape: tuple[int, int], backend: str) -> None:
    table = LinkTable(np.empty(0), np.empty(0), shape)
    x, values = mt.ones((4, shape[1]), requires_grad=True), mt.ones(0, requires_grad=True)
    y = linked_product(x, values, table)
    np.testing.assert_array_equal(y.detach().numpy(), np.zeros((4, shape[0]), np.float32))
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), np.zeros(x.shape, np.float32))
    assert values.grad.shape == (0,)


def test_memory_does_not_grow_with_links_times_pictures() -> None:
    rng = np.random.default_rng(0)
    links, size, batch = 40_000, 400, 64
    table = LinkTable(*rng.integers(0, size, (2, links)), (size, size))
    x, values = (mt.tensor(a, requires_grad=True) for a in drawn(table, batch, np.float32))
    y = linked_product(x, values, table)
    y.backward(mt.ones_like(y))  # blocks are made
    tracemalloc.start()
    y = linked_product(x, values, table)
    y.backward(mt.ones_like(y))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < links * batch * 4 / 2


# --- mistakes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outputs", "inputs", "message"),
    [
        ([0, 2], [0, 1], r"outputs from 0 to 2; expected 0 to 1"),
        ([0, 1], [-1, 1], r"inputs from -1 to 1; expected 0 to 2"),
        ([0, 1], [1], r"shape \(2,\).*shape \(1,\)"),
    ],
)
def test_links_that_end_nowhere(outputs: list[int], inputs: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LinkTable(np.array(outputs), np.array(inputs), (2, 3))


@pytest.mark.parametrize(("x", "values"), [((2, 7), (22,)), ((2, 8), (5,)), ((8,), (22,))])
def test_shapes_that_do_not_fit_the_table(x: Any, values: Any) -> None:
    table = LinkTable(np.arange(22) % 8, np.arange(22) % 8, (8, 8))
    with pytest.raises(ValueError, match=r"linked_product.*expected \(N, 8\) and \(22,\)"):
        linked_product(mt.ones(x), mt.ones(values), table)


def test_a_table_shows_its_size() -> None:
    assert repr(convolution()) == "LinkTable(links=66, shape=(24, 8))"
    assert len(blocks_of(np.arange(3), np.zeros(3, np.int64), 3)) == 1
