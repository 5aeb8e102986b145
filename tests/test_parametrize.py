"""Parametrised tensors: looked up, assigned, trained, saved, copied, removed; and what is refused.

Values against PyTorch's are stored elsewhere.
"""

import copy
import pickle

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import nn, optim
from minitorch_cnn.nn.utils import parametrizations, parametrize


def host(tensor):
    return tensor.detach().numpy()


class Symmetric(nn.Module):
    def forward(self, x):
        return (x + x.mT) / 2


class Doubled(nn.Module):
    calls = 0

    def forward(self, x):
        self.calls += 1
        return 2 * x

    def right_inverse(self, y):
        return y / 2


class Halves(nn.Module):
    def forward(self, a, b):
        return a + b

    def right_inverse(self, y):
        return y / 2, y / 2


def doubled():
    return parametrize.register_parametrization(nn.Dense(2, 2), "weight", Doubled())


def test_the_tensor_stays_what_it_was_and_the_original_is_learned():
    layer = nn.Dense(2, 2)
    weight, before = layer.weight, host(layer.weight).copy()
    assert parametrize.register_parametrization(layer, "weight", Doubled()) is layer
    assert type(layer) is nn.Dense
    np.testing.assert_allclose(host(layer.weight), before)
    assert layer.parametrizations.weight.original is weight  # known to an optimiser, perhaps
    np.testing.assert_allclose(host(weight), before / 2)
    assert list(layer.state_dict()) == ["bias", "parametrizations.weight.original"]
    assert parametrize.is_parametrized(layer)
    assert parametrize.is_parametrized(layer, "weight")
    assert not parametrize.is_parametrized(layer, "bias")
    layer(mt.ones((1, 2))).sum().backward()
    assert weight.grad.tolist() == [[2.0, 2.0], [2.0, 2.0]]
    optim.SGD(layer.parameters(), lr=0.5).step()
    np.testing.assert_allclose(host(layer.weight), before - 2, rtol=1e-6)


def test_assigning_goes_through_the_right_inverse():
    layer = doubled()
    layer.weight = mt.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert layer.parametrizations.weight.original.tolist() == [[0.5, 1.0], [1.5, 2.0]]
    assert layer.weight.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    parametrize.register_parametrization(layer, "weight", Symmetric())
    with pytest.raises(ValueError, match="Symmetric has no right_inverse"):
        layer.weight = mt.ones((2, 2))
    with pytest.raises(ValueError, match=r"original is \(2, 2\)"):
        doubled().weight = mt.ones(2)
    with pytest.raises(TypeError, match="expected a Tensor, got a list"):
        doubled().weight = [[1.0]]


def test_several_parametrizations_are_applied_in_order():
    layer = doubled()
    layer.weight = mt.tensor([[1.0, 2.0], [4.0, 3.0]])
    parametrize.register_parametrization(layer, "weight", Symmetric())
    assert layer.weight.tolist() == [[1.0, 3.0], [3.0, 3.0]]
    assert repr(layer) == (
        "Dense(\n"
        "  2, 2\n"
        "  (parametrizations): ModuleDict(\n"
        "    (weight): ParametrizationList(\n"
        "      (0): Doubled()\n"
        "      (1): Symmetric()\n"
        "    )\n"
        "  )\n"
        ")"
    )


def test_several_originals():
    layer = nn.Dense(2, 1)
    before = host(layer.weight).copy()
    parametrize.register_parametrization(layer, "weight", Halves())
    names = [name for name, _ in layer.named_parameters()]
    assert names == [
        "bias",
        "parametrizations.weight.original0",
        "parametrizations.weight.original1",
    ]
    np.testing.assert_allclose(host(layer.weight), before)
    layer.weight = mt.ones((1, 2))
    assert layer.parametrizations.weight.original1.tolist() == [[0.5, 0.5]]
    with pytest.raises(ValueError, match=r"2 tensors.*leave_parametrized=True"):
        parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)
    parametrize.remove_parametrizations(layer, "weight")
    assert isinstance(layer.weight, nn.Parameter)
    assert layer.weight.tolist() == [[1.0, 1.0]]


def test_removing_gives_a_plain_layer_back():
    layer = doubled()
    original, value = layer.parametrizations.weight.original, host(layer.weight).copy()
    assert parametrize.remove_parametrizations(layer, "weight") is layer
    assert layer.weight is original
    np.testing.assert_allclose(host(layer.weight), value)
    assert not parametrize.is_parametrized(layer)
    assert not hasattr(layer, "parametrizations")
    layer = doubled()
    parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)
    assert list(layer.state_dict()) == ["bias", "weight"]
    with pytest.raises(ValueError, match="'weight' of this Dense is not parametrised"):
        parametrize.remove_parametrizations(layer, "weight")


def test_two_tensors_of_one_layer():
    layer = doubled()
    parametrize.register_parametrization(layer, "bias", Doubled())
    assert len(layer.parametrizations) == 2
    parametrize.remove_parametrizations(layer, "weight")
    assert parametrize.is_parametrized(layer, "bias")
    assert layer(mt.ones((1, 2))).shape == (1, 2)


