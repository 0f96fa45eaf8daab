"""Every epoch of a training run by its validation predictions."""

from sklearn_lossacc.report.epochs.choice import EpochChoice
from sklearn_lossacc.report.epochs.recorder import EpochRecorder

__all__ = ["EpochChoice", "EpochRecorder"]
