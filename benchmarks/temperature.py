"""How long a temperature fit takes, in units of one pass ``P.max(axis=1)`` of the same process.

    python benchmarks/temperature.py              # table
    python benchmarks/temperature.py --check      # exit status 1 if a limit is exceeded

Each fit is timed next to its own pass, and the median ratio of the repetitions is shown, so that a busy machine
slows both. `memory` is the peak of what the fit allocates, in units of the input. `optimum` is the relative
difference of beta from a float64 Newton search on the whole array. scikit-learn's temperature is used as it should
be: labels 0..k-1, a frozen estimator that passes logits through. It is left out where scikit-learn has none.
"""

from __future__ import annotations

import argparse
import sys
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator

from sklearn_lossacc._numerics.temperature import solve_temperature
from sklearn_lossacc.calibration import TemperatureCalibrator

SHAPES = ((1_000_000, 10), (50_000, 1000))
# Largest ratio, and largest memory in units of the input, of our fits.
LIMITS = {
    ("proba", 10): 3.0,
    ("logits", 10): 5.0,
    ("proba", 1000): 12.0,
    ("logits", 1000): 15.0,
}
MEMORY_LIMIT = 0.2
OPTIMUM_LIMIT = 1e-6


class PassThrough(ClassifierMixin, BaseEstimator):
    """A fitted classifier whose features are the logits."""

    def __init__(self, n_classes: int):
        self.n_classes = n_classes
        self.classes_ = np.arange(n_classes)

    def fit(self, X: Any, y: Any) -> PassThrough:
        """Do nothing."""
        return self

    def decision_function(self, X: np.ndarray) -> np.ndarray:
        """Return the features."""
        return X

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the class of the largest logit."""
        return X.argmax(axis=1)


def draw(n_rows: int, n_classes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return logits 2.5 times too large, their probabilities, and labels."""
    rng = np.random.default_rng(0)
    logits = rng.normal(scale=2.0, size=(n_rows, n_classes))
    y = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    logits *= 2.5
    proba = np.exp(logits - logits.max(axis=1, keepdims=True))
    proba /= proba.sum(axis=1, keepdims=True)
    return logits, proba, y


def seconds(call: Callable[[], Any]) -> float:
    """Time one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def measure(fit: Callable[[], Any], proba: np.ndarray, repeats: int) -> tuple[float, float, float]:
    """Return the median ratio to a pass, the median milliseconds, and the memory in units of the input."""
    pairs = [(seconds(fit), seconds(lambda: proba.max(axis=1))) for _ in range(repeats)]
    ratio = float(np.median([one / own for one, own in pairs]))
    tracemalloc.start()
    fit()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return ratio, 1e3 * float(np.median([one for one, _ in pairs])), peak / proba.nbytes


def sklearn_beta(logits: np.ndarray, y: np.ndarray) -> float:
    """Fit scikit-learn's temperature scaling and return its inverse temperature."""
    frozen = FrozenEstimator(PassThrough(logits.shape[1]))
    model = CalibratedClassifierCV(frozen, method="temperature").fit(logits, y)
    return model.calibrated_classifiers_[0].calibrators[0].beta_


def has_temperature() -> bool:
    """Whether this scikit-learn has temperature scaling."""
    methods = CalibratedClassifierCV._parameter_constraints["method"][0].options
    return "temperature" in methods


def main(arguments: list[str] | None = None) -> int:
    """Print the table; return 1 if --check finds a limit exceeded."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7, help="repetitions of each of our fits")
    parser.add_argument("--check", action="store_true", help="fail if a limit is exceeded")
    parser.add_argument("--no-sklearn", action="store_true", help="leave scikit-learn out (it takes seconds a fit)")
    options = parser.parse_args(arguments)
    exceeded = []
    print(f"{'shape':>14} {'fit':>24} {'ms':>8} {'ratio':>7} {'memory':>7} {'optimum':>9}")
    for n_rows, n_classes in SHAPES:
        logits, proba, y = draw(n_rows, n_classes)
        reference = solve_temperature(logits, y, tol=1e-12).beta
        rows: list[tuple[str, float, float, float, float]] = []
        for kind, scores in (("proba", proba), ("logits", logits)):
            for dtype in ("float64", "float32"):
                given = scores.astype(dtype, copy=False)
                calibrator = TemperatureCalibrator(input=kind)
                result = measure(lambda c=calibrator, x=given, y=y: c.fit(x, y), proba, options.repeats)
                off = calibrator.inverse_temperature_ / reference - 1
                rows.append((f"ours, {kind} {dtype}", *result, off))
                if dtype == "float64":
                    limits = (LIMITS[kind, n_classes], MEMORY_LIMIT, OPTIMUM_LIMIT)
                    found = (result[0], result[2], abs(off))
                    if any(value > limit for value, limit in zip(found, limits, strict=True)):
                        exceeded.append(f"{n_rows} x {n_classes} {kind}: {found}, limits {limits}")
        if has_temperature() and not options.no_sklearn:
            result = measure(lambda x=logits, y=y: sklearn_beta(x, y), proba, 1)
            rows.append(("scikit-learn, logits", *result, sklearn_beta(logits, y) / reference - 1))
        for name, ratio, milliseconds, memory, off in rows:
            shape = f"{n_rows} x {n_classes}"
            print(f"{shape:>14} {name:>24} {milliseconds:8.0f} {ratio:7.2f} {memory:7.3f} {off:9.1e}")
    for line in exceeded:
        print("exceeded:", line)
    return int(bool(exceeded) and options.check)


if __name__ == "__main__":
    sys.exit(main())
