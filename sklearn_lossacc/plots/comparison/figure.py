"""The panels of a comparison put together: which there are, how large, and how one axes is divided among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sklearn_lossacc.findings.comparison import ComparisonDiagnosis
from sklearn_lossacc.findings.comparison.wording import Pair, description, pair_words, verdict
from sklearn_lossacc.plots.comparison.deciding import deciding_alt, deciding_title, draw_deciding
from sklearn_lossacc.plots.comparison.differences import (
    differences_alt,
    differences_title,
    draw_differences,
    draw_pairs,
    pairs_alt,
    pairs_title,
)
from sklearn_lossacc.plots.comparison.stories import draw_stories, stories_alt, stories_title
from sklearn_lossacc.plots.figure import PANEL_HEIGHT, PANEL_WIDTH, frame_axes, grid_shape, named_panels, panel_figure
from sklearn_lossacc.plots.fonts import give_fonts, warn_of_names
from sklearn_lossacc.plots.header import HEADER_POINTS, draw_header
from sklearn_lossacc.plots.layout import Cell, clear_axes, grid
from sklearn_lossacc.plots.style import OWN_FIGURE
from sklearn_lossacc.plots.svg import PanelPicture, picture_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class ComparisonPanel:
    """One panel: what draws it, what its title says, and the axes it needs.

    Attributes
    ----------
    draw, title, alt : callable
        Draw a pair on one axes or on several; say in words what is shown, and say it for those who do not see it.
    parts : tuple of str
        Suffixes of the names of its axes.
    shares : tuple of float
        Relative sizes of its axes.
    vertical : bool
        Whether its axes are stacked.
    """

    draw: Callable[[ComparisonDiagnosis, Any, Pair], None]
    title: Callable[[ComparisonDiagnosis, Pair], str]
    alt: Callable[[ComparisonDiagnosis, Pair], str]
    parts: tuple[str, ...] = ("",)
    shares: tuple[float, ...] = (1.0,)
    vertical: bool = True


PANELS: dict[str, ComparisonPanel] = {
    "pairs": ComparisonPanel(draw_pairs, pairs_title, pairs_alt, ("", "_accuracy"), (1.0, 1.0), False),
    "differences": ComparisonPanel(
        draw_differences, differences_title, differences_alt, ("", "_accuracy"), (3.0, 1.0), True
    ),
    "stories": ComparisonPanel(draw_stories, stories_title, stories_alt),
    "deciding": ComparisonPanel(draw_deciding, deciding_title, deciding_alt),
}


def check_comparison_panels(panels: Sequence[str] | None, diagnosis: ComparisonDiagnosis) -> tuple[str, ...]:
    """Return the names of the panels to draw; None means all, of a single pair without that of all pairs."""
    if panels is None:
        return tuple(name for name in PANELS if name != "pairs" or len(diagnosis.pairs) > 1)
    return named_panels(panels, list(PANELS))


def _size(n_panels: int) -> tuple[float, float]:
    """Return width and height in inches of a figure of so many panels."""
    n_rows, n_columns = grid_shape(n_panels)
    return PANEL_WIDTH * n_columns, PANEL_HEIGHT * n_rows + HEADER_POINTS / 72


def new_comparison_figure(n_panels: int) -> tuple[Figure, Axes]:
    """Make a figure outside pyplot, with one axes to divide."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=_size(n_panels), dpi=100, **OWN_FIGURE)
    return figure, frame_axes(figure)


def pyplot_comparison_axes(n_panels: int) -> Axes:
    """Make a figure that pyplot shows, with one axes to divide."""
    from matplotlib import pyplot

    return frame_axes(pyplot.figure(figsize=_size(n_panels), **OWN_FIGURE))


def draw_comparison(
    diagnosis: ComparisonDiagnosis, ax: Axes, panels: Sequence[str] | None = None, pair: Pair | None = None
) -> dict[str, Axes]:
    """Draw panels inside one axes, which is switched off and divided.

    Parameters
    ----------
    diagnosis : ComparisonDiagnosis
        What to draw.
    ax : Axes
        Where to draw it.
    panels : sequence of str or None, default=None
        Names out of ``pairs, differences, stories, deciding``; None draws all that tell something.
    pair : tuple of two str, optional
        Which pair; None takes the pair that leads the gravest finding, or else the first.

    Returns
    -------
    dict of str to Axes
        The axes of each panel; ``pairs`` and ``differences`` come with ``_accuracy``.

    Raises
    ------
    LossAccError
        If a panel or the pair is not known.
    """
    chosen = check_comparison_panels(panels, diagnosis)
    shown = diagnosis.pairs[diagnosis.pair_place(pair)]
    clear_axes(ax)
    warn_of_names(diagnosis.description["models"], "model")
    if len(chosen) == 1:
        panel = PANELS[chosen[0]]
        drawn = _draw_in_cell(diagnosis, chosen[0], Cell(ax), shown, panel.title(diagnosis, shown))
        give_fonts(ax, diagnosis.description["models"])
        return drawn
    _draw_header(diagnosis, ax, shown)
    width, height = (side / ax.figure.dpi for side in ax.get_window_extent().size)
    cells = grid(ax, *grid_shape(len(chosen), width, height - HEADER_POINTS / 72), header=HEADER_POINTS)
    drawn = {}
    for name, cell in zip(chosen, cells, strict=False):
        drawn.update(_draw_in_cell(diagnosis, name, cell, shown, PANELS[name].title(diagnosis, shown)))
    give_fonts(ax, diagnosis.description["models"])
    return drawn


def _draw_in_cell(
    diagnosis: ComparisonDiagnosis, name: str, cell: Cell, pair: Pair, title: str | None
) -> dict[str, Axes]:
    """Draw one panel into a cell."""
    panel = PANELS[name]
    cell.shares, cell.vertical, cell.gap = panel.shares, panel.vertical, 12.0
    axes = cell.make()
    panel.draw(diagnosis, axes if len(axes) > 1 else axes[0], pair)
    if title is not None:
        cell.set_title(title)
    return {f"{name}{suffix}": drawn for suffix, drawn in zip(panel.parts, axes, strict=True)}


def _draw_header(diagnosis: ComparisonDiagnosis, ax: Axes, pair: Pair) -> None:
    """Write name, description and verdict above the panels."""
    facts = description(diagnosis)
    if len(diagnosis.pairs) > 1:
        facts = f"{facts}; shown: {pair_words(pair)}"
    draw_header(ax, diagnosis.name, facts, verdict(diagnosis))


def comparison_pictures(
    diagnosis: ComparisonDiagnosis, panels: Sequence[str] | None = None
) -> tuple[PanelPicture, ...]:
    """Draw each panel of the first pair, by gravity, as SVG for a page, without pyplot; titles are left to the page.

    Parameters
    ----------
    diagnosis : ComparisonDiagnosis
        What to draw.
    panels : sequence of str or None, default=None
        Names of panels; None draws all that tell something.

    Returns
    -------
    tuple of PanelPicture
        One per panel.
    """
    shown = diagnosis.pairs[diagnosis.pair_place(None)]
    warn_of_names(diagnosis.description["models"], "model")
    pictures = []
    for name in check_comparison_panels(panels, diagnosis):
        panel = PANELS[name]
        figure, ax = panel_figure()
        clear_axes(ax)
        _draw_in_cell(diagnosis, name, Cell(ax), shown, None)
        give_fonts(ax, diagnosis.description["models"])
        pictures.append(picture_of(figure, name, panel.title(diagnosis, shown), panel.alt(diagnosis, shown)))
    return tuple(pictures)
