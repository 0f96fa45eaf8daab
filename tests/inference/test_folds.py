import numpy as np
import pytest
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ShuffleSplit, cross_val_score

from sklearn_lossacc import get_scorer
from sklearn_lossacc.inference.folds import corrected_error, corrected_t_test, half_width


def test_reference_values_of_a_repeated_cross_validation():
    # scikit-learn's example of comparing a grid search: 10 x 10 folds, t = mean / sqrt(var (1/100 + 1/9))
    differences = np.random.default_rng(0).normal(0.01, 0.03, 100)
    found = corrected_t_test(differences, 1 / 9)
    t = differences.mean() / np.sqrt(differences.var(ddof=1) * (1 / 100 + 1 / 9))
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(t), 99))
    assert found.low == pytest.approx(differences.mean() - stats.t.ppf(0.975, 99) * differences.mean() / t)


def test_interval_and_p_value_agree():
    values = np.array([1.0, 2.0, 4.0])
    half = half_width(values, 0.5)
    edge = corrected_t_test(values - values.mean() + half, 0.5)
    assert edge.low == pytest.approx(0.0, abs=1e-12)
    assert edge.p_value == pytest.approx(0.05)


def test_swapped_settings_swap_signs():
    differences = np.array([0.3, -0.1, 0.2])
    one, other = corrected_t_test(differences, 0.5), corrected_t_test(-differences, 0.5)
    assert (one.mean, one.low, one.p_value) == (-other.mean, -other.high, other.p_value)


def test_no_difference_and_no_spread():
    assert corrected_t_test(np.zeros(5), 0.25).p_value == 1.0
    same = corrected_t_test(np.full(5, 0.5), 0.25)
    assert (same.low, same.high, same.p_value) == (0.5, 0.5, 0.0)


def test_one_fold_says_nothing():
    alone = corrected_t_test(np.array([0.7]), 0.25)
    assert (alone.mean, alone.low, alone.high, alone.p_value) == (0.7, -np.inf, np.inf, 1.0)
    assert corrected_error(np.array([0.7]), 0.25) == np.inf


@pytest.mark.slow
def test_two_equal_settings_are_seldom_told_apart():
    """Size by simulation: two models that differ only in which of two exchangeable features they see."""
    rejected, naive = [], []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(100, 2))
        y = (X.sum(axis=1) + rng.normal(size=100) > 0).astype(int)
        splits = ShuffleSplit(15, test_size=0.1, random_state=0)
        a, b = (
            cross_val_score(LogisticRegression(), X[:, [j]], y, cv=splits, scoring=get_scorer("neg_log_loss"))
            for j in range(2)
        )
        rejected.append(corrected_t_test(a - b, 1 / 9).p_value < 0.05)
        naive.append(stats.ttest_1samp(a - b, 0.0).pvalue < 0.05)
    # 300 runs at .05 stay below .05 + 3 sqrt(.05 x .95 / 300) = .088; without the correction alarms abound.
    assert np.mean(rejected) < 0.088
    assert np.mean(naive) > 0.15
