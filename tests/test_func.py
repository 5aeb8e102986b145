"""Transforms of functions: against closed forms, finite differences and each other."""

import gc
from collections import OrderedDict, namedtuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch_cnn as mt
from minitorch_cnn import nn
from minitorch_cnn.nn import functional as F
from minitorch_cnn.tree import flatten, flatten_like, map_tensors

Pair = namedtuple("Pair", "first second")


def array(x):
    return x.detach().numpy()


def close(a, b, rtol=1e-9, atol=1e-11):
    """Trees of tensors that agree in nesting, shape and values."""
    entries, structure = flatten(a)
    others = flatten_like(structure, b, "b", "a")
    for x, y in zip(entries, others, strict=True):
        assert x.shape == y.shape
        np.testing.assert_allclose(array(x), array(y), rtol=rtol, atol=atol)


def t(values, **options):
    return mt.tensor(values, dtype=mt.float64, **options)


def randn(*shape, seed=0):
    return mt.randn(*shape, rng=np.random.default_rng(seed), dtype=mt.float64)


def wavy(x):
    """A smooth function of a vector that mixes all entries."""
    return (mt.sin(x) * mt.roll(x, 1) ** 2).sum()


def field(x):
    """A smooth vector field."""
    return mt.exp(-x) * mt.roll(x, 1) ** 2


# --- gradients ----------------------------------------------------------------------------------


def test_grad_follows_argnums(backend):
    x, y = t([1.0, 2.0]), t([3.0, 5.0])
    product = lambda x, y, power=1: (x * y**power).sum()  # noqa: E731
    close(mt.func.grad(product)(x, y), y)
    close(mt.func.grad(product, argnums=1)(x, y), x)
    close(mt.func.grad(product, argnums=-1)(x, y, power=2), 2 * x * y)
    close(mt.func.grad(product, argnums=(0,))(x, y), (y,))
    close(mt.func.grad(product, argnums=(1, 0))(x, y), (x, y))


def test_value_and_aux_come_along(backend):
    x = t([1.0, 2.0])
    f = lambda x: ((x**2).sum(), {"double": 2 * x, "note": "kept"})  # noqa: E731
    gradient, aux = mt.func.grad(f, has_aux=True)(x)
    (value, same), other = mt.func.value_and_grad(f, has_aux=True)(x)
    assert value.item() == 5.0
    assert aux["note"] == same["note"] == "kept"
    close((gradient, other, aux["double"]), (2 * x, 2 * x, 2 * x))
    assert not any(y.requires_grad for y in (gradient, other, value, aux["double"]))
    value, gradient = mt.func.value_and_grad(lambda x: x**2)(t(3.0))
    assert (value.item(), gradient.item()) == (9.0, 6.0)


def test_trees_keep_their_nesting(backend):
    tree = {
        "a": t([1.0, 2.0]),
        "b": [t(3.0), (Pair(t(4.0), t([5.0])),)],
        "c": OrderedDict(z=t(6.0)),
    }
    f = lambda tree: sum((k * x**2).sum() for k, x in enumerate(flatten(tree)[0]))  # noqa: E731
    entries, structure = flatten(tree)
    expected = structure.unflatten([2 * k * x for k, x in enumerate(entries)])
    close(mt.func.grad(f)(tree), expected)
    assert isinstance(mt.func.grad(f)(tree)["b"][1][0], Pair)
    assert type(mt.func.grad(f)(tree)["c"]) is OrderedDict
    ones = map_tensors(mt.ones_like, tree)
    _, slope = mt.func.jvp(f, (tree,), (ones,))
    assert slope.item() == pytest.approx(sum(x.sum().item() for x in flatten(expected)[0]))


def test_an_argument_without_influence_gets_zeros(backend):
    x, y = t([1.0, 2.0]), t([[3.0]])
    close(mt.func.grad(lambda x, y: x.sum(), (0, 1))(x, y), (mt.ones_like(x), mt.zeros_like(y)))
    close(mt.func.grad(lambda x: t(1.0))(x), mt.zeros_like(x))
    close(mt.func.vjp(lambda x: mt.ones_like(x), x)[1](x), (mt.zeros_like(x),))
    close(mt.func.jacobian(lambda x: t([1.0, 1.0, 1.0]))(x), t(np.zeros((3, 2))))


