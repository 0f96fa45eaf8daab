"""One number each: metrics with scikit-learn's signatures, and the scorers made of them."""

from sklearn_lossacc.metrics.accuracy import accuracy_score
from sklearn_lossacc.metrics.brier_score import brier_score_loss
from sklearn_lossacc.metrics.log_loss import log_loss
from sklearn_lossacc.metrics.scorers import Scorer, get_scorer, get_scorer_names

__all__ = ["Scorer", "accuracy_score", "brier_score_loss", "get_scorer", "get_scorer_names", "log_loss"]
