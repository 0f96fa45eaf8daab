import numpy as np
from scipy.special import softmax
from sklearn.isotonic import IsotonicRegression

from sklearn_lossacc.calibration import VennAbersCalibrator
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
    plain = IsotonicRegression().fit(p, y).predict(np.sort(p))
    assert (one["lower"] <= plain + 1e-9).all()
    assert (plain <= one["upper"] + 1e-9).all()
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