def test_one_tensor_in_two_places_is_two_inputs(backend):
    x = t([2.0, 3.0])
    close(mt.func.grad(lambda x, y: (x * y**2).sum(), (0, 1))(x, x), (x**2, 2 * x * x))
    close(mt.func.grad(lambda p: (p[0] * p[1] ** 2).sum())([x, x]), [x**2, 2 * x * x])


def test_no_transform_writes_to_grad_and_all_work_inside_no_grad(backend):
    x = t([0.5, 1.5], requires_grad=True)
    w = nn.Parameter([2.0, 3.0], dtype=mt.float64)
    with mt.no_grad():
        gradient = mt.func.grad(lambda x: (w * x**2).sum())(x)
        second = mt.func.hessian(lambda x: (w * x**2).sum())(x)
        product = mt.func.hvp(lambda x: (w * x**2).sum(), (x,), (mt.ones_like(x),))
    close((gradient, product), (2 * w * x, 2 * w))
    close(second, mt.tensor(np.diag([4.0, 6.0])))
    assert not gradient.requires_grad
    assert not second.requires_grad
    assert not product.requires_grad
    assert x.grad is None
    assert w.grad is None


def test_no_grad_inside_the_function_is_respected(backend):
    def f(x):
        with mt.no_grad():
            constant = x**2
        return (constant * x).sum()

    close(mt.func.grad(f)(t([3.0])), t([9.0]))


@pytest.mark.parametrize("transform", ["grad", "vjp", "jvp", "jacobian", "jacfwd", "hvp"])
def test_plain_inputs_give_results_without_history(backend, transform):
    x = t([1.0, 2.0])
    out = {
        "grad": lambda: mt.func.grad(wavy)(x),
        "vjp": lambda: [(o := mt.func.vjp(field, x))[0], o[1](x)],
        "jvp": lambda: mt.func.jvp(field, (x,), (x,)),
        "jacobian": lambda: mt.func.jacobian(field)(x),
        "jacfwd": lambda: mt.func.jacfwd(field)(x),
        "hvp": lambda: mt.func.hvp(wavy, (x,), (x,)),
    }[transform]()
    assert not any(y.requires_grad for y in flatten(out)[0])


def test_results_are_differentiable_in_what_the_function_captures(backend):
    w = t([2.0, 3.0], requires_grad=True)
    x = t([0.5, 1.5])
    penalty = (mt.func.grad(lambda x: (w * x**3).sum())(x) ** 2).sum()
    penalty.backward()
    close(w.grad, 2 * w.detach() * 9 * x**4)
    output, tangent = mt.func.jvp(lambda x: w * x**3, (x,), (mt.ones_like(x),))
    close(mt.grad(output, w, x)[0], x**4)
    close(mt.grad(tangent, w, x)[0], 3 * x**3)
    output, pull = mt.func.vjp(lambda x: w * x**3, x)
    close(mt.grad(pull(x)[0], w, mt.ones_like(x))[0], 3 * x**3)


def test_results_are_differentiable_in_a_captured_result_whose_leaf_is_gone(backend):
    w = t([1.0, 2.0], requires_grad=True) * 3
    gradient = mt.func.grad(lambda x: (w * x**2).sum())(t([5.0, 7.0]))
    close(mt.grad(gradient, w, mt.ones_like(w))[0], t([10.0, 14.0]))


def test_gradients_go_through_inputs_that_are_tracked(backend):
    x = t([0.5, 1.5], requires_grad=True)
    gradient = mt.func.grad(lambda y: (y**3).sum())(x * 2)
    close(gradient, 3 * (2 * x) ** 2)
    close(mt.grad(gradient, x, mt.ones_like(x))[0], 24 * x)
    tangent = mt.func.jvp(lambda y: y**2, (t([1.0, 1.0]),), (x,))[1]
    close(mt.grad(tangent, x, mt.ones_like(x))[0], t([2.0, 2.0]))
    assert x.grad is None


def test_a_function_of_a_kept_vjp_leaves_no_history_behind(backend):
    _, pull = mt.func.vjp(lambda x: x**2, t([1.0, 2.0]))
    gradient = mt.func.grad(lambda u: (pull(u)[0] ** 2).sum())(t([3.0, 4.0]))
    close(gradient, t([24.0, 128.0]))
    assert not gradient.requires_grad


