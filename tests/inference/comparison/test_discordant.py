import numpy as np
import pytest
from scipy.stats import binomtest

from sklearn_lossacc.inference.comparison import accuracy_difference, discordant_p_value


def changes(gained, lost, n):
    return np.r_[np.ones(gained), -np.ones(lost), np.zeros(n - gained - lost)]


def compare(change, weight=None, group=None, seed=0):
    weight = np.ones(len(change)) if weight is None else weight
    return accuracy_difference(change, weight, group, np.random.default_rng(seed))


@pytest.mark.parametrize(("gained", "lost"), [(0, 0), (1, 0), (6, 0), (12, 5), (5, 5), (300, 220)])
def test_it_is_mcnemars_exact_test(gained, lost):
    found = compare(changes(gained, lost, 1000))
    expected = binomtest(gained, gained + lost, 0.5).pvalue if gained + lost else 1.0
    assert found.p_value == pytest.approx(expected)
    assert found.value == pytest.approx((gained - lost) / 1000)


def test_the_interval_is_that_of_bonett_and_price():
    found = compare(changes(8, 2, 100))
    more, less = 9 / 102, 3 / 102
    half = 1.959964 * np.sqrt((more + less - (more - less) ** 2) / 102)
    assert [found.low, found.high] == pytest.approx([more - less - half, more - less + half], rel=1e-6)


def test_no_discordant_row_leaves_something_open():
    found = compare(np.zeros(50))
    assert found.p_value == 1.0
    assert found.low == pytest.approx(-found.high)
    assert 0.03 < found.high < 0.12


def test_weights_flip_signs():
    rng = np.random.default_rng(0)
    weight = rng.exponential(size=60)
    found = compare(changes(30, 10, 60), weight)
    assert "random signs" in found.method
    assert found.p_value < 0.05
    assert compare(-changes(30, 10, 60), weight).p_value == found.p_value


def test_copies_in_groups_are_one_draw():
    change = changes(12, 3, 80)
    alone, copies = compare(change), compare(np.repeat(change, 4), group=np.repeat(np.arange(80), 4))
    assert copies.p_value == pytest.approx(alone.p_value)
    assert copies.high - copies.low == pytest.approx(alone.high - alone.low, rel=0.03)
    naive = compare(np.repeat(change, 4))
    assert naive.high - naive.low < 0.6 * (alone.high - alone.low)


def test_too_few_groups_have_no_interval():
    found = compare(changes(12, 3, 45), group=np.arange(45) % 9)
    assert found.low is found.high is found.p_value is None


def test_many_unequal_moves_are_normal():
    rng = np.random.default_rng(1)
    moves = rng.exponential(size=5000) * rng.choice([-1.0, 1.0], 5000)
    p_value, method = discordant_p_value(moves, rng)
    assert "normal" in method
    assert 0 < p_value <= 1


@pytest.mark.slow
def test_the_interval_covers_for_few_rows():
    rng = np.random.default_rng(2)
    for n, gain, loss in ((30, 0.2, 0.05), (60, 0.05, 0.02), (200, 0.02, 0.01)):
        drawn = rng.choice([1.0, -1.0, 0.0], size=(2000, n), p=[gain, loss, 1 - gain - loss])
        found = [compare(change) for change in drawn]
        covered = np.mean([f.low <= gain - loss <= f.high for f in found])
        assert covered > 0.94


def test_limits_of_few_groups_of_unequal_size_hold_their_level():
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(10), [300, 200, 100, 8, 8, 8, 8, 8, 8, 8])
    missed = 0
    for _ in range(200):
        right = rng.random((2, len(group))) < rng.uniform(0.4, 0.8, (2, 10))[:, group]
        found = compare(right[1].astype(float) - right[0], group=group)
        missed += not found.low <= 0.0 <= found.high
    assert binomtest(missed, 200, 0.05, alternative="greater").pvalue > 0.001
