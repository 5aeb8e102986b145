"""The gradient receipt: its terms are the links of a weight, and their sum is the gradient."""

import math
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch_cnn as mt
from minitorch_cnn import nn, optim
from minitorch_cnn.graph import RECORDED_ENTRIES, RECORDED_NODES
from minitorch_cnn.nn import functional as F
from minitorch_cnn.primitive import PRIMITIVES, Primitive
from minitorch_cnn.receipt import SHOWN, GradientReceipt, Term


def leaf(*shape, backend="numpy", dtype="float64", seed=0):
    rng = np.random.default_rng((seed, *shape))
    return mt.randn(shape, rng=rng, dtype=dtype, backend=backend, requires_grad=True)


def data(*shape, **options):
    return leaf(*shape, **options).detach()


def every_receipt(output, *parameters):
    """Receipts of all entries, from the output, each checked against ``mt.grad``."""
    gradients = mt.grad(output, list(parameters), retain_graph=True)
    receipts = {}
    for number, (parameter, gradient) in enumerate(zip(parameters, gradients, strict=True)):
        expected = gradient.detach().numpy()
        for index in np.ndindex(parameter.shape):
            receipt = mt.explain_grad(parameter, index, output)
            assert receipt.gradient == expected[index]
            adds_up(receipt)
            receipts[number, index] = receipt
    return receipts


def adds_up(receipt, tolerance=1e-12):
    size = sum(abs(term.product) for term in receipt)
    assert abs(receipt.total - receipt.gradient) <= tolerance * max(size, 1e-3)


# --- the picture of 3 x 3 and the kernel of 2 x 2 -------------------------------------------------

PICTURE = np.arange(9.0).reshape(1, 1, 3, 3)


def picture_and_kernel(backend):
    x = mt.tensor(PICTURE, backend=backend)
    return x, mt.tensor(np.full((1, 1, 2, 2), 0.5), backend=backend, requires_grad=True)


def test_a_tied_weight_has_one_term_for_each_position(backend):
    x, w = picture_and_kernel(backend)
    y = F.conv2d(x, w)
    upstream = mt.tensor([[[[1.0, 2.0], [3.0, 4.0]]]], dtype="float64", backend=backend)
    (y * upstream).sum().backward()
    for row, column in np.ndindex(2, 2):
        receipt = mt.explain_grad(w, (0, 0, row, column))
        assert [term.position for term in receipt] == [(0, 0, i, j) for i, j in np.ndindex(2, 2)]
        assert [term.input for term in receipt] == [
            PICTURE[0, 0, i + row, j + column] for i, j in np.ndindex(2, 2)
        ]
        assert [term.upstream for term in receipt] == [1.0, 2.0, 3.0, 4.0]
        assert {(term.operation, term.argument) for term in receipt} == {("conv", 1)}
        assert receipt.total == receipt.gradient == w.grad.tolist()[0][0][row][column]


def test_the_composition_has_the_same_terms(backend):
    x, w = picture_and_kernel(backend)
    receipts = []
    for run in (mt.enable_grad, mt.compositions):
        with run():
            output = (F.conv2d(x, w, padding=1) ** 2).sum()
        receipts.append(mt.explain_grad(w, (0, 0, 1, 0), output))
    kernel, body = receipts
    assert {term.operation for term in body} == {"matmul"}
    # In the composition, padding is an entry 0 of a window like any other.
    one, other = ([(t.input, t.upstream) for t in r if t.input] for r in (kernel, body))
    assert one == other
    assert len(body) == 16


def test_links_to_inputs_of_zero_are_listed_and_padding_is_not():
    x, w = picture_and_kernel("numpy")
    receipt = mt.explain_grad(w, (0, 0, 0, 0), F.conv2d(x, w, padding=1).sum())
    assert len(receipt) == 9
    assert receipt.terms[0] == Term("conv", 1, (0, 0, 1, 1), 0.0, 1.0)


# --- what uses a weight ---------------------------------------------------------------------------


def test_dense_layer(backend):
    layer = nn.Dense(3, 2, rng=np.random.default_rng(0), dtype="float64", backend=backend)
    x = data(4, 3, backend=backend)
    receipts = every_receipt((layer(x) ** 3).sum(), layer.weight, layer.bias)
    weight = receipts[0, (1, 2)]
    assert [term.position for term in weight] == [(n, 1) for n in range(4)]
    assert [term.input for term in weight] == x.numpy()[:, 2].tolist()
    assert [term.input for term in receipts[1, (0,)]] == [1.0] * 4


