"""``lossacc apply CALIBRATOR FILE``: calibrate exported predictions."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from sklearn_lossacc.adapters.calibrator_files import read_calibrator
from sklearn_lossacc.adapters.probability_files import write_probabilities
from sklearn_lossacc.adapters.score_files import FileScores, read_scores
from sklearn_lossacc.calibration import BaseCalibrator
from sklearn_lossacc.calibration.by_blocks import calibrated_blocks
from sklearn_lossacc.cli.files import write_whole
from sklearn_lossacc.cli.where import where
from sklearn_lossacc.exceptions import InvalidFileError
from sklearn_lossacc.findings.wording import counted
from sklearn_lossacc.inputs import Scores
from sklearn_lossacc.inputs.naming import counted_from

_WORDS = {"proba": "probabilities", "logits": "logits"}


def _check_fit(calibrator: BaseCalibrator, read: FileScores, options: argparse.Namespace) -> None:
    """Raise unless the scores are of the kind and the number that the calibrator was fitted with."""
    if read.input != calibrator.input:
        raise InvalidFileError(
            f"{options.file} holds {_WORDS[read.input]}, but {options.calibrator} was fitted with "
            f"{_WORDS[calibrator.input]}; where a name misleads, say what they are with input="
        )
    if read.n_columns != calibrator.n_features_in_:
        raise InvalidFileError(
            f"{options.file} has scores in {counted(read.n_columns, 'column')}, but {options.calibrator} was fitted "
            f"with {calibrator.n_features_in_}"
        )


def _calibrated(calibrator: BaseCalibrator, read: FileScores) -> Iterator[np.ndarray]:
    """Calibrate one block of rows after the other."""
    for first_row, block in read.blocks():
        with counted_from(first_row, len(block), read.shape[0]):
            yield from calibrated_blocks(calibrator, Scores.of_shape(block, input=read.input))


def run_apply(options: argparse.Namespace) -> int:
    """Read, calibrate and write.

    Parameters
    ----------
    options : Namespace
        The arguments of ``lossacc apply``.

    Returns
    -------
    int
        0.
    """
    output = Path(options.output)
    calibrator = read_calibrator(options.calibrator)
    read = read_scores(options.file, calibrator.classes_.tolist(), **where(options))
    _check_fit(calibrator, read, options)
    n_rows, blocks = read.shape[0], _calibrated(calibrator, read)
    write_whole(output, lambda draft: write_probabilities(draft, blocks, n_rows, calibrator.classes_))
    if options.json:
        classes = calibrator.classes_.tolist()
        print(json.dumps({"n_rows": n_rows, "classes": classes, "output": str(output)}, ensure_ascii=False))
    print(f"written: {output}", file=sys.stderr)
    return 0
