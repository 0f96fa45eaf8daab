"""An average of several calibrators, for rows too few to choose one of them."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from sklearn_lossacc._numerics import softmax
from sklearn_lossacc._numerics.temperature import FARTHEST
from sklearn_lossacc._numerics.temperature_blocks import log_scores
from sklearn_lossacc.calibration.base import BaseCalibrator
from sklearn_lossacc.calibration.beliefs import DIGITS, effective_weight
from sklearn_lossacc.calibration.cross_fitting import Folds, assign_folds, out_of_fold_loss, unit_keys
from sklearn_lossacc.calibration.matrix import MatrixCalibrator
from sklearn_lossacc.calibration.nested import fit_inner
from sklearn_lossacc.calibration.outcome import Outcome
from sklearn_lossacc.calibration.spline import SplineCalibrator
from sklearn_lossacc.calibration.temperature import TemperatureCalibrator
from sklearn_lossacc.calibration.vector import VectorCalibrator
from sklearn_lossacc.inputs import Predictions, Scores

__all__ = ["AverageCalibrator"]

BELIEVED = partial(VectorCalibrator, floor=True, cautious=True)
OTHERS = {  # for two classes, and for more
    True: (partial(TemperatureCalibrator, floor=True), SplineCalibrator),
    False: (
        partial(TemperatureCalibrator, floor=True),
        partial(VectorCalibrator, floor=True, strength=4.0),
        partial(MatrixCalibrator, floor=True, strength=4.0),
        partial(MatrixCalibrator, floor=True, strength=1.0),
    ),
}
TRUST = 0.5  # in the out-of-fold likelihood, whose folds share their rows
NEGLIGIBLE = 0.01  # weight
FEWEST_UNITS = 4


def _folds(predictions: Predictions, class_weight: np.ndarray, n_folds: int) -> Folds:
    """Assign folds to which neither the order of the classes nor the way that scores are written means anything."""
    scores = log_scores(predictions.scores, logits=predictions.input == "logits", ordered=True)
    scores = np.maximum(scores - scores.max(axis=1, keepdims=True), -FARTHEST).round(DIGITS)
    order = np.lexsort((scores.mean(axis=0), class_weight))
    alike = Predictions.from_arrays(
        np.argsort(order)[predictions.y],
        scores[:, order] + 0.0,  # no negative zero
        input="logits",
        sample_weight=predictions.sample_weight,
        groups=predictions.groups,
    )
    folds = assign_folds(alike, n_folds, None if predictions.groups is None else unit_keys(predictions))
    # nothing but a masked class may tell the rows apart
    return folds if folds.n_units >= FEWEST_UNITS else assign_folds(predictions, n_folds)


class AverageCalibrator(BaseCalibrator):
    """Average the probabilities of a believed map and of others, the less so the likelier nothing is wrong.

    Parameters
    ----------
    n_folds : int, default=5
        Number of folds, at least 2.
    input : {"proba", "logits"}, default="proba"
        What X holds.
    classes : array-like of shape (n_classes,), optional
        The label of each column, in column order. Without it: column names that cover the labels, 0..k-1 for
        integer labels in that range, else the sorted labels.

    Attributes
    ----------
    calibrators_ : list of BaseCalibrator
        Those of a weight of at least .01, fitted on all rows.
    weights_ : ndarray of shape (n_calibrators,)
        Of their probabilities; positive, of sum 1.
    out_of_fold_loss_ : ndarray of shape (m,)
        Loss of the average in nats, of each row of positive weight, at weights that all rows chose.
    outcome_ : str
        That of the believed map.
    classes_ : ndarray of shape (n_classes,)
        The label of each column.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X has names.

    See Also
    --------
    AutoCalibrator : Takes it for a few hundred rows if no single map is as good.

    Notes
    -----
    q = (1 - r^2) q_0 + r^2 sum_j u_j q_j. q_0 is a cautious vector and r how likely it is that anything is wrong. The
    sum goes over it, temperature with a floor, and a spline for two classes, or a vector and two matrices for more. u_j
    is in proportion to exp(-n L_j / 2) with L_j the mean loss out of fold, in nats, and n what the rows are worth.

    References
    ----------
    Y. Yao, A. Vehtari, D. Simpson, A. Gelman, "Using Stacking to Average Bayesian Predictive Distributions", *Bayesian
    Analysis*, 2018, section 3.4, for weights in proportion to exp of the out-of-fold log likelihood.
    """

    def __init__(self, *, n_folds: int = 5, input: str = "proba", classes: Any = None):
        super().__init__(input=input, classes=classes)
        self.n_folds = n_folds

    def _learn(self, predictions: Predictions, class_weight: np.ndarray) -> Outcome:
        folds = _folds(predictions, class_weight, self.n_folds)
        weight = predictions.sample_weight
        weight = np.ones(len(folds.rows)) if weight is None else weight[folds.rows]
        makers = (BELIEVED, *OTHERS[predictions.n_classes == 2])
        losses = np.array([out_of_fold_loss(make(input=self.input), predictions, folds) for make in makers])
        believed = fit_inner(BELIEVED(input=self.input, classes=predictions.classes), predictions)
        n = float(effective_weight(predictions).sum())
        weights = believed._wrong**2 * softmax(-TRUST * n * (losses @ weight)[np.newaxis] / weight.sum())[0]
        weights[0] += 1.0 - believed._wrong**2
        kept = np.flatnonzero(weights >= NEGLIGIBLE)
        self.weights_ = weights[kept] / weights[kept].sum()
        self.out_of_fold_loss_ = -np.log(self.weights_ @ np.exp(-losses[kept]))
        self.calibrators_: list[BaseCalibrator] = [
            believed
            if place == 0
            else fit_inner(makers[place](input=self.input, classes=predictions.classes), predictions)
            for place in kept
        ]
        return believed.outcome_

    def _fill(self, scores: Scores, rows: slice, out: np.ndarray) -> None:
        """Add up the probabilities of all."""
        own = np.empty_like(out)
        out[:] = 0.0
        for weight, calibrator in zip(self.weights_, self.calibrators_, strict=True):
            calibrator._fill(scores, rows, own)
            own *= weight
            out += own
        np.minimum(out, 1.0, out=out)

    def _state(self) -> dict[str, Any]:
        return {
            "weights": self.weights_.tolist(),
            "calibrators": [one.to_dict() for one in self.calibrators_],
            "out_of_fold_loss": self.out_of_fold_loss_.tolist(),
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self.weights_ = np.array(state["weights"], dtype=np.float64)
        self.calibrators_ = [BaseCalibrator.from_dict(one) for one in state["calibrators"]]
        self.out_of_fold_loss_ = np.array(state["out_of_fold_loss"], dtype=np.float64)
