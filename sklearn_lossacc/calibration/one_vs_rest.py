"""Calibrators that map the log odds of each class by itself and then divide rows by their sums."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from scipy.special import expit
from sklearn.utils.parallel import Parallel, delayed

from sklearn_lossacc._numerics import LOSS_CLIP, row_blocks
from sklearn_lossacc._numerics.log_odds import log_odds
from sklearn_lossacc._numerics.temperature import LOG_FLOOR
from sklearn_lossacc.calibration.base import SMALLEST, BaseCalibrator
from sklearn_lossacc.calibration.outcome import Outcome
from sklearn_lossacc.inputs import Predictions, Scores

__all__ = ["Map", "OneVsRestCalibrator", "ParametricCalibrator", "Target", "all_log_odds"]

Map = dict[str, np.ndarray]
ROUNDING = 1e-12  # of the loss


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


def _prior(class_weight: np.ndarray) -> np.ndarray:
    """Return class frequencies with one more row for each class, so that none is 0."""
    return (class_weight + 1.0) / (class_weight.sum() + len(class_weight))


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
        return self._learn_rows(odds, y, weight)

    def _learn_rows(self, odds: np.ndarray, y: np.ndarray, weight: np.ndarray) -> Outcome:
        """Set `maps_` from rows of positive weight."""
        self.maps_ = self._fit_maps(odds, y, weight)
        return "converged"

    def _fit_maps(self, odds: np.ndarray, y: np.ndarray, weight: np.ndarray) -> list[Map]:
        """Fit the maps of all classes."""
        n_classes = odds.shape[1]
        class_weight = np.bincount(y, weights=weight, minlength=n_classes)
        prior = _prior(class_weight)

        def fit_column(column: int) -> Map:
            """Fit the map of one class."""
            x = odds[:, column]
            if n_classes > 2 and class_weight[column] == 0:
                return {"share": np.array([1.0 / (1.0 + float(weight @ expit(x)))])}
            return self._fit_map(Target(x, (y == column).astype(np.float64), weight, float(prior[column])))

        columns = (1,) if n_classes == 2 else range(n_classes)
        # threads: sorting and arithmetic let go of the interpreter's lock, and nothing is copied
        return Parallel(n_jobs=self.n_jobs, prefer="threads")(delayed(fit_column)(one) for one in columns)

    def _mapped(self, maps: list[Map], odds: np.ndarray) -> np.ndarray:
        """Apply maps to log odds."""
        if not maps:
            return self._normalised(expit(odds))
        if len(maps) == 1:
            return self._normalised(np.column_stack(self._both(maps[0], odds[:, 1])))
        proba = np.empty(odds.shape)
        for column, one in enumerate(maps):
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

    def _both(self, one: Map, odds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Apply the map of two classes: the probabilities of the first and of the second."""
        second = self._one(one, odds)
        return 1.0 - second, second

    def _fill(self, scores: Scores, rows: slice, out: np.ndarray) -> None:
        out[:] = self._mapped(self.maps_, log_odds(scores.values[rows], logits=self.input == "logits"))

    @abstractmethod
    def _fit_map(self, target: Target) -> Map:
        """Fit the map of one class."""

    @abstractmethod
    def _map(self, one: Map, odds: np.ndarray) -> np.ndarray:
        """Return probabilities, strictly between 0 and 1, for the log odds of one class."""

    def _state(self) -> dict[str, Any]:
        return {"maps": [{key: array.tolist() for key, array in one.items()} for one in self.maps_]}

    def _restore(self, state: dict[str, Any]) -> None:
        self.maps_ = [{key: np.array(values) for key, values in one.items()} for one in state["maps"]]


class ParametricCalibrator(OneVsRestCalibrator):
    """Map log odds to log odds by few numbers, learnt by maximum likelihood.

    Separable labels give the identity, and the fit is kept only where it pays on its own rows.
    """

    def _learn_rows(self, odds: np.ndarray, y: np.ndarray, weight: np.ndarray) -> Outcome:
        true_odds = odds[np.arange(len(y)), y]
        if (true_odds >= odds.max(axis=1)).all():
            self.maps_ = []
            return "separable"
        fits: list[tuple[Outcome, list[Map]]] = [self._fitted(odds, y, weight)]
        possible = true_odds >= LOG_FLOOR
        if not possible.all() and possible.any():
            # labels less likely than 2.22e-16 would rule the map, but lose no more than that
            fits.append(self._fitted(odds[possible], y[possible], weight[possible]))
        losses = [self._loss(maps, odds, y, weight) for _, maps in fits]
        outcome, self.maps_ = fits[int(np.argmin(losses))]
        if min(losses) <= self._loss([], odds, y, weight) * (1.0 + ROUNDING):
            return outcome
        self.maps_ = []  # the division by sums can cost more than the maps gain
        return "degenerate"

    def _fitted(self, odds: np.ndarray, y: np.ndarray, weight: np.ndarray) -> tuple[Outcome, list[Map]]:
        """Fit the maps of all classes; constants if no class has a map that rises."""
        maps = self._fit_maps(odds, y, weight)
        if not all(self._is_flat(one) for one in maps if "share" not in one):
            return "converged", maps
        prior = _prior(np.bincount(y, weights=weight, minlength=odds.shape[1]))
        return "uninformative", [{"constant": np.array([one])} for one in prior[-len(maps) :]]

    def _loss(self, maps: list[Map], odds: np.ndarray, y: np.ndarray, weight: np.ndarray) -> float:
        """Sum the log loss of the rows under some maps, clipped at 2.22e-16."""
        total = 0.0
        for rows in row_blocks(*odds.shape):
            p_true = self._mapped(maps, odds[rows])[np.arange(rows.stop - rows.start), y[rows]]
            total -= float(weight[rows] @ np.log(np.maximum(p_true, LOSS_CLIP)))
        return total

    @abstractmethod
    def _is_flat(self, one: Map) -> bool:
        """Whether a map says the same whatever the log odds."""

    @abstractmethod
    def _line(self, one: Map, odds: np.ndarray) -> np.ndarray:
        """Return calibrated log odds for the log odds of one class."""

    def _map(self, one: Map, odds: np.ndarray) -> np.ndarray:
        return expit(self._line(one, odds))

    def _both(self, one: Map, odds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if "constant" in one:
            return super()._both(one, odds)
        line = self._line(one, odds)
        return expit(-line), expit(line)  # 1 - p forgets a small difference
