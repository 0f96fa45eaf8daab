"""What the rows that both models have right, one, or none contribute to the difference in loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn_lossacc.findings.comparison import ComparisonDiagnosis
from sklearn_lossacc.findings.comparison.wording import Pair, by_measure, short, story_words
from sklearn_lossacc.findings.format import nats, typographic
from sklearn_lossacc.findings.wording import counted
from sklearn_lossacc.plots.names import pair_names
from sklearn_lossacc.plots.style import (
    BLUE,
    INK,
    RULE,
    TEXT_SIZE,
    cost_bar,
    interval_line,
    label,
    label_axis,
    label_width,
    plain,
    shifted,
    text,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BAR_HEIGHT = 0.6
MOST_TIMES_BARS = 3.0


def draw_stories(diagnosis: ComparisonDiagnosis, ax: Axes, pair: Pair) -> None:
    """Draw one bar a story, and their sum; hatched where the second model costs more."""
    from matplotlib.ticker import MaxNLocator

    records = diagnosis.records("stories", pair)
    total = by_measure(diagnosis, pair)["log_loss"]
    width = max(label_width(ax, 0.42) - 14, 6)
    names, reach, shown = [], abs(total["value"]), pair_names(diagnosis, pair)
    for place, record in enumerate(records):
        value, low, high = (record[key] for key in ("contribution", "low", "high"))
        looks: dict[str, Any] = {"color": BLUE} if value <= 0 else cost_bar()
        ax.barh(place, value, height=BAR_HEIGHT, zorder=3, **looks)
        if low is not None and high is not None and high > low:
            ax.plot([low, high], [place, place], marker="|", markersize=5, zorder=6, **interval_line())
        reach = max(reach, *(abs(limit) for limit in (value, low, high) if limit is not None))
        _write(ax, place, nats(value, signed=True))
        words = label(story_words(record["story"], shown, width))
        names.append(f"{words}\n{counted(record['rows'], 'row')}")
    last = len(records)
    ax.barh(last, total["value"], height=BAR_HEIGHT, color=INK, zorder=3)
    _write(ax, last, nats(total["value"], signed=True), weight="bold")
    names.append("log loss")
    # An interval that dwarfs the bars runs off the axes: of few rows it would leave nothing else to see.
    largest = max(abs(width) for width in (total["value"], *(record["contribution"] for record in records)))
    reach = min(reach, MOST_TIMES_BARS * largest) or 0.01
    ax.axvline(0, color=RULE, linewidth=1.0, zorder=1)
    ax.set_xlim(-1.06 * reach, 1.06 * reach)
    ax.set_ylim(last + 0.5, -0.5)
    ax.set_yticks(range(last + 1), names)
    plain(ax)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=5, symmetric=True))
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0, labelsize=TEXT_SIZE, labelcolor=INK)
    ax.get_yticklabels()[last].set_fontweight("bold")
    first, second = (label(short(name, 16)) for name in shown)
    label_axis(ax, x=f"nats, {second} minus {first}")


def _write(ax: Axes, place: int, words: str, weight: str = "normal") -> None:
    """Write a value into the column at the right."""
    beside = shifted(ax, ax.get_yaxis_transform(), x=6)
    ax.text(1.0, place, typographic(words), transform=beside, va="center", ha="left",
            **text(TEXT_SIZE, INK, fontweight=weight))  # fmt: skip


def stories_title(diagnosis: ComparisonDiagnosis, pair: Pair) -> str:
    """Say which rows make most of the difference."""
    records = diagnosis.records("stories", pair)
    largest = max(records, key=lambda record: abs(record["contribution"]))
    if largest["contribution"] == 0:
        return "No row makes a difference"
    first, second = (short(name, 16) for name in pair_names(diagnosis, pair))
    whose = {
        "only first right": f"only {first} has right",
        "only second right": f"only {second} has right",
        "both right": "both have right",
        "both wrong": "both have wrong",
    }
    return f"Rows that {whose[largest['story']]} make the largest part"


def stories_alt(diagnosis: ComparisonDiagnosis, pair: Pair) -> str:
    """Say the contributions as text."""
    said = [
        f"{story_words(record['story'], pair)} {nats(record['contribution'], signed=True)} "
        f"({counted(record['rows'], 'row')})"
        for record in diagnosis.records("stories", pair)
    ]
    return f"What rows contribute to the difference in log loss, in nats: {', '.join(said)}."
