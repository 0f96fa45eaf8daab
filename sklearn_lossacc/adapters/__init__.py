"""The edge: files and other libraries, with lazy third-party imports."""

from sklearn_lossacc.adapters.prediction_files import read_predictions

__all__ = ["read_predictions"]
