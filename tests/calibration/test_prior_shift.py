import json

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import norm

from sklearn_lossacc.calibration import BaseCalibrator, PriorShiftCalibrator
from sklearn_lossacc.exceptions import ClassesMismatchError, DataWarning, InvalidWeightsError
from sklearn_lossacc.metrics import log_loss


def draw(prior, n, seed):
    """Scores of three normal classes, and the exact probabilities in a world of equal frequencies."""
    rng = np.random.default_rng(seed)
    y = rng.choice(3, size=n, p=prior)
    x = rng.normal(loc=1.5 * y)
    return softmax(norm.logpdf(x[:, None], loc=1.5 * np.arange(3)), axis=1), y


EQUAL = np.full(3, 1 / 3)
TARGET = np.array([0.7, 0.1, 0.2])


def test_known_frequencies_give_the_exact_posterior():
    P, y = draw(EQUAL, 60000, 0)
    fresh, labels = draw(TARGET, 20000, 1)
    calibrator = PriorShiftCalibrator(target_prior=TARGET).fit(P, y)
    exact = fresh * TARGET / (fresh * TARGET).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(calibrator.predict_proba(fresh), exact, atol=0.01)
    assert log_loss(labels, calibrator.predict_proba(fresh)) < log_loss(labels, fresh) - 0.1


def test_frequencies_are_estimated_without_labels():
    P, y = draw(EQUAL, 100000, 0)
    fresh, labels = draw(TARGET, 100000, 1)
    calibrator = PriorShiftCalibrator().fit(P, y)
    np.testing.assert_allclose(calibrator.predict_proba(fresh), fresh)
    assert calibrator.estimate_prior(fresh) is calibrator
    np.testing.assert_allclose(calibrator.target_prior_, TARGET, atol=0.02)
    known = PriorShiftCalibrator(target_prior=TARGET).fit(P, y)
    difference = log_loss(labels, calibrator.predict_proba(fresh)) - log_loss(labels, known.predict_proba(fresh))
    assert abs(difference) < 1e-3


def test_estimate_has_the_largest_likelihood_after_one_row_a_class_like_those_of_the_fit():
    P, y = draw(EQUAL, 500, 0)
    fresh, _ = draw(TARGET, 500, 1)
    calibrator = PriorShiftCalibrator().fit(P, y).estimate_prior(fresh)
    source = calibrator.source_prior_

    def log_posterior(target):
        return np.log(fresh / source @ target).sum() + 3 * source @ np.log(target)

    best = log_posterior(calibrator.target_prior_)
    for other in np.random.default_rng(0).dirichlet(np.ones(3), size=200):
        for step in (1e-3, 1.0):
            mixed = (1 - step) * calibrator.target_prior_ + step * other
            assert log_posterior(mixed) <= best + 1e-9


@pytest.mark.parametrize("n", [20, 100])
def test_few_rows_do_not_make_a_class_impossible(n):
    """Nothing has shifted; some class is not needed to explain the rows at hand, and comes afterwards."""
    P, y = draw(EQUAL, 20000, 0)
    calibrator = PriorShiftCalibrator().fit(P, y)
    harm = []
    for seed in range(1, 11):
        blunt = P[np.random.default_rng(seed).integers(0, len(P), n)]
        q = calibrator.estimate_prior(blunt).predict_proba(P)
        assert (calibrator.target_prior_ / calibrator.source_prior_).min() >= 3 / (n + 3) - 1e-12
        harm.append(log_loss(y, q) - log_loss(y, P))
    assert max(harm) < 0.5


def test_nothing_shifted_is_nothing_changed_whatever_the_confidence():
    P, y = draw(EQUAL, 2000, 0)
    sharp = P**3 / (P**3).sum(axis=1, keepdims=True)
    calibrator = PriorShiftCalibrator().fit(sharp, y).estimate_prior(sharp)
    np.testing.assert_allclose(calibrator.predict_proba(sharp), sharp, atol=1e-6)


