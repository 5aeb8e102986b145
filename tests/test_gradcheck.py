"""The checkers themselves: they pass what is right and, above all, fail what is wrong."""

import contextlib
import re
import warnings

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import testing
from minitorch_cnn.grad_mode import set_grad_enabled
from minitorch_cnn.nn import functional
from minitorch_cnn.ops.arguments import constant, raw
from minitorch_cnn.ops.shape import sum_to
from minitorch_cnn.primitive import PRIMITIVES, Primitive
from modes import no_leaks


@pytest.fixture
def declare():
    """Primitives for one test only: their names are forgotten afterwards."""
    before = dict(PRIMITIVES)
    yield Primitive
    PRIMITIVES.clear()
    PRIMITIVES.update(before)


BOTH = ("forward", "reverse")


def numbers(*shape, seed=1):
    values = np.random.default_rng(seed).uniform(0.5, 2.0, shape)
    return mt.tensor(values, requires_grad=True)


def plain(x):
    """A kept tensor without its history, which loses all derivatives beyond the first."""
    return constant(raw(x), x)


# --- what is right passes ------------------------------------------------------------------------


@pytest.mark.parametrize("order", [1, 2, 3])
def test_right_gradients_pass(backend, order):
    x, y = numbers(2, 3), numbers(3, seed=2)
    testing.check_grads(lambda x, y: (mt.exp(-x) * mt.sin(y), mt.log(x) / y), [x, y], order)


def test_right_rule_passes(declare):
    cube = declare("cube", lambda x: x**3, (lambda g, x: g * 3 * x * x,), keep="inputs")
    testing.check_grads(cube, numbers(4), order=3)


@pytest.mark.parametrize("shape", [(), (0,), (1,), (2, 0, 3), (3, 1)])
def test_shapes(backend, shape):
    testing.check_grads(lambda x: x * mt.exp(x), numbers(*shape))


def test_float32_arguments_are_checked_in_float64():
    x = mt.tensor([0.5, 2.0], requires_grad=True)
    seen = []
    testing.check_grads(lambda x: seen.append(x.dtype) or mt.exp(x), x)
    assert set(seen) == {mt.float64}


def test_arguments_that_need_no_gradient_are_handed_over(backend):
    x, labels = numbers(4, 3), mt.tensor([0, 2, 1, 1])
    testing.check_grads(functional.cross_entropy, [x, labels])
    testing.check_grads(lambda x, scale, axis: (x * scale).sum(axis=axis), [x, numbers(3), 1])


def test_integer_results_are_left_out():
    testing.check_grads(lambda x: (mt.argmax(x), mt.exp(x)), numbers(4))
    with pytest.raises(TypeError, match="no result of the function holds floating-point"):
        testing.check_grads(mt.argmax, numbers(4))


def test_large_and_small_arguments():
    x = mt.tensor(np.array([1e-3, 1.0, 1e5]), requires_grad=True)
    testing.check_grads(lambda x: x * x, x)
    testing.check_grads(lambda x: 1e-4 * mt.sqrt(x + 1e3), x)


def test_works_inside_no_grad_and_on_functions_that_differentiate():
    def slope(x):
        x = x * 1.0
        return mt.grad(mt.sum(mt.sin(x)), x, create_graph=True)[0]

    with mt.no_grad():
        testing.check_grads(slope, numbers(3))


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("modes", ["forward", "reverse", ["forward"], ("reverse", "forward")])
def test_modes_and_orders(order, modes):
    x, y = numbers(2), numbers(2, seed=2)
    testing.check_grads(lambda x, y: (x * mt.exp(y), mt.sin(x)), [x, y], order, modes=modes)


def test_forward_mode_of_results_and_arguments_of_several_shapes(backend):
    x, y, z = numbers(2, 3), numbers(), numbers(0)
    testing.check_grads(lambda x, y, z: (x.sum(axis=0) * y, z * y, mt.argmax(x)), [x, y, z])
    testing.check_grads(lambda x: (mt.zeros_like(x), x * 2.0), x)
    testing.check_grads(lambda x: mt.sign(x), x)


