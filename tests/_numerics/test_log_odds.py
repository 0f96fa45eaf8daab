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
    far = log_odds(np.array([[-1e308, 1e308, -1e308]]), logits=True)
    np.testing.assert_array_equal(far, [[-LARGEST, LARGEST, -LARGEST]])
    tiny = log_odds(np.array([[5e-324, 1.0, 0.0]]), logits=False)
    np.testing.assert_allclose(tiny, np.log(5e-324) * np.array([[1, -1, 1]]), rtol=0.01)


def test_zero_counts_for_no_more_than_another_probability_of_its_row():
    np.testing.assert_array_equal(
        log_odds(np.array([[0.0, 1e-20, 1.0]]), logits=False), log_odds(np.array([[1e-20, 1e-20, 1.0]]), logits=False)
    )


def test_logits_beyond_what_exponentials_hold_keep_their_distances():
    z = np.array([[0.0, 3000.0, 1000.0, 3000.0], [0.0, 5.0, 9000.0, 5.0]])
    expected = [[-3000 - np.log(2), 0, -2000 - np.log(2), 0], [-9000, -8995, 9000 - np.log(1 + 2 * np.exp(5)), -8995]]
    np.testing.assert_allclose(log_odds(z, logits=True), expected, rtol=1e-13, atol=1e-13)


def test_one_column_belongs_to_the_second_class():
    np.testing.assert_allclose(log_odds(np.array([0.75]), logits=False), [[-np.log(3), np.log(3)]])
    np.testing.assert_allclose(log_odds(np.array([2.0]), logits=True), [[-2.0, 2.0]])
