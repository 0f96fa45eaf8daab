import numpy as np
import pytest
from scipy.special import expit, log_softmax

from sklearn_lossacc.inference.monotone import isotonic_map, shape_gain
from sklearn_lossacc.inference.null import NullModel


def test_isotonic_map_by_hand():
    # Two levels of two rows each, hits 0/2 and 1/2; one pseudo-row at the block's mean: .2/3 and (1 + .6)/3.
    proba, hit = np.array([0.2, 0.2, 0.6, 0.6]), np.array([False, False, True, False])
    mapped = isotonic_map(proba, hit, np.ones(4), np.array([0.2, 0.6, 0.4, 0.9]))
    low, high = 0.2 / 3, 1.6 / 3
    np.testing.assert_allclose(mapped, [low, high, (low + high) / 2, high])


def test_ties_are_one_point_whatever_their_order():
    rng = np.random.default_rng(0)
    proba = rng.choice([0.2, 0.5, 0.8], size=300)
    hit = rng.random(300) < proba
    expected = isotonic_map(proba, hit, np.ones(300), np.array([0.2, 0.5, 0.8]))
    for order in (np.lexsort((hit, proba)), np.lexsort((~hit, proba)), rng.permutation(300)):
        np.testing.assert_allclose(
            isotonic_map(proba[order], hit[order], np.ones(300), np.array([0.2, 0.5, 0.8])), expected
        )
    assert (np.diff(expected) >= 0).all()


def rows(shown, y):
    return NullModel(log_softmax(shown, axis=1), y, np.ones(len(y)))


def test_gain_of_a_bent_map_and_of_none():
    rng = np.random.default_rng(1)
    odds = 2.0 * rng.normal(size=6000)
    y = (rng.random(6000) < expit(odds)).astype(int)
    bent = np.where(odds > 0, 3.0 * odds, odds)
    truth = (np.logaddexp(0, -(2 * y - 1) * bent) - np.logaddexp(0, -(2 * y - 1) * odds)).mean()
    found = shape_gain(rows(np.stack([0 * bent, bent], axis=1), y), None, rng)
    assert found.gain == pytest.approx(truth, abs=0.01 + 3 * found.error)
    none = shape_gain(rows(np.stack([0 * odds, odds], axis=1), y), None, rng)
    assert none.gain < none.cost < 0.002


def test_gain_of_the_top_label():
    rng = np.random.default_rng(2)
    scores = rng.normal(size=(5000, 4))
    y = (scores + rng.gumbel(size=scores.shape)).argmax(axis=1)
    found = shape_gain(rows(3.0 * scores, y), None, rng)
    assert found.gain > 0.1
    assert 0 < found.error < 0.05


@pytest.mark.parametrize("k", [3, 20])
def test_gain_of_a_class_that_hardly_moves(k):
    rng = np.random.default_rng(k)
    shown = log_softmax(2.5 * rng.normal(size=(6000, k)), axis=1)
    scores = shown.copy()
    scores[:, 0] = 2.0 * shown[:, 0] + 2.0
    y = (scores + rng.gumbel(size=scores.shape)).argmax(axis=1)
    found = shape_gain(rows(shown, y), 0, rng)
    truth = np.mean(rows(shown, y).true_loss - rows(scores, y).true_loss)
    assert 0.5 * truth < found.gain < truth + 3 * found.error


@pytest.mark.parametrize("k", [3, 20])
def test_gain_of_a_bend_of_all_classes(k):
    rng = np.random.default_rng(k)
    shown = log_softmax(2.5 * rng.normal(size=(6000, k)), axis=1)
    scores = shown + np.sin(1.5 * shown)
    y = (scores + rng.gumbel(size=scores.shape)).argmax(axis=1)
    found = shape_gain(rows(shown, y), 0, rng)
    truth = np.mean(rows(shown, y).true_loss - rows(scores, y).true_loss)
    assert 0.5 * truth < found.gain < truth + 3 * found.error


