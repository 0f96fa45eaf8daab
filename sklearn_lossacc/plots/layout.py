"""Cells: axes that keep their tick labels, and everything else they carry, inside a given rectangle.

One axes is divided by inset axes whose locator measures at every drawing how much room labels and titles take, and
gives the rest to the data. Nothing overlaps and nothing is cut off, whatever the class names, in any figure and at any
size, and no layout engine and no global setting of the user's figure is touched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from sklearn_lossacc.exceptions import LossAccError
from sklearn_lossacc.plots.fonts import give_font
from sklearn_lossacc.plots.style import TITLE, literal

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Annotation, Text
    from matplotlib.transforms import Bbox

LARGEST_SHARE_OF_LABELS = 0.8
TITLE_PAD = 8.0


def clear_axes(ax: Axes) -> None:
    """Take the frame and the ticks off an axes that is going to be divided; raise if it is none."""
    from matplotlib.axes import Axes

    if not isinstance(ax, Axes):
        raise LossAccError(f"ax must be one matplotlib Axes, which is divided; got {type(ax).__name__}.")
    ax.set_axis_off()


@dataclass
class Cell:
    """A rectangle of a parent axes, filled by a row or a column of axes that share it.

    Attributes
    ----------
    parent : Axes
        The axes that is divided.
    bounds : tuple of four floats
        Left, bottom, width and height in the parent's axes coordinates.
    padding : tuple of four floats
        Room in points kept free at the left, bottom, right and top of the rectangle.
    shares : tuple of float
        Relative sizes of the axes along the direction of division.
    vertical : bool
        Whether the axes are stacked, first on top; otherwise they stand side by side.
    gap : float
        Points between neighbouring axes, beside the room of their labels.
    """

    parent: Axes
    bounds: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    padding: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    shares: tuple[float, ...] = (1.0,)
    vertical: bool = True
    gap: float = 8.0
    axes: list[Axes] = field(default_factory=list)
    title: Annotation | None = None
    title_words: str = ""
    measured: tuple[tuple[float, ...], list[Bbox]] | None = None

    def make(self) -> list[Axes]:
        """Create the axes inside the parent; until they are located, each has the size of the whole rectangle."""
        self.axes = [self.parent.inset_axes(self.bounds, zorder=5) for _ in self.shares]
        for index, child in enumerate(self.axes):
            child.set_axes_locator(partial(self.locate, index))
        return self.axes

    def set_title(self, words: str) -> None:
        """Put a title at the left of the top of the rectangle, wrapped to its width."""
        x, y, _, height = self.bounds
        left, _, _, top = self.padding
        self.title_words = words
        self.title = self.parent.annotate(
            "",
            (x, y + height),
            xycoords="axes fraction",
            xytext=(left, -top),
            textcoords="offset points",
            va="top",
            annotation_clip=False,
            **TITLE,
        )

    def locate(self, index: int, _: Any, renderer: Any) -> Bbox:
        """Return the position of one of the axes in figure coordinates; called by matplotlib at every drawing.

        The axes that matplotlib passes is ignored, since matplotlib 3.9 passes the parent at times.
        """
        from matplotlib.transforms import Bbox, TransformedBbox

        room = self._room()
        # The first axes is located first at every drawing; the others follow from the same measurement.
        if index == 0 or self.measured is None or self.measured[0] != tuple(room.extents):
            margins = [_margins(child, renderer) for child in self.axes]
            self.measured = tuple(room.extents), self._share_out(self._below_title(room), margins)
        box = self.measured[1][index]
        position = Bbox(TransformedBbox(box, self.parent.figure.transSubfigure.inverted()).get_points())
        self.axes[index].set_position(position)
        return position

    def _below_title(self, room: Bbox) -> Bbox:
        """Break the title into at most two lines that fit, and take its height from the room."""
        from matplotlib.transforms import Bbox

        if self.title is None:
            return room
        wrapped = fit_words(self.title, self.title_words, room.width)
        if wrapped != self.title.get_text():
            self.title.set_text(wrapped)
        figure = self.parent.figure
        height = self.title.get_window_extent().height + TITLE_PAD * figure.dpi / 72
        return Bbox.from_extents(room.x0, room.y0, room.x1, max(room.y1 - height, room.y0 + 1))

    def _room(self) -> Bbox:
        """Return the rectangle without its padding, in pixels."""
        from matplotlib.transforms import Bbox

        x, y, width, height = self.bounds
        corners = self.parent.transAxes.transform([(x, y), (x + width, y + height)])
        figure = self.parent.figure
        left, bottom, right, top = (side * figure.dpi / 72 for side in self.padding)
        (x0, y0), (x1, y1) = corners
        return Bbox.from_extents(x0 + left, y0 + bottom, max(x1 - right, x0 + left + 1), max(y1 - top, y0 + bottom + 1))

    def _share_out(self, room: Bbox, margins: Sequence[tuple[float, float, float, float]]) -> list[Bbox]:
        """Divide the room among the axes after the room of their labels is taken out."""
        from matplotlib.transforms import Bbox

        figure = self.parent.figure
        gap = self.gap * figure.dpi / 72
        total = sum(self.shares)
        lefts, bottoms, rights, tops = zip(*margins, strict=True)
        boxes = []
        if self.vertical:
            x0, x1 = _inner(room.x0, room.x1, max(lefts), max(rights))
            free = room.height - sum(tops) - sum(bottoms) - gap * (len(self.shares) - 1)
            free = max(free, room.height * (1 - LARGEST_SHARE_OF_LABELS))
            edge = room.y1
            for share, top, bottom in zip(self.shares, tops, bottoms, strict=True):
                y1 = edge - top
                y0 = y1 - free * share / total
                boxes.append(Bbox.from_extents(x0, y0, x1, y1))
                edge = y0 - bottom - gap
            return boxes
        y0, y1 = _inner(room.y0, room.y1, max(bottoms), max(tops))
        free = room.width - sum(lefts) - sum(rights) - gap * (len(self.shares) - 1)
        free = max(free, room.width * (1 - LARGEST_SHARE_OF_LABELS))
        edge = room.x0
        for share, left, right in zip(self.shares, lefts, rights, strict=True):
            x0 = edge + left
            x1 = x0 + free * share / total
            boxes.append(Bbox.from_extents(x0, y0, x1, y1))
            edge = x1 + right + gap
        return boxes


def fit_words(text: Text, words: str, width: float, lines: int = 2) -> str:
    """Break words into at most `lines` lines of `width` pixels in the font of `text`; what is left over is cut.

    A percent sign stays with its number.
    """

    def fits(line: str) -> bool:
        text.set_text(literal(line))
        return bool(text.get_window_extent().width <= width)

    give_font(text, literal(words))
    before = text.get_text()
    parts = re.split(" (?!%)", words)
    try:
        if fits(words):
            return literal(" ".join(parts))
        halves = [(" ".join(parts[:cut]), " ".join(parts[cut:])) for cut in range(1, len(parts))] if lines > 1 else []
        halves = [pair for pair in halves if fits(pair[0]) and fits(pair[1])]
        if halves:
            return literal("\n".join(min(halves, key=lambda pair: max(map(len, pair)))))
        return literal("\n".join(_filled(parts, fits, lines)))
    finally:
        text.set_text(before)


def _filled(parts: Sequence[str], fits: Callable[[str], bool], lines: int) -> list[str]:
    """Fill lines with words, and cut what does not fit into the last."""
    rest = list(parts)
    filled: list[str] = []
    while len(filled) < lines - 1 and rest and fits(rest[0]):
        line = rest.pop(0)
        while rest and fits(f"{line} {rest[0]}"):
            line = f"{line} {rest.pop(0)}"
        filled.append(line)
    last = " ".join(rest)
    if fits(last):
        return [*filled, last]
    while last and not fits(f"{last}…"):
        last = last[:-1].rstrip()
    return [*filled, f"{last}…"]


def grid(parent: Axes, n_rows: int, n_columns: int, header: float) -> list[Cell]:
    """Divide an axes into equal cells, row by row, below a header of so many points."""
    figure = parent.figure
    height = max(parent.get_window_extent().height * 72 / figure.dpi, 1.0)
    top = 1.0 - min(header / height, 0.4)
    cells = []
    for row in range(n_rows):
        for column in range(n_columns):
            bounds = (column / n_columns, top * (1 - (row + 1) / n_rows), 1 / n_columns, top / n_rows)
            sides = (0 if column == 0 else 14, 0 if row == n_rows - 1 else 14, 0 if column == n_columns - 1 else 14, 4)
            cells.append(Cell(parent, bounds, sides))
    return cells


def _margins(ax: Axes, renderer: Any) -> tuple[float, float, float, float]:
    """Measure the pixels that labels take at the left, bottom, right and top of an axes."""
    tight = ax.get_tightbbox(renderer, call_axes_locator=False, for_layout_only=True)
    window = ax.get_window_extent(renderer)
    if tight is None:
        return 0.0, 0.0, 0.0, 0.0
    return (
        max(window.x0 - tight.x0, 0.0),
        max(window.y0 - tight.y0, 0.0),
        max(tight.x1 - window.x1, 0.0),
        max(tight.y1 - window.y1, 0.0),
    )


def _inner(low: float, high: float, before: float, after: float) -> tuple[float, float]:
    """Take margins from both ends of a range, never more than the largest share."""
    scale = min(1.0, LARGEST_SHARE_OF_LABELS * (high - low) / max(before + after, 1e-9))
    return low + before * scale, high - after * scale
