"""Calibrators inside calibrators."""

from __future__ import annotations

from typing import TypeVar

from sklearn_lossacc.calibration.base import BaseCalibrator
from sklearn_lossacc.inputs import Predictions

__all__ = ["fit_inner"]

Inner = TypeVar("Inner", bound=BaseCalibrator)


def fit_inner(inner: Inner, outer: BaseCalibrator, predictions: Predictions) -> Inner:
    """Fit a calibrator as a part of another one, without a warning.

    Parameters
    ----------
    inner : BaseCalibrator
        Made with the `input` of `outer` and the classes of `predictions`.
    outer : BaseCalibrator
        Whose `fit` is running.
    predictions : Predictions
        What the outer calibrator learns from.

    Returns
    -------
    BaseCalibrator
        `inner`, fitted.
    """
    inner.n_features_in_ = outer.n_features_in_
    inner._fit_checked(predictions)
    return inner
