"""The memory that fits and predictions take, the returned matrix included, in units of the float64 input."""

import ctypes
import gc
import subprocess
import sys
import tracemalloc
import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone

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
    calibration.MatrixCalibrator(),
    calibration.DirichletCalibrator(),
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


def draw(shape, scores="proba"):
    rng = np.random.default_rng(0)
    X = rng.normal(scale=2.0, size=shape)
    y = (X + rng.gumbel(size=shape)).argmax(axis=1)
    X *= 2.5
    if scores == "proba":
        X -= X.max(axis=1, keepdims=True)
        np.exp(X, out=X)
        X /= X.sum(axis=1, keepdims=True)
    return X, y


def resident(field):
    with open("/proc/self/status", encoding="ascii") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


def growth_of_the_process(kind, shape):
    """Fit and predict twice; return the peak of the second time above what was held before, code apart."""
    library = ctypes.CDLL(None)
    library.mallopt(-3, 2**17)  # M_MMAP_THRESHOLD: large arrays that are freed leave the process
    library.mallopt(-1, 2**17)  # M_TRIM_THRESHOLD
    X, y = draw(shape)
    calibrator = getattr(calibration, kind)(classes=np.arange(shape[1]))
    calibrator.fit(X[:5000], y[:5000]).predict_proba(X[:5000])
    gc.collect()
    library.malloc_trim(0)
    before = resident("RssAnon")
    for _ in range(2):
        with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
            file.write("5")  # VmHWM begins anew
        clone(calibrator).fit(X, y).predict_proba(X)
    return (resident("VmHWM") - resident("RssFile") - before) / X.nbytes


@pytest.mark.parametrize("shape", [(1_000_000, 2), (200_000, 16)], ids=str)
@pytest.mark.parametrize("calibrator", CALIBRATORS, ids=str)
@pytest.mark.parametrize("scores", ["proba", "logits"])
@pytest.mark.slow
def test_extra_memory(calibrator, shape, scores):
    X, y = draw(shape, scores)
    calibrator.set_params(input=scores, classes=np.arange(shape[1]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted, to_fit = peak(lambda: calibrator.fit(X, y))
        _, to_predict = peak(lambda: fitted.predict_proba(X))
    assert to_fit <= LIMIT * X.nbytes
    assert to_predict <= LIMIT * X.nbytes


@pytest.mark.parametrize(
    "calibrator", [calibration.MatrixCalibrator(), calibration.DirichletCalibrator(reg_lambda=1.0)], ids=str
)
@pytest.mark.filterwarnings("ignore::sklearn_lossacc.exceptions.CalibrationWarning")  # classes without rows
def test_maps_of_as_many_numbers_as_the_rows_hold(calibrator):
    """A map is half of the input, and its search keeps three steps and three gradients."""
    X, y = draw((400, 200))
    _, to_fit = peak(lambda: calibrator.set_params(classes=np.arange(200)).fit(X, y))
    assert to_fit <= 20.0 * X.nbytes


KINDS = sorted({type(one).__name__ for one in CALIBRATORS})
# A Venn-Abers map holds three numbers for nearly every row whose class is rare: at 100 classes .8 of the input.
STRICT = [
    *[(kind, (1_000_000, 2)) for kind in KINDS],
    *[(kind, (50_000, 100)) for kind in KINDS if kind != "VennAbersCalibrator"],
    *[("AutoCalibrator", shape) for shape in ((1_000_000, 10), (50_000, 1000))],
]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(("kind", "shape"), STRICT, ids=str)
@pytest.mark.slow
def test_extra_memory_of_the_process(kind, shape):
    """What a process holds at the peak of fit and prediction, be it seen by Python or not."""
    code = f"import test_memory; print(test_memory.growth_of_the_process({kind!r}, {shape!r}))"
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parent, capture_output=True, text=True, check=True
    )
    assert float(answer.stdout) <= LIMIT
