"""One monotone map for each class, learnt by pooling adjacent violators."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.parallel import Parallel, delayed

from sklearn_lossacc._numerics import LOSS_CLIP
from sklearn_lossacc._numerics.isotonic import fit_isotonic
from sklearn_lossacc._numerics.lookup import in_order
from sklearn_lossacc.calibration.base import BaseCalibrator, without_zeros
from sklearn_lossacc.calibration.columns import NEIGHBOURS, ProbaColumns, neighbours, weights_unless_ones
from sklearn_lossacc.calibration.outcome import Outcome
from sklearn_lossacc.inputs import Predictions, Scores

__all__ = ["IsotonicCalibrator"]

_FLOAT64 = np.dtype(np.float64)


def _interpolated(x: np.ndarray, knots: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Evaluate a map, linear between its knots and constant beyond them."""
    return in_order(lambda ordered: np.interp(ordered, knots, values), x)


class IsotonicCalibrator(BaseCalibrator):
    """Replace each class's probability by the frequency that a non-decreasing fit assigns to it.

    Parameters
    ----------
    centered : bool, default=True
        Whether the map goes through the centre of each block of equal values, and so rises everywhere between the
        outermost ones, instead of staying constant on each: smaller losses, no ties, the ranking of rows is kept.
    n_jobs : int, optional
        Classes that are fitted at the same time, in threads; None means one. The result is the same.
    input : {"proba", "logits"}, default="proba"
        What X holds. Logits are turned into probabilities by softmax first.
    classes : array-like of shape (n_classes,), optional
        The label of each column, in column order. Without it: column names that cover the labels, 0..k-1 for
        integer labels in that range, else the sorted labels.

    Attributes
    ----------
    maps_ : list of (knots, values)
        One pair of arrays for each class; a single pair, for ``classes_[1]``, if there are two classes.
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
    TemperatureCalibrator : One number instead of a curve; better below about 1000 rows a class.

    Notes
    -----
    With more than two classes each class is fitted against the others and the rows are then divided by their
    sums. That sum is never 0: one observation of the class frequency (n_j + 1) / (n + k) at the smallest and
    one at the largest score keep every map strictly between 0 and 1. Rows of equal score are pooled. Between
    the knots the map is linear, beyond the first and last it is constant. The knots are the weighted means of the
    blocks of equal value; with ``centered=False`` both ends of each.

    A class without rows keeps p_j / (1 + s_j), with s_j its weighted sum of probabilities: the estimate that
    follows from one prior row.

    With several classes the predicted class of a row can change. With ``centered=False`` the steps make ties, so the
    ranking of rows gets coarser.

    References
    ----------
    B. Zadrozny, C. Elkan, "Transforming Classifier Scores into Accurate Multiclass Probability Estimates",
    KDD 2002.

    A. P. Oron, N. Flournoy, "Centered Isotonic Regression: Point and Interval Estimation for Dose-Response
    Studies", *Statistics in Biopharmaceutical Research*, 2017.

    Examples
    --------
    Four rows at .9, of which three are right, with two observations of the frequency (3 + 1) / (4 + 2):

    >>> from sklearn_lossacc.calibration import IsotonicCalibrator
    >>> calibrator = IsotonicCalibrator().fit([0.9] * 4, [1, 1, 1, 0])
    >>> calibrator.predict_proba([0.9]).round(4)  # (3 + 2 * 4 / 6) / (4 + 2)
    array([[0.2778, 0.7222]])
    """

    _rows_at_least = 4096

    def __init__(self, *, centered: bool = True, n_jobs: int | None = None, input: str = "proba", classes: Any = None):
        super().__init__(input=input, classes=classes)
        self.centered = centered
        self.n_jobs = n_jobs

    def _learn(self, predictions: Predictions, class_weight: np.ndarray) -> Outcome:
        n_classes = predictions.n_classes
        prior = (class_weight + 1.0) / (class_weight.sum() + n_classes)
        proba = ProbaColumns(predictions.checked)
        y, weight = predictions.y, weights_unless_ones(predictions.sample_weight)

        def fit_some(columns: slice) -> list[tuple[np.ndarray, np.ndarray]]:
            """Fit the maps of neighbouring classes."""
            maps = []
            for column, scores in zip(range(columns.start, columns.stop), proba.take(columns), strict=True):
                if n_classes > 2 and class_weight[column] == 0:
                    share = 1.0 / (1.0 + float(scores.sum() if weight is None else weight @ scores))
                    maps.append((np.array([0.0, 1.0]), np.array([LOSS_CLIP, max(share, LOSS_CLIP)])))
                else:
                    share, centered = float(prior[column]), self.centered
                    hit = y == column
                    maps.append(fit_isotonic(scores, hit, weight, prior=share, centered=centered, overwrite=True))
            return maps

        # threads: sorting and arithmetic let go of the interpreter's lock, and nothing is copied
        parts = Parallel(n_jobs=self.n_jobs, prefer="threads")(delayed(fit_some)(one) for one in neighbours(n_classes))
        self.maps_ = [one for part in parts for one in part]
        return "converged"

    def _fill(self, scores: Scores, rows: slice, out: np.ndarray) -> None:
        proba = scores.proba(rows, dtype=_FLOAT64)
        if len(self.maps_) == 1:
            out[:, 1] = _interpolated(proba[:, 1], *self.maps_[0])
            np.subtract(1.0, out[:, 1], out=out[:, 0])
        else:
            for begin in range(0, len(self.maps_), NEIGHBOURS):
                columns = proba[:, begin : begin + NEIGHBOURS].T.copy()
                for column, (knots, values) in zip(columns, self.maps_[begin:], strict=False):
                    column[:] = _interpolated(column, knots, values)
                out[:, begin : begin + NEIGHBOURS] = columns.T
            out /= out.sum(axis=1, keepdims=True)
        without_zeros(out)

    def _state(self) -> dict[str, Any]:
        return {"maps": [{"knots": x.tolist(), "values": q.tolist()} for x, q in self.maps_]}

    def _restore(self, state: dict[str, Any]) -> None:
        self.maps_ = [(np.array(one["knots"]), np.array(one["values"])) for one in state["maps"]]
