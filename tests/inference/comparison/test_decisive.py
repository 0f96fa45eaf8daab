import numpy as np
import pytest

from sklearn_lossacc.inference.comparison import decisive_units


def brute(sums):
    """Take away the most decisive, one after the other, until the sign is gone."""
    sign, rest = np.sign(sums.sum()), sorted(sums * np.sign(sums.sum()), reverse=True)
    assert sign
    gone = 0
    while rest and sum(rest) > 1e-12:
        rest, gone = rest[1:], gone + 1
    return gone


@pytest.mark.parametrize("seed", range(8))
def test_it_is_the_least_number_of_rows(seed):
    sums = np.random.default_rng(seed).standard_t(3, size=60) + 0.2
    found = decisive_units(sums, np.ones(60))
    assert found.n_decisive == brute(sums)
    left = found.left[found.n_decisive - 1]
    assert left * sums.sum() <= 0
    assert np.sign(found.left[found.n_decisive - 2]) == np.sign(sums.sum()) or found.n_decisive == 1


def test_what_is_left_is_the_mean_of_the_rest():
    sums, sizes = np.array([4.0, -1.0, 2.0, 1.0]), np.array([1.0, 1.0, 2.0, 1.0])
    found = decisive_units(sums, sizes)
    assert found.order.tolist() == [0, 2, 3, 1]
    np.testing.assert_allclose(found.left, [2.0 / 4, 0.0, -1.0, 0.0])
    assert found.n_decisive == 2


def test_it_is_the_same_with_the_models_exchanged():
    sums = np.random.default_rng(0).normal(0.3, 1.0, 50)
    one, other = decisive_units(sums, np.ones(50)), decisive_units(-sums, np.ones(50))
    assert one.n_decisive == other.n_decisive
    assert one.n_normal == pytest.approx(other.n_normal)
    np.testing.assert_array_equal(one.order, other.order)


def test_normal_differences_take_about_the_number_that_is_foretold():
    rng = np.random.default_rng(1)
    ratios = []
    for _ in range(40):
        sums = rng.normal(0.1, 1.0, 2000)
        found = decisive_units(sums, np.ones(2000))
        ratios.append(found.n_decisive / found.n_normal)
    assert 0.85 < np.median(ratios) < 1.2


def test_no_difference_has_no_decisive_row():
    found = decisive_units(np.zeros(20), np.ones(20))
    assert found.n_decisive is None
    assert not found.left.any()


def test_one_row_decides_alone():
    sums = np.full(400, -0.01)
    sums[7] = 30.0
    found = decisive_units(sums, np.ones(400))
    assert found.n_decisive == 1
    assert found.order[0] == 7
    assert found.n_normal > 4
