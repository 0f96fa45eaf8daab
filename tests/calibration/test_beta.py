import numpy as np
import pytest
from scipy.special import expit, logit

from sklearn_lossacc.calibration import BetaCalibrator
from sklearn_lossacc.exceptions import CalibrationWarning


def bent(n=20000, seed=0):
    rng = np.random.default_rng(seed)
    p = rng.uniform(0.001, 0.999, n)
    return p, (rng.random(n) < expit(0.4 * np.log(p) - 1.5 * np.log1p(-p) + 0.3)).astype(int)


def test_two_powers_and_an_intercept_are_found():
    p, y = bent()
    (one,) = BetaCalibrator().fit(p, y).maps_
    np.testing.assert_allclose(one["coef"], [0.4, 1.5, 0.3], atol=0.12)


def test_powers_are_never_negative():
    rng = np.random.default_rng(0)
    p = rng.uniform(0.01, 0.99, 2000)
    y = (rng.random(2000) < expit(-0.5 * np.log(p) - 2 * np.log1p(-p))).astype(int)  # falls, then rises
    (one,) = BetaCalibrator().fit(p, y).maps_
    assert one["coef"][0] == 0
    assert one["coef"][1] > 0
    q = BetaCalibrator().fit(p, y).predict_proba(np.linspace(0, 1, 200))[:, 1]
    assert (np.diff(q) >= 0).all()


def test_a_parabola_is_found():
    rng = np.random.default_rng(0)
    d = rng.normal(scale=2, size=20000)
    y = (rng.random(20000) < expit(0.7 * d + 0.2 * d**2 - 0.5)).astype(int)
    calibrator = BetaCalibrator(shape="quadratic").fit(expit(d), y)
    x = np.linspace(-3, 3, 13)
    found = logit(calibrator.predict_proba(expit(x))[:, 1])
    np.testing.assert_allclose(found, 0.7 * x + 0.2 * x**2 - 0.5, atol=0.25)


def test_scores_against_the_labels_give_the_class_frequencies():
    p, y = bent()
    with pytest.warns(CalibrationWarning, match="uninformative"):
        calibrator = BetaCalibrator().fit(1 - p, y)
    np.testing.assert_allclose(calibrator.predict_proba([0.1, 0.9])[:, 1], y.mean(), atol=1e-4)


def test_separable_labels_leave_the_probabilities(overconfident):
    P, _ = overconfident
    with pytest.warns(CalibrationWarning, match="separable"):
        calibrator = BetaCalibrator().fit(P, P.argmax(axis=1))
    np.testing.assert_allclose(calibrator.predict_proba(P), P, rtol=1e-9)


def test_unknown_shape_is_refused():
    with pytest.raises(ValueError, match="shape must be one of"):
        BetaCalibrator(shape="cubic").fit([0.4, 0.6], [1, 0])
