"""The picture put together: two panels, their titles, a key, and the header."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn_lossacc.findings.format import count, nats, one_line, percent
from sklearn_lossacc.findings.history import HistoryDiagnosis
from sklearn_lossacc.findings.history.wording import description, metric, verdict
from sklearn_lossacc.plots.figure import frame_axes
from sklearn_lossacc.plots.header import HEADER_POINTS, draw_header
from sklearn_lossacc.plots.history.curves import best_row, draw_accuracy, draw_loss, rise_row
from sklearn_lossacc.plots.layout import Cell, clear_axes
from sklearn_lossacc.plots.marks import draw_key
from sklearn_lossacc.plots.style import INK, MUTED, OWN_FIGURE
from sklearn_lossacc.plots.svg import PanelPicture, picture_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE = (8.6, 6.4)
PAGE_SIZE = (7.6, 5.2)
SHARES = (1.5, 1.0)
GAP = 14.0
BESIDE_THE_RISE = {"rose": "Accuracy rises all the same", "held": "Accuracy does not fall with it"}


def loss_title(diagnosis: HistoryDiagnosis) -> str:
    """Say what the loss does."""
    counted = diagnosis.description["counted"]
    start = rise_row(diagnosis)
    if start is not None:
        since = f"{counted} {diagnosis.tables['rows']['epoch'][start]:g}"
        change = diagnosis["LA501"].evidence["loss_after"] - diagnosis["LA501"].evidence["loss_before"]
        return f"Loss rises by {nats(change)} nats since {since}"
    for code, words in (
        ("LA503", "Loss no better than chance"),
        ("LA511", "Loss stays at that of the class frequencies"),
        ("LA504", "Loss is unstable"),
        ("LA508", "Loss still falls"),
    ):
        if diagnosis[code].status == "fired":
            return words
    last = diagnosis.metrics.get("last_val_loss")
    if last is None:
        return "Loss"
    one = diagnosis.description["n_rows"] == 1
    bounds = diagnosis["LA513"]
    side = bounds.evidence.get("side") if one or bounds.status == "fired" else None
    words = f", {side} what calibrated models can have" if side else ""
    return f"Loss {'' if one else 'ends at '}{metric(diagnosis, 'last_val_loss')}{words}"


def accuracy_title(diagnosis: HistoryDiagnosis) -> str:
    """Say what the accuracy does."""
    rises = diagnosis["LA501"]
    if rises.status == "fired":
        direction = rises.evidence["accuracy_direction"]
        return BESIDE_THE_RISE.get(direction, "Whether accuracy falls with it cannot be told")
    for code, words in (
        ("LA502", "Accuracy falls with it"),
        ("LA505", "Accuracy stands still"),
        ("LA506", "Accuracy falls while the loss improves"),
    ):
        if diagnosis[code].status == "fired":
            return words
    last = diagnosis.metrics.get("last_val_accuracy")
    if last is None:
        return "Accuracy"
    return f"Accuracy {'ends at ' if diagnosis.description['n_rows'] > 1 else ''}{percent(last.value)}"


def new_history_figure(size: tuple[float, float] = SIZE) -> tuple[Figure, Axes]:
    """Make a figure outside pyplot, with one axes to divide."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, dpi=100, **OWN_FIGURE)
    return figure, frame_axes(figure)


def pyplot_history_axes() -> Axes:
    """Make a figure that pyplot shows, with one axes to divide."""
    from matplotlib import pyplot

    return frame_axes(pyplot.figure(figsize=SIZE, **OWN_FIGURE))


def draw_history(diagnosis: HistoryDiagnosis, ax: Axes, *, header: bool = True) -> dict[str, Axes]:
    """Draw loss and accuracy inside one axes, which is switched off and divided.

    Parameters
    ----------
    diagnosis : HistoryDiagnosis
        What to draw.
    ax : Axes
        Where to draw it.
    header : bool, default=True
        Whether name, verdict and description are written above.

    Returns
    -------
    dict of str to Axes
        ``loss`` and ``accuracy``.
    """
    clear_axes(ax)
    top = 1.0
    if header:
        height = ax.get_window_extent().height * 72 / ax.figure.dpi
        top = 1.0 - min(HEADER_POINTS / max(height, 1.0), 0.4)
        draw_header(ax, diagnosis.name, description(diagnosis), verdict(diagnosis))
    cell = Cell(ax, bounds=(0.0, 0.0, 1.0, top), shares=SHARES, gap=GAP)
    above, below = cell.make()
    explained = draw_loss(diagnosis, above)
    explained = {**draw_accuracy(diagnosis, below), **explained}
    above.tick_params(axis="x", labelbottom=False)
    _mark_turns(diagnosis, above, below)
    panel_words(above, loss_title(diagnosis))
    panel_words(below, accuracy_title(diagnosis))
    _draw_key(diagnosis, below, explained)
    return {"loss": above, "accuracy": below}


def panel_words(ax: Axes, words: str) -> None:
    """Write what a panel shows above it, at the left."""
    ax.set_title(words, loc="left", pad=6, fontsize=10.5, fontweight="bold", color=INK)


def _mark_turns(diagnosis: HistoryDiagnosis, *axes: Axes) -> None:
    """Draw thin lines through both panels at the best epochs."""
    epochs = diagnosis.tables["rows"]["epoch"]
    if len(epochs) < 2:
        return
    for criterion in ("lowest validation loss", "highest validation accuracy"):
        row = best_row(diagnosis, criterion)
        if row is not None:
            for ax in axes:
                ax.axvline(epochs[row], color=MUTED, linewidth=0.7, linestyle=(0, (1, 3)), zorder=2.5)


def _draw_key(diagnosis: HistoryDiagnosis, ax: Axes, explained: dict[str, Any]) -> None:
    """Explain the bands."""
    n_val = diagnosis.description["n_val"]
    words = {
        "calibrated": "where calibrated models of that accuracy lie",
        "noise": f"95 % noise of {count(n_val)} rows",
        "rise": "rise of the loss",
    }
    handles = []
    for name in words:
        if name in explained:
            handle = explained[name]
            handle = handle[0] if hasattr(handle, "patches") else handle
            handle.set_label(words[name])
            handles.append(handle)
    if handles:
        draw_key(ax, handles)


def alt_text(diagnosis: HistoryDiagnosis) -> str:
    """Describe the picture for those who do not see it."""
    return one_line(
        f"Loss above, accuracy below, over {count(diagnosis.description['n_rows'])} evaluations. "
        f"{loss_title(diagnosis)}. {accuracy_title(diagnosis)}. {verdict(diagnosis)}"
    )


def history_picture(diagnosis: HistoryDiagnosis) -> PanelPicture:
    """Draw the picture as SVG for a page, without pyplot; the header is left to the page.

    Parameters
    ----------
    diagnosis : HistoryDiagnosis
        What to draw.

    Returns
    -------
    PanelPicture
    """
    figure, ax = new_history_figure(PAGE_SIZE)
    draw_history(diagnosis, ax, header=False)
    return picture_of(figure, "history", "Loss and accuracy over training", alt_text(diagnosis))
