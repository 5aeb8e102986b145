"""Mistakes of use: every message names the operation, what it met, and what to do about it.

Mistakes in making tensors, backends, modules, layers and optimisers stand with their own tests;
here are operations, functions, and what the command line and notebooks rely on for all of them.
"""

from collections.abc import Callable

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import nn
from minitorch_cnn.nn import functional as F
from minitorch_cnn.primitive import Primitive

X = mt.ones((2, 3))
INTEGERS = mt.tensor([1, 2])
PICTURE = mt.ones((1, 2, 5, 5))
SCORES, LABELS = mt.ones((4, 3)), mt.tensor([0, 1, 2, 0])


def table(*rows):
    """Rows of (call, error, words that the message has in this order)."""
    return pytest.mark.parametrize(
        ("call", "error", "words"), rows, ids=[f"{row[2][0]}-{i}" for i, row in enumerate(rows)]
    )


def expect(call, error, words):
    with pytest.raises(error) as caught:
        call()
    message, place = str(caught.value), 0
    for word in words:
        assert word in message[place:], f"{word!r} is not in {message!r}"
        place = message.index(word, place) + len(word)
    assert type(caught.value) in (ValueError, TypeError, IndexError, mt.GraphError)


@table(
    (lambda: X + mt.ones((2, 4)), ValueError, ("add", "(2, 3)", "(2, 4)", "reshape")),
    (lambda: X * mt.ones(5), ValueError, ("multiply", "(2, 3)", "(5,)", "expand_dims")),
    (lambda: mt.less(X, mt.ones(5)), ValueError, ("less", "(2, 3)", "(5,)")),
    (lambda: mt.maximum(X, mt.ones(5)), ValueError, ("maximum", "(2, 3)", "(5,)")),
    (lambda: mt.where(X > 0, mt.ones(7), 0.0), ValueError, ("where", "(2, 3)", "(7,)", "reshape")),
    (lambda: X & X, TypeError, ("bitwise_and", "float32")),
    (lambda: mt.tensor([True]) - mt.tensor([True]), TypeError, ("subtract", "bool")),
    (lambda: mt.exp([1.0]), TypeError, ("exp", "a list", "mt.tensor")),
    (lambda: mt.exp(None), TypeError, ("exp", "None", "mt.tensor")),
    (lambda: mt.sin(2.0), TypeError, ("sin", "a float", "mt.tensor")),
    (lambda: mt.add(1, 2), TypeError, ("add", "1 and 2", "mt.tensor")),
    (lambda: mt.maximum(X, None), TypeError, ("maximum", "argument 1", "NoneType", "mt.tensor")),
    (lambda: mt.add([1.0], X), TypeError, ("add", "argument 0", "list", "mt.tensor")),
    (lambda: mt.where(X > 0, 1.0, None), TypeError, ("where", "argument 2", "NoneType")),
    (lambda: INTEGERS**-2, ValueError, ("pow", "-2", ".to(mt.float32)")),
    (lambda: mt.tensor([1], dtype="uint8") + 300, ValueError, ("add", "uint8", "300")),
)
def test_element_wise(call, error, words):
    expect(call, error, words)


@table(
    (lambda: X @ X, ValueError, ("matmul", "(2, 3) and (2, 3)", "(..., k, m)")),
    (lambda: X @ mt.tensor(1.0), ValueError, ("matmul", "(2, 3) and ()")),
    (lambda: mt.matmul(X, [1.0]), TypeError, ("matmul", "a list", "mt.tensor")),
    (lambda: mt.vecdot(X, mt.ones(4)), ValueError, ("vecdot", "3 and 4")),
    (lambda: mt.tensordot(X, X, axes=5), ValueError, ("tensordot", "5", "(2, 3)")),
    (lambda: mt.einsum("ij,jk->ik", X, X), ValueError, ("einsum", "'j'", "3 and 2")),
    (lambda: mt.einsum("ij->k", X), ValueError, ("einsum 'ij->k'", "'k'")),
    (lambda: mt.einsum("i", X), ValueError, ("einsum 'i'", "2 dimensions")),
    (lambda: mt.einsum("ij,ij", X), ValueError, ("einsum", "2 terms for 1 tensors")),
)
def test_products(call, error, words):
    expect(call, error, words)


