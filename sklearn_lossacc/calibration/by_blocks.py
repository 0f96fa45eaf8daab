"""Calibrated probabilities block by block, for those who have no room, or no need, for all of them at once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sklearn_lossacc._numerics import one_blas_thread, row_blocks
from sklearn_lossacc.calibration.base import BaseCalibrator
from sklearn_lossacc.inputs import Scores

__all__ = ["BLOCK_ENTRIES", "calibrated_blocks"]

BLOCK_ENTRIES = 2**18


def calibrated_blocks(calibrator: BaseCalibrator, scores: Scores) -> Iterator[np.ndarray]:
    """Calibrate one block of rows after the other.

    Parameters
    ----------
    calibrator : BaseCalibrator
        Fitted to as many columns of the same `input`.
    scores : Scores
        Not yet checked; each block is when it is its turn.

    Yields
    ------
    ndarray of shape (n_block_rows, n_classes), float64
        What ``predict_proba`` returns for these rows.

    Raises
    ------
    InvalidPredictionsError
        If a row is unusable; rows count from the first of all.

    Examples
    --------
    >>> from sklearn_lossacc import TemperatureCalibrator
    >>> from sklearn_lossacc.calibration.by_blocks import calibrated_blocks
    >>> from sklearn_lossacc.inputs import Scores
    >>> P = [[0.1, 0.9]] * 4
    >>> calibrator = TemperatureCalibrator().fit(P, [1, 1, 1, 0])
    >>> [block.round(6).tolist()[0] for block in calibrated_blocks(calibrator, Scores.from_array(P))]
    [[0.25, 0.75]]
    """
    for rows in row_blocks(scores.n_rows, scores.n_classes, BLOCK_ENTRIES):
        scores.check_rows(rows)
        with one_blas_thread():
            proba = calibrator._apply(scores, rows)
        yield proba
