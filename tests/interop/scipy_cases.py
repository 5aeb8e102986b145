"""SciPy's functions on tensors: run by ``test_dispatch.py`` where ``SCIPY_ARRAY_API=1`` is set.

SciPy reads that variable when it is imported, so these tests have a process of their own.
"""

from importlib import import_module

import numpy as np
import pytest
from gradients import check

import minitorch_cnn as mt

RNG = np.random.default_rng(0)
A = RNG.uniform(0.5, 2.0, size=(5, 4))
V, W = RNG.uniform(0.1, 0.9, size=(2, 6))
LONG = RNG.uniform(0.1, 0.9, size=24)
B = RNG.uniform(-1.0, 1.0, size=(5, 4))

SOFTMAX = {
    f"{name}, axis {axis}": (f"special.{name}", {"axis": axis})
    for name in ("softmax", "log_softmax", "logsumexp")
    for axis in (None, 0, 1, -1)
}
LOGSUMEXP = {
    "two axes": {"axis": (0, 1)},
    "keepdims": {"axis": 1, "keepdims": True},
    "keepdims of all": {"keepdims": True},
}
OF_ONE = [
    "stats.zscore",
    "stats.gzscore",
    "stats.gmean",
    "stats.hmean",
    "stats.skew",
    "stats.kurtosis",
    "stats.sem",
    "stats.variation",
    "stats.gstd",
    "stats.tmean",
    "stats.tvar",
    "stats.tstd",
    "stats.tsem",
    "stats.tmin",
    "stats.tmax",
    "stats.circmean",
    "stats.circvar",
    "stats.circstd",
    "stats.differential_entropy",
    "stats.iqr",
    "stats.median_abs_deviation",
    "integrate.trapezoid",
    "integrate.cumulative_trapezoid",
    "optimize.rosen",
    "optimize.rosen_der",
    "optimize.rosen_hess",
]
OF_TWO = ["special.xlogy", "special.rel_entr", "stats.zmap"]


def function(path):
    """``special.softmax`` as the function of SciPy."""
    home, _, name = path.rpartition(".")
    return getattr(import_module(f"scipy.{home}"), name)


@pytest.mark.parametrize("case", SOFTMAX)
def test_softmax_and_its_kin(case):
    path, options = SOFTMAX[case]
    check(lambda x: function(path)(x, **options), A)


@pytest.mark.parametrize("options", LOGSUMEXP.values(), ids=LOGSUMEXP)
def test_logsumexp_shapes(options):
    check(lambda x: function("special.logsumexp")(x, **options), A)


@pytest.mark.parametrize("axis", [None, 0, 1])
def test_logsumexp_with_weights_and_sign(axis):
    logsumexp = function("special.logsumexp")
    check(lambda x, b: logsumexp(x, axis=axis, b=b), A, abs(B))
    check(lambda x, b: logsumexp(x, axis=axis, b=b, return_sign=True)[0], A, B)
    signs = logsumexp(mt.tensor(A), axis=axis, b=mt.tensor(B), return_sign=True)[1]
    expected = logsumexp(A, axis=axis, b=B, return_sign=True)[1]
    np.testing.assert_array_equal(signs.numpy(), expected)


def test_logsumexp_of_zero_weights_and_infinities(backend):
    logsumexp = function("special.logsumexp")
    x = mt.tensor([[1.0, 2.0, 3.0], [-np.inf, 0.0, -np.inf]], requires_grad=True)
    b = mt.tensor([[1.0, 0.0, 1.0], [1.0, 1.0, 1.0]])
    out = logsumexp(x, axis=1, b=b)
    assert (out.dtype, out.backend) == (mt.float32, backend)
    np.testing.assert_allclose(
        out.detach().numpy(), [np.log(np.exp(1) + np.exp(3)), 0.0], rtol=1e-6
    )
    out[:1].sum().backward()
    first = np.exp(np.array([1.0, -np.inf, 3.0]) - np.log(np.exp(1) + np.exp(3)))
    np.testing.assert_allclose(x.grad.numpy()[0], first, rtol=1e-6)


