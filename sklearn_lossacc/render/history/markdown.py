"""The report of a history as Markdown."""

from __future__ import annotations

from sklearn_lossacc.findings.finding import Finding
from sklearn_lossacc.findings.history import HistoryDiagnosis
from sklearn_lossacc.findings.history.wording import description, value_text, verdict, what_to_do
from sklearn_lossacc.findings.wording import finding_title, ordered_issues, tally
from sklearn_lossacc.render.history.tables import number_tables, promise, quiet_tables
from sklearn_lossacc.render.markdown import escaped, piped
from sklearn_lossacc.render.sections import SEVERITY_SECTIONS


def history_markdown(diagnosis: HistoryDiagnosis) -> str:
    r"""Write the report as Markdown; names and columns are escaped.

    Parameters
    ----------
    diagnosis : HistoryDiagnosis
        What to write.

    Returns
    -------
    str
        GitHub-flavoured Markdown, ending in a line break.

    Examples
    --------
    >>> from sklearn_lossacc.findings.history import HistoryDiagnosis
    >>> from sklearn_lossacc.inputs import TrainingHistory
    >>> history = TrainingHistory.from_arrays(val_loss=[0.6, 0.5], name="a*b")
    >>> print(history_markdown(HistoryDiagnosis.from_history(history)).splitlines()[0])
    # a\*b
    """
    parts = [
        f"# {escaped(diagnosis.name)}",
        escaped(description(diagnosis)),
        f"**{escaped(verdict(diagnosis))}**",
        "## What to do",
        "\n".join(f"{place}. {escaped(words)}" for place, words in enumerate(what_to_do(diagnosis), start=1)),
        "## Findings",
        escaped(f"{tally(diagnosis)}."),
    ]
    for severity, caption in SEVERITY_SECTIONS:
        found = [finding for finding in ordered_issues(diagnosis) if finding.severity == severity]
        if found:
            parts += [f"### {caption}", "\n".join(_item(finding) for finding in found)]
    for table in quiet_tables(diagnosis):
        parts += [f"### {escaped(table.caption)}", piped(table)]
    for table in number_tables(diagnosis):
        parts += [f"## {escaped(table.caption)}", piped(table)]
    return "\n\n".join([*parts, escaped(promise())]) + "\n"


def _item(finding: Finding) -> str:
    """Write one fired finding as an item of a list."""
    said = (
        f"**{finding.code} {escaped(finding_title(finding))}.** {escaped(finding.headline)} {escaped(finding.advice)}"
    )
    value = value_text(finding)
    return f"- {said}" + (f" ({escaped(value)})" if value else "")
