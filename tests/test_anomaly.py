"""Anomaly detection: the right operation, the right line, and no false alarm."""

import asyncio
import sys
import threading
from contextlib import nullcontext

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import nn
from op_samples import SAMPLES
from test_ops import results

HERE = __file__


@pytest.fixture(autouse=True)
def _quiet():
    """NumPy's own warnings about what the tests do on purpose."""
    with np.errstate(all="ignore"):
        yield


def line():
    """The number of the line that calls this."""
    return sys._getframe(1).f_lineno


def message_of(function, *args):
    with pytest.raises(mt.AnomalyError) as caught:
        function(*args)
    return str(caught.value)


# --- forward ------------------------------------------------------------------------------------


def test_the_first_operation_to_make_nan_is_named_with_the_line_that_called_it(backend):
    x = mt.tensor([-1.0, 4.0, 0.0])
    numbers = []

    @mt.detect_anomaly()
    def run():
        y = x * 2
        numbers.append(line() + 1)
        return mt.log(y) + 1

    text = message_of(run)
    assert "float32 (3,)): made 1 NaN and 1 Inf in its result of shape (3,)" in text
    assert text.startswith("log(")
    assert "although its inputs are finite" in text
    assert text.endswith(f"{HERE}, line {numbers[0]}: return mt.log(y) + 1")


@pytest.mark.parametrize(
    ("make", "name", "amount"),
    [
        (lambda x: x / (x - 1), "divide", "1 Inf"),
        (lambda x: mt.exp(1000 * x), "exp", "2 Inf"),
        (lambda x: 1 / (0 * x), "divide", "2 Inf"),
        (lambda x: (0 * x) / 0.0, "divide", "2 NaN"),
        (lambda x: x @ (x * 1.5e38), "vecdot|matmul", "1 Inf"),
        (lambda x: (x * 1.6e38).sum(), "sum", "1 Inf"),
        (lambda x: (1e30 * x).var(), "var|multiply|square|mean|sum", "Inf"),
    ],
)
@pytest.mark.parametrize("requires_grad", [False, True])
def test_every_kind_of_operation_is_watched(backend, make, name, amount, requires_grad):
    x = mt.tensor([1.0, 2.0], requires_grad=requires_grad)
    with mt.detect_anomaly():
        text = message_of(make, x)
    assert text.partition("(")[0] in name.split("|")
    assert amount in text


def test_nan_that_was_there_before_is_told_apart(backend):
    x = mt.tensor([float("nan"), 1.0])
    with mt.detect_anomaly():
        text = message_of(lambda: mt.ones(2) + x)
    assert text.startswith("add(")
    assert "argument 1 already held NaN; this operation did not make it" in text
    with mt.detect_anomaly():
        text = message_of(lambda: x * x)
    assert "arguments 0, 1 already held NaN" in text


def test_infinities_that_are_given_are_meant_and_what_becomes_of_them_is_not(backend):
    x = mt.tensor([1.0, 2.0])
    mask = mt.tensor([True, False])
    with mt.detect_anomaly():
        masked = mt.where(mask, x, -float("inf"))
        assert nn.functional.softmax(masked, 0).tolist() == [1.0, 0.0]
        assert mt.pad(x, (1, 0), -float("inf")).tolist() == [-float("inf"), 1.0, 2.0]
        text = message_of(lambda: masked - masked)
    assert "made 1 NaN" in text
    assert "although its inputs hold no NaN (arguments 0, 1 held Inf)" in text


def test_the_path_of_the_layer_comes_first(backend):
    model = nn.Sequential(nn.ReLU(), nn.Sequential(nn.Dense(2, 2), nn.Dense(2, 2)))
    model[1][1].weight.assign_([[3e38, 3e38], [0.0, 0.0]])
    model[1][0].weight.assign_([[9.0, 9.0], [9.0, 9.0]])
    with mt.detect_anomaly():
        text = message_of(model, mt.ones((1, 2)))
    assert text.startswith("layer '1.1': ")
    assert "1 Inf" in text
    assert HERE in text


# --- backward -----------------------------------------------------------------------------------


@pytest.mark.parametrize("create_graph", [False, True])
def test_the_rule_that_makes_an_infinity_is_named_with_its_forward_line(backend, create_graph):
    x = mt.tensor([0.0, 4.0], requires_grad=True)
    with mt.detect_anomaly():
        y = x * x
        number = line() + 1
        z = mt.sqrt(y)
        loss = z.sum()
        text = message_of(lambda: loss.backward(create_graph=create_graph))
    assert text == (
        "backward of sqrt: made 1 Inf in the gradient of argument 0, shape (2,), from a finite "
        f"gradient of shape (2,). This sqrt was called at {HERE}, line {number}: z = mt.sqrt(y)"
    )
    assert x.grad is None


def test_the_layer_of_the_forward_call_is_named(backend):
    class Root(nn.Module):
        def forward(self, x):
            return mt.sqrt(x)

    model = nn.Sequential(nn.ReLU(), nn.Sequential(nn.Identity(), Root()))
    x = mt.zeros((2,), requires_grad=True)
    with mt.detect_anomaly():
        text = message_of(model(x).sum().backward)
    assert f"This sqrt was called in layer '1.1', at {HERE}, line " in text
    assert text.endswith("return mt.sqrt(x)")


