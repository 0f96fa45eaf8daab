import numpy as np
import pytest
from scipy.special import log_softmax

from sklearn_lossacc._numerics.mixture import MixtureFit, mixture_proba
from sklearn_lossacc.inference.extremes import RANKS, count_extremes, extreme_p_value, largest_chance
from sklearn_lossacc.inference.null import NullModel
from sklearn_lossacc.inference.surprise import surprise_table

AS_GIVEN = MixtureFit(1.0, np.zeros(3), 0.0, 0.0, True)


def sample(n=2000, k=3, scale=3.0, noise=0.0, seed=0):
    rng = np.random.default_rng(seed)
    log_proba = log_softmax(scale * rng.standard_normal((n, k)), axis=1)
    y = (log_proba + rng.gumbel(size=(n, k))).argmax(axis=1)
    y = np.where(rng.random(n) < noise, rng.integers(0, k, n), y)
    return NullModel(log_proba, y, np.ones(n))


@pytest.mark.parametrize("n_rows", [1000, 10**7])
def test_the_gate_has_its_size(n_rows):
    # The most that the null allows: surprises are uniform. Order statistics of n uniforms, from exponential spacings.
    rng = np.random.default_rng(0)
    smallest = rng.exponential(size=(4000, 1000)).cumsum(axis=1) / n_rows
    p_values = np.array([extreme_p_value(row, n_rows) for row in np.minimum(smallest, 1.0)])
    for alpha in (0.05, 0.01):
        assert np.mean(p_values <= alpha) <= alpha


def test_of_copies_the_smallest_alone_is_judged():
    smallest = np.full(5, 1e-3)
    assert extreme_p_value(smallest, 100, independent=False) == pytest.approx(0.1)
    assert extreme_p_value(np.full(5, 1e-2), 100, independent=False) == 1.0
    # Five of 0.1 expected rows are impossible if they are five: 0.1^5 / 5! at most.
    assert extreme_p_value(smallest, 100) == pytest.approx(RANKS.size * 0.1**5 / 120, rel=0.1)


def test_no_rows_show_nothing():
    assert extreme_p_value(np.empty(0), 0) == 1.0


@pytest.mark.parametrize("beta", [0.3, 0.7, 1.0, 1.5, 3.0])
@pytest.mark.parametrize("height", [0.0, 1.0])
def test_no_label_is_likelier_than_the_largest_chance(beta, height):
    rng = np.random.default_rng(1)
    log_proba = log_softmax(rng.exponential(4.0, (300, 1)) * rng.standard_normal((300, 7)), axis=1)
    bias = np.r_[height, np.zeros(6)]
    proba = np.exp(log_proba)
    model = mixture_proba(log_proba, beta, bias, 0.0)
    table = surprise_table(proba)
    chance = np.stack([np.vecdot(model, proba <= column[:, None] * (1 + 1e-9)) for column in proba.T], axis=1)
    most = largest_chance(table, MixtureFit(beta, bias, 0.0, 0.0, True))
    assert (chance <= most * (1 + 1e-9)).all()


def test_planted_rows_are_counted():
    null = sample()
    smallest = np.r_[np.full(20, 1e-9), np.arange(1, 981) / 10**6]
    found = count_extremes(smallest, 10**6, null, null.log_proba, np.arange(2000), AS_GIVEN)
    # The 21st is expected once among a million rows.
    assert 20 <= found.observed <= 21
    assert found.expected <= 0.05 * found.observed
    assert found.p_value < 1e-20


def test_what_a_temperature_predicts_is_no_outlier():
    null = sample()
    hot = MixtureFit(0.5, np.zeros(3), 0.0, 0.0, True)
    smallest = (np.arange(1, 1001) / 10**6) ** 2  # as twice the temperature makes them
    assert count_extremes(smallest, 10**6, null, null.log_proba, np.arange(2000), hot).observed == 0
    assert count_extremes(smallest, 10**6, null, null.log_proba, np.arange(2000), AS_GIVEN).observed > 0


def test_what_the_sampled_rows_predict_as_noise_is_no_outlier():
    smallest = np.r_[np.full(20, 1e-5), np.arange(1, 981) / 10**5]
    clean, noisy = sample(), sample(noise=0.02)
    assert count_extremes(smallest, 20_000, clean, clean.log_proba, np.arange(2000), AS_GIVEN).observed >= 20
    assert count_extremes(smallest, 20_000, noisy, noisy.log_proba, np.arange(2000), AS_GIVEN).observed == 0


def test_so_many_rows_are_not_few():
    null = sample()
    smallest = np.full(500, 1e-9)
    assert count_extremes(smallest, 20_000, null, null.log_proba, np.arange(2000), AS_GIVEN).observed == 0
    assert count_extremes(smallest, 10**6, null, null.log_proba, np.arange(2000), AS_GIVEN).observed == 500


def test_copies_count_once():
    null = sample()
    smallest = np.full(5, 1e-7)
    arguments = (smallest, 10**6, null, null.log_proba, np.arange(2000), AS_GIVEN)
    assert count_extremes(*arguments).observed == 5
    assert count_extremes(*arguments, effect=5.0).observed == 0
