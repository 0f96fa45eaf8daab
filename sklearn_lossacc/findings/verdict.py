"""What a rule says before the rules are judged together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from sklearn_lossacc.findings.finding import Finding, Severity

DOC_URL = "https://sklearn-lossacc.github.io/findings/{code}.html"

E = TypeVar("E")


@dataclass(frozen=True)
class Verdict:
    """The answer of one rule, before Holm's correction.

    Attributes
    ----------
    holds : bool
        For a condition: it is met. For a statistical rule: the effect is attributed to this cause and material.
    fired, passed, advice : str
        The headline in either case and the advice when fired.
    small : str
        The headline where the effect is shown, but may be too small to count; empty where there is none.
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
    small: str = ""
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
class Rule(Generic[E]):
    """One rule: its identity and the function that judges what it is about (predictions, a history, a pair of models).

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
    judge: Callable[[E], Verdict]

    @property
    def url(self) -> str:
        """The rule's page."""
        return DOC_URL.format(code=self.code)

    def ignored(self) -> Finding:
        """Return the finding of a rule that was not judged."""
        return Finding(self.code, self.name, "ignored", self.severity, headline="Ignored on request.", url=self.url)

    def finding(
        self,
        verdict: Verdict,
        *,
        fired: bool,
        evidence: Mapping[str, Any],
        headline: str | None = None,
        advice: str | None = None,
    ) -> Finding:
        """Turn a verdict into a finding.

        Parameters
        ----------
        verdict : Verdict
            What the rule says.
        fired : bool
            Whether that holds beyond doubt.
        evidence : mapping
            Every number used.
        headline, advice : str, optional
            In place of the verdict's.

        Returns
        -------
        Finding
            One that did not fire says in ``evidence["could_be"]`` what is left open, and gives no advice.
        """
        severity = verdict.severity or self.severity
        if verdict.not_applicable is not None:
            return Finding(
                self.code,
                self.name,
                "not_applicable",
                severity,
                evidence=dict(evidence),
                headline=verdict.not_applicable,
                url=self.url,
            )
        words = verdict.fired if fired else verdict.passed
        return Finding(
            self.code,
            self.name,
            "fired" if fired else "passed",
            severity,
            value=verdict.value,
            interval=verdict.interval,
            threshold=verdict.threshold,
            p_value=verdict.p_value,
            evidence=dict(evidence) if fired else {**evidence, "could_be": verdict.could_be},
            headline=words if headline is None else headline,
            advice=(verdict.advice if advice is None else advice) if fired else "",
            url=self.url,
        )
