"""The difference in loss that is left when the rows that decide it are taken away, one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sklearn_lossacc.findings.comparison import ComparisonDiagnosis
from sklearn_lossacc.findings.comparison.wording import Pair, short
from sklearn_lossacc.findings.format import count, nats, percent
from sklearn_lossacc.findings.wording import counted
from sklearn_lossacc.plots.names import pair_names
from sklearn_lossacc.plots.style import (
    BLUE,
    INK,
    LIGHT_BLUE,
    PAPER,
    RULE,
    SMALL_SIZE,
    label,
    label_axis,
    plain,
    text,
    write_ticks,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def _unit(diagnosis: ComparisonDiagnosis) -> str:
    """Return what is counted."""
    return "row" if diagnosis.description["n_groups"] is None else "group"


def draw_deciding(diagnosis: ComparisonDiagnosis, ax: Axes, pair: Pair) -> None:
    """Draw what is left over how many rows are gone."""
    from matplotlib.ticker import MaxNLocator

    records = diagnosis.records("dropped", pair)
    (facts,) = diagnosis.records("pairs", pair)
    gone, left = (np.array([record[key] for record in records], dtype=float) for key in ("dropped", "left"))
    ax.fill_between(gone, 0, left, color=LIGHT_BLUE, linewidth=0, zorder=1)
    ax.plot(gone, left, color=INK, linewidth=1.4, zorder=3)
    ax.axhline(0, color=RULE, linewidth=1.0, zorder=2)
    decides = facts["n_decisive"]
    if decides is not None:
        there = float(left[gone == decides][0]) if (gone == decides).any() else 0.0
        ax.plot([decides], [there], "o", markersize=6, markerfacecolor=BLUE, markeredgecolor=PAPER, zorder=5)
        above = left[0] > 0
        ax.annotate(
            f"gone after {counted(decides, _unit(diagnosis))}",
            (decides, there),
            xytext=(4, 9 if above else -9),
            textcoords="offset points",
            ha="left" if decides < 0.55 * gone.max() else "right",
            va="bottom" if above else "top",
            **text(SMALL_SIZE, BLUE),
        )
    ax.set_xlim(0, max(gone.max(), 1.0))
    ax.margins(y=0.1)
    if not left.any():
        ax.set_ylim(-0.01, 0.01)
    plain(ax)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    ax.yaxis.set_major_locator(MaxNLocator(nbins=5))
    write_ticks(ax.yaxis, "{:.3g}")
    first, second = (label(short(name, 16)) for name in pair_names(diagnosis, pair))
    label_axis(ax, x=f"{_unit(diagnosis)}s taken away, most decisive first", y=f"{second} minus {first} (nats)")


def deciding_title(diagnosis: ComparisonDiagnosis, pair: Pair) -> str:
    """Say how many rows decide."""
    (facts,) = diagnosis.records("pairs", pair)
    decides, n_units = facts["n_decisive"], facts["n_units"]
    if decides is None:
        return "No difference in loss to decide"
    share = percent(decides / n_units)
    carry = "carries" if decides == 1 else "carry"
    return f"{counted(decides, _unit(diagnosis))} of {count(n_units)} ({share}) {carry} the difference in loss"


def deciding_alt(diagnosis: ComparisonDiagnosis, pair: Pair) -> str:
    """Say the same with the difference."""
    start = diagnosis.records("dropped", pair)[0]["left"]
    return f"Difference in log loss of {nats(start, signed=True)} nats: {deciding_title(diagnosis, pair)}."