def test_same_seed_same_message(declare):
    wrong = declare("wrong", lambda x: x * x, (lambda g, x: g * x,), keep="inputs")
    messages = []
    for seed in (5, 5, 6):
        with pytest.raises(AssertionError) as caught:
            testing.check_grads(wrong, numbers(3), rng=np.random.default_rng(seed))
        messages.append(str(caught.value))
    assert messages[0] == messages[1] != messages[2]


# --- what is wrong fails -------------------------------------------------------------------------


def fails(message, f, *args, **options):
    with pytest.raises(AssertionError, match=message):
        testing.check_grads(f, args, **options)


def test_wrong_rule(declare):
    square = declare("wrong", lambda x: x * x, (lambda g, x: g * x,), keep="inputs")
    fails("wrong gradient of order 1 in argument 0", square, numbers(3))


def test_wrong_sign(declare):
    cosine = declare("wrong", mt.cos.compute, (lambda g, x: g * mt.sin(x),), keep="inputs")
    fails("wrong gradient of order 1 in argument 0", cosine, numbers(3))


def test_missing_term(declare):
    rules = (lambda g, x: g * mt.log(x),)  # of log(x) + 1
    entropy = declare("wrong", lambda x: x * np.log(x), rules, keep="inputs")
    fails("wrong gradient of order 1 in argument 0", entropy, numbers(3))


def test_one_wrong_entry_among_many(declare):
    def rule(g, x):
        return g * 2 * x + g * constant(np.eye(1, 200, 77)[0] * 1e-3, g)

    square = declare("wrong", lambda x: x * x, (rule,), keep="inputs")
    fails("wrong gradient of order 1", square, numbers(200))


def test_right_once_and_wrong_at_second_order(declare):
    rules = (lambda g, x: g * 3 * plain(x) * x,)
    cube = declare("wrong", lambda x: x**3, rules, keep="inputs")
    testing.check_grads(cube, numbers(3), order=1)
    fails("wrong gradient of order 2 in argument 0", cube, numbers(3))


def test_right_twice_and_wrong_at_third_order(declare):
    half = declare("half", lambda x: 3 * x * x, (lambda g, x: g * 6 * plain(x),), keep="inputs")
    cube = declare("wrong", lambda x: x**3, (lambda g, x: g * half(x),), keep="inputs")
    testing.check_grads(cube, numbers(3), order=2)
    fails("wrong gradient of order 3 in argument 0", cube, numbers(3), order=3)


def test_rule_that_cuts_the_upstream_gradient(declare):
    exponential = declare("wrong", mt.exp.compute, (lambda g, y: plain(g) * y,), keep="output")
    testing.check_grads(exponential, numbers(3), order=1)
    fails("of order 2 in upstream gradient 0", exponential, numbers(3), modes=["reverse"])
    forward = "wrong derivative of order 1 in forward mode"
    fails(forward, exponential, numbers(3))
    fails(forward, exponential, numbers(3), order=1, modes=BOTH)
    fails("order 1, forward mode: .* it is 0, finite", exponential, numbers(3), modes=["forward"])


def cubed_in_forward_mode(factor):
    """A rule whose gradient is right and whose derivative in the upstream gradient is not."""
    spread = Primitive(
        "spread",
        lambda g, x: g * 3 * x * x,
        (
            lambda v, g, x: v * 3 * factor * x * x,
            lambda v, g, x: v * g * 6 * x,
        ),
        keep="inputs",
    )
    return Primitive("wrong", lambda x: x**3, (lambda g, x: spread(g, x),), keep="inputs")


def test_wrong_forward_mode(declare):
    right = cubed_in_forward_mode(1.0)
    testing.check_grads(right, numbers(3), order=3)
    PRIMITIVES.pop("spread"), PRIMITIVES.pop("wrong")
    wrong = cubed_in_forward_mode(1.001)
    testing.check_grads(wrong, numbers(3), order=1)
    fails("wrong derivative of order 1 in forward mode", wrong, numbers(3), order=1, modes=BOTH)
    fails("wrong derivative of order 1 in forward mode", wrong, numbers(3))
    fails("wrong gradient of order 1, forward mode", wrong, numbers(3), modes=["forward"])


