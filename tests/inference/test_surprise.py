import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import binom

from sklearn_lossacc.inference.surprise import surprise_of_labels, surprise_table, too_many_surprises


def by_definition(proba):
    return np.array([[row[row <= row[j] * (1 + 1e-9)].sum() for j in range(row.size)] for row in proba])


def healthy(rng, n, k, scale=2.0):
    scores = scale * rng.normal(size=(n, k))
    return softmax(scores, axis=1), (scores + rng.gumbel(size=(n, k))).argmax(axis=1)


@pytest.mark.parametrize("k", [2, 3, 17])
def test_table_by_definition(k):
    proba = np.random.default_rng(k).dirichlet(np.full(k, 0.5), size=50)
    np.testing.assert_allclose(surprise_table(proba), by_definition(proba), rtol=1e-12)


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


def test_labels_pick_from_the_table():
    rng = np.random.default_rng(0)
    proba = rng.dirichlet([0.5] * 6, size=200)
    y = rng.integers(6, size=200)
    np.testing.assert_allclose(surprise_of_labels(proba, y), surprise_table(proba)[np.arange(200), y], rtol=1e-12)


def test_super_uniform_on_a_healthy_model():
    surprise = surprise_of_labels(*healthy(np.random.default_rng(0), 20_000, 6))
    for level in (0.001, 0.01, 0.05, 0.3):
        assert binom.sf((surprise <= level).sum() - 1, 20_000, level) > 1e-4


@pytest.mark.parametrize("n", [1, 3, 40, 500])
@pytest.mark.parametrize("discrete", [False, True])
def test_size_of_too_many_surprises(n, discrete):
    rng = np.random.default_rng(n)
    p = []
    for _ in range(2000):
        surprise = surprise_of_labels(*healthy(rng, n, 3)) if discrete else rng.random(n)
        p.append(too_many_surprises(surprise))
    for level in (0.05 / 12, 0.01, 0.05, 0.2):
        assert binom.sf((np.array(p) <= level).sum() - 1, 2000, level) > 1e-4


def test_one_impossible_row_and_many_unlikely_ones():
    ordinary = np.full(1000, 0.5)
    assert too_many_surprises(ordinary) == 1.0
    assert too_many_surprises(np.r_[1e-7, ordinary]) == pytest.approx(5 * 1001 * 1e-7, rel=1e-3)
    # Eight rows of surprise 1e-3 among a thousand: each is nothing, eight are too many (1 expected).
    several = np.r_[np.full(8, 1e-3), ordinary[8:]]
    assert too_many_surprises(several) < 1e-4
    assert too_many_surprises(several[7:]) > 0.5


def test_dependent_rows_are_judged_by_the_least_alone():
    several = np.r_[np.full(8, 1e-3), np.full(992, 0.5)]
    assert too_many_surprises(several, independent=False) == pytest.approx(1.0)
    assert too_many_surprises(np.r_[1e-6, several], independent=False) == pytest.approx(1001e-6)
