"""What stands above the panels of a picture: name, description and verdict."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sklearn_lossacc.findings.format import one_line
from sklearn_lossacc.plots.layout import fit_words
from sklearn_lossacc.plots.style import INK, MUTED, TEXT_SIZE, text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEADER_POINTS = 80.0
NAME = text(14, INK, fontweight="bold")
SAFE_WIDTH = 0.94  # letters are up to this much narrower at another resolution
NO_BREAK = "\N{NO-BREAK SPACE}"


def write_header(ax: Axes, lines: Iterable[tuple[str, int, int, dict[str, Any]]], share: float = 1.0) -> None:
    """Write words, each at its depth in points, in so many lines, and with its look, into a share of the width."""
    width = ax.get_window_extent().width * share
    for words, depth, most, looks in lines:
        line = ax.annotate(
            "", (0, 1), xycoords="axes fraction", xytext=(0, depth), textcoords="offset points", va="top", **looks
        )
        line.set_text(fit_words(line, words, width, lines=most))


def draw_header(ax: Axes, name: str, facts: str, verdict: str, *, verdict_lines: int = 2) -> None:
    """Write name, description and verdict above the panels."""
    said = verdict.replace(" %", NO_BREAK + "%")
    lines = (
        (one_line(name, 80), 0, 1, NAME),
        (facts, -21, 1, text(TEXT_SIZE, MUTED)),
        (said, -37, verdict_lines, text(TEXT_SIZE + 1, INK, linespacing=1.3)),
    )
    write_header(ax, lines, SAFE_WIDTH)