def test_wrong_forward_mode_of_second_order(declare):
    def rule(v, g, x):
        return plain(v) * g * 6 * x

    spread = declare(
        "spread",
        lambda g, x: g * 3 * x * x,
        (lambda v, g, x: v * 3 * x * x, rule),
        keep="inputs",
    )
    wrong = declare("wrong", lambda x: x**3, (lambda g, x: spread(g, x),), keep="inputs")
    testing.check_grads(wrong, numbers(3), modes=["reverse"])
    testing.check_grads(wrong, numbers(3))
    fails("wrong derivative of order 2 in forward mode", wrong, numbers(3), modes=BOTH)
    fails("wrong derivative of order 2 in forward mode", wrong, numbers(3), order=3)


@pytest.mark.parametrize("order", [1, 2])
def test_rule_that_changes_the_dtype(declare, order):
    def rule(g, x):
        wide = g * 2 * x
        return wide if order == 2 and not isinstance(g, mt.Tensor) else mt.astype(wide, mt.float32)

    wrong = declare("wrong", lambda x: x * x, (rule,), keep="inputs")
    with pytest.raises(TypeError, match=r"wrong: its gradient rule for argument 0 gave .*float32"):
        testing.check_grads(wrong, numbers(3), order)


def test_gradient_of_the_wrong_sign_in_one_entry(declare):
    def rule(g, x):
        return g * 2 * x * constant(np.where(np.arange(x.size) == 3, -1.0, 1.0), g)

    fails(
        "wrong gradient of order 1",
        declare("wrong", lambda x: x * x, (rule,), keep="inputs"),
        numbers(5),
    )


def test_rule_that_differs_under_create_graph(declare):
    def rule(g, x):
        return g * x * (2 if isinstance(g, mt.Tensor) else 2.001)

    square = declare("wrong", lambda x: x * x, (rule,), keep="inputs")
    fails("under create_graph=True differs", square, numbers(3), rtol=1e-2)


def test_wrong_sum_over_broadcast_axes(declare):
    def first_of_the_copies(g, shape):
        return mt.reshape(raw(g)[:1], shape) if g.shape != shape else g

    product = declare(
        "wrong",
        lambda a, b: a * b,
        (lambda g, a, b: g * b, lambda g, a, b: g * a),
        keep="inputs",
        fit=first_of_the_copies,
    )
    testing.check_grads(product, [numbers(3), numbers(3)], order=1)
    fails("wrong gradient of order 1 in argument 1", product, numbers(4, 3), numbers(3))


def test_no_sum_over_broadcast_axes(declare):
    rules = (lambda g, a, b: g * b, lambda g, a, b: g * a)
    product = declare("wrong", lambda a, b: a * b, rules, keep="inputs")
    with pytest.raises(TypeError, match="wrong: its gradient rule for argument 1 gave shape"):
        testing.check_grads(product, [numbers(4, 3), numbers(3)])


def test_right_only_for_a_symmetric_upstream_gradient(declare):
    rules = (lambda g: g,)
    transpose = declare("wrong", lambda x: x.T, rules)
    ones = mt.ones((3, 3), dtype=mt.float64)
    (gradient,) = mt.grad(transpose(x := numbers(3, 3)), x, ones)
    np.testing.assert_array_equal(gradient.numpy(), 1.0)  # seems right
    fails("wrong gradient of order 1", transpose, numbers(3, 3))


def test_gradients_of_two_arguments_swapped(declare):
    rules = (lambda g, a, b: g * a, lambda g, a, b: g * b)
    product = declare("wrong", lambda a, b: a * b, rules, keep="inputs", fit=sum_to)
    fails("wrong gradient of order 1 in argument 0", product, numbers(3), numbers(3, seed=2))


