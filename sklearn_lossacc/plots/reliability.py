"""The reliability diagram: confidence against accuracy, with the band of a calibrated model and a histogram."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sklearn_lossacc.findings.diagnosis import Diagnosis, Table
from sklearn_lossacc.findings.wording import metric_text
from sklearn_lossacc.plots.marks import Mean, draw_key, mark_means
from sklearn_lossacc.plots.style import (
    BLUE,
    DARK_ORANGE,
    INK,
    LIGHT_BLUE,
    MUTED,
    ORANGE,
    PAPER,
    RULE,
    label_axis,
    plain,
    write_ticks,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROUND_SHARES = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)
MEANS = (("accuracy", "accuracy", (0, (4, 2))), ("mean_confidence", "mean confidence", "-"))


def inside_band(table: Table) -> list[bool]:
    """Return for each bin whether its accuracy lies within the band of a calibrated model."""
    return [
        low <= accuracy <= high
        for low, accuracy, high in zip(table["band_low"], table["accuracy"], table["band_high"], strict=True)
    ]


def draw_reliability(diagnosis: Diagnosis, axes: Sequence[Axes]) -> None:
    """Draw accuracy against confidence above, and how many rows stand behind each point below."""
    diagram, histogram = axes
    table = diagnosis.tables["reliability"]
    means = [diagnosis.metrics[name].value for name, _, _ in MEANS if name in diagnosis.metrics]
    left = max(0.0, min([*table["low"], *means], default=0.0))
    for ax in axes:
        ax.set_xlim(left, 1.0)
    handles = _draw_diagram(diagram, table)
    folds = diagnosis.tables.get("fold_reliability")
    if folds is not None:
        handles.append(_draw_folds(diagram, folds))
    _draw_histogram(diagnosis, histogram, table)
    draw_key(histogram, handles)
    for ax in axes:
        write_ticks(ax.xaxis, "{:.3g} %", times=100)
    diagram.tick_params(axis="x", labelbottom=False)
    diagram.set_ylim(bottom=max(0.0, min([left, *table["accuracy"], *table["band_low"]]) - 0.02), top=1.02)


def _draw_diagram(ax: Axes, table: Table) -> list[Any]:
    """Draw the points, as orange diamonds where they leave the band, and return what the key explains."""
    inside = inside_band(table)
    band = ax.bar(
        table["low"],
        [high - low for low, high in zip(table["band_low"], table["band_high"], strict=True)],
        width=[high - low for low, high in zip(table["low"], table["high"], strict=True)],
        bottom=table["band_low"],
        align="edge",
        color=LIGHT_BLUE,
        linewidth=0,
        zorder=1,
        label="95 % if calibrated",
    )
    ax.plot([0, 1], [0, 1], color=MUTED, linewidth=0.9, zorder=2)
    ax.plot(table["confidence"], table["accuracy"], color=INK, linewidth=1.0, zorder=3)
    handles: list[Any] = [band]
    for kept, marker, color, edge, words in (
        (True, "o", BLUE, PAPER, "within"),
        (False, "D", ORANGE, DARK_ORANGE, "outside"),
    ):
        chosen = [row for row, here in enumerate(inside) if here is kept]
        if not chosen:
            continue
        (points,) = ax.plot(
            [table["confidence"][row] for row in chosen],
            [table["accuracy"][row] for row in chosen],
            linestyle="none",
            marker=marker,
            markersize=6 if kept else 5.5,
            markerfacecolor=color,
            markeredgecolor=edge,
            markeredgewidth=0.8,
            zorder=4,
            clip_on=False,
            label=words,
        )
        handles.append(points)
    plain(ax)
    write_ticks(ax.yaxis, "{:.3g} %", times=100)
    label_axis(ax, y="accuracy")
    return handles


def _draw_folds(ax: Axes, table: Table) -> Any:
    """Draw a thin line a fold behind the points, and return what the key explains."""
    line = None
    for fold in sorted(set(table["fold"])):
        rows = [row for row, of in enumerate(table["fold"]) if of == fold]
        (line,) = ax.plot(
            [table["confidence"][row] for row in rows],
            [table["accuracy"][row] for row in rows],
            color=MUTED,
            linewidth=0.6,
            alpha=0.6,
            zorder=1.5,
            label="each fold",
        )
    return line


def _draw_histogram(diagnosis: Diagnosis, ax: Axes, table: Table) -> None:
    """Draw the share of rows in each bin, with the two means."""
    total = sum(table["weight"])
    shares = [weight / total for weight in table["weight"]]
    widths = [high - low for low, high in zip(table["low"], table["high"], strict=True)]
    ax.bar(table["low"], shares, width=widths, align="edge", color=RULE, edgecolor=PAPER, linewidth=0.8, zorder=2)
    plain(ax)
    ax.set_ylim(0, max(shares) * 2.2)
    ax.set_yticks([0, max(tick for tick in ROUND_SHARES if tick <= max(shares))])
    write_ticks(ax.yaxis, "{:.3g} %", times=100)
    label_axis(ax, x="confidence of the predicted class", y="rows")
    means = [
        Mean(diagnosis.metrics[name].value, words, metric_text(diagnosis, name), style)
        for name, words, style in MEANS
        if name in diagnosis.metrics
    ]
    mark_means(ax, means, tall=0.98, short=0.70)
