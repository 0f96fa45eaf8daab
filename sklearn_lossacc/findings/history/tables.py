"""The tables of a history: one row an evaluation, the best epochs, and what was read as what."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from sklearn_lossacc.findings.diagnosis import Table
from sklearn_lossacc.findings.history.evidence import HistoryEvidence
from sklearn_lossacc.inference.intervals import wilson_interval
from sklearn_lossacc.inference.loss_bounds import calibrated_ceiling, calibrated_floor, loss_error
from sklearn_lossacc.inference.normal import Z95
from sklearn_lossacc.inputs.history import MEASURES

LEVEL = 0.95


def _plain(values: np.ndarray) -> list[float | None]:
    """Return plain numbers; None where there is none, and inf as it is."""
    return [None if math.isnan(value) else float(value) for value in values]


def _each(evidence: HistoryEvidence, *, of: str, function: Callable[[float], float | None]) -> list[float | None]:
    """Apply a function to the measured values of a curve."""
    return [
        None if not math.isfinite(value) else function(float(value)) for value in getattr(evidence.history, of).tolist()
    ]


def _bound(bound: Callable[[float, int], float], n_classes: int, accuracy: float) -> float:
    """Return a bound of calibrated models, with the accuracy last."""
    return bound(accuracy, n_classes)


def rows_table(evidence: HistoryEvidence) -> Table:
    """Return one row an evaluation, with noise of the validation rows, the calibrated band, and the fit of the loss."""
    history, k, n = evidence.history, evidence.n_classes, evidence.n_val
    table: dict[str, list[Any]] = {"epoch": _plain(history.epoch)}
    table["step"] = [None] * history.n_rows if history.step is None else _plain(history.step)
    table |= {name: _plain(getattr(history, name)) for name in MEASURES}
    nothing: list[float | None] = [None] * history.n_rows
    if n is None:
        table |= {"val_accuracy_low": nothing, "val_accuracy_high": nothing}
    else:
        limits = [wilson_interval(a, n, LEVEL) if math.isfinite(a) else None for a in history.val_accuracy.tolist()]
        table["val_accuracy_low"] = [None if pair is None else pair[0] for pair in limits]
        table["val_accuracy_high"] = [None if pair is None else pair[1] for pair in limits]
    table["val_loss_half_width"] = (
        nothing
        if n is None or k is None
        else _each(evidence, of="val_loss", function=lambda loss: Z95 * loss_error(loss, k, n))
    )
    for name, bound in (("calibrated_low", calibrated_floor), ("calibrated_high", calibrated_ceiling)):
        table[name] = nothing if k is None else _each(evidence, of="val_accuracy", function=partial(_bound, bound, k))
    fitted = np.full(history.n_rows, np.nan)
    if len(evidence.loss):
        fitted[evidence.loss.rows] = evidence.loss.turn.fitted
    table["val_loss_fit"] = _plain(fitted)
    for name, other in history.evaluations.items():
        table |= {f"{name}_loss": _plain(other.loss), f"{name}_accuracy": _plain(other.accuracy)}
    return table


def best_table(evidence: HistoryEvidence) -> Table:
    """Return the best epoch by each criterion, the turn of the loss, and the last epoch."""
    rows = [
        ("lowest validation loss", evidence.best_loss_row),
        ("highest validation accuracy", evidence.best_accuracy_row),
        (
            "turn of the validation loss",
            int(evidence.loss.rows[evidence.loss.turn.index]) if len(evidence.loss) else None,
        ),
        ("last", evidence.history.n_rows - 1),
    ]
    kept = [(words, row) for words, row in rows if row is not None]
    history = evidence.history
    return {
        "criterion": [words for words, _ in kept],
        "row": [row for _, row in kept],
        "epoch": [float(history.epoch[row]) for _, row in kept],
        "val_loss": _plain(np.array([history.val_loss[row] for _, row in kept])),
        "val_accuracy": _plain(np.array([history.val_accuracy[row] for _, row in kept])),
    }


def matched_table(evidence: HistoryEvidence) -> Table:
    """Return what was read as what."""
    matched = evidence.history.matched_
    return {
        "curve": list(matched),
        "column": [match.column for match in matched.values()],
        "conversion": [match.conversion for match in matched.values()],
        "note": [match.note for match in matched.values()],
    }


def left_out_table(evidence: HistoryEvidence) -> Table:
    """Return the rows of the log that are no points of the curves."""
    left_out = evidence.history.left_out
    return {
        "row": [row.row for row in left_out],
        "reason": [row.reason for row in left_out],
        "val_loss": [row.values.get("val_loss") for row in left_out],
        "val_accuracy": [row.values.get("val_accuracy") for row in left_out],
    }
