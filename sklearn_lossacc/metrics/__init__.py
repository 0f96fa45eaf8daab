"""One number each: metrics with scikit-learn's signatures, and the scorers made of them."""

from sklearn_lossacc.metrics.accuracy import accuracy_score, confidence_gap
from sklearn_lossacc.metrics.brier_score import brier_score_loss, d2_brier_score
from sklearn_lossacc.metrics.calibration_error import (
    debiased_calibration_error,
    expected_calibration_error,
    ks_calibration_error,
    smooth_calibration_error,
)
from sklearn_lossacc.metrics.corp import CorpDecomposition, corp_decomposition
from sklearn_lossacc.metrics.label_noise_rate import label_noise_rate
from sklearn_lossacc.metrics.label_quality import label_quality
from sklearn_lossacc.metrics.log_loss import d2_log_loss_score, expected_log_loss, log_loss, log_loss_per_sample
from sklearn_lossacc.metrics.refinement import calibration_loss, refinement_loss, resolution
from sklearn_lossacc.metrics.scorer_table import get_scorer_names
from sklearn_lossacc.metrics.scorers import Scorer, get_scorer
from sklearn_lossacc.metrics.scoring import MultiScorer, lossacc_scoring
from sklearn_lossacc.metrics.spherical_score import spherical_score

__all__ = [
    "CorpDecomposition",
    "MultiScorer",
    "Scorer",
    "accuracy_score",
    "brier_score_loss",
    "calibration_loss",
    "confidence_gap",
    "corp_decomposition",
    "d2_brier_score",
    "d2_log_loss_score",
    "debiased_calibration_error",
    "expected_calibration_error",
    "expected_log_loss",
    "get_scorer",
    "get_scorer_names",
    "ks_calibration_error",
    "label_noise_rate",
    "label_quality",
    "log_loss",
    "log_loss_per_sample",
    "lossacc_scoring",
    "refinement_loss",
    "resolution",
    "smooth_calibration_error",
    "spherical_score",
]
