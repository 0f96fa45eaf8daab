"""Noise among the labels that a model does not rule out."""

import numpy as np
import pytest
from scipy.special import softmax

from sklearn_lossacc.inference.ruled_out import noise_among_possible

ZERO = -36.0


def votes(seed, n_rows=600, n_classes=4, n_votes=5):
    """Return votes for classes, as a nearest-neighbour model has them, and a label that is drawn from them."""
    rng = np.random.default_rng(seed)
    law = softmax(1.5 * rng.standard_normal((n_rows, n_classes)), axis=1)
    counts = np.array([rng.multinomial(n_votes, row) for row in law])
    y = np.array([rng.choice(n_classes, p=row) for row in counts / n_votes])
    with np.errstate(divide="ignore"):
        return np.log(counts / n_votes), y


@pytest.mark.simulation
def test_the_size_is_at_most_the_level_whatever_happens_to_the_labels_that_are_ruled_out():
    """200 samples of votes whose zeros are wrong in every fifth row: 0.05 and three standard errors are 0.096."""
    found = 0
    for seed in range(200):
        log_proba, y = votes(seed)
        rng = np.random.default_rng([seed, 1])
        wrong = rng.random(len(y)) < 0.2
        ruled_out = np.isneginf(log_proba)
        wrong &= ruled_out.any(axis=1)
        y[wrong] = ruled_out[wrong].argmax(axis=1)
        found += noise_among_possible(log_proba, y, np.ones(len(y)), np.zeros(4), ZERO) <= 0.05
    assert found / 200 <= 0.096


def test_noise_is_found_among_the_others():
    rng = np.random.default_rng(0)
    log_proba = 2.0 * rng.standard_normal((2000, 5))
    log_proba -= np.logaddexp.reduce(log_proba, axis=1)[:, None]
    y = (np.exp(log_proba).cumsum(axis=1) < rng.random((2000, 1))).sum(axis=1).clip(max=4)
    log_proba[log_proba < -8] = -np.inf
    wrong = rng.random(2000) < 0.1
    y[wrong] = rng.integers(0, 5, wrong.sum())
    weight = np.ones(2000)
    found = noise_among_possible(log_proba, y, weight, np.zeros(5), ZERO)
    assert found < 1e-6
    order = rng.permutation(2000)
    again = noise_among_possible(log_proba[order], y[order], weight, np.zeros(5), ZERO)
    assert again == pytest.approx(found, rel=1e-3)
    columns = rng.permutation(5)
    renamed = noise_among_possible(log_proba[:, columns], np.argsort(columns)[y], weight, np.zeros(5), ZERO)
    assert renamed == pytest.approx(found, rel=1e-3)
    twice = noise_among_possible(log_proba.repeat(2, axis=0), y.repeat(2), np.ones(4000), np.zeros(5), ZERO, 0.5)
    assert twice == pytest.approx(found, rel=1e-3)
    assert noise_among_possible(log_proba, y, 2 * weight, np.zeros(5), ZERO, 0.5) == pytest.approx(found, rel=1e-3)


def test_rows_of_one_possible_class_tell_nothing():
    with np.errstate(divide="ignore"):
        log_proba = np.log(np.array([[1.0, 0.0], [0.0, 1.0]]))
    assert noise_among_possible(log_proba, np.array([0, 0]), np.ones(2), np.zeros(2), ZERO) == 1.0
