import numpy as np
from scipy.stats import poisson

from sklearn_lossacc._numerics.mixture import MixtureFit
from sklearn_lossacc.inference.few_rows import few_rows, few_surprises, telling_count
from sklearn_lossacc.inference.null import NullModel


def test_more_surprising_rows_than_noise_can_be_outliers_only_if_they_are_few():
    # Thirty rows in 5000 at one in a thousand: no row is impossible, and they are too many to be named one by one.
    proba = np.tile([0.999, 0.001], (5000, 1))
    null = NullModel(np.log(proba), np.repeat([1, 0], [30, 4970]), np.ones(5000))
    count, rows = telling_count(proba, null, 15)
    assert not rows.any()
    count, rows = telling_count(proba, null, 30)
    assert count.observed == 30 == rows.sum()
    # Thirty that the model all but rules out are named however many they are.
    proba[:30] = [1 - 1e-9, 1e-9]
    null = NullModel(np.log(proba), null.y, np.ones(5000))
    assert telling_count(proba, null, 15)[1].sum() == 30


def test_few_rows_leave_the_smallest_rate_that_matters_open():
    for n in (30, 400, 2000, 50_000):
        few = few_rows(n)
        assert few == 2 or poisson.sf(few - 1, 0.005 * n) > 0.05
        assert poisson.sf(few, 0.005 * n) <= 0.05


def test_few_surprises_names_what_a_model_does_not_allow(planted):
    log_proba, y, corrupt = planted(0, 5, outliers=6, scale=1.5)
    null = NullModel(log_proba, y, np.ones(2000))
    as_given = MixtureFit(1.0, np.zeros(5), 0.0, 0.0)
    rows, p_value = few_surprises(null, log_proba, as_given, 15)
    np.testing.assert_array_equal(rows, corrupt)
    assert p_value < 1e-6
    assert few_surprises(null, log_proba, as_given, 5)[0].size == 0
    log_proba, y, _ = planted(0, 5)
    assert few_surprises(NullModel(log_proba, y, np.ones(2000)), log_proba, as_given, 15)[0].size == 0
