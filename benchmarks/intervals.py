"""How often the 95 % interval of each number of a diagnosis covers the truth.

Truth is that of a population of the same law, large enough that its own error does not matter. A cell is a scenario, a
number of classes and of rows, and a design: plain rows, rows with random weights, or copies in groups. Printed are the
shares of intervals that cover, by metric and number of rows, pooled over all else; then the cells that miss 0.95 by
more than 0.04 and more than chance explains.

Usage::

    python benchmarks/intervals.py                                   # all cells
    python benchmarks/intervals.py --rows 50 200 --classes 2 --runs 50
    python benchmarks/intervals.py --only d2_brier roc_auc --cells   # every cell of two metrics
"""

from __future__ import annotations

import argparse
import math
from collections import defaultdict
from functools import cache
from itertools import product

import numpy as np
from scipy.special import log_softmax
from sklearn.metrics import roc_auc_score

from sklearn_lossacc import summarize
from sklearn_lossacc._numerics.mixture import fit_mixture, mixture_proba
from sklearn_lossacc.findings.evidence import Evidence
from sklearn_lossacc.findings.measures import measure
from sklearn_lossacc.findings.waterfall import decompose
from sklearn_lossacc.inference.debiased_error import debiased_rmsce
from sklearn_lossacc.inference.smooth_ece import smooth_ece

POPULATION = 200_000
NOMINAL, ALLOWED = 0.95, 0.04
SCENARIOS = ("sharp", "blunt", "over", "bias", "noise")
DESIGNS = ("plain", "weights", "groups")
COPIES = 3
NOISE = 0.15


def draw(rng: np.random.Generator, n_rows: int, n_classes: int, scenario: str) -> tuple[np.ndarray, np.ndarray]:
    """Return labels and the log probabilities that a model shows for them."""
    scores = (0.7 if scenario == "blunt" else 2.5) * rng.standard_normal((n_rows, n_classes))
    if scenario == "blunt":  # and of unequal classes, the rarest a fifth as common as the commonest
        scores -= math.log(5.0) * np.linspace(0.0, 1.0, n_classes)
    truth = log_softmax(scores, axis=1)
    y = np.minimum((np.exp(truth).cumsum(axis=1) < rng.random((n_rows, 1))).sum(axis=1), n_classes - 1)
    if scenario == "over":
        return y, log_softmax(3.0 * truth, axis=1)
    if scenario == "bias":
        return y, log_softmax(truth + np.r_[1.0, np.zeros(n_classes - 1)], axis=1)
    if scenario == "noise":
        y = np.where(rng.random(n_rows) < NOISE, rng.integers(0, n_classes, n_rows), y)
    return y, truth


@cache
def truths(scenario: str, n_classes: int) -> dict[str, float]:
    """Return the numbers of the population."""
    y, log_proba = draw(np.random.default_rng(99), POPULATION, n_classes, scenario)
    rows, proba, ones = np.arange(len(y)), np.exp(log_proba), np.ones(len(y))
    top = proba.argmax(axis=1)
    correct, confidence = (top == y).astype(float), proba[rows, top]
    share = np.bincount(y, minlength=n_classes) / len(y)
    loss, prior = -log_proba[rows, y].mean(), float(-(share @ np.log(share)))
    brier = (proba**2).sum(axis=1).mean() - 2 * proba[rows, y].mean() + 1
    full = fit_mixture(log_proba, y, ones, bias=True)
    repaired = -np.log(mixture_proba(log_proba, full.beta, full.bias, full.floor)[rows, y]).mean()
    # A healthy model costs nothing, whatever the fit to a finite population says.
    calibration = 0.0 if scenario in ("sharp", "blunt") else loss - repaired
    columns = [1] if n_classes == 2 else range(n_classes)
    return {
        "accuracy": correct.mean(),
        "balanced_accuracy": float(np.mean([correct[y == j].mean() for j in range(n_classes)])),
        "log_loss": loss,
        "log_loss_clipped": loss,
        "expected_log_loss": float(-(proba * log_proba).sum(axis=1).mean()),
        "brier_score": brier * (0.5 if n_classes == 2 else 1.0),
        "mean_confidence": confidence.mean(),
        "confidence_gap": confidence.mean() - correct.mean(),
        "prior_log_loss": prior,
        "majority_accuracy": share.max(),
        "d2_log_loss": 1 - loss / prior,
        "d2_brier": 1 - brier / (1 - share @ share),
        "smooth_ece": smooth_ece(confidence, correct, ones),
        "debiased_rmsce": debiased_rmsce(confidence, correct, ones),
        "temperature": 1 / fit_mixture(log_proba, y, ones, floor=False, bias=False).beta,
        "noise_rate": NOISE * (1 - 1 / n_classes) if scenario == "noise" else 0.0,
        "calibration_loss": calibration,
        "refinement_loss": loss - calibration,
        "resolution": prior - loss + calibration,
        "roc_auc": float(np.mean([roc_auc_score(y == j, proba[:, j]) for j in columns])),
    }


