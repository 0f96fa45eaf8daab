"""The curves of one measure over the epochs, with what surrounds them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_lossacc.findings.history import HistoryDiagnosis
from sklearn_lossacc.plots.style import (
    BLUE,
    INK,
    LIGHT_BLUE,
    MUTED,
    PALE,
    PAPER,
    SMALL_SIZE,
    cost_bar,
    label_axis,
    plain,
    text,
    write_ticks,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_MARKERS = 40
MOST_POINTS = 1500  # of a curve that is drawn whole; more is finer than a screen
STRETCHES = 400
WIDE_BAR, NARROW_BAR = 0.16, 0.08  # of a single evaluation, within one unit to either side
LABEL_GAP = 10.0  # points between the names of two lines
HEADROOM = 0.08
LEAST_RANGE = 0.2  # share of the level that is shown of a curve that hardly moves
EDGE = "#9aa5ae"
TRAIN_DASH = (0, (5, 2.2))
BEST = {"lowest validation loss": "v", "highest validation accuracy": "^"}


def column(diagnosis: HistoryDiagnosis, name: str) -> np.ndarray:
    """Return a column of the evaluations; NaN where there is none."""
    return np.array([np.nan if v is None else v for v in diagnosis.tables["rows"][name]], dtype=float)


def best_row(diagnosis: HistoryDiagnosis, criterion: str) -> int | None:
    """Return the row that is best by a criterion."""
    table = diagnosis.tables["best"]
    return table["row"][table["criterion"].index(criterion)] if criterion in table["criterion"] else None


def rise_row(diagnosis: HistoryDiagnosis) -> int | None:
    """Return the row from which the loss rises, where a finding says so."""
    for code in ("LA501", "LA502"):
        if diagnosis[code].status == "fired":
            return int(diagnosis[code].evidence["since_row"])
    return None


def seen(*curves: np.ndarray) -> np.ndarray:
    """Return the rows that a picture needs: all, or the extremes of each curve in narrow stretches of a long one.

    Parameters
    ----------
    *curves : ndarray of shape (n_rows,)
        Finite numbers, drawn over the same rows.

    Returns
    -------
    ndarray of int
        Rows in order, the first and the last included.

    Examples
    --------
    >>> long = np.zeros(100_000)
    >>> long[70_001] = 1.0
    >>> rows = seen(long)
    >>> len(rows) < 2000, bool(long[rows].max() == 1.0)
    (True, True)
    """
    n_rows = len(curves[0])
    if n_rows <= MOST_POINTS:
        return np.arange(n_rows)
    edges = np.linspace(0, n_rows, STRETCHES + 1).astype(int)
    rows = {0, n_rows - 1}
    for start, stop in pairwise(edges.tolist()):
        for values in curves:
            rows |= {start + int(np.argmin(values[start:stop])), start + int(np.argmax(values[start:stop]))}
    return np.array(sorted(rows))


def line(ax: Axes, epoch: np.ndarray, values: np.ndarray, *, train: bool) -> None:
    """Draw one curve through the rows that have it."""
    there = np.isfinite(values)
    if not there.any():
        return
    dots = there.sum() <= MOST_MARKERS
    looks: dict[str, Any] = (
        {"color": MUTED, "linestyle": TRAIN_DASH, "linewidth": 1.2, "marker": "." if there.sum() == 1 else None}
        if train
        else {"color": INK, "linestyle": "-", "linewidth": 1.5, "marker": "o" if dots else None, "markersize": 3.2}
    )
    epoch, values = epoch[there], values[there]
    rows = seen(values)
    ax.plot(epoch[rows], values[rows], zorder=4 if train else 5, **looks)


def _band(ax: Axes, epoch: np.ndarray, low: np.ndarray, high: np.ndarray, color: str, edge: str, zorder: float) -> Any:
    """Fill between two limits; a single row gets a bar."""
    there = np.isfinite(low) & np.isfinite(high)
    if not there.any():
        return None
    if there.sum() == 1:
        (row,) = np.flatnonzero(there)
        width = WIDE_BAR if zorder < 2 else NARROW_BAR
        return ax.bar(
            epoch[row],
            high[row] - low[row],
            width=width,
            bottom=low[row],
            color=color,
            edgecolor=edge,
            linewidth=0.8,
            zorder=zorder,
        )
    rows = np.flatnonzero(there)
    rows = rows[seen(low[rows], high[rows])]
    if edge != "none":  # above the other bands, which would hide it
        for limit in (low, high):
            ax.plot(epoch[rows], limit[rows], color=edge, linewidth=0.8, zorder=2.2)
    return ax.fill_between(epoch[rows], low[rows], high[rows], facecolor=color, linewidth=0, zorder=zorder)


def end_names(ax: Axes, epoch: np.ndarray, ends: list[tuple[str, np.ndarray, str]]) -> None:
    """Write the name of each line at its right end, moved apart where they would meet."""
    placed = []
    for words, values, color in ends:
        rows = np.flatnonzero(np.isfinite(values))
        if rows.size:
            placed.append((float(values[rows[-1]]), float(epoch[rows[-1]]), words, color))
    placed.sort()
    shift = [0.0] * len(placed)
    if len(placed) == 2:
        height = ax.get_ylim()[1] - ax.get_ylim()[0]
        points = ax.get_window_extent().height * 72 / ax.figure.dpi
        apart = (placed[1][0] - placed[0][0]) / height * max(points, 1.0)
        if apart < LABEL_GAP:
            shift = [-(LABEL_GAP - apart) / 2, (LABEL_GAP - apart) / 2]
    for (value, place, words, color), up in zip(placed, shift, strict=True):
        ax.annotate(
            words,
            (place, value),
            xytext=(7 if len(epoch) > 1 else 24, up),
            textcoords="offset points",
            va="center",
            ha="left",
            annotation_clip=False,
            **text(SMALL_SIZE, color),
        )


def _mark_best(ax: Axes, diagnosis: HistoryDiagnosis, values: np.ndarray, criterion: str, *, above: bool) -> None:
    """Mark the best row of a measure, and name it."""
    row = best_row(diagnosis, criterion)
    if row is None or not np.isfinite(values[row]) or len(values) < 2:
        return
    epoch = column(diagnosis, "epoch")
    ax.plot(
        [epoch[row]],
        [values[row]],
        linestyle="none",
        marker=BEST[criterion],
        markersize=8.5,
        markerfacecolor=BLUE,
        markeredgecolor=PAPER,
        markeredgewidth=1.0,
        zorder=7,
    )
    words = f"{'highest' if above else 'lowest'}: {diagnosis.description['counted']} {epoch[row]:g}"
    right = epoch[row] > 0.75 * epoch.max() + 0.25 * epoch.min()
    ax.annotate(
        words,
        (epoch[row], 0.0),
        xycoords=ax.get_xaxis_transform(),
        xytext=(-3 if right else 3, 3),
        textcoords="offset points",
        ha="right" if right else "left",
        va="bottom",
        zorder=8,
        bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 0.6, "alpha": 0.75},
        **text(SMALL_SIZE, BLUE),
    )


def limits(ax: Axes, curves: list[np.ndarray], around: list[np.ndarray]) -> None:
    """Show the curves whole, and of what surrounds them as much as comes near."""
    finite = np.concatenate([values[np.isfinite(values)] for values in curves])
    low, high = float(finite.min()), float(finite.max())
    flat = max(LEAST_RANGE * abs(high) - (high - low), 0.0) / 2
    low, high = low - flat, high + flat
    for values in around:
        near = values[np.isfinite(values)]
        if near.size:
            spread = max(high - low, 0.05 * abs(high), 1e-3) if len(values) > 1 else np.inf
            low = min(low, max(float(near.min()), low - spread * 0.6))
            high = max(high, min(float(near.max()), high + spread * 0.6))
    pad = max(high - low, 1e-3) * HEADROOM
    ax.set_ylim(max(low - 2 * pad, min(low, 0.0)), high + pad)


def set_epochs(ax: Axes, epoch: np.ndarray) -> None:
    """Set the range of the horizontal axis, with whole numbers as ticks."""
    from matplotlib.ticker import MaxNLocator

    first, last = float(epoch.min()), float(epoch.max())
    if len(epoch) == 1:
        ax.set_xlim(first - 1.0, first + 1.0)
        ax.set_xticks([first])
        return
    pad = (last - first) * 0.02 or 1.0
    ax.set_xlim(first - pad, last + pad)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=9, integer=True))


def draw_loss(diagnosis: HistoryDiagnosis, ax: Axes) -> dict[str, Any]:
    """Draw the losses over the band of calibrated models; return what a key should explain."""
    epoch, loss, train = (column(diagnosis, name) for name in ("epoch", "val_loss", "train_loss"))
    low, high, half = (column(diagnosis, name) for name in ("calibrated_low", "calibrated_high", "val_loss_half_width"))
    plain(ax)
    set_epochs(ax, epoch)
    shown = [values for values in (loss, train) if np.isfinite(values).any()]
    if not shown:
        ax.text(0.5, 0.5, "the log has no loss", transform=ax.transAxes, ha="center", **text(SMALL_SIZE, MUTED))
        return {}
    key: dict[str, Any] = {}
    limits(ax, shown, [low, high, loss - half, loss + half])
    key["calibrated"] = _band(ax, epoch, low, high, PALE, EDGE, 1.0)
    key["noise"] = _band(ax, epoch, np.maximum(loss - half, 0.0), loss + half, LIGHT_BLUE, "none", 2.0)
    start = rise_row(diagnosis)
    if start is not None:
        key["rise"] = _rise(ax, diagnosis, start)
    _chance(ax, diagnosis, shown)
    line(ax, epoch, train, train=True)
    line(ax, epoch, loss, train=False)
    _not_finite(ax, epoch, loss, train)
    _mark_best(ax, diagnosis, loss, "lowest validation loss", above=False)
    label_axis(ax, y="log loss (nats)")
    end_names(ax, epoch, [("validation", loss, INK), ("training", train, MUTED)])
    return {name: artist for name, artist in key.items() if artist is not None}


def _rise(ax: Axes, diagnosis: HistoryDiagnosis, start: int) -> Any:
    """Hatch what the loss rose above its turn."""
    epoch, loss = column(diagnosis, "epoch"), column(diagnosis, "val_loss")
    rows = np.flatnonzero(np.isfinite(loss) & (np.arange(len(loss)) >= start))
    level = loss[rows[0]]
    rows = rows[seen(loss[rows])]
    return ax.fill_between(epoch[rows], level, np.maximum(loss[rows], level), zorder=3, **cost_bar())


def _chance(ax: Axes, diagnosis: HistoryDiagnosis, curves: list[np.ndarray]) -> None:
    """Draw the loss of equal probabilities, where it is in sight; its name at the end that the curves are farther from.

    Training begins near it, so that a name on the left would lie under the first losses.
    """
    estimate = diagnosis.metrics.get("chance_log_loss")
    if estimate is None:
        return
    bottom, top = ax.get_ylim()
    if not bottom < estimate.value < top + 0.15 * (top - bottom):
        return
    ax.set_ylim(bottom, max(top, estimate.value + 0.06 * (top - bottom)))
    ax.axhline(estimate.value, color=MUTED, linewidth=0.9, linestyle=(0, (1, 2)), zorder=3)
    finite = [values[np.isfinite(values)] for values in curves]
    left, right = (min(abs(values[end] - estimate.value) for values in finite) for end in (0, -1))
    ax.annotate(
        "chance",
        (float(right > left), estimate.value),
        xycoords=ax.get_yaxis_transform(),
        xytext=(-3 if right > left else 3, 2),
        textcoords="offset points",
        va="bottom",
        ha="right" if right > left else "left",
        **text(SMALL_SIZE, MUTED),
    )


def _not_finite(ax: Axes, epoch: np.ndarray, *curves: np.ndarray) -> None:
    """Mark rows whose loss is not finite at the upper edge."""
    rows = np.flatnonzero(np.logical_or.reduce([np.isinf(values) for values in curves]))
    if not rows.size:
        return
    top = ax.get_xaxis_transform()
    ax.plot(
        epoch[rows],
        np.full(rows.size, 0.97),
        transform=top,
        linestyle="none",
        marker="x",
        color=INK,
        markersize=5,
        zorder=6,
    )
    ax.annotate(
        "not finite",
        (epoch[rows[0]], 0.97),
        xycoords=top,
        xytext=(-6, 0),
        textcoords="offset points",
        ha="right",
        va="center",
        **text(SMALL_SIZE, INK),
    )


def draw_accuracy(diagnosis: HistoryDiagnosis, ax: Axes) -> dict[str, Any]:
    """Draw the accuracies with the noise of the validation rows; return what a key should explain."""
    epoch, accuracy, train = (column(diagnosis, name) for name in ("epoch", "val_accuracy", "train_accuracy"))
    low, high = column(diagnosis, "val_accuracy_low"), column(diagnosis, "val_accuracy_high")
    plain(ax)
    set_epochs(ax, epoch)
    label_axis(ax, x=diagnosis.description["counted"], y="accuracy")
    shown = [values for values in (accuracy, train) if np.isfinite(values).any()]
    if not shown:
        ax.set_yticks([])
        ax.text(0.5, 0.5, "the log has no accuracy", transform=ax.transAxes, ha="center", **text(SMALL_SIZE, MUTED))
        return {}
    limits(ax, shown, [low, high])
    write_ticks(ax.yaxis, "{:.4g} %", times=100)
    band = _band(ax, epoch, low, high, LIGHT_BLUE, "none", 2.0)
    line(ax, epoch, train, train=True)
    line(ax, epoch, accuracy, train=False)
    _mark_best(ax, diagnosis, accuracy, "highest validation accuracy", above=True)
    end_names(ax, epoch, [("validation", accuracy, INK), ("training", train, MUTED)])
    return {} if band is None else {"noise": band}
