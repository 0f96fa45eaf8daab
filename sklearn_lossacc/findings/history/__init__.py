"""Training logs to judgements: the rules LA501 to LA515, and the diagnosis that collects them."""

from sklearn_lossacc.findings.history.diagnosis import HistoryDiagnosis
from sklearn_lossacc.findings.history.rules import HISTORY_RULES

__all__ = ["HISTORY_RULES", "HistoryDiagnosis"]
