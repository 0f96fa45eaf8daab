import numpy as np
import pytest

from sklearn_lossacc._numerics.log_odds import LARGEST, log_odds


@pytest.mark.parametrize("k", [2, 3, 20])
def test_log_odds_are_those_of_the_probabilities(k):
    P = np.random.default_rng(0).dirichlet(np.ones(k), size=50)
    expected = np.log(P) - np.log1p(-P)
    np.testing.assert_allclose(log_odds(P, logits=False), expected, rtol=1e-10)
    np.testing.assert_allclose(log_odds(np.log(P) + 5, logits=True), expected, rtol=1e-9)


def test_probability_near_one_keeps_its_digits():
    z = np.array([[0.0, 50.0, 1.0]])
    np.testing.assert_allclose(log_odds(z, logits=True)[0, 1], 50 - np.log(1 + np.e), rtol=1e-14)


def test_zeros_and_huge_logits_are_finite():
    np.testing.assert_allclose(
        np.exp(-log_odds(np.array([[0.0, 1.0, 0.0]]), logits=False)[0, 1]), 2 * 2.22e-16, rtol=1e-2
    )
    far = log_odds(np.array([[0.0, 1e6, 0.0]]), logits=True)
    np.testing.assert_array_equal(far, [[-LARGEST, LARGEST, -LARGEST]])


def test_one_column_belongs_to_the_second_class():
    np.testing.assert_allclose(log_odds(np.array([0.75]), logits=False), [[-np.log(3), np.log(3)]])
    np.testing.assert_allclose(log_odds(np.array([2.0]), logits=True), [[-2.0, 2.0]])
