"""From verdicts to findings. All rules of a history are conditions: they carry no p-value."""

from __future__ import annotations

from collections.abc import Collection

from sklearn_lossacc.exceptions import LossAccError
from sklearn_lossacc.findings.finding import Finding
from sklearn_lossacc.findings.history.evidence import HistoryEvidence
from sklearn_lossacc.findings.history.rule import HistoryRule
from sklearn_lossacc.findings.history.rules import HISTORY_RULES
from sklearn_lossacc.findings.judge import DOC_URL
from sklearn_lossacc.findings.verdict import Verdict


def check_ignored(ignore: Collection[str]) -> None:
    """Raise if codes to ignore are not rules of histories."""
    if isinstance(ignore, str):
        raise LossAccError(f"ignore must be a collection of codes such as ('LA501',), got the text {ignore!r}.")
    known = [rule.code for rule in HISTORY_RULES]
    unknown = sorted(set(ignore) - set(known))
    if unknown:
        raise LossAccError(f"ignore names unknown rules {unknown}; known are {known}.")


def _finding(rule: HistoryRule, verdict: Verdict) -> Finding:
    """Turn a verdict into a finding."""
    url = DOC_URL.format(code=rule.code)
    severity = verdict.severity or rule.severity
    evidence = dict(verdict.evidence)
    if verdict.not_applicable is not None:
        return Finding(
            rule.code, rule.name, "not_applicable", severity,
            evidence=evidence, headline=verdict.not_applicable, url=url,
        )  # fmt: skip
    if not verdict.holds:
        evidence["could_be"] = verdict.could_be
    return Finding(
        rule.code,
        rule.name,
        "fired" if verdict.holds else "passed",
        severity if verdict.holds else rule.severity,
        value=verdict.value,
        interval=verdict.interval,
        threshold=verdict.threshold,
        evidence=evidence,
        headline=verdict.fired if verdict.holds else verdict.passed,
        advice=verdict.advice if verdict.holds else "",
        url=url,
    )


def judge_history(evidence: HistoryEvidence, ignore: Collection[str] = ()) -> tuple[Finding, ...]:
    """Judge every rule about a history.

    Parameters
    ----------
    evidence : HistoryEvidence
        The numbers.
    ignore : collection of str, default=()
        Codes of rules that are not judged.

    Returns
    -------
    tuple of Finding
        In the order of the codes.
    """
    check_ignored(ignore)
    return tuple(
        Finding(rule.code, rule.name, "ignored", rule.severity, headline="Ignored on request.",
                url=DOC_URL.format(code=rule.code))
        if rule.code in ignore
        else _finding(rule, rule.judge(evidence))
        for rule in HISTORY_RULES
    )  # fmt: skip
