"""``lossacc report FILE``: diagnose exported predictions."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sklearn_lossacc.cli.files import write_whole

if TYPE_CHECKING:
    from sklearn_lossacc.findings import Diagnosis

FAIL_ON = ("never", "tip", "warning", "error")
_FAILED = 1


def _reaches(diagnosis: Diagnosis, level: str) -> bool:
    """Whether a finding that fired is at least as severe as `level`."""
    if level == "never":
        return False
    return any(FAIL_ON.index(finding.severity) >= FAIL_ON.index(level) for finding in diagnosis.issues)


def _write_views(diagnosis: Diagnosis, options: argparse.Namespace) -> None:
    """Write the views that were asked for, and say on stderr where they are."""
    if not (options.html or options.markdown or options.png):
        return
    from sklearn_lossacc.report import LossAccuracyReport

    report = LossAccuracyReport(diagnosis)
    writers = {options.html: report.to_html, options.markdown: report.to_markdown, options.png: report.to_png}
    for path, write in writers.items():
        if path:
            print(f"written: {write_whole(path, write)}", file=sys.stderr)


def run_report(options: argparse.Namespace) -> int:
    """Read, diagnose, print and write.

    Parameters
    ----------
    options : Namespace
        The arguments of ``lossacc report``.

    Returns
    -------
    int
        0, or 1 when a finding reaches ``--fail-on``.
    """
    from sklearn_lossacc.adapters import read_predictions
    from sklearn_lossacc.findings import diagnose

    predictions = read_predictions(
        options.file,
        y=options.y,
        proba=options.proba,
        classes=options.classes,
        input=options.input,
        sample_weight=options.sample_weight,
        groups=options.groups,
    )
    diagnosis = diagnose(
        **predictions,
        out_of_sample=not options.in_sample,
        alpha=options.alpha,
        ignore=options.ignore,
        name=options.name or Path(options.file).name,
    )
    print(diagnosis.to_json() if options.json else diagnosis)
    _write_views(diagnosis, options)
    return _FAILED if _reaches(diagnosis, options.fail_on) else 0
