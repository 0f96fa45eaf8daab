"""What the rules of a history look at: checked curves, noise levels and bounds, each computed once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from sklearn_lossacc.findings.diagnosis import Diagnosis
from sklearn_lossacc.findings.history.curve import Change, Curve
from sklearn_lossacc.findings.history.materiality import (
    FEW_WRONG_ROWS,
    LEAST_TREND,
    LOSS_CHANGE,
    Z_ONE_SIDED,
    material_accuracy,
)
from sklearn_lossacc.inference.history import accuracy_error, read_sample_size
from sklearn_lossacc.inference.loss_bounds import calibrated_ceiling, calibrated_floor, loss_error
from sklearn_lossacc.inputs import TrainingHistory


class HistoryEvidence:
    """The numbers behind all findings of one history.

    Parameters
    ----------
    history : TrainingHistory
        The log.
    final : Diagnosis or None
        Of the predictions of its last epoch.
    """

    def __init__(self, history: TrainingHistory, final: Diagnosis | None = None) -> None:
        self.history = history
        self.final = final

    def curve(self, name: str) -> Curve:
        """Return the finite numbers of one measure."""
        values = getattr(self.history, name)
        rows = np.flatnonzero(np.isfinite(values))
        return Curve(rows, values[rows])

    @cached_property
    def loss(self) -> Curve:
        """The validation loss."""
        return self.curve("val_loss")

    @cached_property
    def accuracy(self) -> Curve:
        """The validation accuracy."""
        return self.curve("val_accuracy")

    @cached_property
    def train_loss(self) -> Curve:
        """The training loss."""
        return self.curve("train_loss")

    @cached_property
    def train_accuracy(self) -> Curve:
        """The training accuracy."""
        return self.curve("train_accuracy")

    @cached_property
    def pairs(self) -> np.ndarray:
        """Rows that have both a finite validation loss and an accuracy."""
        return np.intersect1d(self.loss.rows, self.accuracy.rows)

    @property
    def n_classes(self) -> int | None:
        """Number of classes, where the log or the predictions of its last epoch say it."""
        if self.history.n_classes is None and self.final is not None:
            return int(self.final.description["n_classes"])
        return self.history.n_classes

    @cached_property
    def sample_size(self) -> int | None:
        """Number of validation rows that the accuracies give away."""
        if self.history.n_val is not None or not len(self.accuracy):
            return None
        rounding = self.history.rounding.get("val_accuracy")
        if rounding is None:
            return None
        return read_sample_size(self.accuracy.values, rounding[self.accuracy.rows])

    @property
    def n_val(self) -> int | None:
        """Number of validation rows: given, or read from the accuracies."""
        return self.sample_size if self.history.n_val is None else self.history.n_val

    def at(self, row: int) -> str:
        """Write where a row of the history stands, such as ``epoch 5``."""
        return f"{self.history.counted} {self.history.epoch[row]:g}"

    def at_each(self, rows: Sequence[int]) -> str:
        """Write where several rows of the history stand, such as ``epochs 5, 9 and 12``."""
        if len(rows) == 1:
            return self.at(rows[0])
        *first, last = [f"{self.history.epoch[row]:g}" for row in sorted(rows)]
        return f"{self.history.counted}s {', '.join(first)} and {last}"

    def accuracy_error(self, accuracy: float) -> float | None:
        """Return the standard error of a validation accuracy; None without the number of rows."""
        return None if self.n_val is None else accuracy_error(accuracy, self.n_val)

    def loss_error(self, accuracy: float) -> float | None:
        """Return the largest standard error that the loss of a calibrated model of this accuracy can have."""
        if self.n_val is None or self.n_classes is None:
            return None
        return loss_error(calibrated_ceiling(accuracy, self.n_classes), self.n_classes, self.n_val)

    def band(self, accuracy: float) -> tuple[float, float]:
        """Return the smallest and the largest loss of calibrated models of this accuracy."""
        if self.n_classes is None:
            raise ValueError("the band needs the number of classes")
        return calibrated_floor(accuracy, self.n_classes), calibrated_ceiling(accuracy, self.n_classes)

    @cached_property
    def rise(self) -> Change | None:
        """How far the validation loss is above its turning point; None for a short curve."""
        if len(self.loss) < LEAST_TREND:
            return None
        return self.loss.change_since(int(self.loss.rows[self.loss.turn.index]))

    @cached_property
    def loss_rises(self) -> bool:
        """Whether the validation loss rises: beyond jitter, by a material share, and on enough wrong rows."""
        rise = self.rise
        return rise is not None and rise.size > max(rise.needed, LOSS_CHANGE * rise.before) and self.rise_is_broad

    @cached_property
    def rise_is_broad(self) -> bool:
        """Whether the rise is more than the rows of validation may do by themselves, as far as curves can tell.

        A rise that is far beyond the difference of two independent samples is. A smaller one is measured on the same
        rows, and is beyond doubt once enough rows carry it: if the wrong rows do, z is about the root of half their
        number.
        """
        rise = self.rise
        if rise is None or self.n_val is None:
            return True
        accuracy = self.accuracy_near(rise.row)
        if accuracy is None:
            return True
        if (1.0 - accuracy) * self.n_val >= FEW_WRONG_ROWS:
            return True
        error = self.loss_error(accuracy)
        return error is not None and rise.size > Z_ONE_SIDED * math.sqrt(2.0) * error

    def accuracy_near(self, row: int) -> float | None:
        """Return the validation accuracy at, or next before, a row."""
        return float(self.accuracy.values[self.accuracy.place(row)]) if len(self.accuracy) else None

    def accuracy_moved(self, change: Change) -> bool:
        """Whether an accuracy moved: beyond jitter, materially, and beyond what two samples of rows differ by."""
        size = abs(change.size)
        if size <= max(change.needed, material_accuracy(change.before)):
            return False
        error = self.accuracy_error((change.before + change.after) / 2.0)
        return error is None or size > Z_ONE_SIDED * math.sqrt(2.0) * error

    def accuracy_since(self, row: int) -> Change | None:
        """Return how the validation accuracy moved from a row to the end; None where it was not measured enough."""
        return self.accuracy.change_since(row) if len(self.accuracy) >= LEAST_TREND else None

    @cached_property
    def best_loss_row(self) -> int | None:
        """Row of the lowest validation loss, the first of equals."""
        return int(self.loss.rows[np.argmin(self.loss.values)]) if len(self.loss) else None

    @cached_property
    def best_accuracy_row(self) -> int | None:
        """Row of the highest validation accuracy; of equals the one of lowest loss, then the first."""
        if not len(self.accuracy):
            return None
        rows = self.accuracy.rows[self.accuracy.values >= self.accuracy.values.max()]
        losses = self.history.val_loss[rows]
        return int(rows[np.nanargmin(losses)] if np.isfinite(losses).any() else rows[0])

    def rule_inputs(self) -> dict[str, int | None]:
        """Return how much there is to judge by."""
        return {"n_evaluations": self.history.n_rows, "n_val": self.n_val, "n_classes": self.n_classes}
