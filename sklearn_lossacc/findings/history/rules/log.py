"""LA514 and LA515: whether the log is of one run, and agrees with the predictions."""

from __future__ import annotations

import math

import numpy as np

from sklearn_lossacc.findings.diagnosis import Diagnosis
from sklearn_lossacc.findings.finding import Estimate
from sklearn_lossacc.findings.format import count, nats, one_line, percent
from sklearn_lossacc.findings.history.evidence import HistoryEvidence
from sklearn_lossacc.findings.history.materiality import SAME_ACCURACY, SAME_LOSS, Z_FAR
from sklearn_lossacc.findings.verdict import Rule, Verdict, not_applicable
from sklearn_lossacc.inference.history import accuracy_error
from sklearn_lossacc.inputs import TrainingHistory

MOST_RUNS = 6
OTHER_LOSS = (
    "Accuracy agrees, so that the logged loss is likely of another kind: with label smoothing, class weights, "
    "penalties, dropout or a second softmax, focal, or a sum or a mean over batches. Believe what the predictions say "
    "of the log loss."
)
STRAY = ("another evaluation at the same step", "no training before it")


def _lengths(history: TrainingHistory) -> str:
    """Write the number of evaluations of each run, with its name where it differs from that of the log."""
    written = [
        count(run.n_rows) + (f" ({one_line(run.name, 40)})" if run.name != history.name else "") for run in history.runs
    ]
    if len(written) > MOST_RUNS:
        written[MOST_RUNS - 1 : -1] = ["..."]
    return ", ".join(written)


def judge_runs(evidence: HistoryEvidence) -> Verdict:
    """Judge whether the log holds more than one run, or evaluations that do not belong to it."""
    history = evidence.history
    runs = len(history.runs)
    strays = [row for row in history.left_out if row.reason in STRAY]
    written = []
    for stray in strays:
        loss, accuracy = stray.values.get("val_loss"), stray.values.get("val_accuracy")
        numbers = ", ".join(
            text for text in (
                f"loss {nats(loss)}" if loss is not None else "",
                f"accuracy {percent(accuracy)}" if accuracy is not None else "",
            ) if text
        )  # fmt: skip
        written.append(f"row {stray.row} ({stray.reason}{': ' + numbers if numbers else ''})")
    parts = []
    if runs > 1:
        parts.append(f"The log holds {runs} runs, of {_lengths(history)} evaluations; the last one is judged here.")
    if strays:
        parts.append(
            f"{'One evaluation does' if len(strays) == 1 else f'{len(strays)} evaluations do'} not belong to the "
            f"curve and {'was' if len(strays) == 1 else 'were'} left out: {'; '.join(written)}."
        )
    return Verdict(
        holds=runs > 1 or bool(strays),
        value=float(max(runs, 1)),
        threshold=1.0,
        evidence={"n_runs": max(runs, 1), "stray_rows": [stray.row for stray in strays], "notes": list(history.notes)},
        fired=" ".join(parts),
        passed="The log is of one run."
        if not history.notes
        else f"The log is of one run ({'; '.join(history.notes)}).",
        advice=(
            "Judge each run by itself (history.runs holds them)."
            if runs > 1
            else "An evaluation without training before it is of other rows or of a reloaded checkpoint: do not read "
            "it as the last epoch."
        ),
    )


