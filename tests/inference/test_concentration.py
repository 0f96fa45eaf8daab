import numpy as np
import pytest
from scipy.special import log_softmax
from scipy.stats import binom

from sklearn_lossacc.inference.concentration import concentration, weighted_median
from sklearn_lossacc.inference.null import NullModel


def healthy(rng, n, k, scale=2.0, temperature=1.0):
    scores = scale * rng.normal(size=(n, k))
    y = (scores + rng.gumbel(size=(n, k))).argmax(axis=1)
    return NullModel(log_softmax(temperature * scores, axis=1), y, np.ones(n))


def describe(null, alpha=0.05, seed=0):
    return concentration(null, null, alpha, np.random.default_rng(seed))


def test_values_by_definition():
    null = healthy(np.random.default_rng(0), 500, 4)
    found, loss = describe(null), null.true_loss
    assert found.certificate == pytest.approx(np.log(500 * 3 / 0.05))
    assert found.top_share == pytest.approx(np.sort(loss)[-5:].sum() / loss.sum())
    assert found.median_loss == pytest.approx(np.median(loss), rel=0.05)
    assert found.truncated_loss == pytest.approx(np.minimum(loss, np.log(100)).mean())
    quantile = np.quantile(loss, 0.95)
    assert found.tail_index == pytest.approx((loss[loss > quantile] - quantile).mean())


def test_certificate_holds_on_healthy_models():
    # Largest loss above ln(n (k - 1) / alpha) in at most a share alpha of models.
    rng = np.random.default_rng(1)
    largest = np.array([healthy(rng, 100, 4, 4.0).true_loss.max() for _ in range(200)])
    above = (largest > np.log(100 * 3 / 0.2)).sum()
    assert binom.sf(above - 1, 200, 0.2) > 1e-4


def test_share_of_a_healthy_model_is_one_of_its_null():
    rng = np.random.default_rng(2)
    p = np.array([describe(healthy(rng, 150, 3), seed=run).top_share_p for run in range(100)])
    for level in (0.05, 0.2, 0.5):
        assert binom.sf((p <= level).sum() - 1, 100, level) > 1e-4
    assert p.min() < 0.2


def test_tail_index_is_about_the_temperature():
    assert describe(healthy(np.random.default_rng(3), 5000, 5, 3.0)).tail_index < 1.15
    assert describe(healthy(np.random.default_rng(3), 5000, 5, 3.0, temperature=2.0)).tail_index > 1.5


def test_breakdown_rows():
    # 95 rows as expected and 5 with 10 nats of excess each: when those go, nothing is left to complain about.
    null = healthy(np.random.default_rng(4), 100, 3)
    null.true_loss = null.entropy - 0.01
    null.true_loss[:5] += 10.0
    assert describe(null).breakdown_rows == 5
    null.true_loss = null.entropy - 0.01
    assert describe(null).breakdown_rows == 0


def test_weighted_median():
    assert weighted_median(np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 1.0])) == 2.0
    assert weighted_median(np.array([3.0, 1.0, 2.0]), np.array([5.0, 1.0, 1.0])) == 3.0