def test_normalisation_and_what_lies_behind_it(backend):
    norm = nn.BatchNorm2d(2, dtype="float64", backend=backend)
    conv = nn.Conv2d(1, 2, 2, rng=np.random.default_rng(0), dtype="float64", backend=backend)
    x = data(3, 1, 4, 4, backend=backend)
    for run in (mt.enable_grad, mt.compositions):
        with run():
            output = (norm(conv(x)) ** 3).sum()
        every_receipt(output, norm.weight, norm.bias, conv.weight)
    shift = mt.explain_grad(norm.bias, 1, (norm(conv(x)) ** 3).sum())
    assert [term.input for term in shift] == [1.0] * 27


def test_rows_of_an_embedding(backend):
    w = leaf(5, 2, backend=backend)
    picked = mt.take(w, mt.tensor([1, 3, 1], backend=backend), axis=0)
    receipts = every_receipt((picked**2).sum(), w)
    assert [term.position for term in receipts[0, (1, 0)]] == [(0, 0), (2, 0)]
    assert len(receipts[0, (0, 0)]) == 0
    assert receipts[0, (0, 0)].gradient == 0.0
    every_receipt((w[[1, 1, 4]] ** 2).sum(), w)


def test_each_argument_is_a_use_of_its_own():
    w = leaf()
    x = w.item()
    for output, inputs in ((w * w, [x, x]), (w - w, [1.0, -1.0]), (w / w, [1 / x, -1 / x])):
        receipt = mt.explain_grad(w, (), output)
        np.testing.assert_allclose([term.input for term in receipt], inputs)
        assert [term.argument for term in receipt] == [0, 1]
        adds_up(receipt)


def test_weight_decay_is_two_terms_beside_the_others(backend):
    w = leaf(2, 3, backend=backend)
    output = (data(4, 2, backend=backend) @ w).sum() + 0.1 * (w * w).sum()
    receipts = every_receipt(output, w)
    assert [t.operation for t in receipts[0, (0, 1)]] == ["matmul"] * 4 + ["multiply"] * 2


def test_a_weight_shared_by_layers():
    first, second = nn.Dense(3, 3, dtype="float64"), nn.Dense(3, 3, dtype="float64")
    second.weight = first.weight
    output = second(mt.tanh(first(data(2, 3)))).sum()
    assert len(every_receipt(output, first.weight)[0, (0, 0)]) == 4


@pytest.mark.parametrize(
    "use",
    [
        lambda w: w.mT.reshape((-1,))[1:5] * 2.0,
        lambda w: mt.flip(mt.roll(mt.pad(w, 1, 7.0), 1, axis=0)),
        lambda w: mt.exp(mt.astype(w, "float32")),
        lambda w: mt.broadcast_to(w, (4, 2, 3)),
        lambda w: mt.concat([w, w, w[:1]]) * mt.concat([w, w, w[1:]]),
        lambda w: mt.stack([w, 2 * w]),
        lambda w: mt.tile(w, (2, 2)),
        lambda w: mt.where(w > 0, w, 3 * w),
        lambda w: mt.max(w, axis=1),
        lambda w: mt.sort(w, axis=1)[0],
        lambda w: mt.cumulative_sum(w, axis=0),
        lambda w: w.var(axis=0),
        lambda w: F.softmax(w, 1),
        lambda w: F.max_pool1d(w, 2),
        lambda w: F.cross_entropy(w, mt.tensor([2, 0])),
        lambda w: mt.einsum("ij,kj->ik", w, w),
        lambda w: mt.prod(w),
        lambda w: w**3,
        lambda w: 2.0**w,
        lambda w: w,
    ],
)
def test_terms_add_up_for_every_kind_of_use(use):
    w = leaf(2, 3)
    gradient = mt.grad((use(w) ** 2).sum(), w)[0].numpy()
    for index in np.ndindex(2, 3):
        receipt = mt.explain_grad(w, index, (use(w) ** 2).sum())
        np.testing.assert_allclose(receipt.total, gradient[index], rtol=1e-5, atol=1e-7)
        assert receipt.gradient == gradient[index]


@st.composite
def convolutions(draw):
    groups, kernel = draw(st.integers(1, 2)), draw(st.tuples(*[st.integers(1, 3)] * 2))
    dilation, padding = draw(st.integers(1, 2)), draw(st.integers(0, 2))
    least = [max(1, dilation * (k - 1) + 1 - 2 * padding) for k in kernel]
    size = tuple(n + draw(st.integers(0, 3)) for n in least)
    options = {"stride": draw(st.integers(1, 3)), "padding": padding, "dilation": dilation}
    return (groups, draw(st.integers(1, 2)), draw(st.integers(1, 2)), kernel, size), options


