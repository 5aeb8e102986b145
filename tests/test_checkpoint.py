"""Checkpointing: the gradients of plain recording, bit for bit, with less memory."""

import contextvars
import gc
import weakref

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import nn, optim
from minitorch_cnn.nn import functional as F


def equal(a, b):
    """Two lists of tensors that agree in every bit."""
    assert len(a) == len(b)
    for x, y in zip(a, b, strict=True):
        np.testing.assert_array_equal(x.detach().numpy(), y.detach().numpy())


def randn(*shape, seed=0, requires_grad=True):
    return mt.randn(*shape, rng=np.random.default_rng(seed), requires_grad=requires_grad)


def net():
    rng = np.random.default_rng(0)
    return nn.Sequential(
        nn.Conv2d(2, 3, 3, padding=1, rng=rng),
        nn.BatchNorm2d(3),
        nn.ReLU(),
        nn.Dropout(0.3),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dense(27, 4, rng=rng),
    )


@pytest.mark.parametrize("bodies", [False, True])
def test_values_and_gradients_of_a_net_are_the_plain_ones(backend, bodies):
    x, y = randn(4, 2, 6, 6), mt.tensor([0, 1, 2, 3])
    results = []
    for call in (lambda f, x: f(x), mt.checkpoint):
        model = net()
        _ = mt.seed(7)
        context = contextvars.copy_context()
        if bodies:
            context.run(mt.compositions().__enter__)
        # The first modes hold for the second run as well, though backward happens outside them.
        hidden = context.run(lambda: call(model[:4], x))  # noqa: B023
        loss = F.cross_entropy(model[4:](hidden), y)
        loss.backward()
        results.append([loss, x.grad, *(p.grad for p in model.parameters()), *model.buffers()])
        results[-1].append(mt.rand(3))
        x.grad = None
    equal(*results)


def test_running_statistics_are_updated_once(backend):
    model = nn.Sequential(nn.Dense(3, 2), nn.BatchNorm1d(2))
    first, second = randn(4, 3), randn(4, 3, seed=1)
    losses = [mt.checkpoint(model, x).sum() for x in (first, second)]
    after = [b.tolist() for b in model.buffers()]
    assert model[1].num_batches_tracked.item() == 2
    for loss in losses:
        (loss * loss).backward()
    assert [b.tolist() for b in model.buffers()] == after


def test_a_function_that_reads_what_it_overwrites_is_repeated_exactly(backend):
    count = nn.Buffer(1.0)
    x = mt.tensor([3.0], requires_grad=True)

    def f(x):
        count.assign_(count + 1)
        return x**2 * count.detach()

    y, z = mt.checkpoint(f, x), mt.checkpoint(f, x)
    assert [g.item() for g in mt.grad([y, z], x)] == [2 * 3 * (2 + 3)]
    assert count.item() == 3


@pytest.mark.parametrize("own", [False, True])
def test_dropout_drops_the_same_entries(backend, own):
    rng = np.random.default_rng(5) if own else None
    drop = nn.Dropout(0.5, rng=rng)
    x = mt.ones(1000, requires_grad=True)
    y = mt.checkpoint(lambda x: drop(drop(x) + 1), x)
    before = mt.random.generator(rng).bit_generator.state
    (gradient,) = mt.grad(y.sum(), x)
    np.testing.assert_array_equal(gradient.numpy() > 0, y.detach().numpy() > 2)
    assert mt.random.generator(rng).bit_generator.state == before


def test_without_preserve_rng_state_other_entries_are_dropped(backend):
    x = mt.ones(1000, requires_grad=True)
    y = mt.checkpoint(lambda x: F.dropout(x, 0.5), x, preserve_rng_state=False)
    gradient = mt.grad(y.sum(), x)[0].numpy()
    assert np.any((gradient > 0) != (y.detach().numpy() > 0))


def test_nested_checkpoints_and_shared_tensors(backend):
    w, x = randn(4, 4), randn(3, 4, seed=1)
    block = lambda h: mt.tanh(h @ w) + h  # noqa: E731

    def deep(h, depth):
        return block(h) if depth == 0 else deep(mt.checkpoint(deep, h, depth - 1), depth - 1)

    plain = x
    for _ in range(8):
        plain = block(plain)
    nested = mt.checkpoint(deep, x, 3)
    equal([nested], [plain])
    equal(mt.grad(nested.sum(), [w, x]), mt.grad(plain.sum(), [w, x]))


