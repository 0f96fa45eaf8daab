import numpy as np
import pytest
from scipy.stats import norm, t

from sklearn_lossacc._numerics.dependent_groups import (
    number_of_groups,
    student_widening,
    total_scatter,
    worth_of_groups,
)


def test_equal_groups_count_as_they_are():
    assert number_of_groups(np.full(7, 3.0)) == pytest.approx(7)
    assert number_of_groups(np.array([200.0, 200.0, 200.0, *[1.0] * 56])) == pytest.approx(656**2 / 120056)


@pytest.mark.parametrize("n_errors", [1.0, 1.96])
def test_limits_are_those_of_student(n_errors):
    for n in (2, 3, 10, 1000):
        expected = t.isf(norm.sf(n_errors), n - 1) / n_errors
        assert student_widening(np.ones(n), n_errors) == pytest.approx(expected)


def test_a_single_group_has_one_degree_of_freedom_and_no_scatter():
    assert student_widening(np.array([5.0]), 1.0) == pytest.approx(t.isf(norm.sf(1.0), 1))
    assert total_scatter([0.0], [5.0]).tolist() == [0.0]


def test_scatter_around_the_common_mean_is_unbiased():
    rng = np.random.default_rng(0)
    mass = np.array([50, 30, 10, 5, 5])
    totals = rng.standard_normal((100_000, 5)) * np.sqrt(mass)  # of independent rows
    totals -= totals.sum(axis=1, keepdims=True) * mass / mass.sum()
    found = (total_scatter(totals.T, mass) ** 2).sum(axis=0).mean()
    assert found == pytest.approx(mass.sum(), rel=0.01)


@pytest.mark.parametrize("n_groups", [1, 2, 5, 50])
def test_a_group_is_worth_one_row_to_all_of_its_rows(n_groups):
    rng = np.random.default_rng(n_groups)
    group = np.arange(n_groups).repeat(4)
    common = rng.standard_normal((n_groups, 3))[group]
    assert worth_of_groups(common, np.ones(len(group)), group) == pytest.approx(0.25)
    apart = worth_of_groups(rng.standard_normal((len(group), 3)), np.ones(len(group)), group)
    assert 0.25 <= apart <= 1.0


def test_rows_alone_are_worth_themselves():
    rng = np.random.default_rng(0)
    assert worth_of_groups(rng.standard_normal((60, 2)), np.ones(60), np.arange(60)) == pytest.approx(1)


@pytest.mark.parametrize("n_parameters", [3, 40])
def test_neither_unit_nor_mixture_of_the_parameters_matters(n_parameters):
    rng = np.random.default_rng(0)
    group, weight = rng.integers(0, 12, 30), rng.uniform(0.5, 2.0, 30)
    slopes = rng.standard_normal((30, n_parameters)) + rng.standard_normal((12, n_parameters))[group]
    mixed = slopes @ (rng.standard_normal((n_parameters, n_parameters)) * 10.0)
    expected = worth_of_groups(slopes, weight, group)
    assert worth_of_groups(mixed, weight, group) == pytest.approx(expected)
    redundant = np.column_stack([slopes, slopes.sum(axis=1)])
    assert worth_of_groups(redundant, weight, group) == pytest.approx(expected)


def test_slopes_of_zero_say_nothing():
    assert worth_of_groups(np.zeros((20, 2)), np.ones(20), np.arange(20) // 5) == pytest.approx(0.2)


@pytest.mark.parametrize("sizes", [[30] * 10, [200, 200, 200, *[1] * 56]], ids=["ten", "three large"])
def test_few_or_unequal_groups_do_not_count_for_more_than_they_are_worth(sizes):
    group = np.arange(len(sizes)).repeat(sizes)
    mass = np.array(sizes)
    true = 1.0 / (1.0 + 0.5 * ((mass @ mass) / mass.sum() - 1.0))
    found = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        slopes = rng.standard_normal(len(group)) + rng.standard_normal(len(sizes))[group]
        found.append(worth_of_groups(slopes[:, np.newaxis], np.ones(len(group)), group))
    assert np.median(found) < 1.2 * true
