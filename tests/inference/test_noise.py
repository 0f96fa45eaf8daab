import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import average_precision_score

from sklearn_lossacc.inference.noise import (
    anchor_rate,
    class_thresholds,
    confused_pairs,
    label_quality,
    noise_matrix,
    straight_line,
    sure_counts,
)


def noisy(seed, n, k, rate, scale=5.0):
    rng = np.random.default_rng(seed)
    scores = scale * rng.normal(size=(n, k))
    clean = (scores + rng.gumbel(size=(n, k))).argmax(axis=1)
    wrong = rng.random(n) < rate
    return softmax(scores, axis=1), np.where(wrong, (clean + 1) % k, clean), wrong


def test_class_thresholds_are_weighted_means():
    proba = np.array([[0.8, 0.2, 0.0], [0.4, 0.6, 0.0], [0.1, 0.9, 0.0]])
    found = class_thresholds(proba, np.array([0, 0, 1]), np.array([1.0, 3.0, 1.0]))
    np.testing.assert_allclose(found[:2], [(0.8 + 3 * 0.4) / 4, 0.9])
    assert np.isnan(found[2])


def test_label_quality_ranks_wrong_labels_last():
    proba, y, wrong = noisy(0, 2000, 4, 0.1)
    quality = label_quality(proba, y, np.ones(2000))
    assert ((quality >= 0) & (quality <= 1)).all()
    worst = np.argsort(quality)[: wrong.sum()]
    assert wrong[worst].mean() > 0.6
    assert np.median(quality[~wrong]) > 0.7


