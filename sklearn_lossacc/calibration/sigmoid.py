"""Platt scaling: log odds made steeper or flatter, and shifted."""

from __future__ import annotations

import numpy as np

from sklearn_lossacc._numerics.computed_rows import ComputedRows
from sklearn_lossacc._numerics.formula import Formula
from sklearn_lossacc._numerics.logistic import fit_logistic
from sklearn_lossacc.calibration.one_vs_rest import Map, ParametricCalibrator, Target, numbers

__all__ = ["SigmoidCalibrator"]


class SigmoidCalibrator(ParametricCalibrator):
    """Multiply the log odds of each class by a slope and add an intercept.

    Parameters
    ----------
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
        "slope" and "intercept" for each class; a single map, for ``classes_[1]``, if there are two classes;
        none if the probabilities are left as they are.
    outcome_ : {"converged", "separable", "uninformative", "missing_class", "degenerate"}
        "separable": every label has its row's largest score, and the probabilities are left as they are.
        "uninformative": no class has a positive slope. "degenerate": no gain even on the rows of the fit.
    classes_ : ndarray of shape (n_classes,)
        The label of each column.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X has names.

    See Also
    --------
    BetaCalibrator : Bends the two ends differently.
    TemperatureCalibrator : One slope for all classes, no intercept.

    Notes
    -----
    With d = log p - log(1 - p) in nats, q = 1 / (1 + exp(-a d - b)). The slope a, never negative, and the
    intercept b minimise

    sum_i w_i loss_i + [min(1, m) (a - 1)^2 + b^2] / 2,

    m the weighted mean of d^2: a shrinkage toward the identity that weighs about as much as one row. It takes
    the place of Platt's smoothed labels. Where half of the rows of a class are beyond d = 64, d is first multiplied
    by a "unit" that brings them there, since the loss has no curvature further out. How far out a probability of
    exactly 0 or 1 lies, such as a share of votes, is not known: where the rows of the fit have such, d is cut at
    "reach", log 2 beyond the furthest other, so that 0 has half the odds of the smallest other. With more than two
    classes each class is fitted against the others, and rows are divided by their sums. On the rows of the fit the log
    loss is never above that of X.

    References
    ----------
    J. Platt, "Probabilistic Outputs for Support Vector Machines and Comparisons to Regularized Likelihood
    Methods", *Advances in Large Margin Classifiers*, 1999.

    Examples
    --------
    A model that says .1 or .9 and is right three times out of four; log 3 = log 9 / 2, so the slope is a half:

    >>> import numpy as np
    >>> from sklearn_lossacc import SigmoidCalibrator
    >>> p = np.repeat([0.9, 0.1], 4000)
    >>> y = np.tile([1, 1, 1, 0], 2000)
    >>> y[4000:] = 1 - y[4000:]
    >>> SigmoidCalibrator().fit(p, y).predict_proba([0.9]).round(3)
    array([[0.25, 0.75]])
    """

    def _fit_curve(self, target: Target) -> Map:
        moment = target.mean_square()
        odds = target.odds
        slope, intercept = fit_logistic(
            ComputedRows(lambda rows: np.column_stack([odds[rows], np.ones_like(odds[rows])]), (len(odds), 2)),
            target.hit,
            target.weight,
            center=np.array([1.0, 0.0]),
            # 1e-12: the matrix stays positive definite where all log odds are 0
            penalty=np.diag([min(1.0, moment) + 1e-12, 1.0]),
            nonnegative=(0,),
        )
        return {"slope": np.array([slope]), "intercept": np.array([intercept])}

    def _curve(self, one: Map, odds: np.ndarray) -> np.ndarray:
        return one["slope"] * odds + one["intercept"]

    def _curve_formula(self, maps: list[Map], odds: Formula) -> Formula:
        return odds * numbers(maps, "slope") + numbers(maps, "intercept")

    def _is_flat(self, one: Map) -> bool:
        return bool(one["slope"][0] == 0)