@table(
    *[
        (lambda f=f: f(X, axis=2), ValueError, (f.__name__, "axis 2", "-2 to 1"))
        for f in (mt.sum, mt.mean, mt.prod, mt.all, mt.any, mt.argmax, mt.argmin)
    ],
    (lambda: mt.sum(X, axis=(0, 0)), ValueError, ("sum", "(0, 0)", "twice")),
    (lambda: mt.sum(X, axis="a"), TypeError, ("sum", "'a'", "integer")),
    (lambda: mt.sum(X, axis=1.5), TypeError, ("sum", "1.5", "integer")),
    (lambda: mt.sum([1.0]), TypeError, ("sum", "a list", "mt.tensor")),
    (lambda: mt.max(mt.zeros(0)), ValueError, ("max", "no entries", "(0,)")),
    (lambda: mt.argmax(mt.zeros(0)), ValueError, ("argmax", "no entries", "(0,)")),
    (lambda: mt.cumulative_sum(X), ValueError, ("cumulative_sum", "axis", "2 dimensions")),
)
def test_reductions(call, error, words):
    expect(call, error, words)


@table(
    (lambda: X.reshape(4, 2), ValueError, ("reshape", "(2, 3)", "6 entries", "(4, 2)", "-1")),
    (lambda: X.reshape(-1, -1), ValueError, ("reshape", "(-1, -1)", "one size may be -1")),
    (lambda: X.reshape("a"), TypeError, ("reshape", "'a'", "tuple of integers")),
    (lambda: mt.permute_dims(X, (0,)), ValueError, ("permute_dims", "1 axes", "2 dimensions")),
    (lambda: mt.permute_dims(X, (0, 0)), ValueError, ("permute_dims", "(0, 0)", "twice")),
    (lambda: mt.expand_dims(X, 5), ValueError, ("expand_dims", "axis 5")),
    (lambda: mt.squeeze(X, 0), ValueError, ("squeeze", "axis 0", "(2, 3)", "size 1")),
    (lambda: mt.broadcast_to(X, (4, 3)), ValueError, ("broadcast_to", "(2, 3)", "(4,3)")),
    (lambda: mt.flatten(X, 1, 0), ValueError, ("flatten", "start_dim 1", "end_dim 0")),
    (lambda: mt.moveaxis(X, 0, 5), ValueError, ("moveaxis", "axis 5")),
    (lambda: mt.moveaxis(X, (0, 1), 0), ValueError, ("moveaxis", "2 source axes but 1")),
    (lambda: mt.concat([]), ValueError, ("concat", "at least one Tensor")),
    (lambda: mt.concat([X, [1.0]]), TypeError, ("concat", "a list", "mt.tensor")),
    (lambda: mt.concat([X, mt.ones((2, 4))]), ValueError, ("concat", "(2, 3), (2, 4)", "axis 0")),
    (lambda: mt.stack([X, mt.ones((2, 4))]), ValueError, ("stack", "(2, 3), (2, 4)")),
    (lambda: mt.split(X, 0), ValueError, ("split", "at least 1", "0")),
    (lambda: mt.split(X, [1, 5]), ValueError, ("split", "[1, 5]", "6", "size 2")),
    (lambda: mt.unstack(mt.tensor(1.0)), ValueError, ("unstack", "0-d")),
    (lambda: mt.flip(X, 3), ValueError, ("flip", "axis 3")),
    (lambda: mt.roll(X, (1, 2), axis=(0,)), ValueError, ("roll", "2 shifts for 1 axes")),
    (lambda: mt.pad(X, (1, 2, 3)), ValueError, ("pad", "(1, 2, 3)", "2 dimensions")),
    (lambda: mt.pad(X, -3), ValueError, ("pad", "(-3, -3)", "(2, 3)")),
    (lambda: mt.repeat(X, -1), ValueError, ("repeat", "-1")),
    (lambda: mt.tril(mt.ones(3)), ValueError, ("tril", "2 dimensions", "1")),
)
def test_shapes(call, error, words):
    expect(call, error, words)


