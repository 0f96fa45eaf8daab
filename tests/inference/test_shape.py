import numpy as np
import pytest
from scipy.special import expit, log_softmax
from scipy.stats import binom

from sklearn_lossacc._numerics.temperature import solve_temperature
from sklearn_lossacc.inference.null import NullModel
from sklearn_lossacc.inference.shape import folds, shape_test


def healthy(rng, n, k, scale=2.0):
    scores = scale * rng.normal(size=(n, k))
    y = (scores + rng.gumbel(size=(n, k))).argmax(axis=1)
    return NullModel(log_softmax(scores, axis=1), y, np.ones(n))


def one_patient_one_label(rng, n_groups, size, k):
    label = rng.integers(k, size=n_groups)
    group = np.repeat(np.arange(n_groups), size)
    seen = rng.normal(size=(group.size, k))
    seen[np.arange(group.size), label[group]] += 1.0
    return NullModel(log_softmax(seen, axis=1), label[group], np.ones(group.size), group)


def names(null):
    return [str(j) for j in range(null.n_classes)]


def p_values(make, n_runs):
    rng = np.random.default_rng(n_runs)
    nulls = [make(rng) for _ in range(n_runs)]
    return np.array([shape_test(null, names(null), run).p_value for run, null in enumerate(nulls)])


def assert_super_uniform(p, levels=(0.01, 0.05, 0.1, 0.25, 0.5)):
    for level in levels:
        hits = int((p <= level + 1e-12).sum())
        assert binom.sf(hits - 1, p.size, level) > 1e-4, f"{hits} of {p.size} p-values are at most {level}"


@pytest.mark.parametrize(("n", "k"), [(60, 3), (500, 2), (500, 4)])
def test_sizes_on_healthy_models(n, k):
    assert_super_uniform(p_values(lambda rng: healthy(rng, n, k), 60))


@pytest.mark.slow
@pytest.mark.parametrize(("n", "k", "scale"), [(60, 3, 2.0), (450, 2, 6.0), (450, 10, 0.5), (2000, 10, 2.0)])
def test_sizes_on_healthy_models_at_length(n, k, scale):
    assert_super_uniform(p_values(lambda rng: healthy(rng, n, k, scale), 500), (0.05 / 12, 0.01, 0.05, 0.1, 0.25))


def test_size_where_groups_share_a_label():
    # Class totals of such groups spread more than any labels drawn row by row: size .23 when classes had views here.
    assert_super_uniform(p_values(lambda rng: one_patient_one_label(rng, 40, 5, 5), 60))


def test_a_bent_map_is_seen_where_temperature_and_bias_are_right():
    rng = np.random.default_rng(0)
    odds = 2.0 * rng.normal(size=3000)
    reported = odds + 0.8 * np.sin(2.5 * odds)
    y = (rng.random(3000) < expit(odds)).astype(int)
    null = NullModel(-np.logaddexp(0, np.stack([reported, -reported], axis=1)), y, np.ones(3000))
    test = shape_test(null, ["no", "yes"])
    assert test.p_value < 0.001
    assert shape_test(healthy(rng, 3000, 2), ["no", "yes"]).p_value > 0.001


def test_one_bad_class_is_named():
    rng = np.random.default_rng(1)
    scores = rng.normal(size=(4000, 5))
    y = (scores + rng.gumbel(size=scores.shape)).argmax(axis=1)
    bent = scores.copy()
    bent[:, 3] += 1.5 * np.tanh(2 * scores[:, 3])
    null = NullModel(log_softmax(bent, axis=1), y, np.ones(4000))
    test = shape_test(null, ["a", "b", "c", "d", "e"])
    assert (test.view, test.p_value < 0.001) == ("class d", True)


@pytest.mark.parametrize("k", [5, 50])
def test_a_bend_of_all_classes_is_seen_where_temperature_is_right(k):
    rng = np.random.default_rng(k)
    shown = log_softmax(2.5 * rng.normal(size=(2000, k)), axis=1)
    bent = shown + np.sin(1.5 * shown)
    y = (bent + rng.gumbel(size=bent.shape)).argmax(axis=1)
    beta = solve_temperature(shown, y, np.ones(2000)).beta
    null = NullModel(log_softmax(beta * shown, axis=1), y, np.ones(2000))
    test = shape_test(null, names(null))
    assert (test.view, test.p_value < 0.0002) == ("classes together", True)


def test_without_information():
    null = NullModel(np.log(np.tile([1 - 1e-9, 1e-9], (50, 1))), np.zeros(50, dtype=int), np.ones(50))
    test = shape_test(null, ["a", "b"])
    assert (test.p_value, test.view, test.n_draws) == (1.0, "none", 0)


def test_folds_keep_groups_whole():
    group = np.random.default_rng(0).integers(40, size=300)
    group = np.unique(group, return_inverse=True)[1]
    fold = folds(300, group, np.random.default_rng(1))
    for g in np.unique(group):
        assert np.unique(fold[group == g]).size == 1
    assert set(fold) == set(range(5))
    np.testing.assert_array_equal(np.bincount(folds(100, None, np.random.default_rng(1))), np.full(5, 20))


def test_folds_by_a_value_are_alike_and_do_not_hang_on_the_order_of_rows():
    rng = np.random.default_rng(0)
    value = rng.normal(size=203)
    fold = folds(203, None, np.random.default_rng(1), by=value)
    # Each five neighbours have the five folds.
    ordered = fold[np.argsort(value)][:200].reshape(40, 5)
    np.testing.assert_array_equal(np.sort(ordered, axis=1), np.tile(np.arange(5), (40, 1)))
    order = rng.permutation(203)
    shuffled = folds(203, None, np.random.default_rng(1), by=value[order] * (1 + 1e-14))
    np.testing.assert_array_equal(shuffled, fold[order])


def test_folds_by_a_value_keep_groups_together():
    rng = np.random.default_rng(0)
    group = rng.integers(0, 60, 300)
    group = np.unique(group, return_inverse=True)[1]
    fold = folds(300, group, rng, by=rng.normal(size=300))
    for g in np.unique(group):
        assert np.unique(fold[group == g]).size == 1
    assert np.bincount([fold[group == g][0] for g in np.unique(group)]).min() >= 11
