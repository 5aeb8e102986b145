"""What hands that know PyTorch and NumPy type: it works, or the answer says what to type here."""

from typing import Any

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import nn
from minitorch_cnn.nn import functional as F


def test_a_parameter_is_not_lost_by_an_in_place_operator() -> None:
    layer = nn.Linear(2, 1)
    for parameter in layer.parameters():
        with pytest.raises(TypeError, match=r"Write p\.assign_\(p - step\)"):
            parameter -= 0.1
    x = mt.ones(2)
    x += 1
    assert x.tolist() == [2.0, 2.0]


PLACES = np.array([2, 0, 1])
NUMBERS = np.array([3.0, 1.0, 2.0])
BUFFERS: list[tuple[Any, np.ndarray[Any, Any]]] = [
    (lambda w, b: w * b, NUMBERS),
    (lambda w, b: b / w, NUMBERS),
    (lambda w, b: mt.maximum(w, b), NUMBERS),
    (lambda w, b: mt.where(b, w, 2 * w), np.array([True, False, True])),
    (lambda w, b: F.linear(b, w), NUMBERS),
    (lambda w, b: F.conv1d(b, w[:, None]), np.arange(5.0)[None]),
    (lambda w, b: F.embedding(b, w), PLACES),
    (lambda w, b: F.cross_entropy(w, b), PLACES),
    (lambda w, b: w[b], PLACES),
    (lambda w, b: w[:, b], PLACES),
    (lambda w, b: w[b], np.array([False, True, True])),
    (lambda w, b: mt.take(w, b, axis=1), PLACES),
    (lambda w, b: mt.take_along_axis(w, b[:, None], axis=1), PLACES),
]


@pytest.mark.parametrize(("use", "array"), BUFFERS)
def test_an_array_that_a_graph_keeps_may_be_written_to(use: Any, array: Any) -> None:
    """Also a list of places or a mask; the gradient is that of what was there before."""

    def gradient(write: bool) -> Any:
        w = mt.arange(1.0, 10.0, dtype=mt.float64).reshape(3, 3).requires_grad_()
        buffer = array.copy()
        out = use(w, buffer)
        if write:
            buffer[...] = buffer.flat[0]
        (out * out).sum().backward()
        assert w.grad is not None
        return w.grad.tolist()

    assert gradient(write=True) == gradient(write=False)


@pytest.mark.parametrize("kind", [nn.ModuleList, lambda layers: nn.ModuleDict({"a": layers[0]})])
def test_errors_find_their_layer_through_lists_and_dicts(kind: Any) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            self.blocks = kind([nn.Sequential(nn.ReLU(), nn.Linear(2, 2))])
            nn.init.constant_(next(self.parameters()), 2.0)

        def forward(self, x: Any) -> Any:
            return next(self.blocks.children())(x)

    with pytest.raises(ValueError, match=r"layer 'blocks\.[0a]\.1'"):
        Net()(mt.ones((1, 3)))
    with (
        np.errstate(over="ignore"),
        mt.detect_anomaly(),
        pytest.raises(mt.AnomalyError, match=r"layer 'blocks\.[0a]\.1'"),
    ):
        Net()(mt.full((1, 2), 3e38) * mt.ones(2))


def test_a_nan_keeps_its_gradient_through_relu() -> None:
    x = mt.tensor([float("nan"), -1.0, 2.0], requires_grad=True)
    mt.relu(x).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [1.0, 0.0, 1.0]


def test_where_things_go() -> None:
    x = mt.ones(2)
    assert x.to(x.device) is x
    assert x.to("cpu", mt.float64).dtype == mt.float64
    assert x.to(dtype="float64").dtype == x.to(mt.ones(1, dtype=mt.float64)).dtype == mt.float64
    assert x.to(device="cpu") is mt.asarray(x)
    assert mt.tensor([1.0], device=x.device).backend == "numpy"
    assert nn.Linear(2, 1).to("cpu").to(dtype=mt.float64).weight.dtype == mt.float64
    with pytest.raises(ValueError, match=r"'cuda:0' is no backend; .* 'cupy'"):
        x.to("cuda:0")
    with pytest.raises(TypeError, match="nothing"):
        x.to()


def test_differing_names_are_returned() -> None:
    state = nn.Linear(2, 1).state_dict()
    del state["bias"]
    missing, unexpected = nn.Linear(2, 1).load_state_dict({**state, "more": 1}, strict=False)
    assert (missing, unexpected) == (["bias"], ["more"])
    assert list(nn.Linear(2, 1).state_dict(prefix="a.")) == ["a.weight", "a.bias"]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: mt.ones(1).numel(), r"use x\.size"),
        (lambda: mt.ones(1).cuda(), r'use x\.to\("cupy"\)'),
        (lambda: mt.ones(1).masked_fill, r"use mt\.where"),
        (lambda: mt.ones(1).add_(1), "tensors are values"),
    ],
)
def test_methods_of_other_libraries_are_answered(call: Any, words: str) -> None:
    with pytest.raises(AttributeError, match=words):
        call()


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: F.mse_loss(mt.ones(1), None), TypeError, "mse_loss: expected a Tensor, got None"),
        (lambda: F.dropout(mt.ones(1), "a"), TypeError, "dropout: probability p='a'"),
        (lambda: nn.utils.clip_grad_norm_(nn.ReLU(), 1.0), TypeError, r"model\.parameters\(\)"),
        (lambda: nn.utils.clip_grad_norm_([], -1.0), ValueError, "max_norm"),
        (lambda: mt.testing.check_grads(mt.exp, 1.0), TypeError, "the arguments are a float"),
        (lambda: mt.ones(1).round(decimals=1), TypeError, r"round\(\) got an unexpected"),
        (lambda: mt.tensor([300], dtype="uint8"), ValueError, "does not fit"),
        (lambda: mt.grad(mt.ones(1, requires_grad=True), {}), TypeError, r"d\.values"),
    ],
)
def test_mistakes_are_named(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()


def test_checkpoint_takes_pytorchs_choice_of_two_ways() -> None:
    x = mt.tensor([1.0], requires_grad=True)
    mt.checkpoint(mt.exp, x, use_reentrant=False).sum().backward()
    assert x.grad is not None
    assert x.grad.item() == pytest.approx(np.e)


def test_the_largest_gradient_by_its_word() -> None:
    p = nn.Parameter([0.0, 0.0])
    p.grad = mt.tensor([3.0, -4.0])
    assert nn.utils.clip_grad_norm_([p], 1.0, norm_type="inf").item() == 4.0


def test_gradients_of_several_outputs_one_by_one() -> None:
    _, pull = mt.func.vjp(lambda x: (x, 2 * x), mt.ones(2))
    both = mt.ones(2), mt.ones(2)
    assert pull(*both)[0].tolist() == pull(both)[0].tolist() == [3.0, 3.0]
