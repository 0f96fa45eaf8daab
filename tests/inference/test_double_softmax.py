import numpy as np
import pytest
from scipy.special import expit, log_softmax, softmax

from sklearn_lossacc.inference.double_softmax import softmax_ahead, undo_softmax
from sklearn_lossacc.inference.null import NullModel


@pytest.mark.parametrize("k", [2, 3, 20])
def test_undoing_a_softmax_of_probabilities_gives_them_back(k):
    once = np.random.default_rng(k).dirichlet(np.full(k, 0.5), size=50)
    undone = undo_softmax(log_softmax(once, axis=1))
    np.testing.assert_allclose(undone, np.maximum(once, 2.22e-16), atol=1e-14)


def rows(n=1500, seed=0):
    rng = np.random.default_rng(seed)
    odds = rng.uniform(-0.9, 0.9, n)
    log_proba = log_softmax(np.column_stack([0 * odds, odds]), axis=1)
    return log_proba, (rng.random(n) < expit(4.0 * odds)).astype(int)


@pytest.mark.parametrize("scale", [1e-4, 9.0])
def test_the_scale_of_weights_does_not_matter(scale):
    log_proba, y = rows()
    weight = np.random.default_rng(1).uniform(0.5, 2.0, y.size)
    ahead = [softmax_ahead(NullModel(log_proba, y, factor * weight), log_proba) for factor in (1.0, scale)]
    assert ahead[1] == pytest.approx(ahead[0], rel=1e-5)


def test_copies_in_groups_count_once():
    log_proba, y = rows()
    copies = np.repeat(np.arange(y.size), 3)
    once = softmax_ahead(NullModel(log_proba, y, np.ones(y.size)), log_proba)
    thrice = softmax_ahead(NullModel(log_proba[copies], y[copies], np.ones(copies.size), copies), log_proba[copies])
    assert thrice == pytest.approx(once, rel=0.01)


def test_a_model_that_was_too_sure_and_labels_that_are_wrong_are_allowed_for():
    rng = np.random.default_rng(2)
    scores = 2.0 * rng.normal(size=(1500, 3))
    y = (scores + rng.gumbel(size=scores.shape)).argmax(axis=1)
    y = np.where(rng.random(y.size) < 0.1, rng.integers(3, size=y.size), y)
    twice = log_softmax(softmax(2.0 * scores, axis=1), axis=1)
    assert softmax_ahead(NullModel(twice, y, np.ones(y.size)), twice) > 20.0
