"""Panels put together: which there are, how large, and how one axes is divided among them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sklearn_lossacc.exceptions import LossAccError
from sklearn_lossacc.findings.diagnosis import Diagnosis
from sklearn_lossacc.findings.format import one_line
from sklearn_lossacc.findings.wording import description_text, verdict
from sklearn_lossacc.plots.alt import (
    classes_alt,
    confusion_alt,
    loss_alt,
    reliability_alt,
    rows_alt,
    waterfall_alt,
)
from sklearn_lossacc.plots.classes import draw_classes
from sklearn_lossacc.plots.confusion import confusion_title, draw_confusion
from sklearn_lossacc.plots.fonts import give_fonts, warn_of_names
from sklearn_lossacc.plots.header import NAME, write_header
from sklearn_lossacc.plots.layout import Cell, clear_axes, grid
from sklearn_lossacc.plots.loss_distribution import draw_loss_distribution
from sklearn_lossacc.plots.names import class_names
from sklearn_lossacc.plots.reliability import draw_reliability
from sklearn_lossacc.plots.rows import draw_rows
from sklearn_lossacc.plots.style import INK, MUTED, OWN_FIGURE, TEXT_SIZE, text
from sklearn_lossacc.plots.titles import (
    classes_title,
    loss_title,
    reliability_title,
    rows_title,
    waterfall_title,
)
from sklearn_lossacc.plots.waterfall import draw_waterfall

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANEL_WIDTH = 4.3
PANEL_HEIGHT = 3.7
HEADER_POINTS = 78.0
PAGE_PANEL = (3.8, 2.95)


@dataclass(frozen=True)
class Panel:
    """One panel: what draws it, what its title says, and the axes it needs.

    Attributes
    ----------
    draw : callable
        Draws a diagnosis on one axes, or on a list of axes where `parts` names several.
    title : callable
        Says in words what the panel shows.
    alt : callable
        Says it for those who do not see the panel.
    parts : tuple of str
        Suffixes of the names of its axes; the first is the panel itself.
    shares : tuple of float
        Relative sizes of its axes.
    vertical : bool
        Whether its axes are stacked.
    gap : float
        Points between them.
    """

    draw: Callable[[Diagnosis, Any], None]
    title: Callable[[Diagnosis], str]
    alt: Callable[[Diagnosis], str]
    parts: tuple[str, ...] = ("",)
    shares: tuple[float, ...] = (1.0,)
    vertical: bool = True
    gap: float = 8.0


PANELS: dict[str, Panel] = {
    "waterfall": Panel(draw_waterfall, waterfall_title, waterfall_alt),
    "reliability": Panel(draw_reliability, reliability_title, reliability_alt, ("", "_histogram"), (3.2, 1.0)),
    "loss": Panel(draw_loss_distribution, loss_title, loss_alt),
    "classes": Panel(
        draw_classes, classes_title, classes_alt, ("", "_accuracy", "_loss"), (1.0, 1.1, 1.1), False, 14.0
    ),
    "confusion": Panel(draw_confusion, confusion_title, confusion_alt),
    "rows": Panel(draw_rows, rows_title, rows_alt),
}


def check_panels(panels: Sequence[str] | None) -> tuple[str, ...]:
    """Return the names of the panels to draw; None means all."""
    return tuple(PANELS) if panels is None else named_panels(panels, list(PANELS))


def named_panels(panels: Sequence[str], known: list[str]) -> tuple[str, ...]:
    """Return the names of panels, each once; raise unless they are some of those that are known."""
    names = [panels] if isinstance(panels, str) or not isinstance(panels, Iterable) else list(panels)
    if not names or any(name not in known for name in names):
        raise LossAccError(f"panels must be names out of {known}, got {names}.")
    return tuple(dict.fromkeys(names))


def grid_shape(n_panels: int, width: float = 3 * PANEL_WIDTH, height: float = 2 * PANEL_HEIGHT) -> tuple[int, int]:
    """Return the number of rows and columns that gives so many panels most room in a rectangle of a size in inches."""

    def room(n_columns: int) -> float:
        n_rows = -(-n_panels // n_columns)
        return min(width / n_columns / PANEL_WIDTH, height / n_rows / PANEL_HEIGHT)

    n_columns = max(range(1, n_panels + 1), key=lambda count: (round(room(count), 3), -count * -(-n_panels // count)))
    return -(-n_panels // n_columns), n_columns


def figure_size(panels: Sequence[str] | None = None) -> tuple[float, float]:
    """Return width and height in inches of a figure for these panels."""
    n_rows, n_columns = grid_shape(len(check_panels(panels)))
    return PANEL_WIDTH * n_columns, PANEL_HEIGHT * n_rows + HEADER_POINTS / 72


def new_figure(panels: Sequence[str] | None = None) -> tuple[Figure, Axes]:
    """Make a figure outside pyplot, with one axes to divide."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=figure_size(panels), dpi=100, **OWN_FIGURE)
    return figure, frame_axes(figure)