def test_transforms_make_no_reference_cycles(backend):
    x = t([1.0, 2.0])
    mt.func.hvp(wavy, (x,), (x,))
    gc.collect()
    gc.disable()
    try:
        before = len(gc.get_objects())
        for _ in range(20):
            mt.func.grad(wavy)(x)
            mt.func.hvp(wavy, (x,), (x,))
            mt.func.hessian(wavy)(x)
        assert len(gc.get_objects()) - before < 50
    finally:
        gc.enable()


def test_hooks_inside_the_function_act_on_its_gradient(backend):
    def f(x):
        x.register_hook(lambda g: 10 * g)
        return (x**2).sum()

    close(mt.func.grad(f)(t([1.0])), t([20.0]))
    close(mt.func.grad(f)(t([1.0], requires_grad=True)), t([20.0]))


def test_an_input_that_is_frozen_inside_passes_nothing_on(backend):
    def f(x, y):
        x.requires_grad_(False)
        return (x * y).sum()

    x, y = t([1.0, 2.0]), t([3.0, 4.0])
    close(mt.func.grad(f, (0, 1))(x, y), (mt.zeros_like(x), x))


# --- nesting ------------------------------------------------------------------------------------


def test_grad_nests_to_any_depth(backend):
    f, expected = (lambda x: x**5), [5.0, 20.0, 60.0, 120.0, 120.0, 0.0]
    for value in expected:
        f = mt.func.grad(f)
        assert f(t(1.0)).item() == pytest.approx(value, abs=1e-12)


def test_perturbations_of_two_levels_are_not_confused(backend):
    inner = lambda x: mt.func.grad(lambda y: x + y)(t(1.0))  # noqa: E731
    assert mt.func.grad(lambda x: x * inner(x))(t(1.0)).item() == 1.0
    inner_jvp = lambda x: mt.func.jvp(lambda y: x * y, (t(1.0),), (t(1.0),))[1]  # noqa: E731
    assert mt.func.jvp(lambda x: x * inner_jvp(x), (t(3.0),), (t(1.0),))[1].item() == 6.0


def test_all_orders_of_forward_and_reverse_agree(backend):
    x, v = randn(4), randn(4, seed=1)
    second = mt.func.hessian(wavy)(x)
    for outer in (mt.func.jacrev, mt.func.jacfwd):
        for inner in (mt.func.jacrev, mt.func.jacfwd):
            close(outer(inner(wavy))(x), second)
    close(second, mt.matrix_transpose(second))
    close(mt.func.hvp(wavy, (x,), (v,)), second @ v)
    close(mt.func.hvp(wavy, x, v), second @ v)
    close(mt.func.vjp(mt.func.grad(wavy), x)[1](v)[0], second @ v)
    third = mt.func.jvp(lambda x: mt.func.hvp(wavy, (x,), (v,)), (x,), (v,))[1]
    step = 1e-5
    ahead = mt.func.hvp(wavy, (x + step * v,), (v,))
    behind = mt.func.hvp(wavy, (x - step * v,), (v,))
    close(third, (ahead - behind) / (2 * step), rtol=1e-6, atol=1e-8)


def test_hessian_of_a_hessian(backend):
    fourth = mt.func.hessian(mt.func.hessian(lambda x: (x**5).sum()))(t([2.0, 3.0]))
    expected = np.zeros((2, 2, 2, 2))
    expected[0, 0, 0, 0], expected[1, 1, 1, 1] = 240.0, 360.0
    close(fourth, t(expected))


def test_hvp_of_several_primals_is_a_tuple(backend):
    x, y = t([1.0, 2.0]), t(3.0)
    f = lambda x, y: (x**2).sum() * y**2  # noqa: E731
    first, second = mt.func.hvp(f, (x, y), (mt.ones_like(x), t(1.0)))
    close((first, second), (2 * y**2 + 4 * x * y, t(2 * 5 + 4 * y.item() * 3)))
    blocks = mt.func.hessian(f, argnums=(0, 1))(x, y)
    assert [[b.shape for b in row] for row in blocks] == [[(2, 2), (2,)], [(2,), ()]]


# --- Jacobians ----------------------------------------------------------------------------------


