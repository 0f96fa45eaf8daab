import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from sklearn_lossacc.inference.ranks import FEW_POSITIVES, macro_influence, roc_influence


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n_positive", [1, 8, 9, 150])
def test_the_area_against_scikit_learn(ties, weighted, n_positive):
    rng = np.random.default_rng(0)
    score = rng.normal(size=300).round(1 if ties else 8)
    positive = np.zeros(300, dtype=bool)
    positive[np.argsort(-score - rng.logistic(size=300))[:n_positive]] = True
    weight = rng.gamma(1.0, size=300) if weighted else np.ones(300)
    expected = roc_auc_score(positive, score, sample_weight=weight)
    assert roc_influence(score, positive, weight)[0] == pytest.approx(expected, rel=1e-12)


def test_a_positive_below_the_only_negative():
    assert roc_influence(np.array([0.1, 0.2]), np.array([True, False]), np.ones(2))[0] == 0.0


@pytest.mark.parametrize("n_positive", [3, 16])
def test_influence_is_the_derivative_of_the_area(n_positive):
    rng = np.random.default_rng(1)
    score, positive, weight = rng.normal(size=40).round(1), rng.permutation(40) < n_positive, rng.gamma(2.0, size=40)
    area, influence = roc_influence(score, positive, weight)
    assert influence.sum() == pytest.approx(0.0, abs=1e-12)
    step = 1e-6
    for row in range(40):
        more = weight.copy()
        more[row] *= 1 + step
        assert (roc_influence(score, positive, more)[0] - area) / step == pytest.approx(influence[row], abs=1e-6)


def test_squared_influences_are_the_variance():
    rng = np.random.default_rng(2)
    areas, variances = [], []
    for _ in range(400):
        positive = np.arange(120) < 50
        area, influence = roc_influence(rng.normal(size=120) + positive, positive, np.ones(120))
        areas.append(area)
        variances.append(influence @ influence)
    assert np.mean(variances) == pytest.approx(np.var(areas), rel=0.15)


def test_one_kind_has_no_influence():
    area, influence = roc_influence(np.arange(3.0), np.ones(3, dtype=bool), np.ones(3))
    assert np.isnan(area)
    assert influence.tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("k", [2, 5, 40])
def test_the_mean_over_classes_is_that_of_each(k, weighted, ties):
    rng = np.random.default_rng(k)
    n = 150
    score = rng.dirichlet(np.full(k, 0.5), n).round(1 if ties else 8)
    y = np.minimum(rng.geometric(0.6 if k < 10 else 0.2, n) - 1, k - 1)
    weight = rng.gamma(1.0, size=n) if weighted else np.ones(n)
    columns = np.unique(y)
    counts = np.bincount(y)[columns]
    assert k == 2 or (counts.min() <= FEW_POSITIVES < counts.max())
    area, influence = macro_influence(score, y, weight, columns)
    each = [roc_influence(score[:, column], y == column, weight) for column in columns]
    assert area == pytest.approx(np.mean([one for one, _ in each]), rel=1e-12)
    np.testing.assert_allclose(influence, np.mean([rows for _, rows in each], axis=0), atol=1e-15)
    assert area == pytest.approx(
        np.mean([roc_auc_score(y == column, score[:, column], sample_weight=weight) for column in columns])
    )


def test_a_class_without_rows_has_no_area():
    area, _ = macro_influence(np.eye(3), np.array([0, 1, 1]), np.ones(3), np.arange(3))
    assert np.isnan(area)
