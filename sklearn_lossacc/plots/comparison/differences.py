"""Differences with their intervals: of one pair by measure, or of all pairs by loss and accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sklearn_lossacc.findings.comparison import ComparisonDiagnosis
from sklearn_lossacc.findings.comparison.wording import DIFFERENCES, Pair, by_measure, pair_words, short
from sklearn_lossacc.findings.finding import Estimate
from sklearn_lossacc.findings.format import typographic
from sklearn_lossacc.plots.names import pair_names
from sklearn_lossacc.plots.style import (
    BLUE,
    INK,
    MUTED,
    PAPER,
    RULE,
    SMALL_SIZE,
    TEXT_SIZE,
    interval_line,
    label,
    label_axis,
    label_width,
    plain,
    shifted,
    text,
    write_ticks,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOSSES = ("log_loss", "calibration_loss", "refinement_loss")
LOSS_LABELS = {
    "log_loss": "log loss",
    "calibration_loss": "of it calibration",
    "refinement_loss": "of it refinement",
}
MOST_PAIRS = 12
NAME_WIDTH = 24
AXIS_WIDTH = 16


@dataclass(frozen=True)
class Line:
    """One difference to draw.

    Attributes
    ----------
    words : str
        What stands at its left.
    record : dict
        Value, limits, corrected p-value and measure.
    """

    words: str
    record: dict[str, Any]


def draw_differences(diagnosis: ComparisonDiagnosis, axes: Sequence[Axes], pair: Pair) -> None:
    """Draw the differences of one pair: losses in nats above, accuracy below."""
    records = by_measure(diagnosis, pair)
    above, below = axes
    first, second = (label(short(name, AXIS_WIDTH)) for name in pair_names(diagnosis, pair))
    losses = [Line(LOSS_LABELS[measure], records[measure]) for measure in LOSSES]
    _draw_lines(above, losses, diagnosis.alpha)
    _draw_lines(below, [Line("accuracy", records["accuracy"])], diagnosis.alpha, in_points=True)
    label_axis(above, x=f"nats, {second} minus {first}")
    label_axis(below, x=f"points, {second} minus {first}  (filled: beyond noise)")


def draw_pairs(diagnosis: ComparisonDiagnosis, axes: Sequence[Axes], pair: Pair) -> None:
    """Draw loss and accuracy of all pairs, side by side."""
    left, right = axes
    shown = diagnosis.pairs[:MOST_PAIRS]
    width = max(label_width(left, 0.9) // 2, 6)
    names = [label(pair_words(pair_names(diagnosis, shown_pair), width // 2)) for shown_pair in shown]
    records = [by_measure(diagnosis, shown_pair) for shown_pair in shown]
    for ax, measure, words in ((left, "log_loss", names), (right, "accuracy", [""] * len(names))):
        lines = [Line(name, record[measure]) for name, record in zip(words, records, strict=True)]
        _draw_lines(ax, lines, diagnosis.alpha, in_points=measure == "accuracy", values=False)
    label_axis(left, x="log loss (nats)")
    label_axis(right, x="accuracy (points)")


def _draw_lines(
    ax: Axes,
    lines: Sequence[Line],
    alpha: float,
    *,
    in_points: bool = False,
    values: bool = True,
) -> None:
    """Draw dots on intervals; a dot is filled where the difference is beyond noise."""
    from matplotlib.ticker import MaxNLocator

    reach = 0.0
    for place, line in enumerate(lines):
        value, low, high = (line.record[key] for key in ("value", "low", "high"))
        beyond = line.record["p_holm"] is not None and line.record["p_holm"] <= alpha
        if low is not None and high is not None:
            ax.plot([low, high], [place, place], zorder=3, **interval_line(color=INK if beyond else MUTED))
        ax.plot(
            value, place, "o", markersize=5.5, zorder=4, markeredgecolor=BLUE, markeredgewidth=1.2,
            markerfacecolor=BLUE if beyond else PAPER,
        )  # fmt: skip
        reach = max(reach, *(abs(limit) for limit in (value, low, high) if limit is not None))
        if values:
            beside = shifted(ax, ax.get_yaxis_transform(), x=6)
            written = typographic(DIFFERENCES[line.record["measure"]].write(value))
            ax.text(1.0, place, written, transform=beside, va="center", ha="left", **text(TEXT_SIZE, INK))
    reach = reach or 0.01
    ax.axvline(0, color=RULE, linewidth=1.0, zorder=1)
    ax.set_xlim(-1.08 * reach, 1.08 * reach)
    ax.set_ylim(len(lines) - 0.4, -0.6)
    ax.set_yticks(range(len(lines)), [line.words for line in lines])
    plain(ax)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0, labelsize=TEXT_SIZE if values else SMALL_SIZE, labelcolor=INK)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=5 if values else 3, symmetric=True))
    if in_points:
        write_ticks(ax.xaxis, "{:.3g}", times=100)


def differences_title(diagnosis: ComparisonDiagnosis, pair: Pair) -> str:
    """Say which model is better by which measure."""
    (facts,) = diagnosis.records("pairs", pair)
    written = (short(name, NAME_WIDTH) for name in pair_names(diagnosis, pair))
    names = dict(zip(("first", "second"), written, strict=True))
    if facts["verdict"] == "agree":
        return f"{names[facts['better_loss']]} is better in loss and in accuracy"
    if facts["verdict"] == "disagree":
        return f"{names[facts['better_loss']]} is better in loss, {names[facts['better_accuracy']]} in accuracy"
    if facts["verdict"] == "loss only":
        return f"{names[facts['better_loss']]} is better in loss; accuracy is within noise"
    if facts["verdict"] == "accuracy only":
        return f"{names[facts['better_accuracy']]} is better in accuracy; loss is within noise"
    if facts["verdict"] == "identical":
        return "The same predictions"
    if facts["verdict"] == "not testable":
        return "Too few independent rows to tell them apart"
    return "Neither loss nor accuracy tells them apart"


def pairs_title(diagnosis: ComparisonDiagnosis, pair: Pair) -> str:
    """Say how many pairs differ beyond noise."""
    table = diagnosis.tables["pairs"]
    n_told = sum(
        bool(loss or accuracy) for loss, accuracy in zip(table["better_loss"], table["better_accuracy"], strict=True)
    )
    return f"{n_told} of {len(diagnosis.pairs)} pairs differ beyond noise"


def differences_alt(diagnosis: ComparisonDiagnosis, pair: Pair) -> str:
    """Say the differences as text."""
    said = []
    for record in diagnosis.records("differences", pair):
        quantity = DIFFERENCES[record["measure"]]
        found = Estimate(record["value"], record["low"], record["high"])
        said.append(f"{quantity.label} {quantity.text(found)} {quantity.limits(found)}".strip())
    return f"Differences with 95 % intervals, {pair_words(pair)}: {'; '.join(said)}."


def pairs_alt(diagnosis: ComparisonDiagnosis, pair: Pair) -> str:
    """Say the differences in loss of all pairs as text."""
    said = []
    for shown in diagnosis.pairs[:MOST_PAIRS]:
        records = by_measure(diagnosis, shown)
        loss, accuracy = (
            DIFFERENCES[measure].text(Estimate(records[measure]["value"])) for measure in ("log_loss", "accuracy")
        )
        said.append(f"{pair_words(shown)}: log loss {loss}, accuracy {accuracy}")
    return f"Differences of all pairs: {'; '.join(said)}."