@given(convolutions(), st.booleans(), st.randoms(use_true_random=False))
def test_convolutions_of_any_geometry(case, compositions, random):
    (groups, inputs, outputs, kernel, size), options = case
    x = data(2, groups * inputs, *size)
    w, b = leaf(groups * outputs, inputs, *kernel), leaf(groups * outputs)
    with (mt.compositions if compositions else mt.enable_grad)():
        y = F.conv2d(x, w, b, groups=groups, **options)
        (y * y * y).sum().backward()
    for parameter in (w, b):
        index = tuple(random.randrange(n) for n in parameter.shape)
        receipt = mt.explain_grad(parameter, index)
        assert receipt.gradient == parameter.grad.numpy()[index]
        adds_up(receipt)
        assert len(receipt) <= 2 * math.prod(y.shape[2:])


@given(
    st.lists(st.integers(0, 3), max_size=2),
    st.integers(1, 4),
    st.integers(1, 4),
    st.sampled_from(["float32", "float64"]),
)
def test_dense_layers_of_any_shape(batch, inputs, outputs, dtype):
    x, w, b = data(*batch, inputs, dtype=dtype), leaf(outputs, inputs), leaf(outputs)
    w, b = (mt.tensor(t.detach(), dtype=dtype, requires_grad=True) for t in (w, b))
    (F.linear(x, w, b) ** 2).sum().backward()
    for parameter in (w, b):
        for index in np.ndindex(parameter.shape):
            receipt = mt.explain_grad(parameter, index)
            assert len(receipt) == math.prod(batch)
            assert receipt.gradient == parameter.grad.numpy()[index]
            adds_up(receipt, 1e-12 if dtype == "float64" else 1e-5)


# --- after backward -------------------------------------------------------------------------------


def test_nothing_changes_by_asking(backend):
    w, x = leaf(2, 2, backend=backend), data(3, 2, backend=backend)
    loss = (mt.exp(x @ w) ** 2).sum()
    mt.explain_grad(w, (0, 0), loss)
    assert w.grad is None
    loss.backward()
    before = w.grad.numpy().copy()
    one, two = (str(mt.explain_grad(w, (0, 1))) for _ in range(2))
    assert one == two
    np.testing.assert_array_equal(w.grad.numpy(), before)
    with pytest.raises(mt.GraphError, match="freed"):
        loss.backward()


def test_it_holds_after_the_step_of_an_optimizer():
    w = nn.Parameter(np.array([1.0, -2.0]), dtype="float64")
    (w * w * mt.tensor([1.0, 2.0], dtype="float64")).sum().backward()
    before = mt.explain_grad(w, 1)
    optim.SGD([w], lr=0.1).step()
    after = mt.explain_grad(w, 1)
    assert before.terms == after.terms
    assert after.gradient == -8.0
    loss = (w * w).sum()
    w.assign_([0.0, 0.0])
    with pytest.raises(mt.GraphError, match="overwritten"):
        mt.explain_grad(w, 1, loss)


def test_passes_that_add_up_are_told_apart():
    w = leaf()
    (3 * w).backward()
    (w * w).backward()
    receipt = mt.explain_grad(w, ())
    assert receipt.terms[0].input == 3.0
    assert [t.backward_pass for t in receipt] == [1, 2, 2]
    adds_up(receipt)
    assert str(receipt).splitlines()[1].startswith("pass")


def test_a_retained_graph_can_be_passed_twice():
    w = leaf()
    y = w * w
    y.backward(retain_graph=True)
    y.backward()
    assert len(mt.explain_grad(w, ())) == 4
    adds_up(mt.explain_grad(w, ()))


def test_a_gradient_that_was_there_before_is_a_term():
    w = leaf(2)
    w.grad = mt.tensor([10.0, 0.0], dtype="float64")
    (2 * w).sum().backward()
    receipt = mt.explain_grad(w, 0)
    assert receipt.terms[0].operation == "gradient before"
    assert (receipt.total, receipt.gradient) == (12.0, 12.0)
    assert len(mt.explain_grad(w, 1)) == 1


