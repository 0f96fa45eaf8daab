import numpy as np
import pytest

from sklearn_lossacc.calibration import HistogramCalibrator
from sklearn_lossacc.metrics import log_loss


def test_equal_widths_by_hand():
    # Bins (0, 1/3), (1/3, 2/3), (2/3, 1); the frequency of class 1 is (3 + 1) / (5 + 2) = 4/7.
    calibrator = HistogramCalibrator(n_bins=3, strategy="uniform").fit([0.1, 0.2, 0.7, 0.8, 0.9], [0, 1, 1, 1, 0])
    expected = [(1 + 4 / 7) / 3, 0.5, (2 + 4 / 7) / 4]  # the middle bin is empty
    np.testing.assert_allclose(calibrator.predict_proba([0.05, 0.5, 0.99])[:, 1], expected)


def test_equal_masses_by_hand():
    # Two rows a bin: {.1, .2}, {.3, .4}, {.5, .9}; edges half-way in log odds; frequency 4/8.
    calibrator = HistogramCalibrator(n_bins=3).fit([0.1, 0.2, 0.3, 0.4, 0.5, 0.9], [0, 0, 1, 0, 1, 1])
    np.testing.assert_allclose(
        calibrator.predict_proba([0.0, 0.24, 0.25, 0.44, 0.45, 1.0])[:, 1],
        np.repeat([0.5 / 3, 1.5 / 3, 2.5 / 3], 2),
    )


def test_bins_hold_equal_weights():
    rng = np.random.default_rng(0)
    p, weight = rng.beta(0.3, 0.3, 5000), rng.gamma(1.0, size=5000)
    y = (rng.random(5000) < p).astype(int)
    (one,) = HistogramCalibrator(n_bins=10).fit(p, y, sample_weight=weight).maps_
    place = np.searchsorted(one["edges"], np.log(p / (1 - p)))
    np.testing.assert_allclose(np.bincount(place, weights=weight) / weight.sum(), 0.1, atol=0.002)


def test_ties_make_fewer_bins():
    p = np.repeat([0.2, 0.8], 50)
    (one,) = HistogramCalibrator(n_bins=10).fit(p, np.arange(100) % 2).maps_
    assert len(one["values"]) == 2


@pytest.mark.parametrize("strategy", ["uniform", "quantile"])
def test_repairs_overconfidence(strategy, overconfident):
    P, y = overconfident
    q = HistogramCalibrator(strategy=strategy).fit(P[:1000], y[:1000]).predict_proba(P[1000:])
    assert log_loss(y[1000:], q, clip=None) < log_loss(y[1000:], P[1000:])


def test_bad_parameters_are_refused():
    with pytest.raises(ValueError, match="n_bins"):
        HistogramCalibrator(n_bins=0).fit([0.4, 0.6], [1, 0])
    with pytest.raises(ValueError, match="strategy"):
        HistogramCalibrator(strategy="kmeans").fit([0.4, 0.6], [1, 0])
