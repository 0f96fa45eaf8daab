import numpy as np
import pytest
from scipy.special import expit, log_softmax, softmax

from sklearn_lossacc.inference.double_softmax import share_to_edge, softmax_ahead, undo_sigmoid, undo_softmax
from sklearn_lossacc.inference.null import NullModel


@pytest.mark.parametrize("k", [2, 3, 20])
def test_undoing_a_softmax_of_probabilities_gives_them_back(k):
    once = np.random.default_rng(k).dirichlet(np.full(k, 0.5), size=50)
    undone = undo_softmax(log_softmax(once, axis=1))
    np.testing.assert_allclose(undone, np.maximum(once, 2.22e-16), atol=1e-14)


@pytest.mark.parametrize("column", [0, 1])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_undoing_a_sigmoid_of_probabilities_gives_them_back(column, dtype):
    once = np.random.default_rng(0).beta(0.3, 0.6, size=500)
    twice = expit(once).astype(dtype).astype(np.float64)
    undone = undo_sigmoid(np.log(np.column_stack([1 - twice, twice] if column else [twice, 1 - twice])))
    np.testing.assert_allclose(undone[:, column], np.clip(once, 2.3e-16, 1), atol=4 * float(np.finfo(dtype).eps))
    np.testing.assert_allclose(undone.sum(axis=1), 1)
    assert undone.min() > 0
    assert share_to_edge(undone) < 0.01


def test_a_sigmoid_cannot_be_undone_where_either_class_is_the_likelier_one_or_of_more_classes():
    assert undo_sigmoid(np.log([[0.4, 0.6], [0.52, 0.48]])) is None
    assert undo_sigmoid(np.log([[0.2, 0.3, 0.5]])) is None


def rows(n=1500, seed=0):
    rng = np.random.default_rng(seed)
    odds = rng.uniform(-0.9, 0.9, n)
    log_proba = log_softmax(np.column_stack([0 * odds, odds]), axis=1)
    return log_proba, (rng.random(n) < expit(4.0 * odds)).astype(int)


@pytest.mark.parametrize("scale", [1e-4, 9.0])
def test_the_scale_of_weights_does_not_matter(scale):
    log_proba, y = rows()
    weight = np.random.default_rng(1).uniform(0.5, 2.0, y.size)
    ahead = [
        softmax_ahead(NullModel(log_proba, y, factor * weight), log_proba, undo_softmax(log_proba))
        for factor in (1.0, scale)
    ]
    assert ahead[1] == pytest.approx(ahead[0], rel=1e-5)


def test_copies_in_groups_count_once():
    log_proba, y = rows()
    copies = np.repeat(np.arange(y.size), 3)
    once = softmax_ahead(NullModel(log_proba, y, np.ones(y.size)), log_proba, undo_softmax(log_proba))
    log_proba = log_proba[copies]
    null = NullModel(log_proba, y[copies], np.ones(copies.size), copies)
    thrice = softmax_ahead(null, log_proba, undo_softmax(log_proba))
    assert thrice == pytest.approx(once, rel=0.01)


def test_a_model_that_was_too_sure_and_labels_that_are_wrong_are_allowed_for():
    rng = np.random.default_rng(2)
    scores = 2.0 * rng.normal(size=(1500, 3))
    y = (scores + rng.gumbel(size=scores.shape)).argmax(axis=1)
    y = np.where(rng.random(y.size) < 0.1, rng.integers(3, size=y.size), y)
    twice = log_softmax(softmax(2.0 * scores, axis=1), axis=1)
    assert softmax_ahead(NullModel(twice, y, np.ones(y.size)), twice, undo_softmax(twice)) > 20.0
