"""Choose a calibrator by what it does to rows that it has not seen."""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from sklearn_lossacc.calibration.base import BaseCalibrator
from sklearn_lossacc.calibration.cross_fitting import assign_folds, compare, out_of_fold_loss
from sklearn_lossacc.calibration.identity import IdentityCalibrator
from sklearn_lossacc.calibration.isotonic import IsotonicCalibrator
from sklearn_lossacc.calibration.matrix import MatrixCalibrator
from sklearn_lossacc.calibration.outcome import Outcome
from sklearn_lossacc.calibration.sigmoid import SigmoidCalibrator
from sklearn_lossacc.calibration.spline import SplineCalibrator
from sklearn_lossacc.calibration.temperature import TemperatureCalibrator
from sklearn_lossacc.calibration.vector import VectorCalibrator
from sklearn_lossacc.inputs import Predictions, Scores

__all__ = ["CANDIDATES", "AutoCalibrator", "Candidate"]


class Candidate(NamedTuple):
    """One calibrator to choose from.

    Attributes
    ----------
    name : str
        What `choice_` says.
    make : callable
        Makes the calibrator from ``input=``.
    rows_per_class : int
        Rows that each class needs before the calibrator is tried.
    n_classes : tuple of int
        Smallest and largest number of classes for which it is tried.
    """

    name: str
    make: Callable[..., BaseCalibrator]
    rows_per_class: int = 0
    n_classes: tuple[int, int] = (1, sys.maxsize)

    def suits(self, class_weight: np.ndarray) -> bool:
        """Say whether the calibrator is worth a trial on such labels.

        Parameters
        ----------
        class_weight : ndarray of shape (n_classes,)
            Weight of each class.

        Returns
        -------
        bool
            True if the numbers of rows and of classes are in range.
        """
        fewest, most = self.n_classes
        return bool(fewest <= len(class_weight) <= most and class_weight.min() >= self.rows_per_class)


def _with_floor(**params: Any) -> TemperatureCalibrator:
    """Make a temperature calibrator with a floor."""
    return TemperatureCalibrator(floor=True, **params)


NO_DIFFERENCE = 1e-6  # nats: two searches for the same optimum end this close to each other

# From the simplest to the richest: the order decides between calibrators that the data cannot tell apart.
CANDIDATES = (
    Candidate("identity", IdentityCalibrator),
    Candidate("temperature", TemperatureCalibrator),
    Candidate("temperature+floor", _with_floor),
    Candidate("sigmoid", SigmoidCalibrator, 10, (2, 2)),
    Candidate("vector", VectorCalibrator, 10, (3, sys.maxsize)),
    Candidate("matrix", MatrixCalibrator, 10, (3, 100)),
    Candidate("spline", SplineCalibrator, 100, (2, 2)),
    Candidate("isotonic", IsotonicCalibrator, 1000),
)


