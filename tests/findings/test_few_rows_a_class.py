"""Intervals with about as many classes as rows in a class."""

import numpy as np
import pytest
from scipy.special import log_softmax
from scipy.stats import binom
from sklearn.metrics import roc_auc_score

from sklearn_lossacc import Diagnosis, diagnose, summarize
from sklearn_lossacc.findings.evidence import Evidence
from sklearn_lossacc.findings.measures import _roc_auc as roc_auc

K = 20


def sample(n, seed, copies=1):
    rng = np.random.default_rng(seed)
    scores = 2.5 * rng.normal(size=(n, K))
    y = (scores + rng.gumbel(size=(n, K))).argmax(axis=1)
    groups = np.repeat(np.arange(n), copies) if copies > 1 else None
    return np.repeat(y, copies), np.repeat(scores, copies, axis=0), groups


@pytest.mark.simulation
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


@pytest.mark.parametrize("copies", [1, 3])
def test_spread_around_class_means_is_widened(copies):
    """By n / (n - 1) with n rows, or groups of copies, in every class; each has n - 1 degrees of freedom."""
    y = np.repeat(np.arange(3), 4)
    proba = np.random.default_rng(0).dirichlet(np.ones(3), size=y.size)
    influence = np.tile([1.0, -1.0, 1.0, -1.0], 3)
    groups = np.repeat(np.arange(y.size), copies)
    summary = summarize(np.repeat(y, copies), np.repeat(proba, copies, axis=0), groups=groups if copies > 1 else None)
    rows = Evidence(summary, alpha=0.05, random_state=0).rows
    inflation, freedom = rows.class_spread(np.repeat(influence, copies))
    assert inflation == pytest.approx(4 / 3, rel=1e-12)
    assert freedom == pytest.approx(9, rel=1e-12)


def test_weights_count_where_they_are_to():
    """Of ten rows one has nearly all the weight: alike they would have nine degrees of freedom."""
    y = np.repeat([0, 1], 10)
    weight = np.tile(np.r_[1000.0, np.ones(9)], 2)
    proba = np.random.default_rng(0).dirichlet(np.ones(2), size=20)
    rows = Evidence(summarize(y, proba, sample_weight=weight), alpha=0.05, random_state=0).rows
    influence = np.random.default_rng(1).normal(size=20)
    assert rows.class_spread(influence) is None
    assert rows.class_spread(influence, weighted=False)[1] > 9


def test_area_without_two_rows_in_any_class_has_no_interval():
    proba = np.random.default_rng(0).dirichlet(np.ones(5), size=5)
    estimate = diagnose(np.arange(5), proba).metrics["roc_auc"]
    assert 0 < estimate.value < 1
    assert estimate.low is None
    assert estimate.high is None
    assert "two independent rows" in estimate.method


def area_coverage(n, unequal, weighted, runs):
    """Return the share of intervals of the ROC area of 20 classes that cover, and their number."""
    slant = -np.log(5.0) * np.linspace(0.0, 1.0, K) if unequal else np.zeros(K)

    def draw(rng, n):
        scores = (0.7 if unequal else 2.5) * rng.normal(size=(n, K)) + slant
        return (scores + rng.gumbel(size=(n, K))).argmax(axis=1), log_softmax(scores, axis=1)

    y, log_proba = draw(np.random.default_rng(99), 100_000)
    truth = np.mean([roc_auc_score(y == j, log_proba[:, j]) for j in range(K)])
    hits = []
    for seed in range(runs):
        rng = np.random.default_rng([seed, n])
        y, log_proba = draw(rng, n)
        weight = rng.exponential(size=n) if weighted else None
        summary = summarize(y, log_proba, input="logits", sample_weight=weight, classes=range(K))
        area = roc_auc(Evidence(summary, alpha=0.05, random_state=0))
        if area.low is not None:
            hits.append(area.low <= truth <= area.high)
    return float(np.mean(hits)), len(hits)


@pytest.mark.simulation
@pytest.mark.parametrize("unequal", [False, True])
def test_area_covers_with_weights(unequal):
    """50 weighted rows of 20 classes: with freedom and widening by the count of rows 0.87 to 0.91 were covered."""
    share, number = area_coverage(50, unequal, True, 200)
    assert number >= 195
    assert share >= 0.95


@pytest.mark.slow
@pytest.mark.parametrize("n", [50, 200])
@pytest.mark.parametrize("unequal", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_area_covers_at_length(n, unequal, weighted):
    share, number = area_coverage(n, unequal, weighted, 1000)
    assert number >= 980
    assert binom.cdf(round(share * number), number, 0.94) > 1e-3


def test_entropy_of_two_classes_lies_between_those_of_wilsons_limits():
    """Three of ten: Wilson's limits are .1078 and .6032, whose entropies are .3419 and, past equal shares, ln 2."""
    y = np.repeat([1, 0], [3, 7])
    found = diagnose(y, np.tile([0.6, 0.4], (10, 1))).metrics["prior_log_loss"]
    assert found.value == pytest.approx(0.6109, abs=1e-4)
    assert found.low == pytest.approx(0.3419, abs=1e-4)
    assert found.high == pytest.approx(np.log(2), abs=1e-12)


@pytest.mark.simulation
def test_entropy_of_two_classes_in_few_groups_is_covered():
    """Sixteen groups of three rows, the rarer class in a tenth: 0.76 to 0.80 of bootstrap-t intervals covered it."""
    rng = np.random.default_rng(0)
    truth = -(0.1 * np.log(0.1) + 0.9 * np.log(0.9))
    covered = []
    for _ in range(150):
        y = np.repeat(rng.random(16) < 0.1, 3).astype(int)
        d = diagnose(y, np.tile([0.9, 0.1], (48, 1)), groups=np.repeat(np.arange(16), 3), classes=[0, 1])
        found = d.metrics["prior_log_loss"]
        covered.append(found.low <= truth <= found.high)
    assert np.mean(covered) >= 0.91


def test_groups_that_are_all_right_count_once_each():
    """Wilson's lower limit of 16 right of 16 is .8064; of 48 it would be .9259."""
    y = np.repeat(np.arange(16) % 2, 3)
    d = diagnose(y, np.where(np.eye(2)[y] == 1, 0.9, 0.1), groups=np.repeat(np.arange(16), 3))
    assert d.metrics["accuracy"].low == pytest.approx(0.8064, abs=1e-4)
