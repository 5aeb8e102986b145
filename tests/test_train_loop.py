"""The training loop against its steps written out by hand."""

import numpy as np
import pytest

import minitorch_cnn as mt
from minitorch_cnn import nn, optim
from minitorch_cnn.data import DataLoader, TensorDataset
from minitorch_cnn.train import train_one_epoch


def line_fit(pictures):
    """A model of one weight matrix, its optimiser, and the pictures as batches of two."""
    mt.seed(0)
    model = nn.Dense(3, 2)
    labels = np.arange(len(pictures)) % 2
    batches = DataLoader(TensorDataset(pictures.astype(np.float32), labels), 2)
    return model, batches, optim.SGD(model.parameters(), lr=1.0)


def test_one_epoch_is_the_steps_written_out_by_hand():
    pictures = np.random.default_rng(0).normal(size=(7, 3))
    model, batches, optimizer = line_fit(pictures)
    reports = []
    score = train_one_epoch(
        model,
        batches,
        optimizer,
        learning_rate=lambda step: 0.1 * step,
        first_step=3,
        report=lambda done, loss: reports.append((done, loss)),
        report_every=2,
    )
    by_hand, batches, optimizer = line_fit(pictures)
    losses, right = [], 0
    for step, (x, y) in enumerate(batches, start=3):
        optimizer.param_groups[0]["lr"] = 0.1 * step
        scores = by_hand(x)
        loss = nn.functional.cross_entropy(scores, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses += [loss.item()] * len(y)
        right += int((scores.detach().numpy().argmax(axis=1) == y.numpy()).sum())
    for ours, theirs in zip(model.parameters(), by_hand.parameters(), strict=True):
        np.testing.assert_array_equal(ours.detach().numpy(), theirs.detach().numpy())
    assert score.loss == pytest.approx(np.mean(losses), rel=1e-6)
    assert score.accuracy == right / 7
    assert reports == [
        (2, pytest.approx(np.mean(losses[:2]), rel=1e-6)),
        (6, pytest.approx(np.mean(losses[:6]), rel=1e-6)),
    ]


def test_nan_in_the_data_stops_the_training():
    pictures = np.ones((6, 3))
    pictures[4, 1] = np.nan
    model, batches, optimizer = line_fit(pictures)
    with pytest.raises(FloatingPointError, match=r"loss became nan by step 3.*data holds NaN"):
        train_one_epoch(model, batches, optimizer, learning_rate=lambda step: 0.1)


def test_no_batches_are_refused():
    model, _, optimizer = line_fit(np.ones((2, 3)))
    with pytest.raises(ValueError, match="the data is empty"):
        train_one_epoch(model, [], optimizer, learning_rate=lambda step: 0.1)
