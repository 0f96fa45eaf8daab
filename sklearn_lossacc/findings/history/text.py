"""The text of ``print(history_diagnosis)``: aligned lines, no colour."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from sklearn_lossacc.findings.format import one_line
from sklearn_lossacc.findings.history.wording import (
    band,
    best_text,
    description,
    issues_in_order,
    matched_text,
    metric,
    metric_range,
    supply_text,
    tally,
    value_text,
    verdict,
    what_to_do,
)

if TYPE_CHECKING:
    from sklearn_lossacc.findings.history.diagnosis import HistoryDiagnosis

WIDTH = 96
LABEL_WIDTH = 12


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
        *_paragraph("verdict", verdict(diagnosis), most=4),
        *_paragraph("do", " ".join(what_to_do(diagnosis)), most=4),
    ]
    for label, name in (("loss", "last_val_loss"), ("accuracy", "last_val_accuracy")):
        if name in diagnosis.metrics:
            note = (
                f"calibrated models of the last accuracy: {band(diagnosis)}"
                if label == "loss" and band(diagnosis)
                else ""
            )
            lines.append(
                _labelled(label, f"{metric(diagnosis, name)}  {metric_range(diagnosis, name)}  {note}".rstrip())
            )
    lines += _paragraph("best", best_text(diagnosis), most=2)
    lines.append(_labelled("findings", tally(diagnosis)))
    issues = issues_in_order(diagnosis)
    width = max((len(finding.name) for finding in issues), default=0)
    lines += [
        _labelled(f"  {finding.code}", f"{finding.severity:<9}{finding.name:<{width}}  {value_text(finding)}")
        for finding in issues
    ]
    lines += _paragraph("read as", matched_text(diagnosis), most=4)
    return "\n".join([*lines, *_paragraph("unknown", f"To know more, supply {supply_text(diagnosis)}.", most=3)])


def _paragraph(label: str, text: str, most: int = 3) -> list[str]:
    """Wrap a text beside its label; an empty text has no line."""
    wrapped = wrap(text, WIDTH - LABEL_WIDTH, max_lines=most, placeholder=" ...")
    return [_labelled(label if line == 0 else "", part) for line, part in enumerate(wrapped)]


def _labelled(label: str, text: str) -> str:
    """Put a text into the column beside the labels."""
    return f"{label:<{LABEL_WIDTH}}{text}".rstrip()
