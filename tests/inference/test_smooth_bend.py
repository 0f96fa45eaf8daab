import numpy as np
import pytest
from scipy.special import expit

from sklearn_lossacc.inference.smooth_bend import bent, smooth_bend


def wave(n, seed=0):
    rng = np.random.default_rng(seed)
    odds = 1.5 * rng.normal(size=n)
    return expit(odds), rng.random(n) < expit(odds + 0.8 * np.sin(3.0 * odds))


def test_many_rows_show_the_shift_itself():
    level, shift = smooth_bend(*wave(400_000), np.ones(400_000))
    inner = np.abs(level) < 2.0
    assert inner.sum() > 40
    np.testing.assert_allclose(shift[inner], 0.8 * np.sin(3.0 * level[inner]), atol=0.15)


def test_calibrated_rows_are_hardly_moved():
    rng = np.random.default_rng(1)
    p = expit(1.5 * rng.normal(size=4000))
    level, shift = smooth_bend(p, rng.random(4000) < p, np.ones(4000))
    assert np.abs(bent(p, level, shift) - p).max() < 0.03


def test_weights_are_copies_for_the_shift_that_is_most_likely():
    p, hit = wave(20_000)
    level, shift = smooth_bend(p, hit, np.ones(20_000))
    scaled, same = smooth_bend(p, hit, np.full(20_000, 7.0))
    np.testing.assert_allclose(scaled, level)
    np.testing.assert_allclose(same, shift, atol=1e-9)


def test_order_of_rows_and_ties():
    p, hit = wave(3000)
    p = np.round(p, 1).clip(0.05, 0.95)
    rows = np.random.default_rng(0).permutation(3000)
    for one, other in zip(
        smooth_bend(p, hit, np.ones(3000)), smooth_bend(p[rows], hit[rows], np.ones(3000)), strict=True
    ):
        np.testing.assert_allclose(one, other, atol=1e-9)


@pytest.mark.parametrize(
    "p", [np.full(50, 0.5), np.r_[np.zeros(20), np.ones(20)], np.r_[np.zeros(9), np.full(90, 0.3)], np.full(3, 1e-9)]
)
def test_rows_that_tell_no_shape_are_left_alone_or_shifted_alike(p):
    level, shift = smooth_bend(p, np.arange(p.size) % 2 == 0, np.ones(p.size))
    moved = bent(p, level, shift)
    assert np.isfinite(moved).all()
    assert np.ptp(moved[p == p[0]]) < 1e-12
    if not level.size:
        np.testing.assert_array_equal(moved, p)
