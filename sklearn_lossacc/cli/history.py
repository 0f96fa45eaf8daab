"""``lossacc history FILE``: diagnose a training log."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from sklearn_lossacc.adapters import read_history, read_predictions
from sklearn_lossacc.cli.views import show
from sklearn_lossacc.findings import Diagnosis, diagnose
from sklearn_lossacc.findings.history import HistoryDiagnosis
from sklearn_lossacc.report import HistoryReport

_NEXT_CURVE = re.compile(r",(?=\s*\w+=)")  # a comma within a column's name is followed by no curve


def read_columns(text: str) -> dict[str, str | None]:
    """Read ``val_loss=nll,val_accuracy=``; a curve without a column is left out.

    Parameters
    ----------
    text : str
        Curves and their columns.

    Returns
    -------
    dict of str to str or None
        What `read_history` takes as ``columns``.

    Raises
    ------
    argparse.ArgumentTypeError
        If a part has no equals sign.

    Examples
    --------
    >>> read_columns("val_loss=sun, 1 - nll,val_accuracy=")
    {'val_loss': 'sun, 1 - nll', 'val_accuracy': None}
    """
    columns: dict[str, str | None] = {}
    for part in _NEXT_CURVE.split(text):
        curve, equals, column = part.partition("=")
        if not equals or not curve.strip():
            raise argparse.ArgumentTypeError(f"{part!r} is not CURVE=COLUMN, such as val_loss=nll")
        columns[curve.strip()] = column.strip() or None
    return columns


def _final(path: str | None) -> Diagnosis | None:
    """Diagnose the predictions of the last epoch."""
    return None if path is None else diagnose(**read_predictions(path), name=Path(path).name)


def run_history(options: argparse.Namespace) -> int:
    """Read, judge, print and write.

    Parameters
    ----------
    options : Namespace
        The arguments of ``lossacc history``.

    Returns
    -------
    int
        0, or 1 when a finding reaches ``--fail-on``.
    """
    columns: dict[str, str | None] = {}
    for given in options.columns:
        columns |= given
    history = read_history(
        options.file, format=options.format, columns=columns, n_val=options.n_val, n_classes=options.n_classes
    )
    diagnosis = HistoryDiagnosis.from_history(
        history, _final(options.final), ignore=options.ignore, name=options.name or Path(options.file).name
    )
    return show(HistoryReport(diagnosis), options)
