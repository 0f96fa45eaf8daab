"""Why loss and accuracy disagree, and how to repair it."""

from sklearn_lossacc import metrics
from sklearn_lossacc.adapters import read_history, read_predictions
from sklearn_lossacc.calibration import (
    AutoCalibrator,
    BetaCalibrator,
    CalibratedClassifier,
    DirichletCalibrator,
    EnsembleTemperatureCalibrator,
    HistogramCalibrator,
    IdentityCalibrator,
    IsotonicCalibrator,
    MatrixCalibrator,
    PriorShiftCalibrator,
    SigmoidCalibrator,
    SplineCalibrator,
    TemperatureCalibrator,
    VectorCalibrator,
    VennAbersCalibrator,
)
from sklearn_lossacc.findings import Diagnosis, Finding, diagnose
from sklearn_lossacc.inputs import TrainingHistory
from sklearn_lossacc.metrics import get_scorer, get_scorer_names, lossacc_scoring
from sklearn_lossacc.report import ComparisonReport, EpochRecorder, HistoryReport, LossAccuracyReport
from sklearn_lossacc.statistics import PredictionSummary, summarize

__all__ = [
    "AutoCalibrator",
    "BetaCalibrator",
    "CalibratedClassifier",
    "ComparisonReport",
    "Diagnosis",
    "DirichletCalibrator",
    "EnsembleTemperatureCalibrator",
    "EpochRecorder",
    "Finding",
    "HistogramCalibrator",
    "HistoryReport",
    "IdentityCalibrator",
    "IsotonicCalibrator",
    "LossAccuracyReport",
    "MatrixCalibrator",
    "PredictionSummary",
    "PriorShiftCalibrator",
    "SigmoidCalibrator",
    "SplineCalibrator",
    "TemperatureCalibrator",
    "TrainingHistory",
    "VectorCalibrator",
    "VennAbersCalibrator",
    "diagnose",
    "get_scorer",
    "get_scorer_names",
    "lossacc_scoring",
    "metrics",
    "read_history",
    "read_predictions",
    "summarize",
]
