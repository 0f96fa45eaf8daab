"""What a rule says before the rules are judged together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sklearn_lossacc.findings.evidence import Evidence
from sklearn_lossacc.findings.finding import Severity


@dataclass(frozen=True)
class Verdict:
    """The answer of one rule, before Holm's correction.

    Attributes
    ----------
    holds : bool
        For a condition: it is met. For a statistical rule: the effect is attributed to this cause and material.
    fired, passed, advice : str
        The headline in either case and the advice when fired.
    value, interval, threshold, could_be : optional numbers
        Effect, its 95 % interval, the effect that counts, and the largest effect that the data leave open.
    p_value : float or None
        Larger of gate and attribution p-value; None makes the rule a condition.
    evidence : mapping
        Every number used.
    not_applicable : str or None
        Why the question cannot be asked of these data.
    severity : optional
        Overrides the rule's severity.
    """

    holds: bool = False
    fired: str = ""
    passed: str = ""
    advice: str = ""
    value: float | None = None
    interval: tuple[float, float] | None = None
    threshold: float | None = None
    could_be: float | None = None
    p_value: float | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    not_applicable: str | None = None
    severity: Severity | None = None


def not_applicable(reason: str, **evidence: Any) -> Verdict:
    """Return the verdict of a rule whose question cannot be asked."""
    return Verdict(not_applicable=reason, evidence=evidence)


@dataclass(frozen=True)
class Rule:
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
    judge: Callable[[Evidence], Verdict]
