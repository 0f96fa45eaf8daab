"""One line a fold: what a cross-validation says of its own spread."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sklearn_lossacc.findings import Diagnosis
from sklearn_lossacc.findings.finding import Estimate
from sklearn_lossacc.inference.folds import half_width
from sklearn_lossacc.metrics import (
    accuracy_score,
    brier_score_loss,
    calibration_loss,
    confidence_gap,
    log_loss,
    refinement_loss,
)
from sklearn_lossacc.statistics import summarize

MEASURES = {
    "log_loss": log_loss,
    "accuracy": accuracy_score,
    "brier_score": brier_score_loss,
    "confidence_gap": confidence_gap,
    "calibration_loss": calibration_loss,
    "refinement_loss": refinement_loss,
}
# Metric of a diagnosis -> measure whose spread over the folds it shares.
WIDENED = {
    "log_loss": "log_loss",
    "log_loss_clipped": "log_loss",
    "accuracy": "accuracy",
    "brier_score": "brier_score",
    "confidence_gap": "confidence_gap",
}
LIMITS = {"accuracy": (0.0, 1.0), "confidence_gap": (-1.0, 1.0)}
N_BINS = 10


@dataclass(frozen=True)
class Fold:
    """The out-of-fold predictions of one fold.

    Attributes
    ----------
    n_train : int
        Rows that its estimator was trained on.
    rows : ndarray of shape (n_test,)
        The rows that it predicts.
    y_proba : ndarray of shape (n_test, n_classes)
        Probabilities or logits.
    """

    n_train: int
    rows: np.ndarray
    y_proba: np.ndarray


def share_tested(folds: Sequence[Fold]) -> float:
    """Return test rows over training rows, on average over the folds."""
    return float(np.mean([len(fold.rows) / fold.n_train for fold in folds]))


def fold_scores(
    folds: Sequence[Fold], y: np.ndarray, *, input: str, classes: np.ndarray, sample_weight: np.ndarray | None
) -> dict[str, list[float]]:
    """Return every measure of every fold.

    Parameters
    ----------
    folds : sequence of Fold
        The folds.
    y : ndarray of shape (n_samples,)
        Labels of all rows.
    input : {"proba", "logits"}
        What the predictions are.
    classes : ndarray of shape (n_classes,)
        Their classes.
    sample_weight : ndarray of shape (n_samples,) or None
        Weights of all rows.

    Returns
    -------
    dict of str to list of float
        Name of the measure to one value a fold; losses are clipped at 2.2e-16.
    """
    scores: dict[str, list[float]] = {name: [] for name in MEASURES}
    for fold in folds:
        weight = None if sample_weight is None else sample_weight[fold.rows]
        for name, measure in MEASURES.items():
            value = measure(y[fold.rows], fold.y_proba, input=input, classes=classes, sample_weight=weight)
            scores[name].append(float(value))
    return scores


def with_folds(
    diagnosis: Diagnosis,
    folds: Sequence[Fold],
    y: np.ndarray,
    *,
    input: str,
    classes: np.ndarray,
    sample_weight: np.ndarray | None,
) -> Diagnosis:
    """Add the folds to a diagnosis of all out-of-fold predictions, and their spread to its intervals.

    Parameters
    ----------
    diagnosis : Diagnosis
        Of the pooled predictions, as if they came from one model.
    folds : sequence of Fold
        The folds.
    y : ndarray of shape (n_samples,)
        Labels of all rows.
    input : {"proba", "logits"}
        What the predictions are.
    classes : ndarray of shape (n_classes,)
        Their classes.
    sample_weight : ndarray of shape (n_samples,) or None
        Weights of all rows.

    Returns
    -------
    Diagnosis
        With the tables ``folds`` (fold, n_train, n_test and the measures) and ``fold_reliability`` (fold, confidence,
        accuracy, weight), and with intervals that are at least as wide as the corrected t interval over the folds.
    """
    scores = fold_scores(folds, y, input=input, classes=classes, sample_weight=sample_weight)
    table: dict[str, list[Any]] = {
        "fold": list(range(len(folds))),
        "n_train": [int(fold.n_train) for fold in folds],
        "n_test": [len(fold.rows) for fold in folds],
        **scores,
    }
    lines = _reliability(folds, y, input=input, classes=classes, sample_weight=sample_weight)
    metrics = _widened(diagnosis.metrics, scores, share_tested(folds))
    return replace(diagnosis, metrics=metrics, tables={**diagnosis.tables, "folds": table, "fold_reliability": lines})


def _widened(
    metrics: Mapping[str, Estimate], scores: Mapping[str, Sequence[float]], ratio: float
) -> dict[str, Estimate]:
    """Widen intervals to those that count the folds as a source of variation."""
    widened = dict(metrics)
    for name, measure in WIDENED.items():
        estimate, values = metrics.get(name), np.asarray(scores[measure])
        if estimate is None or not math.isfinite(estimate.value) or len(values) < 2:
            continue
        half = half_width(values, ratio)
        least, most = LIMITS.get(name, (0.0, math.inf))
        low, high = max(estimate.value - half, least), min(estimate.value + half, most)
        wider = (estimate.low is None or low < estimate.low) or (estimate.high is None or high > estimate.high)
        if wider:
            widened[name] = Estimate(
                estimate.value,
                low if estimate.low is None else min(low, estimate.low),
                high if estimate.high is None else max(high, estimate.high),
                f"corrected t over {len(values)} folds, or {estimate.method} where wider",
            )
    return widened


def _reliability(
    folds: Sequence[Fold], y: np.ndarray, *, input: str, classes: np.ndarray, sample_weight: np.ndarray | None
) -> dict[str, list[Any]]:
    """Return the reliability curve of each fold, empty bins left out."""
    table: dict[str, list[Any]] = {"fold": [], "confidence": [], "accuracy": [], "weight": []}
    for number, fold in enumerate(folds):
        weight = None if sample_weight is None else sample_weight[fold.rows]
        summary = summarize(
            y[fold.rows],
            fold.y_proba,
            input=input,  # type: ignore[arg-type]
            classes=classes,
            sample_weight=weight,
        )
        bins = summary.coarsen(N_BINS)
        used = bins["weight"] > 0
        table["fold"] += [number] * int(used.sum())
        table["confidence"] += (bins["confidence"][used] / bins["weight"][used]).tolist()
        table["accuracy"] += (bins["correct"][used] / bins["weight"][used]).tolist()
        table["weight"] += bins["weight"][used].tolist()
    return table
