"""Beta calibration: log odds whose two ends are bent by two different powers; and its quadratic cousin."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_lossacc._numerics.computed_rows import ComputedRows
from sklearn_lossacc._numerics.formula import Formula
from sklearn_lossacc._numerics.logistic import fit_logistic
from sklearn_lossacc.calibration.formulas import log_sum_formula
from sklearn_lossacc.calibration.one_vs_rest import Map, ParametricCalibrator, Target, numbers

__all__ = ["BetaCalibrator"]

SHAPES = ("beta", "quadratic")


class BetaCalibrator(ParametricCalibrator):
    """Give small and large probabilities of each class a power of their own, and an intercept.

    Parameters
    ----------
    shape : {"beta", "quadratic"}, default="beta"
        "quadratic" fits a parabola in the log odds instead. It bends more freely, but it is not monotone: on
        enough data only.
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
        "coef", three numbers (a, b, c) for each class; a single map, for ``classes_[1]``, if there are two
        classes; none if the probabilities are left as they are.
    outcome_ : {"converged", "separable", "uninformative", "missing_class", "degenerate"}
        "separable": every label has its row's largest score, and the probabilities are left as they are.
        "uninformative": a = b = 0 for every class. "degenerate": no gain even on the rows of the fit.
    classes_ : ndarray of shape (n_classes,)
        The label of each column.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X has names.

    See Also
    --------
    SigmoidCalibrator : The same with a = b.

    Notes
    -----
    log odds of q = a log p - b log(1 - p) + c, with a and b not negative: the map that corrects scores
    which follow a beta distribution in each class. With d = log p - log(1 - p), "quadratic" is
    log odds of q = a d + b d^2 / s + c, where s is the weighted root mean square of d, at least 1.

    The coefficients minimise the log loss in nats, summed over the rows, plus a shrinkage toward the identity that
    weighs about as much as one row; see `SigmoidCalibrator`, also for zeros. With more than two classes each class is
    fitted against the others, and rows are divided by their sums. On the rows of the fit the log loss is never above
    that of X.

    References
    ----------
    M. Kull, T. Silva Filho, P. Flach, "Beta calibration: a well-founded and easily implemented improvement on
    logistic calibration for binary classifiers", AISTATS 2017.

    Examples
    --------
    A model that says .1 or .9 and is right three times out of four; log 3 = log 9 / 2:

    >>> import numpy as np
    >>> from sklearn_lossacc import BetaCalibrator
    >>> p = np.repeat([0.9, 0.1], 4000)
    >>> y = np.tile([1, 1, 1, 0], 2000)
    >>> y[4000:] = 1 - y[4000:]
    >>> BetaCalibrator().fit(p, y).predict_proba([0.9]).round(3)
    array([[0.25, 0.75]])
    """

    def __init__(self, *, shape: str = "beta", n_jobs: int | None = None, input: str = "proba", classes: Any = None):
        super().__init__(n_jobs=n_jobs, input=input, classes=classes)
        self.shape = shape

    def _fit_curve(self, target: Target) -> Map:
        if self.shape not in SHAPES:
            raise ValueError(f"shape must be one of {SHAPES}, got {self.shape!r}.")
        mean_square = target.mean_square()
        scale = np.array([max(1.0, np.sqrt(mean_square))])
        monotone = self.shape == "beta"
        moment = min(1.0, mean_square) + 1e-6  # positive where all log odds are 0
        coef = fit_logistic(
            ComputedRows(lambda rows: self._features(target.odds[rows], scale), (len(target.odds), 3)),
            target.hit,
            target.weight,
            center=np.array([1.0, 1.0 if monotone else 0.0, 0.0]),
            penalty=np.diag([moment, moment, 1.0]),
            nonnegative=(0, 1) if monotone else (),
        )
        return {"coef": coef, "scale": scale}

    def _features(self, odds: np.ndarray, scale: np.ndarray) -> np.ndarray:
        """Return log p and -log(1 - p), or d and d^2 / s, and ones."""
        ones = np.ones_like(odds)
        if self.shape == "beta":
            return np.column_stack([-np.logaddexp(0.0, -odds), np.logaddexp(0.0, odds), ones])
        return np.column_stack([odds, odds**2 / scale, ones])

    def _curve(self, one: Map, odds: np.ndarray) -> np.ndarray:
        return self._features(odds, one["scale"]) @ one["coef"]

    def _curve_formula(self, maps: list[Map], odds: Formula) -> Formula:
        first, second, intercept = np.column_stack([one["coef"] for one in maps])
        if self.shape == "beta":
            return -log_sum_formula(-odds, 0.0) * first + log_sum_formula(odds, 0.0) * second + intercept
        return odds * first + odds * odds / numbers(maps, "scale") * second + intercept

    def _is_flat(self, one: Map) -> bool:
        return bool((one["coef"][:2] == 0).all())
