"""``lossacc compare A B``: compare exported predictions of several models."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sklearn_lossacc.adapters import read_predictions
from sklearn_lossacc.cli.views import show
from sklearn_lossacc.cli.where import where
from sklearn_lossacc.exceptions import InvalidFileError
from sklearn_lossacc.findings.comparison import ComparisonDiagnosis
from sklearn_lossacc.findings.wording import counted
from sklearn_lossacc.report import ComparisonReport

SHARED = ("y_true", "sample_weight", "groups")


def _model_names(files: Sequence[str], given: Sequence[str] | None) -> list[str]:
    """Name the models: as given, or by their files, with the folders where files have the same name."""
    if given is not None:
        if len(given) != len(files):
            raise InvalidFileError(f"--names has {counted(len(given), 'name')} for {counted(len(files), 'file')}")
        twice = next((name for name in given if given.count(name) > 1), None)
        if twice is not None:
            raise InvalidFileError(f"--names has {twice!r} more than once; every model needs its own name")
        return list(given)
    names = [Path(file).name for file in files]
    if len(set(names)) < len(names):
        names = [str(Path(file)) for file in files]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise InvalidFileError(f"{repeated[0]} is given more than once; name the models with --names to compare it so")
    return names


def _check_equal(first: Any, other: Any, what: str, file: str, first_file: str) -> None:
    """Raise unless two files hold the same labels, weights or groups, row by row."""
    a, b = np.asarray(first), np.asarray(other)
    must = "the files must hold the same rows in the same order"
    if a.shape != b.shape:
        raise InvalidFileError(f"{file}: {what} has {len(b)} rows, that of {first_file} has {len(a)}; {must}")
    differ = np.flatnonzero(a != b)
    if differ.size:
        row = int(differ[0])
        if a.dtype.kind != b.dtype.kind and np.array_equal(a.astype(str), b.astype(str)):
            raise InvalidFileError(
                f"{file}: {what} is as that of {first_file}, but one is text and the other is not ({b.tolist()[row]!r} "
                f"and {a.tolist()[row]!r}); save both as numbers, or both as text"
            )
        raise InvalidFileError(
            f"{file}: {what} differs from that of {first_file} in {differ.size} of {len(a)} rows, the first is row "
            f"{row} ({b[row]!s} and {a[row]!s}); {must}"
        )


def _shared(read: Sequence[dict[str, Any]], files: Sequence[str]) -> dict[str, Any]:
    """Return labels, weights and groups, which all files that have them must agree on."""
    found: dict[str, Any] = {}
    for keyword in SHARED:
        having = [
            (file, predictions[keyword])
            for file, predictions in zip(files, read, strict=True)
            if keyword in predictions
        ]
        for file, values in having[1:]:
            _check_equal(having[0][1], values, keyword, file, having[0][0])
        if having:
            found[keyword] = having[0][1]
    return found


def run_compare(options: argparse.Namespace) -> int:
    """Read, compare, print and write.

    Parameters
    ----------
    options : Namespace
        The arguments of ``lossacc compare``.

    Returns
    -------
    int
        0, or 1 when a finding reaches ``--fail-on``.

    Raises
    ------
    InvalidFileError
        If the files do not hold the same rows.
    """
    if len(options.files) < 2:
        raise InvalidFileError(f"a comparison needs at least two files, got {options.files[0]}; try lossacc report")
    names = _model_names(options.files, options.names)
    read = [read_predictions(file, **where(options)) for file in options.files]
    diagnosis = ComparisonDiagnosis.from_predictions(
        y_proba=list(zip(names, (predictions["y_proba"] for predictions in read), strict=True)),
        input={name: predictions["input"] for name, predictions in zip(names, read, strict=True)},
        classes={name: predictions.get("classes") for name, predictions in zip(names, read, strict=True)},
        reference=options.reference,
        alpha=options.alpha,
        ignore=options.ignore,
        name=options.name,
        **_shared(read, options.files),
    )
    return show(ComparisonReport(diagnosis), options)