@table(
    (lambda: mt.take(X, mt.tensor([5]), axis=0), IndexError, ("take", "5", "size 2", "-2 to 1")),
    (lambda: mt.take(X, mt.tensor([0])), ValueError, ("take", "axis", "2 dimensions")),
    (lambda: mt.take(X, mt.tensor([0.5]), axis=0), TypeError, ("take", "integers", "float32")),
    (
        lambda: mt.take_along_axis(X, mt.tensor([[9]]), axis=0),
        IndexError,
        ("take_along_axis", "9", "size 2"),
    ),
    (
        lambda: mt.index_add(X, mt.tensor([0]), mt.ones((2, 3))),
        ValueError,
        ("index_add", "(2, 3)", "(1, 3)"),
    ),
    (lambda: mt.index_add(X, mt.tensor([7]), mt.ones((1, 3))), IndexError, ("index_add", "7")),
    (lambda: X[5], IndexError, ("5", "size 2")),
    (lambda: X[0, 0, 0], IndexError, ("index", "3 indices", "2 dimensions", "(2, 3)")),
    (lambda: X["a"], IndexError, ("index", "str", "integers")),
    (lambda: X[mt.tensor([0.5])], IndexError, ("index", "float32", "int64")),
)
def test_indexing(call, error, words):
    expect(call, error, words)


@table(
    (
        lambda: F.linear(X, mt.ones((2, 4))),
        ValueError,
        ("linear", "(2, 3)", "(2, 4)", "in_features"),
    ),
    (
        lambda: F.linear(INTEGERS, mt.ones((2, 2))),
        TypeError,
        ("linear", "int64", ".to(mt.float32)"),
    ),
    (
        lambda: F.conv2d(PICTURE, mt.ones((1, 3, 2, 2))),
        ValueError,
        ("conv2d", "2 channels", "(1, 3, 2, 2)", "expected 3 input channels"),
    ),
    (lambda: F.conv2d(PICTURE, mt.ones((1, 2, 2))), ValueError, ("conv2d", "(1, 2, 2)")),
    (
        lambda: F.conv2d(PICTURE, mt.ones((1, 2, 7, 7))),
        ValueError,
        ("conv2d", "(7, 7)", "(5, 5)", "padding", "smaller"),
    ),
    (
        lambda: F.conv2d(mt.ones((2, 5)), mt.ones((1, 2, 2, 2))),
        ValueError,
        ("conv2d", "4 dimensions", "(2, 5)"),
    ),
    (
        lambda: F.conv2d(PICTURE, mt.ones((2, 2, 2, 2)), mt.ones(3)),
        ValueError,
        ("conv2d", "bias", "(3,)", "(2,)"),
    ),
    (
        lambda: F.conv2d(PICTURE.to("int64"), mt.ones((1, 2, 2, 2))),
        TypeError,
        ("conv2d", "int64", ".to(mt.float32)"),
    ),
    (
        lambda: F.locally_connected2d(PICTURE, mt.ones((3, 3, 1, 2, 2, 2))),
        ValueError,
        ("locally_connected2d", "(1, 2, 5, 5)", "(4, 4)", "(3, 3)", "one input size"),
    ),
    (lambda: F.max_pool2d(PICTURE, 7), ValueError, ("max_pool2d", "(7, 7)", "(5, 5)", "smaller")),
    (lambda: F.max_pool2d(PICTURE, 2, padding=2), ValueError, ("max_pool2d", "half", "(2, 2)")),
    (lambda: F.avg_pool2d(INTEGERS, 2), TypeError, ("avg_pool2d", "int64", ".to(mt.float32)")),
    (lambda: F.batch_norm(PICTURE, None, None), ValueError, ("batch_norm", "running_mean")),
    (
        lambda: F.batch_norm(PICTURE, mt.ones(3), mt.ones(3)),
        ValueError,
        ("batch_norm", "running_mean", "(3,)", "2 channels"),
    ),
    (
        lambda: F.batch_norm(mt.ones((1, 2)), None, None, training=True),
        ValueError,
        ("batch_norm", "1 entries", "(1, 2)", ".eval()"),
    ),
    (lambda: F.dropout(X, 2.0), ValueError, ("dropout", "2.0", "between 0 and 1")),
    (lambda: F.softmax(X, 5), ValueError, ("softmax", "axis 5")),
    (lambda: F.softmax(INTEGERS, 0), TypeError, ("softmax", "int64", ".to(mt.float32)")),
    (lambda: F.gelu(X, "nope"), ValueError, ("gelu", "'nope'", "'tanh'")),
    (lambda: F.pad(PICTURE, (1, 1), mode="nope"), ValueError, ("pad", "'nope'", "'reflect'")),
    (lambda: F.pad(PICTURE, (9, 9), mode="reflect"), ValueError, ("pad", "size 5", "9")),
)
def test_functions_of_layers(call, error, words):
    expect(call, error, words)


