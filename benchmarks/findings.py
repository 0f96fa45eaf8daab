"""A bank of predictions with known causes: what is found, what is wrongly accused, and how often healthy models alarm.

Every family plants its causes in labels drawn from a known model; families x classes x sharpness x seeds are diagnosed,
and one line a family and number of classes is printed.

Usage::

    python benchmarks/findings.py                      # the whole bank, n = 2000
    python benchmarks/findings.py --seeds 20 --families over noise
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from itertools import product

import numpy as np
from scipy.special import log_softmax, softmax

from sklearn_lossacc import summarize
from sklearn_lossacc.findings.evidence import Evidence
from sklearn_lossacc.findings.judge import judge_all

# What must be found, and what else may be said, by family; any other statistical finding is a wrong accusation.
EXPECTED = {
    "healthy": ((), ()),
    "skewed": ((), ()),
    "weighted": ((), ()),
    "copies": ((), ()),
    "imbalanced": ((), ()),
    "over": (("LA101",), ()),
    "under": (("LA102",), ()),
    "noise": (("LA202",), ()),
    "pair noise": (("LA202",), ("LA103", "LA203", "LA104", "LA401")),
    "blunt noise": (("LA202",), ()),
    "outliers": (("LA201",), ()),
    "bias": (("LA103",), ("LA401",)),
    "chance": (("LA302",), ("LA101",)),
    "majority": (("LA303",), ()),
    "double softmax": (("LA002",), ("LA102", "LA104", "LA203")),
    "over+noise": (("LA101", "LA202"), ()),
    "over+bias": (("LA101", "LA103"), ("LA401",)),
    "noise+bias": (("LA103", "LA202"), ("LA401",)),
}
BASELINE = ("LA001", "LA003", "LA004", "LA301", "LA302", "LA303", "LA304")


def draw(log_proba, rng):
    """Draw labels."""
    cumulative = np.cumsum(np.exp(log_proba), axis=1)
    return np.minimum((cumulative < rng.random((len(log_proba), 1))).sum(axis=1), log_proba.shape[1] - 1)


def scenario(family: str, n: int, k: int, scale: float, rng):
    """Return keywords of `summarize` for one planted family."""
    z = scale * rng.standard_normal((n, k))
    keywords = {"input": "logits", "classes": np.arange(k)}
    if family == "skewed":
        z += np.log(1.0 / np.arange(1, k + 1))
    if family == "imbalanced":
        z += np.log(np.r_[0.95, np.full(k - 1, 0.05 / (k - 1))])
    if family == "blunt noise":
        z *= 0.5
    if family in ("chance", "majority"):
        z *= 0.0
    log_proba = log_softmax(z, axis=1)
    if family == "copies":
        log_proba = np.repeat(log_proba[: n // 5], 5, axis=0)
        y = np.repeat(draw(log_proba[::5], rng), 5)
        return {**keywords, "y_true": y, "y_proba": log_proba, "groups": np.arange(n) // 5}
    if family == "chance":
        y = rng.integers(0, k, n)
        return {**keywords, "y_true": y, "y_proba": log_softmax(0.05 * rng.standard_normal((n, k)), axis=1)}
    if family == "majority":
        prior = np.r_[0.9, np.full(k - 1, 0.1 / (k - 1))]
        log_prior = np.log(prior) + 0.02 * rng.standard_normal((n, k))
        return {**keywords, "y_true": rng.choice(k, n, p=prior), "y_proba": log_softmax(log_prior, axis=1)}
    truth = log_proba
    if "bias" in family:
        truth = log_softmax(log_proba + np.r_[1.0, np.zeros(k - 1)], axis=1)
    y = draw(truth, rng)
    if "noise" in family:
        flipped = rng.random(n) < (0.2 if family in ("pair noise", "blunt noise") else 0.08)
        other = (y + 1) % k if family == "pair noise" else rng.integers(0, k, n)
        y = np.where(flipped, other, y)
    if family == "outliers":
        # Deep inside: among the few rows that the model is surest of, where uniform noise would hardly ever fall.
        rows = rng.choice(np.argsort(-log_proba.max(axis=1))[: n // 50], 6, replace=False)
        y[rows] = log_proba[rows].argmin(axis=1)
    if "over" in family:
        log_proba = log_softmax(1.8 * log_proba, axis=1)
    if family == "under":
        log_proba = log_softmax(0.6 * log_proba, axis=1)
    if family == "double softmax":
        log_proba = log_softmax(softmax(log_proba, axis=1), axis=1)
    if family == "weighted":
        keywords["sample_weight"] = rng.exponential(size=n)
    return {**keywords, "y_true": y, "y_proba": log_proba}


def run(job):
    """Diagnose one scenario; return the fired codes."""
    family, n, k, scale, seed = job
    rng = np.random.default_rng([list(EXPECTED).index(family), n, k, int(10 * scale), seed])
    summary = summarize(**scenario(family, n, k, scale, rng))
    findings = judge_all(Evidence(summary, alpha=0.05, random_state=seed))
    return family, k, [f.code for f in findings if f.status == "fired"]


def main(argv=None) -> int:
    """Run the bank and print one line per family and number of classes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--classes", type=int, nargs="*", default=[2, 5, 20])
    parser.add_argument("--scales", type=float, nargs="*", default=[2.0, 3.0])
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--families", nargs="*", default=list(EXPECTED))
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args(argv)
    jobs = [
        (family, options.rows, k, scale, seed)
        for family, k, scale, seed in product(options.families, options.classes, options.scales, range(options.seeds))
    ]
    start = time.perf_counter()
    with ProcessPoolExecutor(options.jobs) as pool:
        results = list(pool.map(run, jobs, chunksize=10))
    sys.stdout.write(f"{'family':>15} {'k':>4} {'runs':>5} {'found':>6} {'wrong':>6}  fired\n")
    for family, k in product(options.families, options.classes):
        runs = [codes for f, c, codes in results if (f, c) == (family, k)]
        needed, allowed = EXPECTED[family]
        found = sum(set(needed) <= set(codes) for codes in runs)
        wrong = sum(bool(set(codes) - set(needed) - set(allowed) - set(BASELINE)) for codes in runs)
        counts = Counter(code for codes in runs for code in codes)
        fired = ", ".join(f"{code} {count}" for code, count in sorted(counts.items()))
        shares = f"{found / len(runs):6.3f} {wrong / len(runs):6.3f}"
        sys.stdout.write(f"{family:>15} {k:>4} {len(runs):>5} {shares}  {fired}\n")
    sys.stdout.write(f"{len(jobs)} runs in {time.perf_counter() - start:.0f} s\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
