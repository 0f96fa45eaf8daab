"""What the metrics read of each row, worked out at most once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import Any, NamedTuple, TypeVar

import numpy as np

from sklearn_lossacc._numerics import LOSS_CLIP, row_sum
from sklearn_lossacc.inputs import Block, Predictions
from sklearn_lossacc.inputs.checks import working_dtype
from sklearn_lossacc.inputs.weights import check_weight_scale

__all__ = ["Rows", "TopLabel"]

T = TypeVar("T")


class TopLabel(NamedTuple):
    """The likeliest class of each row of positive weight.

    Attributes
    ----------
    confidence : ndarray of shape (n_samples,)
        Its probability.
    correct : ndarray of shape (n_samples,)
        1 where it is the label, else 0.
    weight : ndarray of shape (n_samples,)
        Weight of the row.
    """

    confidence: np.ndarray
    correct: np.ndarray
    weight: np.ndarray


def _true_log_proba(block: Block, proba: np.ndarray, input: str) -> np.ndarray:
    """Return the log probability of each label of a block, whose probabilities are known."""
    rows = np.arange(len(block.y))
    if input == "logits":
        return block.log_proba()[rows, block.y]
    with np.errstate(divide="ignore"):
        return np.log(proba[rows, block.y].astype(np.float64))


def _log_of_labels(scores: np.ndarray, block: Block) -> np.ndarray:
    """Return the same for a matrix of probabilities, of which nothing but the labels' is divided by its sum."""
    rows = scores[block.start : block.stop]
    rows = rows.astype(working_dtype(rows.dtype), copy=False)
    with np.errstate(divide="ignore"):
        return np.log((rows[np.arange(len(rows)), block.y] / row_sum(rows)).astype(np.float64))


def _entropy(block: Block) -> np.ndarray:
    """Return the entropy of each row of a block, in nats; an impossible class adds nothing."""
    proba = block.proba()
    return -np.einsum("ij,ij->i", proba, np.where(proba > 0, block.log_proba(), 0.0), dtype=np.float64)


class Rows:
    """Checked predictions and the values of their rows, each worked out on first use.

    Parameters
    ----------
    predictions : Predictions
        Labels and scores.

    Attributes
    ----------
    predictions : Predictions
        As given.
    """

    def __init__(self, predictions: Predictions):
        self.predictions = predictions
        self._known: dict[Callable[[Rows], Any], Any] = {}

    @classmethod
    def check(cls, y_true: Any, y_proba: Any, **keywords: Any) -> Rows:
        """Check the arguments of a metric.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            Labels.
        y_proba : array-like of shape (n_samples, n_classes), (n_samples,) or (n_samples, 1)
            Probabilities or logits.
        **keywords
            Those of `Predictions.from_arrays`.

        Returns
        -------
        Rows
            Nothing is worked out yet.
        """
        predictions = Predictions.from_arrays(y_true, y_proba, **keywords)
        check_weight_scale(predictions.sample_weight)
        return cls(predictions)

    def values(self, value: Callable[[Block], np.ndarray]) -> np.ndarray:
        """Work out one value of each row.

        Parameters
        ----------
        value : callable
            Returns the values of the rows of a block.

        Returns
        -------
        ndarray of shape (n_rows,), float64
            Rows of weight 0 included.
        """
        return np.concatenate([np.asarray(value(block), dtype=np.float64) for block in self.predictions.blocks()])

    def once(self, value: Callable[[Rows], T]) -> T:
        """Work out a value of all rows, or return it if it is known.

        Parameters
        ----------
        value : callable
            A module's function of the rows.

        Returns
        -------
        object
            What the function returned the first time.
        """
        if value not in self._known:
            self._known[value] = value(self)
        return self._known[value]

    @cached_property
    def weight(self) -> np.ndarray:
        """Weight of each row; ones without sample weights."""
        given = self.predictions.sample_weight
        return np.ones(self.predictions.n_rows) if given is None else given

    @cached_property
    def counted(self) -> slice | np.ndarray:
        """The rows of positive weight, as an index."""
        return slice(None) if self.weight.min() > 0 else self.weight > 0

    @cached_property
    def effective_n(self) -> float:
        """Kish's effective number of rows."""
        return float(self.weight.sum() ** 2 / (self.weight @ self.weight))

    @cached_property
    def class_share(self) -> np.ndarray:
        """Weighted share of each class among the labels."""
        share = np.bincount(self.predictions.y, self.weight, self.predictions.n_classes)
        return share / share.sum()

    @cached_property
    def _pass(self) -> np.ndarray:
        """Log probability of the label, sum of squares, confidence and hit of each row, from one pass."""
        found = np.empty((4, self.predictions.n_rows))
        for block in self.predictions.blocks():
            proba, rows = block.proba(), np.arange(len(block.y))
            best = proba.argmax(axis=1)
            part = found[:, block.start : block.stop]
            part[0] = _true_log_proba(block, proba, self.predictions.input)
            part[1] = np.einsum("ij,ij->i", proba, proba, dtype=np.float64)
            part[2], part[3] = proba[rows, best], best == block.y
        return found

    @cached_property
    def true_log_proba(self) -> np.ndarray:
        """Log probability of each label, -inf for an impossible one."""
        data = self.predictions
        if data.input == "logits" or data.scores.ndim == 1 or "_pass" in vars(self):
            return self._pass[0]
        return self.values(partial(_log_of_labels, data.scores))

    def read_whole(self) -> None:
        """Work out in one pass what several metrics read, before one of them asks for the labels' part alone."""
        self.true_log_proba = self._pass[0]

    @property
    def squares(self) -> np.ndarray:
        """Sum of the squared probabilities of each row."""
        return self._pass[1]

    @cached_property
    def entropy(self) -> np.ndarray:
        """Entropy of each row, in nats."""
        return self.values(_entropy)

    @cached_property
    def top(self) -> TopLabel:
        """The likeliest class of each row of positive weight, the first of equal ones."""
        kept = self.counted
        return TopLabel(self._pass[2][kept], self._pass[3][kept], self.weight[kept])

    @cached_property
    def proba(self) -> np.ndarray:
        """All probabilities, in float64."""
        return np.concatenate([block.proba().astype(np.float64) for block in self.predictions.blocks()])

    def loss(self, clip: float | None = LOSS_CLIP) -> np.ndarray:
        """Return the log loss of each row.

        Parameters
        ----------
        clip : float or None, default=2.22e-16
            Smallest probability that is taken at its word.

        Returns
        -------
        ndarray of shape (n_rows,)
            In nats.
        """
        return np.minimum(-self.true_log_proba, np.inf if clip is None else -np.log(clip))

    def mean(self, values: np.ndarray) -> float:
        """Average a value of each row.

        Parameters
        ----------
        values : ndarray of shape (n_rows,)
            One value a row.

        Returns
        -------
        float
            Weighted mean. Rows of weight 0 take no part, even where their value is infinite.
        """
        weight = self.weight[self.counted]
        return float(weight @ values[self.counted] / weight.sum())