@pytest.mark.parametrize("size", [1e-300, 1e300])
def test_weights_of_any_size_estimate_frequencies(size):
    P, y = draw(EQUAL, 300, 0)
    fresh, _ = draw(TARGET, 300, 1)
    calibrator = PriorShiftCalibrator().fit(P, y)
    if size < 1:  # as good as no rows
        with pytest.warns(DataWarning, match="sums to"):
            calibrator.estimate_prior(fresh, sample_weight=np.full(300, size))
        np.testing.assert_allclose(calibrator.target_prior_, calibrator.source_prior_)
    else:
        many = calibrator.estimate_prior(fresh, sample_weight=np.full(300, 1e9)).target_prior_
        heavy = calibrator.estimate_prior(fresh, sample_weight=np.full(300, size)).target_prior_
        np.testing.assert_allclose(heavy, many, rtol=1e-6)


def test_weights_are_repetitions_in_the_estimate():
    P, y = draw(EQUAL, 300, 0)
    copies = np.random.default_rng(0).integers(0, 4, 300)
    one = PriorShiftCalibrator().fit(P, y).estimate_prior(P, sample_weight=copies)
    other = PriorShiftCalibrator().fit(P, y).estimate_prior(P.repeat(copies, axis=0))
    np.testing.assert_allclose(one.target_prior_, other.target_prior_, rtol=1e-8)


def test_frequencies_by_label_and_back_from_plain_numbers():
    P, y = draw(EQUAL, 300, 0)
    names = np.array(["c", "a", "b"])
    given = PriorShiftCalibrator(target_prior={"a": 1, "b": 2, "c": 7}, classes=names).fit(P, names[y])
    np.testing.assert_allclose(given.target_prior_, [0.7, 0.1, 0.2])
    restored = BaseCalibrator.from_dict(json.loads(json.dumps(given.to_dict())))
    np.testing.assert_array_equal(restored.predict_proba(P), given.predict_proba(P))
    restored.fit(P, names[y])
    np.testing.assert_allclose(restored.target_prior_, [0.7, 0.1, 0.2])


def test_classes_that_cannot_occur():
    P, y = draw(EQUAL, 300, 0)
    q = PriorShiftCalibrator(target_prior=[0, 1, 1]).fit(P, y).predict_proba(P)
    assert 0 < q[:, 0].max() < 1e-300
    np.testing.assert_allclose(q.sum(axis=1), 1)
    q = PriorShiftCalibrator().fit([[1.0, 0.0], [1.0, 0.0]], [0, 1]).predict_proba([[0.0, 1.0], [0.5, 0.5]])
    assert np.isfinite(q).all()


def test_bad_frequencies_are_refused_by_their_name():
    P, y = draw(EQUAL, 30, 0)
    for bad in ([0.5, 0.5], [1, 1, -1], [0, 0, 0]):
        with pytest.raises(InvalidWeightsError, match="target_prior"):
            PriorShiftCalibrator(target_prior=bad).fit(P, y)
    with pytest.raises(ClassesMismatchError, match="target_prior"):
        PriorShiftCalibrator(target_prior={0: 1, 1: 1, 9: 1}).fit(P, y)


@pytest.mark.parametrize("kind", ["proba", "logits"])
def test_rows_that_are_sure_of_a_class_that_is_all_but_impossible(kind):
    """What the other classes are to each other stays, however little of the row is theirs."""
    logits = np.array([[1000.0, 0.0, -2.0], [0.0, -600.0, -602.0], [0.0, 1.0, 2.0]])
    shift = np.array([-np.inf, 0.0, 0.0])
    if kind == "logits":
        X, wanted = logits, softmax(logits + shift, axis=1)
    else:
        X = softmax(logits[1:], axis=1)
        wanted = softmax(logits[1:] + shift, axis=1)
    calibrator = PriorShiftCalibrator(target_prior=[0, 1, 1], input=kind)
    calibrator.fit(np.zeros((6, 3)) if kind == "logits" else np.full((6, 3), 1 / 3), [0, 1, 2] * 2)
    np.testing.assert_allclose(calibrator.predict_proba(X), wanted, rtol=1e-9, atol=1e-307)
