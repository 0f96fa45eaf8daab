"""Vector and matrix scaling against SVS and SMS of probmetrics: who gets lower on the published objective.

    python benchmarks/structured.py            # exit status 1 if a fit of ours ends higher

The objective of "Structured Matrix Scaling for Multi-Class Calibration" (arXiv:2511.03685): mean log loss of
softmax(M x + b) plus (k / n) (|diag(M) - 1|^2 + |b|^2) + (k (k - 1) / n) |off-diagonal|^2, x the logs of tempered
probabilities with a share 1 / (n + 1) of equal ones. Each package's parameters are put in here, with x from its own
temperature. Data: simulated ones, and the public sets of ``benchmarks/calibrators.py`` with more than two classes if
SKLEARN_LOSSACC_DATA names their folder.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from calibrators import real_sets
from probmetrics.calibrators import get_calibrator
from scipy.special import log_softmax, softmax

from sklearn_lossacc import MatrixCalibrator, VectorCalibrator

ROUNDING = 1e-9  # nats, of a mean


def simulated() -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Draw from models whose classes have maps of their own and are confused with each other."""
    for n_rows, n_classes in ((300, 3), (2000, 10), (2000, 30)):
        rng = np.random.default_rng(n_classes)
        stated = log_softmax(rng.normal(scale=3.0, size=(n_rows, n_classes)), axis=1)
        mixing = 0.6 * np.eye(n_classes) + 0.2 / np.sqrt(n_classes) * rng.normal(size=(n_classes, n_classes))
        true = stated @ mixing.T + 0.3 * rng.normal(size=n_classes)
        y = (true + rng.gumbel(size=true.shape)).argmax(axis=1)
        yield f"simulated, {n_rows} x {n_classes}", softmax(stated, axis=1), y


def sets() -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield name, probabilities and labels."""
    yield from simulated()
    if "SKLEARN_LOSSACC_DATA" in os.environ:
        for name, P, y, *_ in real_sets(Path(os.environ["SKLEARN_LOSSACC_DATA"])):
            if P.shape[1] > 2:
                yield name, P, y


def objective(tempered: np.ndarray, y: np.ndarray, matrix: np.ndarray, intercept: np.ndarray) -> float:
    """Evaluate the published objective."""
    n, k = tempered.shape
    x = np.log((tempered * n + 1 / k) / (n + 1))
    loss = -log_softmax(x @ matrix.T + intercept, axis=1)[np.arange(n), y].mean()
    own = np.diag(matrix)
    off = (matrix**2).sum() - (own**2).sum()
    return float(loss + k / n * (((own - 1) ** 2).sum() + (intercept**2).sum()) + k * (k - 1) / n * off)


def main() -> int:
    """Print a line for each set and method."""
    higher = 0
    print(f"{'set':28} {'method':7} {'here':>12} {'probmetrics':>12} {'difference':>11}")
    for name, P, y in sets():
        k = P.shape[1]
        for method, kind in (("vector", VectorCalibrator), ("matrix", MatrixCalibrator)):
            ours = kind(classes=np.arange(k)).fit(P, y)
            theirs = get_calibrator("svs" if method == "vector" else "sms").fit(P, y)
            # their temperature comes with the share of equal probabilities: (n t + 1 / k) / (n + 1)
            mixed = theirs.ts_.predict_proba(P).astype(np.float64)
            tempered = (mixed * (len(y) + 1) - 1 / k) / len(y)
            if method == "vector":
                here, there = (np.diag(ours.scale_), ours.intercept_), (np.diag(theirs.v_.ravel()), theirs.b_.ravel())
            else:
                here, there = (ours.matrix_, ours.intercept_), (theirs.W_[:, :-1], theirs.W_[:, -1])
            values = (
                objective(ours.temperature_calibrator_.predict_proba(P), y, *here),
                objective(tempered, y, *(np.asarray(one, dtype=np.float64) for one in there)),
            )
            higher += values[0] > values[1] + ROUNDING
            print(f"{name:28} {method:7} {values[0]:12.8f} {values[1]:12.8f} {values[0] - values[1]:11.2e}", flush=True)
    return int(higher > 0)


if __name__ == "__main__":
    sys.exit(main())
