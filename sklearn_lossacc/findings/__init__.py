"""Numbers to judgements: the rules, what they find, and the diagnosis that collects it."""

from sklearn_lossacc.findings.decomposition import Decomposition, Part
from sklearn_lossacc.findings.diagnose import diagnose
from sklearn_lossacc.findings.diagnosis import Diagnosis
from sklearn_lossacc.findings.finding import Estimate, Finding

__all__ = ["Decomposition", "Diagnosis", "Estimate", "Finding", "Part", "diagnose"]
