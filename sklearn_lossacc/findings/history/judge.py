"""From verdicts to findings. All rules of a history are conditions: they carry no p-value."""

from __future__ import annotations

from collections.abc import Collection

from sklearn_lossacc.findings.finding import Finding
from sklearn_lossacc.findings.history.evidence import HistoryEvidence
from sklearn_lossacc.findings.history.rules import HISTORY_RULES
from sklearn_lossacc.findings.options import check_ignored
from sklearn_lossacc.findings.verdict import Rule


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
    ignore = check_ignored(ignore, HISTORY_RULES)
    return tuple(rule.ignored() if rule.code in ignore else _finding(rule, evidence) for rule in HISTORY_RULES)


def _finding(rule: Rule[HistoryEvidence], evidence: HistoryEvidence) -> Finding:
    """Judge one rule: what holds has fired."""
    verdict = rule.judge(evidence)
    return rule.finding(verdict, fired=verdict.holds, evidence=verdict.evidence)
