"""A mixture of tempered, given and equal probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_lossacc._numerics import formula as f
from sklearn_lossacc._numerics import row_blocks, softmax
from sklearn_lossacc._numerics.computed_rows import ComputedRows
from sklearn_lossacc._numerics.formula import Formula
from sklearn_lossacc._numerics.mixture_weights import fit_mixture_weights
from sklearn_lossacc._numerics.temperature_blocks import log_scores
from sklearn_lossacc.calibration.base import PREDICTED_ENTRIES, BaseCalibrator, without_zeros
from sklearn_lossacc.calibration.formulas import log_scores_formula, positive_formula
from sklearn_lossacc.calibration.nested import fit_inner
from sklearn_lossacc.calibration.outcome import Outcome
from sklearn_lossacc.calibration.plain import numbers_from_plain
from sklearn_lossacc.calibration.temperature import TemperatureCalibrator
from sklearn_lossacc.inputs import Predictions, Scores

__all__ = ["EnsembleTemperatureCalibrator"]


class EnsembleTemperatureCalibrator(BaseCalibrator):
    """Mix probabilities after temperature scaling, as they are, and equal ones.

    Parameters
    ----------
    input : {"proba", "logits"}, default="proba"
        What X holds.
    classes : array-like of shape (n_classes,), optional
        The label of each column, in column order. Without it: column names that cover the labels, 0..k-1 for
        integer labels in that range, else the sorted labels.

    Attributes
    ----------
    weights_ : ndarray of shape (3,)
        Shares of the tempered, the given and the equal probabilities; not negative, of sum 1.
    temperature_calibrator_ : TemperatureCalibrator
        Makes the tempered probabilities.
    outcome_ : {"converged", "separable", "uninformative", "missing_class"}
        That of the temperature. "separable": every label has its row's largest score, and the probabilities
        are left as they are. "uninformative": every row gets the class frequencies.
    classes_ : ndarray of shape (n_classes,)
        The label of each column.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X has names.

    See Also
    --------
    TemperatureCalibrator : With ``floor=True``, temperature and the share of equal probabilities together.

    Notes
    -----
    q_j = w1 p_j^beta / sum_i p_i^beta + w2 p_j + w3 / k. First beta, then the weights minimise the log loss,
    both to the optimum, since each problem is convex. The order of the classes within a row never changes. On
    the rows of the fit the log loss is never above that of X. A probability of exactly 0 counts as 2.22e-16.

    References
    ----------
    J. Zhang, B. Kailkhura, T. Y.-J. Han, "Mix-n-Match: Ensemble and Compositional Methods for Uncertainty
    Calibration in Deep Learning", ICML 2020.

    Examples
    --------
    A model that says .9 and is right three times out of four; the temperature alone repairs it:

    >>> from sklearn_lossacc import EnsembleTemperatureCalibrator
    >>> calibrator = EnsembleTemperatureCalibrator().fit([[0.1, 0.9]] * 4, [1, 1, 1, 0])
    >>> calibrator.predict_proba([[0.1, 0.9]]).round(6)
    array([[0.25, 0.75]])
    """

    def _learn(self, predictions: Predictions, class_weight: np.ndarray) -> Outcome:
        inner = TemperatureCalibrator(input=self.input, classes=predictions.classes)
        self.temperature_calibrator_ = fit_inner(inner, predictions)
        outcome = inner.outcome_
        self.weights_ = np.array([1.0, 0.0, 0.0])
        if outcome in ("converged", "missing_class"):
            scores = predictions.checked
            density = np.empty((scores.n_rows, 2))
            for rows in row_blocks(scores.n_rows, scores.n_classes, PREDICTED_ENTRIES):
                place = np.arange(rows.stop - rows.start), predictions.y[rows]
                density[rows] = np.column_stack([part[place] for part in self._parts(scores, rows)])
            parts = ComputedRows(
                lambda rows: np.pad(density[rows], ((0, 0), (0, 1)), constant_values=1.0 / scores.n_classes),
                (scores.n_rows, 3),
            )
            self.weights_ = fit_mixture_weights(parts, predictions.sample_weight)
        return "converged" if outcome == "missing_class" else outcome

    @property
    def _keeps_labels(self) -> bool:
        """Whether the fitted map leaves every predicted class as it is, whatever the row."""
        return self.temperature_calibrator_._keeps_labels and self.weights_[2] < 1.0

    def _parts(self, scores: Scores, rows: slice) -> tuple[np.ndarray, np.ndarray]:
        """Return tempered and given probabilities."""
        tempered = self.temperature_calibrator_._apply(scores, rows)
        given = np.empty_like(tempered)
        logs = log_scores(scores.values[rows], logits=self.input == "logits", ordered=True, out=given)
        return tempered, softmax(logs, out=given)

    def _fill(self, scores: Scores, rows: slice, out: np.ndarray) -> None:
        tempered, given = self._parts(scores, rows)
        np.multiply(tempered, self.weights_[0], out=out)
        given *= self.weights_[1]
        out += given
        out += self.weights_[2] / out.shape[1]
        without_zeros(out)

    def _formula(self, scores: Formula) -> Formula:
        logs = log_scores_formula(scores, logits=self.input == "logits", ordered=True)
        tempered, as_given = self.temperature_calibrator_._formula(scores), f.softmax(logs)
        first, second, third = self.weights_
        return positive_formula(first * tempered + second * as_given + third / len(self.classes_))

    def _state(self) -> dict[str, Any]:
        return {"weights": self.weights_.tolist(), "temperature_calibrator": self.temperature_calibrator_.to_dict()}

    def _restore(self, state: dict[str, Any]) -> None:
        self.weights_ = numbers_from_plain(state["weights"], shape=(3,))
        self.temperature_calibrator_ = TemperatureCalibrator.from_dict(state["temperature_calibrator"])
