"""Recorded epochs in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from sklearn_lossacc.exceptions import InvalidHistoryError
from sklearn_lossacc.inference.epochs import EpochRows, RowStories

KEPT_NUMBERS = 2**26  # row losses held, as float32, where keep is "auto"
LEAST_KEPT = 8
MEANS = (
    "epoch",
    "log_loss",
    "accuracy",
    "calibration_loss",
    "refinement_loss",
    "temperature",
    "train_loss",
    "train_accuracy",
)


@dataclass
class Recorded:
    """One epoch: its means, and its rows while they are held.

    Attributes
    ----------
    epoch : float
        Its number.
    log_loss, accuracy, calibration_loss, refinement_loss, temperature : float
        Of the validation rows.
    train_loss, train_accuracy : float or None
        What was told about training.
    right : ndarray of uint8, or None
        Whether rows are right, as packed bits; None once the rows were let go.
    loss, refined : ndarray of shape (n_rows,), float32, or None
        Row losses; None once they were let go.
    """

    epoch: float
    log_loss: float
    accuracy: float
    calibration_loss: float
    refinement_loss: float
    temperature: float
    train_loss: float | None
    train_accuracy: float | None
    right: np.ndarray | None
    loss: np.ndarray | None
    refined: np.ndarray | None

    @property
    def is_held(self) -> bool:
        """Whether its row losses are still there."""
        return self.loss is not None


@dataclass
class EpochMemory:
    """All epochs of one recorder.

    Attributes
    ----------
    n_rows : int
        Number of validation rows.
    keep : int or "auto"
        For how many epochs row losses are held.
    epochs : list of Recorded
        In order.
    stories : RowStories
        What happened to each row.
    """

    n_rows: int
    keep: int | Literal["auto"]
    epochs: list[Recorded] = field(default_factory=list)
    stories: RowStories = field(init=False)

    def __post_init__(self) -> None:
        """Begin the stories."""
        self.stories = RowStories.empty(self.n_rows)

    def __len__(self) -> int:
        """Return the number of epochs."""
        return len(self.epochs)

    def add(self, epoch: float, rows: EpochRows, train_loss: float | None, train_accuracy: float | None) -> None:
        """Take in one epoch, and let go of rows beyond the bound."""
        self.stories.add(epoch, rows.correct, rows.loss, rows.margin)
        self.epochs.append(
            Recorded(
                epoch=epoch,
                log_loss=rows.log_loss,
                accuracy=rows.accuracy,
                calibration_loss=rows.calibration_loss,
                refinement_loss=rows.refinement_loss,
                temperature=rows.temperature,
                train_loss=train_loss,
                train_accuracy=train_accuracy,
                right=np.packbits(rows.correct),
                loss=rows.loss,
                refined=rows.refined,
            )
        )
        self._let_go()

    def _let_go(self) -> None:
        """Let go of the row losses of the epoch that is worst by all measures, beyond the bound."""
        most = max(KEPT_NUMBERS // (2 * self.n_rows), LEAST_KEPT) if self.keep == "auto" else self.keep
        held = list(self.held())
        if len(held) <= most:
            return
        measures = [
            [epoch.log_loss for epoch in held],
            [epoch.refinement_loss for epoch in held],
            [-epoch.accuracy for epoch in held],
        ]
        best_rank = np.min([np.argsort(np.argsort(values, kind="stable")) for values in measures], axis=0)
        best_rank[-1] = -1  # the last epoch has just come, and stays
        worst = held[int(np.argmax(best_rank))]
        worst.loss = worst.refined = worst.right = None

    def held(self) -> Iterator[Recorded]:
        """Walk over the epochs whose row losses are held."""
        return (epoch for epoch in self.epochs if epoch.is_held)

    def correct(self, recorded: Recorded) -> np.ndarray:
        """Return whether the rows of an epoch are right; its rows must be held."""
        assert recorded.right is not None
        return np.unpackbits(recorded.right, count=self.n_rows).astype(bool)

    def with_rows(self, epoch: float) -> Recorded:
        """Return an epoch whose row losses are held.

        Raises
        ------
        InvalidHistoryError
            If there is no such epoch, or its rows were let go.
        """
        for recorded in self.epochs:
            if recorded.epoch == epoch:
                if not recorded.is_held:
                    raise InvalidHistoryError(f"the row losses of epoch {epoch:g} were let go; raise keep=.")
                return recorded
        raise InvalidHistoryError(f"epoch {epoch!r} was not recorded.")

    def column(self, name: str) -> list[float | None]:
        """Return one of the means of all epochs."""
        return [getattr(recorded, name) for recorded in self.epochs]
