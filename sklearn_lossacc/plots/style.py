"""Colours and explicit artist arguments; no rcParams are read or written here.

The palette has four steps of lightness, so that it reads in grayscale and by colour-blind eyes: ink for what was
observed, blue for what helps or is expected, orange (always hatched as well) for what costs, pale grey for reference.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from sklearn_lossacc.findings.format import one_line, typographic
from sklearn_lossacc.plots.fonts import drawable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.transforms import Transform

INK = "#22303c"
MUTED = "#5f6b76"
RULE = "#c9d0d6"
PALE = "#e3e8ec"
BLUE = "#2f6f9f"
LIGHT_BLUE = "#a9c9e0"
ORANGE = "#e08a3c"
DARK_ORANGE = "#9a4f0d"
PAPER = "#ffffff"

TEXT_SIZE = 8.5
SMALL_SIZE = 7.5
WIDTH_OF_LETTER = 0.58
SHORTEST_LABEL = 5

HATCH = "////"
# Panels are laid out as they are drawn: no layout of matplotlib's may move them, whatever other figures take.
OWN_FIGURE: dict[str, Any] = {"facecolor": PAPER, "layout": "none"}
TITLE: dict[str, Any] = {"fontsize": 10.5, "fontweight": "bold", "color": INK, "linespacing": 1.25}


def cost_bar(**changes: Any) -> dict[str, Any]:
    """Return the look of what costs: orange, and hatched so that it reads without colour."""
    return {
        "facecolor": ORANGE,
        "edgecolor": PAPER,
        "hatch": HATCH,
        "linewidth": 0.0,
        **changes,
    }


def text(size: float = TEXT_SIZE, color: str = INK, **changes: Any) -> dict[str, Any]:
    """Return the look of a piece of text."""
    return {"fontsize": size, "color": color, **changes}


def interval_line(**changes: Any) -> dict[str, Any]:
    """Return the look of an interval."""
    return {"color": INK, "linewidth": 1.1, "solid_capstyle": "butt", **changes}


def label(words: object, width: int | None = None) -> str:
    """Return a user's label as matplotlib shows it literally: on one line, cut to `width`, and never as mathematics."""
    return literal(one_line(words, width))


def label_width(ax: Axes, share: float, size: float = TEXT_SIZE) -> int:
    """Return how many letters of a size fit into a share of the axes' width."""
    figure = ax.figure
    return max(int(share * ax.get_window_extent().width * 72 / figure.dpi / (WIDTH_OF_LETTER * size)), SHORTEST_LABEL)


def literal(words: str) -> str:
    """Escape dollar signs, which would otherwise start mathematics, and stop the drawing where they do not end it.

    A letter that no font has becomes a box.
    """
    return drawable(words).replace("$", r"\$")


def shifted(ax: Axes, transform: Transform, *, x: float = 0.0, y: float = 0.0) -> Transform:
    """Return a transform that is shifted by so many points."""
    from matplotlib.transforms import ScaledTranslation

    return transform + ScaledTranslation(x / 72, y / 72, ax.figure.dpi_scale_trans)


def plain(ax: Axes, *, x_axis: bool = True, y_axis: bool = True) -> None:
    """Give axes thin quiet spines and ticks and no grid, and leave out the axes that carry no numbers."""
    ax.set_facecolor("none")
    ax.grid(False)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side, shown in (("bottom", x_axis), ("left", y_axis)):
        ax.spines[side].set_visible(shown)
        ax.spines[side].set_color(RULE)
        ax.spines[side].set_linewidth(0.8)
    ax.tick_params(
        axis="both", which="both", labelsize=SMALL_SIZE, labelcolor=MUTED, color=RULE, width=0.8, length=3, pad=2.5
    )
    if not x_axis:
        ax.tick_params(axis="x", which="both", bottom=False, labelbottom=False)
    if not y_axis:
        ax.tick_params(axis="y", which="both", left=False)


def write_ticks(axis: Axis, form: str, times: float = 1.0) -> None:
    """Write the ticks of an axis by a format, such as ``"{:.3g} %"``; figures with it can be pickled."""
    axis.set_major_formatter(partial(_tick, form=form, times=times))


def _tick(value: float, position: float, *, form: str, times: float) -> str:
    """Write one tick."""
    del position
    return typographic(form.format(times * value))


def label_axis(ax: Axes, *, x: str | None = None, y: str | None = None) -> None:
    """Label axes in the quiet colour."""
    if x is not None:
        ax.set_xlabel(x, labelpad=3, **text(SMALL_SIZE, MUTED))
    if y is not None:
        ax.set_ylabel(y, labelpad=4, **text(SMALL_SIZE, MUTED))
