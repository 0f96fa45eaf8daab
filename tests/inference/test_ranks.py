import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from sklearn_lossacc.inference.ranks import roc_area


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_roc_area_against_scikit_learn(ties, weighted):
    rng = np.random.default_rng(0)
    score = rng.normal(size=300).round(1 if ties else 8)
    positive = rng.random(300) < 1 / (1 + np.exp(-score))
    weight = rng.gamma(1.0, size=300) if weighted else np.ones(300)
    expected = roc_auc_score(positive, score, sample_weight=weight)
    assert roc_area(score, positive, weight) == pytest.approx(expected, rel=1e-12)


def test_roc_area_without_both_kinds():
    assert np.isnan(roc_area(np.array([0.1, 0.2]), np.array([True, True]), np.ones(2)))
    assert roc_area(np.array([0.1, 0.2]), np.array([True, False]), np.ones(2)) == 0.0
