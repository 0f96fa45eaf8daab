"""The tables of a history as text cells."""

from __future__ import annotations

from sklearn_lossacc.findings.format import count, interval, nats, one_line, percent
from sklearn_lossacc.findings.history import HistoryDiagnosis
from sklearn_lossacc.findings.history.wording import logged_loss
from sklearn_lossacc.render.text_table import TextTable

MOST_ROWS = 200


def _or_empty(value: float | None, write: object) -> str:
    """Write a number; nothing where there is none."""
    return "" if value is None else write(value)  # type: ignore[operator]


def best_table(diagnosis: HistoryDiagnosis) -> TextTable:
    """List the best epochs by each criterion."""
    table = diagnosis.tables["best"]
    rows = tuple(
        (criterion, f"{epoch:g}", _or_empty(loss, logged_loss), _or_empty(accuracy, percent))
        for criterion, epoch, loss, accuracy in zip(
            table["criterion"], table["epoch"], table["val_loss"], table["val_accuracy"], strict=True
        )
    )
    counted = str(diagnosis.description["counted"])
    columns = ("best by", counted, "validation loss (nats)", "validation accuracy")
    return TextTable("Best epochs", columns, rows).filled()


def matched_table(diagnosis: HistoryDiagnosis) -> TextTable:
    """List what was read as what."""
    table = diagnosis.tables["matched"]
    rows = tuple(
        (curve, one_line(column, 60) or "(no name)", conversion, one_line(note))
        for curve, column, conversion, note in zip(
            table["curve"], table["column"], table["conversion"], table["note"], strict=True
        )
    )
    return TextTable("What was read as what", ("curve", "column", "conversion", "note"), rows).filled()


def left_out_table(diagnosis: HistoryDiagnosis) -> TextTable:
    """List the rows of the log that are no points of the curves."""
    table = diagnosis.tables["left_out"]
    rows = tuple(
        (str(row), reason, _or_empty(loss, logged_loss), _or_empty(accuracy, percent))
        for row, reason, loss, accuracy in zip(
            table["row"], table["reason"], table["val_loss"], table["val_accuracy"], strict=True
        )
    )
    columns = ("row", "reason", "validation loss (nats)", "validation accuracy")
    return TextTable("Rows of the log that were left out", columns, rows).filled()


def questions_table(diagnosis: HistoryDiagnosis) -> TextTable:
    """List what curves alone cannot tell, and what would."""
    return TextTable("What these curves cannot tell", ("question", "supply"), tuple(diagnosis.open_questions))


def rows_table(diagnosis: HistoryDiagnosis) -> TextTable:
    """List the evaluations; of very many, evenly spread ones and the last."""
    table = diagnosis.tables["rows"]
    n_rows = len(table["epoch"])
    every = -(-n_rows // MOST_ROWS)
    chosen = sorted({*range(0, n_rows, every), n_rows - 1})
    caption = "Evaluations" if every == 1 else f"Evaluations: {count(len(chosen))} of {count(n_rows)}, evenly spread"
    rows = tuple(
        (
            f"{table['epoch'][row]:g}",
            _or_empty(table["step"][row], count),
            _or_empty(table["train_loss"][row], logged_loss),
            _or_empty(table["val_loss"][row], logged_loss),
            interval(table["calibrated_low"][row], table["calibrated_high"][row], nats),
            _or_empty(table["train_accuracy"][row], percent),
            _or_empty(table["val_accuracy"][row], percent),
            interval(table["val_accuracy_low"][row], table["val_accuracy_high"][row], percent),
        )
        for row in chosen
    )
    columns = (
        str(diagnosis.description["counted"]),
        "steps so far",
        "training loss",
        "validation loss",
        "calibrated models",
        "training accuracy",
        "validation accuracy",
        "95 % interval",
    )
    return TextTable(caption, columns, rows).filled()
