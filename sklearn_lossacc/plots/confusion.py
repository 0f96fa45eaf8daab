"""Which classes are taken for which: the confusion matrix, or of many classes the pairs most often confused."""

from __future__ import annotations

from collections import defaultdict
from itertools import product
from textwrap import wrap
from typing import TYPE_CHECKING

from sklearn_lossacc.findings.diagnosis import Diagnosis, Table
from sklearn_lossacc.findings.format import count, one_line, percent
from sklearn_lossacc.plots.fonts import give_font
from sklearn_lossacc.plots.names import class_names
from sklearn_lossacc.plots.style import (
    INK,
    MUTED,
    ORANGE,
    PAPER,
    SMALL_SIZE,
    TEXT_SIZE,
    label,
    label_axis,
    label_width,
    literal,
    plain,
    text,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_CLASSES = 20
FEW_CLASSES = 5
LEAST_SHARE = 0.01
MOST_PAIRS = 12
LEAST_PAIRS = 6
SHORT_NAME = 18
FOLDED_SIZE = 7.0
NAMES_SHARE = 0.3  # of the width, for the names beside the matrix
MATRIX_SHARE = 0.82  # of the width, for the matrix and these names
NO_BREAK = "\N{NO-BREAK SPACE}"


def confused_pairs(table: Table) -> list[tuple[str, str, float, float]]:
    """Return true class, predicted class, weight and share of the true class of each error, most frequent first."""
    of_class: dict[str, float] = defaultdict(float)
    for true, weight in zip(table["true"], table["weight"], strict=True):
        of_class[true] += weight
    pairs = [
        (true, predicted, weight, weight / of_class[true])
        for true, predicted, weight in zip(table["true"], table["predicted"], table["weight"], strict=True)
        if true != predicted and weight > 0
    ]
    return sorted(pairs, key=lambda pair: -pair[2])


def confusion_title(diagnosis: Diagnosis) -> str:
    """Name the pair that is confused most often."""
    pairs = confused_pairs(diagnosis.tables["confusion"])
    if not pairs:
        return "No class is taken for another"
    true, predicted, weight, _ = pairs[0]
    of_class = class_names(diagnosis)
    names = [one_line(of_class[str(name)], 24) for name in (true, predicted)]
    if max(map(len, names)) <= SHORT_NAME:
        names = [name.replace(" ", NO_BREAK) for name in names]
    rows = count(weight)
    return f"Most confused: {names[0]} → {names[1]}, {rows} {'row' if rows == '1' else 'rows'}"


def draw_confusion(diagnosis: Diagnosis, ax: Axes) -> None:
    """Draw the matrix where it can be read, otherwise the pairs most often confused."""
    names = class_names(diagnosis)
    if len(names) <= MOST_CLASSES:
        _draw_matrix(diagnosis.tables["confusion"], names, ax)
    else:
        _draw_pairs(diagnosis.tables["confusion"], names, ax)


def _draw_matrix(table: Table, names: dict[str, str], ax: Axes) -> None:
    """Draw shares of each true class: errors in orange, hits in blue, darker for more, with the number in each cell."""
    from matplotlib.patches import Rectangle

    labels = list(names)
    place = {name: index for index, name in enumerate(labels)}
    of_class: dict[str, float] = defaultdict(float)
    for true, weight in zip(table["true"], table["weight"], strict=True):
        of_class[str(true)] += weight
    n_classes = len(labels)
    size = min(TEXT_SIZE, 85 / n_classes)
    if n_classes <= FEW_CLASSES:
        found = set(zip(table["true"], table["predicted"], strict=True))
        for row, column in product(range(n_classes), repeat=2):
            if (labels[row], labels[column]) not in found:
                ax.text(column, row, "0", ha="center", va="center", in_layout=False, **text(size, MUTED))
    for true, predicted, weight in zip(table["true"], table["predicted"], table["weight"], strict=True):
        row, column = place[str(true)], place[str(predicted)]
        share = weight / of_class[str(true)]
        color, ink = _shade(share, hit=row == column)
        ax.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=color, edgecolor=PAPER, linewidth=0.8))
        words = f"{count(weight)}\n{percent(share)}" if n_classes <= FEW_CLASSES else f"{100 * share:.0f}"
        if n_classes <= FEW_CLASSES or share >= LEAST_SHARE:
            ax.text(column, row, words, ha="center", va="center", in_layout=False, **text(size, ink))
    ax.set_xlim(-0.5, n_classes - 0.5)
    ax.set_ylim(n_classes - 0.5, -0.5)
    plain(ax)
    ax.spines["left"].set_visible(False)
    ax.spines["bottom"].set_visible(False)
    size = min(TEXT_SIZE, 110 / n_classes)
    ax.tick_params(axis="both", length=0, labelsize=size, labelcolor=INK)
    width = ax.get_window_extent().width
    fitted = [_fitted(ax, name, NAMES_SHARE * width, size) for name in names.values()]
    short = [name for name, _ in fitted]
    ax.set_yticks(range(n_classes), short)
    if n_classes <= FEW_CLASSES:
        room = (MATRIX_SHARE * width - max(taken for _, taken in fitted)) / n_classes
        folded = [_fitted(ax, name, room, FOLDED_SIZE, fold=True)[0] for name in names.values()]
        ax.set_xticks(range(n_classes), folded, fontsize=FOLDED_SIZE)
    else:
        ax.set_xticks(range(n_classes), short, rotation=90 if max(map(len, short)) > 2 else 0)
    label_axis(ax, x="predicted", y="true" if n_classes <= FEW_CLASSES else "true (each row in percent)")


