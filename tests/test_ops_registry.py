"""Nothing is left out: every public operation has samples, every primitive is run by one."""

from collections import Counter
from typing import Any

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn.primitive import PRIMITIVES
from op_samples import SAMPLES
from op_samples_base import strided
from public_operations import ARRAY_FUNCTIONS, METHODS, OWN_METHODS, PUBLIC, is_operation
from test_ops import results


def test_every_public_operation_has_samples() -> None:
    assert PUBLIC - {sample.op for sample in SAMPLES} == set()


def test_samples_are_of_public_operations() -> None:
    assert {sample.op for sample in SAMPLES} - PUBLIC == set()


def test_the_lists_these_tests_go_by_are_not_empty() -> None:
    assert len(ARRAY_FUNCTIONS) > 110
    assert len(PUBLIC) > 200
    assert all(hasattr(mt.Tensor, name) for name in OWN_METHODS)


def test_methods_are_the_functions_of_the_same_name() -> None:
    for name, method in METHODS.items():
        if is_operation(method):
            assert method in ARRAY_FUNCTIONS.values(), name
            assert ARRAY_FUNCTIONS.get(name, method) is method, name


def test_names_of_samples_are_unique() -> None:
    assert [name for name, n in Counter(s.name for s in SAMPLES).items() if n > 1] == []


INTERNAL = {"link_product", "link_weights"}
"""Behind no public operation; tests/test_links.py checks them."""


def test_every_primitive_is_run_by_a_sample() -> None:
    """Forward, and for adjoints and kernels of gradients in first or second order."""
    met: set[str] = set()
    with pytest.MonkeyPatch.context() as patch:
        for name, primitive in PRIMITIVES.items():
            for way in ("compute", "unrecorded"):
                patch.setattr(primitive, way, recording(name, getattr(primitive, way), met))
        for sample in SAMPLES:
            tensors = sample.tensors(mt.float32)
            outputs = [y for y in results(sample.call(*tensors)) if y.requires_grad]
            inputs = [x for x in tensors if isinstance(x, mt.Tensor) and x.requires_grad]
            for _ in range(sample.order):
                if outputs:
                    ones = [mt.ones_like(y, requires_grad=True) for y in outputs]
                    found = mt.grad(outputs, inputs, ones, create_graph=True, allow_unused=True)
                    inputs = [*inputs, *ones]
                    outputs = [g for g in found if g is not None and g.requires_grad]
    assert set(PRIMITIVES) - met - INTERNAL == set()


def recording(name: str, compute: Any, met: set[str]) -> Any:
    def recorded(*args: Any, **params: Any) -> Any:
        met.add(name)
        return compute(*args, **params)

    return recorded


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 1, 4)])
def test_strided_tensors_are_strided(shape: tuple[int, ...]) -> None:
    array = np.arange(np.prod(shape, dtype=int), dtype=np.float64).reshape(shape)
    x = strided(array)
    np.testing.assert_array_equal(x.numpy(), array)
    if array.size > 1:
        assert not x.data.flags.c_contiguous
        assert not x.data.flags.f_contiguous or array.ndim < 2
        assert min(x.data.strides) < 0
