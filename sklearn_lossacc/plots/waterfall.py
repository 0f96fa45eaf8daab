"""The waterfall: from chance to the observed loss, one bar a part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sklearn_lossacc.findings.decomposition import Part
from sklearn_lossacc.findings.diagnosis import Diagnosis
from sklearn_lossacc.findings.format import nats, typographic
from sklearn_lossacc.findings.wording import part_label
from sklearn_lossacc.plots.style import (
    BLUE,
    INK,
    MUTED,
    PALE,
    RULE,
    SMALL_SIZE,
    TEXT_SIZE,
    cost_bar,
    interval_line,
    label_axis,
    plain,
    shifted,
    text,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BAR_HEIGHT = 0.62


def draw_waterfall(diagnosis: Diagnosis, ax: Axes) -> None:
    """Draw the parts of the loss from top to bottom; values stand in a column at the right."""
    decomposition = diagnosis.decomposition
    level = 0.0
    labels = []
    for row, part in enumerate(decomposition.parts):
        start = 0.0 if part.name == "chance" else level
        level = start + part.value
        _draw_part(ax, row, part, start)
        labels.append(part_label(diagnosis, part))
        ax.plot([level, level], [row, row + 1], color=MUTED, linewidth=0.7, linestyle=(0, (2, 2)), zorder=1)
    last = len(decomposition.parts)
    ax.barh(last, decomposition.total, height=BAR_HEIGHT, color=INK, zorder=3)
    _write_value(ax, last, typographic(nats(decomposition.total)), weight="bold")
    labels.append("clipped log loss" if decomposition.clipped else "log loss")

    ax.set_ylim(last + 0.6, -0.6)
    ax.set_xlim(0, _reach(decomposition.parts, decomposition.total) * 1.04)
    ax.set_yticks(range(last + 1), labels)
    plain(ax)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0, labelsize=TEXT_SIZE, labelcolor=INK)
    for label, part in zip(ax.get_yticklabels(), decomposition.parts, strict=False):
        label.set_color(INK if part.selected else MUTED)
    ax.get_yticklabels()[last].set_fontweight("bold")
    ax.axvline(0, color=RULE, linewidth=0.8, zorder=0)
    label_axis(ax, x="nats")


def _draw_part(ax: Axes, row: int, part: Part, start: float) -> None:
    """Draw one part: a level, a gain, a cost, or nothing for a part that was not selected."""
    if not part.selected:
        bound = f"0 (≤ {nats(part.high)})" if part.high is not None and part.high >= 0.0005 else "0"
        _write_value(ax, row, bound, color=MUTED)
        return
    looks = {"color": PALE} if part.name == "chance" else {"color": BLUE} if part.value <= 0 else cost_bar()
    ax.barh(row, part.value, left=start, height=BAR_HEIGHT, zorder=3, **looks)
    if part.name != "chance" and part.low is not None and part.high is not None:
        limits = [start + part.low, start + part.high]
        ax.plot(limits, [row, row], marker="|", markersize=5, zorder=6, **interval_line())
    _write_value(ax, row, typographic(nats(part.value, signed=part.name != "chance")))


def _write_value(ax: Axes, row: int, words: str, color: str = INK, weight: str = "normal") -> None:
    """Write a value into the column at the right of the bars."""
    beside = shifted(ax, ax.get_yaxis_transform(), x=6)
    size = SMALL_SIZE if color == MUTED else TEXT_SIZE
    ax.text(1.0, row, words, transform=beside, va="center", ha="left", **text(size, color, fontweight=weight))


def _reach(parts: tuple[Part, ...], total: float) -> float:
    """Return the largest level that is drawn, intervals included."""
    level, reached = 0.0, total
    for part in parts:
        start = 0.0 if part.name == "chance" else level
        level = start + part.value
        end = start + part.high if part.selected and part.high is not None else level
        reached = max(reached, level, end)
    return reached
