import numpy as np
import pytest
from scipy.special import logit, logsumexp, softmax
from sklearn.datasets import make_classification
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.naive_bayes import GaussianNB

from sklearn_lossacc._numerics.venn_abers import fit_venn_abers, venn_abers_pair
from sklearn_lossacc.calibration import CalibratedClassifier, VennAbersCalibrator
from sklearn_lossacc.metrics import log_loss


def test_binary_by_hand():
    # Scores .2 (label 0) and .8 (label 1). At .5 a further row stands alone: p0 = 0, p1 = 1, so 1 / 2.
    # At .1 with label 1 it is pooled with .2: p0 = 0, p1 = 1/2, so (1/2) / (3/2). At .9: the mirror image.
    calibrator = VennAbersCalibrator().fit([0.2, 0.8], [0, 1])
    np.testing.assert_allclose(calibrator.predict_proba([0.1, 0.5, 0.9])[:, 1], [1 / 3, 1 / 2, 2 / 3])


def test_isotonic_regression_lies_between_the_two_fits():
    rng = np.random.default_rng(0)
    p = rng.random(20000)
    y = (rng.random(20000) < p**2).astype(int)
    calibrator = VennAbersCalibrator().fit(p, y)
    (one,) = calibrator.maps_
    plain = IsotonicRegression().fit(p, y).predict(p)
    p0, p1 = venn_abers_pair(logit(p), one["edges"], one["lower"], one["upper"])
    assert (p0 <= plain + 1e-9).all()
    assert (plain <= p1 + 1e-9).all()
    grid = np.linspace(0.05, 0.95, 50)
    np.testing.assert_allclose(calibrator.predict_proba(grid)[:, 1], grid**2, atol=0.06)


def test_no_label_is_impossible(overconfident):
    P, y = overconfident
    calibrator = VennAbersCalibrator().fit(P[:1000], y[:1000])
    q = calibrator.predict_proba(P[1000:])
    assert log_loss(y[1000:], q, clip=None) < log_loss(y[1000:], P[1000:])
    extreme = calibrator.predict_proba(np.eye(4))
    assert extreme.min() > 1e-5


def test_logits_of_any_size():
    rng = np.random.default_rng(0)
    z = rng.normal(scale=300, size=(200, 3))
    y = (z + 100 * rng.gumbel(size=z.shape)).argmax(axis=1)
    q = VennAbersCalibrator(input="logits").fit(z, y).predict_proba(z)
    assert log_loss(y, q) < log_loss(y, softmax(z, axis=1)) / 2


@pytest.mark.parametrize("n_classes", [2, 3])
def test_shares_of_votes_have_one_value_in_any_precision(n_classes):
    """A new row has one of few shares; in single precision it was no longer one of the rows that have it, too."""
    rng = np.random.default_rng(0)
    z = rng.normal(size=(4000, n_classes))
    y = (z + rng.gumbel(size=z.shape)).argmax(axis=1)
    votes = rng.multinomial(50, softmax(1.5 * z, axis=1)) / 50
    calibrator = VennAbersCalibrator().fit(votes[:2000], y[:2000])
    single = calibrator.predict_proba(votes[2000:].astype(np.float32))
    apart = np.abs(single - calibrator.predict_proba(votes[2000:])).max(axis=1)
    assert np.mean(apart > 1e-4) < 0.01


@pytest.mark.parametrize("n_classes", [2, 3])
def test_cross_prediction_by_definition(n_classes):
    X, y = make_classification(600, n_informative=4, n_classes=n_classes, flip_y=0.1, random_state=0)
    model = CalibratedClassifier(GaussianNB(), VennAbersCalibrator(), cv=3).fit(X, y)
    hit, miss = np.ones((2, 600, n_classes))
    for train, test in StratifiedKFold(3).split(X, y):
        inner = GaussianNB().fit(X[train], y[train])
        for j in range(n_classes):
            # log odds: probabilities of naive Bayes round to 1
            joint = inner.predict_joint_log_proba(X)
            odds = joint[:, j] - logsumexp(np.delete(joint, j, axis=1), axis=1)
            fit = fit_venn_abers(odds[test], (y[test] == j).astype(float))
            p0, p1 = venn_abers_pair(odds, *fit)
            hit[:, j] *= p1 ** (1 / 3)
            miss[:, j] *= (1 - p0) ** (1 / 3)
    expected = hit / (hit + miss)
    if n_classes == 2:
        expected[:, 0] = 1 - expected[:, 1]
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.predict_proba(X), expected, atol=1e-5)


def test_one_inductive_predictor_is_no_cross_predictor():
    X, y = make_classification(600, n_informative=4, n_classes=3, flip_y=0.1, random_state=0)
    model = CalibratedClassifier(GaussianNB(), VennAbersCalibrator(), cv=3, ensemble=False).fit(X, y)
    inductive = model.calibrators_[0].predict_proba(model.estimators_[0].predict_proba(X))
    np.testing.assert_allclose(model.predict_proba(X), inductive, rtol=1e-12)


@pytest.mark.filterwarnings("ignore::sklearn_lossacc.exceptions.CalibrationWarning")
def test_a_class_missing_on_one_side_of_a_split_keeps_a_share():
    X, y = make_classification(300, n_informative=4, n_classes=3, random_state=0)
    first, second = np.flatnonzero(y < 2), np.arange(300)
    splits = [(second, first), (first, second)]
    q = CalibratedClassifier(LogisticRegression(), VennAbersCalibrator(), cv=splits).fit(X, y).predict_proba(X)
    assert q.min() > 0
    np.testing.assert_allclose(q.sum(axis=1), 1)
