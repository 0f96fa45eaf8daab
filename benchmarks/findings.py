"""A bank of predictions with known causes: what is found, what is wrongly accused, and what the waterfall makes of it.

A family plants causes of given strengths, joined by ``+``, in labels drawn from a known model; families x generators x
classes x seeds are diagnosed, and one line a family and number of classes is printed, and two for all of them: what is
found of planted causes, and how many healthy models raise any statistical finding, against the limits.

material
    Runs in which every planted cause costs enough to be reported (0.005 nats a row, 0.01 for outliers, given the
    others) and the rows allow it (15 nats of log likelihood in all; no such bound for outliers).
found, untold, wrong
    Share of the material runs in which all of them fired; share of all runs in which another statistical finding did,
    with the reservation that a planted cause explains the rows as well; the same without such a reservation.
oracle
    What one who knows the truth could show of the material runs. For temperature, bias and noise the mean power, at the
    level 0.01 of terms, of the likelihood ratio of the planted law against the nearest one without the cause, its
    rivals free (the weakest of several causes counts). For outliers the share of runs in which the likelihood ratio is
    significant at 0.05 / 12 to one who knows which rows were open to a change, and to which label. More may be found
    than shown: the likelier of two causes is named even where the other explains the rows as well.
blind
    Outliers only: the same for one who knows no more than how many labels were changed.
nats
    Mean absolute difference between the waterfall and what undoing each planted cause saves on the drawn rows: of
    noise, then of as much of the bias as helps, then of the temperature.

Usage::

    python benchmarks/findings.py                                           # the whole bank, n = 2000
    python benchmarks/findings.py --seeds 3 --families over:2.5 noise:0.1+bias:0.7
    python benchmarks/findings.py --generators dirichlet:0.3 --classes 2 10 --rows 500
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import product
from typing import NamedTuple

import numpy as np
from scipy.special import expit, log_softmax
from scipy.stats import norm

from sklearn_lossacc import Diagnosis, summarize
from sklearn_lossacc._numerics.mixture import fit_mixture, mixture_proba

FAMILIES = (
    "healthy",
    "weighted",
    "copies",
    "imbalanced",
    "over:1.5",
    "over:2.5",
    "over:0.6",
    "noise:0.05",
    "noise:0.2",
    "pair:0.15",
    "bias:0.7",
    "bias:1.5x2",
    "deep:6",
    "tiny:3",
    "tiny:6",
    "tiny:10",
    "sure:6",
    "class:3",
    "class:0.4",
    "wave:0.9",
    "factors:0.7",
    "chance",
    "majority",
    "softmax",
    "softmax+noise:0.1",
    "over:1.8+noise:0.08",
    "over:1.5+bias:1",
    "over:0.6+bias:1",
    "noise:0.1+bias:1",
    "bias:1+sure:6",
    "over:0.6+sure:6",
    "over:1.7+class:2.5",
    "over:0.6+class:2.5",
    "noise:0.1+class:2.5",
)
GENERATORS = (
    "normal:1",
    "normal:2",
    "normal:3",
    "normal:5",
    "dirichlet:0.1",
    "dirichlet:0.3",
    "dirichlet:1",
    "means:2",
)
# What must be found, what else may be said of each cause; any other statistical finding is a wrong accusation.
CODES = {
    "noise": ("LA202", ()),
    "pair": ("LA202", ("LA103", "LA203", "LA104", "LA401")),
    "bias": ("LA103", ("LA401",)),
    "deep": ("LA201", ()),
    "tiny": ("LA201", ()),
    "sure": ("LA201", ()),
    "class": ("LA203", ()),
    "wave": ("LA104", ("LA401",)),
    "factors": ("LA104", ("LA101", "LA102", "LA103", "LA203", "LA401")),
    "chance": ("LA302", ("LA101",)),
    "majority": ("LA303", ()),
    "softmax": ("LA002", ("LA102", "LA103", "LA104", "LA202", "LA203")),
}
PARTS = {"LA101": "temperature", "LA102": "temperature", "LA103": "class_bias", "LA202": "floor", "LA201": "outliers"}
# A finding may say of itself that another cause explains the rows as well.
RESERVATIONS = {"cannot_tell_from_noise": "LA202", "cannot_tell_from_overconfidence": "LA101"}
NOTHING_PLANTED = ("healthy", "weighted", "copies", "imbalanced")
LEAST_FOUND, MOST_WRONG, MOST_ALARMS = 0.97, 0.02, 0.05
CONDITIONS = ("LA001", "LA003", "LA004", "LA301", "LA302", "LA303", "LA304")
SUPPORT = 15.0  # nats of log likelihood that every planted cause is worth
ORACLE_DRAWS = 999
ROW_LEVEL, TERM_LEVEL = 0.05 / 12, 0.01


@dataclass
class Planted:
    """Arguments of `summarize`, and the truth: codes to find, nats of each, and whether the rows allow to find it."""

    keywords: dict
    needed: set = field(default_factory=set)
    allowed: set = field(default_factory=set)
    nats: dict = field(default_factory=dict)
    material: bool = True
    oracle: float | None = None
    blind: bool | None = None


def draw(log_proba, rng):
    """Draw labels."""
    cumulative = np.cumsum(np.exp(log_proba), axis=1)
    return (cumulative < rng.random((len(log_proba), 1)) * cumulative[:, -1:]).sum(axis=1)


def generate(generator: str, n: int, k: int, rng):
    """Return log probabilities of a healthy model: normal or log-gamma scores, or normal scores around class means."""
    kind, strength = generator.split(":")
    scale = float(strength)
    if kind == "dirichlet":
        return log_softmax(np.log(np.maximum(rng.gamma(scale, size=(n, k)), 1e-300)), axis=1)
    scores = rng.standard_normal((n, k))
    if kind == "means":
        scores[np.arange(n), rng.integers(0, k, n)] += scale
    return log_softmax(scale * scores, axis=1)


def change_labels(kind: str, count: int, log_proba, y, rng):
    """Make outliers of a kind in place; return their rows, the least likely labels and the rows they came from."""
    n, k = log_proba.shape
    if kind == "sure":  # rows that are sure of another class
        rows = rng.choice(n, count, replace=False)
        other = (y[rows] + rng.integers(1, k, count)) % k
        log_proba[rows] = log_softmax(rng.uniform(9, 14, (count, 1)) * np.eye(k)[other], axis=1)
        return rows, None
    if kind == "deep":  # labels turned over among the rows that the model is surest of
        eligible = np.argsort(-log_proba.max(axis=1))[: n // 50]
    else:  # and among all that have a label of probability below 0.001
        eligible = np.flatnonzero(log_proba.min(axis=1) < np.log(1e-3))
    rows = rng.choice(eligible, min(count, eligible.size), replace=False)
    y[rows] = log_proba[rows].argmin(axis=1)
    return rows, eligible


def oracle_of_rows(log_proba, y, eligible, count: int, rng) -> bool:
    """Whether the likelihood ratio of the planted outliers themselves is significant."""
    p_least = np.exp(log_proba[eligible].min(axis=1))
    share = min(count / eligible.size, 0.99)
    gain = np.log1p(share / np.maximum(p_least, 1e-300)) - np.log1p(-share)
    observed = gain @ (y[eligible] == log_proba[eligible].argmin(axis=1))
    drawn = (rng.random((ORACLE_DRAWS, eligible.size)) < p_least) @ gain
    return bool((1 + np.count_nonzero(drawn >= observed)) / (ORACLE_DRAWS + 1) <= ROW_LEVEL)


def blind_oracle(log_proba, y, count: int, rng) -> bool:
    """Whether the likelihood ratio of so many labels, drawn anew for any rows, is significant."""
    n, k = log_proba.shape
    rows, floor = np.arange(n), count / n * k / (k - 1)
    gain = np.log1p(floor * (np.exp(-np.maximum(log_proba, -700.0)) / k - 1.0))
    reached = sum(gain[rows, draw(log_proba, rng)].sum() >= gain[rows, y].sum() for _ in range(ORACLE_DRAWS))
    return bool((1 + reached) / (ORACLE_DRAWS + 1) <= ROW_LEVEL)


def oracle_of_term(shown, truth, term: str) -> float:
    """Return the power of the likelihood ratio of the true law against the nearest one without a term."""
    n, k = shown.shape
    fit = fit_mixture(
        np.repeat(shown, k, axis=0),
        np.tile(np.arange(k), n),
        truth.ravel(),
        temperature=term != "temperature",
        bias=term != "class_bias",
        floor=term != "floor",
    )
    rival = mixture_proba(shown, fit.beta, fit.bias, fit.floor)
    ratio = np.log(np.maximum(truth, 1e-300)) - np.log(np.maximum(rival, 1e-300))

    def total(law):
        mean = (law * ratio).sum(axis=1)
        return mean.sum(), np.sqrt(np.maximum((law * ratio**2).sum(axis=1) - mean**2, 0.0).sum())

    (expected, spread), (reached, own) = total(rival), total(truth)
    return float(norm.cdf((reached - expected - norm.isf(TERM_LEVEL) * spread) / max(own, 1e-300)))


def wave(log_proba, height: float):
    """Return the law of labels that are likelier and less likely than the likeliest label's log-odds say, in turns."""
    rows, top = np.arange(len(log_proba)), log_proba.argmax(axis=1)
    p_top = np.minimum(np.exp(log_proba[rows, top]), 1.0 - 1e-12)
    odds = np.log(p_top) - np.log1p(-p_top)
    p_bent = expit(odds + height * np.sin(4.0 * odds))
    truth = log_proba + (np.log1p(-p_bent) - np.log1p(-p_top))[:, None]
    truth[rows, top] = np.log(p_bent)
    return truth


