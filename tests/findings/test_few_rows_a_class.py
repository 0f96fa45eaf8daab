"""Intervals with about as many classes as rows in a class."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from sklearn_lossacc import Diagnosis, diagnose, summarize
from sklearn_lossacc.findings.evidence import Evidence

K = 20


def sample(n, seed, copies=1):
    rng = np.random.default_rng(seed)
    scores = 2.5 * rng.normal(size=(n, K))
    y = (scores + rng.gumbel(size=(n, K))).argmax(axis=1)
    groups = np.repeat(np.arange(n), copies) if copies > 1 else None
    return np.repeat(y, copies), np.repeat(scores, copies, axis=0), groups


def test_intervals_cover():
    """50 rows of 20 equal classes, plain and in 16 groups of copies: 60 samples leave 0.91 above 0.82."""
    y, scores, _ = sample(100_000, 99)
    area = np.mean([roc_auc_score(y == j, scores[:, j] - np.logaddexp.reduce(scores, axis=1)) for j in range(K)])
    true = {"roc_auc": area, "prior_log_loss": np.log(K), "majority_accuracy": 1 / K}
    hits = {(name, copies): 0 for name in true for copies in (1, 3)}
    for copies in (1, 3):
        for seed in range(60):
            y, scores, groups = sample(50 // copies, seed, copies)
            metrics = Diagnosis.from_summary(
                summarize(y, scores, input="logits", groups=groups, classes=range(K))
            ).metrics
            for name, value in true.items():
                hits[name, copies] += metrics[name].low - 1e-9 <= value <= metrics[name].high + 1e-9
    assert min(hits.values()) >= 49, hits


def test_a_class_in_one_group_leaves_balanced_accuracy_open():
    """Three copies of one row are no two independent rows."""
    y, scores, groups = sample(30, 0, copies=3)
    assert min(np.unique(y[::3], return_counts=True)[1]) == 1
    estimate = diagnose(y, scores, input="logits", groups=groups, classes=range(K)).metrics["balanced_accuracy"]
    assert estimate.low is None
    assert "two independent rows" in estimate.method


@pytest.mark.parametrize(("rows", "factor"), [(4, np.sqrt(4 / 3)), (10, np.sqrt(10 / 9))])
def test_spread_around_class_means_is_widened(rows, factor):
    """By n / (n - 1) with n rows in every class."""
    y = np.repeat(np.arange(3), rows)
    proba = np.random.default_rng(0).dirichlet(np.ones(3), size=y.size)
    influence = np.random.default_rng(1).normal(size=y.size)
    evidence = Evidence(summarize(y, proba), alpha=0.05, random_state=0)
    assert evidence.rows.class_inflation(influence) == pytest.approx(factor, rel=1e-12)


def test_a_class_of_one_row_gets_the_spread_of_the_others():
    y = np.array([0, 0, 1, 1, 2])
    proba = np.random.default_rng(0).dirichlet(np.ones(3), size=5)
    evidence = Evidence(summarize(y, proba), alpha=0.05, random_state=0)
    # four squares of 1, twice as much by n / (n - 1), and a quarter of that for the fifth row
    assert evidence.rows.class_inflation(np.array([1.0, -1.0, 1.0, -1.0, 0.0])) == pytest.approx(np.sqrt(10 / 4))
