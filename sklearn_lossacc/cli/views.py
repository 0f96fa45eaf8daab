"""The views of a report as files."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from sklearn_lossacc.cli.fail_on import exit_code
from sklearn_lossacc.cli.files import write_whole

if TYPE_CHECKING:
    from sklearn_lossacc.report import ComparisonReport, HistoryReport, LossAccuracyReport


class Report(Protocol):
    """What has the views: a page, a text, and a picture."""

    def to_html(self, path: Path) -> object:
        """Write the page."""

    def to_markdown(self) -> str:
        """Return the text."""

    def plot(self, ax: Any) -> object:
        """Draw into one axes, which is divided."""


def _write_html(report: Report, path: Path) -> None:
    """Write the page."""
    report.to_html(path)


def _write_markdown(report: Report, path: Path) -> None:
    """Write the Markdown text."""
    path.write_text(report.to_markdown(), encoding="utf-8")


def _write_png(report: Report, path: Path) -> None:
    """Draw the figure, without pyplot."""
    from sklearn_lossacc.plots import new_figure
    from sklearn_lossacc.plots.comparison import check_comparison_panels, new_comparison_figure
    from sklearn_lossacc.plots.history import new_history_figure
    from sklearn_lossacc.report import ComparisonReport, HistoryReport

    if isinstance(report, ComparisonReport):
        figure, ax = new_comparison_figure(len(check_comparison_panels(None, report.diagnosis_)))
    else:
        figure, ax = new_history_figure() if isinstance(report, HistoryReport) else new_figure()
    report.plot(ax)
    figure.savefig(path, format="png", dpi=120)


_WRITERS: dict[str, Callable[[Report, Path], None]] = {
    "html": _write_html,
    "markdown": _write_markdown,
    "png": _write_png,
}


def write_view(report: Report, kind: str, path: str | Path) -> Path:
    """Write one view of a report, whole or not at all.

    Parameters
    ----------
    report : LossAccuracyReport, HistoryReport or ComparisonReport
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
    return write_whole(path, lambda draft: _WRITERS[kind](report, draft))


def show(report: LossAccuracyReport | HistoryReport | ComparisonReport, options: argparse.Namespace) -> int:
    """Print what was found, write the views of a report that were asked for, and say where they are.

    Parameters
    ----------
    report : LossAccuracyReport, HistoryReport or ComparisonReport
        What to show.
    options : Namespace
        With ``html``, ``markdown`` and ``png``, a path each, or None; ``json`` and ``fail_on``.

    Returns
    -------
    int
        0, or 1 when a finding reaches ``fail_on``.
    """
    try:
        print(report.to_json() if options.json else report.diagnosis_)
    finally:  # files are asked for, even if whoever reads the output has seen enough
        for kind in _WRITERS:
            path = getattr(options, kind)
            if path:
                print(f"written: {write_view(report, kind, path)}", file=sys.stderr)
    return exit_code(report.diagnosis_.issues, options.fail_on)
