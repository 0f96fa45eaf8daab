"""One row a class: how frequent, how accurate, how costly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sklearn_lossacc.findings.diagnosis import Diagnosis, Table
from sklearn_lossacc.plots.marks import draw_key, key_lines
from sklearn_lossacc.plots.names import class_names
from sklearn_lossacc.plots.style import (
    BLUE,
    INK,
    MUTED,
    PAPER,
    RULE,
    TEXT_SIZE,
    interval_line,
    label,
    label_axis,
    label_width,
    plain,
    text,
    write_ticks,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

MOST_CLASSES = 20
WORST_CLASSES = 15


def shown_classes(table: Table) -> list[int]:
    """Return the rows to draw: all in their order, or of many classes those of largest loss."""
    rows = range(len(table["label"]))
    if len(rows) <= MOST_CLASSES:
        return list(rows)
    return sorted(rows, key=lambda row: -_or_least(table["loss"][row]))[:WORST_CLASSES]


def draw_classes(diagnosis: Diagnosis, axes: Sequence[Axes]) -> None:
    """Draw frequency, accuracy and loss of each class, side by side."""
    table = diagnosis.tables["classes"]
    rows = shown_classes(table)
    frequency, accuracy, loss = axes
    for place, row in enumerate(rows):
        given, claimed = table["prior"][row], table["mean_proba"][row]
        frequency.plot([given, claimed], [place, place], color=RULE, linewidth=2.0, zorder=1)
        frequency.plot(claimed, place, "o", markersize=4.5, markerfacecolor=PAPER, markeredgecolor=INK, zorder=3)
        frequency.plot(given, place, "o", markersize=4.5, markerfacecolor=INK, markeredgecolor=INK, zorder=2)
        _draw_estimate(accuracy, place, table, row, "accuracy", "o")
        _draw_estimate(loss, place, table, row, "loss", "s")
    width, names = label_width(frequency, 0.36), class_names(diagnosis)
    _finish(diagnosis, axes, [label(names[str(table["label"][row])], width) for row in rows])


def _draw_estimate(ax: Axes, place: int, table: Table, row: int, name: str, marker: str) -> None:
    """Draw a class's value with its interval, or say that the class has no rows."""
    value, low, high = (_known(table[column][row]) for column in (name, f"{name}_low", f"{name}_high"))
    if value is None:
        ax.text(0.5, place, "no rows", transform=ax.get_yaxis_transform(), ha="center", va="center", **text(6.5, MUTED))
        return
    if low is not None and high is not None:
        ax.plot([low, high], [place, place], zorder=2, **interval_line(color=MUTED, linewidth=1.3))
    ax.plot(value, place, marker, markersize=4.5, color=BLUE, markeredgecolor=PAPER, markeredgewidth=0.6, zorder=3)


def _finish(diagnosis: Diagnosis, axes: Sequence[Axes], labels: list[str]) -> None:
    """Set limits, reference lines, ticks and names."""
    frequency, accuracy, loss = axes
    height = min(TEXT_SIZE, 120 / max(len(labels), 1))
    for ax in axes:
        ax.set_ylim(len(labels) - 0.4, -0.6)
        ax.set_yticks(range(len(labels)), labels if ax is frequency else [""] * len(labels))
        plain(ax)
        ax.spines["left"].set_visible(False)
        ax.tick_params(axis="y", length=0, labelsize=height, labelcolor=INK)
        ax.grid(axis="y", color=RULE, linewidth=0.5, linestyle=(0, (1, 2)), zorder=0)
        ax.set_axisbelow(True)
    for ax, name in ((accuracy, "accuracy"), (loss, "log_loss_clipped")):
        overall = diagnosis.metrics.get(name)
        if overall is not None and math.isfinite(overall.value):
            ax.axvline(overall.value, color=MUTED, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1)
    accuracy.set_xlim(-0.03, 1.03)
    accuracy.set_xticks([0, 0.5, 1], ["0", "50", "100 %"])
    for ax in (frequency, loss):
        reach = max(ax.dataLim.x1, 1e-9)
        ax.set_xlim(-0.06 * reach, 1.06 * reach)
        _few_ticks(ax)
    write_ticks(frequency.xaxis, "{:.3g}", times=100)
    handles = _key_handles()
    free = "\n" * key_lines(loss, handles)
    for ax, words in ((frequency, "% of rows"), (accuracy, "accuracy"), (loss, "loss (nats)")):
        label_axis(ax, x=f"{words}{free}")
    draw_key(loss, handles, right=True)


def _key_handles() -> list[Line2D]:
    """Return what explains the two marks of the frequency and the dashed line."""
    from matplotlib.lines import Line2D

    circle: dict[str, Any] = {"linestyle": "none", "marker": "o", "markersize": 4.5, "markeredgecolor": INK}
    return [
        Line2D([], [], markerfacecolor=INK, label="labels", **circle),
        Line2D([], [], markerfacecolor=PAPER, label="mean probability", **circle),
        Line2D([], [], color=MUTED, linewidth=0.9, linestyle=(0, (4, 2)), label="all rows"),
    ]


def _few_ticks(ax: Axes) -> None:
    """Use few ticks."""
    from matplotlib.ticker import MaxNLocator

    ax.xaxis.set_major_locator(MaxNLocator(nbins=2))


def _known(value: float | None) -> float | None:
    """Return a number, or None for None and NaN."""
    return None if value is None or math.isnan(value) else value


def _or_least(value: float | None) -> float:
    """Return a value to sort by; classes without rows come last."""
    known = _known(value)
    return -1.0 if known is None else known
