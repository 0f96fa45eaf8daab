import os
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from sklearn_lossacc.calibration import MatrixCalibrator, TemperatureCalibrator, VectorCalibrator
from sklearn_lossacc.exceptions import CalibrationWarning
from sklearn_lossacc.metrics import log_loss

SHARED = os.environ.get("SKLEARN_LOSSACC_DATA")
both = pytest.mark.parametrize("kind", [VectorCalibrator, MatrixCalibrator])


def tilted(n=20000, seed=0):
    """Probabilities whose classes have each a factor and an intercept, and a pair that is confused."""
    rng = np.random.default_rng(seed)
    logits = log_softmax(rng.normal(scale=2, size=(n, 3)), axis=1)
    true = logits * [0.6, 1.0, 0.8] + [0.5, 0.0, -0.5] + logits @ np.array([[0, 0.2, 0], [0, 0, 0], [0, 0, 0]])
    return softmax(logits, axis=1), (true + rng.gumbel(size=(n, 3))).argmax(axis=1), softmax(true, axis=1)


@both
def test_factors_and_intercepts_are_found(kind):
    P, y, true = tilted()
    q = kind().fit(P, y).predict_proba(P)
    gain = log_loss(y, TemperatureCalibrator().fit(P, y).predict_proba(P)) - log_loss(y, q)
    assert gain > 0.05
    assert log_loss(y, q) < log_loss(y, true) + (1e-3 if kind is MatrixCalibrator else 0.02)


@both
def test_the_fit_minimises_the_published_objective(kind):
    P, y, _ = tilted(n=300)
    calibrator = kind().fit(P, y)
    n, k = P.shape
    t = TemperatureCalibrator().fit(P, y).predict_proba(P)
    x = np.log((1 - 1 / (n + 1)) * t + 1 / (n + 1) / k)

    def objective(parameters):  # mean loss + (k / n) (|v|^2 + |b|^2) + (k (k - 1) / n) |off-diagonal|^2
        matrix, intercept = parameters[:-k].reshape(k, k), parameters[-k:]
        loss = -log_softmax(x @ matrix.T + intercept, axis=1)[np.arange(n), y].mean()
        off = matrix - np.diag(np.diag(matrix))
        return loss + k / n * (((np.diag(matrix) - 1) ** 2).sum() + (intercept**2).sum() + (k - 1) * (off**2).sum())

    if kind is MatrixCalibrator:
        ours = np.r_[calibrator.matrix_.ravel(), calibrator.intercept_]
        found = minimize(objective, np.r_[np.eye(k).ravel(), np.zeros(k)], tol=1e-10)
    else:
        ours = np.r_[np.diag(calibrator.scale_).ravel(), calibrator.intercept_]
        spread = np.eye(k * k)[:: k + 1].T
        found = minimize(lambda v: objective(np.r_[spread @ v[:k], v[k:]]), np.r_[np.ones(k), np.zeros(k)], tol=1e-10)
    np.testing.assert_allclose(objective(ours), found.fun, rtol=1e-7)


@both
def test_never_worse_than_one_temperature_on_its_own_rows(kind):
    for seed in range(20):
        rng = np.random.default_rng(seed)
        P = rng.dirichlet(np.full(4, 0.5), size=12)
        y = np.array([rng.choice(4, p=row) for row in P])
        if (P.argmax(axis=1) == y).all():
            continue
        with pytest.warns(CalibrationWarning) if len(set(y)) < 4 else nullcontext():
            q = kind().fit(P, y).predict_proba(P)
            t = TemperatureCalibrator().fit(P, y).predict_proba(P)
        assert log_loss(y, q) <= log_loss(y, t) + 1e-12


@both
def test_bad_ends_are_those_of_the_temperature(kind, overconfident):
    P, y = overconfident
    with pytest.warns(CalibrationWarning, match="separable"):
        calibrator = kind().fit(P, P.argmax(axis=1))
    np.testing.assert_allclose(calibrator.predict_proba(P), P, rtol=1e-9)
    with pytest.warns(CalibrationWarning, match="uninformative"):
        calibrator = kind().fit(P, P.argmin(axis=1))
    frequencies = np.bincount(P.argmin(axis=1)) / len(y)
    np.testing.assert_allclose(calibrator.predict_proba(P[:1]), [frequencies])


@pytest.mark.skipif(SHARED is None, reason="SKLEARN_LOSSACC_DATA is not set")
@pytest.mark.parametrize(
    ("kind", "published"), [(VectorCalibrator, 0.2240), (MatrixCalibrator, 0.2212)], ids=["vector", "matrix"]
)
def test_densenet40_on_cifar10_is_as_good_as_published(kind, published):
    data = np.load(Path(str(SHARED)) / "probs" / "densenet40_cifar10_logits_valtest.npz")
    calibrator = kind(input="logits").fit(data["val_logits"], data["val_labels"])
    assert log_loss(data["test_labels"], calibrator.predict_proba(data["test_logits"])) < published


@both
def test_a_larger_strength_stays_closer_to_the_temperature(kind):
    P, y, _ = tilted(n=500)
    tempered = TemperatureCalibrator().fit(P, y).predict_proba(P)
    moved = [abs(kind(strength=one).fit(P, y).predict_proba(P) - tempered).max() for one in (0.1, 1.0, 10.0, 1e6)]
    assert (np.diff(moved) < 0).all()
    assert moved[-1] < 3e-3  # but for the share of equal probabilities


@both
@pytest.mark.parametrize("strength", [0.0, -1.0, np.inf, np.nan])
def test_strength_is_checked(kind, strength):
    with pytest.raises(ValueError, match="strength"):
        kind(strength=strength).fit([[0.2, 0.8], [0.6, 0.4]], [1, 0])


@both
def test_a_floor_comes_before_the_map(kind):
    P, y, _ = tilted()
    rng = np.random.default_rng(1)
    y = np.where(rng.random(len(y)) < 0.1, rng.integers(0, 3, len(y)), y)
    P = P**3 / (P**3).sum(axis=1, keepdims=True)
    plain, floored = (kind(floor=one).fit(P, y) for one in (False, True))
    expected = TemperatureCalibrator(floor=True).fit(P, y)
    assert floored.temperature_calibrator_.floor_ == expected.floor_ > 0.02
    assert plain.temperature_calibrator_.floor_ == 0
    loss = [log_loss(y, one.predict_proba(P)) for one in (plain, floored, expected)]
    assert loss[1] < min(loss[0], loss[2]) - 0.001


@both
def test_caution_counts_where_rows_are_few(kind):
    P, y, _ = tilted()
    strengths = [kind(cautious=True, strength=one) for one in (0.1, 10.0)]
    few, many = ([one.fit(P[:n], y[:n]).predict_proba(P[:5]) for one in strengths] for n in (2000, 5000))
    np.testing.assert_array_equal(*few)
    assert abs(many[0] - many[1]).max() > 1e-3


def test_confused_classes_get_a_cautious_matrix():
    P, y, true = tilted()
    matrix, vector = (
        kind(cautious=True).fit(P[:1000], y[:1000]).predict_proba(P) for kind in (MatrixCalibrator, VectorCalibrator)
    )
    assert log_loss(y, matrix) < min(log_loss(y, true) + 0.01, log_loss(y, vector) - 0.003)
