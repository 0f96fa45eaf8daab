"""Miscalibration that depends on the level of a probability: the likelihood ratio of a random bend with a drawn null.

A view is a probability that each row gives to one event: its likeliest label (top label), or one class; or all classes
at once, or pairs of them. In each view the labels are compared with what the probabilities promise by the likelihood
ratio of a bend of random form: of an offset, a slope, a cubic on the logit scale, or waves of several lengths over the
bins of equal variance sum p (1 - p). The largest ratio over the views, calibrated by draws, is the test.

With many rows the residuals by bin are nearly normal, and are drawn directly; otherwise labels are drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sklearn_lossacc.inference.design import design_effect
from sklearn_lossacc.inference.gains import open_gain
from sklearn_lossacc.inference.monte_carlo import CONTINUE_BELOW, N_DRAWS_EXTENDED, STAGES, Statistic
from sklearn_lossacc.inference.null import NullModel
from sklearn_lossacc.inference.sharing import DOUBT, WORTH, most_shared, values_together
from sklearn_lossacc.inference.views import CommonView, LevelView, PairsView

FINEST = 64
MOST_BINS = 800  # of all views together: with more views they are coarser
MAX_CLASS_VIEWS = 100
NORMAL_ROWS = 400  # rows from which residuals are drawn from their normal limit
MIN_BIN_VARIANCE = 2.0  # information in a bin below which its residual is too coarse
MIN_VIEW_VARIANCE = 4.0  # a class with less is left to the top-label view
MIN_TOP_VARIANCE = 1.0  # less than about one miss is expected: no shape can be seen
BOUND_BINS = 8  # steps of the map whose possible gain is bounded
MAX_GROUPED_ROWS = 2000  # rows of whole groups that are enough to see a material shape
TOP_SHARE, CLASSES_SHARE, COMMON_SHARE, PAIRS_SHARE = 0.2, 0.6, 0.2, 0.2  # prior weights of the views
BEYOND_DRAWS = 1e-6  # a p-value so small that draws would all miss it


@dataclass(frozen=True)
class ShapeTest:
    """Result of the test.

    Attributes
    ----------
    p_value : float
        Drawn p-value of the largest likelihood ratio over the views.
    statistic : float
        Its logarithm, in nats, with the prior share of the view.
    view : str
        ``"top label"``, ``"class j"``, ``"classes together"`` or ``"pairs of classes"``, where the largest departure
        was seen.
    n_draws : int
        Draws behind the p-value; 0 where a bound shows it to be smaller than draws can.
    open_gain : float or None
        Largest gain (nats a row) of a map with at most 8 steps that the residuals of the first view leave open; None
        where no view holds enough information.
    column : int or None
        The class j; None for other views.
    """

    p_value: float
    statistic: float
    view: str
    n_draws: int
    open_gain: float | None = None
    column: int | None = None


def _views(null: NullModel, names: Sequence[str], normal: bool) -> list[LevelView | CommonView | PairsView]:
    variance = (null.weight**2) @ (null.proba * (1 - null.proba)) / null.weight.max() ** 2
    largest = np.argsort(-variance, kind="stable")[: 1 if null.n_classes == 2 else MAX_CLASS_VIEWS]
    classes = [int(j) for j in largest if variance[j] >= MIN_VIEW_VARIANCE]
    if null.group is not None:
        # Rows of a group may share their label. The drawn null bounds what that does to hits, not to a class's total.
        classes = []
    n_bins = FINEST
    while n_bins * len(classes) > MOST_BINS:
        n_bins //= 2
    top = null.proba.max(axis=1)
    information = null.weight**2 @ (top * (1 - top)) / null.weight.max() ** 2
    views: list[LevelView | CommonView | PairsView] = []

    def see(name: str, column: int | None, label: np.ndarray, share: float, smooth: bool) -> None:
        views.append(LevelView(name, column, label, null, n_bins, MIN_BIN_VARIANCE, share, smooth, not normal))

    if information >= MIN_TOP_VARIANCE:
        see("top label", None, np.argmax(null.proba, axis=1), TOP_SHARE, not classes)
    for j in classes:
        see(f"class {names[j]}", j, np.full(null.n_rows, j), CLASSES_SHARE / len(classes), True)
    if null.n_classes > 2 and null.group is None and information >= MIN_VIEW_VARIANCE:
        views += [CommonView(null, COMMON_SHARE), PairsView(null, PAIRS_SHARE)]
    return views[::-1] if null.n_classes == 2 else views  # of two classes, one tells all


def _draw(
    null: NullModel, views: list[LevelView | CommonView | PairsView], normal: bool, rng: np.random.Generator
) -> Callable[[int], np.ndarray]:
    """Return a function that draws the largest statistic.

    From the normal limit views are drawn apart. Where a statistic is at most c is a symmetric convex set, so that the
    largest of views that depend on each other is, by the Gaussian correlation inequality, no larger than that of these.
    """

    def from_normals(size: int) -> np.ndarray:
        return np.max([view.statistic(view.normal(size, rng)) for view in views], axis=0)

    def from_labels(size: int) -> np.ndarray:
        parts = [
            np.max([view.statistic(view.drawn(draws)) for view in views], axis=0) for draws in null.draws(size, rng)
        ]
        return np.concatenate(parts)

    return from_normals if normal else from_labels


def _open_gain(null: NullModel, view: LevelView) -> float:
    """Return the largest gain of a step map of one view that its residuals leave open, in nats a row."""
    residual, variance = view.observed()[: view.n_bins] * view.error, view.variance
    while variance.size > BOUND_BINS:
        residual, variance = residual[::2] + residual[1::2], variance[::2] + variance[1::2]
    usable = variance > 0
    effect = design_effect(null)
    chi_square = float((residual[usable] ** 2 / variance[usable]).sum()) / effect
    return open_gain(chi_square, int(usable.sum()), null.effective_n() / effect)


def shape_test(null: NullModel, names: Sequence[str], random_state: int = 0) -> ShapeTest:
    """Test whether events happen as often as their probabilities say, at every level of probability.

    Parameters
    ----------
    null : NullModel
        The rows; their probabilities are the hypothesis.
    names : sequence of str
        Names of the classes, for the view that is reported.
    random_state : int, default=0
        Seed of the draws.

    Returns
    -------
    ShapeTest

    Notes
    -----
    The p-value is (1 + number of draws whose largest statistic is at least that of the labels) / (1 + number of
    draws). It is the smallest that draws can give, without drawing, where Markov's bound of the normal limit is far
    below: an average likelihood ratio has mean 1.

    References
    ----------
    Lee, Huang, Hassani and Dobriban (2023), T-Cal: an optimal test for the calibration of predictive models.
    """
    null = null.first_groups(MAX_GROUPED_ROWS)
    normal = null.group is None and null.n_rows >= NORMAL_ROWS
    views = _views(null, names, normal)
    if not views:
        return ShapeTest(1.0, 0.0, "none", 0)
    found = np.array([view.statistic(view.observed()) for view in views])
    best = int(np.argmax(found))
    statistic, view = float(found[best]), views[best]
    levels = [one for one in views if isinstance(one, LevelView)]
    still_open = _open_gain(null, levels[0]) if levels else None
    if normal and statistic > -np.log(BEYOND_DRAWS):
        # The bound is below anything that draws can show: what they would show at best is reported.
        return ShapeTest(1.0 / (1 + N_DRAWS_EXTENDED), statistic, view.name, 0, still_open, view.column)
    draw = _draw(null, views, normal, np.random.default_rng(random_state))
    p_value, n_draws = _p_value(statistic, draw)
    if null.group is not None and p_value > WORTH * DOUBT:
        p_value, n_draws = min((p_value, n_draws), _less_than_copies(null, views, statistic, random_state))
    return ShapeTest(p_value, statistic, view.name, n_draws, still_open, view.column)


def _p_value(statistic: float, draw: Callable[[int], np.ndarray], enough_at_first: bool = False) -> tuple[float, int]:
    """Return (1 + number of draws at least as large) / (1 + number of draws), and that number."""
    largest = np.empty(0)
    for target, enough in STAGES[:1] if enough_at_first else STAGES:
        largest = np.concatenate([largest, draw(target - largest.size)])
        p_value = float((1 + np.count_nonzero(largest >= statistic - 1e-9)) / (1 + largest.size))
        if p_value >= enough:
            break
    return p_value, largest.size


def _less_than_copies(
    null: NullModel, views: list[LevelView | CommonView | PairsView], statistic: float, random_state: int
) -> tuple[float, int]:
    """Return the p-value under what the rows of a group share at most, by their losses and by their hits."""

    def draw(shared: float) -> Callable[[int], np.ndarray]:
        return _draw(null.sharing(shared), views, False, np.random.default_rng(random_state))

    own, n_draws = _p_value(statistic, draw(0.0), enough_at_first=True)
    if own >= CONTINUE_BELOW:  # rows that share something give no less
        return 1.0, n_draws
    predicted = null.proba.argmax(axis=1)
    measures = [
        values_together(null, lambda row, label: null.loss[row, label], null.entropy),
        values_together(null, lambda row, label: (label == predicted[row]).astype(float), null.proba.max(axis=1)),
    ]
    together = Statistic(
        max(one.observed for one in measures),
        lambda draws: np.max([one.of_draws(draws) for one in measures], axis=0),
    )
    shared = most_shared(null.sharing, together, random_state)
    if shared == 1.0:
        return 1.0, n_draws
    p_value, n_draws = _p_value(statistic, draw(shared))
    return p_value + DOUBT, n_draws


def folds(
    n_rows: int,
    group: np.ndarray | None,
    rng: np.random.Generator,
    n_folds: int = 5,
    by: np.ndarray | None = None,
) -> np.ndarray:
    """Return a fold number for each row; rows of a group share theirs.

    With `by`, every `n_folds` neighbours in that value (groups by their mean) fall into different folds: folds are
    alike, and do not change with the order of the rows or the last digit of an export.
    """
    n_units = n_rows if group is None else int(group.max()) + 1
    if by is None:
        unit_fold = rng.permutation(np.arange(n_units) % n_folds)
    else:
        if group is not None:
            by = np.bincount(group, by) / np.bincount(group)
        blocks = np.tile(np.arange(n_folds), (-(-n_units // n_folds), 1))
        unit_fold = np.empty(n_units, dtype=np.intp)
        unit_fold[np.argsort(by, kind="stable")] = rng.permuted(blocks, axis=1).ravel()[:n_units]
    return unit_fold if group is None else unit_fold[group]
