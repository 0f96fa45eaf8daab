"""The views of a diagnosis as files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sklearn_lossacc.cli.files import write_whole
from sklearn_lossacc.findings import Diagnosis


def _write_html(diagnosis: Diagnosis, path: Path) -> None:
    """Write the page."""
    from sklearn_lossacc.report import LossAccuracyReport

    LossAccuracyReport(diagnosis).to_html(path)


def _write_markdown(diagnosis: Diagnosis, path: Path) -> None:
    """Write the Markdown text."""
    from sklearn_lossacc.report import LossAccuracyReport

    path.write_text(LossAccuracyReport(diagnosis).to_markdown(), encoding="utf-8")


def _write_png(diagnosis: Diagnosis, path: Path) -> None:
    """Draw all panels, without pyplot."""
    from sklearn_lossacc.plots import draw, new_figure

    figure, ax = new_figure()
    draw(diagnosis, ax)
    figure.savefig(path, format="png", dpi=120)


_WRITERS: dict[str, Callable[[Diagnosis, Path], None]] = {
    "html": _write_html,
    "markdown": _write_markdown,
    "png": _write_png,
}
KINDS = tuple(_WRITERS)


def write_view(diagnosis: Diagnosis, kind: str, path: str | Path) -> Path:
    """Write one view of a diagnosis, whole or not at all.

    Parameters
    ----------
    diagnosis : Diagnosis
        What to show.
    kind : {"html", "markdown", "png"}
        As what.
    path : path-like
        Where.

    Returns
    -------
    Path
        The file's place.
    """
    return write_whole(path, lambda draft: _WRITERS[kind](diagnosis, draft))