@pytest.mark.parametrize("weight", [1e-4, 7.0])
def test_the_scale_of_weights_does_not_matter(weight):
    """Weights that sum to 1 left the map of a factor and an offset for each class without rows to learn from."""
    rng = np.random.default_rng(3)
    shown = log_softmax(2.0 * rng.normal(size=(800, 4)), axis=1)
    y = (shown * np.array([0.4, 1.0, 1.0, 2.0]) + rng.gumbel(size=shown.shape)).argmax(axis=1)
    found = [shape_gain(NullModel(shown, y, np.full(800, w)), None, np.random.default_rng(0)) for w in (1.0, weight)]
    assert found[0].best == "classes apart"
    assert found[0].gain > 0.01
    assert found[1].gain == pytest.approx(found[0].gain, rel=1e-3)
    assert found[1].cost == pytest.approx(found[0].cost, rel=1e-3)


@pytest.mark.parametrize("weight", [1e-7, 1e-4, 1e9])
def test_the_scale_of_weights_does_not_matter_to_a_bend_of_all_classes(weight):
    """Small weights left the bend to its penalty."""
    rng = np.random.default_rng(3)
    shown = log_softmax(2.0 * rng.normal(size=(800, 6)), axis=1)
    scores = np.log(np.exp(shown) + 0.6 * np.exp(0.5 * shown))
    y = (scores + rng.gumbel(size=scores.shape)).argmax(axis=1)
    found = [shape_gain(NullModel(shown, y, np.full(800, w)), None, np.random.default_rng(0)) for w in (1.0, weight)]
    assert found[0].gain > 0.03
    assert found[1].gain == pytest.approx(found[0].gain, rel=1e-3)
    assert found[1].cost == pytest.approx(found[0].cost, rel=1e-3)


@pytest.mark.simulation
@pytest.mark.parametrize("k", [3, 20])
def test_the_choice_of_a_map_is_not_credited_with_luck(k):
    gains = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        scores = 2.0 * rng.normal(size=(600, k))
        y = (scores + rng.gumbel(size=scores.shape)).argmax(axis=1)
        gains.append(shape_gain(rows(scores, y), 0, rng).gain)
    assert np.mean(gains) < 0.0


def wavy(odds, height):
    return odds + height * np.sin(6.0 * odds)


@pytest.mark.simulation
@pytest.mark.parametrize(("n", "least", "of_gain"), [(300, 0.4, 0.1), (1000, 0.8, 0.5), (4000, 0.85, 0.75)])
def test_cost_of_a_wave_is_nearer_to_the_truth_than_the_gain_of_a_map_of_few_rows(n, least, of_gain):
    """No increasing map follows a wave; a smooth one does, and pays for it with few rows."""
    odds = 1.5 * np.random.default_rng(0).normal(size=200_000)
    p, q = expit(wavy(odds, 0.95)), expit(odds)
    truth = float((p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))).mean())
    found = []
    for seed in range(24):
        rng = np.random.default_rng([1, seed])
        odds = 1.5 * rng.normal(size=n)
        y = (rng.random(n) < expit(wavy(odds, 0.95))).astype(int)
        found.append(shape_gain(rows(np.stack([0 * odds, odds], axis=1), y), None, rng))
    cost, gain = np.mean([(one.cost, one.gain) for one in found], axis=0)
    assert of_gain * truth < gain < cost
    assert least * truth < cost < truth


def test_gain_of_a_curve_for_each_class():
    """A linear model of shells around the origin: a class is as likely far to either side, each by its own width."""
    rng = np.random.default_rng(4)
    shown = log_softmax(0.3 * rng.normal(size=(4000, 4)), axis=1)
    scores = np.array([30.0, -30.0, 15.0, -15.0]) * (shown + 1.4) ** 2
    y = (scores + rng.gumbel(size=scores.shape)).argmax(axis=1)
    model = rows(shown, y)
    truth = np.mean(model.true_loss - rows(scores, y).true_loss)
    found = shape_gain(model, None, rng)
    assert 0.8 * truth < found.gain < truth + 3 * found.error


@pytest.mark.parametrize("falls", [True, False])
def test_a_map_that_falls_is_told_from_one_that_rises(falls):
    rng = np.random.default_rng(5)
    odds = rng.normal(size=3000)
    y = (rng.random(3000) < expit(np.abs(odds) - 0.7 if falls else odds**3)).astype(int)
    assert shape_gain(rows(np.stack([0 * odds, odds], axis=1), y), None, rng).falls == falls