def test_trees_of_outputs_and_arguments(backend):
    x, y = randn(3), randn(3, seed=1)

    def f(pair, *, scale):
        product = pair["x"] * pair["y"]
        return {"p": product * scale, "same": product, "x": pair["x"], "note": 5, "n": x.argmax()}

    out = mt.checkpoint(f, {"x": x, "y": y}, scale=2.0)
    assert out["note"] == 5
    assert out["x"] is x
    assert not out["n"].requires_grad
    outputs = [(3 * out["p"]).sum(), (out["same"] ** 2).sum(), out["x"].sum()]
    plain = f({"x": x, "y": y}, scale=2.0)
    expected = [(3 * plain["p"]).sum(), (plain["same"] ** 2).sum(), x.sum()]
    equal(mt.grad(outputs, [x, y]), mt.grad(expected, [x, y]))
    one = mt.checkpoint(f, {"x": x, "y": y}, scale=2.0)["same"]
    equal(mt.grad(one.sum(), [x]), [y])


def test_higher_orders_and_transforms(backend):
    w = randn(3, 3)
    f = lambda x: mt.sin(x @ w).sum()  # noqa: E731
    g = lambda x: mt.checkpoint(f, x)  # noqa: E731
    x, v = randn(3, requires_grad=False), randn(3, seed=2, requires_grad=False)
    for transform in (mt.func.grad, mt.func.hessian, mt.func.jacfwd):
        equal([transform(g)(x)], [transform(f)(x)])
    equal([mt.func.hvp(g, (x,), (v,))], [mt.func.hvp(f, (x,), (v,))])
    equal([mt.func.jacobian(mt.func.hessian(g))(x)], [mt.func.jacobian(mt.func.hessian(f))(x)])
    leaf = randn(3)
    results = []
    for h in (f, g):
        (gradient,) = mt.grad(h(leaf), leaf, create_graph=True)
        results.append(mt.grad((gradient**2).sum(), [leaf, w]))
    equal(*results)


def test_inside_a_functional_call_the_given_parameters_are_used_again(backend):
    class Net(nn.Module):
        def __init__(self):
            self.inner = nn.Dense(2, 2, rng=np.random.default_rng(0))

        def forward(self, x):
            return mt.checkpoint(self.inner, x)

    model, x = Net(), randn(3, 2, requires_grad=False)
    weight = randn(2, 2, seed=5, requires_grad=False)
    loss = lambda w: (mt.func.functional_call(model, {"inner.weight": w}, x) ** 2).sum()  # noqa: E731
    bias = model.inner.bias.detach()
    plain = lambda w: ((x @ w.mT + bias) ** 2).sum()  # noqa: E731
    model.requires_grad_(False)
    for transform in (mt.func.grad, mt.func.hessian):
        np.testing.assert_allclose(
            transform(loss)(weight).numpy(), transform(plain)(weight).numpy(), rtol=1e-5
        )
    assert model.inner.weight.data is not weight.data


def test_hooks_outside_see_the_whole_gradient_once(backend):
    seen = []
    x = mt.tensor([2.0], requires_grad=True)
    h = x * 1.0
    h.register_hook(lambda g: seen.append(g.item()))
    x.register_hook(lambda g: seen.append(g.item()))
    y = mt.checkpoint(lambda h: h**2 * x, h) + h
    y.sum().backward()
    assert seen == [9.0, 13.0]
    assert x.grad.item() == 13.0


def test_grad_with_targets_inside_and_beyond(backend):
    x, w = randn(3), randn(3, seed=1)
    h = mt.exp(x)
    y = (mt.checkpoint(lambda h: h**2 * w, h) * 2).sum()
    plain = (h**2 * w * 2).sum()
    outputs = [f(mt.sin, h) for f in (lambda f, h: f(h), mt.checkpoint)]
    equal(*(mt.grad((out**2).sum(), [out, x], retain_graph=True) for out in outputs))
    for targets in ([h], [w], [x], [h, x, w]):
        equal(mt.grad(y, targets, retain_graph=True), mt.grad(plain, targets, retain_graph=True))


def test_nothing_is_recorded_where_nothing_is_wanted(backend):
    assert not mt.checkpoint(mt.sin, mt.ones(2)).requires_grad
    with mt.no_grad():
        assert not mt.checkpoint(mt.sin, mt.ones(2, requires_grad=True)).requires_grad