class AutoCalibrator(BaseCalibrator):
    """Try several calibrators on held-out folds, and take the simplest that is as good as the best.

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
    choice_ : str
        Name of the chosen calibrator.
    calibrator_ : BaseCalibrator
        The chosen calibrator, fitted on all rows.
    cv_results_ : dict of ndarray
        One entry for each candidate, from the simplest on: "name", "mean_log_loss" (nats, out of fold, clipped at
        2.22e-16), "difference" to the best, "standard_error" of that difference. Empty if `outcome_` is "degenerate".
    outcome_ : str
        That of the chosen calibrator; "degenerate" if there are fewer than two rows a fold, or fewer than four
        different ones, which leaves the identity.
    classes_ : ndarray of shape (n_classes,)
        The label of each column.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X has names.

    See Also
    --------
    CalibratedClassifier : Puts a calibrator behind a classifier.

    Notes
    -----
    Candidates, from the simplest: the identity; one temperature; temperature with a floor; for two classes a
    sigmoid and a spline; for more a vector, and up to 100 classes a matrix; and isotonic maps. Sigmoid, vector and
    matrix ask for 10 rows in every class, the spline for 100, isotonic maps for 1000. The choice is the first whose
    mean loss exceeds the smallest by at most one standard error of the paired difference. On a healthy model that
    is the identity, nearly always.

    Folds are stratified. Rows of one group, and rows of equal scores, stay in one fold and count as one draw in the
    standard error. The folds follow from the content of the rows: their order means nothing and nothing is random.
    Above 2**21 entries (but never below 2048 rows) the choice is made on a fixed sample; the chosen calibrator is
    fitted on all rows.

    References
    ----------
    L. Breiman, J. H. Friedman, R. A. Olshen, C. J. Stone, *Classification and Regression Trees*, Wadsworth, 1984,
    section 3.4.3, for the one-standard-error rule.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc.calibration import AutoCalibrator
    >>> rng = np.random.default_rng(0)
    >>> p = rng.uniform(0.05, 0.95, 500)
    >>> y = (rng.random(500) < p).astype(int)
    >>> AutoCalibrator().fit(p, y).choice_
    'identity'
    >>> sharper = p**3 / (p**3 + (1 - p) ** 3)
    >>> AutoCalibrator().fit(sharper, y).choice_
    'temperature'
    """

    def __init__(self, *, n_folds: int = 5, input: str = "proba", classes: Any = None):
        super().__init__(input=input, classes=classes)
        self.n_folds = n_folds

    def _learn(self, predictions: Predictions, class_weight: np.ndarray) -> Outcome:
        """Compare the candidates, then fit the choice on all rows."""
        n_folds = operator.index(self.n_folds)
        if n_folds < 2:
            raise ValueError(f"n_folds must be at least 2, got {n_folds}.")
        folds = assign_folds(predictions, n_folds)
        enough = len(folds.rows) >= 2 * n_folds and folds.n_units >= 4
        self.cv_results_: dict[str, np.ndarray] = {}
        candidates = [one for one in CANDIDATES[: None if enough else 1] if one.suits(class_weight)]
        chosen = candidates[0]
        if enough:
            loss = [out_of_fold_loss(one.make(input=self.input), predictions, folds) for one in candidates]
            all_weights = predictions.sample_weight
            weight = np.ones(len(folds.rows)) if all_weights is None else all_weights[folds.rows]
            mean = np.array([weight @ one / weight.sum() for one in loss])
            best = loss[int(mean.argmin())]
            pairs = np.array([compare(one, best, weight, folds) for one in loss])
            chosen = candidates[int(np.argmax(pairs[:, 0] <= pairs[:, 1] + NO_DIFFERENCE))]
            self.cv_results_ = {
                "name": np.array([one.name for one in candidates]),
                "mean_log_loss": mean,
                "difference": pairs[:, 0],
                "standard_error": pairs[:, 1],
            }
        self.choice_ = chosen.name
        self.calibrator_ = chosen.make(input=self.input, classes=predictions.classes)
        self.calibrator_.n_features_in_ = self.n_features_in_
        self.calibrator_._fit_checked(predictions)
        return self.calibrator_.outcome_ if enough else "degenerate"

    def _fill(self, scores: Scores, rows: slice, out: np.ndarray) -> None:
        """Let the chosen calibrator do it."""
        self.calibrator_._fill(scores, rows, out)

    def _state(self) -> dict[str, Any]:
        """Write the choice, its reasons, and the chosen calibrator."""
        return {
            "choice": self.choice_,
            "cv_results": {key: column.tolist() for key, column in self.cv_results_.items()},
            "calibrator": self.calibrator_.to_dict(),
        }

    def _restore(self, state: dict[str, Any]) -> None:
        """Read the choice, its reasons, and the chosen calibrator."""
        self.choice_ = state["choice"]
        self.cv_results_ = {key: np.array(column) for key, column in state["cv_results"].items()}
        self.calibrator_ = BaseCalibrator.from_dict(state["calibrator"])
