"""Marks that several panels share: means with their names, and the key below a panel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sklearn_lossacc.plots.style import INK, MUTED, PAPER, SMALL_SIZE, label_width, shifted, text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KEY_DEPTH = 30.0
LETTERS_OF_HANDLE = 6
DATA_SHARE = 0.76  # what the labels at the left usually leave of the width


@dataclass(frozen=True)
class Mean:
    """A mean to mark on the horizontal axis: its name and its value in words."""

    value: float
    name: str
    words: str
    linestyle: Any = "-"
    color: str = INK


def mark_means(ax: Axes, means: Sequence[Mean], tall: float, short: float) -> None:
    """Mark at most two means by lines up to `tall` and `short`, shares of the axes.

    Names stand on the outer sides. A name without room there is turned inwards, and its line is the tall one, so that
    the name passes above the other line. Without room on either side the value stands alone.
    """
    letters = label_width(ax, DATA_SHARE, SMALL_SIZE)
    ordered = sorted(means, key=lambda mean: mean.value)
    outer = ["right", "left"] if len(ordered) == 2 else ["left"] * len(ordered)
    placed = [_place(ax, mean, side, letters) for mean, side in zip(ordered, outer, strict=True)]
    turned = [side != wanted for (_, side), wanted in zip(placed, outer, strict=True)]
    tallest = turned.index(True) if True in turned else 0
    for index, (mean, (words, side)) in enumerate(zip(ordered, placed, strict=True)):
        _mark(ax, mean, words, side, tall if index == tallest else short)


def _place(ax: Axes, mean: Mean, outer: str, letters: int) -> tuple[str, str]:
    """Return the words of a mean and their alignment to its line: the first of four ways that fits."""
    place = ax.transAxes.inverted().transform(ax.transData.transform((mean.value, 1e-9)))[0]
    room = {"right": letters * place, "left": letters * (1 - place)}
    inner = "left" if outer == "right" else "right"
    whole = f"{mean.name} {mean.words}"
    ways = [(words, side) for words in (whole, mean.words) for side in (outer, inner)]
    return next(((words, side) for words, side in ways if len(words) <= room[side]), ways[-2])


def _mark(ax: Axes, mean: Mean, words: str, side: str, height: float) -> None:
    """Draw one line, with its words on the right of it for the side "left", which is their alignment."""
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
        words,
        (mean.value, height),
        xycoords=across,
        xytext=(4 if side == "left" else -4, 0),
        textcoords="offset points",
        ha=side,
        va="top",
        zorder=5,
        in_layout=False,
        bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 0.8, "alpha": 0.8},
        **text(SMALL_SIZE, mean.color),
    )


def key_lines(ax: Axes, handles: Sequence[Any]) -> int:
    """Return how many lines the key takes: one, or one a handle where they do not fit side by side."""
    letters = sum(len(str(handle.get_label())) + LETTERS_OF_HANDLE for handle in handles)
    return 1 if letters <= label_width(ax, 1.0, SMALL_SIZE) else len(handles)


def draw_key(ax: Axes, handles: Sequence[Any], *, right: bool = False) -> None:
    """Explain marks below the label of the horizontal axis.

    With `right`, the key ends at the right edge of the axes and may run below its neighbours; the label must then
    keep `key_lines` empty lines free for it.
    """
    key = ax.legend(
        handles=handles,
        loc="upper right" if right else "upper center",
        bbox_to_anchor=(1.0 if right else 0.5, 0.0),
        bbox_transform=shifted(ax, ax.transAxes, y=-KEY_DEPTH),
        ncols=1 if key_lines(ax, handles) > 1 else len(handles),
        frameon=False,
        fontsize=SMALL_SIZE,
        labelcolor=MUTED,
        handlelength=1.2,
        handletextpad=0.6,
        columnspacing=1.4,
        labelspacing=0.3,
        borderaxespad=0.0,
        borderpad=0.0,
    )
    key.set_in_layout(not right)