def test_jacobians_have_the_shape_of_output_and_input(backend):
    x, y = randn(2, 3), randn(3, seed=1)
    f = lambda x, y: {"p": x @ y, "q": (mt.sin(x), y.sum())}  # noqa: E731
    reverse, forward = mt.func.jacrev(f, (0, 1))(x, y), mt.func.jacfwd(f, (0, 1))(x, y)
    shapes = {k: v.shape for k, v in zip("ab", reverse["q"][0], strict=True)}
    assert shapes == {"a": (2, 3, 2, 3), "b": (2, 3, 3)}
    assert [b.shape for b in reverse["p"]] == [(2, 2, 3), (2, 3)]
    assert [b.shape for b in reverse["q"][1]] == [(2, 3), (3,)]
    close(reverse, forward)
    close(mt.func.jacobian(lambda p: f(**p))({"x": x, "y": y})["p"]["x"], reverse["p"][0])
    assert mt.func.jacrev is mt.func.jacobian


def test_jacobians_against_finite_differences(backend):
    x, step = randn(5), 1e-6
    columns = []
    for k in range(5):
        e = mt.eye(5, dtype=mt.float64)[k] * step
        columns.append((field(x + e) - field(x - e)) / (2 * step))
    close(mt.func.jacobian(field)(x), mt.stack(columns, axis=1), rtol=1e-7, atol=1e-9)
    close(mt.func.jacfwd(field)(x), mt.stack(columns, axis=1), rtol=1e-7, atol=1e-9)
    v = randn(5, seed=2)
    close(mt.func.jvp(field, (x,), (v,))[1], mt.func.jacobian(field)(x) @ v)
    close(mt.func.vjp(field, x)[1](v)[0], v @ mt.func.jacobian(field)(x))


@pytest.mark.parametrize("shape", [(0,), (2, 0)])
def test_empty_inputs_and_outputs_have_empty_jacobians(backend, shape):
    x = mt.zeros(shape, dtype=mt.float64)
    for transform in (mt.func.jacrev, mt.func.jacfwd):
        assert transform(lambda x: 2 * x)(x).shape == shape + shape
        assert transform(lambda x: x.sum())(x).shape == shape
        assert transform(lambda x: mt.concat([x.reshape(-1), t([1.0])]))(x).shape == (1, *shape)


def test_aux_of_jacobians(backend):
    for transform in (mt.func.jacrev, mt.func.jacfwd):
        jacobian, aux = transform(lambda x: (x**2, [x]), has_aux=True)(t([3.0]))
        close((jacobian, aux), (t([[6.0]]), [t([3.0])]))
    output, tangent, aux = mt.func.jvp(lambda x: (x, "a"), (t(1.0),), (t(2.0),), has_aux=True)
    assert (output.item(), tangent.item(), aux) == (1.0, 2.0, "a")
    assert mt.func.vjp(lambda x: (x, "a"), t(1.0), has_aux=True)[2] == "a"


def test_integer_and_boolean_outputs_have_tangent_zero(backend):
    x = t([-1.0, 2.0])
    f = lambda x: (x**2, x > 0, x.argmax())  # noqa: E731
    output, tangent = mt.func.jvp(f, (x,), (mt.ones_like(x),))
    close(tangent[0], 2 * x)
    assert [y.dtype for y in tangent] == [y.dtype for y in output]
    assert not bool(tangent[1].any())
    assert tangent[2].item() == 0
    for transform in (mt.func.jacrev, mt.func.jacfwd):
        assert [block.dtype for block in transform(f)(x)] == [mt.float64] * 3
        close(transform(f)(x)[1:], (t(np.zeros((2, 2))), t(np.zeros(2))))
    output, pull = mt.func.vjp(f, x)
    close(pull((mt.ones_like(x), mt.zeros_like(output[1]), mt.zeros_like(output[2]))), (2 * x,))


def test_identity_and_repeated_outputs(backend):
    x = t([1.0, 2.0])
    for f in (lambda x: x, lambda x: (x, x), lambda x: [y := x * 3, y]):
        close(mt.func.jacrev(f)(x), mt.func.jacfwd(f)(x))
    close(mt.func.vjp(lambda x: (x, x), x)[1]((x, 2 * x))[0], 3 * x)


def test_float32_stays_float32(backend):
    x = mt.tensor([1.0, 2.0])
    for out in (
        mt.func.grad(wavy)(x),
        mt.func.hessian(wavy)(x),
        mt.func.jacfwd(field)(x),
        mt.func.hvp(wavy, (x,), (x,)),
    ):
        assert out.dtype == mt.float32


# --- trees --------------------------------------------------------------------------------------

