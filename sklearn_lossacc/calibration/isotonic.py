"""One monotone map for each class, learnt by pooling adjacent violators."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_lossacc._numerics import LOSS_CLIP
from sklearn_lossacc._numerics.isotonic import fit_isotonic
from sklearn_lossacc.calibration.base import SMALLEST, BaseCalibrator
from sklearn_lossacc.calibration.outcome import Outcome
from sklearn_lossacc.inputs import Predictions, Scores

__all__ = ["IsotonicCalibrator"]

_FLOAT64 = np.dtype(np.float64)


class IsotonicCalibrator(BaseCalibrator):
    """Replace each class's probability by the frequency that a non-decreasing fit assigns to it.

    Parameters
    ----------
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
    the blocks of equal value the map is linear, beyond the largest and smallest score it is constant.

    A class without rows keeps p_j / (1 + s_j), with s_j its weighted sum of probabilities: the estimate that
    follows from one prior row.

    Calibration by a step-like map makes ties, so the ranking of rows can get coarser, and with several
    classes the predicted class of a row can change.

    References
    ----------
    B. Zadrozny, C. Elkan, "Transforming Classifier Scores into Accurate Multiclass Probability Estimates",
    KDD 2002.

    Examples
    --------
    Four rows at .9, of which three are right, with two observations of the frequency (3 + 1) / (4 + 2):

    >>> from sklearn_lossacc.calibration import IsotonicCalibrator
    >>> calibrator = IsotonicCalibrator().fit([0.9] * 4, [1, 1, 1, 0])
    >>> calibrator.predict_proba([0.9]).round(4)  # (3 + 2 * 4 / 6) / (4 + 2)
    array([[0.2778, 0.7222]])
    """

    def _learn(self, predictions: Predictions, class_weight: np.ndarray) -> Outcome:
        n_classes = predictions.n_classes
        prior = (class_weight + 1.0) / (class_weight.sum() + n_classes)
        proba = predictions.checked.proba(slice(0, predictions.n_rows), dtype=_FLOAT64)
        weight = predictions.sample_weight
        self.maps_ = []
        for column in range(n_classes) if n_classes > 2 else (1,):
            scores = proba[:, column]
            if n_classes > 2 and class_weight[column] == 0:
                share = 1.0 / (1.0 + float(scores.sum() if weight is None else weight @ scores))
                self.maps_.append((np.array([0.0, 1.0]), np.array([LOSS_CLIP, max(share, LOSS_CLIP)])))
            else:
                target = (predictions.y == column).astype(np.float64)
                self.maps_.append(fit_isotonic(scores, target, weight, prior=float(prior[column])))
        return "converged"

    def _apply(self, scores: Scores, rows: slice) -> np.ndarray:
        proba = scores.proba(rows, dtype=_FLOAT64)
        if len(self.maps_) == 1:
            second = np.interp(proba[:, 1], *self.maps_[0])
            return np.maximum(np.column_stack([1.0 - second, second]), SMALLEST)
        for column, (knots, values) in enumerate(self.maps_):
            proba[:, column] = np.interp(proba[:, column], knots, values)
        proba /= proba.sum(axis=1, keepdims=True)
        return np.maximum(proba, SMALLEST, out=proba)

    def _state(self) -> dict[str, Any]:
        return {"maps": [{"knots": x.tolist(), "values": q.tolist()} for x, q in self.maps_]}

    def _restore(self, state: dict[str, Any]) -> None:
        self.maps_ = [(np.array(one["knots"]), np.array(one["values"])) for one in state["maps"]]
