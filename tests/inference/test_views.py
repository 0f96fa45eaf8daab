import numpy as np
import pytest
from scipy.special import log_softmax

from sklearn_lossacc.inference.null import NullModel
from sklearn_lossacc.inference.views import CommonView, LevelView, PairsView, whitened


def rows(seed, n, k, weighted=False):
    rng = np.random.default_rng(seed)
    scores = 2.0 * rng.normal(size=(n, k))
    y = (scores + rng.gumbel(size=(n, k))).argmax(axis=1)
    return NullModel(log_softmax(scores, axis=1), y, rng.uniform(0.5, 1.5, n) if weighted else np.ones(n))


def one_class(null, j=1, smooth=True, by_row=True, n_bins=8):
    return LevelView(f"class {j}", j, np.full(null.n_rows, j), null, n_bins, 2.0, 1.0, smooth, by_row)


def test_whitened_scores_are_independent_and_one_that_repeats_others_is_dropped():
    design = np.random.default_rng(0).normal(size=(50, 3))
    design = np.column_stack([design[:, :2], design[:, 0] - 2.0 * design[:, 1], design[:, 2]])
    covariance = design.T @ design
    turn = whitened(covariance)
    np.testing.assert_allclose(turn.T @ covariance @ turn, np.diag([1.0, 1.0, 0.0, 1.0]), atol=1e-9)
    assert not np.tril(turn, -1).any()


@pytest.mark.parametrize("by_row", [True, False])
def test_residuals_by_bin_by_definition(by_row):
    null = rows(2, 300, 3)
    view = one_class(null, by_row=by_row)
    p = null.proba[:, 1]
    for b in range(view.n_bins):
        inside = view.bins == b
        variance = (p * (1 - p))[inside].sum()
        assert view.variance[b] == pytest.approx(variance)
        assert view.observed()[b] == pytest.approx(((null.y == 1) - p)[inside].sum() / np.sqrt(variance))
    assert (np.diff(view.bins[np.argsort(p)]) >= 0).all()
    assert view.variance.max() < 1.5 * view.variance.min()


def test_scores_of_drawn_labels_are_those_of_the_same_labels_observed():
    null = rows(3, 200, 4, weighted=True)
    views = [one_class(null), one_class(null, smooth=False), one_class(null, by_row=False)]
    views += [CommonView(null, 1.0), PairsView(null, 1.0)]
    views.append(LevelView("top label", None, null.proba.argmax(axis=1), null, 8, 2.0, 1.0, True, True))
    for draws in null.draws(5, np.random.default_rng(0)):
        found = [view.drawn(draws) for view in views]
        for number, labels in enumerate(draws.labels()):
            for view, drawn in zip(views, found, strict=True):
                view.null = NullModel(null.log_proba, labels, null.weight)
                np.testing.assert_allclose(drawn[number], view.observed(), atol=1e-9)


@pytest.mark.simulation
@pytest.mark.parametrize("weighted", [False, True])
def test_scores_have_mean_zero_and_variance_one(weighted):
    null = rows(4, 400, 4, weighted)
    by_bins = one_class(null, by_row=False)
    for view, part in (
        (by_bins, slice(None)),
        (one_class(null), slice(-4, None)),  # of the polynomial: these depend on residuals by bin
        (CommonView(null, 1.0), slice(None)),
        (PairsView(null, 1.0), slice(None)),
    ):
        drawn = np.concatenate([view.drawn(draws) for draws in null.draws(4000, np.random.default_rng(0))])
        for scores in (drawn[:, part], view.normal(4000, np.random.default_rng(1))):
            np.testing.assert_allclose(scores.mean(axis=0), 0.0, atol=0.08)
            np.testing.assert_allclose(np.atleast_2d(np.cov(scores, rowvar=False)), np.eye(scores.shape[1]), atol=0.12)
    # The limit has the third moments too.
    drawn = np.concatenate([by_bins.drawn(draws) for draws in null.draws(40_000, np.random.default_rng(2))])
    limit = by_bins.normal(40_000, np.random.default_rng(3))
    np.testing.assert_allclose((limit**3).mean(axis=0), (drawn**3).mean(axis=0), atol=0.15)


def test_polynomial_contains_offset_and_slope():
    null = rows(5, 300, 3)
    view = one_class(null)
    p = null.proba[:, 1]
    residual, logit = (null.y == 1) - p, np.log(p / (1 - p))
    variance = p * (1 - p)
    centred = logit - np.average(logit, weights=variance)
    offset, slope = view.observed()[view.n_bins : view.n_bins + 2]
    assert offset == pytest.approx(residual.sum() / np.sqrt(variance.sum()))
    assert slope == pytest.approx((residual @ centred) / np.sqrt(variance @ centred**2))


def test_equal_probabilities_have_an_offset_only():
    null = NullModel(np.log(np.tile([0.3, 0.7], (60, 1))), np.arange(60) % 2, np.ones(60))
    observed = one_class(null, n_bins=1).observed()
    np.testing.assert_array_equal(observed[2:], 0.0)
    assert observed[1] == pytest.approx((30 - 42) / np.sqrt(60 * 0.21))


def test_equal_probabilities_share_a_bin_whatever_their_order():
    proba = np.repeat([0.2, 0.6, 0.7], [50, 30, 20])
    y = np.r_[np.zeros(40), np.ones(60)].astype(int)  # sorted by label
    found = []
    for order in (np.arange(100), np.random.default_rng(0).permutation(100)):
        p = np.stack([1 - proba, proba], axis=1)[order]
        null = NullModel(np.log(p), y[order], np.ones(100))
        view = LevelView("class 1", 1, np.ones(100, dtype=int), null, 16, 1.0, 1.0, True, True)
        assert all(len(set(view.bins[p[:, 1] == level])) == 1 for level in (0.2, 0.6, 0.7))
        assert np.isfinite(view.skewness).all()
        found.append(float(view.statistic(view.observed())))
    assert found[0] == pytest.approx(found[1], rel=1e-9)


def test_pairs_of_classes_by_definition():
    null = rows(6, 300, 3, weighted=True)
    view = PairsView(null, 1.0)
    root = np.sqrt(null.proba)
    residual = null.weight[:, None] * ((null.y[:, None] == view.classes) - null.proba[:, view.classes])
    moved = root - np.average(root, axis=0, weights=null.weight)
    scores = (residual.T @ moved[:, view.classes]).ravel()
    np.testing.assert_allclose(view.observed(), scores @ view.turn, atol=1e-9)
    # Residuals sum to zero over the classes.
    assert view.turn.shape == (9, 6)


def test_pairs_of_the_classes_that_vary_most():
    rng = np.random.default_rng(7)
    scores = rng.normal(size=(500, 30)) + np.where(np.arange(30) % 2, 2.0, -2.0)
    y = (scores + rng.gumbel(size=scores.shape)).argmax(axis=1)
    view = PairsView(NullModel(log_softmax(scores, axis=1), y, np.ones(500)), 1.0)
    assert view.classes.size == 12
    assert (view.classes % 2 == 1).all()


def test_equal_rows_say_nothing_of_pairs():
    null = NullModel(np.log(np.tile([0.2, 0.3, 0.5], (60, 1))), np.arange(60) % 3, np.ones(60))
    view = PairsView(null, 1.0)
    assert view.statistic(view.observed()) == 0.0
    assert view.normal(5, np.random.default_rng(0)).shape == (5, 0)