def run(cell: tuple, seed: int) -> dict[str, bool]:
    """Return which intervals of one sample cover."""
    scenario, n_classes, n_rows, design = cell
    rng = np.random.default_rng([seed, SCENARIOS.index(scenario), n_classes, n_rows, DESIGNS.index(design)])
    times = COPIES if design == "groups" else 1
    y, log_proba = draw(rng, n_rows // times, n_classes, scenario)
    keywords = {"sample_weight": rng.exponential(size=n_rows)} if design == "weights" else {}
    if times > 1:
        keywords["groups"] = np.repeat(np.arange(len(y)), times)
        y, log_proba = np.repeat(y, times), np.repeat(log_proba, times, axis=0)
    summary = summarize(y, log_proba, input="logits", classes=np.arange(n_classes), **keywords)
    evidence = Evidence(summary, alpha=0.05, random_state=0)
    found = measure(evidence, decompose(evidence))
    return {
        name: found[name].low <= true <= found[name].high
        for name, true in truths(scenario, n_classes).items()
        if found[name].low is not None and found[name].high is not None
    }


def main() -> None:
    """Print the shares."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--rows", type=int, nargs="*", default=[50, 200, 1000, 5000])
    parser.add_argument("--classes", type=int, nargs="*", default=[2, 5, 20])
    parser.add_argument("--scenarios", nargs="*", default=SCENARIOS)
    parser.add_argument("--designs", nargs="*", default=DESIGNS)
    parser.add_argument("--only", nargs="*", default=[], help="metrics")
    parser.add_argument("--cells", action="store_true", help="print every cell")
    options = parser.parse_args()
    covered = defaultdict(list)
    for cell in product(options.scenarios, options.classes, options.rows, options.designs):
        for seed in range(options.runs):
            for name, hit in run(cell, seed).items():
                covered[name, cell].append(hit)
    names = [name for name in truths("sharp", options.classes[0]) if not options.only or name in options.only]
    print(f"{'':>20}" + "".join(f"{n_rows:>8}" for n_rows in options.rows))
    for name in names:
        shares = [
            [hit for (metric, cell), hits in covered.items() if metric == name and cell[2] == n_rows for hit in hits]
            for n_rows in options.rows
        ]
        print(f"{name:>20}" + "".join(f"{np.mean(hits):8.3f}" if hits else f"{'-':>8}" for hits in shares))
    print("\ncells that miss" if not options.cells else "\ncells")
    for (name, cell), hits in covered.items():
        share, noise = float(np.mean(hits)), 3.0 * math.sqrt(NOMINAL * (1 - NOMINAL) / len(hits))
        if name in names and (options.cells or abs(share - NOMINAL) > ALLOWED + noise):
            print(f"{name:>20} {share:.3f} of {len(hits)}", *cell)


if __name__ == "__main__":
    main()
