"""What the automatic choice of a calibrator does to the loss: never much harm, never far from the best.

    python benchmarks/auto_calibrator.py                    # the table, into doc/_static
    python benchmarks/auto_calibrator.py --peers            # and that of other packages; needs the extra ``bench``
    python benchmarks/auto_calibrator.py --only simulated --repeats 2 --out tables

Simulated: probabilities of known shape and labels drawn from the true ones, 22 kinds of models (healthy ones, wrong
temperatures, biased classes, wrong labels, classes with maps of their own, few distinct scores, ...), 2 to 100
classes, 30 to 5000 rows. Models: predictions of scikit-learn classifiers, trained on 2000 rows of
``make_classification``. Real: rows drawn anew from the five public sets of ``benchmarks/calibrators.py``, if
SKLEARN_LOSSACC_DATA names their folder.

Harm is the log loss of other rows after the automatic choice, less that before. ``beyond`` is the share of samples
whose harm, measured by labels of other rows, exceeds .001 nats and two paired standard errors. Regret is the loss after
the choice, less that of the best candidate, whatever number of rows it asks for; the best is taken by the same losses,
so part of the regret is chance. How large a part, two more columns say. ``always one`` is the mean regret of the method
that is best on average over all samples of the line. ``model known`` is that of the method which is best on average
over all other draws of the same model, if these are at least ten: no choice by so few rows can know as much.

Peers are the methods of probmetrics and scikit-learn, each used always. A column says how much more the loss is after
it than after the automatic choice: below 0 the peer is better. ``best of model`` is the peer that is best on average
over the draws of each model, ``best of sample`` the one that is best on each sample, both known only afterwards. Where
a peer stops with an error, as scikit-learn does if a class has no rows, the predictions count as they are.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.special import log_softmax, softmax
from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier

from sklearn_lossacc import AutoCalibrator
from sklearn_lossacc.calibration.candidates import BELIEFS, CANDIDATES, Candidate
from sklearn_lossacc.exceptions import CalibrationWarning

OUT = Path(__file__).parents[1] / "doc" / "_static"
OTHER_ROWS = 4000
ENOUGH_DRAWS = 10  # others, to know which method suits a model
CLIP = np.finfo(np.float64).eps
KINDS = (
    *("healthy", "sharp", "blunt", "skewed", "levels", "weights", "groups"),
    *("T 0.6", "T 0.8", "T 1.1", "T 1.3", "T 2", "T 3", "sharp, T 2.5", "skewed, T 1.5", "levels, T 2"),
    *("bias", "noise 5%", "noise 15%", "vector", "matrix", "bent"),
)
HEALTHY = KINDS[:7]
PEERS_TRIED = (
    *(("probmetrics", name) for name in ("TS", "ETS", "SVS", "SMS")),
    *(("scikit-learn", name) for name in ("temperature", "sigmoid", "isotonic")),
)


class Sample(NamedTuple):
    """Rows to calibrate on, and other rows with the probabilities of their labels."""

    proba: np.ndarray
    y: np.ndarray
    other: np.ndarray
    label_proba: np.ndarray
    weight: np.ndarray | None = None
    groups: np.ndarray | None = None


class Result(NamedTuple):
    """Harm, whether it is beyond the limit, regret, the choice, the regret of each method, peers' loss above ours."""

    harm: float
    beyond: bool
    regret: float
    choice: str
    of_methods: dict[str, float]
    of_peers: dict[str, float]


