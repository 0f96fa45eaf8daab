import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from sklearn_lossacc.inference.mixed_temperatures import mixed_temperatures


def drawn(n, k, seed, temperature, share):
    """Logits, and labels of which a share is drawn at a temperature of its own."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(scale=5.0, size=(n, k))
    chosen = rng.random(n) < share
    law = log_softmax(np.where(chosen[:, None], scores / temperature, scores), axis=1)
    return scores, (law + rng.gumbel(size=law.shape)).argmax(axis=1)


def test_two_temperatures_of_the_grid_are_found_with_their_share():
    scores, y = drawn(20_000, 6, 0, 4.0, 0.3)
    found = mixed_temperatures(scores, y, np.ones(len(y)))
    assert found.share == pytest.approx(0.3, abs=0.03)
    assert found.temperature == pytest.approx(4.0, abs=0.4)

    def lost(share):
        laws = [np.exp(log_softmax(scores / t, axis=1))[np.arange(len(y)), y] for t in (1.0, 4.0)]
        return -np.log((1 - share) * laws[0] + share * laws[1]).sum()

    two = minimize_scalar(lost, bounds=(0, 1))
    # Four more shares gain half a chi-square of four degrees of freedom at most: its 0.99 quantile.
    assert -two.fun <= found.log_likelihood <= -two.fun + 6.64


@pytest.mark.parametrize("temperature", [0.7, 1.0])
def test_rows_at_one_temperature_are_no_mixture(temperature):
    scores, y = drawn(20_000, 6, 1, temperature, 1.0)
    assert mixed_temperatures(scores, y, np.ones(len(y))).share < 0.03


def test_weights_are_copies_and_the_order_of_rows_and_classes_is_nothing():
    scores, y = drawn(400, 4, 2, 3.0, 0.4)
    weight = np.random.default_rng(3).integers(1, 4, len(y)).astype(float)
    found = mixed_temperatures(scores, y, weight)
    copies = np.repeat(np.arange(len(y)), weight.astype(int))[::-1]
    order = np.array([2, 0, 3, 1])
    others = (
        mixed_temperatures(scores[copies], y[copies], np.ones(len(copies))),
        mixed_temperatures(scores[:, order], np.argsort(order)[y], weight),
    )
    for other in others:
        assert other.log_likelihood == pytest.approx(found.log_likelihood, abs=1e-6)
        assert other.share == pytest.approx(found.share, abs=1e-4)
        assert other.temperature == pytest.approx(found.temperature, rel=1e-4)
