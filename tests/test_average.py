"""Running means of weights."""

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import nn, optim
from minitorch_cnn.optim import ExponentialMovingAverage


def test_it_is_the_mean_one_would_write(backend):
    rng = np.random.default_rng(0)
    net = nn.Sequential(nn.Dense(3, 4), nn.BatchNorm1d(4), nn.Dense(4, 2)).to(backend)
    opt = optim.SGD(net.parameters(), lr=0.1)
    average = ExponentialMovingAverage(net.parameters(), decay=0.8)
    expected = [p.detach().numpy().astype(np.float64) for p in net.parameters()]
    for _ in range(7):
        x = mt.tensor(rng.standard_normal((5, 3)).astype(np.float32), backend=backend)
        opt.zero_grad()
        (net(x) ** 2).sum().backward()
        opt.step()
        average.update()
        expected = [
            0.8 * mean + 0.2 * p.detach().numpy()
            for mean, p in zip(expected, net.parameters(), strict=True)
        ]
    before = [p.detach().numpy().copy() for p in net.parameters()]
    with average.applied():
        for p, mean in zip(net.parameters(), expected, strict=True):
            np.testing.assert_allclose(p.detach().numpy(), mean, rtol=1e-5, atol=1e-6)
            assert p.dtype == mt.float32
            assert p.backend == backend
    for p, values in zip(net.parameters(), before, strict=True):
        np.testing.assert_array_equal(p.detach().numpy(), values)
    average.copy_to()
    np.testing.assert_allclose(net[0].weight.detach().numpy(), expected[0], rtol=1e-5, atol=1e-6)


def test_parameters_come_back_after_an_error():
    p = nn.Parameter([1.0])
    average = ExponentialMovingAverage([p], 0.5)
    p.assign_(mt.tensor([3.0]))
    average.update()
    with pytest.raises(RuntimeError, match="stop"), average.applied():
        raise RuntimeError("stop")
    assert p.item() == 3.0


def test_it_is_saved_and_resumed(tmp_path):
    p, q = nn.Parameter([1.0, 2.0]), nn.Parameter([1.0, 2.0])
    one = ExponentialMovingAverage([p], 0.9)
    p.assign_(mt.tensor([3.0, 5.0]))
    one.update()
    mt.train.Checkpoints(tmp_path).save(1, average=one)
    other = ExponentialMovingAverage([q], 0.9)
    mt.train.Checkpoints(tmp_path).resume(average=other)
    q.assign_(p.detach())
    for average in (one, other):
        average.update()
    states = [average.state_dict()["averages"][0].numpy() for average in (one, other)]
    np.testing.assert_array_equal(*states)
    with pytest.raises(ValueError, match="a state of 0 averages, there are 1"):
        other.load_state_dict({})
    with pytest.raises(ValueError, match="average of parameter 0 has shape"):
        other.load_state_dict({"averages": [mt.ones(3)]})


def test_what_is_refused():
    with pytest.raises(ValueError, match=r"decay=1.0 over 1 parameters"):
        ExponentialMovingAverage([nn.Parameter([1.0])], 1.0)
    with pytest.raises(ValueError, match="over 0 parameters"):
        ExponentialMovingAverage([])
