import json
import os
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit, logit, softmax
from sklearn.linear_model import LogisticRegression

from sklearn_lossacc.calibration import BetaCalibrator, SigmoidCalibrator, SplineCalibrator
from sklearn_lossacc.exceptions import CalibrationWarning
from sklearn_lossacc.metrics import log_loss

SHARED = os.environ.get("SKLEARN_LOSSACC_DATA")


def biased(n=20000, seed=0):
    rng = np.random.default_rng(seed)
    p = rng.uniform(0.02, 0.98, n)
    return p, (rng.random(n) < expit(0.5 * logit(p) - 1)).astype(int)


def votes(n=3000, n_votes=20, n_classes=2, seed=0):
    """Draw shares of votes that are less far apart than labels, some of which are 0 or 1."""
    rng = np.random.default_rng(seed)
    strength = rng.normal(0, 2, (n, n_classes))
    P = rng.multinomial(n_votes, softmax(strength, axis=1)) / n_votes
    return P, (1.5 * strength + rng.gumbel(size=strength.shape)).argmax(axis=1)


@pytest.mark.parametrize("kind", [SigmoidCalibrator, BetaCalibrator, SplineCalibrator])
@pytest.mark.parametrize("n_classes", [2, 5])
def test_zeros_of_votes_have_half_the_odds_of_one_vote(kind, n_classes):
    P, y = votes(n_classes=n_classes)
    fitted, fresh = slice(0, 500), slice(500, None)
    calibrator = kind().fit(P[fitted], y[fitted])
    reach = calibrator.maps_[-1]["reach"][0]
    assert reach == pytest.approx(np.log(19) + np.log(2))
    # as if a zero were half of what one vote of twenty is
    added = expit(np.clip(logit(P), -reach, reach))
    if n_classes == 2:
        same = kind().fit(added[fitted], y[fitted])
        np.testing.assert_allclose(same.predict_proba(added), calibrator.predict_proba(P), rtol=1e-6)
    assert log_loss(y[fresh], calibrator.predict_proba(P[fresh])) < log_loss(y[fresh], P[fresh])
    restored = kind.from_dict(json.loads(json.dumps(calibrator.to_dict())))
    np.testing.assert_array_equal(restored.predict_proba(P), calibrator.predict_proba(P))


def test_zeros_of_votes_lose_no_more_than_platt():
    P, y = votes(n=6000)
    fitted, fresh = slice(0, 1000), slice(1000, None)
    ours = SigmoidCalibrator().fit(P[fitted], y[fitted]).predict_proba(P[fresh])
    platt = LogisticRegression(C=1e6).fit(P[fitted, 1:], y[fitted]).predict_proba(P[fresh, 1:])
    assert log_loss(y[fresh], ours) < log_loss(y[fresh], platt) + 0.005


def test_slope_and_intercept_are_found():
    p, y = biased()
    (one,) = SigmoidCalibrator().fit(p, y).maps_
    assert abs(one["slope"][0] - 0.5) < 0.03
    assert abs(one["intercept"][0] + 1) < 0.05


def test_many_rows_agree_with_logistic_regression():
    p, y = biased()
    model = LogisticRegression(C=np.inf, tol=1e-8).fit(logit(p)[:, None], y)
    grid = np.linspace(0.01, 0.99, 99)
    np.testing.assert_allclose(
        SigmoidCalibrator().fit(p, y).predict_proba(grid), model.predict_proba(logit(grid)[:, None]), atol=1e-3
    )


def test_more_classes_are_fitted_one_by_one_and_divided_by_their_sum(overconfident):
    P, y = overconfident
    calibrator = SigmoidCalibrator().fit(P, y)
    columns = [SigmoidCalibrator().fit(P[:, j], y == j).predict_proba(P[:, j])[:, 1] for j in range(4)]
    q = np.column_stack(columns)
    np.testing.assert_allclose(calibrator.predict_proba(P), q / q.sum(axis=1, keepdims=True), rtol=1e-8)
    assert log_loss(y, calibrator.predict_proba(P)) < log_loss(y, P)


def test_separable_labels_leave_the_probabilities(overconfident):
    P, _ = overconfident
    with pytest.warns(CalibrationWarning, match="separable"):
        calibrator = SigmoidCalibrator().fit(P, P.argmax(axis=1))
    assert calibrator.outcome_ == "separable"
    np.testing.assert_allclose(calibrator.predict_proba(P), P, rtol=1e-9)


def test_scores_against_the_labels_give_the_class_frequencies():
    p, y = biased()
    with pytest.warns(CalibrationWarning, match="uninformative"):
        calibrator = SigmoidCalibrator().fit(1 - p, y)
    np.testing.assert_allclose(calibrator.predict_proba([0.1, 0.9])[:, 1], y.mean(), atol=1e-4)


@pytest.mark.filterwarnings("ignore::sklearn_lossacc.exceptions.CalibrationWarning")
def test_one_row():
    np.testing.assert_allclose(SigmoidCalibrator().fit([0.9], [1]).predict_proba([0.9]), [[0.1, 0.9]])
    q = SigmoidCalibrator().fit([0.9], [0]).predict_proba([0.9])[0, 1]
    assert 0.1 < q < 0.9


@pytest.mark.skipif(SHARED is None, reason="SKLEARN_LOSSACC_DATA is not set")
def test_real_networks_lose_no_more_than_with_one_temperature():
    data = np.load(Path(str(SHARED)) / "probs" / "densenet40_cifar10_logits_valtest.npz")
    calibrator = SigmoidCalibrator(input="logits").fit(data["val_logits"], data["val_labels"])
    assert log_loss(data["test_labels"], calibrator.predict_proba(data["test_logits"])) < 0.2246  # T: .2251
