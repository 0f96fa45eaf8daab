"""What a report says, in its order; text, Markdown and HTML write the same document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from sklearn_lossacc.findings.finding import Finding
from sklearn_lossacc.render.text_table import TextTable

SEVERITY_SECTIONS = (("error", "Errors"), ("warning", "Warnings"), ("tip", "Tips"))


class Tile(NamedTuple):
    """One number that matters: what it is, its text, and what stands below it (empty notes have no line)."""

    label: str
    value: str
    notes: tuple[str, ...] = ()


class Chapter(NamedTuple):
    """A table of numbers: its anchor on a page, what explains it there, and whether its last row is a sum."""

    anchor: str
    table: TextTable
    explanation: str
    total: bool = False


@dataclass(frozen=True)
class Document:
    """The content of a report, as texts that are not yet escaped.

    Attributes
    ----------
    kind : str
        What kind of report it is, for the title of a window.
    name, description : str
        What was judged, and what was given.
    printed : str
        What ``print`` shows.
    verdict : str
        What is going on.
    advice : tuple of str
        What to do, gravest first.
    tiles : tuple of Tile
        The numbers that matter.
    tally : str
        How many findings there are of each status.
    issues : tuple of (Finding, tuple of str)
        The findings that fired, gravest first, each with its numbers as texts.
    quiet : tuple of TextTable
        The findings that did not fire.
    chapters : tuple of Chapter
        The tables of numbers.
    promise : str
        What the findings promise.
    overview : TextTable, optional
        A table that a notebook shows above the numbers that matter.
    wide_figures : bool, default=False
        Whether each figure fills the width of a page.
    """

    kind: str
    name: str
    description: str
    printed: str
    verdict: str
    advice: tuple[str, ...]
    tiles: tuple[Tile, ...]
    tally: str
    issues: tuple[tuple[Finding, tuple[str, ...]], ...]
    quiet: tuple[TextTable, ...]
    chapters: tuple[Chapter, ...]
    promise: str
    overview: TextTable | None = None
    wide_figures: bool = False

    @property
    def tables(self) -> tuple[TextTable, ...]:
        """Every table, in the order of a report."""
        return (*self.quiet, *(chapter.table for chapter in self.chapters))
