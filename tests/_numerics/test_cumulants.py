"""Cumulants of rows: by both ways, against those of known laws and against long arithmetic."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.special import comb

from sklearn_lossacc._numerics.cumulants import column_cumulants, cumulants_of_moments, row_moments


def by_rows(scores, mass):
    """Cumulants by moments about 0."""
    total, moments = row_moments(scores.copy(), mass.copy())
    return total, *cumulants_of_moments(moments)


def exact(scores, mass):
    """Cumulants of one row by the recursion over moments, in fractions."""
    scores, mass = [Fraction(float(s)) for s in scores], [Fraction(float(m)) for m in mass]
    total = sum(mass)
    moments = [sum(m * s**r for m, s in zip(mass, scores, strict=True)) / total for r in range(6)]
    found = []
    for r in range(1, 6):
        rest = sum(int(comb(r - 1, j - 1, exact=True)) * found[j - 1] * moments[r - j] for j in range(1, r))
        found.append(moments[r] - rest)
    return [float(value) for value in found]


@pytest.mark.parametrize("k", [2, 3, 100])
def test_both_ways_agree_with_fractions(k):
    rng = np.random.default_rng(k)
    scores = -rng.exponential(3.0, size=(4, k))
    mass = np.exp(0.7 * scores)
    total, *rows = by_rows(scores, mass)
    column_total, mean, higher = column_cumulants(scores.T.copy(), mass.T.copy())
    want = np.array([exact(*pair) for pair in zip(scores, mass, strict=True)]).T
    np.testing.assert_allclose(total, mass.sum(axis=1), rtol=1e-13)
    np.testing.assert_allclose(column_total, total, rtol=1e-13)
    size = np.stack([(mass * np.abs(scores) ** r).sum(axis=1) / total for r in range(1, 6)])  # what may cancel
    assert (np.abs(rows - want) <= 1e-13 * size).all()
    assert (np.abs([mean, *higher] - want) <= 1e-13 * size).all()


def test_a_fair_coin():
    """Sides 0 and 1: cumulants 1/2, 1/4, 0, -1/8, 0."""
    _, *found = by_rows(np.array([[0.0, 1.0]]), np.array([[3.0, 3.0]]))
    np.testing.assert_allclose(np.ravel(found), [0.5, 0.25, 0, -0.125, 0], atol=1e-15)


def test_scores_that_are_all_equal_have_no_variance():
    _, mean, *higher = by_rows(np.full((1, 8), -2.0), np.full((1, 8), 0.125))
    assert mean[0] == -2.0
    assert np.ravel(higher).tolist() == [0, 0, 0, 0]


def test_float32_errs_by_a_small_part_of_the_squared_mean():
    rng = np.random.default_rng(0)
    scores = rng.normal(-7.0, 0.1, size=(2000, 100))
    want = by_rows(scores, np.ones_like(scores))[2]
    found = by_rows(scores.astype(np.float32), np.ones(scores.shape, dtype=np.float32))[2]
    assert np.abs(found - want).max() < 1e-6 * 49
    assert abs(found.mean(dtype=np.float64) - want.mean()) < 1e-7 * 49


def test_powers_that_overflow_are_not_finite_and_make_no_noise():
    scores = np.array([[0.0, -1e15]], dtype=np.float32)
    _, _, variance, *rest = by_rows(scores, np.ones_like(scores))
    assert np.isfinite(variance[0])
    assert not np.isfinite(np.ravel(rest)).all()
