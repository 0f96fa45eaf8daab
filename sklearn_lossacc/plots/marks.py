"""Marks that several panels share: means with their names, and the key below a panel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sklearn_lossacc.plots.style import INK, MUTED, SMALL_SIZE, text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROOM_FOR_NAME = 0.38
KEY_DEPTH = 30.0


@dataclass(frozen=True)
class Mean:
    """A mean to mark on the horizontal axis."""

    value: float
    words: str
    linestyle: Any = "-"
    color: str = INK


def mark_means(ax: Axes, means: Sequence[Mean], tall: float, short: float) -> None:
    """Mark at most two means by lines up to `tall` and `short`, shares of the axes.

    Names stand on the outer sides. A name without room there is turned inwards, and its line is the tall one, so that
    the name passes above the other line.
    """
    ordered = sorted(means, key=lambda mean: mean.value)
    places = [ax.transAxes.inverted().transform(ax.transData.transform((mean.value, 1e-9)))[0] for mean in ordered]
    sides = ["right", "left"] if len(ordered) == 2 else ["left"]
    inwards = [
        (side == "right" and place < ROOM_FOR_NAME) or (side == "left" and place > 1 - ROOM_FOR_NAME)
        for side, place in zip(sides, places, strict=True)
    ]
    turned = {"left": "right", "right": "left"}
    tallest = inwards.index(True) if True in inwards else 0
    for index, (mean, side) in enumerate(zip(ordered, sides, strict=True)):
        height = tall if index == tallest else short
        _mark(ax, mean, turned[side] if inwards[index] else side, height)


def _mark(ax: Axes, mean: Mean, side: str, height: float) -> None:
    """Draw one line, its name aligned at `side` of the text to the line."""
    across = ax.get_xaxis_transform()
    ax.plot(
        [mean.value, mean.value],
        [0, height],
        transform=across,
        color=mean.color,
        linewidth=1.2,
        linestyle=mean.linestyle,
        zorder=4,
    )
    ax.annotate(
        mean.words,
        (mean.value, height),
        xycoords=across,
        xytext=(4 if side == "left" else -4, 0),
        textcoords="offset points",
        ha=side,
        va="top",
        zorder=5,
        in_layout=False,
        **text(SMALL_SIZE, mean.color),
    )


def draw_key(ax: Axes, handles: Sequence[Any], *, right: bool = False) -> None:
    """Explain marks in one line below the label of the horizontal axis.

    With `right`, the line ends at the right edge of the axes and may run below its neighbours; the label must then
    keep an empty second line free for it.
    """
    from matplotlib.transforms import offset_copy

    below = offset_copy(ax.transAxes, fig=ax.get_figure(root=True), y=-KEY_DEPTH, units="points")
    key = ax.legend(
        handles=handles,
        loc="upper right" if right else "upper center",
        bbox_to_anchor=(1.0 if right else 0.5, 0.0),
        bbox_transform=below,
        ncols=len(handles),
        frameon=False,
        fontsize=SMALL_SIZE,
        labelcolor=MUTED,
        handlelength=1.2,
        handletextpad=0.6,
        columnspacing=1.4,
        borderaxespad=0.0,
        borderpad=0.0,
    )
    key.set_in_layout(not right)
