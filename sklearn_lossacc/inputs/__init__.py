"""What we were given, checked once."""

from sklearn_lossacc.inputs.checks import SUM_TOLERANCE
from sklearn_lossacc.inputs.flags import check_flag, check_flags
from sklearn_lossacc.inputs.history import EvaluationSet, LeftOut, Match, TrainingHistory
from sklearn_lossacc.inputs.labels import check_target, match_classes
from sklearn_lossacc.inputs.predictions import Block, Predictions
from sklearn_lossacc.inputs.response import Response, from_estimator
from sklearn_lossacc.inputs.scores import Scores

__all__ = [
    "SUM_TOLERANCE",
    "Block",
    "EvaluationSet",
    "LeftOut",
    "Match",
    "Predictions",
    "Response",
    "Scores",
    "TrainingHistory",
    "check_flag",
    "check_flags",
    "check_target",
    "from_estimator",
    "match_classes",
]
