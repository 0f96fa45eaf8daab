"""The picture of recorded epochs: the loss split into refinement and calibration, with the epochs to ship."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_lossacc.findings.format import nats
from sklearn_lossacc.findings.history import HistoryDiagnosis
from sklearn_lossacc.findings.history.wording import description, verdict
from sklearn_lossacc.plots.header import draw_header
from sklearn_lossacc.plots.history.curves import column, end_names, limits, line, set_epochs
from sklearn_lossacc.plots.history.figure import GAP, panel_words
from sklearn_lossacc.plots.layout import Cell, clear_axes
from sklearn_lossacc.plots.marks import draw_key
from sklearn_lossacc.plots.style import (
    BLUE,
    INK,
    LIGHT_BLUE,
    MUTED,
    PAPER,
    cost_bar,
    label_axis,
    plain,
    write_ticks,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHARES = (1.5, 1.0, 0.5)
VERDICT_LINES = 3  # what the rise is made of comes last
HEADER_POINTS = 94.0
MARKERS = {"labels": "^", "recalibrated": "D", "as they are": "v"}
WORDS = {"labels": "labels only", "recalibrated": "recalibrated", "as they are": "as they are"}


def _table(diagnosis: HistoryDiagnosis, name: str) -> np.ndarray:
    """Return a column of the epochs."""
    return np.array([np.nan if v is None else v for v in diagnosis.tables["epochs"][name]], dtype=float)


def _draw_split(diagnosis: HistoryDiagnosis, ax: Axes) -> list[Any]:
    """Draw refinement, calibration on top of it, and the training loss; return what a key explains."""
    epoch, loss, refinement = (_table(diagnosis, name) for name in ("epoch", "log_loss", "refinement_loss"))
    train = _table(diagnosis, "train_loss")
    plain(ax)
    set_epochs(ax, epoch)
    limits(ax, [values for values in (loss, refinement, train) if np.isfinite(values).any()], [])
    bottom = ax.get_ylim()[0]
    base = ax.fill_between(epoch, bottom, refinement, color=LIGHT_BLUE, linewidth=0, zorder=1, label="refinement")
    cost = ax.fill_between(
        epoch, refinement, loss, zorder=2, label="calibration: a temperature repairs it", **cost_bar()
    )
    line(ax, epoch, train, train=True)
    line(ax, epoch, loss, train=False)
    ax.plot(epoch, refinement, color=BLUE, linewidth=1.1, zorder=3)
    label_axis(ax, y="log loss (nats)")
    end_names(ax, epoch, [("validation", loss, INK), ("training", train, MUTED)])
    return [base, cost]


def _draw_accuracy(diagnosis: HistoryDiagnosis, ax: Axes) -> None:
    """Draw the accuracies."""
    epoch, accuracy, train = (_table(diagnosis, name) for name in ("epoch", "accuracy", "train_accuracy"))
    low, high = column(diagnosis, "val_accuracy_low"), column(diagnosis, "val_accuracy_high")
    plain(ax)
    set_epochs(ax, epoch)
    limits(ax, [values for values in (accuracy, train) if np.isfinite(values).any()], [low, high])
    write_ticks(ax.yaxis, "{:.4g} %", times=100)
    ax.fill_between(epoch, low, high, color=LIGHT_BLUE, linewidth=0, zorder=1)
    line(ax, epoch, train, train=True)
    line(ax, epoch, accuracy, train=False)
    label_axis(ax, y="accuracy")
    end_names(ax, epoch, [("validation", accuracy, INK), ("training", train, MUTED)])


def _draw_choices(diagnosis: HistoryDiagnosis, ax: Axes) -> None:
    """Draw, for each use, the chosen epoch on a bar of those that are not shown to be worse."""
    table = diagnosis.tables["choices"]
    plain(ax, y_axis=False)
    set_epochs(ax, _table(diagnosis, "epoch"))
    uses = list(table["use"])
    for place, (use, chosen, equal) in enumerate(zip(uses, table["epoch"], table["equally_good"], strict=True)):
        height = len(uses) - place
        ax.plot(equal, [height] * len(equal), linestyle="none", marker="s", markersize=4.2, color=LIGHT_BLUE, zorder=2)
        ax.plot(
            [chosen], [height], linestyle="none", marker=MARKERS[use], markersize=8, markerfacecolor=BLUE,
            markeredgecolor=PAPER, zorder=4,
        )  # fmt: skip
    ax.set_ylim(0.3, len(uses) + 0.7)
    ax.set_yticks(range(len(uses), 0, -1), [WORDS[use] for use in uses])
    ax.tick_params(axis="y", length=0)
    label_axis(ax, x=f"{diagnosis.description['counted']} (squares: not shown to be worse than the best)")


def split_title(diagnosis: HistoryDiagnosis) -> str:
    """Say what the loss is made of at the end."""
    calibration = _table(diagnosis, "calibration_loss")[-1]
    return (
        f"Of the last loss of {nats(_table(diagnosis, 'log_loss')[-1])} nats, a temperature repairs {nats(calibration)}"
    )


def draw_epochs(diagnosis: HistoryDiagnosis, ax: Axes) -> dict[str, Axes]:
    """Draw recorded epochs inside one axes, which is switched off and divided.

    Parameters
    ----------
    diagnosis : HistoryDiagnosis
        Of an `EpochRecorder`, with its tables ``epochs`` and ``choices``.
    ax : Axes
        Where to draw it.

    Returns
    -------
    dict of str to Axes
        ``loss``, ``accuracy`` and ``choices``.
    """
    clear_axes(ax)
    height = ax.get_window_extent().height * 72 / ax.figure.dpi
    draw_header(ax, diagnosis.name, description(diagnosis), verdict(diagnosis), verdict_lines=VERDICT_LINES)
    cell = Cell(ax, bounds=(0.0, 0.0, 1.0, 1.0 - min(HEADER_POINTS / max(height, 1.0), 0.4)), shares=SHARES, gap=GAP)
    above, middle, below = cell.make()
    explained = _draw_split(diagnosis, above)
    _draw_accuracy(diagnosis, middle)
    _draw_choices(diagnosis, below)
    for panel in (above, middle):
        panel.tick_params(axis="x", labelbottom=False)
        for chosen in diagnosis.tables["choices"]["epoch"]:
            panel.axvline(chosen, color=MUTED, linewidth=0.7, linestyle=(0, (1, 3)), zorder=2.5)
    panel_words(above, split_title(diagnosis))
    panel_words(middle, f"Accuracy ends at {100 * _table(diagnosis, 'accuracy')[-1]:.1f} %")
    panel_words(below, "Which epoch to ship")
    draw_key(below, explained)
    return {"loss": above, "accuracy": middle, "choices": below}
