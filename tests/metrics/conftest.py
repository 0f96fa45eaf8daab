"""Slow, plain formulas of every scorer, to compare with."""

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar
from scipy.special import log_softmax

EPS = 2.220446049250313e-16


def clipped(P, y):
    return -np.log(np.maximum(P[np.arange(len(y)), y], EPS))


def binned_gap(p, event, weight):
    """Sum over 15 bins of the size of the weighted gap, bin by bin."""
    total = 0.0
    for b in range(15):
        inside = (p > b / 15) & (p <= (b + 1) / 15) | ((p == 0) if b == 0 else False)
        total += abs(np.sum(weight[inside] * (p[inside] - event[inside])))
    return total / weight.sum()


def smooth_gap(p, event, weight):
    """The fixed point, with kernel sums over the rows and their mirror images in place of a Fourier transform."""
    grid = np.linspace(0, 1, 1001)
    residual = weight * (event - p) / weight.sum()
    images = np.concatenate([sign * p + shift for shift in (-2, 0, 2) for sign in (1, -1)])
    copies = np.tile(residual, 6)
    squared = (grid[:, None] - images) ** 2

    def excess(sigma):
        smooth = np.exp(-squared / (2 * sigma**2)) @ copies / (sigma * np.sqrt(2 * np.pi))
        return np.trapezoid(np.abs(smooth), grid) - sigma

    return brentq(excess, 1e-3, 1.0, xtol=1e-5)


def debiased_gap(p, event, weight):
    """Products of residuals over all pairs of different rows in a bin, pair by pair."""
    order = np.argsort(p, kind="stable")
    p, event, weight = p[order], event[order], weight[order]
    middle = np.array([np.sum(weight[p < c]) + 0.5 * np.sum(weight[p == c]) for c in p]) / weight.sum()
    n_bins = min(15, len(p) // 2)
    bins = np.minimum((n_bins * middle).astype(int), n_bins - 1)
    value = mass = 0.0
    for b in range(n_bins):
        r, w = (event - p)[bins == b], weight[bins == b]
        others = ~np.eye(len(r), dtype=bool)
        if len(r) > 1:
            value += w.sum() * np.average(np.outer(r, r)[others], weights=np.outer(w, w)[others])
            mass += w.sum()
    return np.sign(value) * np.sqrt(abs(value) / mass)


def refined(P, y, weight):
    """Loss at the best temperature, found without derivatives, and the chance part."""
    logs = np.log(np.where(P > 0, P, EPS))
    if (logs[np.arange(len(y)), y] == logs.max(axis=1)).all():
        return np.average(clipped(P, y), weights=weight)
    rows = np.arange(len(y))

    def loss(log_beta):
        return np.average(-log_softmax(np.exp(log_beta) * logs, axis=1)[rows, y], weights=weight)

    beta = np.exp(minimize_scalar(loss, bounds=(-40, 6), method="bounded", options={"xatol": 1e-9}).x)
    after = np.minimum(-log_softmax(beta * logs, axis=1)[rows, y], -np.log(EPS))
    return np.average(after, weights=weight) + 0.5 * (weight**2).sum() / weight.sum() ** 2


def oracle(name, P, y, weight=None):
    """The score called `name` of float64 probabilities and label columns."""
    weight = np.ones(len(y)) if weight is None else np.asarray(weight, dtype=float)
    hot = np.eye(P.shape[1])[y]
    confidence, hit = P.max(axis=1), (P.argmax(axis=1) == y).astype(float)
    share = weight @ hot / weight.sum()
    loss = np.average(clipped(P, y), weights=weight)
    squares = np.average(((P - hot) ** 2).sum(axis=1), weights=weight)
    one_class = share.max() > 1 - 1e-12
    with np.errstate(divide="ignore", invalid="ignore"):
        entropy = -np.nansum(share * np.log(share))
    values = {
        "accuracy": lambda: np.average(hit, weights=weight),
        "neg_log_loss": lambda: -loss,
        "neg_brier_score": lambda: -squares / (2 if P.shape[1] == 2 else 1),
        "d2_log_loss": lambda: np.nan if one_class else 1 - loss / entropy,
        "d2_brier": lambda: np.nan if one_class else 1 - squares / (1 - share @ share),
        "neg_expected_calibration_error": lambda: -binned_gap(confidence, hit, weight),
        "neg_classwise_calibration_error": lambda: (
            -np.mean([binned_gap(P[:, j], hot[:, j], weight) for j in range(P.shape[1])])
        ),
        "neg_smooth_calibration_error": lambda: -smooth_gap(confidence, hit, weight),
        "neg_debiased_calibration_error": lambda: -debiased_gap(confidence, hit, weight),
        "neg_calibration_loss": lambda: refined(P, y, weight) - loss,
        "neg_refinement_loss": lambda: -refined(P, y, weight),
        "neg_confidence_gap": lambda: -abs(np.average(confidence - hit, weights=weight)),
    }
    return values[name]()


@pytest.fixture(scope="session", name="oracle")
def _oracle():
    """Return the function oracle(name, P, y, weight=None)."""
    return oracle


@pytest.fixture(scope="session")
def agree():
    """Return the assertion agree(name, got, expected)."""

    def check(name, got, expected):
        # the smooth error is evaluated on a grid of step .001
        tolerance = {"atol": 3e-4} if "smooth" in name else {"rtol": 1e-7, "atol": 1e-9}
        np.testing.assert_allclose(got, expected, **tolerance)

    return check


@pytest.fixture(scope="session")
def direct():
    """Return the function direct(name, model, X, y, weight=None): the oracle over the classes of a fitted model."""

    def score(name, model, X, y, weight=None):
        if name == "accuracy":
            return np.average(model.predict(X) == y, weights=weight)
        columns = np.array([model.classes_.tolist().index(label) for label in np.asarray(y).tolist()])
        return oracle(name, model.predict_proba(X), columns, weight)

    return score