def test_a_parametrised_buffer():
    module = nn.Module()
    module.mean = nn.Buffer([2.0], persistent=False)
    parametrize.register_parametrization(module, "mean", Doubled())
    assert module.mean.tolist() == [2.0]
    assert not list(module.parameters())
    assert list(module.state_dict()) == []
    parametrize.remove_parametrizations(module, "mean")
    assert isinstance(module.mean, nn.Buffer)


def test_a_frozen_parameter_stays_frozen():
    layer = nn.Dense(2, 1).requires_grad_(False)
    parametrizations.weight_norm(layer)
    assert not any(p.requires_grad for p in layer.parameters())
    parametrize.remove_parametrizations(layer, "weight")
    assert not layer.weight.requires_grad


@pytest.mark.parametrize("again", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_and_pickles_are_parametrised_and_apart(again):
    layer = parametrizations.weight_norm(nn.Dense(3, 2))
    twin = again(layer)
    np.testing.assert_array_equal(host(twin.weight), host(layer.weight))
    twin.weight = mt.ones((2, 3))
    assert host(twin.weight).tolist() != host(layer.weight).tolist()
    assert parametrize.is_parametrized(twin, "weight")


def test_state_goes_from_one_parametrised_layer_to_another(tmp_path):
    a, b = (parametrizations.weight_norm(nn.Conv2d(1, 2, 3)) for _ in range(2))
    mt.save(a, tmp_path / "a.safetensors")
    b.load_state_dict(mt.load(tmp_path / "a.safetensors"))
    np.testing.assert_array_equal(host(a.weight), host(b.weight))


def test_moving(backend):
    layer = parametrizations.weight_norm(nn.Dense(3, 2)).to(backend).to("float64")
    assert (layer.weight.backend, layer.weight.dtype) == (backend, mt.float64)
    layer(mt.ones((1, 3), dtype="float64", backend=backend)).sum().backward()
    assert layer.parametrizations.weight.original0.grad.shape == (2, 1)


def test_weight_norm_separates_length_and_direction():
    layer = parametrizations.weight_norm(nn.Dense(3, 2).to("float64"))
    length, direction = layer.parametrizations.weight.parameters()
    np.testing.assert_allclose(np.linalg.norm(host(layer.weight), axis=1), host(length)[:, 0])
    before = host(layer.weight).copy()
    direction.assign_(host(direction) * 7)
    np.testing.assert_allclose(host(layer.weight), before)
    length.assign_(host(length) * 2)
    np.testing.assert_allclose(host(layer.weight), 2 * before)


def test_weight_norm_is_differentiable_twice():
    mt.testing.check_grads(
        lambda g, v: parametrizations._WeightNorm(0)(g, v),
        [
            mt.randn(*shape, rng=np.random.default_rng(0), dtype="float64", requires_grad=True)
            for shape in ((2, 1), (2, 3))
        ],
        order=2,
    )


def test_spectral_norm_divides_by_the_largest_singular_value(backend):
    layer = nn.Conv2d(2, 3, 2, rng=np.random.default_rng(0)).double()
    before = host(layer.weight).copy()
    parametrizations.spectral_norm(layer, n_power_iterations=200, rng=np.random.default_rng(0))
    largest = np.linalg.svd(before.reshape(3, -1), compute_uv=False)[0]
    np.testing.assert_allclose(host(layer.weight), before / largest, rtol=1e-9)
    layer.eval()
    x = mt.ones((1, 2, 2, 2), dtype="float64")
    assert layer(x).tolist() == layer(x).tolist()
    (layer.train()(x) + layer(x)).sum().backward()  # both looks are of one graph
    original = layer.parametrizations.weight.original
    assert np.isfinite(host(original.grad)).all()


def test_spectral_norm_of_a_vector_and_what_it_refuses():
    module = nn.Module()
    module.scale = nn.Parameter([3.0, 4.0])
    parametrizations.spectral_norm(module, "scale")
    np.testing.assert_allclose(host(module.scale), [0.6, 0.8], rtol=1e-6)
    assert list(module.state_dict()) == ["parametrizations.scale.original"]
    with pytest.raises(ValueError, match="has no tensor 'weight'"):
        parametrizations.spectral_norm(module)
    with pytest.raises(ValueError, match="n_power_iterations"):
        parametrizations.spectral_norm(nn.Dense(1, 1), n_power_iterations=0)
    with pytest.raises(ValueError, match="axis 2"):
        parametrizations.spectral_norm(nn.Dense(1, 1), dim=2)


def test_cached_computes_once_inside():
    layer, other = doubled(), doubled()
    counter = layer.parametrizations.weight[0]
    counter.calls = 0
    with parametrize.cached():
        first = layer.weight
        with parametrize.cached():
            assert layer.weight is first
        assert layer.weight is first
        assert other.weight is not first
        assert counter.calls == 1
        (layer(mt.ones((1, 2))) + layer(mt.ones((1, 2)))).sum().backward()
        assert counter.calls == 1
        layer.weight = mt.ones((2, 2))
        assert layer.weight.tolist() == [[1.0, 1.0], [1.0, 1.0]]
    assert layer.weight is not layer.weight
    assert layer.parametrizations.weight.original.grad.tolist() == [[4.0, 4.0], [4.0, 4.0]]


def test_modes_reach_parametrizations():
    layer = nn.Dense(2, 2).eval()
    parametrize.register_parametrization(layer, "weight", Symmetric())
    assert not any(module.training for module in layer.modules())
    layer.train()
    assert layer.parametrizations.weight[0].training


class Wrong(nn.Module):
    def __init__(self, answer):
        self.answer = answer

    def forward(self, x):
        return self.answer(x)


@pytest.mark.parametrize(
    ("register", "error", "words"),
    [
        (lambda m, r: r(m, "wieght", Symmetric()), ValueError, "'wieght'.*'weight', 'bias'"),
        (lambda m, r: r(m, "weight", abs), TypeError, "expected a Module, got a builtin"),
        (lambda m, r: r(m, "weight", Wrong(lambda x: x[0])), ValueError, r"\(2,\).*unsafe=True"),
        (
            lambda m, r: r(m, "weight", Wrong(lambda x: x.to("float64"))),
            ValueError,
            "float64.*unsafe=True",
        ),
        (lambda m, r: r(m, "weight", Wrong(lambda x: 3)), TypeError, "gave a int"),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_registering_refuses_and_changes_nothing(register, error, words, first):
    layer = nn.Dense(2, 2)
    if not first:
        parametrize.register_parametrization(layer, "weight", Symmetric())
    if not first and "wieght" in words:
        words = "'wieght'.*'bias'"
    names = list(layer.state_dict())
    with pytest.raises(error, match=words):
        register(layer, parametrize.register_parametrization)
    assert list(layer.state_dict()) == names


def test_unsafe_allows_another_shape():
    layer = nn.Dense(2, 2)
    shorter = Wrong(lambda x: x[:1])
    parametrize.register_parametrization(layer, "weight", shorter, unsafe=True)
    assert layer.weight.shape == (1, 2)
    parametrize.remove_parametrizations(layer, "weight")
    assert layer.weight.shape == (1, 2)


# --- clipping and flattening --------------------------------------------------------------------


def with_gradients(*gradients):
    parameters = [nn.Parameter(mt.zeros(len(g))) for g in gradients]
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = mt.tensor(gradient)
    return parameters


def test_clipping_takes_one_parameter_a_generator_or_none():
    (parameter,) = with_gradients([3.0, 4.0])
    assert nn.utils.clip_grad_norm_(parameter, 1.0).item() == 5.0
    np.testing.assert_allclose(host(parameter.grad), [0.6, 0.8], rtol=1e-6)
    assert nn.utils.clip_grad_norm_([], 1.0).item() == 0.0
    assert nn.utils.clip_grad_norm_(nn.Dense(1, 1).parameters(), 1.0).item() == 0.0
    with pytest.raises(TypeError, match=r"clip_grad_norm_: .*model\.parameters\(\)"):
        nn.utils.clip_grad_norm_(nn.Dense(1, 1).named_parameters(), 1.0)


def test_gradients_that_are_not_finite():
    parameters = with_gradients([np.inf, 1.0], [2.0])
    with pytest.raises(ValueError, match="is inf"):
        nn.utils.clip_grad_norm_(parameters, 1.0, error_if_nonfinite=True)
    assert parameters[1].grad.tolist() == [2.0]
    with np.errstate(invalid="ignore"):  # inf * 0
        assert nn.utils.clip_grad_norm_(parameters, 1.0).item() == np.inf
    assert np.isnan(parameters[0].grad.tolist()[0])


def test_clipping_records_nothing_and_keeps_dtypes():
    parameters = with_gradients([3.0], [4.0])
    parameters[1] = nn.Parameter([1.0], dtype="float64")
    parameters[1].grad = mt.tensor([4.0], dtype="float64", requires_grad=True)
    nn.utils.clip_grad_norm_(parameters, 1.0)
    assert [p.grad.dtype for p in parameters] == [mt.float32, mt.float64]
    assert not parameters[1].grad.requires_grad
    with pytest.raises(ValueError, match="clip_value: expected a number of at least 0, got -1"):
        nn.utils.clip_grad_value_(parameters, -1)


def test_flat_parameters_of_the_wrong_length_change_nothing():
    layer = nn.Dense(2, 1)
    before = layer.weight.tolist()
    for shape in (2, 4, (1, 3)):
        with pytest.raises(ValueError, match=r"3 entries in 2 parameters; expected \(3,\)"):
            nn.utils.vector_to_parameters(mt.ones(shape), layer.parameters())
    assert layer.weight.tolist() == before
    with pytest.raises(ValueError, match="no parameters"):
        nn.utils.parameters_to_vector([])