def test_a_leaf_made_inside_and_returned_stays_a_leaf(backend):
    x = randn(3)
    y, leaf = mt.checkpoint(lambda x: (x * 2, mt.ones(3, requires_grad=True)), x)
    (y * leaf).sum().backward()
    equal([x.grad, leaf.grad], [2 * mt.ones(3), y])


def test_a_second_backward_needs_retain_graph(backend):
    x = randn(3)
    y = mt.checkpoint(lambda x: x**2, x).sum()
    y.backward(retain_graph=True)
    y.backward()
    np.testing.assert_allclose(x.grad.numpy(), 4 * x.detach().numpy())
    with pytest.raises(mt.GraphError, match="freed"):
        y.backward()


def test_a_write_in_between_is_an_error(backend):
    layer, x = nn.Dense(2, 2), mt.ones((1, 2))
    loss = mt.checkpoint(layer, x).sum()
    loss.backward(retain_graph=True)
    optim.SGD(layer.parameters(), lr=0.1).step()
    with pytest.raises(mt.GraphError, match=r"shape \(2, 2\).*overwritten"):
        loss.backward()


def test_an_argument_that_is_overwritten_later_keeps_its_value_here(backend):
    x, w = mt.tensor([2.0]), mt.tensor([1.0], requires_grad=True)
    y = mt.checkpoint(lambda x: mt.exp(w * x), x)
    expected = mt.exp(w * x)
    x.assign_([5.0])
    equal(mt.grad(y, w), mt.grad(expected, w))


def test_a_function_that_does_something_else_is_an_error(backend):
    x, w = randn(2), randn(2, seed=1)
    state = [0]

    def changing(x):
        state[0] += 1
        return x * (w if state[0] % 2 else mt.sin(x * late))

    late = mt.tensor([1.0, 2.0], requires_grad=True)
    y = mt.checkpoint(changing, x)
    with pytest.raises(mt.GraphError, match="must do the same each time"):
        y.sum().backward()


def test_what_changed_in_between_and_matters_is_an_error(backend):
    x = randn(40)
    drop, norm = nn.Dropout(0.5), nn.BatchNorm1d(2).eval()
    own = np.random.default_rng(0)
    noisy = lambda x: x * mt.tensor(own.random(40).astype(np.float32))  # noqa: E731
    losses = [
        mt.checkpoint(drop, x).sum(),
        mt.checkpoint(lambda x: norm(x.reshape(20, 2)), x).sum(),
        mt.checkpoint(noisy, x).sum(),
    ]
    drop.eval()
    norm.running_var.assign_([4.0, 4.0])
    for loss in losses:
        with pytest.raises(mt.GraphError, match="gave another result"):
            loss.backward()


def test_an_error_in_the_second_run_leaves_the_leaves(backend):
    x, runs = randn(2), []

    def f(x):
        runs.append(1)
        if len(runs) > 1:
            raise OSError("gone")
        return x * x

    y = mt.checkpoint(f, x).sum()
    with pytest.raises(OSError, match="gone"):
        y.backward()
    assert x.grad is None


def test_only_functions_are_taken():
    with pytest.raises(TypeError, match=r"write checkpoint\(f, x\)"):
        mt.checkpoint(mt.ones(1))


def test_memory_of_a_deep_chain_drops_to_the_square_root():
    """By counting arrays alive: 64 operations keep 64 arrays, 8 checkpoints of 8 keep 8."""
    x = mt.ones(8, requires_grad=True, dtype=mt.float64)
    alive = set()
    largest = [0]

    def step(h):
        h = mt.sin(h)
        alive.add(id(h.data))
        weakref.finalize(h.data, alive.discard, id(h.data))
        largest[0] = max(largest[0], len(alive))
        return h

    def segment(h):
        for _ in range(8):
            h = step(h)
        return h

    gradients, held, most = [], [], []
    for call in (lambda f, h: f(h), mt.checkpoint):
        largest[0] = 0
        h = x
        for _ in range(8):
            h = call(segment, h)
        gc.collect()
        held.append(len(alive))
        gradients.append(mt.grad(h.sum(), x)[0])
        most.append(largest[0])
        del h
        assert len(alive) == 0
    equal(gradients[:1], gradients[1:])
    assert held == [64, 8]
    assert most[0] == 64
    assert most[1] <= 8 + 8
