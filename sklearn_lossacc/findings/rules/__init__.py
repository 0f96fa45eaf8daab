"""The rule table: one small file a family, one row a rule."""

from sklearn_lossacc.findings.rules.baselines import (
    IMBALANCE,
    NO_BETTER_THAN_MAJORITY,
    NO_BETTER_THAN_PRIOR,
    WORSE_THAN_CHANCE,
)
from sklearn_lossacc.findings.rules.class_bias import CLASS_BIAS
from sklearn_lossacc.findings.rules.confidence import OVERCONFIDENT, UNDERCONFIDENT
from sklearn_lossacc.findings.rules.dependence import DEPENDENT
from sklearn_lossacc.findings.rules.export import DOUBLE_SOFTMAX, INFINITE_LOSS
from sklearn_lossacc.findings.rules.in_sample import IN_SAMPLE
from sklearn_lossacc.findings.rules.noise import NOISE
from sklearn_lossacc.findings.rules.outliers import OUTLIERS
from sklearn_lossacc.findings.rules.samples import TOO_FEW
from sklearn_lossacc.findings.rules.shape import SHAPE
from sklearn_lossacc.findings.rules.threshold import THRESHOLD
from sklearn_lossacc.findings.rules.uneven import UNEVEN

RULES = (
    INFINITE_LOSS,
    DOUBLE_SOFTMAX,
    TOO_FEW,
    DEPENDENT,
    IN_SAMPLE,
    OVERCONFIDENT,
    UNDERCONFIDENT,
    CLASS_BIAS,
    SHAPE,
    OUTLIERS,
    NOISE,
    UNEVEN,
    WORSE_THAN_CHANCE,
    NO_BETTER_THAN_PRIOR,
    NO_BETTER_THAN_MAJORITY,
    IMBALANCE,
    THRESHOLD,
)

__all__ = ["RULES"]
