import numpy as np
import pytest
from scipy.special import log_softmax

from sklearn_lossacc.inference.common_bend import bent_loss, common_bend


def planted(bend, n, k, seed=0):
    rng = np.random.default_rng(seed)
    proba = np.exp(log_softmax(2.0 * rng.normal(size=(n, k)), axis=1))
    scores = np.log(proba) + sum(b * part for b, part in zip(bend, parts(proba), strict=True))
    return proba, (scores + rng.gumbel(size=scores.shape)).argmax(axis=1)


def parts(proba):
    return [np.log(proba), proba**0.25, proba**0.5, proba**0.75]


def test_no_bend_changes_nothing():
    proba, y = planted(np.zeros(4), 50, 3)
    np.testing.assert_allclose(bent_loss(proba, y, np.zeros(4)), -np.log(proba[np.arange(50), y]))


def test_loss_by_definition():
    bend = np.array([0.3, -1.0, 2.0, 0.5])
    proba, y = planted(bend, 40, 4)
    scores = np.log(proba) + sum(b * part for b, part in zip(bend, parts(proba), strict=True))
    np.testing.assert_allclose(bent_loss(proba, y, bend), -log_softmax(scores, axis=1)[np.arange(40), y])


@pytest.mark.parametrize("k", [2, 5])
def test_fit_comes_as_near_as_the_number_of_its_parameters_allows(k):
    bend = np.array([-0.4, 3.0, -2.0, 1.0])
    proba, y = planted(bend, 20_000, k)
    fitted = common_bend(proba, y, np.ones(len(y)))
    # Twice the difference of the likelihoods is about chi-square with as many degrees of freedom.
    excess = 2.0 * (bent_loss(proba, y, bend) - bent_loss(proba, y, fitted)).sum()
    assert -0.5 < excess < 20.0


def test_weights_are_repetitions():
    proba, y = planted(np.array([0.5, 0.0, 0.0, 0.0]), 300, 3)
    times = np.arange(300) % 3
    repeated = common_bend(np.repeat(proba, times, axis=0), np.repeat(y, times), np.ones(times.sum()))
    np.testing.assert_allclose(common_bend(proba, y, times.astype(float)), repeated, rtol=1e-6, atol=1e-6)


def test_impossible_labels_are_no_trouble():
    proba = np.eye(3)[np.arange(30) % 3]
    bend = common_bend(proba, (np.arange(30) + (np.arange(30) < 5)) % 3, np.ones(30))
    assert np.isfinite(bend).all()
    assert np.isfinite(bent_loss(proba, np.arange(30) % 3, bend)).all()