TREES = st.recursive(
    st.one_of(st.integers(), st.none()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.text("abc", max_size=2), inner, max_size=3),
        st.tuples(inner, inner).map(lambda pair: Pair(*pair)),
        st.lists(st.tuples(st.text("xy", max_size=2), inner), max_size=2).map(OrderedDict),
    ),
    max_leaves=8,
)


@given(TREES)
def test_trees_come_together_again(tree):
    entries, structure = flatten(tree)
    again = structure.unflatten(entries)
    assert again == tree
    assert repr(again) == repr(tree)
    assert flatten_like(structure, tree, "a", "b") == entries
    for entry, path in zip(entries, structure.paths("tree"), strict=True):
        assert eval(path, {"tree": tree}) == entry


@given(TREES)
def test_gradients_of_any_tree_have_its_structure(tree):
    tensors = flatten(tree)[1].unflatten([t(float(n % 7)) for n in flatten(tree)[0]])
    f = lambda tree: sum((x**2 for x in flatten(tree)[0]), t(0.0))  # noqa: E731
    close(mt.func.grad(f)(tensors), map_tensors(lambda x: 2 * x, tensors))


def test_keys_of_dicts_may_come_in_another_order(backend):
    f = lambda p: {"u": p["a"] * 2, "v": p["b"] * 3}  # noqa: E731
    _, pull = mt.func.vjp(f, {"a": t(1.0), "b": t(1.0)})
    close(pull({"v": t(10.0), "u": t(1.0)}), ({"a": t(2.0), "b": t(30.0)},))


# --- errors -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: mt.func.grad(lambda x: x)(x), ValueError, r"shape \(2,\).*\.sum\(\)"),
        (lambda x: mt.func.grad(lambda x: (x.sum(), x))(x), TypeError, "has_aux=True"),
        (lambda x: mt.func.grad(lambda x: x.sum(), has_aux=True)(x), TypeError, r"\(output, aux\)"),
        (lambda x: mt.func.grad(lambda x: x.argmax())(x), ValueError, "floating-point"),
        (lambda x: mt.func.grad(lambda x: x.sum(), argnums=1)(x), ValueError, "1 positional"),
        (lambda x: mt.func.grad(lambda x: x.sum(), argnums=())(x), ValueError, "1 positional"),
        (lambda x: mt.func.grad(lambda x: x.sum(), argnums=(0, -1))(x), ValueError, "twice"),
        (lambda x: mt.func.grad(lambda x: x.sum(), argnums="0")(x), TypeError, "is a str"),
        (lambda x: mt.func.grad(x.sum()), TypeError, r"write grad\(f\)\(x\)"),
        (lambda x: mt.func.grad(lambda d: d)({"a": [x, 1]}), TypeError, r"0\['a'\]\[1\] is a int"),
        (lambda x: mt.func.grad(lambda d: d)([mt.tensor(1)]), TypeError, r"0\[0\] has dtype int64"),
        (lambda x: mt.func.vjp(lambda x: 1.0, x), TypeError, "output of the function is a float"),
        (lambda x: mt.func.vjp(lambda x: x, x)[1](t(1.0)), ValueError, r"shape \(\); expected"),
        (lambda x: mt.func.vjp(lambda x: (x, x), x)[1](x), ValueError, "is a Tensor where"),
        (lambda x: mt.func.vjp(lambda x: x, x)[1]((x,)), ValueError, "holds one tensor"),
        (lambda x: mt.func.vjp(lambda x: x, x)[1](None), ValueError, "holds one tensor"),
        (lambda x: mt.func.vjp(lambda x: {"a": x}, x)[1]({"b": x}), ValueError, "holds 'b'"),
        (lambda x: mt.func.jvp(lambda x: x, {"a": x}, (x,)), TypeError, "expected a tuple"),
        (
            lambda x: mt.func.jvp(lambda x: x, (x,), (t(1.0),)),
            ValueError,
            r"primals\[0\]: the tangent",
        ),
        (lambda x: mt.func.grad(lambda m: m)(nn.Dense(1, 1)), TypeError, "functional_call"),
        (lambda x: mt.func.functional_call(mt.sin, {}, x), TypeError, "expected a Module"),
        (lambda x: mt.func.jvp(lambda x: x, (x,), (x, x)), ValueError, "nest it alike"),
        (lambda x: mt.func.jvp(lambda x: x, (x,), (x.to(mt.float32),)), TypeError, "float32"),
    ],
)
def test_mistakes_are_named(backend, call, error, message):
    with pytest.raises(error, match=message):
        call(t([1.0, 2.0]))


