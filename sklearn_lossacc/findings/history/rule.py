"""A rule about a history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sklearn_lossacc.findings.finding import Severity
from sklearn_lossacc.findings.history.evidence import HistoryEvidence
from sklearn_lossacc.findings.verdict import Verdict


@dataclass(frozen=True)
class HistoryRule:
    """One rule: its identity and the function that judges it.

    Attributes
    ----------
    code, name : str
        Stable identity.
    severity : {"error", "warning", "tip"}
        How much a firing matters.
    judge : callable
        ``judge(evidence) -> Verdict``.
    """

    code: str
    name: str
    severity: Severity
    judge: Callable[[HistoryEvidence], Verdict]
