"""The memory that fits and predictions take, the returned matrix included, in units of the float64 input."""

import tracemalloc
import warnings

import numpy as np
import pytest

from sklearn_lossacc import calibration

CALIBRATORS = [
    calibration.IdentityCalibrator(),
    calibration.TemperatureCalibrator(),
    calibration.TemperatureCalibrator(floor=True),
    calibration.EnsembleTemperatureCalibrator(),
    calibration.SigmoidCalibrator(),
    calibration.BetaCalibrator(),
    calibration.BetaCalibrator(shape="quadratic"),
    calibration.SplineCalibrator(),
    calibration.IsotonicCalibrator(),
    calibration.IsotonicCalibrator(centered=False),
    calibration.VennAbersCalibrator(),
    calibration.HistogramCalibrator(),
    calibration.HistogramCalibrator(strategy="uniform"),
    calibration.VectorCalibrator(),
    calibration.PriorShiftCalibrator(),
    calibration.AutoCalibrator(),
]
LIMIT = 1.2


def peak(call):
    tracemalloc.start()
    try:
        result = call()
        return result, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("shape", [(1_000_000, 2), (200_000, 16)], ids=str)
@pytest.mark.parametrize("calibrator", CALIBRATORS, ids=str)
@pytest.mark.parametrize("scores", ["proba", "logits"])
@pytest.mark.slow
def test_extra_memory(calibrator, shape, scores):
    rng = np.random.default_rng(0)
    X = rng.normal(scale=2.0, size=shape)
    y = (X + rng.gumbel(size=shape)).argmax(axis=1)
    X *= 2.5
    if scores == "proba":
        X -= X.max(axis=1, keepdims=True)
        np.exp(X, out=X)
        X /= X.sum(axis=1, keepdims=True)
    calibrator.set_params(input=scores, classes=np.arange(shape[1]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted, to_fit = peak(lambda: calibrator.fit(X, y))
        _, to_predict = peak(lambda: fitted.predict_proba(X))
    assert to_fit <= LIMIT * X.nbytes
    assert to_predict <= LIMIT * X.nbytes
