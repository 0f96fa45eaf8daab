import numpy as np
import pytest
from scipy.special import log_softmax

from sklearn_lossacc._numerics.mixture import MixtureFit, mixture_proba
from sklearn_lossacc.inference.extremes import RANKS, ExtremeRows, extreme_p_value, largest_chance
from sklearn_lossacc.inference.null import NullModel
from sklearn_lossacc.inference.surprise import surprise_of_labels, surprise_table


def sample(n=2000, k=3, scale=3.0, noise=0.0, temperature=1.0, seed=0):
    rng = np.random.default_rng(seed)
    log_proba = log_softmax(scale * rng.standard_normal((n, k)), axis=1)
    y = (log_proba + rng.gumbel(size=(n, k))).argmax(axis=1)
    y = np.where(rng.random(n) < noise, rng.integers(0, k, n), y)
    return NullModel(log_softmax(temperature * log_proba, axis=1), y, np.ones(n))


def extremes_of(null, rows=(), beta=1.0, n_sampled=4000, effect=1.0):
    """Let some rows show their least likely label, and judge the first rows."""
    y = null.y.copy()
    y[list(rows)] = null.proba[list(rows)].argmin(axis=1)
    smallest = np.sort(surprise_of_labels(null.proba, y))[:1000]
    fit = MixtureFit(beta, np.zeros(null.n_classes), 0.0, 0.0)
    part = NullModel(null.log_proba[:n_sampled], y[:n_sampled], np.ones(n_sampled))
    return ExtremeRows(smallest, null.n_rows, part, part.log_proba, np.arange(n_sampled), fit, effect)


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
    most = largest_chance(table, MixtureFit(beta, bias, 0.0, 0.0))
    assert (chance <= most * (1 + 1e-9)).all()


def surest(null, count):
    return np.argsort(-null.proba.max(axis=1))[: 5 * count : 5]


@pytest.mark.parametrize("k", [2, 3, 10, 100])
def test_what_is_expected_is_what_healthy_rows_show(k):
    null = sample(n=20_000, k=k)
    extremes = extremes_of(null)
    for rank in (55, 233, 987):
        # Among the sampled rows themselves the expectation is exact, but for the part that the table is made of.
        assert extremes.observed[rank - 1] == pytest.approx(extremes.expected[rank - 1], abs=4 * np.sqrt(rank))
    assert (extremes.expected <= extremes.at_most).all()
    assert (extremes.at_most <= null.n_rows * extremes.smallest * (1 + 1e-9)).all()
    assert not extremes.many
    assert extremes.count().observed == 0


@pytest.mark.parametrize("k", [2, 3, 10, 100])
def test_planted_rows_are_counted(k):
    null = sample(n=20_000, k=k)
    found = extremes_of(null, surest(null, 20)).count()
    assert 20 <= found.observed <= 22
    assert found.expected <= 0.05 * found.observed
    assert found.p_value < 1e-4


@pytest.mark.parametrize("k", [3, 10])
def test_what_a_temperature_predicts_is_no_outlier(k):
    null = sample(n=20_000, k=k, temperature=2.0)
    assert extremes_of(null, beta=0.5).count().observed == 0
    assert not extremes_of(null, beta=0.5).many
    assert extremes_of(null).many
    assert extremes_of(null, surest(null, 20), beta=0.5).count().observed >= 15


@pytest.mark.parametrize("noise", [0.002, 0.004])
@pytest.mark.parametrize("scale", [3.0, 6.0])
@pytest.mark.parametrize("seed", range(3))
def test_little_noise_is_no_outlier(noise, scale, seed):
    null = sample(n=20_000, k=20, scale=scale, noise=noise, seed=seed)
    extremes = extremes_of(null)
    assert not extremes.many
    assert extremes.count().observed <= 2
    # The share of all labels that the rows after a few leave open holds the true one.
    assert noise / 2 < extremes.noise_limit(4) < 4 * noise


def test_more_noise_is_too_many_rows():
    null = sample(n=20_000, k=20, scale=6.0, noise=0.015)
    assert extremes_of(null).many
    assert extremes_of(null).count().observed == 0


def test_few_are_told_from_many():
    null = sample(n=20_000)
    assert extremes_of(null, surest(null, 100)).count().observed >= 100
    assert extremes_of(null, surest(null, 200)).many
    assert extremes_of(null, surest(null, 200)).count().observed == 0


def test_copies_count_once():
    null = sample(n=20_000, scale=5.0)
    rows = surest(null, 5)
    assert extremes_of(null, rows).count().observed == 5
    # In copies they are one row, of which the sample knows less.
    assert extremes_of(null, rows, effect=5.0).count().p_value > extremes_of(null, rows[:1]).count().p_value
    assert 20 <= extremes_of(null, surest(null, 20), effect=5.0).count().observed <= 21