def left_to_bend(shown, truth) -> float:
    """Return the nats that the nearest temperature, class bias and floor leave."""
    n, k = shown.shape
    fit = fit_mixture(np.repeat(shown, k, axis=0), np.tile(np.arange(k), n), np.exp(truth).ravel())
    nearest = mixture_proba(shown, fit.beta, fit.bias, fit.floor)
    return float((np.exp(truth) * (truth - np.log(np.maximum(nearest, 1e-300)))).sum() / n)


def plant(family: str, generator: str, n: int, k: int, rng) -> Planted:
    """Return one run of a family."""
    parts = [part.split(":") for part in family.split("+")]
    strengths = {name: value[0] if value else "" for name, *value in parts}
    log_proba = generate(generator, n, k, rng)
    keywords = {"input": "logits", "classes": np.arange(k)}
    if "imbalanced" in strengths:
        log_proba = log_softmax(log_proba + np.log(np.r_[0.95, np.full(k - 1, 0.05 / (k - 1))]), axis=1)
    if "weighted" in strengths:
        keywords["sample_weight"] = rng.exponential(size=n)
    if "chance" in strengths:
        shown = log_softmax(0.05 * rng.standard_normal((n, k)), axis=1)
        return Planted({**keywords, "y_true": rng.integers(0, k, n), "y_proba": shown}, {"LA302"}, {"LA101"})
    if "majority" in strengths:
        prior = np.r_[0.9, np.full(k - 1, 0.1 / (k - 1))]
        shown = log_softmax(np.log(prior) + 0.02 * rng.standard_normal((n, k)), axis=1)
        return Planted({**keywords, "y_true": rng.choice(k, n, p=prior), "y_proba": shown}, {"LA303"})
    if "copies" in strengths:
        source = np.arange(n) // 5
        log_proba = log_proba[source]
        y = draw(log_proba[::5], rng)[source]
        return Planted({**keywords, "y_true": y, "y_proba": log_proba, "groups": source})

    if "wave" in strengths:
        truth = wave(log_proba, float(strengths["wave"]))
        left = left_to_bend(log_proba, truth)
        planted = Planted({**keywords, "y_true": draw(truth, rng), "y_proba": log_proba}, {"LA104"}, {"LA401"})
        cost = float((np.exp(truth) * (truth - log_proba)).sum() / n)
        planted.material = left >= max(0.005, SUPPORT / n)
        planted.allowed |= set(PARTS) | {"LA203"} if cost - left >= 0.001 or not planted.material else set()
        return planted

    if "factors" in strengths:  # the scores of each class stretched by a factor of its own; of two classes, a line
        factor = np.exp(float(strengths["factors"]) * rng.permutation(np.linspace(-1.0, 1.0, k)))
        shown = log_softmax(factor * log_proba, axis=1)
        planted = Planted({**keywords, "y_true": draw(log_proba, rng), "y_proba": shown}, {"LA104"})
        planted.material = k > 2 and left_to_bend(shown, log_proba) >= max(0.005, SUPPORT / n)
        planted.allowed = set(CODES["factors"][1]) if k > 2 else {*PARTS, "LA104", "LA401"}
        return planted

    temperature = float(strengths.get("over", 1.0))
    height, _, width = strengths.get("bias", "0").partition("x")
    bias = np.where(np.arange(k) < min(int(width or 1), k - 1), float(height), 0.0)
    y = draw(log_softmax(log_proba + bias, axis=1), rng)
    rate = float(strengths.get("noise", strengths.get("pair", 0.0)))
    step = 1 if "pair" in strengths else rng.integers(1, k, n)
    y = np.where(rng.random(n) < rate, (y + step) % k, y)
    planted = Planted(keywords)
    rows = np.empty(0, dtype=int)
    for kind in ("deep", "tiny", "sure"):
        if kind in strengths:
            count = int(strengths[kind])
            rows, eligible = change_labels(kind, count, log_proba, y, rng)
            if eligible is not None and eligible.size:
                planted.oracle = float(oracle_of_rows(log_proba, y, eligible, count, rng))
                planted.blind = blind_oracle(log_proba, y, count, rng)
    shown = log_softmax(temperature * log_proba, axis=1)
    if "softmax" in strengths:
        shown = log_softmax(np.exp(log_proba), axis=1)
    planted.keywords |= {"y_true": y, "y_proba": shown}

    for name in strengths:
        code, allowed = CODES.get(name, (None, ()))
        if name == "over":
            code = "LA101" if temperature > 1 else "LA102"
        planted.needed |= {code} - {None}
        if "softmax" in strengths:  # what it covers can be asked for once it is undone
            planted.needed = {"LA002"}
        planted.allowed |= set(allowed)
    floor = rate * k / (k - 1)
    others = np.setdiff1d(np.arange(n), rows)

    def loss(beta=1.0 / temperature, offsets=bias, mixed=floor, scores=shown):
        model = np.exp(log_softmax(beta * scores[others] + offsets, axis=1))
        q = (1.0 - mixed) * model[np.arange(others.size), y[others]] + mixed / k
        return -np.log(np.maximum(q, 1e-300)).sum() / n

    if "softmax" in strengths:
        return planted
    if "class" in strengths:  # one predicted class has its own temperature; of two classes, that is no finding
        own = log_proba.argmax(axis=1) == 0
        uneven = np.where(own[:, None], log_softmax(float(strengths["class"]) * shown, axis=1), shown)
        planted.material = k > 2 and loss(scores=uneven) - loss() >= max(0.005, SUPPORT / n)
        planted.allowed |= set(PARTS) | {"LA104", "LA401"} if k == 2 else set()
        planted.keywords["y_proba"] = uneven
    helpful = min((loss(1.0, part * bias), part) for part in np.linspace(0.0, 1.0, 101))[1] if temperature < 1 else 1.0
    path = [loss(1.0, 0.0, 0.0), loss(1.0, 0.0), loss(1.0, helpful * bias), loss()]
    planted.nats = dict(zip(("floor", "class_bias", "temperature"), -np.diff(path), strict=True))
    excess = -shown[rows, y[rows]] + (np.exp(shown[rows]) * shown[rows]).sum(axis=1)
    planted.nats["outliers"] = excess.sum() / n
    alone = {"temperature": loss(beta=1.0), "class_bias": loss(offsets=0.0), "floor": loss(mixed=0.0)}
    for code in planted.needed - {"LA203"}:
        part = PARTS[code]
        cost = planted.nats["outliers"] if part == "outliers" else alone[part] - path[-1]
        enough = 0.01 if part == "outliers" else max(0.005, SUPPORT / n)
        planted.material &= bool(cost >= enough and planted.nats[part] >= 0.005)
    terms = sorted({PARTS[code] for code in planted.needed - {"LA203"}} - {"outliers"})
    if planted.material and terms:
        clean = np.exp(log_softmax(shown[others] / temperature + bias, axis=1))
        moved = np.roll(clean, 1, axis=1) if "pair" in strengths else (1.0 - clean) / (k - 1)
        truth = (1.0 - rate) * clean + rate * moved
        weakest = min(oracle_of_term(shown[others], truth, term) for term in terms)
        planted.oracle = min(weakest, 1.0 if planted.oracle is None else planted.oracle)
    return planted


