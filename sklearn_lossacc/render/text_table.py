"""A table as text cells; plain text, Markdown and HTML lay out the same cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sklearn_lossacc.findings.finding import Finding
from sklearn_lossacc.findings.format import one_line, p_value
from sklearn_lossacc.findings.wording import finding_title, with_status

QUIET_SECTIONS = (
    ("passed", "Passed"),
    ("not_applicable", "Not applicable"),
    ("ignored", "Ignored on request"),
)
OF_WORDS = frozenset(
    {
        *("best by", "class", "column", "conclusion", "conversion", "curve", "explanation", "finding", "how it stands"),
        *("measure", "measured", "method", "metric", "model", "note", "pair", "part", "predicted", "question"),
        *("predicted by the first", "predicted by the second", "reason", "rows with", "says", "setting", "supply"),
        "true",
    }
)


@dataclass(frozen=True)
class TextTable:
    """A table of text.

    Attributes
    ----------
    caption : str
        What it holds.
    columns : tuple of str
        Column names.
    rows : tuple of tuple of str
        Cells; the first of each row names it.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Which columns hold numbers and are aligned at the right."""
        return tuple(column not in OF_WORDS for column in self.columns)

    def filled(self) -> TextTable:
        """Leave out columns that are empty in every row.

        Returns
        -------
        TextTable
            The other columns.

        Examples
        --------
        >>> TextTable("", ("part", "nats"), (("a", ""), ("b", ""))).filled().columns
        ('part',)
        """
        kept = [place for place in range(len(self.columns)) if any(row[place] for row in self.rows)]
        return TextTable(
            self.caption,
            tuple(self.columns[place] for place in kept),
            tuple(tuple(row[place] for place in kept) for row in self.rows),
        )


def quiet_tables(diagnosis: Any, value: Callable[[Finding], str]) -> tuple[TextTable, ...]:
    """List the findings that did not fire, a table for each status that occurs.

    Parameters
    ----------
    diagnosis : Diagnosis, ComparisonDiagnosis or HistoryDiagnosis
        What was found.
    value : callable
        Writes the number of a finding, with its limits.

    Returns
    -------
    tuple of TextTable
        Without columns that would be empty.
    """
    tables = []
    for status, caption in QUIET_SECTIONS:
        rows = tuple(
            (
                f"{finding.code} {finding_title(finding)}",
                one_line(finding.headline),
                value(finding),
                p_value(finding.p_value),
            )
            for finding in with_status(diagnosis, status)
        )
        if rows:
            tables.append(TextTable(caption, ("finding", "conclusion", "measured", "p-value"), rows).filled())
    return tuple(tables)
