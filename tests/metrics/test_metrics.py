import warnings

import numpy as np
import pytest
import sklearn.metrics
from scipy.special import softmax

from sklearn_lossacc.exceptions import ClassesMismatchError, InvalidWeightsError, NotProbabilitiesError
from sklearn_lossacc.metrics import accuracy_score, brier_score_loss, log_loss
from sklearn_lossacc.metrics.rows import Rows

METRICS = [accuracy_score, brier_score_loss, log_loss]
every_metric = pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.__name__)


def draw(k, n=200, seed=0):
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=2, size=(n, k))
    return softmax(logits, axis=1), (logits + rng.gumbel(size=(n, k))).argmax(axis=1), rng.gamma(1.0, size=n)


@pytest.mark.parametrize("k", [2, 3, 40])
@pytest.mark.parametrize("weighted", [False, True])
def test_agree_with_scikit_learn(k, weighted):
    P, y, weight = draw(k)
    weight = weight if weighted else None
    labels = np.arange(k)
    np.testing.assert_allclose(
        log_loss(y, P, sample_weight=weight), sklearn.metrics.log_loss(y, P, sample_weight=weight, labels=labels)
    )
    squares = ((P - np.eye(k)[y]) ** 2).sum(axis=1) / (2 if k == 2 else 1)
    np.testing.assert_allclose(brier_score_loss(y, P, sample_weight=weight), np.average(squares, weights=weight))
    np.testing.assert_allclose(
        accuracy_score(y, P, sample_weight=weight),
        sklearn.metrics.accuracy_score(y, P.argmax(axis=1), sample_weight=weight),
    )


@every_metric
@pytest.mark.parametrize("k", [2, 5])
def test_weights_are_repetitions(metric, k):
    P, y, _ = draw(k)
    copies = np.random.default_rng(1).integers(0, 4, len(y))
    np.testing.assert_allclose(
        metric(y, P, sample_weight=copies), metric(y.repeat(copies), P.repeat(copies, axis=0)), rtol=1e-12
    )


@every_metric
def test_labels_are_just_names_and_their_order_is_honoured(metric):
    P, y, _ = draw(3)
    expected = metric(y, P)
    assert metric(np.array([10, 20, 30])[y], P) == expected
    assert metric(np.array(["b", "c", "a"])[y], P, classes=["b", "c", "a"]) == expected


@every_metric
def test_class_without_rows_does_not_matter(metric):
    P, y, _ = draw(3)
    kept = y < 2
    np.testing.assert_allclose(metric(y[kept], P[kept]), metric(y, P, sample_weight=kept.astype(float)))


@every_metric
def test_forms_of_binary_scores_and_logits(metric):
    P, y, _ = draw(2)
    expected = metric(y, P)
    for scores, kind in ((P[:, 1], "proba"), (P[:, [1]], "proba"), (np.log(P) + 3, "logits")):
        np.testing.assert_allclose(metric(y, scores, input=kind), expected)
    np.testing.assert_allclose(metric(y, np.log(P[:, 1] / P[:, 0]), input="logits"), expected)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_a_certain_error_costs_36_nats_in_every_dtype(dtype):
    P = np.array([[1, 0], [0.5, 0.5]], dtype=dtype)
    np.testing.assert_allclose(log_loss([1, 1], P), (36.04365338911715 + np.log(2)) / 2, rtol=1e-6)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert log_loss([1, 1], P, clip=None) == np.inf


def test_clip():
    P = np.array([[0.9, 0.1], [0.999, 0.001]])
    np.testing.assert_allclose(log_loss([1, 1], P, clip=0.01), -(np.log(0.1) + np.log(0.01)) / 2)
    np.testing.assert_allclose(log_loss([1, 1], np.log(P), input="logits", clip=0.01), log_loss([1, 1], P, clip=0.01))
    for clip in (0, 1, -1e-3, 2):
        with pytest.raises(ValueError, match="clip"):
            log_loss([1, 1], P, clip=clip)


def test_impossible_rows_of_weight_zero_cost_nothing():
    P = np.array([[1.0, 0.0], [0.5, 0.5]])
    np.testing.assert_allclose(log_loss([1, 1], P, sample_weight=[0, 1], clip=None), np.log(2))


def test_logits_beyond_the_floats_of_probabilities():
    np.testing.assert_allclose(log_loss([0], [[-1000.0, 0.0]], input="logits", clip=None), 1000)


def test_perfect_predictions():
    P = np.eye(3)[[0, 2, 1]]
    assert log_loss([0, 2, 1], P) == 0
    assert brier_score_loss([0, 2, 1], P) == 0
    assert accuracy_score([0, 2, 1], P) == 1


def test_first_of_equal_probabilities_is_predicted():
    assert accuracy_score([0, 1], [[0.5, 0.5], [0.5, 0.5]]) == 0.5


@every_metric
def test_bad_input_is_refused(metric):
    P, y, _ = draw(3)
    with pytest.raises(NotProbabilitiesError, match="logits"):
        metric(y, np.log(P))
    with pytest.raises(ClassesMismatchError):
        metric(y + 5 * (y == 0), P[:, :2] / P[:, :2].sum(axis=1, keepdims=True))
    with pytest.raises(InvalidWeightsError):
        metric(y, P, sample_weight=-np.ones(len(y)))


def test_many_rows_in_blocks():
    P, y, weight = draw(7, n=30_000)
    np.testing.assert_allclose(
        log_loss(y, P, sample_weight=weight), np.average(-np.log(P[np.arange(30_000), y]), weights=weight), rtol=1e-12
    )


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize("k", [2, 7, 40])
def test_the_labels_alone_cost_what_they_cost_among_all_classes(dtype, k):
    rng = np.random.default_rng(k)
    y, proba = rng.integers(0, k, 3000), 1.0002 * rng.dirichlet(np.full(k, 0.2), 3000)
    alone, among = (Rows.check(y, proba.astype(dtype)) for _ in range(2))
    among.read_whole()
    np.testing.assert_array_equal(alone.loss(clip=None), among.loss(clip=None))
    assert "_pass" not in vars(alone)
