"""Miscalibration that depends on the level of a probability: multi-scale residuals with a drawn null.

A view is a probability that each row gives to one event: its likeliest label (top label), or one class. Rows are put in
order of that probability and cut into bins of equal variance sum p (1 - p); halving the number of bins again and again
gives all coarser scales. At each scale with B bins the statistic is sum_b S_b^2 / V_b, about chi-square with B degrees
of freedom; beside it stand the score tests of the slope, and of a cubic with intercept, on the logit scale. All are
brought to one scale by the Wilson-Hilferty normal score, and the largest over scales and views, calibrated by draws, is
the test.

All statistics are functions of the residuals by bin. With many rows these residuals are nearly normal, and are drawn
directly; otherwise labels are drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from sklearn_lossacc.inference.cause_model import design_effect
from sklearn_lossacc.inference.gains import open_gain
from sklearn_lossacc.inference.gates import N_DRAWS_EXTENDED, STAGES
from sklearn_lossacc.inference.null import Draws, NullModel

FINEST = 64
MOST_BINS = 800  # of all views together: with more views they are coarser
MAX_CLASS_VIEWS = 100
NORMAL_ROWS = 400  # rows from which residuals are drawn from their normal limit
MIN_BIN_VARIANCE = 2.0  # information in a bin below which its residual is too coarse to be squared
MIN_NORMAL_VARIANCE = 10.0  # the same for the normal limit
MIN_VIEW_VARIANCE = 4.0  # a class with less is left to the top-label view
MIN_TOP_VARIANCE = 1.0  # less than about one miss is expected: no shape can be seen
BOUND_BINS = 8  # steps of the map whose possible gain is bounded
MAX_GROUPED_ROWS = 2000  # rows of whole groups that are enough to see a material shape
LOGIT_LIMIT = 15.0
BEYOND_DRAWS = 1e-6  # a p-value so small that draws would all miss it


@dataclass(frozen=True)
class ShapeTest:
    """Result of the multi-scale test.

    Attributes
    ----------
    p_value : float
        Drawn p-value of the largest normal score over scales and views.
    statistic : float
        That score.
    view : str
        ``"top label"`` or ``"class j"``, where the largest departure was seen.
    n_draws : int
        Draws behind the p-value; 0 where a bound shows it to be smaller than draws can.
    open_gain : float or None
        Largest gain (nats a row) of a map with at most 8 steps that the residuals of the first view leave open; None
        where no view holds enough information.
    column : int or None
        The class j; None for the top label.
    """

    p_value: float
    statistic: float
    view: str
    n_draws: int
    open_gain: float | None = None
    column: int | None = None


def normal_score(chi_square: np.ndarray, df: int) -> np.ndarray:
    """Return the Wilson-Hilferty score of a chi-square: ((x / df)^(1/3) - 1 + c) / sqrt(c) with c = 2 / (9 df)."""
    c = 2.0 / (9.0 * max(df, 1))
    return (np.cbrt(chi_square / max(df, 1)) - 1.0 + c) / np.sqrt(c)


class View:
    """One event per row, cut into bins of equal variance.

    Parameters
    ----------
    name : str
        What the event is.
    column : int or None
        The class, where it is the same in all rows.
    label : ndarray of shape (n_rows,)
        The class whose occurrence is the event, row by row.
    null : NullModel
        The rows.
    n_bins : int
        Finest number of bins, a power of 2.
    min_variance : float
        Information that a bin must hold, in units of the largest squared weight.
    """

    def __init__(
        self, name: str, column: int | None, label: np.ndarray, null: NullModel, n_bins: int, min_variance: float
    ):
        self.name, self.column, self.label, self.null = name, column, label, null
        weight = null.weight
        self.proba = null.proba[np.arange(null.n_rows), label]
        variance = weight**2 * self.proba * (1 - self.proba)
        total = variance.sum()
        while n_bins > 1 and total < min_variance * n_bins * weight.max() ** 2:
            n_bins //= 2
        order = np.argsort(self.proba, kind="stable")
        middle = np.cumsum(variance[order]) - 0.5 * variance[order]
        self.bins = np.empty(null.n_rows, dtype=np.intp)
        self.bins[order] = np.minimum((n_bins * middle / total).astype(np.intp), n_bins - 1)
        self.n_bins = n_bins
        self.expected: np.ndarray = np.bincount(self.bins, weight * self.proba, n_bins)
        self.variance: np.ndarray = np.bincount(self.bins, variance, n_bins)
        third: np.ndarray = np.bincount(self.bins, weight * variance * (1 - 2 * self.proba), n_bins)
        self.skewness = third / np.maximum(self.variance, 1e-300) ** 1.5
        logit = np.log(np.maximum(self.proba, 1e-300)) - np.log(np.maximum(1 - self.proba, 1e-300))
        mean_logit = np.bincount(self.bins, variance * np.clip(logit, -LOGIT_LIMIT, LOGIT_LIMIT), n_bins)
        x = mean_logit / np.maximum(self.variance, 1e-300)
        x = x - np.average(x, weights=self.variance)
        x = x / max(np.sqrt(np.average(x**2, weights=self.variance)), 1e-9)
        self.design = np.stack([np.ones_like(x), x, x**2, x**3], axis=1)
        information = (self.design * self.variance[:, None]).T @ self.design
        self.slope_information = float(information[1, 1])
        self.whiten = np.linalg.pinv(information, rcond=1e-9, hermitian=True)
        self.score_df = int(np.linalg.matrix_rank(information, rtol=1e-9, hermitian=True))

    def statistics(self, residual: np.ndarray) -> np.ndarray:
        """Return all statistics of residuals by bin, shape (..., n_bins)."""
        scores = residual @ self.design
        found = [normal_score(np.einsum("...i,ij,...j->...", scores, self.whiten, scores), self.score_df)]
        if self.slope_information > 0:
            found.append(normal_score(scores[..., 1] ** 2 / self.slope_information, 1))
        variance = self.variance
        while True:
            usable = variance > 0
            n_used = max(int(usable.sum()), 1)
            chi = (residual[..., usable] ** 2 / variance[usable]).sum(axis=-1)
            found.append(normal_score(chi, n_used))
            if variance.size == 1:
                return np.stack(found, axis=-1)
            residual = residual[..., ::2] + residual[..., 1::2]
            variance = variance[::2] + variance[1::2]

    def observed(self) -> np.ndarray:
        """Return the residuals of the labels."""
        hit = (self.null.y == self.label) * self.null.weight
        return np.bincount(self.bins, hit, self.n_bins) - self.expected

    def drawn(self, draws: Draws) -> np.ndarray:
        """Return the residuals of drawn labels, shape (size, n_bins)."""
        weight = self.null.weight
        base = np.bincount(self.bins, (draws.top == self.label) * weight, self.n_bins)
        own = self.label[draws.row]
        change = (draws.label == own).astype(float) - (draws.top[draws.row] == own)
        moved = np.flatnonzero(change)
        draw, row = draws.draw[moved], draws.row[moved]
        moves = np.bincount(draw * self.n_bins + self.bins[row], change[moved] * weight[row], draws.size * self.n_bins)
        return base - self.expected + moves.reshape(draws.size, self.n_bins)


def _views(null: NullModel, names: Sequence[str], min_variance: float) -> list[View]:
    variance = (null.weight**2) @ (null.proba * (1 - null.proba)) / null.weight.max() ** 2
    largest = np.argsort(-variance, kind="stable")[: 1 if null.n_classes == 2 else MAX_CLASS_VIEWS]
    classes = [int(j) for j in largest if variance[j] >= max(MIN_VIEW_VARIANCE, min_variance)]
    if null.group is not None:
        # Rows of a group may share their label. The drawn null bounds what that does to hits, not to a class's total.
        classes = []
    n_bins = FINEST
    while n_bins * len(classes) > MOST_BINS:
        n_bins //= 2
    labels: list[tuple[str, int | None, np.ndarray]] = [
        (f"class {names[j]}", j, np.full(null.n_rows, j)) for j in classes
    ]
    top = null.proba.max(axis=1)
    information = null.weight**2 @ (top * (1 - top)) / null.weight.max() ** 2
    if (null.n_classes > 2 or null.group is not None) and information >= MIN_TOP_VARIANCE:
        labels.insert(0, ("top label", None, np.argmax(null.proba, axis=1)))
    return [View(name, column, label, null, n_bins, min_variance) for name, column, label in labels]


def _normal_sampler(views: list[View], rng: np.random.Generator) -> Callable[[int], np.ndarray]:
    """Return a function that draws statistics from the normal limit of the residuals, skewed as they are.

    Views are drawn apart. The statistics are quadratic forms, so that the largest of views that depend on each other
    is, by the Gaussian correlation inequality, no larger than that of these.
    """

    def residual(view: View, size: int) -> np.ndarray:
        z = rng.standard_normal((size, view.n_bins))
        return np.sqrt(view.variance) * (z + view.skewness / 6.0 * (z**2 - 1.0))

    def draw(size: int) -> np.ndarray:
        return np.concatenate([view.statistics(residual(view, size)) for view in views], axis=1)

    return draw


def _label_sampler(null: NullModel, views: list[View], rng: np.random.Generator) -> Callable[[int], np.ndarray]:
    """Return a function that draws labels and returns their statistics."""

    def draw(size: int) -> np.ndarray:
        return np.concatenate(
            [
                np.concatenate([view.statistics(view.drawn(draws)) for view in views], axis=1)
                for draws in null.draws(size, rng)
            ]
        )

    return draw


def _open_gain(null: NullModel, view: View) -> float:
    """Return the largest gain of a step map of one view that its residuals leave open, in nats a row."""
    residual, variance = view.observed(), view.variance
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
    The p-value is (1 + number of draws whose largest score is at least that of the labels) / (1 + number of draws).
    It is the smallest that draws can give, without drawing, where Bonferroni's bound of the normal limit is far below.

    References
    ----------
    Lee, Huang, Hassani and Dobriban (2023), T-Cal: an optimal test for the calibration of predictive models.
    """
    null = null.first_groups(MAX_GROUPED_ROWS)
    normal = null.group is None and null.n_rows >= NORMAL_ROWS
    views = _views(null, names, MIN_NORMAL_VARIANCE if normal else MIN_BIN_VARIANCE)
    if not views:
        return ShapeTest(1.0, 0.0, "none", 0)
    pieces = [view.statistics(view.observed()) for view in views]
    owner = np.repeat(np.arange(len(views)), [piece.size for piece in pieces])
    rng = np.random.default_rng(random_state)
    scores = np.concatenate(pieces)
    best = int(np.argmax(scores))
    view = views[owner[best]]
    found = float(scores[best]), view.name
    if normal and scores.size * norm.sf(scores[best]) < BEYOND_DRAWS:
        # Bonferroni's bound is below anything that draws can show: what they would show at best is reported.
        return ShapeTest(1.0 / (1 + N_DRAWS_EXTENDED), *found, 0, _open_gain(null, views[0]), view.column)
    draw = _normal_sampler(views, rng) if normal else _label_sampler(null, views, rng)
    largest = np.empty(0)
    for target, enough in STAGES:
        largest = np.concatenate([largest, draw(target - largest.size).max(axis=1)])
        p_value = float((1 + np.count_nonzero(largest >= scores[best] - 1e-9)) / (1 + largest.size))
        if p_value >= enough:
            break
    return ShapeTest(p_value, *found, largest.size, _open_gain(null, views[0]), view.column)


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