def test_wrong_in_one_argument_is_named(declare):
    rules = (lambda g, a, b: g * b, lambda g, a, b: 2 * g * a)
    product = declare("wrong", lambda a, b: a * b, rules, keep="inputs", fit=sum_to)
    fails("in argument 2:", lambda n, a, b: product(a, b), 5, numbers(3), numbers(3, seed=2))


def test_argument_cut_off():
    fails("wrong gradient of order 1 in argument 0", lambda x: mt.exp(x.detach()) + x, numbers(3))
    fails("wrong gradient of order 1 in argument 1", lambda x, y: x * y.detach(), *[numbers(3)] * 2)


def test_one_of_two_results_wrong(declare):
    wrong = declare("wrong", lambda x: x * x, (lambda g, x: g * x,), keep="inputs")
    fails("wrong gradient of order 1", lambda x: (mt.exp(x), wrong(x)), numbers(3))


def test_gradient_that_is_not_a_number(declare):
    wrong = declare("wrong", lambda x: x * x, (lambda g, x: g * x * float("nan"),), keep="inputs")
    fails("it is nan", wrong, numbers(3))


def test_function_that_draws_random_numbers():
    rng = np.random.default_rng(0)
    fails("must not draw random numbers", lambda x: x * float(rng.random()), numbers(3))


# --- kinks ---------------------------------------------------------------------------------------


