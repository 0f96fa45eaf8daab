import numpy as np
import pytest

from sklearn_lossacc._numerics.lookup import _coarse_keys, in_order


@pytest.mark.parametrize("scale", [1e-300, 1.0, 1e50])
def test_equal_to_the_search_itself(scale):
    rng = np.random.default_rng(0)
    knots = scale * np.sort(rng.normal(size=50))
    x = scale * rng.normal(size=1000)
    x[::7] = x[0]
    np.testing.assert_array_equal(in_order(lambda values: np.searchsorted(knots, values), x), np.searchsorted(knots, x))
    assert in_order(lambda values: values, np.empty(0)).shape == (0,)


def test_keys_rise_with_the_values_and_tell_them_apart_to_one_part_in_128():
    halves = np.geomspace(1e-30, 1e30, 20_000)  # one part in 144 apart
    x = np.concatenate([[-1e60, -np.inf], -halves[::-1], [0.0, 1e-60], halves, [1e60, np.inf]])
    keys = _coarse_keys(np.sort(x))
    assert (keys[1:] >= keys[:-1]).all()
    assert len(np.unique(keys)) > 0.75 * len(x)