@table(
    (
        lambda: F.cross_entropy(SCORES, mt.tensor([0, 1, 2, 3])),
        ValueError,
        ("cross_entropy", "label 3", "position 3", "0 to 2"),
    ),
    (
        lambda: F.cross_entropy(SCORES, mt.tensor([0, -1, 2, 0])),
        ValueError,
        ("cross_entropy", "label -1", "position 1", "0 to 2", "ignore_index=-100"),
    ),
    (
        lambda: F.nll_loss(SCORES, mt.tensor([9, 1, 2, 0])),
        ValueError,
        ("nll_loss", "label 9", "position 0", "0 to 2"),
    ),
    (
        lambda: F.cross_entropy(SCORES, mt.tensor([0, 1])),
        ValueError,
        ("cross_entropy", "(4, 3)", "(2,)", "here (4,)"),
    ),
    (
        lambda: F.cross_entropy(SCORES, LABELS.reshape(4, 1)),
        ValueError,
        ("cross_entropy", "(4, 1)", "here (4,)"),
    ),
    (
        lambda: F.cross_entropy(SCORES, LABELS.to("bool")),
        TypeError,
        ("cross_entropy", "bool", ".to(mt.int64)"),
    ),
    (lambda: F.cross_entropy(SCORES, [0, 1, 2, 0]), TypeError, ("cross_entropy", "a list")),
    (
        lambda: F.cross_entropy(SCORES, LABELS, reduction="avg"),
        ValueError,
        ("cross_entropy", "'avg'", "'mean'"),
    ),
    (
        lambda: F.cross_entropy(SCORES, LABELS, label_smoothing=2.0),
        ValueError,
        ("cross_entropy", "label_smoothing 2.0"),
    ),
    (
        lambda: F.mse_loss(SCORES, mt.ones((4, 1))),
        ValueError,
        ("mse_loss", "(4, 3)", "(4, 1)", "reshape"),
    ),
    (lambda: F.l1_loss(SCORES, 2.0), TypeError, ("l1_loss", "a float", "mt.tensor")),
    (lambda: F.huber_loss(X, X, delta=0), ValueError, ("huber_loss", "delta", "0")),
    (
        lambda: F.binary_cross_entropy(X * 2, X),
        ValueError,
        ("binary_cross_entropy", "between 0 and 1", "binary_cross_entropy_with_logits"),
    ),
)
def test_losses(call, error, words):
    expect(call, error, words)


@pytest.mark.parametrize("position", [0, 5, 11])
def test_the_first_wrong_label_is_pointed_at(position):
    labels = np.zeros(12, np.int64)
    labels[position:] = 77
    with pytest.raises(ValueError, match=rf"label 77 at position {position} "):
        F.cross_entropy(mt.ones((12, 10)), mt.tensor(labels))


NET = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Dense(8, 2))


@table(
    (
        lambda: NET(mt.ones((1, 3, 4, 4))),
        ValueError,
        ("layer '0': conv2d", "3 channels", "1 input"),
    ),
    (lambda: NET(mt.ones((1, 1, 2, 2))), ValueError, ("layer '0': conv2d", "(3, 3)", "(2, 2)")),
    (lambda: NET(mt.ones((1, 1, 9, 9))), ValueError, ("layer '3': linear", "(1, 98)", "(2, 8)")),
    (lambda: NET(mt.ones((1, 1, 4, 4), dtype="int64")), TypeError, ("layer '0': conv2d", "int64")),
    (lambda: NET([[1.0]]), TypeError, ("layer '0': conv2d", "a list", "mt.tensor")),
    (lambda: NET(None), TypeError, ("layer '0': conv2d", "None", "mt.tensor")),
)
def test_nets_name_the_layer(call, error, words):
    expect(call, error, words)