def simulate(kind: str, n_classes: int, n_rows: int, seed: int) -> Sample:
    """Draw a sample from a model of one kind."""
    rng = np.random.default_rng([KINDS.index(kind), n_classes, n_rows, seed])
    total = n_rows + OTHER_ROWS
    scale = 6.0 if kind.startswith("sharp") else 0.5 if kind == "blunt" else 2.0 if n_classes < 100 else 3.0
    z = rng.normal(scale=scale, size=(total, n_classes))
    if kind.startswith("skewed"):
        z -= 1.5 * np.log(np.arange(1, n_classes + 1))
    if kind.startswith("levels"):
        z = rng.normal(scale=2.0, size=(15, n_classes))[rng.integers(0, 15, total)]
    if kind == "groups":  # five nearly equal rows, of one label
        z[:n_rows] = z[np.arange(n_rows) // 5 * 5] + rng.normal(scale=1e-3, size=(n_rows, n_classes))
    logs = log_softmax(z, axis=1)
    true, stated = logs, z * float(kind.split("T ")[1]) if "T " in kind else z
    if kind == "bias":
        true = logs + 0.6 * rng.normal(size=n_classes)
    if kind == "vector":
        true = logs * rng.uniform(0.4, 1.1, n_classes) + 0.3 * rng.normal(size=n_classes)
    if kind == "matrix":
        mixing = 0.8 * np.eye(n_classes) + 0.3 / np.sqrt(n_classes) * rng.normal(size=(n_classes, n_classes))
        true = logs @ mixing.T + 0.2 * rng.normal(size=n_classes)
    if kind == "bent":
        true = -(np.abs(logs) ** 0.6)
    q = softmax(true, axis=1)
    if kind.startswith("noise"):
        rate = float(kind.split()[1].rstrip("%")) / 100
        q, stated = (1 - rate) * q + rate / n_classes, 1.3 * z
    noise = rng.gumbel(size=q.shape)
    if kind == "groups":
        noise[:n_rows] = noise[np.arange(n_rows) // 5 * 5]
    y = (np.log(q) + noise).argmax(axis=1)[:n_rows]
    proba = softmax(stated, axis=1)
    return Sample(
        *(proba[:n_rows], y, proba[n_rows:], q[n_rows:]),
        weight=rng.exponential(size=n_rows) if kind == "weights" else None,
        groups=np.arange(n_rows) // 5 if kind == "groups" else None,
    )


def one_hot(y: np.ndarray, n_classes: int) -> np.ndarray:
    """Write labels as probabilities."""
    return np.eye(n_classes)[y]


def models(seed: int) -> Iterator[tuple[str, int, np.ndarray, np.ndarray]]:
    """Yield name, number of classes, probabilities and labels of classifiers on rows they were not trained on."""
    for n_classes, weights in ((2, [0.7]), (4, [0.5, 0.3, 0.15]), (10, None)):
        X, y = make_classification(
            12000,
            n_features=24,
            n_informative=10,
            n_redundant=4,
            n_classes=n_classes,
            weights=weights,
            flip_y=0.03,
            class_sep=1.2,
            random_state=seed + n_classes,
        )
        for model in (
            GaussianNB(),
            LogisticRegression(max_iter=1000),
            KNeighborsClassifier(15),
            RandomForestClassifier(50, min_samples_leaf=3, random_state=seed),
            HistGradientBoostingClassifier(max_iter=50, random_state=seed),
            MLPClassifier((30,), max_iter=60, random_state=seed),
        ):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # an unfinished network is what many people have
                model.fit(X[:2000], y[:2000])
            yield type(model).__name__, n_classes, model.predict_proba(X[2000:]), y[2000:]


def parts(proba: np.ndarray, y: np.ndarray, n_rows: int, seed: int) -> Sample:
    """Draw rows to calibrate on, and other rows, from given predictions."""
    rows = np.random.default_rng([n_rows, seed]).permutation(len(y))
    own, other = rows[:n_rows], rows[n_rows:][: max(OTHER_ROWS, len(y) // 2)]
    return Sample(proba[own], y[own], proba[other], one_hot(y[other], proba.shape[1]))


def log_losses(proba: np.ndarray, label_proba: np.ndarray) -> np.ndarray:
    """Return the expected log loss of each row."""
    return -(label_proba * np.log(np.maximum(proba, CLIP))).sum(axis=1)


def fixed_losses(sample: Sample, methods: Iterable[Candidate]) -> dict[str, float]:
    """Return the loss of the other rows after each method, with each of its settings."""
    losses, classes = {}, np.arange(sample.proba.shape[1])
    for one in methods:
        if one.n_classes[0] <= len(classes) <= one.n_classes[1]:
            for _, setting in one.settings:
                own = one.make(**setting, classes=classes).fit(sample.proba, sample.y, sample.weight, sample.groups)
                proba = own.predict_proba(sample.other)
                losses[f"{one.name} {setting}"] = float(log_losses(proba, sample.label_proba).mean())
    return losses


def peer_losses(sample: Sample) -> dict[str, float]:
    """Return the loss of the other rows after each peer; before it, where it fails."""
    from calibrators import PEERS

    losses = {}
    for key in PEERS_TRIED:
        proba = sample.other
        # a class without rows, too few rows for its folds, ...
        with suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            calibrated = PEERS[key](sample.proba, sample.y, sample.other)
            if calibrated.shape == proba.shape and np.isfinite(calibrated).all():
                proba = calibrated
        losses[" ".join(key)] = float(log_losses(proba, sample.label_proba).mean())
    return losses


def judge(sample: Sample, *, peers: bool) -> Result:
    """Fit the automatic choice and every other method, and compare them on the other rows."""
    classes = np.arange(sample.proba.shape[1])
    auto = AutoCalibrator(classes=classes).fit(sample.proba, sample.y, sample.weight, sample.groups)
    before = log_losses(sample.other, sample.label_proba)
    after = log_losses(auto.predict_proba(sample.other), sample.label_proba)
    candidates, others = (fixed_losses(sample, several) for several in (CANDIDATES, BELIEFS[2:]))
    best = min(before.mean(), after.mean(), *candidates.values())
    fixed = candidates | {f"cautious {name}": loss for name, loss in others.items()}
    # what a test set of as many rows would show
    noise = np.random.default_rng(0).gumbel(size=sample.other.shape)
    y = (np.log(np.maximum(sample.label_proba, 1e-300)) + noise).argmax(axis=1)
    rows = np.arange(len(y))
    p = np.maximum(np.stack([sample.other[rows, y], auto.predict_proba(sample.other)[rows, y]]), CLIP)
    seen = np.log(p[0] / p[1])
    beyond = seen.mean() > 0.001 + 2 * seen.std() / np.sqrt(len(seen))
    regrets = {name: loss - best for name, loss in fixed.items()}
    of_peers = {name: loss - after.mean() for name, loss in (peer_losses(sample) if peers else {}).items()}
    return Result(after.mean() - before.mean(), bool(beyond), after.mean() - best, auto.choice_, regrets, of_peers)


def best_regret(learnt_on: list[Result], judged_on: list[Result]) -> float:
    """Return the mean regret of the method that is best on average over other samples, or the same."""
    names = set.intersection(*(set(one.of_methods) for one in [*learnt_on, *judged_on]))
    name = min(sorted(names), key=lambda name: np.mean([one.of_methods[name] for one in learnt_on]))
    return float(np.mean([one.of_methods[name] for one in judged_on]))


def known_regret(draws: list[list[Result]]) -> float:
    """Return the mean regret of the method that the other draws of each model are for; NaN if these are few."""
    if min(len(own) for own in draws) <= ENOUGH_DRAWS:
        return np.nan
    return float(np.mean([best_regret(own[:i] + own[i + 1 :], [own[i]]) for own in draws for i in range(len(own))]))


def draw_simulated(repeats: int, first: int) -> Iterator[tuple[str, int, int, Sample]]:
    """Yield samples of all kinds of models."""
    for n_rows in (30, 50, 100, 250, 1000, 5000):
        for n_classes in (2, 3, 10, 100):
            if n_classes == 100 and n_rows != 1000:  # fewer say nothing, more take minutes
                continue
            for kind in KINDS:
                for seed in range(first, first + max(1, repeats if n_rows < 1000 else repeats // 3)):
                    yield kind, n_classes, n_rows, simulate(kind, n_classes, n_rows, seed)


def draw_models(repeats: int, first: int) -> Iterator[tuple[str, int, int, Sample]]:
    """Yield predictions of classifiers."""
    for name, n_classes, proba, y in models(first):
        for n_rows in (50, 100, 250, 1000, 5000):
            for seed in range(first, first + (4 * repeats if n_rows < 1000 else max(1, repeats // 3))):
                yield name, n_classes, n_rows, parts(proba, y, n_rows, seed)


def draw_real(repeats: int, first: int) -> Iterator[tuple[str, int, int, Sample]]:
    """Yield rows of the public sets."""
    from calibrators import real_sets

    for name, P, y, Q, labels in real_sets(Path(os.environ["SKLEARN_LOSSACC_DATA"])):
        proba, all_labels = np.r_[P, Q], np.r_[y, labels]
        for n_rows in (50, 100, 250, 1000, 5000):
            if P.shape[1] == 100 and n_rows in (50, 100):
                continue
            for seed in range(first, first + (4 * repeats if n_rows < 1000 else max(1, repeats // 3))):
                yield name, P.shape[1], n_rows, parts(proba, all_labels, n_rows, seed)


SOURCES = {"simulated": draw_simulated, "models": draw_models, "real": draw_real}


def table(source: str, results: list[tuple[str, int, int, Result]]) -> list[dict[str, object]]:
    """Summarise by the number of rows, healthy models apart."""
    lines = []
    for healthy in (True, False) if source == "simulated" else (False,):
        for n_rows in sorted({size for _, _, size, _ in results}):
            draws = defaultdict(list)
            for kind, n_classes, size, one in results:
                if size == n_rows and (kind in HEALTHY) == healthy:
                    draws[kind, n_classes].append(one)
            own = [one for several in draws.values() for one in several]
            known = known_regret(list(draws.values()))
            harm, regret = (np.array([getattr(one, name) for one in own]) for name in ("harm", "regret"))
            lines.append(
                {
                    "predictions": source + (", healthy" if healthy else ", not healthy") * (source == "simulated"),
                    "rows": n_rows,
                    "samples": len(own),
                    "gain": f"{-harm.mean():.4f}",
                    "harm": f"{np.maximum(harm, 0).mean():.4f}",
                    "largest harm": f"{max(harm.max(), 0):.4f}",
                    "beyond": f"{np.mean([one.beyond for one in own]):.3f}",
                    "regret": f"{regret.mean():.4f}",
                    "always one": f"{best_regret(own, own):.4f}",
                    "model known": "" if np.isnan(known) else f"{known:.4f}",
                    "regret > .005": f"{np.mean(regret > 0.005):.3f}",
                    "left alone": f"{np.mean([one.choice == 'identity' for one in own]):.2f}",
                }
            )
    return lines


def peer_table(source: str, results: list[tuple[str, int, int, Result]]) -> list[dict[str, object]]:
    """Summarise by the number of rows how much more is lost after the peers than after the automatic choice."""
    lines = []
    for n_rows in sorted({size for _, _, size, _ in results}):
        draws = defaultdict(list)
        for kind, n_classes, size, one in results:
            if size == n_rows:
                draws[kind, n_classes].append(list(one.of_peers.values()))
        own = np.concatenate(list(draws.values()))
        of_models = np.array([len(several) * np.mean(several, axis=0).min() for several in draws.values()])
        means = {
            **dict(zip(results[0][3].of_peers, own.mean(axis=0), strict=True)),
            "best of model": of_models.sum() / len(own),
            "best of sample": own.min(axis=1).mean(),
        }
        line = {"predictions": source, "rows": n_rows, "samples": len(own)}
        lines.append(line | {name: f"{mean:.4f}" for name, mean in means.items()})
    return lines


def write(path: Path, lines: list[dict[str, object]]) -> None:
    """Write a table."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(lines[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)


def main(arguments: list[str] | None = None) -> int:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=list(SOURCES))
    parser.add_argument(
        "--repeats",
        type=int,
        default=3,
        help="simulated samples of each kind and size; four times as many of other models; a third above 250 rows",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the classifiers and of all draws")
    parser.add_argument("--peers", action="store_true", help="compare with other packages, too")
    parser.add_argument("--worst", type=int, default=0, help="print so many samples of largest harm")
    parser.add_argument("--out", type=Path, default=OUT, help="folder of the table")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore", CalibrationWarning)  # few rows may lack a class
    lines, of_peers = [], []
    for source, draw in SOURCES.items():
        if options.only not in (None, source) or (source == "real" and "SKLEARN_LOSSACC_DATA" not in os.environ):
            continue
        results = [
            (kind, n_classes, n_rows, judge(sample, peers=options.peers))
            for kind, n_classes, n_rows, sample in draw(options.repeats, options.seed)
        ]
        for kind, n_classes, n_rows, one in sorted(results, key=lambda line: -line[3].harm)[: options.worst]:
            print(f"{kind} {n_classes} classes {n_rows} rows: {one.harm:.4f} {one.choice}")
        for line in table(source, results):
            print("  ".join(f"{key} {value}" for key, value in line.items()), flush=True)
            lines.append(line)
        of_peers += peer_table(source, results) if options.peers else []
    options.out.mkdir(parents=True, exist_ok=True)
    write(options.out / "auto_calibrator.csv", lines)
    if options.peers:
        write(options.out / "auto_calibrator_peers.csv", of_peers)
    return 0


if __name__ == "__main__":
    sys.exit(main())
