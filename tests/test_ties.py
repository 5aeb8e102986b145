"""Ties that nobody ships, each with the property it is made for, in float64."""

from typing import Any

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import nn
from minitorch_cnn.nn import Connectivity, StructuredDense


def host(values: Any) -> np.ndarray:
    return values.detach().numpy()


def layer_of(table: Connectivity, seed: int = 0) -> StructuredDense:
    rng = np.random.default_rng(seed)
    return StructuredDense(table, bias=False, dtype="float64", rng=rng)


def random(*shape: int, seed: int = 1) -> Any:
    return mt.tensor(np.random.default_rng(seed).standard_normal(shape))


def close(one: Any, other: Any) -> None:
    np.testing.assert_allclose(host(one), host(other), rtol=1e-12, atol=1e-12)


def train(layer: Any, steps: int = 3) -> None:
    """A few steps on noise, so that what holds for a layer holds for all its weights."""
    x = random(8, layer.table.shape[1], seed=5)
    optimiser = mt.optim.SGD(layer.parameters(), lr=0.1)
    for _ in range(steps):
        optimiser.zero_grad()
        (layer(x) ** 2).mean().backward()
        optimiser.step()


def test_circulant(backend: str) -> None:
    """Rolling the input rolls the output; the table is a convolution that wraps around."""
    place = np.arange(6)
    table = Connectivity.from_matrix_of_labels((place - place[:, None]) % 6)
    assert (table.links, table.weights) == (36, 6)
    layer = layer_of(table)
    train(layer)
    x = random(3, 6)
    close(layer(mt.roll(x, 2, axis=1)), mt.roll(layer(x), 2, axis=1))
    spectrum = np.fft.fft(host(x)) * np.conj(np.fft.fft(host(layer.weight)))
    np.testing.assert_allclose(host(layer(x)), np.fft.ifft(spectrum).real, atol=1e-12)
    wrapped = Connectivity.conv(1, 1, 3, input_size=(6,), padding=1, padding_mode="circular")
    assert table.restrict(wrapped.labels() >= 0) == wrapped
    place = np.arange(5)  # an odd number, so that a window can stand in the middle
    whole = Connectivity.conv(1, 1, 5, input_size=(5,), padding=2, padding_mode="circular")
    assert whole == Connectivity.from_matrix_of_labels((place - place[:, None]) % 5)


def test_symmetric_matrix_stays_symmetric(backend: str) -> None:
    n = 5
    low, high = np.minimum(*np.indices((n, n))), np.maximum(*np.indices((n, n)))
    table = Connectivity.from_matrix_of_labels(low * n + high)
    assert table.weights == n * (n + 1) // 2
    layer = layer_of(table)
    train(layer)
    matrix = table.matrix(layer.weight)
    np.testing.assert_array_equal(host(matrix), host(matrix.T))


def test_mirrored_kernels_commute_with_a_mirror(backend: str) -> None:
    conv = Connectivity.conv(2, 3, 3, input_size=(5, 4), padding=1)
    number = np.arange(3 * 2 * 3 * 3).reshape(3, 2, 3, 3)
    mirrored = np.minimum(number, number[..., ::-1])
    table = conv.tie(weights=mirrored.ravel())
    assert (conv.weights, table.weights) == (54, 36)

    def mirror_error(layer: StructuredDense) -> float:
        x = random(2, 2, 5, 4)
        straight = layer(mt.flip(x, axis=3).reshape((2, -1))).reshape((2, 3, 5, 4))
        turned = mt.flip(layer(x.reshape((2, -1))).reshape((2, 3, 5, 4)), axis=3)
        return float(np.abs(host(straight - turned)).max())

    layer = layer_of(table)
    train(layer)
    assert mirror_error(layer) <= 1e-12
    assert mirror_error(layer_of(conv)) >= 0.1


def rotation_labels(maps: int) -> np.ndarray:
    """A kernel for each of four turns, ``(maps * 4, 1, 3, 3)``: the same nine weights, turned."""
    kernel = np.arange(9).reshape(3, 3)
    turns = np.stack([np.rot90(kernel, turn) for turn in range(4)])
    return (turns[None] + 9 * np.arange(maps)[:, None, None, None]).reshape(-1)


