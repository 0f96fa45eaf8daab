import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import binom, poisson

from sklearn_lossacc.inference.surprise import (
    count_surprises,
    expected_surprises,
    so_surprising,
    sorted_surprises,
    surprise_of_labels,
    surprise_table,
    too_many_surprises,
)


def by_definition(proba):
    return np.array([[row[row <= row[j] * (1 + 1e-9)].sum() for j in range(row.size)] for row in proba])


def healthy(rng, n, k, scale=2.0):
    scores = scale * rng.normal(size=(n, k))
    return softmax(scores, axis=1), (scores + rng.gumbel(size=(n, k))).argmax(axis=1)


@pytest.mark.parametrize("k", [2, 3, 17])
def test_table_by_definition(k):
    proba = np.random.default_rng(k).dirichlet(np.full(k, 0.5), size=50)
    np.testing.assert_allclose(surprise_table(proba), by_definition(proba), rtol=1e-12)
    ascending, surprise = sorted_surprises(proba)
    np.testing.assert_array_equal(ascending, np.sort(proba, axis=1))
    np.testing.assert_allclose(surprise, np.sort(by_definition(proba), axis=1), rtol=1e-12)


def test_table_with_ties():
    proba = np.array(
        [
            [0.25, 0.25, 0.25, 0.25],
            [0.1, 0.1, 0.4, 0.4],
            [0.0, 0.0, 0.5, 0.5],
            [0.7, 0.1, 0.1, 0.1],
            [0.25, 0.25 * (1 + 1e-12), 0.25 * (1 - 1e-12), 0.25],
        ]
    )
    expected = [[1, 1, 1, 1], [0.2, 0.2, 1, 1], [0, 0, 1, 1], [1, 0.3, 0.3, 0.3], [1, 1, 1, 1]]
    np.testing.assert_allclose(surprise_table(proba), expected, atol=1e-9)
    np.testing.assert_allclose(sorted_surprises(proba)[1], np.sort(expected, axis=1), atol=1e-9)
    for limit in (-1.0, 0.0, 0.2, 0.3, 1.0):
        np.testing.assert_array_equal(so_surprising(proba, limit), np.array(expected) <= limit + 1e-9)


def test_labels_pick_from_the_table():
    rng = np.random.default_rng(0)
    proba = rng.dirichlet([0.5] * 6, size=200)
    y = rng.integers(6, size=200)
    np.testing.assert_allclose(surprise_of_labels(proba, y), surprise_table(proba)[np.arange(200), y], rtol=1e-12)


def test_super_uniform_on_a_healthy_model():
    surprise = surprise_of_labels(*healthy(np.random.default_rng(0), 20_000, 6))
    for level in (0.001, 0.01, 0.05, 0.3):
        assert binom.sf((surprise <= level).sum() - 1, 20_000, level) > 1e-4


@pytest.mark.parametrize("k", [2, 5])
def test_what_is_expected_is_at_least_the_chance_of_so_small_a_surprise(k):
    proba, _ = healthy(np.random.default_rng(k), 300, k)
    thresholds = np.array([1e-4, 0.01, 0.2])
    exact = [(proba * (by_definition(proba) <= t)).sum() for t in thresholds]
    expected = expected_surprises(proba, thresholds)
    assert (expected >= np.array(exact) * (1 - 1e-12)).all()
    assert (expected <= 300 * thresholds).all()
    if k == 2:  # the only label of so small a surprise is the less likely one
        np.testing.assert_allclose(expected[:2], exact[:2], rtol=1e-9)


@pytest.mark.parametrize("n", [1, 3, 40, 500])
@pytest.mark.parametrize("scale", [0.3, 2.0, 6.0])
@pytest.mark.parametrize("k", [2, 4])
def test_size_of_too_many_surprises(n, scale, k):
    rng = np.random.default_rng([n, k])
    p = []
    for _ in range(1000):
        proba, y = healthy(rng, n, k, scale)
        p.append(too_many_surprises(proba, surprise_of_labels(proba, y)))
    for level in (0.05 / 12, 0.01, 0.05, 0.2):
        assert binom.sf((np.array(p) <= level).sum() - 1, 1000, level) > 1e-4


def judged(proba, y, **keywords):
    return too_many_surprises(proba, surprise_of_labels(proba, y), **keywords)


def test_one_impossible_row_and_many_unlikely_ones():
    ordinary, zeros = np.tile([0.4, 0.6], (1000, 1)), np.zeros(1000, dtype=int)
    assert judged(ordinary, zeros) == 1.0
    assert judged(np.r_[[[1e-7, 1 - 1e-7]], ordinary], np.r_[0, zeros]) == pytest.approx(6e-7, rel=1e-6)
    # A thousand rows that show a label of 1e-3 eight times: each is nothing, eight are too many (1 expected).
    sure = np.tile([1e-3, 1 - 1e-3], (1000, 1))
    assert judged(sure, np.r_[zeros[:8], zeros[8:] + 1]) < 1e-4
    assert judged(sure, np.r_[zeros[:1], zeros[1:] + 1]) > 0.5


def test_rows_that_could_not_be_as_surprising_do_not_count():
    # Six of forty sure rows are wrong; two thousand blunt ones have nothing to say to it.
    proba = np.r_[np.tile([1e-3, 1 - 1e-3], (40, 1)), np.tile([0.4, 0.6], (1960, 1))]
    y = np.repeat([0, 1], [6, 1994])
    assert judged(proba, y) == pytest.approx(6 * poisson.sf(4, 0.04), rel=1e-6)


def test_dependent_rows_are_judged_by_the_least_alone():
    sure = np.tile([1e-3, 1 - 1e-3], (1000, 1))
    y = np.repeat([0, 1], [8, 992])
    assert judged(sure, y, independent=False) == pytest.approx(1.0)
    assert judged(np.r_[[[1e-6, 1 - 1e-6]], sure], np.r_[0, y], independent=False) == pytest.approx(1e-6)


@pytest.mark.parametrize("k", [2, 5])
def test_counts_by_definition(k):
    rng = np.random.default_rng(k)
    proba, y = healthy(rng, 200, k)
    other = rng.dirichlet(np.ones(k), size=200)
    table = by_definition(proba)
    own = table[np.arange(200), y]
    counts = count_surprises(own, surprise_table(proba), other, 20)
    assert [count.observed for count in counts] == sorted({int((own <= t).sum()) for t in np.sort(own)[:20]} - {21})
    for count in counts:
        below = table <= count.threshold * (1 + 1e-9)
        assert count.observed == (own <= count.threshold * (1 + 1e-9)).sum() <= 20
        assert count.expected == pytest.approx((other * below).sum())
        assert count.p_value == pytest.approx(poisson.sf(count.observed - 1, count.expected), rel=1e-6)


def test_counts_of_copies_are_those_of_one():
    proba, y = healthy(np.random.default_rng(0), 100, 3)
    own, table = surprise_of_labels(proba, y), surprise_table(proba)
    one = count_surprises(own, table, proba, 10)
    rows = np.repeat(np.arange(100), 4)
    four = count_surprises(own[rows], table[rows], proba[rows], 40, copies=4.0)
    assert [count.observed for count in four] == [4 * count.observed for count in one]
    for a, b in zip(one, four, strict=True):
        assert b.p_value == pytest.approx(a.p_value, rel=1e-9)
