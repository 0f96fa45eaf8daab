"""Calibrators inside calibrators."""

from __future__ import annotations

from typing import TypeVar

from sklearn_lossacc.calibration.base import BaseCalibrator
from sklearn_lossacc.inputs import Predictions

__all__ = ["fit_inner"]

Inner = TypeVar("Inner", bound=BaseCalibrator)


def fit_inner(inner: Inner, predictions: Predictions) -> Inner:
    """Fit a calibrator as a part of another one, without a warning.

    Parameters
    ----------
    inner : BaseCalibrator
        Made with the input and the classes of `predictions`.
    predictions : Predictions
        What the outer calibrator learns from.

    Returns
    -------
    BaseCalibrator
        `inner`, fitted.
    """
    inner.n_features_in_ = 1 if predictions.scores.ndim == 1 else predictions.scores.shape[1]
    inner._fit_checked(predictions)
    return inner
