"""The tables of a diagnosis: what views draw and list."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from sklearn_lossacc._numerics import row_blocks
from sklearn_lossacc.findings.evidence import LOG_CLIP, Evidence
from sklearn_lossacc.findings.plain import plain_labels
from sklearn_lossacc.inference.intervals import (
    FEW_RESAMPLES,
    FEW_UNITS,
    MIN_GROUPS,
    mean_intervals,
    wilson_limits,
)
from sklearn_lossacc.inference.label_quality import label_quality
from sklearn_lossacc.inference.surprise import surprise_of_labels
from sklearn_lossacc.statistics import TopRows

LOSS_BINS = 36
LOSS_LOW = 1e-3  # nats: everything below shares the first bin
MAX_ROWS = 1000


def _records(columns: Mapping[str, Any]) -> dict[str, list[Any]]:
    return {name: values if isinstance(values, list) else values.tolist() for name, values in columns.items()}


def reliability(evidence: Evidence) -> dict[str, list[Any]]:
    """Bins of top-label confidence with their consistency band; empty bins are absent."""
    bins = evidence.bins
    low, high = bins.band()
    used = np.flatnonzero(bins.rows > 0)
    edges = np.linspace(0.0, 1.0, 16)
    return _records(
        {
            "low": edges[used],
            "high": edges[used + 1],
            "rows": bins.rows[used],
            "weight": bins.weight[used],
            "confidence": bins.confidence[used] / bins.weight[used],
            "accuracy": bins.correct[used] / bins.weight[used],
            "band_low": low[used],
            "band_high": high[used],
        }
    )


def loss_distribution(evidence: Evidence) -> dict[str, list[Any]]:
    """Shares of rows by loss: observed, and expected from the model's own probabilities."""
    null = evidence.rows.null
    top = max(float(null.true_loss.max()), 2.0 * math.log(evidence.n_classes), 10 * LOSS_LOW)
    edges = np.geomspace(LOSS_LOW, top * (1 + 1e-9), LOSS_BINS + 1)
    step = math.log(edges[1] / edges[0])

    def bins(loss: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore"):
            position = np.ceil(np.log(loss / LOSS_LOW) / step)
        return np.clip(position, 0, LOSS_BINS).astype(np.intp)

    total = float(null.weight.sum())
    observed = np.bincount(bins(null.true_loss), null.weight, LOSS_BINS + 1) / total
    expected = np.zeros(LOSS_BINS + 1)
    for rows in row_blocks(null.n_rows, null.n_classes):
        mass = null.proba[rows] * (null.weight[rows, None] / total)
        expected += np.bincount(bins(null.loss[rows]).ravel(), mass.ravel(), LOSS_BINS + 1)
    low = np.concatenate([[0.0], edges[:-1]])
    return _records({"low": low, "high": edges, "observed": observed, "expected": expected})


def _design_effects(evidence: Evidence, residual: np.ndarray) -> np.ndarray:
    """Return, by true class, how many times groups inflate the variance of the total of `residual`."""
    null, k = evidence.rows.null, evidence.n_classes
    if null.group is None:
        return np.ones(k)
    weighted = null.weight * residual
    cell, place = np.unique(null.group * k + null.y, return_inverse=True)
    by_cell = np.bincount(place, weighted)
    alone = np.bincount(null.y, weighted**2, k)
    together = np.bincount(cell % k, by_cell**2, k)
    return np.divide(together, alone, out=np.ones(k), where=alone > 0)


def _class_loss(evidence: Evidence) -> np.ndarray:
    """Return the weighted total loss of each true class; beyond 36 nats a row only where all rows are kept."""
    null = evidence.rows.null
    if evidence.rows.complete:
        return np.bincount(null.y, null.weight * null.true_loss, evidence.n_classes)
    return evidence.summary.class_loss


def _class_loss_limits(evidence: Evidence, loss: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return 95 % limits of the mean loss of each true class; NaN where the rows at hand cannot tell its spread.

    Where only a sample of the rows is kept, the limits of its mean are drawn in by the root of the share that it is,
    and moved to the mean of all rows: that asks for ten rows of the class in the sample.
    """
    null, weight = evidence.rows.null, evidence.summary.class_weight
    low, high = np.full(loss.shape, math.nan), np.full(loss.shape, math.nan)
    least = 2 if evidence.rows.complete else FEW_UNITS
    order = np.lexsort((null.weight, null.true_loss, null.y))  # resamples are drawn for rows, or groups, by their place
    bounds = np.searchsorted(null.y[order], np.arange(len(loss) + 1))
    for label, (start, stop) in enumerate(pairwise(bounds)):
        rows = order[start:stop]
        if len(rows) < least:
            continue
        group = None
        if null.group is not None:
            _, first, place = np.unique(null.group[rows], return_index=True, return_inverse=True)
            group = np.argsort(np.argsort(first))[place]
        # A table of many means takes fewer resamples for each.
        mean, below, above, _ = mean_intervals(
            null.true_loss[rows, None], null.weight[rows], group, np.random.default_rng(0), n_resamples=FEW_RESAMPLES
        )
        share = min(1.0, math.sqrt(float(null.weight[rows].sum()) / weight[label]))
        low[label] = max(loss[label] - share * float(mean[0] - below[0]), 0.0)
        most = max(-LOG_CLIP, float(null.true_loss[rows[-1]]))  # that a row can cost, or did
        high[label] = min(loss[label] + share * float(above[0] - mean[0]), most)
    return low, high


def classes(evidence: Evidence) -> dict[str, list[Any]]:
    """One row a class."""
    summary = evidence.summary
    weight = summary.class_weight
    seen = weight > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        accuracy = np.where(seen, summary.class_correct / weight, np.nan)
        loss = np.where(seen, _class_loss(evidence) / weight, np.nan)
        effective = np.where(seen, weight**2 / np.maximum(summary.class_weight2, 1e-300), 0.0)
    null = evidence.rows.null
    hits = evidence.rows.top[1] - np.where(seen, accuracy, 0.0)[null.y]
    # Rows of one group stand for one draw: it takes as many fewer draws to make up the same variance.
    effective = effective / np.maximum(1.0, _design_effects(evidence, hits))
    limits = np.full((len(seen), 2), math.nan)
    some = effective > 0
    limits[some] = np.stack(wilson_limits(accuracy[some], effective[some]), axis=1)
    low, high = _class_loss_limits(evidence, loss)
    if evidence.n_groups is not None and evidence.n_groups < MIN_GROUPS:
        limits[:] = math.nan
    return {
        "label": [str(label) for label in summary.classes],
        **_records(
            {
                "n": summary.class_rows,
                "prior": evidence.class_share,
                "mean_proba": summary.proba_sum / summary.sum_w,
                "predicted": summary.predicted_weight / summary.sum_w,
                "accuracy": accuracy,
                "accuracy_low": limits[:, 0],
                "accuracy_high": limits[:, 1],
                "loss": loss,
                "loss_low": low,
                "loss_high": high,
            }
        ),
    }


def confusion(evidence: Evidence) -> dict[str, list[Any]]:
    """Return the non-zero cells of the confusion matrix."""
    true, predicted, weight = evidence.summary.confusion_cells()
    filled = weight != 0
    names = [str(label) for label in evidence.summary.classes]
    return {
        "true": [names[j] for j in true[filled]],
        "predicted": [names[j] for j in predicted[filled]],
        "weight": weight[filled].tolist(),
    }


def _look_up(index: np.ndarray, known: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the value of each index among the known ones, NaN for a row outside the sample."""
    order = np.argsort(known)
    position = np.minimum(np.searchsorted(known, index, sorter=order), known.size - 1)
    found = order[position]
    return np.where(known[found] == index, values[found], np.nan)


def _loss_as_observed(evidence: Evidence, kept: TopRows) -> np.ndarray:
    """Return the loss of rows as it enters the log loss: clipped only if a true class has probability 0."""
    if evidence.clipped:
        return kept.loss
    with np.errstate(divide="ignore"):
        by_proba = np.where(kept.p_true > 0, -np.log(kept.p_true), kept.loss)
    known = _look_up(kept.index, evidence.rows.index, evidence.rows.null.true_loss)
    return np.where(np.isnan(known), np.maximum(by_proba, kept.loss), known)


def _rows(evidence: Evidence, kept: TopRows, quality: np.ndarray) -> dict[str, list[Any]]:
    names = plain_labels(evidence.summary.classes)
    loss = _loss_as_observed(evidence, kept)
    share = kept.weight * loss / max(evidence.summary.sum_w * evidence.total_loss, 1e-300)
    return _records(
        {
            "index": kept.index,
            "y_true": [names[column] for column in kept.y],
            "y_pred": [names[column] for column in kept.pred],
            "p_true": kept.p_true,
            "p_pred": kept.p_pred,
            "loss": loss,
            "loss_share": share,
            "label_quality": _look_up(kept.index, evidence.rows.index, quality),
            "surprise_p": kept.surprise_p,
        }
    )


def rows(evidence: Evidence) -> dict[str, dict[str, list[Any]]]:
    """Return the worst rows by loss, by surprise and by label quality."""
    summary = evidence.summary
    null = evidence.rows.null
    at = np.arange(null.n_rows)
    predicted = null.log_proba.argmax(axis=1)
    p_true, p_pred = null.proba[at, null.y], null.proba[at, predicted]
    index = evidence.rows.index
    label_score = label_quality(null.proba, null.y, null.weight)
    worst = np.lexsort((index, label_score))[:MAX_ROWS]
    surprise = surprise_of_labels(null.proba[worst], null.y[worst])
    lowest = TopRows(
        by="loss",
        n_candidates=null.n_rows,
        index=index[worst],
        y=null.y[worst],
        pred=predicted[worst],
        p_true=p_true[worst],
        p_pred=p_pred[worst],
        loss=np.minimum(null.true_loss[worst], -LOG_CLIP),
        surprise_p=surprise,
        weight=null.weight[worst],
        group_key=np.zeros(worst.size, dtype=np.uint64),
    )
    largest = summary.top_loss
    largest = largest.take(np.lexsort((largest.index, -_loss_as_observed(evidence, largest))))
    return {
        "rows_loss": _rows(evidence, largest, label_score),
        "rows_surprise": _rows(evidence, summary.top_surprise, label_score),
        "rows_label_quality": _rows(evidence, lowest, label_score),
    }


def tables(evidence: Evidence) -> dict[str, dict[str, list[Any]]]:
    """Return every table of a diagnosis."""
    return {
        "reliability": reliability(evidence),
        "loss_distribution": loss_distribution(evidence),
        "classes": classes(evidence),
        "confusion": confusion(evidence),
        **rows(evidence),
    }
