"""Histogram binning: the frequency of the class in each bin of its probability."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_lossacc._numerics import formula as f
from sklearn_lossacc._numerics import row_blocks
from sklearn_lossacc._numerics.formula import Formula
from sklearn_lossacc._numerics.links import logit
from sklearn_lossacc._numerics.points import TIE, Points, pool_ties
from sklearn_lossacc.calibration.formulas import Pieces, knots_passed, piecewise
from sklearn_lossacc.calibration.one_vs_rest import Map, OneVsRestCalibrator, Target
from sklearn_lossacc.calibration.whole_number import whole_number

__all__ = ["HistogramCalibrator"]

STRATEGIES = ("quantile", "uniform")
ON_EDGE = 1e-9  # shares of the rows this close to a multiple of 1 / n_bins are on it


def _bin_of(odds: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Find the bin of each value; one on an edge belongs to the bin farther from even odds.

    So the two classes of a binary problem are treated alike.
    """
    return np.where(odds > 0, np.searchsorted(edges, odds, side="right"), np.searchsorted(edges, odds, side="left"))


def _uniform_edges(n_bins: int) -> np.ndarray:
    """Return the log odds of the inner edges of bins of equal width in probability, exactly antisymmetric.

    They are a little nearer to even odds, so that a probability on an edge is not before it by rounding.
    """
    p = np.arange(1, n_bins) / n_bins
    edges = np.log(p) - np.log1p(-p)
    return (edges - edges[::-1]) / 2.0 * (1.0 - TIE)


def _quantile_edges(points: Points, n_bins: int) -> np.ndarray:
    """Return inner edges, half-way between points, of bins that hold about the same weight."""
    total = float(len(points.x) if points.total is None else points.total.sum())
    before, last_place, edges = 0.0, np.inf, [np.empty(0)]
    for rows in row_blocks(len(points.x), 1):
        x, weight = points.x[rows], points.weights(rows)
        middle = (before + np.cumsum(weight) - weight / 2.0) / total * n_bins
        nearest = np.round(middle)
        middle = np.where(np.abs(middle - nearest) < ON_EDGE, nearest, middle)
        place = np.where(middle > n_bins / 2, np.floor(middle), np.ceil(middle) - 1.0)
        new = np.flatnonzero(np.diff(place, prepend=last_place) > 0)
        edges.append((points.x[rows.start + new - 1] + x[new]) / 2.0)
        before, last_place = before + float(weight.sum()), place[-1]
    return np.concatenate(edges)


class HistogramCalibrator(OneVsRestCalibrator):
    """Replace each class's probability by the frequency of the class in a bin of such probabilities.

    Parameters
    ----------
    n_bins : int, default=15
        Number of bins, at least 1; an odd number has no edge at .5.
    strategy : {"quantile", "uniform"}, default="quantile"
        Bins that hold the same number of rows, or that are equally wide.
    n_jobs : int, optional
        Classes that are fitted at the same time, in threads; None means one. The result is the same.
    input : {"proba", "logits"}, default="proba"
        What X holds.
    classes : array-like of shape (n_classes,), optional
        The label of each column, in column order. Without it: column names that cover the labels, 0..k-1 for
        integer labels in that range, else the sorted labels.

    Attributes
    ----------
    maps_ : list of dict
        "edges" (log odds of the inner edges) and "values" for each class; a single map, for ``classes_[1]``,
        if there are two classes.
    outcome_ : {"converged", "missing_class"}
        "missing_class": some class has no rows.
    classes_ : ndarray of shape (n_classes,)
        The label of each column.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X has names.

    See Also
    --------
    IsotonicCalibrator : Chooses its bins itself, so that larger probabilities stay larger.

    Notes
    -----
    A bin of w rows with h hits gives (h + f) / (w + 1), f = (n_j + 1) / (n + k) the frequency of the class:
    one further observation, so that nothing is ever 0 or 1. A bin without rows, possible with "uniform",
    gives its middle. A probability on an edge belongs to the bin farther from .5. With more than two classes
    each class is fitted against the others and rows are divided by their sums. A class without rows keeps
    p_j / (1 + s_j), with s_j its weighted sum of probabilities.

    Steps throw away all differences within a bin: a simple and honest reference, seldom the best map.

    References
    ----------
    B. Zadrozny, C. Elkan, "Obtaining Calibrated Probability Estimates from Decision Trees and Naive Bayesian
    Classifiers", ICML 2001.

    Examples
    --------
    Three of four rows at .9 are right, and one further observation of (3 + 1) / (4 + 2):

    >>> from sklearn_lossacc import HistogramCalibrator
    >>> calibrator = HistogramCalibrator().fit([0.9] * 4, [1, 1, 1, 0])
    >>> calibrator.predict_proba([0.9]).round(4)  # (3 + 2 / 3) / (4 + 1)
    array([[0.2667, 0.7333]])
    """

    def __init__(
        self,
        *,
        n_bins: int = 15,
        strategy: str = "quantile",
        n_jobs: int | None = None,
        input: str = "proba",
        classes: Any = None,
    ):
        super().__init__(n_jobs=n_jobs, input=input, classes=classes)
        self.n_bins = n_bins
        self.strategy = strategy

    def _fit_map(self, target: Target) -> Map:
        n_bins = whole_number("n_bins", self.n_bins, 1)
        if self.strategy not in STRATEGIES:
            raise ValueError(f"strategy must be one of {STRATEGIES}, got {self.strategy!r}.")
        points = pool_ties(target.odds, target.hit, target.weight, overwrite=True)
        edges = _uniform_edges(n_bins) if self.strategy == "uniform" else _quantile_edges(points, n_bins)
        total, hits = np.zeros(len(edges) + 1), np.zeros(len(edges) + 1)
        for rows in row_blocks(len(points.x), 1):
            place = _bin_of(points.x[rows], edges)
            total += np.bincount(place, weights=points.weights(rows), minlength=len(total))
            hits += np.bincount(place, weights=points.sums[rows], minlength=len(total))
        values = (hits + target.prior) / (total + 1.0)
        # quantile bins are never empty
        middles = (np.arange(len(values)) + 0.5) / len(values)
        return {"edges": edges, "values": np.where(total > 0, values, middles)}

    def _line(self, one: Map, odds: np.ndarray) -> np.ndarray:
        return logit(one["values"])[_bin_of(odds, one["edges"])]

    def _line_formula(self, maps: list[Map], odds: Formula) -> Formula:
        edges = [one["edges"] for one in maps]
        sides = knots_passed(odds, edges), knots_passed(odds, edges, inclusive=False)
        steps = [Pieces.constant(one["edges"], logit(one["values"])) for one in maps]
        return piecewise(odds, steps, f.where(f.greater(odds, 0.0), *sides))
