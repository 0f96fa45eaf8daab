import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import log_softmax

from sklearn_lossacc.inference.class_factors import ClassFactors


def drawn(n, k, seed, factor, share=0.0):
    """Log probabilities, and labels of the classes at a factor each, of which a share is drawn at random."""
    rng = np.random.default_rng(seed)
    scores = log_softmax(rng.normal(scale=3.0, size=(n, k)), axis=1)
    law = log_softmax(scores * factor, axis=1)
    y = (law + rng.gumbel(size=law.shape)).argmax(axis=1)
    return scores, np.where(rng.random(n) < share, rng.integers(0, k, n), y)


def of_both(scores, y, start):
    """Maximise the log likelihood of factors, offsets and a share of labels drawn at random by a general search."""
    k, rows = scores.shape[1], np.arange(len(y))

    def lost(theta):
        share = 1.0 / (1.0 + np.exp(-theta[-1]))
        q = np.exp(log_softmax(scores * theta[:k] + theta[k : 2 * k], axis=1))[rows, y]
        return -np.log((1.0 - share) * q + share / k).sum()

    return -minimize(lost, np.r_[np.ones(k), np.zeros(k), start], method="BFGS").fun


def test_the_likelihood_is_that_of_a_general_search():
    scores, y = drawn(500, 3, 0, [0.5, 1.0, 1.6])
    found = ClassFactors(scores, y, np.ones(500))
    assert found.log_likelihood == pytest.approx(of_both(scores, y, -40.0), abs=0.01)


@pytest.mark.parametrize("share", [0.05, 0.2])
def test_a_share_of_random_labels_beside_them_is_found(share):
    scores, y = drawn(1500, 4, 1, [0.6, 1.0, 1.2, 1.5], share)
    found = ClassFactors(scores, y, np.ones(1500))
    assert found.beside_floor(np.full(1500, share)) == pytest.approx(of_both(scores, y, np.log(share)), abs=0.05)


def test_where_no_label_is_random_a_share_gains_nothing():
    scores, y = drawn(4000, 4, 2, [0.6, 1.0, 1.2, 1.5])
    found = ClassFactors(scores, y, np.ones(4000))
    assert 0.0 <= found.beside_floor(np.full(4000, 0.1)) - found.log_likelihood < 3.0


def test_weights_are_copies_and_the_order_of_rows_and_classes_is_nothing():
    scores, y = drawn(400, 4, 3, [0.6, 1.0, 1.2, 1.5], 0.1)
    weight = np.random.default_rng(3).integers(1, 4, len(y)).astype(float)
    copies = np.repeat(np.arange(len(y)), weight.astype(int))[::-1]
    order = np.array([2, 0, 3, 1])
    one = ClassFactors(scores, y, weight)
    for other, size in (
        (ClassFactors(scores[copies], y[copies], np.ones(len(copies))), len(copies)),
        (ClassFactors(scores[:, order], np.argsort(order)[y], weight), len(y)),
    ):
        assert other.log_likelihood == pytest.approx(one.log_likelihood, abs=1e-6)
        assert other.beside_floor(np.full(size, 0.1)) == pytest.approx(one.beside_floor(np.full(len(y), 0.1)), abs=0.01)


def test_other_rows_are_mapped_likewise():
    scores, y = drawn(3000, 3, 4, [0.5, 1.0, 1.6])
    found = ClassFactors(scores, y, np.ones(3000))
    new, _ = drawn(200, 3, 5, [0.5, 1.0, 1.6])
    mapped = found.applied(new)
    np.testing.assert_allclose(np.exp(mapped).sum(axis=1), 1.0)
    expected = np.exp(log_softmax(new * [0.5, 1.0, 1.6], axis=1))
    assert np.abs(np.exp(mapped) - expected).max() < 0.05
