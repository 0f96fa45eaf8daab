import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression

from sklearn_lossacc.metrics import brier_score_loss, corp_decomposition
from sklearn_lossacc.metrics.corp import decompose_squared_error


def draw(n=400, k=3, seed=0):
    rng = np.random.default_rng(seed)
    P = rng.dirichlet(np.ones(k), n).round(2)
    P /= P.sum(axis=1, keepdims=True)
    return P, np.array([rng.choice(k, p=row**2 / (row**2).sum()) for row in P]), rng.gamma(1.0, size=n)


@pytest.mark.parametrize("k", [2, 3])
def test_agrees_with_the_isotonic_regression_of_scikit_learn(k):
    P, y, weight = draw(k=k)
    parts = np.array(corp_decomposition(y, P, sample_weight=weight, per_class=True)).T
    for j in range(k):
        event = (y == j).astype(float)
        q = IsotonicRegression().fit(P[:, j], event, sample_weight=weight).predict(P[:, j])
        score, refined, constant = (
            np.average((event - guess) ** 2, weights=weight)
            for guess in (P[:, j], q, np.average(event, weights=weight))
        )
        np.testing.assert_allclose(parts[j], [score, score - refined, constant - refined, constant], atol=1e-12)
    whole = corp_decomposition(y, P, sample_weight=weight)
    np.testing.assert_allclose(whole, parts[1] if k == 2 else parts.sum(axis=0), atol=1e-12)
    assert whole.score == pytest.approx(brier_score_loss(y, P, sample_weight=weight))


def test_parts_are_not_negative():
    for seed in range(20):
        P, y, _ = draw(n=30, seed=seed)
        parts = corp_decomposition(y, P)
        assert min(parts) >= 0


def test_a_constant_prediction_discriminates_nothing():
    parts = corp_decomposition([0, 0, 0, 1], np.full(4, 0.5))
    assert parts == (0.25, 0.0625, 0.0, 0.1875)


def test_predictions_are_any_numbers_and_constants_shift_into_miscalibration():
    rng = np.random.default_rng(0)
    target, prediction = rng.normal(size=50), rng.normal(size=50)
    plain = decompose_squared_error(target, prediction, np.ones(50))
    shifted = decompose_squared_error(target, prediction + 3, np.ones(50))
    assert shifted.discrimination == pytest.approx(plain.discrimination, abs=1e-12)
    assert shifted.miscalibration - plain.miscalibration == pytest.approx(shifted.score - plain.score, abs=1e-12)
