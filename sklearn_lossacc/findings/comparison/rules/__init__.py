"""The rules of comparisons: one small file each."""

from sklearn_lossacc.findings.comparison.rules.disagree import DISAGREE
from sklearn_lossacc.findings.comparison.rules.few_samples import FEW_SAMPLES
from sklearn_lossacc.findings.comparison.rules.order_reversed import ORDER_REVERSED
from sklearn_lossacc.findings.comparison.rules.within_noise import WITHIN_NOISE

COMPARISON_RULES = (DISAGREE, FEW_SAMPLES, WITHIN_NOISE, ORDER_REVERSED)

__all__ = ["COMPARISON_RULES"]
