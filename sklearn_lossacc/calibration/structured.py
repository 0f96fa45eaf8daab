"""What vector and matrix scaling share: temperature first, then a penalised linear map of log probabilities."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np

from sklearn_lossacc._numerics import LOSS_CLIP, row_blocks, softmax
from sklearn_lossacc._numerics import formula as f
from sklearn_lossacc._numerics.believed_map import believed_map
from sklearn_lossacc._numerics.formula import Formula
from sklearn_lossacc._numerics.multinomial import adjusted_scores, fit_multinomial, scores_dtype
from sklearn_lossacc.calibration.base import SMALLEST, BaseCalibrator, without_zeros
from sklearn_lossacc.calibration.beliefs import are_few, effective_weight
from sklearn_lossacc.calibration.formulas import mixed_formula, positive_formula
from sklearn_lossacc.calibration.nested import fit_inner
from sklearn_lossacc.calibration.outcome import Outcome
from sklearn_lossacc.calibration.plain import numbers_from_plain
from sklearn_lossacc.calibration.temperature import TemperatureCalibrator
from sklearn_lossacc.inputs import Predictions, Scores

__all__ = ["StructuredCalibrator", "Temperatures"]

BELIEVED_SHARE = 1e-9
Temperatures = dict[tuple[bool, bool], TemperatureCalibrator]


class StructuredCalibrator(BaseCalibrator):
    """Temperature scaling followed by a linear map of log probabilities near the identity.

    Who fits several of them to the same rows lets them share `_known`, their temperatures by floor and caution.
    """

    _known: Temperatures | None = None

    def __init__(
        self,
        *,
        floor: bool = False,
        strength: float = 1.0,
        cautious: bool = False,
        input: str = "proba",
        classes: Any = None,
    ):
        super().__init__(input=input, classes=classes)
        self.floor = floor
        self.strength = strength
        self.cautious = cautious

    def _learn(self, predictions: Predictions, class_weight: np.ndarray) -> Outcome:
        if not 0.0 < self.strength < np.inf:
            raise ValueError(f"strength must be a positive number, got {self.strength!r}.")
        penalty = self.strength * self._penalty(predictions.n_classes)
        inner = self.temperature_calibrator_ = self._fitted_temperature(predictions)
        self.share_ = 0.0
        theta = np.zeros_like(penalty)
        if inner.outcome_ not in ("converged", "missing_class"):
            self._set(theta)
            return inner.outcome_
        y, weight, scores = predictions.y, predictions.sample_weight, predictions.checked
        self.share_ = self._mixed_share(predictions, float(class_weight.sum()))
        x = np.empty((scores.n_rows, predictions.n_classes), dtype=scores_dtype(scores.n_rows, theta))
        before = 0.0
        for rows in row_blocks(*x.shape):
            tempered = inner._apply(scores, rows)
            before += self._block_loss(tempered, y[rows], weight, rows)
            x[rows] = self._log_mixed(tempered)
        theta = self._fit_map(predictions, x, penalty)
        after, as_precise = 0.0, theta.astype(x.dtype, copy=False)
        for rows in row_blocks(*x.shape):
            after += self._block_loss(softmax(adjusted_scores(x[rows], as_precise)), y[rows], weight, rows)
        if after > before:
            # the share of equal probabilities cost more than the map gained
            self.share_, theta = 0.0, np.zeros_like(theta)
        self._set(theta)
        return "converged"

    def _fitted_temperature(self, predictions: Predictions) -> TemperatureCalibrator:
        """Fit the temperature that comes first, unless it is known."""
        inner = self._first_temperature(predictions)
        known = {} if self._known is None else self._known
        key = inner.floor, inner.cautious
        if key not in known:
            known[key] = fit_inner(inner, predictions)
        return known[key]

    def _first_temperature(self, predictions: Predictions) -> TemperatureCalibrator:
        """Make the temperature that comes first."""
        return TemperatureCalibrator(
            floor=self.floor, cautious=self.cautious, input=self.input, classes=predictions.classes
        )

    def _asks_beliefs(self, predictions: Predictions) -> bool:
        """Say whether several strengths are weighed."""
        return self.cautious and are_few(predictions)

    def _mixed_share(self, predictions: Predictions, total: float) -> float:
        """Return the share of equal probabilities that bounds the logs."""
        # a believed floor is never 0, so that the logs have their bound
        return BELIEVED_SHARE if self._asks_beliefs(predictions) else 1.0 / (total + 1.0)

    def _fit_map(self, predictions: Predictions, x: np.ndarray, penalty: np.ndarray) -> np.ndarray:
        """Fit the map of the logs."""
        if self._asks_beliefs(predictions):
            wrong, full = self.temperature_calibrator_.fault_probability_, penalty.shape[1] != 2
            worth = effective_weight(predictions, of_classes=True)
            return believed_map(x, predictions.y, worth, wrong, full=full)
        return fit_multinomial(x, predictions.y, predictions.sample_weight, penalty=penalty)

    @staticmethod
    def _block_loss(proba: np.ndarray, y: np.ndarray, weight: np.ndarray | None, rows: slice) -> float:
        """Sum the log loss of a block."""
        loss = -np.log(np.maximum(proba[np.arange(len(y)), y], LOSS_CLIP))
        return float(loss.sum(dtype=np.float64) if weight is None else weight[rows] @ loss)

    def _log_mixed(self, tempered: np.ndarray) -> np.ndarray:
        """Mix in a share of equal probabilities, which bounds the logs, and take the logs."""
        mixed = tempered * (1.0 - self.share_)
        mixed += self.share_ / tempered.shape[1]
        return np.log(np.maximum(mixed, SMALLEST, out=mixed), out=mixed)

    def _fill(self, scores: Scores, rows: slice, out: np.ndarray) -> None:
        self.temperature_calibrator_._fill(scores, rows, out)
        if self.share_ > 0:
            softmax(adjusted_scores(self._log_mixed(out), self._theta()), out=out)
            without_zeros(out)

    def _formula(self, scores: Formula) -> Formula:
        tempered = self.temperature_calibrator_._formula(scores)
        if self.share_ == 0:
            return tempered
        logs = f.log(positive_formula(mixed_formula(tempered, self.share_, len(self.classes_))))
        theta = self._theta()
        slopes, intercept = theta[:, :-1], theta[:, -1]
        moved = logs * slopes[:, 0] if slopes.shape[1] == 1 else logs @ slopes.T
        return positive_formula(f.softmax(logs + moved + intercept))

    def _state(self) -> dict[str, Any]:
        return {
            "temperature_calibrator": self.temperature_calibrator_.to_dict(),
            "share": self.share_,
            "theta": self._theta().tolist(),
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self.temperature_calibrator_ = TemperatureCalibrator.from_dict(state["temperature_calibrator"])
        self.share_ = state["share"]
        self._set(numbers_from_plain(state["theta"], shape=self._penalty(len(self.classes_)).shape))

    @abstractmethod
    def _penalty(self, n_classes: int) -> np.ndarray:
        """Return the penalty of the square of each parameter."""

    @abstractmethod
    def _set(self, theta: np.ndarray) -> None:
        """Store the parameters under the names of their meaning."""

    @abstractmethod
    def _theta(self) -> np.ndarray:
        """Return the parameters as the solver had them."""