def kinks(function, *args, **options):
    """The messages of the warnings, all of them about kinks."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        testing.check_grads(function, args, **options)
    assert all(w.category is testing.KinkWarning and w.filename == __file__ for w in caught)
    return [str(w.message) for w in caught]


@pytest.mark.parametrize("mode", ["reverse", "forward"])
@pytest.mark.parametrize(
    ("function", "at", "place"),
    [
        (mt.relu, [0.0], "entry [0]"),
        (mt.relu, [1.0, 0.0, -1.0], "entry [1]"),
        (mt.relu, [1.0, 1e-9, -1.0], "entry [1]"),
        (mt.relu, [0.0, 1.0, 0.0, 0.0, 0.0], "entries [0], [2], [3] and 1 more"),
        (mt.abs, [[1.0, 0.0], [-1.0, 2.0]], "entry [0, 1]"),
        (mt.abs, 0.0, "entry []"),
        (lambda x: mt.maximum(x, 2 * x - 1), [1.0], "entry [0]"),
        (lambda x: mt.clip(x, 0.0, 1.0), [0.5, 1.0], "entry [1]"),
        (mt.floor, [2.0], "entry [0]"),
        (lambda x: mt.max(x), [1.0, 1.0], "entries [0], [1]"),
        (
            lambda x: functional.max_pool1d(x.reshape(1, 1, -1), 2),
            [2.0, 2.0 + 1e-9, 0.0, 1.0],
            "entries [0], [1]",
        ),
    ],
)
def test_kinks_are_called_kinks(function, at, place, mode):
    x = mt.tensor(np.array(at), requires_grad=True)
    message = kinks(function, x, modes=[mode])[0]
    assert "cannot be judged: the point is at a kink" in message
    assert f", at {place}: " in message
    where = "argument 0" if mode == "reverse" else "forward mode"
    # At a symmetric kink the gradient is what differences give, and its slope has the kink.
    order = 1 if kinks(function, x, order=1) else 2
    assert f"the gradient of order {order}" in message
    assert where in message


def test_a_kink_names_slopes_and_gradient():
    (message,) = kinks(mt.relu, mt.tensor(0.0, requires_grad=True), order=1)
    assert re.search(r"slopes are \S+ behind and 0 ahead; move it away \(.* there is 0\)$", message)


def test_many_kinks_are_found_in_reasonable_time():
    (message,) = kinks(mt.relu, mt.zeros(2_000, requires_grad=True), order=1)
    assert "entries" in message


def test_kinks_do_not_hide_mistakes_elsewhere(declare):
    def rule(g, y):
        return g * (y > 0) * constant(np.where(np.arange(y.size) == 7, 1.01, 1.0), g)

    wrong = declare("wrong", mt.relu.compute, (rule,), keep="output")
    values = np.linspace(-2.0, 5.0, 12)
    values[[0, 4, 9]] = 0.0
    fails("wrong gradient of order 1", wrong, mt.tensor(values, requires_grad=True), order=1)
    x, y = mt.tensor(np.zeros(2), requires_grad=True), numbers(2)
    with pytest.warns(testing.KinkWarning, match="argument 0"):
        fails("of order 1 in argument 1", lambda x, y: mt.relu(x) + y.detach(), x, y)


@pytest.mark.parametrize("at_kink", [0.0, 0.3, 1.0])
def test_any_slope_between_the_sides_will_do_at_a_kink(declare, at_kink):
    relu = declare("relu_too", mt.relu.compute, (slope_of_relu(at_kink),), keep="inputs")
    x = mt.tensor(np.array([[0.0, 1.0, -1.0], [0.0, 0.0, 2.0]]), requires_grad=True)
    assert len(kinks(relu, x, order=1)) == 1
    assert len(kinks(lambda x: relu(x).sum(axis=0) - relu(2 * x).sum(axis=0), x, order=1)) == 1


@pytest.mark.parametrize("mode", ["reverse", "forward"])
@pytest.mark.parametrize("at_kink", [5.0, 1.01, -0.01, float("nan")])
def test_a_slope_outside_the_sides_is_wrong_at_a_kink(declare, at_kink, mode):
    relu = declare("relu_too", mt.relu.compute, (slope_of_relu(at_kink),), keep="inputs")
    x = mt.tensor(np.array([[0.0, 1.0, -1.0], [0.0, 0.0, 2.0]]), requires_grad=True)
    message = r"wrong gradient of order 1.*: at the kink at entry \[., .\] it is .* not between"
    fails(message, relu, x, order=1, modes=[mode])


def slope_of_relu(at_kink):
    def rule(g, x):
        slope = np.where(raw(x) == 0, at_kink, 1.0 * (raw(x) > 0))
        return g * constant(slope, g)

    return rule


def test_kinks_are_warnings_that_can_be_made_errors():
    assert issubclass(testing.KinkWarning, UserWarning)
    with pytest.raises(testing.KinkWarning, match="argument 0"):  # as all warnings are here
        testing.check_grads(mt.relu, mt.zeros(1, requires_grad=True))


def test_wrong_rule_beside_a_kink_is_called_wrong(declare):
    relu = declare("wrong", mt.relu.compute, (lambda g, y: g * y,), keep="output")
    fails("wrong gradient of order 1", relu, mt.tensor([0.1, -0.1, 2.0], requires_grad=True))


def test_points_near_a_kink_can_be_judged():
    testing.check_grads(mt.relu, mt.tensor(np.array([1.0, 1e-6, -1e-6]), requires_grad=True))


def test_kink_of_second_order():
    # x * relu(x) has a slope everywhere, and that has a kink at 0.
    x = mt.tensor(np.array([0.0, 1.0]), requires_grad=True)
    testing.check_grads(lambda x: x * mt.relu(x), x, order=1)
    (message,) = kinks(lambda x: x * mt.relu(x), x)
    assert "gradient of order 2 in argument 0 cannot be judged" in message


def test_kinks_of_first_and_higher_order_are_all_named():
    x = mt.tensor(np.zeros(1), requires_grad=True)
    messages = kinks(lambda x: mt.relu(x) * x, x, order=3)
    assert [re.search("order .", message)[0] for message in messages] == ["order 2", "order 3"]


# --- two functions, adjoints ---------------------------------------------------------------------


def test_check_same_passes(backend):
    x, y = numbers(3, 2), numbers(2, seed=2)
    testing.check_same(lambda x, y: (x * y, x / y), lambda x, y: (y * x, x * y**-1.0), [x, y], 3)


def test_check_same_in_float32():
    x = mt.tensor([1.0, 2.0], requires_grad=True)
    seen = []
    testing.check_same(lambda x: seen.append(x.dtype) or mt.exp(x), mt.exp, x, rtol=1e-6)
    assert set(seen) == {mt.float32}


@pytest.mark.parametrize(
    ("other", "order", "message"),
    [
        (lambda x: x * x + 1e-6, 0, "result 0 differs: at"),
        (lambda x: mt.reshape(x * x, (1, -1)), 0, r"result 0 differs: .* shape \(3,\)"),
        (lambda x: (x * x).to("float32"), 0, "float32"),
        (lambda x: (x * x, x), 0, "returns 1 .* the other 2"),
        (lambda x: x * x.detach(), 1, "gradient of order 1 in argument 0 differs"),
        (lambda x: x * x + 1.0 - mt.exp(x - x.detach()), 1, "gradient of order 1"),
        (
            lambda x: x * x + mt.exp(x - x.detach()) - 1.0 - (x - x.detach()),
            2,
            "gradient of order 2 in argument 0 differs",
        ),
    ],
)
def test_check_same_fails(other, order, message):
    x = numbers(3)
    if order:
        testing.check_same(lambda x: x * x, other, x, order=order - 1)
    with pytest.raises(AssertionError, match=message):
        testing.check_same(lambda x: x * x, other, x, order=2)


def test_check_adjoint(backend):
    matrix = numbers(4, 3).detach()
    testing.check_adjoint(lambda x: matrix @ x, lambda y: matrix.mT @ y, (3, 2), (4, 2))
    for wrong in (lambda y: matrix.mT @ y * 1.000001, lambda y: -(matrix.mT @ y)):
        with pytest.raises(AssertionError, match=r"<linear\(x\), y> is"):
            testing.check_adjoint(lambda x: matrix @ x, wrong, (3, 2), (4, 2))


def test_check_adjoint_compares_shapes():
    with pytest.raises(AssertionError, match=r"adjoint gives shape \(2, 3\)"):
        testing.check_adjoint(lambda x: x, lambda y: mt.reshape(y, (2, 3)), (6,), (6,))
    with pytest.raises(AssertionError, match="linear gives shape"):
        testing.check_adjoint(lambda x: x[1:], lambda y: y, (6,), (6,))
    with pytest.raises(AssertionError, match="float32"):
        testing.check_adjoint(lambda x: x.to("float32"), lambda y: y, (6,), (6,))


# --- mistakes in the call ------------------------------------------------------------------------


@pytest.mark.parametrize("check", [testing.check_grads, lambda f, x: testing.check_same(f, f, x)])
def test_mistakes_in_the_call(check):
    with pytest.raises(ValueError, match="no argument needs a gradient"):
        check(mt.exp, mt.ones(3))
    with pytest.raises(TypeError, match="is a float; expected a Tensor"):
        check(lambda x: 1.0, numbers(3))


def test_order_must_be_positive():
    with pytest.raises(ValueError, match="order must be at least 1"):
        testing.check_grads(mt.exp, numbers(3), order=0)


@pytest.mark.parametrize("modes", [[], "backward", ["forward", "both"]])
def test_modes_must_be_known(modes):
    with pytest.raises(ValueError, match='modes must be of "forward" and "reverse"'):
        testing.check_grads(mt.exp, numbers(3), modes=modes)


# --- the watch on modes --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("leak", "message"),
    [
        (lambda: set_grad_enabled(False).__enter__(), "gradients are recorded"),
        (lambda: mt.compositions().__enter__(), "compositions run"),
        (lambda: mt.use_backend("strict").__enter__(), "backend of this context"),
        (lambda: mt.use_backend("strict"), "backend of the process"),
    ],
)
def test_leaks_are_found_and_mended(leak, message):
    with pytest.raises(pytest.fail.Exception, match=message), no_leaks():
        leak()
    with no_leaks():
        pass
    assert mt.is_grad_enabled()
    assert mt.ones(1).backend == "numpy"


def test_modes_set_back_are_no_leaks():
    with no_leaks(), mt.no_grad(), mt.compositions(), mt.use_backend("strict"):
        pass
    with no_leaks(), contextlib.suppress(ValueError), mt.no_grad():
        raise ValueError