@table(
    (lambda: nn.init.xavier_uniform_(nn.Parameter([1.0])), ValueError, ("(1,)", "uniform_")),
    (
        lambda: nn.init.kaiming_normal_(nn.Parameter([[1.0]]), mode="x"),
        ValueError,
        ("kaiming", "'x'", "'fan_in'"),
    ),
    (lambda: nn.init.calculate_gain("nope"), ValueError, ("'nope'", "leaky_relu")),
    (lambda: nn.init.uniform_([1.0]), TypeError, ("uniform_", "Parameter", "a list")),
    (lambda: nn.init.normal_(nn.Parameter([1.0]), std=-1.0), ValueError, ("normal_", "-1.0")),
    (lambda: nn.init.uniform_(nn.Parameter([1.0]), 2.0, 1.0), ValueError, ("uniform_", "2.0")),
)
def test_initialisers(call, error, words):
    expect(call, error, words)


def test_failed_operations_leave_no_trace_in_graph_or_mode():
    x = mt.ones((2, 3), requires_grad=True)
    y = x * 2
    for wrong in (lambda: y + mt.ones(7), lambda: y @ y, lambda: y.reshape(5), lambda: y.sum(7)):
        with pytest.raises(ValueError, match=r"\w+"):
            wrong()
    assert mt.is_grad_enabled()
    y.sum().backward()
    assert x.grad.tolist() == [[2.0] * 3] * 2


def test_the_cause_stays_attached():
    with pytest.raises(ValueError, match="add") as caught:
        X + mt.ones(7)
    assert isinstance(caught.value.__cause__, ValueError)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nn.Dense(2, 2)(mt.ones((1, 2), dtype=mt.float64)), r"linear: dtypes differ"),
        (lambda: nn.Conv2d(1, 1, 1)(mt.ones((1, 1, 1, 1), dtype=mt.float64)), r"conv2d: dtypes"),
        (
            lambda: nn.BatchNorm1d(1)(mt.ones((2, 1), dtype=mt.float64)),
            r"batch_norm: dtypes differ",
        ),
        (lambda: ~mt.ones(2), "bitwise_invert"),
        (lambda: mt.ones(2).to(None), "expected a backend or a dtype"),
        (lambda: format(mt.ones(2), ".2f"), "is for one number"),
    ],
)
def test_type_mistakes_name_what_was_met(call: Callable[[], object], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        call()


def test_a_dense_bias_never_broadcasts() -> None:
    with pytest.raises(ValueError, match=r"linear: a bias of shape \(2, 2\)"):
        nn.functional.linear(mt.ones((2, 3)), mt.ones((2, 3)), mt.ones((2, 2)))


def test_divmod_from_the_right() -> None:
    quotient, rest = divmod(7, mt.tensor([2, 4]))
    assert (quotient.tolist(), rest.tolist()) == ([3, 1], [1, 3])


def test_mistakes_in_a_declaration_are_found_when_it_is_made() -> None:
    with pytest.raises(ValueError, match=r"keep='input' is none of"):
        Primitive("misdeclared", np.exp, (lambda g, y: g * y,), keep="input")
    with pytest.raises(ValueError, match=r"declared twice.*PRIMITIVES.pop\('exp'\)"):
        Primitive("exp", np.exp)


def test_floating_point_labels_are_told_to_be_integers() -> None:
    with pytest.raises(TypeError, match="labels must be integers"):
        F.cross_entropy(mt.ones((4, 3)), mt.tensor([0.0, 1.0, 2.0, 0.0]))


def test_in_place_methods_point_to_assign() -> None:
    with pytest.raises(AttributeError, match=r"'add_'; tensors are values.*assign_"):
        mt.ones(2).add_(1)