def _fitted(ax: Axes, name: str, room: float, size: float, *, fold: bool = False) -> tuple[str, float]:
    """Write a name, folded once or not, with as many letters as fit into `room` pixels; return its width as well."""
    probe = ax.text(0.0, 0.0, "", fontsize=size, in_layout=False)
    give_font(probe, literal(name))
    taken = 0.0
    for letters in range(label_width(ax, 2 * room / ax.get_window_extent().width, size), 0, -1):
        cut = one_line(name, max(2 * letters - 2, 1) if fold else letters)
        probe.set_text(literal("\n".join(wrap(cut, letters)) if fold else cut))
        taken = probe.get_window_extent().width
        if taken <= room:
            break
    probe.remove()
    return probe.get_text(), taken


def _draw_pairs(table: Table, names: dict[str, str], ax: Axes) -> None:
    """Draw the pairs most often confused as bars."""
    pairs = confused_pairs(table)[:MOST_PAIRS]
    for row, (_, _, weight, share) in enumerate(pairs):
        ax.barh(row, weight, height=0.45, color=ORANGE)
        ax.annotate(
            f"{count(weight)}  ({percent(share)})",
            (weight, row),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            **text(SMALL_SIZE),
        )
    ax.set_ylim(max(len(pairs), LEAST_PAIRS) - 0.4, -0.6)
    width = label_width(ax, 0.42, SMALL_SIZE) // 2
    written = [" → ".join(label(names[str(name)], width) for name in pair[:2]) for pair in pairs]
    ax.set_yticks(range(len(pairs)), written)
    plain(ax, x_axis=False)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0, labelsize=SMALL_SIZE, labelcolor=INK)
    label_axis(ax, x="rows (share of the true class)")


def _shade(share: float, hit: bool) -> tuple[tuple[float, ...], str]:
    """Return the colour of a cell and the ink that reads on it."""
    from matplotlib.colors import to_rgb

    dark = to_rgb("#1f4e73" if hit else "#a8560f")
    strength = 0.06 + 0.94 * min(share, 1.0) ** 0.7
    color = tuple(1 - strength * (1 - channel) for channel in dark)
    return color, PAPER if strength > 0.55 else INK