def judge_final(evidence: HistoryEvidence) -> Verdict:
    """Judge whether the last row of the log is that of the predictions."""
    final = evidence.final
    if final is None:
        return not_applicable("No diagnosis of predictions was given as final=.")
    n_columns = int(final.description["n_classes"])
    if evidence.history.n_classes not in (None, n_columns):
        return Verdict(
            holds=True,
            evidence={"n_classes_of_predictions": n_columns, **evidence.rule_inputs()},
            fired=f"The log is of {evidence.history.n_classes} classes, the predictions are of {n_columns}.",
            advice="Give the n_classes of the log, or the predictions that belong to it: one of the two is another's.",
        )
    rows = (
        evidence.pairs
        if len(evidence.pairs)
        else evidence.accuracy.rows
        if len(evidence.accuracy)
        else evidence.loss.rows
    )
    if not len(rows):
        return not_applicable("The log has neither validation loss nor accuracy.")
    row, history = int(rows[-1]), evidence.history
    found = {"accuracy": final.metrics["accuracy"].value, "loss": _loss(final).value}
    logged = {"accuracy": float(history.val_accuracy[row]), "loss": float(history.val_loss[row])}
    margins = _margins(evidence, found)
    gaps = {"accuracy": logged["accuracy"] - found["accuracy"], "loss": float(_gap(history.val_loss[row], final))}
    off = {name: gap for name, gap in gaps.items() if math.isfinite(logged[name]) and abs(gap) > margins[name]}
    twin = _twin(evidence, found, margins, final) if off else None
    written = {"accuracy": percent, "loss": nats}
    differences = " and ".join(
        f"{name} {written[name](logged[name])} in the log, {written[name](found[name])} from the predictions"
        for name in off
    )
    twin_words = "" if twin is None else f" They are those of {evidence.at(twin)}: another checkpoint."
    same_rows = evidence.n_val is None or evidence.n_val == final.description.get("n_samples")
    return Verdict(
        holds=bool(off),
        value=next(iter(off.values()), 0.0),
        threshold=margins[next(iter(off), "accuracy")],
        evidence={
            "row": row,
            "logged": logged,
            "recomputed": found,
            "margins": margins,
            "matching_row": twin,
            "same_number_of_rows": same_rows,
            **evidence.rule_inputs(),
        },
        fired=f"The log and the predictions disagree at {evidence.at(row)}: {differences}.{twin_words}",
        passed=f"The predictions agree with the log at {evidence.at(row)}.",
        advice=(
            "Load the checkpoint that the log is of, or judge the one that is shipped."
            if twin is not None
            else OTHER_LOSS
            if same_rows and set(off) == {"loss"} and math.isfinite(logged["accuracy"])
            else "Find the reason before trusting either: another set of rows, another checkpoint, dropout left on, "
            "labels in another order, an accuracy of another kind (binary accuracy on one-hot labels, averages over "
            "batches), or a loss with weights or penalties."
        ),
    )


def _loss(final: Diagnosis) -> Estimate:
    """Return the log loss, clipped where it is infinite."""
    loss = final.metrics["log_loss"]
    return loss if math.isfinite(loss.value) else final.metrics["log_loss_clipped"]


def _gap(logged: np.ndarray, final: Diagnosis) -> np.ndarray:
    """Return how far logged losses are from that of the predictions, which may be clipped in the log or not."""
    low, high = final.metrics["log_loss_clipped"].value, final.metrics["log_loss"].value
    return logged - np.clip(logged, low, high)


def _margins(evidence: HistoryEvidence, found: dict[str, float]) -> dict[str, float]:
    """Return how far log and predictions may differ: little on the same rows, by sampling on others."""
    margins = {"accuracy": SAME_ACCURACY, "loss": SAME_LOSS * max(1.0, found["loss"])}
    final = evidence.final
    n_final = None if final is None else final.description.get("n_samples")
    n_log = evidence.n_val
    if final is None or n_final is None or n_log is None or n_log == n_final:
        return margins
    shares = 1.0 / n_log + 1.0 / n_final
    spread = accuracy_error(found["accuracy"], 1.0)
    margins["accuracy"] = max(margins["accuracy"], Z_FAR * spread * math.sqrt(shares))
    loss = _loss(final)
    if loss.low is not None and loss.high is not None:
        error = (loss.high - loss.low) / 3.92
        margins["loss"] = max(margins["loss"], Z_FAR * error * math.sqrt(shares * n_final))
    return margins


def _twin(
    evidence: HistoryEvidence, found: dict[str, float], margins: dict[str, float], final: Diagnosis
) -> int | None:
    """Return the row of the log whose loss and accuracy are those of the predictions, if there is one."""
    history = evidence.history
    near = np.abs(history.val_accuracy - found["accuracy"]) <= margins["accuracy"]
    near &= np.abs(_gap(history.val_loss, final)) <= margins["loss"]
    rows = np.flatnonzero(near)
    return int(rows[np.argmin(np.abs(history.val_loss[rows] - found["loss"]))]) if rows.size else None


SEVERAL_RUNS = Rule("LA514", "several-runs-in-one-log", "warning", judge_runs)
LOG_DISAGREES = Rule("LA515", "log-and-predictions-disagree", "error", judge_final)
