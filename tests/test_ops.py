"""Every public operation on every backend: value, gradient, dtype, layout, repeated arguments."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import testing
from op_samples import SAMPLES
from op_samples_base import Sample, is_floating, strided
from references.case import generator

EVERY = [pytest.param(sample, id=sample.name) for sample in SAMPLES]
DIFFERENTIABLE = [case for case in EVERY if case.values[0].differentiable]
PAIRED = [
    case
    for case in DIFFERENTIABLE
    if len({a.shape for a in case.values[0].host_arguments if is_floating(a)}) == 1
    and sum(map(is_floating, case.values[0].host_arguments)) == 2
]


def results(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (tuple, list)) else [value]


def host(tensors: Sequence[Any]) -> list[np.ndarray]:
    return [t.detach().numpy() for t in tensors]


def assert_close(found: Sequence[Any], expected: Sequence[Any], tolerance: float) -> None:
    """Equal shapes, and entries equal relative to themselves and to the largest."""
    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        assert np.shape(a) == np.shape(b)
        scale = np.max(np.abs(b), initial=1.0, where=np.isfinite(b))
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * scale)


def value_and_gradients(
    sample: Sample, dtype: Any = mt.float64, layout: Any = mt.tensor, cast: Any = None
) -> list[np.ndarray]:
    """Results and, for random upstream gradients, gradients in all arguments that have one."""
    tensors = sample.tensors(dtype, layout)
    outputs = results(sample.call(*tensors))
    recorded = [y for y in outputs if y.requires_grad]
    rng = generator(sample.name)
    upstream = [layout(np.asarray(rng.standard_normal(y.shape)).astype(y.dtype)) for y in recorded]
    inputs = [x for x in tensors if isinstance(x, mt.Tensor) and x.requires_grad]
    gradients = mt.grad(recorded, inputs, upstream, allow_unused=True)
    return host(outputs) + host([g for g in gradients if g is not None])


@pytest.mark.parametrize("dtype", [mt.float64, mt.float32], ids=str)
@pytest.mark.parametrize("sample", EVERY)
def test_value(sample: Sample, dtype: Any, backend: str) -> None:
    found = results(sample.call(*sample.tensors(dtype)))
    arguments = sample.cast(dtype)
    # The reference computes in float64, on the arguments rounded to dtype.
    expected = results(
        sample.reference(*(a.astype(np.float64) if is_floating(a) else a for a in arguments))
    )
    floating = dtype if any(map(is_floating, arguments)) else mt.float32
    assert_close(host(found), expected, 1e-12 if floating == mt.float64 else 2e-6)
    for y, reference in zip(found, map(np.asarray, expected), strict=True):
        assert y.backend == backend
        assert y.dtype == {"f": floating, "i": mt.int64, "b": mt.bool_}[reference.dtype.kind]


@pytest.mark.parametrize("sample", DIFFERENTIABLE)
def test_gradients(sample: Sample, backend: str) -> None:
    testing.check_grads(sample.call, sample.tensors(), sample.order)


@pytest.mark.parametrize("sample", DIFFERENTIABLE)
def test_float32_stays_float32(sample: Sample, backend: str) -> None:
    found = value_and_gradients(sample, mt.float32)
    assert {a.dtype for a in found if a.dtype.kind == "f"} == {mt.float32}
    assert_close(found, value_and_gradients(sample), 1e-4)


@pytest.mark.parametrize("sample", DIFFERENTIABLE)
def test_layout_does_not_matter(sample: Sample, backend: str) -> None:
    assert_close(value_and_gradients(sample, layout=strided), value_and_gradients(sample), 1e-12)


@pytest.mark.parametrize("sample", PAIRED)
def test_same_tensor_twice(sample: Sample, backend: str) -> None:
    """``f(x, x)`` has the gradients of ``f(x, y)`` in both, added up."""
    first, second = (i for i, a in enumerate(sample.host_arguments) if is_floating(a))

    def call(x: Any, y: Any) -> Any:
        arguments = sample.tensors()
        arguments[first], arguments[second] = x, y
        return sample.call(*arguments)

    x = sample.tensors()[first]
    testing.check_same(lambda x: call(x, x), lambda x: call(x, x * 1.0), x)