class Outcome(NamedTuple):
    """What is counted of one run."""

    material: bool
    found: bool
    untold: bool
    wrong: bool
    oracle: float | None
    blind: bool | None
    off: dict
    fired: list


def run(job) -> Outcome:
    """Diagnose one run."""
    family, generator, n, k, seed = job
    rng = np.random.default_rng([*family.encode(), *generator.encode(), n, k, seed])
    planted = plant(family, generator, n, k, rng)
    diagnosis = Diagnosis.from_summary(summarize(**planted.keywords), random_state=seed)
    fired = {finding.code for finding in diagnosis.issues}
    others = fired - planted.needed - planted.allowed - set(CONDITIONS)
    reserved = {
        finding.code
        for finding in diagnosis.issues
        for fact, code in RESERVATIONS.items()
        if finding.code in others and code in planted.needed and finding.evidence.get(fact)
    }
    off = {part: abs(diagnosis.decomposition[part].value - nats) for part, nats in planted.nats.items()}
    return Outcome(
        planted.material,
        planted.needed <= fired,
        bool(reserved),
        bool(others - reserved),
        planted.oracle,
        planted.blind,
        off,
        sorted(fired),
    )


def line(family: str, k: int, runs: list[Outcome]) -> str:
    """Return one line of the table."""
    material = [r for r in runs if r.material]

    def share(values):
        known = [value for value in values if value is not None]
        return f"{np.mean(known):6.3f}" if known else "     -"

    columns = [
        share(r.found for r in material),
        share(r.untold for r in runs),
        share(r.wrong for r in runs),
        share(r.oracle for r in material),
        share(r.blind for r in material),
    ]
    off = {part: np.mean([r.off[part] for r in runs]) for part in runs[0].off}
    nats = " ".join(f"{part} {value:.4f}" for part, value in off.items() if value >= 5e-5)
    fired = ", ".join(f"{code} {count}" for code, count in sorted(Counter(c for r in runs for c in r.fired).items()))
    return f"{family:>20} {k:>4} {len(runs):>5} {len(material):>8} {' '.join(columns)}  [{nats}] {fired}\n"


