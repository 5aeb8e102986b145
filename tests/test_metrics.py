"""Metrics against scikit-learn's, and that none reads anything back before it is asked."""

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st

import minitorch_cnn as mt
from minitorch_cnn.train import metrics

AVERAGES = ["macro", "micro", "weighted", None]
SCORES = {
    metrics.Precision: sklearn.metrics.precision_score,
    metrics.Recall: sklearn.metrics.recall_score,
    metrics.F1: sklearn.metrics.f1_score,
    metrics.MeanIoU: sklearn.metrics.jaccard_score,
}


def drawn(seed, count, classes):
    """Scores and targets of which some classes may be absent."""
    rng = np.random.default_rng(seed)
    scores = rng.standard_normal((count, classes)).astype(np.float32)
    return scores, rng.integers(0, rng.integers(1, classes + 1), count)


def measured(metric, scores, targets, cuts=3, backend="numpy"):
    for some in np.array_split(np.arange(len(scores)), cuts):
        metric.update(
            mt.tensor(scores[some], backend=backend), mt.tensor(targets[some], backend=backend)
        )
    return metric.compute()


@pytest.mark.parametrize("average", AVERAGES)
@pytest.mark.parametrize("kind", SCORES)
@given(seed=st.integers(0, 999), count=st.integers(1, 40), classes=st.integers(2, 6))
def test_figures_of_classes_are_those_of_scikit_learn(kind, average, seed, count, classes):
    scores, targets = drawn(seed, count, classes)
    found = measured(kind(classes, average), scores, targets, cuts=1)
    labels = range(classes) if average is None else None
    expected = SCORES[kind](
        targets, scores.argmax(axis=1), average=average, labels=labels, zero_division=0
    )
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_accuracies_and_confusion(backend):
    scores, targets = drawn(3, 50, 5)
    answers = scores.argmax(axis=1)
    assert measured(metrics.Accuracy(), scores, targets, backend=backend) == np.mean(
        answers == targets
    )
    for k in (1, 2, 4):
        expected = sklearn.metrics.top_k_accuracy_score(targets, scores, k=k, labels=range(5))
        found = measured(metrics.TopKAccuracy(k), scores, targets, backend=backend)
        assert found == pytest.approx(expected)
    matrix = measured(metrics.ConfusionMatrix(5), scores, targets, backend=backend)
    np.testing.assert_array_equal(
        matrix, sklearn.metrics.confusion_matrix(targets, answers, labels=range(5))
    )


def test_a_class_for_every_pixel(backend):
    rng = np.random.default_rng(0)
    scores = rng.standard_normal((4, 3, 5, 6)).astype(np.float32)
    targets = rng.integers(0, 3, (4, 5, 6))
    answers = scores.argmax(axis=1)
    accuracy = measured(metrics.Accuracy(), scores, targets, backend=backend)
    assert accuracy == pytest.approx(np.mean(answers == targets))
    found = measured(metrics.MeanIoU(3), scores, targets, backend=backend)
    expected = sklearn.metrics.jaccard_score(targets.ravel(), answers.ravel(), average="macro")
    assert found == pytest.approx(expected)
    top = measured(metrics.TopKAccuracy(2), scores, targets, backend=backend)
    ranks = (scores > np.take_along_axis(scores, targets[:, None], axis=1)).sum(axis=1)
    assert top == pytest.approx(np.mean(ranks < 2))


def test_scores_of_yes(backend):
    scores = np.array([0.3, -0.2, 1.0, -4.0], np.float32)
    yes = np.array([1.0, 1.0, 0.0, 0.0], np.float32)
    assert measured(metrics.Accuracy(), scores, yes, backend=backend) == 0.5
    recall = metrics.Recall(2, average=None)
    np.testing.assert_array_equal(measured(recall, scores, yes, backend=backend), [0.5, 0.5])


def test_forgotten_batches_do_not_count():
    metric = metrics.Accuracy()
    metric.update(mt.tensor([[1.0, 0.0]]), mt.tensor([1]))
    metric.reset()
    metric.update(mt.tensor([[1.0, 0.0]]), mt.tensor([0]))
    assert metric.compute() == 1.0


def test_nothing_is_read_back_before_it_is_asked_for(monkeypatch):
    """... which would make every step wait for a GPU."""
    home = mt.backend.get_backend("strict")
    read = []
    to_numpy = type(home).to_numpy
    monkeypatch.setattr(
        type(home), "to_numpy", lambda self, array: read.append(1) or to_numpy(self, array)
    )
    scores, targets = (mt.tensor(a, backend="strict") for a in drawn(0, 8, 3))
    every = [
        metrics.Accuracy(),
        metrics.TopKAccuracy(2),
        *(kind(3) for kind in (metrics.ConfusionMatrix, *SCORES)),
    ]
    for metric in every:
        metric.update(scores, targets)
        metric.update(scores, targets)
    assert not read
    for metric in every:
        metric.compute()
    assert len(read) == len(every)


def test_names():
    every = [metrics.Accuracy(), metrics.TopKAccuracy(3), metrics.MeanIoU(2), metrics.F1(2)]
    assert [m.name for m in every] == ["accuracy", "top_3_accuracy", "mean_iou", "f1"]
    assert metrics.ConfusionMatrix(2).name == "confusion_matrix"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: metrics.TopKAccuracy(0), "k=0; expected 1 or more"),
        (lambda: metrics.F1(1), "F1: classes=1; expected 2 or more"),
        (lambda: metrics.Recall(3, "mean"), "average='mean' is none of"),
        (lambda: metrics.Accuracy().compute(), "Accuracy: no batch yet"),
        (lambda: metrics.F1(2).compute(), "F1: no batch yet"),
        (
            lambda: metrics.Accuracy().update(mt.ones((2, 3)), mt.ones((3,))),
            r"outputs of shape \(2, 3\) for targets of shape \(3,\)"
        ),
    ],
)  # fmt: skip
def test_what_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
