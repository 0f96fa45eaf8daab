"""A rule about a pair of models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sklearn_lossacc.findings.comparison.evidence import PairEvidence
from sklearn_lossacc.findings.finding import Severity
from sklearn_lossacc.findings.verdict import Verdict


@dataclass(frozen=True)
class ComparisonRule:
    """One rule: its identity and the function that judges a pair.

    Attributes
    ----------
    code, name : str
        Stable identity.
    severity : {"error", "warning", "tip"}
        How much a firing matters.
    judge : callable
        ``judge(pair) -> Verdict``.
    """

    code: str
    name: str
    severity: Severity
    judge: Callable[[PairEvidence], Verdict]
