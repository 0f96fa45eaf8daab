"""``lossacc report FILE``: diagnose exported predictions."""

from __future__ import annotations

import argparse
from pathlib import Path

from sklearn_lossacc.adapters import summarize_predictions
from sklearn_lossacc.cli.views import show
from sklearn_lossacc.cli.where import where
from sklearn_lossacc.findings import Diagnosis
from sklearn_lossacc.report import LossAccuracyReport


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
    summary = summarize_predictions(
        options.file, **where(options), train_prior=options.train_prior, out_of_sample=not options.in_sample
    )
    diagnosis = Diagnosis.from_summary(
        summary,
        alpha=options.alpha,
        ignore=options.ignore,
        name=options.name or Path(options.file).name,
    )
    return show(LossAccuracyReport(diagnosis), options)
