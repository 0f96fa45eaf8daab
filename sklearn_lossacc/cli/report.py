"""``lossacc report FILE``: diagnose exported predictions."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sklearn_lossacc.adapters import read_predictions
from sklearn_lossacc.cli.views import KINDS, write_view
from sklearn_lossacc.findings import Diagnosis, diagnose

FAIL_ON = ("never", "tip", "warning", "error")
_FAILED = 1


def _reaches(diagnosis: Diagnosis, level: str) -> bool:
    """Whether a finding that fired is at least as severe as `level`."""
    if level == "never":
        return False
    return any(FAIL_ON.index(finding.severity) >= FAIL_ON.index(level) for finding in diagnosis.issues)


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
    for kind in KINDS:
        path = getattr(options, kind)
        if path:
            print(f"written: {write_view(diagnosis, kind, path)}", file=sys.stderr)
    return _FAILED if _reaches(diagnosis, options.fail_on) else 0
