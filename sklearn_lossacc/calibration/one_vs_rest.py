"""Calibrators that map the log odds of each class by itself and then divide rows by their sums."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np
from scipy.special import expit
from sklearn.utils.parallel import Parallel, delayed

from sklearn_lossacc._numerics import LOSS_CLIP, row_blocks
from sklearn_lossacc._numerics.log_odds import log_odds
from sklearn_lossacc.calibration.base import SMALLEST, BaseCalibrator
from sklearn_lossacc.calibration.outcome import Outcome
from sklearn_lossacc.inputs import Predictions, Scores

__all__ = ["Map", "OneVsRestCalibrator", "Target", "all_log_odds"]

Map = dict[str, np.ndarray]


class Target:
    """One class against the others, for the fit of one map.

    Attributes
    ----------
    odds : ndarray of shape (n_rows,), float64
        Log odds of the class, in nats.
    hit : ndarray of shape (n_rows,), float64
        1 where the label is the class, else 0.
    weight : ndarray of shape (n_rows,), float64
        Positive weights.
    prior : float
        (w_j + 1) / (w + k), with w_j the weight of the class.
    """

    def __init__(self, odds: np.ndarray, hit: np.ndarray, weight: np.ndarray, prior: float):
        self.odds, self.hit, self.weight, self.prior = odds, hit, weight, prior


def all_log_odds(scores: Scores) -> np.ndarray:
    """Compute the log odds of all rows, in blocks.

    Parameters
    ----------
    scores : Scores
        Checked probabilities or logits.

    Returns
    -------
    ndarray of shape (n_rows, n_classes), float64
        See `log_odds`.
    """
    odds = np.empty((scores.n_rows, scores.n_classes))
    for rows in row_blocks(scores.n_rows, scores.n_classes):
        odds[rows] = log_odds(scores.values[rows], logits=scores.input == "logits")
    return odds


class OneVsRestCalibrator(BaseCalibrator):
    """Map the log odds of each class by itself; divide the rows by their sums.

    A subclass fits one map in `_fit_map` and applies it in `_map`. With two classes there is one map, of
    ``classes_[1]``. A class without rows, of more than two, keeps p_j / (1 + s_j), s_j its weighted sum of
    probabilities.
    """

    # Few numbers, learnt by maximum likelihood: separable labels give the identity, and the fit is kept only
    # where it pays on its own rows.
    parametric: ClassVar[bool] = False
    _rows_at_least = 4096

    def __init__(self, *, n_jobs: int | None = None, input: str = "proba", classes: Any = None):
        super().__init__(input=input, classes=classes)
        self.n_jobs = n_jobs

    def _learn(self, predictions: Predictions, class_weight: np.ndarray) -> Outcome:
        y, weight = predictions.y, predictions.sample_weight
        odds = all_log_odds(predictions.checked)
        weight = np.ones(len(y)) if weight is None else weight
        if not (weight > 0).all():
            kept = weight > 0
            odds, y, weight = odds[kept], y[kept], weight[kept]
        self.maps_: list[Map] = []
        if self.parametric and bool((odds[np.arange(len(y)), y] >= odds.max(axis=1)).all()):
            return "separable"
        prior = (class_weight + 1.0) / (class_weight.sum() + len(class_weight))
        binary = len(class_weight) == 2

        def fit_column(column: int) -> Map:
            """Fit the map of one class."""
            x = odds[:, column]
            if not binary and class_weight[column] == 0:
                return {"share": np.array([1.0 / (1.0 + float(weight @ expit(x)))])}
            return self._fit_map(Target(x, (y == column).astype(np.float64), weight, float(prior[column])))

        columns = (1,) if binary else range(len(class_weight))
        # threads: sorting and arithmetic let go of the interpreter's lock, and nothing is copied
        self.maps_ = Parallel(n_jobs=self.n_jobs, prefer="threads")(delayed(fit_column)(one) for one in columns)
        if not self.parametric:
            return "converged"
        if all(self._is_flat(one) for one in self.maps_ if "share" not in one):
            self.maps_ = [{"constant": np.array([one])} for one in (prior[1:] if binary else prior)]
            return "uninformative"
        return self._kept_if_better(odds, y, weight)

    def _kept_if_better(self, odds: np.ndarray, y: np.ndarray, weight: np.ndarray) -> Outcome:
        """Drop maps that make the loss of their own rows larger, which the division by sums can do."""
        change = 0.0
        for rows in row_blocks(*odds.shape):
            place = np.arange(rows.stop - rows.start), y[rows]
            after = self._mapped(odds[rows])[place]
            change += float(weight[rows] @ (np.log(expit(odds[rows][place])) - np.log(after)))
        if change <= 0:
            return "converged"
        self.maps_ = []
        return "degenerate"

    def _mapped(self, odds: np.ndarray) -> np.ndarray:
        """Apply the maps to log odds."""
        if not self.maps_:
            return self._normalised(expit(odds))
        if len(self.maps_) == 1:
            second = self._one(self.maps_[0], odds[:, 1])
            return self._normalised(np.column_stack([1.0 - second, second]))
        proba = np.empty(odds.shape)
        for column, one in enumerate(self.maps_):
            proba[:, column] = self._one(one, odds[:, column])
        return self._normalised(proba)

    @staticmethod
    def _normalised(proba: np.ndarray) -> np.ndarray:
        """Divide rows by their sums, in place; classes of tiny probability in every map must not divide 0 by 0."""
        if proba.shape[1] > 2:
            np.maximum(proba, LOSS_CLIP**2, out=proba)
        proba /= proba.sum(axis=1, keepdims=True)
        return np.maximum(proba, SMALLEST, out=proba)

    def _one(self, one: Map, odds: np.ndarray) -> np.ndarray:
        """Apply one map, be it the subclass's or that of a class without rows or without information."""
        if "share" in one:
            return expit(odds) * one["share"]
        if "constant" in one:
            return np.broadcast_to(one["constant"], odds.shape)
        return self._map(one, odds)

    def _fill(self, scores: Scores, rows: slice, out: np.ndarray) -> None:
        out[:] = self._mapped(log_odds(scores.values[rows], logits=self.input == "logits"))

    @abstractmethod
    def _fit_map(self, target: Target) -> Map:
        """Fit the map of one class."""

    @abstractmethod
    def _map(self, one: Map, odds: np.ndarray) -> np.ndarray:
        """Return probabilities, strictly between 0 and 1, for the log odds of one class."""

    def _is_flat(self, one: Map) -> bool:
        """Whether a map says the same whatever the log odds; asked of parametric maps only."""
        return False

    def _state(self) -> dict[str, Any]:
        return {"maps": [{key: array.tolist() for key, array in one.items()} for one in self.maps_]}

    def _restore(self, state: dict[str, Any]) -> None:
        self.maps_ = [{key: np.array(values) for key, values in one.items()} for one in state["maps"]]
