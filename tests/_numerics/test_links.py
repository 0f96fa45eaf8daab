"""Softmax and its logarithm: exact where they can be, finite always."""

import math

import numpy as np
import pytest
from scipy import special

from sklearn_lossacc._numerics.links import LOSS_CLIP, log_softmax, softmax, softmax_pair


def test_the_clip_is_the_epsilon_of_float64():
    assert np.finfo(np.float64).eps == LOSS_CLIP
    assert round(-math.log(LOSS_CLIP), 2) == 36.04


@pytest.mark.parametrize("shape", [(5, 2), (5, 3), (4, 10), (3, 40), (2, 5000)])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_agrees_with_scipy(shape, axis):
    z = np.random.default_rng(0).normal(scale=20, size=shape)
    np.testing.assert_allclose(log_softmax(z, axis), special.log_softmax(z, axis=axis), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(softmax(z, axis), special.softmax(z, axis=axis), rtol=1e-12)
    proba, log_proba = softmax_pair(z, axis)
    np.testing.assert_allclose(proba, softmax(z, axis), rtol=1e-14)
    np.testing.assert_allclose(log_proba, log_softmax(z, axis), rtol=1e-14, atol=1e-14)


def test_three_axes():
    z = np.random.default_rng(0).normal(size=(2, 3, 4))
    np.testing.assert_allclose(softmax(z, axis=2).sum(axis=2), 1)
    np.testing.assert_allclose(softmax(z).sum(axis=1), 1)


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        (np.float16, np.float32),
        (np.float32, np.float32),
        (np.float64, np.float64),
        (np.int8, np.float64),
        (np.longdouble, np.float64),
    ],
)
@pytest.mark.parametrize("function", [softmax, log_softmax, lambda z: softmax_pair(z)[0], lambda z: softmax_pair(z)[1]])
def test_dtypes(function, dtype, expected):
    z = np.array([[1, 2, 3]], dtype=dtype)
    result = function(z)
    assert result.dtype == expected
    assert z.tolist() == [[1, 2, 3]]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_large_logits_stay_finite(dtype):
    top = np.finfo(dtype).max / 4
    z = np.array([[top, -top, 0]], dtype=dtype)
    proba, log_proba = softmax_pair(z)
    assert np.isfinite(log_proba).all()
    assert proba.tolist() == [[1, 0, 0]]
    assert log_proba[0, 0] == 0


def test_a_shift_changes_nothing():
    z = np.random.default_rng(1).normal(size=(6, 4))
    np.testing.assert_allclose(log_softmax(z + 1000), log_softmax(z), atol=1e-12)
