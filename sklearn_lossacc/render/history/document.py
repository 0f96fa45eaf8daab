"""What a report on a training log says."""

from __future__ import annotations

from sklearn_lossacc.findings.history import HistoryDiagnosis
from sklearn_lossacc.findings.history.text import history_text
from sklearn_lossacc.findings.history.wording import (
    METRICS,
    band,
    description,
    metric,
    metric_range,
    value_text,
    verdict,
    what_to_do,
)
from sklearn_lossacc.findings.wording import ordered_issues, tally
from sklearn_lossacc.render.document import Chapter, Document, Tile
from sklearn_lossacc.render.history.tables import (
    best_table,
    left_out_table,
    matched_table,
    questions_table,
    rows_table,
)
from sklearn_lossacc.render.text_table import quiet_tables

EXPLANATIONS = {
    "best": "The best epoch by each criterion. The interval of a best value does not cover that it was chosen.",
    "open": "Questions that curves alone leave open, and what to supply.",
    "matched": "Columns of the log, and the curves they were taken for. Name other columns with columns=.",
    "left-out": "Rows by their position in the log, from 0.",
    "rows": "One row an evaluation. Calibrated models of the same accuracy have a loss inside the brackets.",
}
PROMISE = (
    "Findings about curves are conditions and carry no p-value: a rise must exceed the jitter of the log, which "
    "flat noise does in at most 5 % of logs, and what the number of validation rows allows. Bounds on loss by "
    "accuracy are exact. A passed finding is not a proof of health."
)


def history_document(diagnosis: HistoryDiagnosis) -> Document:
    """Gather what a report on a training log says.

    Parameters
    ----------
    diagnosis : HistoryDiagnosis
        What was found.

    Returns
    -------
    Document
        Its texts.

    Examples
    --------
    >>> from sklearn_lossacc.findings.history import HistoryDiagnosis
    >>> from sklearn_lossacc.inputs import TrainingHistory
    >>> history = TrainingHistory.from_arrays(val_loss=[0.6, 0.5], name="run")
    >>> history_document(HistoryDiagnosis.from_history(history)).description
    '2 evaluations, arrays, number of validation rows not known, number of classes not known'
    """
    tables = {
        "best": best_table(diagnosis),
        "open": questions_table(diagnosis),
        "matched": matched_table(diagnosis),
        "left-out": left_out_table(diagnosis),
        "rows": rows_table(diagnosis),
    }
    return Document(
        kind="training history",
        name=diagnosis.name,
        description=description(diagnosis),
        printed=history_text(diagnosis),
        verdict=verdict(diagnosis),
        advice=tuple(what_to_do(diagnosis)),
        tiles=_tiles(diagnosis),
        tally=tally(diagnosis),
        issues=tuple((finding, (value_text(finding),)) for finding in ordered_issues(diagnosis)),
        quiet=quiet_tables(diagnosis, value_text),
        chapters=tuple(Chapter(anchor, table, EXPLANATIONS[anchor]) for anchor, table in tables.items() if table.rows),
        promise=PROMISE,
        wide_figures=True,
    )


def _tiles(diagnosis: HistoryDiagnosis) -> tuple[Tile, ...]:
    """Write the numbers that matter, each with its interval."""
    tiles = []
    for name in ("last_val_loss", "lowest_val_loss", "last_val_accuracy", "highest_val_accuracy"):
        if name in diagnosis.metrics:
            note = metric_range(diagnosis, name)
            if name == "last_val_loss" and band(diagnosis):
                note = f"{note + '; ' if note else ''}calibrated models of that accuracy {band(diagnosis)}"
            label = METRICS[name].label
            tiles.append(Tile(label[:1].upper() + label[1:], metric(diagnosis, name), (note,)))
    return tuple(tiles)
