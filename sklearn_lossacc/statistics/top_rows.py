"""The rows that stand out most, kept one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np

__all__ = ["MAX_TOP_ROWS", "TopCollector", "TopRows"]

MAX_TOP_ROWS = 1000


def _order(measure: np.ndarray, rows: TopRows) -> np.ndarray:
    """Sort by the measure, then by index; parts summarised without row_offset share indices and need more."""
    order = np.lexsort((rows.index, measure))
    same = np.diff(measure[order]) == 0
    if not (same & (np.diff(rows.index[order]) == 0)).any():
        return order
    ties = (rows.weight, rows.p_pred, rows.p_true, rows.pred, rows.y, rows.group_key)
    return np.lexsort((*ties, rows.index, measure))


@dataclass(frozen=True)
class TopRows:
    """Up to 1000 rows of largest loss, or of smallest surprise p-value, most extreme first.

    Attributes
    ----------
    by : {"loss", "surprise"}
        What the rows stand out by. Ties go to the lower index.
    n_candidates : int
        Number of rows among which these are the most extreme: all rows with w > 0.
    index : ndarray of int64
        Position of the row among all rows, `row_offset` included.
    y, pred : ndarray of int64
        Column of the true class, and of the most probable one.
    p_true, p_pred : ndarray of float64
        Their probabilities.
    loss : ndarray of float64
        Clipped loss of the row, in nats.
    surprise_p : ndarray of float64
        Probability, by the model itself, of a label at most as probable as the one observed.
    weight : ndarray of float64
        Sample weight.
    group_key : ndarray of uint64
        Hash of the group's label; 0 without groups.
    """

    by: Literal["loss", "surprise"]
    n_candidates: int
    index: np.ndarray
    y: np.ndarray
    pred: np.ndarray
    p_true: np.ndarray
    p_pred: np.ndarray
    loss: np.ndarray
    surprise_p: np.ndarray
    weight: np.ndarray
    group_key: np.ndarray

    @classmethod
    def empty(cls, by: Literal["loss", "surprise"]) -> TopRows:
        """Return the top rows of no rows."""
        kinds = {"index": np.int64, "y": np.int64, "pred": np.int64, "group_key": np.uint64}
        return cls(by, 0, **{name: np.empty(0, kinds.get(name, np.float64)) for name in COLUMNS})

    def __len__(self) -> int:
        """Return the number of rows kept."""
        return self.index.size

    @property
    def limit(self) -> float:
        """How extreme a row must be to be kept: -inf (loss) or inf (surprise) while there is room."""
        if len(self) < MAX_TOP_ROWS:
            return -np.inf if self.by == "loss" else np.inf
        return float(self.loss[-1] if self.by == "loss" else self.surprise_p[-1])

    def take(self, rows: np.ndarray) -> TopRows:
        """Return the rows at the given positions."""
        return TopRows(self.by, self.n_candidates, **{name: getattr(self, name)[rows] for name in COLUMNS})

    @classmethod
    def join(cls, parts: Sequence[TopRows]) -> TopRows:
        """Return the top rows of the union of some parts."""
        by = parts[0].by
        union = cls(
            by,
            sum(part.n_candidates for part in parts),
            **{name: np.concatenate([getattr(part, name) for part in parts]) for name in COLUMNS},
        )
        measure = -union.loss if by == "loss" else union.surprise_p
        return union.take(_order(measure, union)[:MAX_TOP_ROWS])

    def merge(self, other: TopRows) -> TopRows:
        """Return the top rows of the union."""
        return TopRows.join([self, other])


COLUMNS = tuple(field.name for field in fields(TopRows))[2:]


class TopCollector:
    """Collects the top rows of a stream.

    Parameters
    ----------
    by : {"loss", "surprise"}
        What the rows stand out by.
    """

    def __init__(self, by: Literal["loss", "surprise"]):
        self.by = by
        self.kept = TopRows.empty(by)
        self._waiting: list[TopRows] = []

    @property
    def limit(self) -> float:
        """How extreme a row must be to be of interest; rises as rows come."""
        return self.kept.limit

    def offer(self, rows: TopRows) -> None:
        """Let rows compete; sorting waits until it is worth while."""
        self._waiting.append(rows)
        if len(self.kept) < MAX_TOP_ROWS or sum(map(len, self._waiting)) > MAX_TOP_ROWS // 4:
            self.result()

    def result(self) -> TopRows:
        """Return the top rows so far."""
        self.kept = TopRows.join([self.kept, *self._waiting])
        self._waiting = []
        return self.kept
