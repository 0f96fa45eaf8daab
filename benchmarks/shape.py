"""Power of the gate of LA104 beside that of other tests of calibration, each with a drawn null.

Two classes and 300 rows: log-odds are normal, labels follow the bent log-odds of an alternative. The strength of
each alternative is set so that the best of the other tests has about the power of the best published one, which is
printed beside it; the last three, which are not the same for both classes, are not from there. The other tests: score
of intercept and slope (joint2), with curvature (joint3), largest partial sum (KS), calibration error over 15 bins of
equal mass (ECE), its debiased square (deb2), ten bins by the variance of the model (HL), the largest of those sums over
1, 2, 4, ... 64 bins (adapt), the unbiased squared kernel calibration error with a Laplacian kernel of median length
(SKCE; Widmann, Lindsten and Zachariah 2019), and the miscalibration of the CORP decomposition of the Brier score (CORP;
Dimitriadis, Gneiting and Jordan 2021). The gate is that of LA104 alone; the report is the share of samples in which any
statistical finding fires, all of them together at the same level: a temperature is the task of LA101 and LA102, a
shift that of LA103.

With more classes: share of samples in which LA104 fires, and the gain that it states, where a class is bent.

Usage::

    python benchmarks/shape.py                 # all
    python benchmarks/shape.py --runs 100 --rows 300 --alternatives "sine, low" healthy
    python benchmarks/shape.py --classes 10 100
"""

from __future__ import annotations

import argparse
from collections import defaultdict

import numpy as np
from scipy.optimize import isotonic_regression
from scipy.special import expit, log_softmax

from sklearn_lossacc import diagnose
from sklearn_lossacc.inference.null import NullModel
from sklearn_lossacc.inference.shape import shape_test

DRAWS, LEVEL = 499, 0.05
# name: (log-odds that labels follow, power of the best published test)
ALTERNATIVES = {
    "healthy": (lambda x, top: x, LEVEL),
    "over, T 1.25": (lambda x, top: x / 1.45, 0.79),
    "under, T 0.8": (lambda x, top: x / 0.68, 0.79),
    "top tenth": (lambda x, top: np.where(top, x - 1.6 * np.sign(x), x), 0.36),
    "sine, low": (lambda x, top: x + 0.75 * np.sin(2.5 * x), 0.55),
    "sine, high": (lambda x, top: x + 0.95 * np.sin(6.0 * x), 0.78),
    "shift": (lambda x, top: x + 0.33, 0.62),
    "cosine": (lambda x, top: x + 0.75 * np.cos(2.5 * x), None),
    "parabola": (lambda x, top: x + 0.22 * (x**2 - 2.0), None),
    "one side": (lambda x, top: np.where(x > 0, x / 1.7, x), None),
}


