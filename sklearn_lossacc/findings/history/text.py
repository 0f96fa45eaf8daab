"""The text of ``print(history_diagnosis)``: aligned lines, no colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sklearn_lossacc.findings.format import one_line
from sklearn_lossacc.findings.history.wording import (
    band,
    best_text,
    description,
    matched_text,
    metric,
    metric_range,
    supply_text,
    value_text,
    verdict,
    what_to_do,
)
from sklearn_lossacc.findings.lines import finding_lines, labelled, paragraph
from sklearn_lossacc.findings.wording import ordered_issues, tally

if TYPE_CHECKING:
    from sklearn_lossacc.findings.history.diagnosis import HistoryDiagnosis


def history_text(diagnosis: HistoryDiagnosis) -> str:
    """Write a diagnosis of a history as aligned lines.

    Parameters
    ----------
    diagnosis : HistoryDiagnosis
        What to write.

    Returns
    -------
    str
        The lines, without a trailing line break.

    Examples
    --------
    >>> from sklearn_lossacc.findings.history import HistoryDiagnosis
    >>> from sklearn_lossacc.inputs import TrainingHistory
    >>> history = TrainingHistory.from_arrays(val_loss=0.46, val_accuracy=0.78, n_val=500, n_classes=2, name="one")
    >>> print(history_text(HistoryDiagnosis.from_history(history)).splitlines()[0])
    one: 1 evaluation, arrays, 500 validation rows, 2 classes
    """
    lines = [
        f"{one_line(diagnosis.name, 48)}: {description(diagnosis)}",
        *paragraph("verdict", verdict(diagnosis), most=4),
        *paragraph("do", " ".join(what_to_do(diagnosis)), most=4),
    ]
    for label, name in (("loss", "last_val_loss"), ("accuracy", "last_val_accuracy")):
        if name in diagnosis.metrics:
            note = (
                f"calibrated models of the last accuracy: {band(diagnosis)}"
                if label == "loss" and band(diagnosis)
                else ""
            )
            lines.append(
                labelled(label, f"{metric(diagnosis, name)}  {metric_range(diagnosis, name)}  {note}".rstrip())
            )
    lines += paragraph("best", best_text(diagnosis), most=2)
    lines.append(labelled("findings", tally(diagnosis)))
    lines += finding_lines(ordered_issues(diagnosis), value_text)
    lines += paragraph("read as", matched_text(diagnosis), most=4)
    return "\n".join([*lines, *paragraph("unknown", f"To know more, supply {supply_text(diagnosis)}.", most=3)])