def rotation_errors(table: Connectivity, maps: int) -> tuple[float, float]:
    """How far turning the picture is from turning the maps, and the pooled map, by 90 degrees."""
    layer, x = layer_of(table), random(2, 5, 5)

    def response(pictures: np.ndarray) -> np.ndarray:
        flat = mt.tensor(np.ascontiguousarray(pictures).reshape(2, 25))
        return host(layer(flat)).reshape(2, maps, 4, 3, 3)

    before = response(host(x))
    after = response(np.rot90(host(x), axes=(1, 2)))
    turned = np.roll(np.rot90(before, axes=(3, 4)), 1, axis=2)
    pooled, pooled_before = after.max(axis=(2, 3, 4)), before.max(axis=(2, 3, 4))
    return np.abs(after - turned).max(), np.abs(pooled - pooled_before).max()


def test_rotation_tied_kernels_are_equivariant(backend: str) -> None:
    """The first layer of Cohen and Welling's group-equivariant nets, for quarter turns."""
    maps = 2
    conv = Connectivity.conv(1, 4 * maps, 3, input_size=(5, 5))
    tied = conv.tie(weights=rotation_labels(maps))
    assert (conv.weights, tied.weights, conv.links) == (72, 18, tied.links)
    assert max(rotation_errors(tied, maps)) <= 1e-12
    assert min(rotation_errors(conv, maps)) >= 0.1


def test_gradient_of_turned_kernels_is_the_sum_of_those_turned_back(backend: str) -> None:
    conv = nn.Conv2d(1, 4, 3, bias=False, dtype="float64")
    layer = layer_of(conv.connectivity((1, 5, 5)).tie(weights=rotation_labels(1)))
    turns = np.stack([np.rot90(host(layer.weight).reshape(3, 3), turn) for turn in range(4)])
    conv.weight.assign_(mt.tensor(turns[:, None].copy()))
    x, upstream = random(2, 25), random(2, 36, seed=2)
    whole = conv(x.reshape((2, 1, 5, 5))).reshape((2, 36))
    close(layer(x), whole)
    (layer(x) * upstream).sum().backward()
    (whole * upstream).sum().backward()
    back = [np.rot90(kernel[0], -turn) for turn, kernel in enumerate(host(conv.weight.grad))]
    found = host(layer.weight.grad).reshape(3, 3)
    np.testing.assert_allclose(found, sum(back), atol=1e-12)


def test_rotation_tied_kernels_between_turned_maps(backend: str) -> None:
    """The second layer, from four turns to four turns: kernels turn, and their order rolls."""
    first = Connectivity.conv(1, 4, 3, input_size=(7, 7)).tie(weights=rotation_labels(1))
    kernel = np.arange(4 * 9).reshape(4, 3, 3)
    turns = [np.roll(np.rot90(kernel, turn, axes=(1, 2)), turn, axis=0) for turn in range(4)]
    second = Connectivity.conv(4, 4, 3, input_size=(5, 5)).tie(weights=np.stack(turns).ravel())
    assert (second.weights, second.links) == (36, 4 * 4 * 81)
    net = nn.Sequential(layer_of(first), nn.ReLU(), layer_of(second, seed=2))
    x = host(random(2, 7, 7))

    def response(pictures: np.ndarray) -> np.ndarray:
        flat = mt.tensor(np.ascontiguousarray(pictures).reshape(2, 49))
        return host(net(flat)).reshape(2, 4, 3, 3)

    turned = np.roll(np.rot90(response(x), axes=(2, 3)), 1, axis=1)
    np.testing.assert_allclose(response(np.rot90(x, axes=(1, 2))), turned, atol=1e-12)


def test_block_diagonal_is_a_grouped_layer(backend: str) -> None:
    labels = np.full((6, 4), -1)
    labels[:3, :2] = np.arange(6).reshape(3, 2)
    labels[3:, 2:] = np.arange(6, 12).reshape(3, 2)
    table = Connectivity.from_matrix_of_labels(labels)
    assert table == Connectivity.conv(4, 6, 1, input_size=(1,), groups=2)
    layer, conv = layer_of(table), nn.Conv1d(4, 6, 1, groups=2, bias=False, dtype="float64")
    conv.weight.assign_(layer.weight.detach().reshape((6, 2, 1)))
    x = random(3, 4)
    close(layer(x), conv(x.reshape((3, 4, 1))).reshape((3, 6)))


def test_windows_tied_by_distance(backend: str) -> None:
    """All places at one distance from the middle share: rings. Turns and mirrors change nothing."""
    rows, columns = np.indices((5, 5)) - 2
    rings = np.unique(rows**2 + columns**2, return_inverse=True)[1].ravel()
    table = Connectivity.conv(1, 1, 5, input_size=(7, 7)).tie(weights=rings)
    assert (table.weights, table.links) == (6, 9 * 25)
    layer = layer_of(table)
    train(layer)
    picture = host(random(7, 7))

    def response(of: np.ndarray) -> np.ndarray:
        return host(layer(mt.tensor(np.ascontiguousarray(of).reshape(1, 49)))).reshape(3, 3)

    for move in (np.rot90, np.flipud, np.fliplr, np.transpose):
        np.testing.assert_allclose(response(move(picture)), move(response(picture)), atol=1e-12)