def statistics(proba: np.ndarray, hits: np.ndarray) -> dict[str, np.ndarray]:
    """Return the statistic of each test for each set of labels, shape (n_sets, n_rows)."""
    order = np.argsort(proba)
    p, residual = proba[order], hits[:, order] - proba[order]
    variance, n = p * (1 - p), p.size
    x = np.log(p / (1 - p))
    found = {}
    for name, degree in (("joint2", 2), ("joint3", 3)):
        design = np.vander(x, degree, increasing=True)
        score = residual @ design
        information = np.linalg.inv((design * variance[:, None]).T @ design)
        found[name] = np.einsum("ij,jk,ik->i", score, information, score)
    found["KS"] = np.abs(np.cumsum(residual, axis=1)).max(axis=1)

    def sums(bins: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        starts = (np.arange(bins) * n) // bins
        squares = np.add.reduceat(residual**2, starts, axis=1)
        return np.add.reduceat(residual, starts, axis=1), np.add.reduceat(variance, starts), squares

    by_bin, _, squares = sums(15)
    found["ECE"] = np.abs(by_bin).sum(axis=1)
    found["deb2"] = (by_bin**2 - squares).sum(axis=1)

    def by_variance(bins: int) -> np.ndarray:
        total, spread, _ = sums(bins)
        return (total**2 / spread).sum(axis=1)

    found["HL"] = by_variance(10)
    found["adapt"] = np.max([(by_variance(b) - b) / np.sqrt(2 * b) for b in (1, 2, 4, 8, 16, 32, 64)], axis=0)
    distance = np.abs(p[:, None] - p)
    kernel = np.exp(-distance / np.median(distance))
    np.fill_diagonal(kernel, 0.0)
    found["SKCE"] = ((residual @ kernel) * residual).sum(axis=1)
    fitted = np.stack([isotonic_regression(hit).x for hit in residual + p])
    found["CORP"] = (residual**2 - (residual + p - fitted) ** 2).sum(axis=1)
    return found


def powers(alternative: str, n_rows: int, runs: int, seed: int = 0) -> dict[str, float]:
    """Return the share of rejections of each test, then that of the gate, and of the whole diagnosis."""
    bend, _ = ALTERNATIVES[alternative]
    rejected = defaultdict(int)
    for run in range(runs):
        rng = np.random.default_rng([seed, run, list(ALTERNATIVES).index(alternative)])
        x = 1.5 * rng.standard_normal(n_rows)
        proba = expit(x)
        top = np.abs(x) > np.quantile(np.abs(x), 0.9)
        y = rng.random(n_rows) < expit(bend(x, top))
        hits = np.concatenate([y[None], rng.random((DRAWS, n_rows)) < proba])
        for name, values in statistics(proba, hits.astype(float)).items():
            rejected[name] += (1 + np.count_nonzero(values[1:] >= values[0] - 1e-12)) / (1 + DRAWS) <= LEVEL
        null = NullModel(np.log(np.stack([1 - proba, proba], axis=1)), y.astype(int), np.ones(n_rows))
        rejected["gate"] += shape_test(null, ["0", "1"], run).p_value <= LEVEL
        found = diagnose(y.astype(int), proba, alpha=LEVEL, random_state=run)
        rejected["report"] += any(finding.p_value is not None for finding in found.issues)
    return {name: count / runs for name, count in rejected.items()}


def bent(rng: np.random.Generator, n_rows: int, n_classes: int, form: str) -> tuple[np.ndarray, np.ndarray, float]:
    """Return labels, the log probabilities that a model shows, and what a map of these could gain in nats."""
    shown = log_softmax(2.5 * rng.standard_normal((n_rows, n_classes)), axis=1)
    scores = shown.copy()
    if form == "squashed":  # one class moves half as much as it should
        scores[:, 0] = 2.0 * shown[:, 0] + 2.0
    elif form == "quadratic":  # all classes bend
        scores -= 0.06 * shown**2
    elif form == "one bends":  # only one class
        scores[:, 0] += 1.5 * np.sin(shown[:, 0])
    truth = log_softmax(scores, axis=1)
    y = np.minimum((np.exp(truth).cumsum(axis=1) < rng.random((n_rows, 1))).sum(axis=1), n_classes - 1)
    return y, shown, float((np.exp(truth) * (truth - shown)).sum(axis=1).mean())


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--rows", type=int, default=300)
    parser.add_argument("--alternatives", nargs="*", default=list(ALTERNATIVES))
    parser.add_argument("--classes", type=int, nargs="*", default=[3, 10, 100])
    parser.add_argument("--many-rows", type=int, default=5000)
    options = parser.parse_args()
    for number, alternative in enumerate(options.alternatives):
        found = powers(alternative, options.rows, options.runs)
        if not number:
            print(f"{'':>14}" + "".join(f"{name:>8}" for name in found) + "   best published")
        shares = "".join(f"{share:8.2f}" for share in found.values())
        published = ALTERNATIVES[alternative][1]
        print(f"{alternative:>14}{shares}" + ("" if published is None else f"{published:17.2f}"), flush=True)
    for n_classes in options.classes:
        for form in ("straight", "squashed", "quadratic", "one bends"):
            fired, nats, possible = 0, [], []
            runs = max(options.runs // 40, 3)
            for run in range(runs):
                y, log_proba, most = bent(np.random.default_rng([run, n_classes]), options.many_rows, n_classes, form)
                finding = diagnose(y, log_proba, input="logits", classes=np.arange(n_classes))["LA104"]
                fired += finding.status == "fired"
                nats.append(finding.value)
                possible.append(most)
            stated = f"gain {np.mean(nats):.4f} nats; {np.mean(possible):.4f} with temperature and class bias"
            print(f"{n_classes:>4} classes, {form:>10}: fired {fired}/{runs}, {stated}")


if __name__ == "__main__":
    main()