def totals(families: list[str], runs: list[Outcome]) -> str:
    """Return the lines for all runs, each of a family."""
    planted = [r for family, r in zip(families, runs, strict=True) if family not in NOTHING_PLANTED]
    material = [r.found for r in planted if r.material]
    alarms = [r.wrong or r.untold for family, r in zip(families, runs, strict=True) if family in NOTHING_PLANTED]
    lines = []
    if material:
        lines.append(
            f"causes planted: found {np.mean(material):.4f} of {len(material)} (at least {LEAST_FOUND}), wrong "
            f"{np.mean([r.wrong for r in planted]):.4f} (at most {MOST_WRONG}), untold "
            f"{np.mean([r.untold for r in planted]):.4f} of {len(planted)}\n"
        )
    if alarms:
        lines.append(f"healthy models: alarms {np.mean(alarms):.4f} of {len(alarms)} (at most {MOST_ALARMS})\n")
    return "".join(lines)


def main(argv=None) -> int:
    """Run the bank and print one line per family and number of classes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--classes", type=int, nargs="*", default=[2, 5, 20])
    parser.add_argument("--generators", nargs="*", default=list(GENERATORS))
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--families", nargs="*", default=list(FAMILIES))
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args(argv)
    start = time.perf_counter()
    header = (
        f"{'family':>20} {'k':>4} {'runs':>5} {'material':>8}  found untold  wrong oracle  blind  [nats off] fired\n"
    )
    sys.stdout.write(header)
    families, runs = [], []
    with ProcessPoolExecutor(options.jobs) as pool:
        for family, k in product(options.families, options.classes):
            cells = product([family], options.generators, [options.rows], [k], range(options.seeds))
            found = list(pool.map(run, cells, chunksize=4))
            sys.stdout.write(line(family, k, found))
            sys.stdout.flush()
            families += [family] * len(found)
            runs += found
    sys.stdout.write(totals(families, runs))
    sys.stdout.write(f"{time.perf_counter() - start:.0f} s\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
