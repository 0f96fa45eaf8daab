"""The calibrator that changes nothing: the reference to beat."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_lossacc._numerics import formula as f
from sklearn_lossacc._numerics.formula import Formula
from sklearn_lossacc.calibration.base import BaseCalibrator, without_zeros
from sklearn_lossacc.calibration.formulas import positive_formula
from sklearn_lossacc.calibration.outcome import Outcome
from sklearn_lossacc.inputs import Predictions, Scores

__all__ = ["IdentityCalibrator"]


class IdentityCalibrator(BaseCalibrator):
    """Leave probabilities as they are; turn logits into probabilities by softmax.

    Parameters
    ----------
    input : {"proba", "logits"}, default="proba"
        What X holds.
    classes : array-like of shape (n_classes,), optional
        The label of each column, in column order.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The label of each column.
    outcome_ : {"converged"}
        Nothing can go wrong.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X has names.

    See Also
    --------
    AutoCalibrator : Chooses among calibrators, of which this is one.

    Notes
    -----
    Rows whose sum misses 1 within the tolerance of 1e-3 are divided by it. A probability of exactly 0 stays
    0.

    Examples
    --------
    >>> from sklearn_lossacc import IdentityCalibrator
    >>> IdentityCalibrator().fit([[0.75, 0.25], [0.0, 1.0]], ["a", "b"]).predict_proba([[0.75, 0.25]])
    array([[0.75, 0.25]])
    """

    def _fit_checked(self, predictions: Predictions) -> np.ndarray:
        """Learn nothing, so that missing classes do not matter."""
        missing = super()._fit_checked(predictions)
        self.outcome_ = "converged"
        return missing

    @property
    def _keeps_labels(self) -> bool:
        """Whether the fitted map leaves every predicted class as it is, whatever the row."""
        return True

    def _learn(self, predictions: Predictions, class_weight: np.ndarray) -> Outcome:
        return "converged"

    def _fill(self, scores: Scores, rows: slice, out: np.ndarray) -> None:
        out[:] = scores.proba(rows, dtype=np.dtype(np.float64))
        if self.input == "logits":
            without_zeros(out)

    def _formula(self, scores: Formula) -> Formula:
        return positive_formula(f.softmax(scores)) if self.input == "logits" else scores / f.row_sum(scores)

    def _state(self) -> dict[str, Any]:
        return {}

    def _restore(self, state: dict[str, Any]) -> None:
        pass