@pytest.mark.parametrize("how", ["module", "optimizer", "by hand"])
def test_the_record_goes_with_the_gradient(how):
    layer = nn.Dense(2, 2, dtype="float64")
    hidden = mt.exp(layer(data(3, 2)))
    array = weakref.ref(hidden.data)
    hidden.sum().backward()
    del hidden
    assert array() is not None
    mt.explain_grad(layer.weight, (0, 0))
    if how == "module":
        layer.zero_grad()
    elif how == "optimizer":
        optim.SGD(layer.parameters()).zero_grad()
    else:
        layer.weight.grad = layer.bias.grad = None
    assert array() is None
    with pytest.raises(ValueError, match=r"has no \.grad"):
        mt.explain_grad(layer.weight, (0, 0))


def test_zeroed_gradients_start_anew():
    w = leaf()
    (w * w).backward()
    w.grad = mt.zeros_like(w.grad)
    (3 * w).backward()
    assert [term.input for term in mt.explain_grad(w, ())] == [3.0]


def test_large_passes_are_not_remembered_but_can_be_explained():
    long = w = leaf()
    for _ in range(RECORDED_NODES):
        long = long * 1.01
    wide_w = leaf()
    wide = (wide_w * data(RECORDED_ENTRIES)).sum()
    for parameter, output in ((w, long), (wide_w, wide)):
        before = mt.explain_grad(parameter, (), output)
        adds_up(before)
        output.backward()
        with pytest.raises(
            ValueError, match=r"too large.*mt\.explain_grad\(parameter, index, loss"
        ):
            mt.explain_grad(parameter, ())
    assert len(before) == RECORDED_ENTRIES
    assert f"... {RECORDED_ENTRIES - SHOWN:,} more" in str(before)


def test_hooks_are_part_of_the_account():
    w = leaf(2)
    half = w.reshape((2, 1))
    half.register_hook(lambda g: g * 10)
    (half * 3.0).sum().backward()
    adds_up(mt.explain_grad(w, 0))
    w.grad = None
    w.register_hook(lambda g: g + 1)
    (w * 3.0).sum().backward()
    receipt = mt.explain_grad(w, 0)
    assert [term.operation for term in receipt] == ["multiply", "hooks of the weight"]
    assert (receipt.total, receipt.gradient) == (4.0, 4.0)


def test_a_rule_of_ones_own_is_followed_not_its_value():
    reverse = Primitive("reverse", lambda x: x, (lambda g: -2.0 * g,), views=True)
    try:
        w = leaf(3)
        (reverse(w) * data(3, seed=1)).sum().backward()
        adds_up(mt.explain_grad(w, 0))
    finally:
        del PRIMITIVES["reverse"]


def test_a_weight_that_goes_to_another_backend():
    w, x = leaf(2, 2), data(3, 2, backend="strict")
    every_receipt((mt.exp(x @ w.to("strict")) ** 2).sum(), w)


def test_gradients_of_gradients():
    w, x = leaf(2, 2), leaf(3, 2)
    (g,) = mt.grad((mt.tanh(x @ w) ** 2).sum(), x, create_graph=True)
    every_receipt((g * g).sum(), w)
    (g * g).sum().backward(create_graph=True)
    adds_up(mt.explain_grad(w, (0, 1)))


def test_computed_tensors_can_be_explained_too():
    w = leaf(3)
    hidden = mt.exp(w)
    receipt = mt.explain_grad(hidden, 1, (hidden * hidden).sum())
    assert len(receipt) == 2
    adds_up(receipt)
    with pytest.raises(ValueError, match=r"has no \.grad"):
        mt.explain_grad(hidden, 1)


def test_a_weight_that_is_the_output():
    w = leaf()
    w.backward()
    assert mt.explain_grad(w, ()).terms == (Term("output", 0, (), 1.0, 1.0),)


def test_modes_around_it_do_not_matter(backend):
    w = leaf(2, backend=backend)
    output = (w * w).sum()
    with mt.no_grad():
        adds_up(mt.explain_grad(w, 0, output))
        output.backward()
        adds_up(mt.explain_grad(w, 0))
    assert mt.is_grad_enabled()


# --- how it looks ---------------------------------------------------------------------------------


def receipt_of(*values):
    w = mt.tensor(1.0, dtype="float64", requires_grad=True)
    (w * mt.tensor(list(values), dtype="float64")).sum().backward()
    return mt.explain_grad(w, ())


def test_short_tables_are_whole():
    receipt = receipt_of(2.0, 0.25)
    assert isinstance(receipt, GradientReceipt)
    assert str(receipt) == repr(receipt)
    assert str(receipt).splitlines() == [
        "gradient",
        "operation  position  input  upstream  input * upstream",
        "multiply   [0]           2         1                 2",
        "multiply   [1]        0.25         1              0.25",
        "-" * 54,
        "sum of 2 terms                                    2.25",
        "engine                                            2.25",
        "difference                                           0",
    ]


