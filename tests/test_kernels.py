"""Backends by the test kit that others use for theirs, and kernels on ways taken for large arrays.

``minitorch_backends.testing`` has the cases and the checks. What it finds, and that it finds it, is
tested in ``test_backend_kit.py``.
"""

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_backends import portable
from minitorch_backends.numpy import conv as numpy_conv
from minitorch_backends.numpy import links as numpy_links
from minitorch_backends.numpy import local as numpy_local
from minitorch_backends.numpy import norm as numpy_norm
from minitorch_backends.numpy import pool as numpy_pool
from minitorch_backends.testing import BackendConformance, kernel_cases
from minitorch_cnn.backend import get_backend, kernel


class TestConformance(BackendConformance):
    @pytest.fixture(autouse=True)
    def _chosen(self, backend: str) -> None:
        self.backend = get_backend(backend)


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 4), (64, 3, 16, 16)])
def test_a_bias_may_be_added_in_place(shape: tuple[int, ...], backend: str) -> None:
    """... of an array in any order of memory, with the same result; without leave, it stays."""
    home = get_backend(backend)
    rng = np.random.default_rng(0)
    x, bias = rng.standard_normal(shape), rng.standard_normal(shape[1])
    for turned in (x, np.moveaxis(np.moveaxis(x, 1, -1).copy(), -1, 1)):
        given, offsets = home.asarray(turned, copy=True), home.asarray(bias, copy=True)
        add_bias = kernel("add_bias", given)
        beside = add_bias(given, offsets)
        np.testing.assert_array_equal(home.to_numpy(given), x)
        in_place = add_bias(given, offsets, in_place=True)
        np.testing.assert_array_equal(home.to_numpy(in_place), home.to_numpy(beside))


# --- ways taken for large arrays only ------------------------------------------------------------


def check_float64(name: str, kernel: Callable[..., Any]) -> None:
    """``kernel`` on the host is the portable one called ``name``."""
    for case in kernel_cases(name, dtype=np.float64):
        found = kernel(*case.inputs, **case.parameters)
        expected = portable.KERNELS[name](*case.inputs, **case.parameters)
        pairs = (
            zip(found, expected, strict=True)
            if isinstance(expected, tuple)
            else [(found, expected)]
        )
        for one, other in pairs:
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12, err_msg=str(case))


@pytest.mark.parametrize("size", [1, 256])
@pytest.mark.parametrize("run", [0, 1 << 30], ids=["channels_last", "channels_first"])
@pytest.mark.parametrize("name", ["conv", "conv_input", "conv_weight"])
def test_windows_cut_for_a_few_pictures(
    name: str, run: int, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The NumPy kernels cut windows in both orders, of no more pictures than their buffer holds."""
    monkeypatch.setattr(numpy_conv, "BUFFER_BYTES", size)
    monkeypatch.setattr(numpy_conv, "SHORTEST_RUN", run)
    check_float64(name, numpy_conv.KERNELS[name])


@pytest.mark.parametrize("folded", [False, True])
def test_both_ways_to_a_gradient_in_the_input(
    folded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Folded products, and where there are no strides a convolution, whatever the channels."""
    monkeypatch.setattr(numpy_conv, "folds", lambda w, groups: folded)
    check_float64("conv_input", numpy_conv.conv_input)


@pytest.mark.parametrize("name", ["max_pool_values", "max_pool", "max_pool_input"])
def test_pictures_pooled_a_few_at_a_time(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numpy_pool, "BLOCK_BYTES", 1)
    check_float64(name, numpy_pool.KERNELS[name])


@pytest.mark.parametrize("name", ["moments", "batch_norm", "batch_norm_backward"])
def test_pictures_normalised_a_few_at_a_time(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numpy_norm, "BLOCK_BYTES", 1)
    check_float64(name, numpy_norm.KERNELS[name])


@pytest.mark.parametrize(
    "name",
    [
        *("conv", "conv_input", "conv_weight"),
        *("max_pool_values", "max_pool", "max_pool_input"),
        *("moments", "batch_norm", "batch_norm_backward"),
    ],
)
def test_pictures_with_their_channels_last_in_memory(name: str) -> None:
    """The NumPy kernels take pictures as other kernels of theirs leave them."""

    def channels_last(value: Any) -> Any:
        if not isinstance(value, np.ndarray) or value.ndim < 3:
            return value
        return np.moveaxis(np.moveaxis(value, 1, -1).copy(), -1, 1)

    def kernel(*inputs: Any, **parameters: Any) -> Any:
        parameters = {key: channels_last(value) for key, value in parameters.items()}
        return get_backend("numpy").kernels[name](*map(channels_last, inputs), **parameters)

    check_float64(name, kernel)


@pytest.mark.parametrize("size", [1, 64])
@pytest.mark.parametrize("name", ["link_product", "link_weights"])
def test_links_gathered_piece_by_piece(
    name: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The NumPy kernels gather no more positions at a time than their buffer holds."""
    monkeypatch.setattr(numpy_links, "BUFFER_BYTES", size)
    check_float64(name, numpy_links.KERNELS[name])


@pytest.mark.parametrize("size", [1, 128])
@pytest.mark.parametrize("name", ["local", "local_input", "local_weight"])
def test_windows_cut_row_by_row(name: str, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The NumPy kernels hold no more rows of windows at a time than their buffer."""
    monkeypatch.setattr(numpy_local, "BUFFER_BYTES", size)
    check_float64(name, numpy_local.KERNELS[name])


def test_a_local_layer_holds_little_besides_its_weights() -> None:
    """Forward and backward within 1.5 times weights and unfolded input, the gradient included."""
    layer = mt.nn.LocallyConnected2d(32, 32, (32, 32), 3)
    x, upstream = mt.ones((16, 32, 32, 32)), mt.ones((16, 32, 30, 30))
    weights, unfolded = layer.weight.data.nbytes, 4 * 16 * 32 * 9 * 30 * 30
    tracemalloc.start()
    layer(x).backward(upstream)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert weights + peak < 1.5 * (weights + unfolded)