def test_errors_of_the_function_pass_and_leave_nothing_behind(backend):
    with pytest.raises(ZeroDivisionError):
        mt.func.grad(lambda x: 1 / 0)(t(1.0))
    assert mt.is_grad_enabled()


# --- modules ------------------------------------------------------------------------------------


def everything():
    """A net with every kind of layer there is."""
    rng = np.random.default_rng(0)
    return nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1, rng=rng),
        nn.BatchNorm2d(4),
        nn.Tanh(),
        nn.MaxPool2d(2),
        nn.Conv2d(4, 2, 3, padding=1, groups=2, rng=rng),
        nn.GELU(),
        nn.AvgPool2d(2, ceil_mode=True),
        nn.LocallyConnected2d(2, 3, (2, 2), 2, rng=rng),
        nn.Flatten(),
        nn.Dense(3, 4, rng=rng),
    ).to(mt.float64)


@pytest.mark.parametrize("bodies", [False, True])
def test_forward_over_reverse_through_a_whole_net(backend, bodies):
    net = everything()
    state = {name: p.detach() for name, p in net.named_parameters()}
    rng = np.random.default_rng(1)
    along = {n: mt.randn(p.shape, rng=rng, dtype=mt.float64) for n, p in state.items()}
    x, y = randn(3, 2, 6, 6), mt.tensor([0, 1, 3])

    @mt.compositions() if bodies else lambda f: f
    def loss(state):
        return F.cross_entropy(mt.func.functional_call(net, state, (x,)), y)

    def moved(step):
        return {name: p + step * along[name] for name, p in state.items()}

    step = 1e-5
    _value, slope = mt.func.jvp(loss, (state,), (along,))
    ahead, behind = loss(moved(step)), loss(moved(-step))
    close(slope, (ahead - behind) / (2 * step), rtol=1e-6, atol=1e-8)
    gradient = mt.func.grad(loss)(state)
    close(slope, sum((gradient[name] * along[name]).sum() for name in state))
    product = mt.func.hvp(loss, (state,), (along,))
    ahead, behind = mt.func.grad(loss)(moved(step)), mt.func.grad(loss)(moved(-step))
    numeric = {name: (ahead[name] - behind[name]) / (2 * step) for name in state}
    close(product, numeric, rtol=1e-5, atol=1e-7)
    assert not any(p.requires_grad for p in product.values())


def test_gradients_of_a_functional_call_are_those_of_backward(backend):
    net = everything()
    x, y = randn(3, 2, 6, 6), mt.tensor([0, 1, 3])
    F.cross_entropy(net(x), y).backward()
    expected = {name: p.grad for name, p in net.named_parameters()}
    net.zero_grad()
    parameters = dict(net.named_parameters())
    loss = lambda p: F.cross_entropy(mt.func.functional_call(net, p, (x,)), y)  # noqa: E731
    close(mt.func.grad(loss)(parameters), expected)  # recorded, so through the compositions
    values = {name: p.detach() for name, p in parameters.items()}
    close(mt.func.grad(loss)(values), expected, rtol=0, atol=0)
    assert all(p.grad is None for p in net.parameters())


class Tied(nn.Module):
    def __init__(self):
        shared = nn.Dense(2, 2, rng=np.random.default_rng(0))
        self.parts = [shared, nn.Dense(2, 2, rng=np.random.default_rng(1))]
        self.named = {"scale": nn.Parameter([2.0, 2.0])}
        self.parts[1].weight = shared.weight
        self.fixed = (nn.Buffer([1.0, 1.0]),)

    def forward(self, x):
        for part in self.parts:
            x = part(x)
        return x * self.named["scale"] + self.fixed[0]


