import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression

from sklearn_lossacc.inference.history import find_turn, isotonic_mean


def test_isotonic_mean_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    for size in (1, 2, 7, 60):
        values = rng.normal(size=size).cumsum()
        expected = IsotonicRegression().fit_transform(np.arange(size), values)
        np.testing.assert_allclose(isotonic_mean(values), expected, atol=1e-12)


def brute_force(values):
    """Try every split with scikit-learn's isotonic regression."""
    best = (np.inf, None)
    for split in range(len(values) + 1):
        falling = IsotonicRegression(increasing=False).fit_transform(np.arange(split), values[:split]) if split else []
        rest = len(values) - split
        rising = IsotonicRegression().fit_transform(np.arange(rest), values[split:]) if rest else []
        fitted = np.concatenate([falling, rising])
        best = min(best, (float(np.sum((values - fitted) ** 2)), tuple(fitted)))
    return best


@pytest.mark.parametrize("seed", range(8))
def test_the_fit_is_the_best_of_all_splits(seed):
    rng = np.random.default_rng(seed)
    time = np.arange(14)
    values = (time - rng.integers(0, 14)) ** 2 / 30 + rng.normal(size=14)
    error, _ = brute_force(values)
    turn = find_turn(values)
    assert np.sum((values - turn.fitted) ** 2) == pytest.approx(error, abs=1e-9)
    low = int(np.argmin(turn.fitted))
    assert (np.diff(turn.fitted[: low + 1]) <= 1e-12).all()
    assert (np.diff(turn.fitted[low:]) >= -1e-12).all()


def test_the_turn_is_where_the_lowest_stretch_is_lowest():
    assert find_turn(np.array([3.0, 1.0, 1.2, 0.9, 4.0, 5.0])).index == 3
    assert find_turn(np.array([5.0, 4.0, 3.0])).index == 2
    assert find_turn(np.array([1.0, 2.0, 3.0])).index == 0
    assert find_turn(np.array([7.0])).index == 0


def test_the_turn_survives_noise_and_one_lucky_epoch():
    rng = np.random.default_rng(5)
    time = np.arange(60)
    values = 0.5 + np.abs(time - 20) / 40 + 0.01 * rng.normal(size=60)
    values[50] = 0.3  # one lucky epoch, far from the turn
    assert abs(find_turn(values).index - 20) <= 4
