"""The rows that carry most of the loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sklearn_lossacc.findings.diagnosis import Diagnosis
from sklearn_lossacc.findings.format import nats, percent
from sklearn_lossacc.plots.names import class_names
from sklearn_lossacc.plots.style import (
    INK,
    MUTED,
    ORANGE,
    SMALL_SIZE,
    TEXT_SIZE,
    cost_bar,
    label,
    label_axis,
    label_width,
    plain,
    shifted,
    text,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_ROWS = 12
LEAST_ROWS = 6
INDEX_WIDTH = 9


def draw_rows(diagnosis: Diagnosis, ax: Axes) -> None:
    """Draw the loss of the worst rows; index and classes stand at the left, the share of the loss at the right."""
    table = diagnosis.tables["rows_loss"]
    n_rows = min(MOST_ROWS, len(table["index"]))
    shown = zip(table["loss"][:n_rows], table["p_true"], strict=False)
    largest = max((loss for loss, p_true in shown if p_true > 0 and loss > 0), default=1.0)
    width = (label_width(ax, 0.42, SMALL_SIZE) - INDEX_WIDTH) // 2
    of_class = class_names(diagnosis)
    names = []
    for row in range(n_rows):
        loss, finite = table["loss"][row], table["p_true"][row] > 0
        if finite:
            ax.barh(row, loss, height=0.45, color=ORANGE)
        else:
            ax.barh(row, 1.1 * largest, height=0.45, **cost_bar())
        share = percent(table["loss_share"][row])
        for words, color, points in ((nats(loss) if finite else "∞", INK, 34), (share, MUTED, 74)):
            column = shifted(ax, ax.get_yaxis_transform(), x=points)
            ax.text(1.0, row, words, transform=column, ha="right", va="center", **text(SMALL_SIZE, color))
        pair = (str(table[name][row]) for name in ("y_true", "y_pred"))
        true, predicted = (label(of_class.get(name, name), max(width, 4)) for name in pair)
        names.append(f"{table['index'][row]}:  {true} → {predicted}")
    ax.set_ylim(max(n_rows, LEAST_ROWS) - 0.4, -0.6)
    ax.set_xlim(0, largest * (1.1 if 0 in table["p_true"][:n_rows] else 1.02))
    ax.set_yticks(range(n_rows), names)
    plain(ax)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0, labelsize=min(TEXT_SIZE, SMALL_SIZE), labelcolor=INK)
    label_axis(ax, x="loss (nats), and share of all loss")
    if not n_rows:
        ax.text(0.5, 0.5, "no rows", transform=ax.transAxes, ha="center", **text(TEXT_SIZE, MUTED))
