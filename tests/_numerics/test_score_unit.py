import numpy as np
import pytest

from sklearn_lossacc._numerics.score_unit import in_unit


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(5000, 3), (5000,)])
def test_usual_logits_are_left_alone(shape, dtype):
    logits = np.random.default_rng(0).normal(scale=30.0, size=shape).astype(dtype)
    same, unit = in_unit(logits)
    assert same is logits
    assert unit == 1.0


@pytest.mark.parametrize("scale", [2.0**-995, 2.0**-300, 2.0**50, 2.0**300, 2.0**1000])
@pytest.mark.parametrize("shape", [(5000, 3), (5000,)])
def test_nothing_is_rounded(scale, shape):
    logits = scale * np.random.default_rng(0).normal(size=shape)
    divided, unit = in_unit(logits)
    np.testing.assert_array_equal(divided * unit, logits)
    assert np.log2(unit).is_integer()
    assert 0.001 < np.median(np.abs(divided)) < 1000


def test_a_tenth_of_usual_rows_keeps_the_unit():
    logits = np.random.default_rng(0).normal(size=(1000, 2))
    for far in (1e200, 1e-200):
        most = np.where(np.arange(1000) % 8 > 0, far, 1.0)[:, None] * logits
        assert in_unit(most)[1] == 1.0


def test_rows_of_equal_logits_do_not_count():
    logits = np.zeros((1000, 2))
    assert in_unit(logits)[1] == 1.0
    logits[::50, 1] = 2.0**200
    assert in_unit(logits)[1] == 2.0**200


def test_the_largest_number():
    assert in_unit(np.array([[-np.finfo(float).max, 1.0]]))[1] == 2.0**1023


def test_a_masked_class_does_not_count():
    logits = np.random.default_rng(0).normal(size=(1000, 3))
    logits[:, 1] = -1e300
    assert in_unit(logits)[1] == 1.0


def test_a_few_far_logits_stay_numbers():
    logits = 1e-200 * np.random.default_rng(0).normal(size=(1000, 3))
    logits[:50, 0], logits[:, 2] = 1e300, -1e300
    divided, unit = in_unit(logits)
    assert unit < 1e-190
    assert np.isfinite(divided.max(axis=1) - divided.min(axis=1)).all()
    assert (divided.argsort(axis=1) == logits.argsort(axis=1)).all()
