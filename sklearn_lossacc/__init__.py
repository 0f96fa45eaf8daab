"""Why loss and accuracy disagree, and how to repair it."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sklearn_lossacc import metrics
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
from sklearn_lossacc.metrics import get_scorer, get_scorer_names, lossacc_scoring
from sklearn_lossacc.statistics import PredictionSummary, summarize

if TYPE_CHECKING:
    from sklearn_lossacc.adapters import read_history, read_predictions
    from sklearn_lossacc.inputs import TrainingHistory
    from sklearn_lossacc.report import ComparisonReport, EpochRecorder, HistoryReport, LossAccuracyReport

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

# Reports and readers are loaded when they are first asked for: a scorer in a worker process needs none of them.
_LATER = {
    "ComparisonReport": "report",
    "EpochRecorder": "report",
    "HistoryReport": "report",
    "LossAccuracyReport": "report",
    "TrainingHistory": "inputs",
    "read_history": "adapters",
    "read_predictions": "adapters",
}


def __getattr__(name: str) -> Any:
    """Load a public name on first use."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted({*globals(), *__all__})
