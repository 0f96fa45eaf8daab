"""The rules of histories: one small file a family, one row a rule."""

from sklearn_lossacc.findings.history.rules.bounds import IMPOSSIBLE, MISCALIBRATED
from sklearn_lossacc.findings.history.rules.divergence import ACCURACY_FALLS, DIVERGENCE, OVERFITTING
from sklearn_lossacc.findings.history.rules.gap import GAP
from sklearn_lossacc.findings.history.rules.log import LOG_DISAGREES, SEVERAL_RUNS
from sklearn_lossacc.findings.history.rules.plateau import ACCURACY_PLATEAU, CHANCE_PLATEAU, PRIOR_PLATEAU
from sklearn_lossacc.findings.history.rules.selection import BEST_EPOCHS, STILL_IMPROVING, WITHIN_NOISE
from sklearn_lossacc.findings.history.rules.stability import UNSTABLE

HISTORY_RULES = (
    DIVERGENCE,
    OVERFITTING,
    CHANCE_PLATEAU,
    UNSTABLE,
    ACCURACY_PLATEAU,
    ACCURACY_FALLS,
    BEST_EPOCHS,
    STILL_IMPROVING,
    IMPOSSIBLE,
    WITHIN_NOISE,
    PRIOR_PLATEAU,
    GAP,
    MISCALIBRATED,
    SEVERAL_RUNS,
    LOG_DISAGREES,
)

__all__ = ["HISTORY_RULES"]
