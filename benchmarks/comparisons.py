"""How often comparisons accuse equally good models, and how often their intervals hold the truth.

Size: two models that are equally good by construction (the same noise is added to the true log odds, drawn twice).
Printed are the shares of runs with p <= .05 by measure, and with each finding; a cell fails when the chance that LA601
or LA604 fires, or the share of a measure, exceeds .05 + 3.5 standard errors.

Coverage: two models that differ in calibration, refinement and accuracy. The truth is taken from 400000 rows; a cell
fails when a share falls below .95 - 3.5 standard errors - .02.

Usage::

    python benchmarks/comparisons.py
    python benchmarks/comparisons.py --runs 50
"""

from __future__ import annotations

import argparse
import math
import sys

import numpy as np
from scipy.special import softmax

from sklearn_lossacc import metrics
from sklearn_lossacc.findings.comparison import ComparisonDiagnosis

ALPHA = 0.05
MEASURES = {
    "log_loss": metrics.log_loss,
    "accuracy": metrics.accuracy_score,
    "brier_score": metrics.brier_score_loss,
    "calibration_loss": metrics.calibration_loss,
    "refinement_loss": metrics.refinement_loss,
}
# noise on the log odds, and how much surer than the truth
EQUAL = {"alike": (0.05, 1.0), "different": (0.5, 1.2), "very sure": (0.3, 4.0)}
SIZES = ((50, 2), (100, 2), (300, 3), (1500, 5))
DESIGNS = ((200, 1), (1500, 1), (600, 10), (100, 5))  # rows, rows in a group
N_TRUTH = 400_000


def labels(log_odds, rng):
    """Draw one label from each row."""
    steps = softmax(log_odds, axis=1).cumsum(axis=1)
    return np.minimum((steps < rng.random((len(steps), 1))).sum(axis=1), steps.shape[1] - 1)


def equal_models(n_rows: int, n_classes: int, noise: float, sharpening: float, rng):
    """Return labels and two models that are equally good."""
    odds = 1.5 * rng.normal(size=(n_rows, n_classes))
    models = [softmax(sharpening * (odds + noise * rng.normal(size=odds.shape)), axis=1) for _ in range(2)]
    return labels(odds, rng), dict(zip("AB", models, strict=True))


def different_models(n_rows: int, in_group: int, rng, n_classes: int = 3):
    """Return labels and two models, whose rows are alike within groups."""

    def shared(scale):
        return np.repeat(scale * rng.normal(size=(n_rows // in_group, n_classes)), in_group, axis=0)

    odds = shared(1.5) + (0.3 * rng.normal(size=(n_rows, n_classes)) if in_group > 1 else 0.0)
    blur = shared(1.2)
    return labels(odds, rng), {"A": softmax(2.2 * odds, axis=1), "B": softmax(0.7 * (odds + blur), axis=1)}


def print_sizes(runs: int) -> bool:
    """Print how often equally good models are told apart; return whether that is seldom enough."""
    limit = ALPHA + 3.5 * math.sqrt(ALPHA * (1 - ALPHA) / runs)
    print(f"share of {runs} runs on equally good models, limit {limit:.3f}")
    fine = True
    for place, (name, (noise, sharpening)) in enumerate(EQUAL.items()):
        for n_rows, n_classes in SIZES:
            shares = dict.fromkeys([*MEASURES, "LA601", "LA602", "LA603", "LA604"], 0.0)
            for run in range(runs):
                rng = np.random.default_rng([place, run, n_rows, n_classes])
                d = ComparisonDiagnosis.from_predictions(*equal_models(n_rows, n_classes, noise, sharpening, rng))
                table = d.tables["differences"]
                for measure, p_value in zip(table["measure"], table["p_value"], strict=True):
                    shares[measure] += (p_value <= ALPHA) / runs
                for finding in d.issues:
                    shares[finding.code] += 1 / runs
            fine &= max(*(shares[key] for key in MEASURES), shares["LA601"] + shares["LA604"]) <= limit
            print(f"  {name:<10} n={n_rows:<5} k={n_classes}  " + "  ".join(f"{k} {v:.3f}" for k, v in shares.items()))
    return fine


def print_coverage(runs: int) -> bool:
    """Print how often the intervals hold the truth; return whether that is often enough."""
    limit = 1 - ALPHA - 3.5 * math.sqrt(ALPHA * (1 - ALPHA) / runs) - 0.02
    print(f"share of {runs} runs whose 95 % interval holds the truth, limit {limit:.3f}")
    fine = True
    for n_rows, in_group in DESIGNS:
        y, models = different_models(N_TRUTH, in_group, np.random.default_rng(99))
        truth = {name: metric(y, models["B"]) - metric(y, models["A"]) for name, metric in MEASURES.items()}
        held = dict.fromkeys(MEASURES, 0.0)
        for run in range(runs):
            y, models = different_models(n_rows, in_group, np.random.default_rng([run, n_rows]))
            groups = None if in_group == 1 else np.arange(n_rows) // in_group
            d = ComparisonDiagnosis.from_predictions(y, models, groups=groups)
            for name in MEASURES:
                found = d.difference(name)
                held[name] += (found.low <= truth[name] <= found.high) / runs
        fine &= min(held.values()) >= limit
        print(f"  n={n_rows:<5} rows in a group {in_group:<3} " + "  ".join(f"{k} {v:.3f}" for k, v in held.items()))
    return fine


def main() -> int:
    """Print both tables; return 1 if a cell fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=400)
    runs = parser.parse_args().runs
    return int(not (print_sizes(runs) & print_coverage(runs)))


if __name__ == "__main__":
    sys.exit(main())
