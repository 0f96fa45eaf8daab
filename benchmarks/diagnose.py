"""Speed of `summarize` and of a whole diagnosis, whatever is wrong with the model.

    python benchmarks/diagnose.py [--repetitions 3] [--seed 0] [--small] [--cases healthy over] [--shapes 50000x1000]

Times are those of the processor, over all threads. Each repetition runs every operation once, one after the other; a
ratio is the smallest time of an operation over the smallest time of ``P.max(axis=1)``. "scikit-learn" is log_loss,
brier_score_loss, accuracy_score and calibration_curve (of the likeliest class, 15 bins) on the same arrays.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable

import numpy as np
from scipy.special import log_softmax
from sklearn.calibration import calibration_curve
from sklearn.metrics import accuracy_score, brier_score_loss, log_loss

from sklearn_lossacc import Diagnosis, diagnose, summarize

# Largest ratio of the time of a diagnosis to that of P.max(axis=1).
TARGETS = {(1_000_000, 10): 14.0, (50_000, 1000): 30.0}
SMALL_SHAPES = ((2000, 2), (2000, 10), (2000, 20), (2000, 100))
CASES = ("healthy", "over", "noise", "bias", "outliers", "weights", "groups", "over+noise", "noise+bias")


def make(case: str, n_rows: int, n_classes: int, seed: int) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Return labels, probabilities and further arguments of a model of which something is wrong."""
    rng = np.random.default_rng(seed)
    log_proba = log_softmax(3.0 * rng.standard_normal((n_rows, n_classes)), axis=1)
    offset = np.log(np.linspace(0.4, 2.5, n_classes)) if "bias" in case else np.zeros(n_classes)
    y = np.empty(n_rows, dtype=np.int64)
    for start in range(0, n_rows, 10_000):
        part = slice(start, start + 10_000)
        y[part] = (log_proba[part] + offset + rng.gumbel(size=log_proba[part].shape)).argmax(axis=1)
    if "noise" in case:
        y = np.where(rng.random(n_rows) < 0.1, rng.integers(0, n_classes, n_rows), y)
    if "outliers" in case:
        sure = np.argpartition(-log_proba.max(axis=1), n_rows // 50)[: n_rows // 50]
        rows = rng.choice(sure, max(6, n_rows // 1000), replace=False)
        y[rows] = log_proba[rows].argmin(axis=1)
    if "over" in case:
        log_proba *= 2.0
    log_proba -= log_proba.max(axis=1, keepdims=True)
    proba = np.exp(log_proba, out=log_proba)
    proba /= proba.sum(axis=1, keepdims=True)
    extra = {}
    if case == "weights":
        extra["sample_weight"] = rng.exponential(size=n_rows)
    if case == "groups":
        extra["groups"] = rng.integers(0, n_rows // 5, n_rows)
    return y, proba, extra


def scikit_learn(y: np.ndarray, proba: np.ndarray) -> None:
    """Compute what scikit-learn says of loss, accuracy and calibration."""
    labels = np.arange(proba.shape[1])
    predicted = proba.argmax(axis=1)
    log_loss(y, proba, labels=labels)
    brier_score_loss(y, proba, labels=labels)
    accuracy_score(y, predicted)
    calibration_curve(y == predicted, proba.max(axis=1), n_bins=15)


def fastest(calls: dict[str, Callable[[], object]], repetitions: int) -> dict[str, float]:
    """Return the smallest number of seconds of every call."""
    seconds = dict.fromkeys(calls, np.inf)
    for _ in range(repetitions):
        for name, call in calls.items():
            start = time.process_time()
            call()
            seconds[name] = min(seconds[name], time.process_time() - start)
    return seconds


def main() -> None:
    """Print one line a shape and case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--small", action="store_true", help="inputs of a notebook, in milliseconds")
    parser.add_argument("--cases", nargs="*", default=list(CASES))
    parser.add_argument("--shapes", nargs="*", help="such as 50000x1000")
    options = parser.parse_args()
    shapes = SMALL_SHAPES if options.small else tuple(TARGETS)
    if options.shapes:
        shapes = tuple(tuple(map(int, shape.split("x"))) for shape in options.shapes)
    threads = os.environ.get("OMP_NUM_THREADS", f"not limited, {os.cpu_count()} processors")
    print(f"numpy {np.__version__}, threads of BLAS: {threads}, seed {options.seed}; times in passes of P.max(axis=1)")
    print(
        f"{'P':>15} {'case':<11} {'pass':>9} {'summarize':>9} {'judge':>7} {'diagnose':>16} {'scikit-learn':>12}  found"
    )
    for n_rows, n_classes in shapes:
        for case in options.cases:
            y, proba, extra = make(case, n_rows, n_classes, options.seed)
            summary = summarize(y, proba, **extra)
            seconds = fastest(
                {
                    "pass": lambda p=proba: p.max(axis=1),
                    "summarize": lambda y=y, p=proba, e=extra: summarize(y, p, **e),
                    "judge": lambda s=summary: Diagnosis.from_summary(s),
                    "diagnose": lambda y=y, p=proba, e=extra: diagnose(y, p, **e),
                    "scikit-learn": lambda y=y, p=proba: scikit_learn(y, p),
                },
                options.repetitions,
            )
            passes = {name: value / seconds["pass"] for name, value in seconds.items()}
            target = TARGETS.get((n_rows, n_classes), np.inf)
            missed = " MISSED" if passes["diagnose"] > target else ""
            issues = " ".join(finding.code for finding in Diagnosis.from_summary(summary).issues)
            print(
                f"{n_rows:>8} x {n_classes:<4} {case:<11} {1e3 * seconds['pass']:6.2f} ms {passes['summarize']:9.1f} "
                f"{passes['judge']:7.1f} {passes['diagnose']:9.1f}{missed:7} {passes['scikit-learn']:12.1f}  "
                f"[{1e3 * seconds['diagnose']:.0f} ms] {issues}",
                flush=True,
            )


if __name__ == "__main__":
    main()
