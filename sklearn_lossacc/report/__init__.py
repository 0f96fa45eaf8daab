"""What users hold: computed results with their views."""

from sklearn_lossacc.report.loss_accuracy_report import LossAccuracyReport

__all__ = ["LossAccuracyReport"]
