"""Errors and warnings that users may catch; every error is a ValueError."""

from __future__ import annotations

__all__ = [
    "CalibrationWarning",
    "ClassesMismatchError",
    "DataWarning",
    "InvalidFeaturesError",
    "InvalidFileError",
    "InvalidGroupsError",
    "InvalidHistoryError",
    "InvalidPredictionsError",
    "InvalidTargetError",
    "InvalidWeightsError",
    "LossAccError",
    "NotProbabilitiesError",
]


class LossAccError(ValueError):
    """Base of all errors raised by sklearn_lossacc."""


class InvalidPredictionsError(LossAccError):
    """The predictions cannot be used: wrong shape or type, missing or infinite entries."""


class NotProbabilitiesError(InvalidPredictionsError):
    """The predictions were declared probabilities, but rows are negative or do not sum to 1."""


class ClassesMismatchError(LossAccError):
    """The labels, the classes and the columns do not fit together."""


class InvalidTargetError(LossAccError):
    """The target is not one usable class label a row."""


class InvalidWeightsError(LossAccError):
    """The sample weights are not finite, non-negative numbers with a positive sum."""


class InvalidGroupsError(LossAccError):
    """The groups are not one usable group label a row."""


class InvalidFeaturesError(LossAccError):
    """The features do not have one row for each row of the predictions."""


class InvalidFileError(LossAccError):
    """A file does not hold what was expected of it."""


class InvalidHistoryError(LossAccError):
    """A training log cannot be read in exactly one way, or its numbers are no losses and accuracies."""


class CalibrationWarning(UserWarning):
    """A calibrator was fitted, but its outcome is not `converged`."""


class DataWarning(UserWarning):
    """The data are usable, but a part of the question cannot be answered from them."""
