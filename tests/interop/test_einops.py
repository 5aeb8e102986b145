"""einops on tensors: values as on NumPy arrays, and gradients."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest

import minitorch_cnn as mt

einops = pytest.importorskip("einops")
in_array_api = pytest.importorskip("einops.array_api")

A = np.random.default_rng(0).normal(size=(2, 3, 4))
B = np.random.default_rng(1).normal(size=(4, 5))

CASES = {
    "flatten": (lambda e, x: e.rearrange(x, "b c h -> b (c h)"), A),
    "transpose": (lambda e, x: e.rearrange(x, "b c h -> h b c"), A),
    "split": (lambda e, x: e.rearrange(x, "b c (h w) -> w c (b h)", w=2), A),
    "new axis": (lambda e, x: e.rearrange(x, "b c h -> b 1 c h"), A),
    "list": (lambda e, x: e.rearrange([*x], "b c h -> h (b c)"), A),
    "same": (lambda e, x: e.rearrange(x, "b c h -> b c h"), A),
    "sum": (lambda e, x: e.reduce(x, "b c h -> c", "sum"), A),
    "mean": (lambda e, x: e.reduce(x, "b c (h w) -> b c h", "mean", w=2), A),
    "max": (lambda e, x: e.reduce(x, "b c h -> b", "max"), A),
    "min": (lambda e, x: e.reduce(x, "b c h -> b 1 h", "min"), A),
    "prod": (lambda e, x: e.reduce(x, "b c h -> c h", "prod"), A),
    "repeat": (lambda e, x: e.repeat(x, "b c h -> b r c (h q)", r=3, q=2), A),
    "repeat first": (lambda e, x: e.repeat(x, "b c h -> (r b) c h s", r=2, s=2), A),
    "pack": (lambda e, x: e.pack([x, x[:, 0]], "b * h")[0], A),
}


def check_gradient(call, array, out, x):
    """Against a central difference in one direction."""
    rng = np.random.default_rng(2)
    weights, direction = rng.normal(size=out.shape), rng.normal(size=array.shape)
    (out * mt.tensor(weights)).sum().backward()
    step = 1e-6
    change = call(array + step * direction) - call(array - step * direction)
    expected = (change * weights).sum() / (2 * step)
    assert (x.grad.numpy() * direction).sum() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("case", CASES)
def test_values_and_gradients(case, backend):
    function, array = CASES[case]
    x = mt.tensor(array, requires_grad=True)
    out = function(einops, x)
    assert type(out) is mt.Tensor
    assert out.backend == backend
    np.testing.assert_allclose(einops.asnumpy(out), function(einops, array), rtol=1e-12)
    check_gradient(lambda a: function(einops, a), array, out, x)


@pytest.mark.parametrize("case", [case for case in CASES if case != "list"])
def test_the_same_through_the_array_api(case, backend):
    function, array = CASES[case]
    x = mt.tensor(array, requires_grad=True)
    out = function(in_array_api, x)
    np.testing.assert_allclose(out.detach().numpy(), function(einops, array), rtol=1e-12)
    check_gradient(lambda a: function(einops, a), array, out, x)


def test_einsum(backend):
    x, y = mt.tensor(A, requires_grad=True), mt.tensor(B, requires_grad=True)
    pattern = "batch c h, h k -> batch k c"
    out = einops.einsum(x, y, pattern)
    np.testing.assert_allclose(out.detach().numpy(), einops.einsum(A, B, pattern), rtol=1e-12)
    out.sum().backward()
    np.testing.assert_allclose(y.grad.numpy(), np.tile(A.sum((0, 1))[:, None], 5), rtol=1e-12)
    assert x.grad.shape == x.shape


def test_pack_and_unpack_give_back_what_was_packed(backend):
    x, y = mt.tensor(A, requires_grad=True), mt.tensor(A[:, 0])
    packed, shapes = einops.pack([x, y], "b * h")
    first, second = einops.unpack(packed, shapes, "b * h")
    assert first.tolist() == x.tolist()
    assert second.tolist() == y.tolist()
    (first * 2).sum().backward()
    assert x.grad.tolist() == np.full(A.shape, 2.0).tolist()


def test_shapes_booleans_integers_and_own_reductions(backend):
    x = mt.tensor(A)
    assert einops.parse_shape(x, "b c _") == {"b": 2, "c": 3}
    assert einops.reduce(x > 9, "b c h -> c", "any").tolist() == [False] * 3
    assert einops.reduce(x < 9, "b c h -> c", "all").tolist() == [True] * 3
    assert einops.reduce(mt.arange(6).reshape(2, 3), "a b -> a", "sum").tolist() == [3, 12]
    own = einops.reduce(x, "b c h -> b", lambda t, axes: mt.logsumexp(t, axis=axes))
    np.testing.assert_allclose(own.numpy(), np.log(np.exp(A).sum((1, 2))), rtol=1e-12)
    with pytest.raises(NotImplementedError, match="mean"):
        einops.reduce(mt.ones((2, 3), dtype=mt.int64), "a b -> a", "mean")


def test_float32_stays_float32():
    assert einops.reduce(mt.ones((2, 3)), "a b -> a", "mean").dtype == mt.float32


def test_parameters_and_mistakes():
    weight = mt.nn.Parameter(A)
    einops.rearrange(weight, "b c h -> (b c h)").sum().backward()
    assert weight.grad.tolist() == np.ones(A.shape).tolist()
    with pytest.raises(einops.EinopsError):
        einops.rearrange(weight, "b c -> c b")


def printed_by(code):
    """What a program of its own prints, without a warning."""
    program = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(program, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


@pytest.mark.parametrize("order", ["einops, minitorch_cnn", "minitorch_cnn, einops"])
def test_either_may_be_imported_first(order):
    total = "einops.reduce(minitorch_cnn.ones((2, 3)), 'a b -> b', 'sum')"
    assert printed_by(f"import {order}\nprint({total}.tolist())") == "[2.0, 2.0, 2.0]"


def test_the_package_does_without_einops():
    without = "import sys\nsys.modules['einops'] = None\nimport minitorch_cnn\n"
    assert printed_by(without + "print(minitorch_cnn.ones(2))") == "tensor([1., 1.])"


def test_what_einops_itself_asks_in_its_own_tests():
    backend = einops._backends.get_backend(mt.ones(1))
    assert repr(backend) == "<einops backend for minitorch_cnn>"
    x = backend.from_numpy(np.ones(2))
    assert x.requires_grad
    assert backend.to_numpy(x).tolist() == [1.0, 1.0]
    assert backend.arange(1, 3).tolist() == [1, 2]


def test_layers(backend):
    layers = pytest.importorskip("minitorch_cnn.interop.einops_layers")
    net = mt.nn.Sequential(
        layers.Reduce("b c h -> b c 1", "max"),
        layers.Rearrange("b (c g) 1 -> b g c", g=3),
        mt.nn.Linear(1, 2, dtype=mt.float64),
    )
    x = mt.tensor(A, requires_grad=True)
    for model in (net, copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        np.testing.assert_allclose(model[:2](x).detach().numpy(), A.max(2)[:, :, None])
    net(x).sum().backward()
    assert int(mt.count_nonzero(x.grad)) == 6
    assert len(list(net.parameters())) == 2
    assert "Rearrange('b (c g) 1 -> b g c', g=3)" in repr(net)
