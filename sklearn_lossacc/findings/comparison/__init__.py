"""Two or more models to judgements: the rules LA601 to LA604, and the diagnosis that collects them."""

from sklearn_lossacc.findings.comparison.diagnosis import ComparisonDiagnosis
from sklearn_lossacc.findings.comparison.rules import COMPARISON_RULES

__all__ = ["COMPARISON_RULES", "ComparisonDiagnosis"]
