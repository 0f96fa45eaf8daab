"""How the loss is spread over the rows, against the spread that the model itself expects."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from sklearn_lossacc.findings.diagnosis import Diagnosis, Table
from sklearn_lossacc.findings.format import nats
from sklearn_lossacc.plots.marks import DATA_SHARE, Mean, draw_key, mark_means
from sklearn_lossacc.plots.style import (
    BLUE,
    INK,
    LIGHT_BLUE,
    SMALL_SIZE,
    cost_bar,
    label_axis,
    label_width,
    plain,
    write_ticks,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROUND_LOSSES = (0.0, 0.001, 0.01, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 36.0)
ROUND_SHARES = (0.001, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)

LEAST_SHARE = 1e-5


def draw_loss_distribution(diagnosis: Diagnosis, ax: Axes) -> None:
    """Draw the observed shares as a line over the expected ones; what exceeds them is hatched.

    Bins are equally wide on the page, whatever their width in nats, and heights are square roots of shares, so that
    the few rows that carry much of the loss stay visible.
    """
    table = diagnosis.tables["loss_distribution"]
    edges, observed, expected = _without_empty_ends(table)
    ax.set_xscale("function", functions=_even_bins(edges))
    ax.set_yscale("function", functions=(_root, np.square))
    handles = [
        ax.stairs(expected, edges, fill=True, color=LIGHT_BLUE, linewidth=0, zorder=1, label="expected"),
        ax.stairs(
            np.maximum(observed, expected),
            edges,
            baseline=expected,
            fill=True,
            zorder=2,
            label="more than expected",
            **cost_bar(),
        ),
        ax.stairs(observed, edges, color=INK, linewidth=1.2, zorder=3, label="observed"),
    ]
    top = max(observed.max(), expected.max())
    ax.set_ylim(0, top * 1.7)
    ax.set_xlim(edges[0], edges[-1])
    plain(ax)
    ax.set_xticks(_apart(ax, [loss for loss in ROUND_LOSSES if edges[0] <= loss <= edges[-1]], edges))
    write_ticks(ax.xaxis, "{:g}")
    ax.set_yticks([share for share in ROUND_SHARES if share <= top * 1.1])
    write_ticks(ax.yaxis, "{:.3g} %", times=100)
    ax.minorticks_off()
    label_axis(ax, x="loss of a row (nats)", y="rows (square root scale)")
    total = diagnosis.decomposition.total
    means = [Mean(total, "observed mean", nats(total))]
    expected_mean = diagnosis.metrics.get("expected_log_loss")
    if expected_mean is not None:
        value = expected_mean.value
        means.append(Mean(value, "expected mean", nats(value), linestyle=(0, (4, 2)), color=BLUE))
    mark_means(ax, means, tall=0.97, short=0.87)
    draw_key(ax, handles)


def _without_empty_ends(table: Table) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return edges, observed and expected shares from the first bin that holds anything to the last."""
    observed, expected = np.asarray(table["observed"]), np.asarray(table["expected"])
    held = np.flatnonzero(np.maximum(observed, expected) >= LEAST_SHARE)
    first, last = (held[0], held[-1] + 1) if len(held) else (0, len(observed))
    edges = np.append(table["low"], table["high"][-1:])[first : last + 1]
    return edges, observed[first:last], expected[first:last]


def _apart(ax: Axes, ticks: list[float], edges: np.ndarray) -> list[float]:
    """Leave out ticks whose labels would touch the one before."""
    letters = label_width(ax, DATA_SHARE, SMALL_SIZE)
    places = letters * np.interp(ticks, edges, np.linspace(0, 1, len(edges)))
    kept: list[int] = []
    for index, place in enumerate(places):
        needed = (len(f"{ticks[index]:g}") + len(f"{ticks[kept[-1]]:g}")) / 2 + 1 if kept else 0
        if not kept or place - places[kept[-1]] >= needed:
            kept.append(index)
    return [ticks[index] for index in kept]


def _even_bins(edges: np.ndarray) -> tuple[object, object]:
    """Return the scale that makes all bins equally wide, and its inverse."""
    places = np.arange(len(edges), dtype=float)
    return partial(np.interp, xp=edges, fp=places), partial(np.interp, xp=places, fp=edges)


def _root(share: np.ndarray) -> np.ndarray:
    """Return the square root; what lies below 0 on the page stays at 0."""
    return np.sqrt(np.maximum(share, 0.0))