def test_distance_on_a_line(backend: str) -> None:
    place = np.arange(5)
    table = Connectivity.from_matrix_of_labels(abs(place - place[:, None]))
    assert (table.links, table.weights) == (25, 5)
    assert table == table.transpose()


@pytest.mark.parametrize("groups", [2, 4])
def test_grouped_and_depthwise_convolutions_are_tables(backend: str, groups: int) -> None:
    whole = Connectivity.conv(4, 4, 3, input_size=(5, 5))
    grouped = Connectivity.conv(4, 4, 3, input_size=(5, 5), groups=groups)
    assert grouped.links * groups == whole.links
    assert whole.restrict(grouped.labels() >= 0) == grouped
    conv = nn.Conv2d(4, 4, 3, groups=groups, bias=False, dtype="float64")
    layer = layer_of(grouped)
    layer.weight.assign_(conv.weight.detach().reshape((-1,)))
    x = random(2, 4, 5, 5)
    close(layer(x.reshape((2, -1))), conv(x).reshape((2, -1)))


def test_transposed_convolution_is_the_table_turned(backend: str) -> None:
    conv = Connectivity.conv(2, 3, 3, input_size=(7, 7), stride=2, padding=1)
    turned = nn.ConvTranspose2d(3, 2, 3, 2, 1, bias=False, dtype="float64")
    assert turned.connectivity((3, 4, 4)) == conv.transpose()
    layer = layer_of(conv.transpose())
    layer.weight.assign_(turned.weight.detach().reshape((-1,)))
    x = random(2, 3, 4, 4)
    close(layer(x.reshape((2, -1))), turned(x).reshape((2, -1)))


def test_average_pooling_is_a_fixed_table(backend: str) -> None:
    pool = nn.AvgPool2d(2)
    table = pool.connectivity((3, 4, 6))
    assert (table.weights, table.links) == (1, 3 * 24)
    assert table == Connectivity.conv(3, 3, 2, (4, 6), 2, groups=3).tie(weights=[0] * 12)
    layer = layer_of(table)
    layer.weight.assign_([0.25])
    layer.weight.requires_grad_(False)
    x = random(2, 3, 4, 6)
    close(layer(x.reshape((2, -1))), pool(x).reshape((2, -1)))


def test_convolution_then_pooling_is_a_strided_convolution(backend: str) -> None:
    """Windows of 3 averaged over 2 x 2 are windows of 4 with stride 2, their weights tied."""
    conv = Connectivity.conv(1, 1, 3, input_size=(6, 6))
    pool = nn.AvgPool2d(2).connectivity((1, 4, 4))
    both = pool.compose(conv)
    strided = Connectivity.conv(1, 1, 4, input_size=(6, 6), stride=2)
    assert both == strided
    kernel, x = random(9), random(36)
    quarter = mt.tensor([0.25], dtype="float64")
    weights = both.project(pool.matrix(quarter) @ conv.matrix(kernel))
    close(both.matrix(weights) @ x, pool.matrix(quarter) @ (conv.matrix(kernel) @ x))


def test_two_small_windows_are_one_larger(backend: str) -> None:
    def conv(kernel: int, size: int, **options: Any) -> Connectivity:
        return Connectivity.conv(1, 1, kernel, input_size=(size, size), **options)

    assert conv(3, 5).compose(conv(3, 7)) == conv(5, 7)
    padded = conv(3, 7, padding=1).compose(conv(3, 7, padding=1))
    whole = conv(5, 7, padding=2)
    assert np.array_equal(padded.labels() >= 0, whole.labels() >= 0)
    # Paths that leave the picture and come back are missing, so the border has sums of its own.
    assert padded != whole
    assert padded.weights > whole.weights
    middle = slice(2 * 7 + 2, 2 * 7 + 5)
    inner = [set(row[row >= 0]) for row in padded.labels()[middle]]
    assert inner[0] == inner[1] == inner[2]


def test_depthwise_then_pointwise_is_a_product_of_two_tables(backend: str) -> None:
    depthwise = Connectivity.conv(3, 3, 3, input_size=(5, 5), groups=3)
    pointwise = Connectivity.conv(3, 4, 1, input_size=(3, 3))
    separable = pointwise.compose(depthwise)
    assert separable == Connectivity.conv(3, 4, 3, input_size=(5, 5))
    assert depthwise.weights + pointwise.weights == 39 < separable.weights == 108
