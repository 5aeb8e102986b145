"""scikit-learn's functions on tensors: run by ``test_dispatch.py`` with ``SCIPY_ARRAY_API=1``."""

from importlib import import_module

import numpy as np
import pytest
from gradients import check

import minitorch_cnn as mt

RNG = np.random.default_rng(0)
A, B = RNG.normal(size=(12, 4)), RNG.normal(size=(9, 4))
TRUE, PREDICTED = RNG.uniform(0.5, 2.0, size=(2, 20))
LABELS = RNG.integers(0, 2, size=20)
GUESSES = np.where(RNG.uniform(size=20) < 0.3, 1 - LABELS, LABELS)
CHANCES = RNG.uniform(0.1, 0.9, size=20)

REGRESSION = [
    "r2_score",
    "mean_squared_error",
    "root_mean_squared_error",
    "mean_absolute_error",
    "max_error",
    "mean_absolute_percentage_error",
    "mean_squared_log_error",
    "explained_variance_score",
    "mean_poisson_deviance",
    "mean_gamma_deviance",
    "mean_tweedie_deviance",
    "mean_pinball_loss",
    "median_absolute_error",
    "d2_tweedie_score",
    "d2_pinball_score",
    "d2_absolute_error_score",
]
CLASSES = [
    "accuracy_score",
    "zero_one_loss",
    "hamming_loss",
    "f1_score",
    "precision_score",
    "recall_score",
    "jaccard_score",
    "confusion_matrix",
]
CURVES = ["log_loss", "brier_score_loss", "average_precision_score"]
PAIRS = [
    "euclidean_distances",
    "cosine_similarity",
    "cosine_distances",
    "linear_kernel",
    "rbf_kernel",
    "polynomial_kernel",
    "sigmoid_kernel",
    "laplacian_kernel",
    "manhattan_distances",
]
SCALERS = ["MinMaxScaler", "MaxAbsScaler", "Normalizer", "PolynomialFeatures"]


@pytest.fixture(autouse=True)
def dispatch():
    with import_module("sklearn").config_context(array_api_dispatch=True):
        yield


def function(path):
    home, _, name = path.rpartition(".")
    return getattr(import_module(f"sklearn.{home}"), name)


def number(value):
    return value.tolist() if isinstance(value, mt.Tensor) else value


@pytest.mark.parametrize("name", REGRESSION)
def test_errors_of_regression(name):
    score = function(f"metrics.{name}")
    got = score(mt.tensor(TRUE), mt.tensor(PREDICTED))
    assert got == pytest.approx(score(TRUE, PREDICTED), rel=1e-9)


@pytest.mark.parametrize("name", CLASSES)
def test_scores_of_classes(name, backend):
    score = function(f"metrics.{name}")
    got = score(mt.tensor(LABELS), mt.tensor(GUESSES))
    np.testing.assert_allclose(number(got), score(LABELS, GUESSES), rtol=1e-6)


@pytest.mark.parametrize("name", CURVES)
def test_scores_of_probabilities(name):
    score = function(f"metrics.{name}")
    got = score(mt.tensor(LABELS), mt.tensor(CHANCES))
    assert got == pytest.approx(score(LABELS, CHANCES), rel=1e-9)


@pytest.mark.parametrize("name", PAIRS)
def test_distances_and_kernels_with_gradients(name):
    check(function(f"metrics.pairwise.{name}"), A, B)


def test_distances_by_name():
    distances = function("metrics.pairwise_distances")
    check(lambda x, y: distances(x, y, metric="euclidean"), A, B)


@pytest.mark.parametrize("name", SCALERS)
def test_scalers_with_gradients(name):
    scaler = function(f"preprocessing.{name}")
    check(lambda x: scaler().fit_transform(x), A)


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")  # 0 / 0, which it replaces
def test_standard_scaler(backend):
    scaler = function("preprocessing.StandardScaler")
    fitted = scaler().fit(mt.tensor(A))
    expected = scaler().fit(A)
    np.testing.assert_allclose(fitted.mean_.numpy(), expected.mean_)
    out = fitted.transform(mt.tensor(B))
    assert (isinstance(out, mt.Tensor), out.backend) == (True, backend)
    np.testing.assert_allclose(out.numpy(), expected.transform(B))


def test_gaussian_naive_bayes():
    model = function("naive_bayes.GaussianNB")
    labels = LABELS[:12]
    got = model().fit(mt.tensor(A), mt.tensor(labels)).predict(mt.tensor(B))
    assert got.tolist() == model().fit(A, labels).predict(B).tolist()


def test_gaussian_mixture():
    """It sets the diagonals of covariances through views."""
    model = function("mixture.GaussianMixture")
    options = {"init_params": "random", "random_state": 0}
    got, expected = model(2, **options).fit(mt.tensor(A)), model(2, **options).fit(A)
    np.testing.assert_allclose(got.covariances_.numpy(), expected.covariances_, rtol=1e-6)
    assert got.predict(mt.tensor(B)).tolist() == expected.predict(B).tolist()


def test_roc_curve(backend):
    curve = function("metrics.roc_curve")
    options = {"drop_intermediate": False}  # the other way asks for NumPy's where(condition)
    found = curve(mt.tensor(LABELS), mt.tensor(CHANCES), **options)
    for got, expected in zip(found, curve(LABELS, CHANCES, **options), strict=True):
        assert got.backend == backend
        np.testing.assert_allclose(got.numpy(), expected)


def test_splitting_keeps_tensors_and_gradients():
    split = function("model_selection.train_test_split")
    check(lambda x: split(x, random_state=0)[0], A)


def test_labels_become_numbers():
    encoder, binarizer = (
        function("preprocessing.LabelEncoder"),
        function("preprocessing.LabelBinarizer"),
    )
    labels = np.array([5, 3, 5, 9])
    assert encoder().fit_transform(mt.tensor(labels)).tolist() == [1, 0, 1, 2]
    expected = binarizer().fit_transform(labels)
    assert binarizer().fit_transform(mt.tensor(labels)).tolist() == expected.tolist()
