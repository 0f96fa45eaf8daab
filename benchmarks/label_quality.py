"""Average precision of finding wrong labels: `label_quality` beside the five scores of cleanlab.

Labels are drawn from a law of classes and then changed: uniformly, by rates that differ between classes, to one other
class each (pairs) or several (sparse), or where classes are close (boundary). The model shows the law of the noisy
labels (learnt), that of the classes (ignorant) or their mean (half), exactly or distorted: too sure, too timid, with
class offsets, or with errors in each logit. Rates, sharpness and unequal or similar classes are drawn with the rest.
With --fitted, blunt classifiers are fitted to noisy (learnt) or clean labels (ignorant) of a part of the features.

Usage::

    python benchmarks/label_quality.py                    # needs cleanlab: pip install ".[bench]"
    python benchmarks/label_quality.py --runs 400 --seed 1000 --classes 10 --rows 1000 20000
    python benchmarks/label_quality.py --runs 300 --seed 3000 --fitted --classes 2 3 5 10 20 --rows 1000 2500 5000
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
from cleanlab.rank import get_label_quality_scores
from scipy.special import softmax
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from sklearn_lossacc.metrics import label_quality

NOISE = ("uniform", "classes", "pairs", "sparse", "boundary")
KNOWN = ("learnt", "half", "ignorant")
DISTORTED = ("exact", "sure", "timid", "offsets", "errors")
METHODS = {
    "confidence": ("self_confidence", False),
    "margin": ("normalized_margin", False),
    "entropy": ("confidence_weighted_entropy", False),
    "confidence, shifted": ("self_confidence", True),
    "margin, shifted": ("normalized_margin", True),
}
BLUNT = {
    "logistic": LogisticRegression(max_iter=200),
    "penalty": LogisticRegression(C=1e-3, max_iter=200),
    "5 epochs": MLPClassifier((32,), max_iter=5, random_state=0),
    "30 epochs": MLPClassifier((32,), max_iter=30, random_state=0),
    "tree": DecisionTreeClassifier(max_depth=5, min_samples_leaf=20, random_state=0),
    "forest": RandomForestClassifier(60, min_samples_leaf=5, max_features=2, random_state=0),
    "boosting": HistGradientBoostingClassifier(max_iter=15, max_leaf_nodes=8, early_stopping=False),
    "Bayes": GaussianNB(),
    "neighbours": KNeighborsClassifier(30),
}


def noise_matrix(rng: np.random.Generator, kind: str, k: int, rate: float) -> np.ndarray:
    """Return the chances of the labels (columns) of each class (rows)."""
    off = 1.0 - np.eye(k)
    rates, other = np.full(k, rate), off / (k - 1)
    if kind == "pairs":
        other = np.roll(np.eye(k), 1, axis=1)
    elif kind == "sparse":
        other = off * (rng.gamma(0.3, size=(k, k)) + 1e-9)
    if kind in ("classes", "sparse"):
        rates = rng.gamma(1.5, size=k)
        rates = np.minimum(rates * rate / rates.mean(), 0.45)  # most labels of each class are right
    return np.diag(1.0 - rates) + rates[:, None] * other / other.sum(axis=1, keepdims=True)


def draw(rng: np.random.Generator, proba: np.ndarray) -> np.ndarray:
    """Draw a column of each row."""
    return (proba.cumsum(axis=1) < rng.random((len(proba), 1))).sum(axis=1).clip(max=proba.shape[1] - 1)


def example(rng: np.random.Generator, n: int, k: int) -> tuple[dict[str, str], np.ndarray, np.ndarray, np.ndarray]:
    """Return what was drawn, probabilities, noisy labels and which of them are wrong."""
    kind, known, distorted = (str(rng.choice(names)) for names in (NOISE, KNOWN, DISTORTED))
    rate = float(rng.choice([0.02, 0.05, 0.1, 0.2, 0.4]))
    logits = rng.standard_normal((n, k)) * rng.gamma(3.0, 1 / 3, size=(n, 1)) ** 0.5
    if rng.random() < 0.5:
        logits += np.repeat(rng.standard_normal((n, -(-k // 2))), 2, axis=1)[:, :k]  # classes are similar by twos
    classes = softmax(rng.choice([1.2, 2.5, 6.0]) * logits + 0.7 * rng.integers(2) * rng.standard_normal(k), axis=1)
    true = draw(rng, classes)
    if kind == "boundary":
        two = np.sort(classes, axis=1)[:, -2:]
        doubt = np.exp(-3.0 * (two[:, 1] - two[:, 0]))
        rates = np.minimum(rate * doubt / doubt.mean(), 0.6)[:, None]
        other = (classes + 1e-6) * (np.arange(k) != true[:, None])
        y = draw(rng, (1 - rates) * np.eye(k)[true] + rates * other / other.sum(axis=1, keepdims=True))
        odds = classes / (1.0 - classes + 1e-6)  # the share of i that goes to j is that of j among the others
        noisy = (1 - rates) * classes + rates * classes * (odds.sum(axis=1, keepdims=True) - odds)
    else:
        matrix = noise_matrix(rng, kind, k, rate)
        y, noisy = draw(rng, matrix[true]), classes @ matrix
    share = {"learnt": 1.0, "half": 0.5, "ignorant": 0.0}[known]
    scores = {"sure": 1.8, "timid": 0.6}.get(distorted, 1.0) * np.log(share * noisy + (1 - share) * classes + 1e-12)
    if distorted in ("offsets", "errors"):
        scores += 0.6 * rng.standard_normal(k if distorted == "offsets" else scores.shape)
    return {"noise": kind, "model": known, "shown": distorted}, softmax(scores, axis=1), y, y != true


def fitted(rng: np.random.Generator, n: int, k: int) -> tuple[dict[str, str], np.ndarray, np.ndarray, np.ndarray]:
    """Return what was drawn, out-of-sample probabilities of a blunt classifier, noisy labels and which are wrong."""
    kind, known, name = (str(rng.choice(names)) for names in (NOISE[:4], ("learnt", "ignorant"), list(BLUNT)))
    features, true = make_classification(
        n,
        n_features=12,
        n_informative=8,
        n_classes=k,
        n_clusters_per_class=int(rng.choice([1, 2])),
        class_sep=float(rng.choice([0.5, 1.0, 2.0])),
        flip_y=0,
        random_state=int(rng.integers(2**30)),
    )
    features = features[:, : rng.choice([4, 6, 8, 12])]
    y = draw(rng, noise_matrix(rng, kind, k, float(rng.choice([0.02, 0.05, 0.1, 0.2])))[true])
    target = y if known == "learnt" else true
    model = make_pipeline(StandardScaler(), clone(BLUNT[name]))
    proba = cross_val_predict(model, features, target, cv=3, method="predict_proba")
    return {"noise": kind, "model": known, "shown": name}, proba, y, y != true


def main() -> None:
    """Print the tables."""
    import pandas as pd

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rows", type=int, nargs="*", default=[1000, 5000, 20_000])
    parser.add_argument("--classes", type=int, nargs="*", default=[2, 3, 10, 50])
    parser.add_argument("--fitted", action="store_true")
    options = parser.parse_args()
    found: list[dict[str, Any]] = []
    for run in range(options.runs):
        rng = np.random.default_rng([options.seed, run])
        n, k = int(rng.choice(options.rows)), int(rng.choice(options.classes))
        row, proba, y, wrong = (fitted if options.fitted else example)(rng, n, k)
        if np.unique(y).size < k or wrong.sum() < 5:  # cleanlab asks for labels of every class
            continue
        scores = {
            name: get_label_quality_scores(y, proba, method=method, adjust_pred_probs=shifted)
            for name, (method, shifted) in METHODS.items()
        }
        scores["ours"] = label_quality(y, proba, classes=np.arange(k))
        precision = {name: average_precision_score(wrong, -score) for name, score in scores.items()}
        best = max(precision[name] for name in METHODS)
        found.append({**row, "classes": k, "rows": n, **precision, "ours less best": precision["ours"] - best})
    table = pd.DataFrame(found)
    names = [*METHODS, "ours", "ours less best"]
    gain = table["ours less best"]
    print(f"{len(table)} sets, {np.mean(gain >= -0.003):.0%} not below the best by .003, lowest {gain.min():.3f}")
    for by in ("noise", "model", "shown", "classes", "rows"):
        print("\n" + table.groupby(by)[names].mean().assign(sets=table.groupby(by).size()).round(3).to_string())
    print("\n" + table[names].mean().round(4).to_string())


if __name__ == "__main__":
    main()
