"""Whatever the scores, labels, weights and groups: a diagnosis without warnings, whose numbers fit together."""

import json
import math

import numpy as np
import pytest
from scipy.special import log_softmax

from sklearn_lossacc import diagnose

N_CASES = 14
WITHOUT_VALUE = ("not defined", "no interval", "not applicable")
LABELS = ("model", "random", "least", "one", "likeliest")


def scores(kind, n, k, rng):
    """Return logits or probabilities of a kind, as `input` names them."""
    logits = rng.standard_normal((n, k)) * rng.choice([0.01, 1.0, 3.0, 10.0, 40.0])
    proba = np.exp(log_softmax(logits, axis=1))
    if kind == "logits":
        return logits, kind
    if kind == "huge":
        return logits * 10.0 ** rng.choice([2, 4, 6, 30, 90]), "logits"
    if kind == "ties":
        return logits[rng.integers(0, max(1, n // 5), n)], "logits"
    if kind == "constant":
        return np.tile(logits[:1], (n, 1)), "logits"
    if kind == "partly equal":
        logits[rng.random(n) < 0.4] = 0.0
        return logits, "logits"
    if kind == "zeros and ones":
        proba = np.eye(k)[proba.argmax(axis=1)]
    elif kind == "votes":
        proba = np.round(proba * rng.integers(2, 30)) + 1e-9
    elif kind == "zeros":
        proba[rng.random(proba.shape) < 0.3] = 0.0
        proba[proba.sum(axis=1) == 0] = 1.0
    proba = proba / proba.sum(axis=1, keepdims=True)
    return (proba.astype(np.float16) if kind == "float16" else proba), "proba"


def labels(kind, score, rng):
    """Return labels drawn from the scores, or from elsewhere."""
    n, k = score.shape
    if kind == "random":
        return rng.integers(0, k, n)
    if kind == "least":
        return score.argmin(axis=1)
    if kind == "one":
        return np.full(n, rng.integers(k))
    if kind == "likeliest":
        return score.argmax(axis=1)
    return (score.astype(float) + rng.gumbel(size=(n, k))).argmax(axis=1)


def extras(n, rng):
    """Return weights, or groups, or both, or neither."""
    given = {}
    if rng.random() < 0.3:
        weights = (rng.exponential(size=n), 10.0 ** rng.uniform(-8, 8, n), rng.integers(1, 4, n))
        given["sample_weight"] = weights[rng.integers(len(weights))]
    if rng.random() < 0.3:
        given["groups"] = rng.integers(0, rng.choice([1, 3, 20, n]), n)
    return given


KINDS = (
    "logits",
    "huge",
    "ties",
    "constant",
    "partly equal",
    "zeros and ones",
    "votes",
    "zeros",
    "float16",
)


@pytest.mark.parametrize("n", [1, 2, 5, 30, 100, 400])
@pytest.mark.parametrize("kind", KINDS)
def test_whatever_comes(kind, n):
    rng = np.random.default_rng([*kind.encode(), n])
    for case in range(N_CASES if n < 100 else len(LABELS)):
        k = int(rng.choice([2, 2, 3, 10, 30]))
        score, given_as = scores(kind, n, k, rng)
        y = labels(LABELS[case % len(LABELS)], score, rng)
        diagnosis = diagnose(y, score, input=given_as, classes=np.arange(k), **extras(n, rng))
        for name, metric in diagnosis.metrics.items():
            assert not math.isnan(metric.value) or metric.method.startswith(WITHOUT_VALUE), (name, metric)
            if metric.low is not None and metric.high is not None and not math.isnan(metric.value):
                assert metric.low - 1e-9 <= metric.value <= metric.high + 1e-9, (name, metric)
        loss = diagnosis.metrics["log_loss"].value
        if math.isfinite(loss):
            parts = math.fsum(part.value for part in diagnosis.decomposition.parts)
            assert parts == pytest.approx(loss, rel=1e-6, abs=1e-9)
        assert str(diagnosis)
        assert json.loads(diagnosis.to_json())["findings"]


def test_logits_whose_squares_are_no_numbers_are_judged_as_far_out_as_any():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(200, 3))
    y = (2.0 * logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    far, further = (diagnose(y, scale * logits, input="logits") for scale in (1e130, 1e200))
    assert [finding.code for finding in further.issues] == [finding.code for finding in far.issues]
