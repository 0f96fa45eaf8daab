"""The table of scorers: a scorer is added by a row."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from sklearn_lossacc.metrics.accuracy import accuracy_of, gap_of
from sklearn_lossacc.metrics.brier_score import brier_score_of, d2_brier_of
from sklearn_lossacc.metrics.calibration_error import (
    classwise_error_of,
    debiased_error_of,
    smooth_error_of,
    top_label_error_of,
)
from sklearn_lossacc.metrics.log_loss import d2_log_loss_of, log_loss_of
from sklearn_lossacc.metrics.refinement import calibration_of, refinement_of
from sklearn_lossacc.metrics.rows import Rows

__all__ = ["SCORERS", "ScorerRow", "get_scorer_names"]


class ScorerRow(NamedTuple):
    """What a scorer computes.

    Attributes
    ----------
    value : callable
        The metric, a function of `Rows`.
    sign : int
        1 if larger values of the metric are better, else -1.
    best : float
        Score of perfect predictions.
    of : str
        What is measured, in a few words.
    """

    value: Callable[[Rows], float]
    sign: int
    best: float
    of: str


def _size_of_gap(rows: Rows) -> float:
    """Return the size of the confidence gap."""
    return abs(gap_of(rows))


SCORERS: dict[str, ScorerRow] = {
    "accuracy": ScorerRow(accuracy_of, 1, 1.0, "labels that are predicted"),
    "neg_log_loss": ScorerRow(log_loss_of, -1, 0.0, "nats a label costs"),
    "neg_brier_score": ScorerRow(brier_score_of, -1, 0.0, "squared distance from the label"),
    "d2_log_loss": ScorerRow(d2_log_loss_of, 1, 1.0, "share of the prior's log loss that is saved"),
    "d2_brier": ScorerRow(d2_brier_of, 1, 1.0, "share of the prior's Brier score that is saved"),
    "neg_refinement_loss": ScorerRow(refinement_of, -1, 0.0, "log loss after the right temperature"),
    "neg_calibration_loss": ScorerRow(calibration_of, -1, 0.0, "log loss that the right temperature saves"),
    "neg_expected_calibration_error": ScorerRow(top_label_error_of, -1, 0.0, "gap of the likeliest class, in 15 bins"),
    "neg_classwise_calibration_error": ScorerRow(classwise_error_of, -1, 0.0, "gap of every class, in 15 bins"),
    "neg_smooth_calibration_error": ScorerRow(smooth_error_of, -1, 0.0, "gap of the likeliest class, smoothed"),
    "neg_debiased_calibration_error": ScorerRow(debiased_error_of, -1, 0.0, "gap beyond chance, root mean square"),
    "neg_confidence_gap": ScorerRow(_size_of_gap, -1, 0.0, "size of mean confidence minus accuracy"),
}


def get_scorer_names() -> list[str]:
    """List the names of the scorers.

    Returns
    -------
    list of str
        Sorted.

    Examples
    --------
    >>> from sklearn_lossacc import get_scorer_names
    >>> "neg_log_loss" in get_scorer_names()
    True
    """
    return sorted(SCORERS)
