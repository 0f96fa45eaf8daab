"""Spline calibration: a smooth curve over the log odds, as stiff as the data ask for."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_lossacc._numerics.computed_rows import ComputedRows
from sklearn_lossacc._numerics.formula import Formula
from sklearn_lossacc._numerics.logistic import fit_logistic, logistic_evidence
from sklearn_lossacc._numerics.natural_spline import ends_and_bends, natural_spline, spline_pieces, spread_knots
from sklearn_lossacc._numerics.points import condensed, pool_ties
from sklearn_lossacc.calibration.formulas import Pieces, piecewise
from sklearn_lossacc.calibration.one_vs_rest import Map, ParametricCalibrator, Target
from sklearn_lossacc.calibration.whole_number import whole_number

__all__ = ["SplineCalibrator"]

STIFFNESS = 10.0 ** np.arange(4, -3, -1)  # from nearly straight on, so that each fit starts near its answer
MANY_POINTS, WIDTH = 2**14, 2.0**-8  # beyond the first, log odds this near to each other are one
NO_DIFFERENCE = 1e-4  # of evidence, in nats: curves so stiff that they are lines differ by rounding alone


class SplineCalibrator(ParametricCalibrator):
    """Map the log odds of each class by a smooth curve.

    Parameters
    ----------
    n_knots : int, default=6
        Largest number of knots of the curve, at least 2; with 2 it is a straight line.
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
        "knots" (log odds), "values" (log odds there) and "stiffness" for each class; a single map, for
        ``classes_[1]``, if there are two classes; none if the probabilities are left as they are.
    outcome_ : {"converged", "separable", "uninformative", "missing_class", "degenerate"}
        "separable": every label has its row's largest score, and the probabilities are left as they are.
        "uninformative": no curve rises anywhere by more than half of what lies between its lowest and its highest
        knot. "degenerate": no gain even on the rows of the fit.
    classes_ : ndarray of shape (n_classes,)
        The label of each column.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X has names.

    See Also
    --------
    SigmoidCalibrator : A straight line.
    IsotonicCalibrator : Steps that never fall.

    Notes
    -----
    log odds of q = f(d), d = log p - log(1 - p) in nats, with f the natural cubic spline, linear beyond its
    outermost knots, that minimises

    sum_i w_i loss_i + [c s^3 integral f''^2 + mean_j (f(x_j) - x_j)^2 / max(1, m)] / 2,

    x_j the knots at weighted quantiles, s half their range, m the mean of x_j^2. Without curvature this is the
    sigmoid calibrator, and the second term weighs about as much as one row (see there for its unit, and for zeros). The
    stiffness c is the one out of .01, .1, ..., 10000 with the largest evidence (Laplace's approximation), so nothing is
    split or drawn. The curve may fall, and then changes the ranking of rows. With more than two classes each class is
    fitted against the others and rows are divided by their sums. On the rows of the fit the log loss is never above
    that of X. Of more than 2**14 distinct log odds, those within 1 / 256 nats of each other are fitted as one.

    References
    ----------
    B. Lucena, "Spline-Based Probability Calibration", arXiv:1809.07751, 2018, for ridge-penalised natural splines.

    Examples
    --------
    A model that says .1 or .9 and is right three times out of four; log 3 = log 9 / 2:

    >>> import numpy as np
    >>> from sklearn_lossacc import SplineCalibrator
    >>> p = np.repeat([0.9, 0.1], 4000)
    >>> y = np.tile([1, 1, 1, 0], 2000)
    >>> y[4000:] = 1 - y[4000:]
    >>> SplineCalibrator().fit(p, y).predict_proba([0.9]).round(3)
    array([[0.25, 0.75]])
    """

    def __init__(self, *, n_knots: int = 6, n_jobs: int | None = None, input: str = "proba", classes: Any = None):
        super().__init__(n_jobs=n_jobs, input=input, classes=classes)
        self.n_knots = n_knots

    def _fit_curve(self, target: Target) -> Map:
        n_knots = whole_number("n_knots", self.n_knots, 2)
        points = pool_ties(target.odds, target.hit, target.weight, overwrite=True)
        if len(points.x) > MANY_POINTS:
            points = condensed(points, WIDTH)
        knots = spread_knots(points, n_knots)
        n_points = len(points.x)
        # in units of half their range, so that the curvature has the unit of the loss
        values, bend = ends_and_bends(2.0 * knots / (knots[-1] - knots[0]))
        basis = ComputedRows(lambda rows: natural_spline(points.x[rows], knots, values), (n_points, len(knots)))
        features = basis if n_points > MANY_POINTS else basis[:]
        data = features, ComputedRows(points.mean, (n_points,)), points.total
        near = values.T @ values / (len(knots) * max(1.0, float((knots**2).mean())))
        center = coef = np.r_[knots[[0, -1]], np.zeros(len(knots) - 2)]
        best: tuple[float, float, np.ndarray] = (-np.inf, 0.0, center)
        for stiffness in STIFFNESS if len(knots) > 2 else STIFFNESS[:1]:
            pull = {"center": center, "penalty": near + stiffness * bend}
            coef = fit_logistic(*data, **pull, start=coef)
            evidence = logistic_evidence(*data, **pull, coef=coef)
            if evidence > best[0] + NO_DIFFERENCE:
                best = evidence, float(stiffness), coef
        return {"knots": knots, "values": values @ best[2], "stiffness": np.array([best[1]])}

    def _curve(self, one: Map, odds: np.ndarray) -> np.ndarray:
        return natural_spline(odds, one["knots"], one["values"])

    def _curve_formula(self, maps: list[Map], odds: Formula) -> Formula:
        return piecewise(odds, [Pieces(one["knots"], *spline_pieces(one["knots"], one["values"])) for one in maps])

    def _is_flat(self, one: Map) -> bool:
        values = one["values"]  # a curve may fall at one end and rise at the other: it says a great deal
        return bool((values - np.minimum.accumulate(values)).max() <= 0.5 * np.ptp(values))