def test_functional_call_reaches_lists_dicts_and_tied_parameters(backend):
    net = Tied()
    x = mt.ones((1, 2))
    before = {name: (p, p.data) for name, p in net.named_parameters()}
    plain = net(x)
    w, scale = mt.tensor([[1.0, 2.0], [3.0, 4.0]]), mt.tensor([0.5, 1.0])
    b0, b1 = net.parts[0].bias, net.parts[1].bias
    out = mt.func.functional_call(net, {"parts.1.weight": w, "named.scale": scale}, x)
    close(out, ((x @ w.mT + b0) @ w.mT + b1) * scale + 1, rtol=1e-6)
    untied = mt.func.functional_call(net, {"parts.1.weight": w}, (x,), tie_weights=False)
    old = net.parts[0].weight
    close(untied, ((x @ old.mT + b0) @ w.mT + b1) * 2 + 1, rtol=1e-6)
    assert net.parts[1].weight is net.parts[0].weight
    assert {name: (p, p.data) for name, p in net.named_parameters()} == before
    close(net(x), plain, rtol=0, atol=0)
    state = {"parts.0.weight": w, "parts.1.weight": 2 * w}
    with pytest.raises(ValueError, match="one tied tensor"):
        mt.func.functional_call(net, state, x)


def test_functional_call_restores_the_module_after_an_error(backend):
    net = nn.Dense(2, 1)
    data = net.weight.data
    with pytest.raises(ValueError, match="linear"):
        mt.func.functional_call(net, {"weight": mt.ones((1, 2))}, mt.ones((1, 3)))
    assert net.weight.data is data
    assert net.weight.requires_grad


def test_functional_call_writes_statistics_to_what_was_passed(backend):
    net = nn.BatchNorm1d(2)
    buffers = {name: b.detach() for name, b in net.named_buffers()}
    x = mt.tensor([[1.0, 2.0], [3.0, 4.0]])
    out = mt.func.functional_call(net, (dict(net.named_parameters()), buffers), (x,))
    assert net.num_batches_tracked.item() == 0
    assert net.running_mean.tolist() == [0.0, 0.0]
    assert buffers["num_batches_tracked"].item() == 1
    close(out, net(x), rtol=0, atol=0)
    close(buffers["running_mean"], net.running_mean, rtol=0, atol=0)
    own = dict(net.named_buffers())
    mt.func.functional_call(net, own, (x,))
    assert net.num_batches_tracked.item() == 2


@pytest.mark.parametrize(
    ("state", "options", "error", "message"),
    [
        ({"wieght": None}, {}, ValueError, r"unknown: wieght \(did you mean weight\?\)"),
        ({"weight": mt.ones((1, 2))}, {"strict": True}, ValueError, "missing: bias"),
        ({"weight": mt.ones((2, 2))}, {}, ValueError, r"is \(2, 2\), the module has \(1, 2\)"),
        ({"weight": [[1.0, 2.0]]}, {}, TypeError, "weight is a list"),
        ({"bias": mt.ones(1, dtype=mt.float64)}, {}, TypeError, "float64.*float32"),
        ([{"bias": mt.ones(1)}, {"bias": mt.ones(1)}], {}, ValueError, "more than one"),
        ([1], {}, TypeError, "expected a dict"),
        (None, {}, TypeError, "expected a dict"),
    ],
)
def test_functional_call_names_what_does_not_fit(state, options, error, message):
    with pytest.raises(error, match=message):
        mt.func.functional_call(nn.Dense(2, 1), state, mt.ones((1, 2)), **options)


def test_a_parameter_of_another_backend_is_refused():
    state = {"bias": mt.ones(1, backend="strict")}
    with pytest.raises(TypeError, match=r"'strict'.*'numpy'"):
        mt.func.functional_call(nn.Dense(2, 1, backend="numpy"), state, mt.ones((1, 2)))


def test_newton_finds_the_minimum_of_a_quadratic_in_one_step(backend):
    a, b = t([[3.0, 1.0], [1.0, 2.0]]), t([1.0, -1.0])
    f = lambda x: 0.5 * (x @ a @ x) - b @ x  # noqa: E731
    x = t([5.0, -7.0])
    step = np.linalg.solve(array(mt.func.hessian(f)(x)), array(mt.func.grad(f)(x)))
    close(mt.func.grad(f)(x - t(step)), t([0.0, 0.0]), atol=1e-12)


@pytest.mark.parametrize("transform", ["grad", "jacobian", "jacfwd", "hessian"])
def test_arguments_in_the_place_of_argnums_are_pointed_out(transform):
    with pytest.raises(
        TypeError, match=rf"{transform}: argnums is a Tensor.*{transform}\(f\)\(x\)"
    ):
        getattr(mt.func, transform)(lambda x: (x * x).sum(), mt.tensor([1.0]))