def pyplot_figure(panels: Sequence[str] | None = None) -> Axes:
    """Make a figure that pyplot shows, with one axes to divide."""
    from matplotlib import pyplot

    return frame_axes(pyplot.figure(figsize=figure_size(panels), **OWN_FIGURE))


def panel_figure() -> tuple[Figure, Axes]:
    """Make a figure outside pyplot for one panel alone."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=PAGE_PANEL, dpi=72, **OWN_FIGURE)
    return figure, frame_axes(figure, margin=0.06)


def frame_axes(figure: Figure, margin: float = 0.16) -> Axes:
    """Add the axes that is divided: the whole figure but a margin."""
    width, height = figure.get_size_inches()
    spec = figure.add_gridspec(
        1, 1, left=margin / width, right=1 - margin / width, bottom=margin / height, top=1 - margin / height
    )
    return figure.add_subplot(spec[0])


def draw(diagnosis: Diagnosis, ax: Axes, panels: Sequence[str] | None = None) -> dict[str, Axes]:
    """Draw panels inside one axes.

    `ax` is switched off, and its rectangle is divided among the panels with all their labels, so that nothing is cut
    off and nothing outside it is covered.

    Parameters
    ----------
    diagnosis : Diagnosis
        What to draw.
    ax : Axes
        Where to draw it.
    panels : sequence of str or None, default=None
        Names out of ``waterfall, reliability, loss, classes, confusion, rows``; None draws all.

    Returns
    -------
    dict of str to Axes
        The axes of each panel: ``reliability`` comes with ``reliability_histogram``, and ``classes`` with
        ``classes_accuracy`` and ``classes_loss``.

    Raises
    ------
    LossAccError
        If a panel is not known.
    """
    chosen = check_panels(panels)
    clear_axes(ax)
    names = list(class_names(diagnosis))
    warn_of_names(names, "class")
    if len(chosen) == 1:
        drawn = _draw_in_cell(diagnosis, chosen[0], Cell(ax), _named_title(diagnosis, PANELS[chosen[0]]))
        give_fonts(ax, names)
        return drawn
    _draw_header(diagnosis, ax)
    width, height = (side / ax.figure.dpi for side in ax.get_window_extent().size)
    cells = grid(ax, *grid_shape(len(chosen), width, height - HEADER_POINTS / 72), header=HEADER_POINTS)
    drawn = {}
    for panel_name, cell in zip(chosen, cells, strict=False):
        drawn.update(_draw_in_cell(diagnosis, panel_name, cell, PANELS[panel_name].title(diagnosis)))
    give_fonts(ax, names)
    return drawn


def draw_untitled(diagnosis: Diagnosis, ax: Axes, panel_name: str) -> None:
    """Draw one panel alone, with all its labels inside the axes, and leave its title to others."""
    clear_axes(ax)
    _draw_in_cell(diagnosis, panel_name, Cell(ax), None)
    give_fonts(ax, class_names(diagnosis))


def _draw_in_cell(diagnosis: Diagnosis, panel_name: str, cell: Cell, title: str | None) -> dict[str, Axes]:
    """Draw one panel into a cell."""
    panel = PANELS[panel_name]
    cell.shares, cell.vertical, cell.gap = panel.shares, panel.vertical, panel.gap
    axes = cell.make()
    panel.draw(diagnosis, axes if len(axes) > 1 else axes[0])
    if title is not None:
        cell.set_title(title)
    return {f"{panel_name}{suffix}": ax for suffix, ax in zip(panel.parts, axes, strict=True)}


def _named_title(diagnosis: Diagnosis, panel: Panel) -> str:
    """Put the name of the model before the title of a panel that stands alone."""
    return f"{one_line(diagnosis.name, 40)}: {panel.title(diagnosis)}"


def _draw_header(diagnosis: Diagnosis, ax: Axes) -> None:
    """Write name, description and verdict above the panels."""
    lines = (
        (one_line(diagnosis.name, 80), 0, 1, NAME),
        (description_text(diagnosis), -22, 1, text(TEXT_SIZE, MUTED)),
        (verdict(diagnosis), -38, 2, text(TEXT_SIZE + 1.5, INK)),
    )
    write_header(ax, lines)
