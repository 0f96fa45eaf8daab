"""The edge: files and other libraries, with lazy third-party imports."""

from sklearn_lossacc.adapters.histories import read_history
from sklearn_lossacc.adapters.prediction_files import read_predictions
from sklearn_lossacc.adapters.prediction_summaries import summarize_predictions

__all__ = ["read_history", "read_predictions", "summarize_predictions"]
