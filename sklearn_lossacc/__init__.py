"""Why loss and accuracy disagree, and how to repair it."""

from sklearn_lossacc.adapters import read_predictions
from sklearn_lossacc.findings import Diagnosis, Finding, diagnose
from sklearn_lossacc.statistics import PredictionSummary, summarize

__all__ = [
    "Diagnosis",
    "Finding",
    "PredictionSummary",
    "diagnose",
    "read_predictions",
    "summarize",
]
