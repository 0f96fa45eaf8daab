"""How often any statistical finding fires on a healthy model: at most alpha, in every cell."""

import math

import numpy as np
import pytest
from scipy.special import log_softmax

from sklearn_lossacc import summarize
from sklearn_lossacc.findings.evidence import Evidence
from sklearn_lossacc.findings.judge import judge_all

ALPHA = 0.05
CONDITIONS = ("LA001", "LA002", "LA003", "LA004", "LA301", "LA302", "LA303", "LA304")


def healthy(rng, n, k, scale, design):
    """Return a model whose labels are drawn from its own probabilities."""
    copies = 5 if design == "copies" else 1
    own = n // copies
    log_proba = log_softmax(scale * rng.standard_normal((own, k)), axis=1)
    if design == "skewed":
        log_proba = log_softmax(log_proba + np.log(1.0 / np.arange(1, k + 1) ** 2), axis=1)
    y = np.minimum((np.cumsum(np.exp(log_proba), axis=1) < rng.random((own, 1))).sum(axis=1), k - 1)
    options = {}
    if design == "weights":
        options["sample_weight"] = rng.exponential(size=own)
    if design == "copies":
        options["groups"] = np.repeat(np.arange(own), copies)
    return np.repeat(y, copies), np.repeat(log_proba, copies, axis=0), options


def fired(n, k, scale, design, run):
    rng = np.random.default_rng([n, k, int(10 * scale), len(design), run])
    y, log_proba, options = healthy(rng, n, k, scale, design)
    summary = summarize(y, log_proba, input="logits", classes=range(k), **options)
    findings = judge_all(Evidence(summary, alpha=ALPHA, random_state=run), CONDITIONS)
    statistical = [f for f in findings if f.p_value is not None]
    assert statistical
    return {f.code for f in statistical if f.status == "fired"}


def slow(*cell):
    return pytest.param(*cell, 1000, marks=pytest.mark.slow)


@pytest.mark.simulation
@pytest.mark.parametrize(
    ("n", "k", "scale", "design", "runs"),
    [
        (30, 2, 3.0, "plain", 200),
        (60, 5, 1.0, "weights", 200),
        (200, 3, 8.0, "skewed", 200),
        (150, 3, 2.0, "copies", 200),
        slow(50, 2, 0.5, "plain"),
        slow(500, 2, 3.0, "weights"),
        slow(500, 10, 3.0, "plain"),
        slow(500, 10, 10.0, "copies"),
        slow(1000, 3, 10.0, "skewed"),
        slow(300, 50, 3.0, "plain"),
    ],
)
def test_share_of_false_alarms(n, k, scale, design, runs):
    alarms = [codes for codes in (fired(n, k, scale, design, run) for run in range(runs)) if codes]
    limit = ALPHA + 3.5 * math.sqrt(ALPHA * (1 - ALPHA) / runs)
    assert len(alarms) / runs <= limit, alarms


def test_the_same_runs_can_fail():
    # The counter sees what there is to see: labels of another model are an alarm nearly every time.
    found = 0
    for run in range(20):
        rng = np.random.default_rng(run)
        y, log_proba, _ = healthy(rng, 200, 3, 3.0, "plain")
        summary = summarize(y, 2.5 * log_proba, input="logits", classes=range(3))
        findings = judge_all(Evidence(summary, alpha=ALPHA, random_state=run), CONDITIONS)
        found += any(f.status == "fired" and f.p_value is not None for f in findings)
    assert found >= 18
