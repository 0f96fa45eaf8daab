"""What users hold: computed results with their views."""

from sklearn_lossacc.report.comparison_report import ComparisonReport
from sklearn_lossacc.report.epochs import EpochRecorder
from sklearn_lossacc.report.history_report import HistoryReport
from sklearn_lossacc.report.loss_accuracy_report import LossAccuracyReport

__all__ = ["ComparisonReport", "EpochRecorder", "HistoryReport", "LossAccuracyReport"]
