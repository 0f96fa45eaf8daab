"""One walk over the predictions, and everything that it counts and adds up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from sklearn_lossacc._numerics.binning import right_closed_bins
from sklearn_lossacc.inputs import Predictions
from sklearn_lossacc.statistics.groups import GroupSums
from sklearn_lossacc.statistics.moments import Moments
from sklearn_lossacc.statistics.row_values import (
    COLUMNS,
    CONFIDENCE,
    CORRECT,
    LOSS,
    MAX_LOSS,
    RowValues,
    WholeSums,
    complete,
    measure,
)
from sklearn_lossacc.statistics.sample import KeptRows, ReferencedRows, keys_of, sample_bound
from sklearn_lossacc.statistics.smallest_keys import SmallestKeys
from sklearn_lossacc.statistics.sparse_counts import CellCounter
from sklearn_lossacc.statistics.surprise import fill_surprise, surprise_p
from sklearn_lossacc.statistics.top_rows import MAX_TOP_ROWS, TopCollector, TopRows

__all__ = ["FINE_BINS", "SAMPLE_ENTRIES", "tally"]

FINE_BINS = 15 * 64  # of the top probability; every number of bins that divides this can be had later

SAMPLE_ENTRIES = 2**21  # of the row sample, by default

BLOCK_ENTRIES = 2**16
CHUNK_ROWS = 2**14


class Tally:
    """Sums over the chunks so far."""

    def __init__(self, predictions: Predictions):
        k = predictions.n_classes
        self.predictions = predictions
        self.whole = WholeSums(np.zeros(k))
        self.moments = Moments.empty(len(COLUMNS))
        self.class_rows = np.zeros(k, dtype=np.int64)  # without weights, this and the next follow from the confusion
        self.class_weight2, self.class_loss, self.class_loss2 = np.zeros((3, k))
        self.confusion_counts = CellCounter(k * k)
        self.rel_rows = np.zeros(FINE_BINS, dtype=np.int64)
        self.rel_weight, self.rel_weight2, self.rel_confidence, self.rel_correct = np.zeros((4, FINE_BINS))
        self.high = 0.0
        self.zero_rows = self.clipped_rows = 0
        self.zero_weight = self.raw_loss_sum = 0.0
        self.top_loss, self.top_surprise = TopCollector("loss"), TopCollector("surprise")
        n_groups = 0 if predictions.group_keys is None else predictions.group_keys.size
        self.group_sums = np.zeros((n_groups, len(COLUMNS)))
        self.group_rows = np.zeros(n_groups, dtype=np.int64)

    def add(self, chunk: RowValues) -> None:
        """Add the rows of a chunk."""
        self.moments = self.moments.merge(Moments.of(chunk.values, chunk.weight))
        self.high = max(self.high, float(chunk.values[CONFIDENCE].max()))
        self._add_infinite(chunk)
        self._add_classes(chunk)
        self._add_reliability(chunk)
        if self.predictions.groups is not None:
            self._add_groups(chunk, self.predictions.groups[chunk.rows])
        smallest = np.full(MAX_TOP_ROWS, np.inf)
        smallest[: len(self.top_surprise.kept)] = self.top_surprise.kept.surprise_p
        fill_surprise(self.predictions, chunk, smallest)
        self._add_top(self.top_surprise, chunk.surprise_p, chunk)
        self._add_top(self.top_loss, chunk.values[LOSS], chunk)

    def _add_infinite(self, chunk: RowValues) -> None:
        loss, weight = chunk.raw_loss, chunk.weight
        self.clipped_rows += int(np.count_nonzero(loss > MAX_LOSS))
        infinite = np.flatnonzero(loss == np.inf)
        if infinite.size:
            self.zero_rows += infinite.size
            self.zero_weight += float(infinite.size if weight is None else weight[infinite].sum())
            loss = loss.copy()
            loss[infinite] = 0.0
        self.raw_loss_sum += float(loss.sum() if weight is None else (loss * weight).sum())

    def _add_classes(self, chunk: RowValues) -> None:
        y, weight, k = chunk.y, chunk.weight, self.class_loss.size
        loss = chunk.values[LOSS]
        if weight is not None:
            self.class_rows += np.bincount(y, minlength=k)
            self.class_weight2 += np.bincount(y, weight**2, k)
            loss = loss * weight
        self.class_loss += np.bincount(y, loss, k)
        self.class_loss2 += np.bincount(y, loss**2, k)
        self.confusion_counts.add(y * k + chunk.pred, weight)

    def _add_reliability(self, chunk: RowValues) -> None:
        weight = chunk.weight
        confidence, correct = chunk.values[CONFIDENCE], chunk.values[CORRECT]
        bins = right_closed_bins(confidence, FINE_BINS)
        rows = np.bincount(bins, minlength=FINE_BINS)
        self.rel_rows += rows
        if weight is None:
            self.rel_weight += rows
            self.rel_weight2 += rows
        else:
            self.rel_weight += np.bincount(bins, weight, FINE_BINS)
            self.rel_weight2 += np.bincount(bins, weight**2, FINE_BINS)
            confidence, correct = confidence * weight, correct * weight
        self.rel_confidence += np.bincount(bins, confidence, FINE_BINS)
        self.rel_correct += np.bincount(bins, correct, FINE_BINS)

    def _add_groups(self, chunk: RowValues, codes: np.ndarray) -> None:
        np.add.at(self.group_rows, codes, 1)
        for column, values in enumerate(chunk.values):
            np.add.at(self.group_sums[:, column], codes, values if chunk.weight is None else values * chunk.weight)

    def _add_top(self, top: TopCollector, measure: np.ndarray, chunk: RowValues) -> None:
        """Offer the rows of a chunk that may be among the top rows."""
        sign = -1.0 if top.by == "loss" else 1.0
        # Of equal rows the earlier ones stay, and rows come in their order. NaN: too large to be computed.
        rows = np.flatnonzero(sign * measure < sign * top.limit)
        if rows.size > MAX_TOP_ROWS:
            rows = rows[np.argsort(sign * measure[rows], kind="stable")[:MAX_TOP_ROWS]]
        source, number = self.predictions, chunk.rows[rows]
        if source.groups is None or source.group_keys is None:
            group_key = np.zeros(rows.size, dtype=np.uint64)
        else:
            group_key = source.group_keys[source.groups[number]]
        top.offer(
            TopRows(
                top.by,
                chunk.rows.size,
                index=(number + source.row_offset).astype(np.int64),
                y=chunk.y[rows].astype(np.int64),
                pred=chunk.pred[rows].astype(np.int64),
                p_true=chunk.p_true[rows],
                p_pred=chunk.values[CONFIDENCE][rows],
                loss=chunk.values[LOSS][rows],
                surprise_p=chunk.surprise_p[rows],
                weight=np.ones(rows.size) if chunk.weight is None else chunk.weight[rows],
                group_key=group_key,
            )
        )


def _completed(buffer: RowValues, filled: int, given_loss: bool) -> Iterator[RowValues]:
    """Finish the rows that were filled in, if there are any."""
    if filled:
        chunk = buffer.part(slice(0, filled))
        complete(chunk, given_loss=given_loss)
        yield chunk


def _chunks(predictions: Predictions, totals: Tally) -> Iterator[RowValues]:
    """Measure blocks that fit the cache and join them to chunks, for which a numpy call is worth its overhead."""
    entries = min(BLOCK_ENTRIES, CHUNK_ROWS * predictions.n_classes)
    buffer = RowValues.reserve(min(CHUNK_ROWS, predictions.n_rows), predictions.sample_weight is not None)
    given_loss = predictions.input == "logits" or predictions.scores.ndim == 1
    filled = 0
    for block in predictions.blocks(entries):
        if filled + block.stop - block.start > CHUNK_ROWS:
            yield from _completed(buffer, filled, given_loss)
            filled = 0
        filled += measure(predictions, block, buffer.part(slice(filled, None)), totals.whole)
    yield from _completed(buffer, filled, given_loss)


def tally(predictions: Predictions, sample_entries: int) -> dict[str, Any]:
    """Walk over the predictions once.

    Parameters
    ----------
    predictions : Predictions
        Checked input.
    sample_entries : int
        Size of the row sample, in matrix entries.

    Returns
    -------
    dict
        The fields of a `PredictionSummary`.
    """
    bound = sample_bound(predictions.n_classes, sample_entries)
    hashed = predictions.n_samples > bound
    chosen = SmallestKeys(bound, 1 if predictions.groups is None else 2)
    totals = Tally(predictions)
    for chunk in _chunks(predictions, totals):
        totals.add(chunk)
        if hashed:
            chosen.offer(keys_of(predictions, chunk.rows), chunk.rows.copy())
    if hashed:
        rows = ReferencedRows(predictions, *chosen.result())
    elif predictions.sample_weight is not None:
        rows = ReferencedRows(predictions, np.flatnonzero(predictions.sample_weight))
    else:
        rows = ReferencedRows(predictions)
    top_loss = totals.top_loss.result()
    top_loss = replace(top_loss, surprise_p=surprise_p(predictions, top_loss.index - predictions.row_offset))
    confusion = totals.confusion_counts.result()
    class_rows: np.ndarray = totals.class_rows
    class_weight2: np.ndarray = totals.class_weight2
    if predictions.sample_weight is None:
        class_weight2 = np.bincount(confusion.cells // predictions.n_classes, confusion.weight, predictions.n_classes)
        class_rows = class_weight2.astype(np.int64)
    groups = None
    if predictions.group_keys is not None:
        groups = GroupSums.of(predictions.group_keys, totals.group_sums, totals.group_rows)
    return {
        "classes": predictions.classes,
        "input": predictions.input,
        "dtype": predictions.dtype,
        "out_of_sample": predictions.out_of_sample,
        "train_prior": predictions.train_prior,
        "has_weights": predictions.sample_weight is not None,
        "has_identities": predictions.identities is not None,
        "sample_entries": sample_entries,
        "n_rows": predictions.n_rows,
        "n_samples": predictions.n_samples,
        "moments": totals.moments,
        "groups": groups,
        "zero_rows": totals.zero_rows,
        "zero_weight": totals.zero_weight,
        "clipped_rows": totals.clipped_rows,
        "raw_loss_sum": totals.raw_loss_sum,
        "class_rows": class_rows,
        "class_weight2": class_weight2,
        "class_loss": totals.class_loss,
        "class_loss2": totals.class_loss2,
        "proba_sum": totals.whole.proba_sum,
        "confusion_counts": confusion,
        "rel_rows": totals.rel_rows,
        "rel_weight": totals.rel_weight,
        "rel_weight2": totals.rel_weight2,
        "rel_confidence": totals.rel_confidence,
        "rel_correct": totals.rel_correct,
        "top_loss": top_loss,
        "top_surprise": totals.top_surprise.result(),
        "min_max_proba": (totals.whole.low, totals.high),
        "undo_softmax_ok": totals.whole.undo_softmax_ok,
        "kept_rows": KeptRows(bound, chosen.cutoff, (rows,) if len(rows) else ()),
    }
