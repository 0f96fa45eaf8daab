"""The tables of a history as text cells."""

from __future__ import annotations

from dataclasses import dataclass

from sklearn_lossacc.findings.format import count, interval, nats, one_line, percent
from sklearn_lossacc.findings.history import HistoryDiagnosis
from sklearn_lossacc.findings.history.wording import value_text
from sklearn_lossacc.findings.wording import finding_title, with_status
from sklearn_lossacc.render.tables import TextTable

MOST_ROWS = 200
TEXT_COLUMNS = frozenset(
    {
        "code",
        "finding",
        "conclusion",
        "best by",
        "curve",
        "column",
        "conversion",
        "note",
        "question",
        "supply",
        "reason",
        "value",
    }
)


@dataclass(frozen=True)
class HistoryTable(TextTable):
    """A table of text whose columns of words stand at the left."""

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Which columns hold numbers and are aligned at the right."""
        return tuple(column not in TEXT_COLUMNS for column in self.columns)


def _filled(table: HistoryTable) -> HistoryTable:
    """Leave out columns that are empty in every row."""
    kept = [place for place in range(len(table.columns)) if any(row[place] for row in table.rows)]
    return HistoryTable(
        table.caption,
        tuple(table.columns[place] for place in kept),
        tuple(tuple(row[place] for place in kept) for row in table.rows),
    )


def _or_empty(value: float | None, write: object) -> str:
    """Write a number; nothing where there is none."""
    return "" if value is None else write(value)  # type: ignore[operator]


def best_table(diagnosis: HistoryDiagnosis) -> HistoryTable:
    """List the best epochs by each criterion."""
    table = diagnosis.tables["best"]
    rows = tuple(
        (criterion, f"{epoch:g}", _or_empty(loss, nats), _or_empty(accuracy, percent))
        for criterion, epoch, loss, accuracy in zip(
            table["criterion"], table["epoch"], table["val_loss"], table["val_accuracy"], strict=True
        )
    )
    counted = str(diagnosis.description["counted"])
    return _filled(
        HistoryTable("Best epochs", ("best by", counted, "validation loss (nats)", "validation accuracy"), rows)
    )


def matched_table(diagnosis: HistoryDiagnosis) -> HistoryTable:
    """List what was read as what."""
    table = diagnosis.tables["matched"]
    rows = tuple(
        (curve, one_line(column, 60) or "(no name)", conversion, one_line(note))
        for curve, column, conversion, note in zip(
            table["curve"], table["column"], table["conversion"], table["note"], strict=True
        )
    )
    return _filled(HistoryTable("What was read as what", ("curve", "column", "conversion", "note"), rows))


def left_out_table(diagnosis: HistoryDiagnosis) -> HistoryTable:
    """List the rows of the log that are no points of the curves."""
    table = diagnosis.tables["left_out"]
    rows = tuple(
        (str(row), reason, _or_empty(loss, nats), _or_empty(accuracy, percent))
        for row, reason, loss, accuracy in zip(
            table["row"], table["reason"], table["val_loss"], table["val_accuracy"], strict=True
        )
    )
    columns = ("row", "reason", "validation loss (nats)", "validation accuracy")
    return _filled(HistoryTable("Rows of the log that were left out", columns, rows))


def questions_table(diagnosis: HistoryDiagnosis) -> HistoryTable:
    """List what curves alone cannot tell, and what would."""
    return HistoryTable("What these curves cannot tell", ("question", "supply"), tuple(diagnosis.open_questions))


def rows_table(diagnosis: HistoryDiagnosis) -> HistoryTable:
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
            _or_empty(table["train_loss"][row], nats),
            _or_empty(table["val_loss"][row], nats),
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
    return _filled(HistoryTable(caption, columns, rows))


def findings_table(diagnosis: HistoryDiagnosis, status: str, caption: str) -> HistoryTable:
    """List the findings of one status."""
    rows = tuple(
        (finding.code, finding_title(finding), one_line(finding.headline), value_text(finding))
        for finding in with_status(diagnosis, status)
    )
    return _filled(HistoryTable(caption, ("code", "finding", "conclusion", "value"), rows))


def quiet_tables(diagnosis: HistoryDiagnosis) -> tuple[HistoryTable, ...]:
    """Return the tables of the findings that did not fire; empty ones are absent."""
    sections = (("passed", "Passed"), ("not_applicable", "Not applicable"), ("ignored", "Ignored on request"))
    return tuple(
        findings_table(diagnosis, status, caption) for status, caption in sections if with_status(diagnosis, status)
    )


def number_tables(diagnosis: HistoryDiagnosis) -> tuple[HistoryTable, ...]:
    """Return the other tables, in the order of a report; empty ones are absent."""
    tables = (
        best_table(diagnosis),
        questions_table(diagnosis),
        matched_table(diagnosis),
        left_out_table(diagnosis),
        rows_table(diagnosis),
    )
    return tuple(table for table in tables if table.rows)


def promise() -> str:
    """Say what the findings promise."""
    return (
        "Findings about curves are conditions and carry no p-value: a rise must exceed the jitter of the log, which "
        "flat noise does in at most 5 % of logs, and what the number of validation rows allows. Bounds on loss by "
        "accuracy are exact. A passed finding is not a proof of health."
    )
