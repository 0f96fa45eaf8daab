import numpy as np
import pytest
from scipy.special import log_softmax

from sklearn_lossacc._numerics.temperature import solve_temperature
from sklearn_lossacc.inference.null import NullModel
from sklearn_lossacc.inference.temperature_error import log_temperature_error


def drawn(seed, n=400, temperature=2.0):
    rng = np.random.default_rng(seed)
    scores = 2.0 * rng.normal(size=(n, 3))
    y = (scores + rng.gumbel(size=scores.shape)).argmax(axis=1)
    return log_softmax(temperature * scores, axis=1), y


def error_of(log_proba, y, weight=None, group=None):
    weight = np.ones(len(y)) if weight is None else weight
    null = NullModel(log_proba, y, weight, group)
    fit = solve_temperature(log_proba, y, weight)
    return log_temperature_error(null, log_proba, fit), fit


def test_it_is_the_spread_of_the_temperature():
    found = [error_of(*drawn(seed)) for seed in range(300)]
    spread = np.std([np.log(fit.beta) for _, fit in found])
    assert np.mean([error for error, _ in found]) == pytest.approx(spread, rel=0.12)


def test_copies_in_groups_are_one_row():
    log_proba, y = drawn(0)
    three = np.repeat(np.arange(400), 3)
    alone = error_of(log_proba, y)[0]
    # but for the factor n / (n - 1) of the variance between groups
    assert error_of(log_proba[three], y[three], group=three)[0] == pytest.approx(alone * np.sqrt(400 / 399), rel=1e-6)
    assert error_of(log_proba[three], y[three])[0] == pytest.approx(alone / np.sqrt(3), rel=0.01)


def test_weights_have_no_unit():
    log_proba, y = drawn(1)
    weight = np.random.default_rng(0).uniform(0.5, 2.0, 400)
    assert error_of(log_proba, y, 1e-6 * weight)[0] == pytest.approx(error_of(log_proba, y, weight)[0], rel=1e-6)