@pytest.mark.parametrize("path", ["special.softmax", "special.log_softmax", "special.logsumexp"])
def test_any_backend_in_float32(path, backend):
    x = mt.tensor(A, dtype=mt.float32, requires_grad=True)
    out = function(path)(x, axis=1)
    assert (out.dtype, out.backend) == (mt.float32, backend)
    np.testing.assert_allclose(out.detach().numpy(), function(path)(A, axis=1), rtol=1e-5)
    (out * out).sum().backward()
    assert x.grad.dtype == mt.float32


@pytest.mark.parametrize("path", OF_ONE)
def test_of_one_array(path):
    check(function(path), V)


@pytest.mark.parametrize("path", OF_TWO)
def test_of_two_arrays(path):
    check(function(path), V, W)


@pytest.mark.parametrize("name", ["jarque_bera", "skewtest", "kurtosistest", "normaltest"])
def test_values_of_statistics(name):
    """Their p-values are SciPy's own compiled functions, so they take tensors without gradients."""
    test = function(f"stats.{name}")
    got, expected = test(mt.tensor(LONG)), test(LONG)
    np.testing.assert_allclose(got.statistic.numpy(), expected.statistic, rtol=1e-9)
    np.testing.assert_allclose(got.pvalue.numpy(), expected.pvalue, rtol=1e-9)


@pytest.mark.parametrize("name", ["erf", "gammaln", "expit", "ndtri", "i0e", "entr"])
def test_compiled_functions_give_values_and_refuse_gradients(name):
    compiled = function(f"special.{name}")
    out = compiled(mt.tensor(V))
    assert isinstance(out, mt.Tensor)
    np.testing.assert_allclose(out.numpy(), compiled(V), rtol=1e-12)
    with pytest.raises(TypeError, match=r"gradient.*\.detach\(\)"):
        compiled(mt.tensor(V, requires_grad=True))


def test_derivatives_and_roots_by_iteration():
    derivative = function("differentiate.derivative")
    check(lambda x: derivative(lambda t: t**3, x).df, V)
    find_root = function("optimize.elementwise.find_root")
    check(lambda c: find_root(lambda t, c: t**2 - c, (c * 0, c * 0 + 2), args=(c,)).x, V)


def test_minima_and_integrals_by_iteration():
    """They set entries of what they unpacked, that is of views."""
    find_minimum = function("optimize.elementwise.find_minimum")
    bracket = (V * 0 - 1, V * 0 + 0.05, V * 0 + 2)
    got = find_minimum(lambda t: (t - 0.5) ** 2, tuple(map(mt.tensor, bracket))).x
    np.testing.assert_allclose(got.numpy(), 0.5, atol=1e-7)
    tanhsinh = function("integrate.tanhsinh")
    check(lambda c: tanhsinh(lambda t, c: t * c, c * 0, c * 0 + 1, args=(c,)).integral, V)


def test_rotations():
    rotation = function("spatial.transform.Rotation")
    check(lambda q: rotation.from_quat(q).as_matrix(), A)
    check(lambda r: rotation.from_rotvec(r[0, :3]).apply(r[:, :3]), A)


def test_softmax_trains():
    """Cross entropy written with SciPy's ``log_softmax`` has the gradient of ours."""
    log_softmax = function("special.log_softmax")
    labels = mt.tensor([0, 3, 1, 2, 2])
    x = mt.tensor(A, requires_grad=True)
    y = mt.tensor(A, requires_grad=True)
    rows = mt.arange(5)
    (-log_softmax(x, axis=1)[rows, labels]).mean().backward()
    mt.nn.functional.cross_entropy(y, labels).backward()
    np.testing.assert_allclose(x.grad.numpy(), y.grad.numpy(), rtol=1e-9)
