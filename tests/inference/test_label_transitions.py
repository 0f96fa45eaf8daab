import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from sklearn_lossacc.inference.label_transitions import transitions_reach


def drawn(n, k, seed, transitions):
    """Probabilities, and labels given by a matrix of transitions."""
    rng = np.random.default_rng(seed)
    proba = softmax(rng.normal(scale=3.0, size=(n, k)), axis=1)
    law = proba @ transitions
    return proba, (law.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1)


def log_likelihood(proba, y, transitions, weight=1.0):
    return float((weight * np.log((proba @ transitions)[np.arange(len(y)), y])).sum())


UNEVEN = np.array([[0.8, 0.2, 0.0], [0.0, 1.0, 0.0], [0.1, 0.1, 0.8]])
EXCHANGED = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])


@pytest.mark.parametrize("transitions", [UNEVEN, EXCHANGED, np.full((3, 3), 0.05) + 0.85 * np.eye(3)])
def test_it_climbs_as_far_as_a_general_search_and_not_further(transitions):
    proba, y = drawn(800, 3, 0, transitions)

    def lost(theta):
        return -log_likelihood(proba, y, np.exp(log_softmax(theta.reshape(3, 3), axis=1)))

    best = -minimize(lost, np.log(transitions + 0.01).ravel(), method="BFGS").fun
    assert transitions_reach(proba, y, np.ones(800), best - 0.1)
    assert not transitions_reach(proba, y, np.ones(800), best + 0.1)


def test_the_true_matrix_is_reached_whatever_the_order_of_the_rows_and_the_weights():
    proba, y = drawn(500, 3, 1, UNEVEN)
    weight = np.random.default_rng(1).integers(0, 4, 500).astype(float)
    wanted = log_likelihood(proba, y, UNEVEN, weight)
    order = np.random.default_rng(2).permutation(500)
    copies = np.repeat(np.arange(500), weight.astype(int))
    assert transitions_reach(proba, y, weight, wanted)
    assert transitions_reach(proba[order], y[order], weight[order], wanted)
    assert transitions_reach(proba[copies], y[copies], np.ones(len(copies)), wanted)


def test_classes_without_labels_or_probability_do_no_harm():
    proba = np.array([[0.7, 0.3, 0.0], [0.4, 0.6, 0.0]])
    assert transitions_reach(proba, np.array([0, 1]), np.ones(2), np.log(0.7) + np.log(0.6) - 0.01)
    assert not transitions_reach(proba, np.array([0, 0]), np.ones(2), 0.1)