def test_label_quality_by_hand():
    """Dense and one row at a time, with a class that no row is labelled as and weights."""
    proba = np.array([[0.64, 0.32, 0.04], [0.25, 0.75, 0.0], [0.16, 0.83, 0.01], [0.6, 0.4, 0.0]])
    y, weight = np.array([0, 1, 0, 1]), np.array([2.0, 1.0, 1.0, 2.0])
    # 2 of 4 for class 0 is more than two fifths, and 1 of 2 for class 1
    counts = np.array([[2.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    np.testing.assert_array_equal(sure_counts(proba, y, weight).toarray(), counts)
    prior = np.where(np.eye(3), 2 / 3, 1 / 6)  # two of the three in agreement
    added = 0.5 * 3 / 3
    matrix = (counts + added * prior) / (counts.sum(axis=1, keepdims=True) + added)
    np.testing.assert_allclose(matrix.sum(axis=1), 1.0)
    for row, found in enumerate(label_quality(proba, y, weight)):
        p = proba[row]
        c = p * (matrix @ (p / (p @ matrix)))
        right = matrix[y[row], y[row]] * c[y[row]] / (c @ matrix)[y[row]]
        np.testing.assert_allclose(found, right, rtol=1e-9)


def test_sure_rows_do_not_depend_on_order_or_on_how_copies_are_written():
    proba, y, _ = noisy(1, 400, 4, 0.2)
    proba = proba.round(1)
    proba /= proba.sum(axis=1, keepdims=True)
    weight = np.random.default_rng(0).integers(1, 4, 400).astype(float)
    whole = sure_counts(proba, y, weight).toarray()
    order = np.random.default_rng(1).permutation(400)
    np.testing.assert_array_equal(sure_counts(proba[order], y[order], weight[order]).toarray(), whole)
    copies = np.repeat(np.arange(400), weight.astype(int))
    np.testing.assert_array_equal(sure_counts(proba[copies], y[copies], np.ones(copies.size)).toarray(), whole)
    np.testing.assert_allclose(sure_counts(proba, y, 0.1 * weight).toarray(), 0.1 * whole)


@pytest.mark.parametrize("agree", [0, 1])
def test_label_quality_where_no_label_agrees_or_all_do(agree):
    y = np.tile([0, 1], 50)
    quality = label_quality(np.eye(2)[y if agree else 1 - y], y, np.ones(100))
    assert ((quality >= 0) & (quality <= 1)).all()
    assert (quality > 0.9).all() if agree else (quality < 1e-6).all()


def test_label_quality_of_few_classes_is_that_of_the_same_rows_among_many():
    """Classes that neither labels nor probabilities know change the mean row count only."""
    proba, y, _ = noisy(3, 3000, 4, 0.2)
    wide = np.hstack([proba, np.zeros((3000, 2))])
    few, many = label_quality(proba, y, np.ones(3000)), label_quality(wide, y, np.ones(3000))
    assert np.corrcoef(few, many)[0, 1] > 0.99


def test_label_quality_of_a_class_that_its_rows_never_get():
    proba = np.array([[1.0, 0.0], [0.9, 0.1], [1.0, 0.0]])
    quality = label_quality(proba, np.array([0, 0, 1]), np.ones(3))
    assert np.isfinite(quality).all()
    assert quality.argmin() == 2


def usual_scores(proba, y):
    """Return the six usual scores: confidence, margin and entropy-weighted confidence, shifted by class or not."""
    n, k = proba.shape
    rows = np.arange(n)
    shifted = proba - class_thresholds(proba, y, np.ones(n))
    shifted += 1 - shifted.min(axis=1, keepdims=True)
    for p in (proba, shifted / shifted.sum(axis=1, keepdims=True)):
        own = p[rows, y]
        others = np.where(np.eye(k, dtype=bool)[y], -np.inf, p)
        yield own
        yield own - others.max(axis=1)
        yield np.log(own) / np.maximum(-(p * np.log(p)).sum(axis=1), 1e-9)


@pytest.mark.parametrize(("learnt", "scale"), [(False, 3.0), (True, 12.0)])
@pytest.mark.parametrize(("k", "rate"), [(2, 0.2), (10, 0.05), (10, 0.4)])
def test_label_quality_is_as_good_as_the_best_usual_score(k, rate, learnt, scale):
    """On average over seeds, for a network that learnt the noise and for one that knows the classes.

    Each class is mistaken for few others, which none of the usual scores makes use of. The best of six is picked with
    the truth in view, which favours it by chance.
    """
    gains = []
    for seed in range(4):
        rng = np.random.default_rng([seed, k])
        logits = scale * rng.normal(size=(6000, k)) * rng.gamma(2.0, 0.5, size=(6000, 1))
        true = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
        matrix = (1 - rate) * np.eye(k)
        for shift in (1, 3):
            matrix += 0.5 * rate * np.roll(np.eye(k), shift, axis=1)
        y = (matrix[true].cumsum(axis=1) < rng.random((6000, 1))).sum(axis=1).clip(max=k - 1)
        proba = softmax(logits + rng.normal(size=logits.shape), axis=1)
        proba = np.maximum(proba @ matrix if learnt else proba, 1e-9)
        best = max(average_precision_score(y != true, -score) for score in usual_scores(proba, y))
        gains.append(average_precision_score(y != true, -label_quality(proba, y, np.ones(6000))) - best)
    assert np.mean(gains) > (0.0 if k > 2 else -0.01), gains


def test_noise_matrix_is_near_the_planted_one():
    k = 4
    planted = np.array([[0.9, 0.1, 0, 0], [0, 1, 0, 0], [0.1, 0.1, 0.7, 0.1], [0, 0, 0.2, 0.8]])
    proba, clean, _ = noisy(5, 20_000, k, 0.0, scale=8.0)
    rng = np.random.default_rng(0)
    y = (np.cumsum(planted[clean], axis=1) < rng.random((20_000, 1))).sum(axis=1)
    np.testing.assert_allclose(noise_matrix(proba, y, np.ones(20_000)), planted, atol=0.06)


def test_noise_matrix_of_a_class_that_is_never_predicted():
    matrix = noise_matrix(np.repeat([[0.9, 0.1]], 30, axis=0), np.zeros(30, dtype=int), np.ones(30))
    np.testing.assert_array_equal(matrix[0], [1.0, 0.0])
    assert np.isnan(matrix[1]).all()


def test_anchor_rate_is_near_a_planted_rate():
    for rate in (0.0, 0.1, 0.3):
        proba, y, _ = noisy(1, 6000, 4, rate)
        assert anchor_rate(proba, y, np.ones(6000)) == pytest.approx(rate, abs=0.04)


def test_anchor_rate_needs_rows():
    proba, y, _ = noisy(2, 30, 4, 0.1)
    assert anchor_rate(proba, y, np.ones(30)) is None


def test_confused_pairs_name_the_planted_pair():
    proba, y, _ = noisy(3, 4000, 4, 0.0)
    flipped = np.where((y == 2) & (np.random.default_rng(0).random(4000) < 0.3), 0, y)
    pairs = confused_pairs(proba, flipped, np.ones(4000), np.array(["a", "b", "c", "d"]))
    assert (pairs[0]["label"], pairs[0]["looks_like"]) == ("a", "c")
    assert pairs[0]["share"] > 2 * pairs[1]["share"]


@pytest.mark.parametrize(("intercept", "slope"), [(0.1, 0.8), (0.0, 0.7), (0.25, 0.75), (0.0, 1.0)])
def test_straight_line_recovers_a_line(intercept, slope):
    rng = np.random.default_rng(0)
    p = rng.random(20_000)
    y = (rng.random(20_000) < intercept + slope * p).astype(int)
    line = straight_line(np.stack([1 - p, p], axis=1), y, np.ones(20_000))
    assert line.intercept == pytest.approx(intercept, abs=0.015)
    assert line.slope == pytest.approx(slope, abs=0.03)
    frequency = line.intercept + line.slope * p
    assert line.log_likelihood == pytest.approx(np.log(np.where(y == 1, frequency, 1 - frequency)).sum())
    assert (
        line.log_likelihood >= np.log(np.where(y == 1, intercept + slope * p, 1 - intercept - slope * p)).sum() - 1e-6
    )


def test_straight_line_counts_weights_as_copies():
    proba = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.1, 0.9]])
    y, weight = np.array([0, 1, 0, 1]), np.array([3.0, 1.0, 1.0, 2.0])
    rows = np.repeat(np.arange(4), weight.astype(int))
    one, copies = straight_line(proba, y, weight), straight_line(proba[rows], y[rows], np.ones(rows.size))
    assert one.slope == pytest.approx(copies.slope, abs=1e-5)