def test_long_tables_are_abbreviated():
    assert "more" not in str(receipt_of(*[1.0] * (SHOWN + 1)))
    text = str(receipt_of(*[1.0] * (SHOWN + 752)))
    assert "... 752 more" in text.splitlines()
    assert len(text.splitlines()) == SHOWN + 7
    assert len(receipt_of(*[1.0] * 100)) == 100


def test_a_table_without_terms():
    w = leaf(3)
    receipt = mt.explain_grad(w, 2, w[:2].sum())
    assert (receipt.total, receipt.gradient, len(receipt)) == (0.0, 0.0, 0)
    assert "sum of 0 terms" in str(receipt)
    assert "<table>" in receipt._repr_html_()


def test_numbers_are_pythons():
    for term in receipt_of(2.0, 0.5):
        assert {type(term.input), type(term.upstream), type(term.product)} == {float}
        assert {type(n) for n in term.position} == {int}
    assert type(receipt_of(1.0).gradient) is type(receipt_of(1.0).total) is float


def test_html_is_escaped():
    wrong = Primitive("<script>&", lambda x: x * 1.0, (lambda g: g,))
    try:
        w = leaf(2)
        wrong(w).sum().backward()
        page = mt.explain_grad(w, 0)._repr_html_()
    finally:
        del PRIMITIVES["<script>&"]
    assert "<script>" not in page
    assert "&lt;script&gt;&amp;" in page
    assert page.count("<tr>") == page.count("</tr>") == 5


# --- mistakes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("index", "error", "message"),
    [
        (0, IndexError, r"index 0 has 1 integers; expected 2.*\(2, 3\)"),
        ((0, 1, 2), IndexError, "has 3 integers"),
        ((2, 0), IndexError, r"index 2 is out of range for axis 0 of the shape \(2, 3\)"),
        ((0, -4), IndexError, "index -4 is out of range for axis 1"),
        ((0, 1.0), TypeError, "holds a float"),
        ((0, slice(None)), TypeError, "holds a slice"),
        ((0, True), TypeError, "holds a bool"),
    ],
)
def test_the_index_must_be_one_entry(index, error, message):
    w = leaf(2, 3)
    w.sum().backward()
    with pytest.raises(error, match=message):
        mt.explain_grad(w, index)


def test_indices_may_be_negative_and_of_numpy():
    w = leaf(2, 3)
    w.sum().backward()
    assert mt.explain_grad(w, [np.int64(-1), -3]).index == (1, 0)


def test_mistakes_in_the_call():
    w, other = leaf(2), leaf(2)
    with pytest.raises(TypeError, match="expected a Tensor, got a ndarray"):
        mt.explain_grad(np.ones(2), 0)
    with pytest.raises(ValueError, match="needs no gradient"):
        mt.explain_grad(mt.ones(2), 0)
    with pytest.raises(ValueError, match=r"has no \.grad; call loss.backward"):
        mt.explain_grad(w, 0)
    with pytest.raises(TypeError, match="output is a float"):
        mt.explain_grad(w, 0, 1.0)
    with pytest.raises(ValueError, match="reduce it to one number"):
        mt.explain_grad(w, 0, w * 2)
    for output in (other.sum(), w.detach().sum()):
        with pytest.raises(ValueError, match="output does not depend on the tensor"):
            mt.explain_grad(w, 0, output)
    loss = (w * w).sum()
    loss.backward()
    with pytest.raises(mt.GraphError, match="retain_graph=True"):
        mt.explain_grad(w, 0, loss)
    w.grad = w.grad * 0.5
    with pytest.raises(ValueError, match=r"\.grad was set by hand"):
        mt.explain_grad(w, 0)


def test_a_parameter_that_moved_is_refused():
    layer = nn.Dense(2, 2)
    layer(mt.ones((1, 2))).sum().backward()
    layer.to("float64")
    with pytest.raises(ValueError, match="moved to another backend or dtype"):
        mt.explain_grad(layer.weight, (0, 0))


def test_a_weight_inside_a_checkpoint_says_that_its_terms_are_gone():
    w = mt.tensor([1.0, 2.0], requires_grad=True)
    mt.checkpoint(lambda w: mt.exp(w * w), w).sum().backward()
    with pytest.raises(ValueError, match=r"inside mt\.checkpoint"):
        mt.explain_grad(w, 0)
