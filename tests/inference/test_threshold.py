import numpy as np
import pytest
from scipy.special import log_softmax, softmax
from scipy.stats import binom

from sklearn_lossacc.inference.threshold import (
    best_threshold,
    fit_offsets,
    order_p_value,
    sign_flip_p_value,
    threshold_gain,
)


def rows(rng, n, k, scale=2.0):
    scores = scale * rng.normal(size=(n, k))
    return scores, (scores + rng.gumbel(size=(n, k))).argmax(axis=1)


def gain(log_proba, y, weight=None, group=None, seed=0):
    weight = np.ones(len(y)) if weight is None else weight
    return threshold_gain(log_proba, y, weight, group, np.random.default_rng(seed))


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("ties", [False, True])
def test_best_threshold_against_every_cut(seed, ties):
    rng = np.random.default_rng(seed)
    score = rng.normal(size=60).round(1 if ties else 8)
    positive = rng.random(60) < 1 / (1 + np.exp(-2 * score + 1))
    weight = rng.gamma(2.0, size=60)

    def accuracy(cut):
        return weight @ ((score > cut) == positive)

    distinct = np.unique(score)
    cuts = np.r_[distinct[0] - 1, (distinct[1:] + distinct[:-1]) / 2, distinct[-1] + 1]
    found = best_threshold(score, positive, weight)
    assert accuracy(found) == pytest.approx(max(accuracy(cut) for cut in cuts))


def test_best_threshold_stays_near_even_odds():
    # Nothing between -1 and 2: every cut there is as good.
    assert best_threshold(np.array([-1.0, 2.0]), np.array([False, True]), np.ones(2)) == 0.5
    assert best_threshold(np.array([-1.0, -0.5, 2.0]), np.array([False, True, True]), np.ones(3)) == -0.75


@pytest.mark.parametrize("k", [3, 8])
def test_offsets_undo_a_planted_shift(k):
    scores, y = rows(np.random.default_rng(k), 20_000, k)
    shift = np.linspace(-1, 1, k)
    offsets = fit_offsets(log_softmax(scores + shift, axis=1), y, np.ones((1, 20_000)))[0]
    np.testing.assert_allclose(offsets, -shift, atol=0.15)


def test_offsets_are_those_of_proportional_fitting():
    y, log_proba = np.array([0, 0, 1, 2, 2, 2]), np.log(np.random.default_rng(0).dirichlet(np.ones(3), 6))
    weight = np.array([1.0, 2.0, 1.0, 1.0, 0.5, 1.5])
    offsets, half = np.zeros(3), 0.5 * weight.mean()
    for _ in range(6):
        share = weight @ softmax(log_proba + offsets, axis=1)
        offsets += np.log((np.bincount(y, weight) + half) / (share + half))
    np.testing.assert_allclose(fit_offsets(log_proba, y, weight[None])[0], offsets - offsets.mean(), rtol=1e-12)


def test_offsets_of_an_absent_class_are_finite():
    scores, y = rows(np.random.default_rng(0), 200, 3)
    assert np.isfinite(fit_offsets(log_softmax(scores, axis=1), np.minimum(y, 1), np.ones((1, 200)))).all()


@pytest.mark.parametrize("k", [2, 4])
def test_a_shifted_model_gains(k):
    scores, y = rows(np.random.default_rng(1), 4000, k)
    shifted = log_softmax(scores + 2.5 * np.eye(k)[0], axis=1)
    found = gain(shifted, y)
    assert found.p_value < 1e-6
    assert found.low > 0.01
    attainable = (scores.argmax(axis=1) == y).mean() - (shifted.argmax(axis=1) == y).mean()
    assert found.gain == pytest.approx(attainable, abs=0.012)
    assert found.gained - found.lost == pytest.approx(4000 * found.gain)
    if k == 2:
        assert found.threshold == pytest.approx(1 / (1 + np.exp(2.5)), abs=0.06)
    else:
        assert found.threshold is None


@pytest.mark.parametrize(
    ("k", "weighted", "grouped"), [(2, False, False), (4, False, False), (2, True, False), (3, False, True)]
)
def test_size_on_healthy_models(k, weighted, grouped):
    rng = np.random.default_rng(k)
    p = []
    for run in range(80):
        scores, y = rows(rng, 250, k)
        weight = rng.gamma(2.0, size=250) if weighted else None
        group = np.arange(250) // 5 if grouped else None
        p.append(gain(log_softmax(scores, axis=1), y, weight, group, run).p_value)
    for level in (0.01, 0.05, 0.1):
        assert binom.sf((np.array(p) <= level).sum() - 1, 80, level) > 1e-4


@pytest.mark.parametrize(("k", "design"), [(2, "plain"), (2, "weights"), (4, "groups"), (20, "plain")])
def test_size_of_the_order_of_labels(k, design):
    rng = np.random.default_rng(k)
    prior = rng.dirichlet(np.ones(k))
    p = []
    for _ in range(200):
        group = np.arange(300) // 3 if design == "groups" else None
        weight = rng.gamma(2.0, size=300) if design == "weights" else np.ones(300)
        scores, y = rng.normal(size=(300, k)), rng.choice(k, 300, p=prior)
        if group is not None:
            scores, y = scores[group], y[group]
        p.append(order_p_value(softmax(scores, axis=1), y, weight, group))
    for level in (0.01, 0.05, 0.1):
        assert binom.sf((np.array(p) <= level).sum() - 1, 200, level) > 1e-4


@pytest.mark.parametrize("k", [2, 4])
def test_offsets_leave_the_order_of_labels(k):
    scores, y = rows(np.random.default_rng(k), 500, k, scale=1.0)
    for shift in (0.0, 4.0):
        assert order_p_value(softmax(scores + shift * np.eye(k)[0], axis=1), y, np.ones(500), None) < 1e-6


def test_sign_flips_agree_with_the_binomial():
    # Moves that are all but equal: the flipped signs must give the binomial tail of equal ones.
    rng = np.random.default_rng(3)
    for gained, lost in ((30, 20), (12, 12), (25, 8)):
        moves = np.repeat([1.0, -1.0], [gained, lost]) * rng.uniform(0.999999, 1.000001, size=gained + lost)
        flipped = sign_flip_p_value(moves, np.random.default_rng(0))
        exact = binom.sf(gained - 1, gained + lost, 0.5)
        # Unequal moves break the ties of the total, which all count where moves are equal.
        untied = binom.sf(gained, gained + lost, 0.5)
        error = 4 * np.sqrt(exact / 9999)
        assert untied - error <= flipped <= exact + error


def test_nothing_changes():
    log_proba = np.log(np.tile([0.9, 0.1], (100, 1)))
    found = gain(log_proba, np.zeros(100, dtype=int))
    assert (found.p_value, found.gain, found.gained, found.lost) == (1.0, 0.0, 0, 0)


@pytest.mark.parametrize("factor", [1e-14, 1e9])
def test_scaled_weights_change_nothing(factor):
    scores, y = rows(np.random.default_rng(4), 600, 2)
    shifted, weight = log_softmax(scores + np.array([1.2, 0.0]), axis=1), np.random.default_rng(5).gamma(1.0, size=600)
    a, b = gain(shifted, y, weight), gain(shifted, y, factor * weight)
    assert (b.p_value, b.gained, b.lost) == (a.p_value, a.gained, a.lost)
    assert b.gain == pytest.approx(a.gain, rel=1e-9)