def test_without_a_watched_forward_the_line_is_not_known(backend):
    loss = mt.sqrt(mt.zeros(2, requires_grad=True)).sum()
    with mt.detect_anomaly():
        text = message_of(loss.backward)
    assert "sqrt was recorded outside detect_anomaly; run the forward pass inside" in text


def test_a_gradient_that_comes_in_with_nan_is_told_apart(backend):
    x = mt.ones(2, requires_grad=True)
    with mt.detect_anomaly():
        y = x * 2
        text = message_of(lambda: y.backward(mt.tensor([float("nan"), 1.0])))
    assert "the gradient that came in, of shape (2,), already held 1 NaN" in text


def test_an_overflow_of_the_sum_is_named(backend):
    x = mt.tensor([1e-30], requires_grad=True)
    with mt.detect_anomaly():
        text = message_of(((x * 3e38) + (x * 3e38)).sum().backward)
    assert text.startswith("backward: 1 Inf in a gradient of shape (1,), where the finite one")
    assert "was added to those before: numbers too large for float32" in text


def test_second_order_names_the_operation_of_the_first(backend):
    x = mt.tensor([0.0], requires_grad=True)
    with mt.detect_anomaly():
        number = line() + 1
        y = x**1.5
        (gradient,) = mt.grad(y.sum(), x, create_graph=True)
        text = message_of(lambda: gradient.sum().backward())
    assert f"line {number}: y = x**1.5" in text


def test_through_a_checkpoint_the_inner_operation_is_named(backend):
    x = mt.tensor([0.0], requires_grad=True)
    with mt.detect_anomaly():
        y = mt.checkpoint(lambda x: mt.sqrt(x * 3) * 2, x)
        text = message_of(lambda: y.sum().backward())
    assert text.startswith("backward of sqrt: made 1 Inf")
    assert "mt.checkpoint(lambda x: mt.sqrt(x * 3) * 2, x)" in text


def test_without_check_nan_errors_of_backward_get_the_forward_line(backend):
    w = nn.Parameter([2.0])
    with mt.detect_anomaly(check_nan=False):
        assert mt.log(mt.tensor([-1.0])).isnan().item()
        number = line() + 1
        loss = (w * w).sum()
        w.assign_([1.0])
        with pytest.raises(mt.GraphError, match="overwritten") as caught:
            loss.backward()
    assert f"This multiply was called at {HERE}, line {number}: loss = (w * w).sum()" in str(
        caught.value
    )


# --- the mode -----------------------------------------------------------------------------------


def test_gradients_are_the_same_inside(backend):
    x, y = mt.randn(4, 3, requires_grad=True), mt.tensor([0, 1, 2, 0])
    found = []
    for mode in (nullcontext(), mt.detect_anomaly()):
        with mode:
            loss = nn.functional.cross_entropy(mt.tanh(x) * x + x, y)
            found.append(mt.grad(loss, x)[0].numpy())
            found.append(mt.func.hessian(lambda x: (mt.sin(x) * x).sum())(x.detach()).numpy())
    np.testing.assert_array_equal(found[0], found[2])
    np.testing.assert_array_equal(found[1], found[3])


def test_no_false_alarm_in_any_operation():
    """Operations whose values and gradients are finite may pass through no infinity."""
    alarms = []
    for sample in SAMPLES:
        tensors = sample.tensors(mt.float64)
        inputs = [x for x in tensors if isinstance(x, mt.Tensor) and x.requires_grad]
        if any(np.isnan(x.detach().numpy()).any() for x in tensors if isinstance(x, mt.Tensor)):
            continue
        try:
            with mt.detect_anomaly():
                outputs = [y for y in results(sample.call(*tensors)) if y.requires_grad]
                if outputs:
                    ones = [mt.ones_like(y) for y in outputs]
                    mt.grad(outputs, inputs, ones, create_graph=True, allow_unused=True)
        except mt.AnomalyError as error:
            alarms.append(f"{sample.name}: {error}")
    assert alarms == []


def test_it_decorates_functions_and_coroutines_and_refuses_generators():
    bad = lambda: mt.log(mt.tensor([-1.0]))  # noqa: E731
    for decorate in (mt.detect_anomaly, mt.detect_anomaly()):
        assert "made 1 NaN" in message_of(decorate(bad))

    @mt.detect_anomaly()
    async def later():
        return bad()

    assert "made 1 NaN" in message_of(lambda: asyncio.run(later()))

    def numbers():
        yield 1

    with pytest.raises(TypeError, match=r"is a generator.*with detect_anomaly\(\)"):
        mt.detect_anomaly()(numbers)
    assert mt.isnan(bad()).item()


def test_it_nests_and_holds_in_its_own_thread_only():
    x = mt.tensor([-1.0])
    seen = []

    def in_thread():
        with np.errstate(all="ignore"):
            seen.append(mt.log(x))

    mode = mt.detect_anomaly()
    with mode, mode:
        thread = threading.Thread(target=in_thread)
        thread.start()
        thread.join()
        with mt.detect_anomaly(check_nan=False):
            mt.log(x)
        message_of(mt.log, x)
    assert mt.isnan(seen[0]).item()


def test_the_error_is_what_scripts_for_pytorch_catch():
    assert issubclass(mt.AnomalyError, ValueError)
    assert issubclass(mt.AnomalyError, RuntimeError)
