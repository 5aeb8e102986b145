"""Readable bodies and the kernels that stand in for them: equal to second order."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minitorch_cnn as mt
from minitorch_backends.testing.draw import positions
from minitorch_cnn import testing
from minitorch_cnn.graph import Leaf
from minitorch_cnn.nn import functional as F
from minitorch_cnn.ops.conv import convolve, locally_connected, locally_connected_transpose
from op_samples import SAMPLES
from op_samples_base import Sample
from op_samples_drawn import geometries
from test_ops import results

# Every function that a kernel stands in for.
WITH_KERNELS = [
    *("conv1d", "conv2d", "conv3d"),
    *("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"),
    *("locally_connected1d", "locally_connected2d", "locally_connected3d"),
    *("max_pool1d", "max_pool2d", "max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d"),
    *("adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d"),
    *("lp_pool1d", "lp_pool2d", "lp_pool3d"),
    *("batch_norm", "group_norm", "instance_norm", "layer_norm", "local_response_norm"),
    *("softmax", "log_softmax", "cross_entropy", "linear"),
]
KERNEL_SAMPLES = [
    pytest.param(sample, id=sample.name)
    for sample in SAMPLES
    if sample.op.removeprefix("nn.functional.") in WITH_KERNELS
]


def composed(function: Any) -> Any:
    """The same function, run through the bodies."""

    def call(*args: Any) -> Any:
        with mt.compositions():
            return function(*args)

    return call


def primitives_of(y: Any) -> set[str]:
    """Names of the primitives that a tensor was computed with."""
    found, waiting = set(), [y._node]
    while waiting:
        node = waiting.pop()
        if node is not None and not isinstance(node, Leaf):
            found.add(node.primitive.name)
            waiting += node.parents
    return found


@pytest.mark.parametrize("sample", KERNEL_SAMPLES)
def test_body_and_kernel_are_the_same(sample: Sample, backend: str) -> None:
    testing.check_same(sample.call, composed(sample.call), sample.tensors(), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("sample", KERNEL_SAMPLES)
def test_no_kernel_runs_in_compositions(sample: Sample) -> None:
    kernels = {
        *("local", "local_input", "conv", "conv_input", "max_pool", "pick", "sum_pool"),
        *("batch_norm", "softmax", "log_softmax", "softmax_cross_entropy"),
        *("mean_cross_entropy", "add_bias", "linear"),
    }
    tensors = sample.tensors()
    usual, body = (
        set().union(*map(primitives_of, results(call(*tensors))))
        for call in (sample.call, composed(sample.call))
    )
    assert body & kernels == set()
    assert usual & kernels or "running" in sample.case  # by running statistics there is no kernel


@given(drawn=geometries(), groups=st.integers(1, 2), seed=st.integers(0, 1000))
@settings(max_examples=25)
def test_convolution_of_any_geometry(backend: str, drawn: Any, groups: int, seed: int) -> None:
    window, sizes = drawn
    rng = np.random.default_rng(seed)
    kernel = window.pop("kernel")
    x = mt.tensor(rng.standard_normal((2, 2 * groups, *sizes)), requires_grad=True)
    w = mt.tensor(rng.standard_normal((groups, 2, *kernel)), requires_grad=True)

    def convolution(x: Any, w: Any) -> Any:
        return convolve(x, w, groups=groups, **window)

    testing.check_same(convolution, composed(convolution), [x, w])


@given(drawn=geometries(), groups=st.integers(1, 2), seed=st.integers(0, 1000))
@settings(max_examples=25)
def test_local_links_of_any_geometry_and_the_same_turned(
    backend: str, drawn: Any, groups: int, seed: int
) -> None:
    window, sizes = drawn
    rng = np.random.default_rng(seed)
    out, kernel = positions(window, sizes), window.pop("kernel")
    window["groups"] = groups
    shape = (2, 2 * groups, *sizes)
    x, w, u = (
        mt.tensor(rng.standard_normal(sizes), requires_grad=True)
        for sizes in (shape, (*out, 3 * groups, 2, *kernel), (2, 3 * groups, *out))
    )

    def forth(x: Any, w: Any) -> Any:
        return locally_connected(x, w, **window)

    def back(u: Any, w: Any) -> Any:
        return locally_connected_transpose(u, w, shape=shape, **window)

    testing.check_same(forth, composed(forth), [x, w], order=3)
    testing.check_same(back, composed(back), [u, w], order=3)


@pytest.mark.parametrize(
    "options", [{}, {"stride": 2, "padding": 1}, {"dilation": 2, "groups": 2}], ids=str
)
def test_convolution_is_locally_connected_with_one_weight(options: Any, backend: str) -> None:
    """... and the gradient of the one weight is the sum of those at all positions."""
    rng = np.random.default_rng(0)
    groups = options.get("groups", 1)
    x = mt.tensor(rng.standard_normal((2, 2, 5, 4)))
    w = mt.tensor(rng.standard_normal((4, 2 // groups, 2, 2)), requires_grad=True)
    y = F.conv2d(x, w, **options)
    copies = np.broadcast_to(w.detach().numpy(), (*y.shape[2:], *w.shape))
    free = mt.tensor(copies, requires_grad=True)
    z = F.locally_connected2d(x, free, **options)
    np.testing.assert_allclose(z.detach().numpy(), y.detach().numpy(), rtol=1e-12, atol=1e-13)
    upstream = mt.tensor(rng.standard_normal(y.shape))
    y.backward(upstream)
    z.backward(upstream)
    summed = free.grad.numpy().sum(axis=(0, 1))
    np.testing.assert_allclose(w.grad.numpy(), summed, rtol=1e-12, atol=1e-12)
    assert not np.allclose(free.grad.numpy(), w.grad.numpy())


def test_float32_stays_float32_in_compositions(backend: str) -> None:
    x = mt.ones((2, 2, 4, 4), requires_grad=True)
    w = mt.ones((2, 2, 3, 3), requires_grad=True)
    with mt.compositions():
        y = F.batch_norm(F.max_pool2d(F.conv2d(x, w, padding=1), 2), None, None, training=True)
        loss = F.cross_entropy(mt.flatten(y, 1), mt.tensor([0, 1]))
    loss.backward()
    assert {t.dtype for t in (y, loss, x.grad, w.grad)} == {mt.float32}


def test_the_mode_ends_with_its_block() -> None:
    x = mt.ones((1, 1, 3, 3), requires_grad=True)
    w = mt.ones((1, 1, 2, 2))
    with mt.compositions():
        with mt.compositions():
            pass
        assert "conv" not in primitives_of(F.conv2d(x, w))
    assert "conv" in primitives_of(F.conv2d(x, w))


def test_the_mode_decorates_functions() -> None:
    x = mt.ones((1, 1, 3, 3), requires_grad=True)
    w = mt.ones((1, 1, 2, 2))
    for decorate in (mt.compositions, mt.compositions()):
        assert "conv" not in primitives_of(decorate(F.conv2d)(x, w))
