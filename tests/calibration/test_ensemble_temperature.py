import numpy as np
import pytest
from scipy.special import softmax

from sklearn_lossacc.calibration import EnsembleTemperatureCalibrator, TemperatureCalibrator
from sklearn_lossacc.exceptions import CalibrationWarning
from sklearn_lossacc.metrics import log_loss


def test_output_is_the_mixture(overconfident):
    P, y = overconfident
    calibrator = EnsembleTemperatureCalibrator().fit(P, y)
    tempered = TemperatureCalibrator().fit(P, y).predict_proba(P)
    first, second, third = calibrator.weights_
    np.testing.assert_allclose(calibrator.predict_proba(P), first * tempered + second * P + third / 4, rtol=1e-9)
    assert first > 0.9


def test_never_worse_than_its_parts(overconfident):
    P, y = overconfident
    rng = np.random.default_rng(0)
    noisy = np.where(rng.random(len(y)) < 0.1, rng.integers(0, 4, len(y)), y)
    q = EnsembleTemperatureCalibrator().fit(P, noisy).predict_proba(P)
    tempered = TemperatureCalibrator().fit(P, noisy).predict_proba(P)
    assert log_loss(noisy, q) < min(log_loss(noisy, tempered), log_loss(noisy, P), np.log(4))
    for parts in ((tempered, P), (tempered, np.full_like(P, 0.25)), (P, np.full_like(P, 0.25))):
        for share in (0.2, 0.5, 0.8):
            assert log_loss(noisy, q) <= log_loss(noisy, share * parts[0] + (1 - share) * parts[1])


def test_a_share_of_equal_probabilities_is_found():
    rng = np.random.default_rng(0)
    logits = rng.normal(scale=3, size=(20000, 3))
    y = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    noisy = np.where(rng.random(len(y)) < 0.3, rng.integers(0, 3, len(y)), y)
    P = softmax(logits, axis=1)
    q = EnsembleTemperatureCalibrator().fit(P, noisy).predict_proba(P)
    np.testing.assert_allclose(log_loss(noisy, q), log_loss(noisy, 0.7 * P + 0.1), atol=2e-3)


def test_bad_ends_are_those_of_the_temperature(overconfident):
    P, y = overconfident
    with pytest.warns(CalibrationWarning, match="separable"):
        calibrator = EnsembleTemperatureCalibrator().fit(P, P.argmax(axis=1))
    np.testing.assert_allclose(calibrator.predict_proba(P), P, rtol=1e-9)
    with pytest.warns(CalibrationWarning, match="uninformative"):
        calibrator = EnsembleTemperatureCalibrator().fit(P, P.argmin(axis=1))
    frequencies = np.bincount(P.argmin(axis=1)) / len(y)
    np.testing.assert_allclose(calibrator.predict_proba(P[:1]), [frequencies])
