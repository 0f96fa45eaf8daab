"""From verdicts on pairs to findings: Holm over all statistical questions, then one finding a rule."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sklearn_lossacc.findings.comparison.evidence import ComparisonEvidence, PairEvidence
from sklearn_lossacc.findings.comparison.rules import COMPARISON_RULES
from sklearn_lossacc.findings.comparison.words import short
from sklearn_lossacc.findings.finding import Finding
from sklearn_lossacc.findings.judge import holm
from sklearn_lossacc.findings.verdict import Rule, Verdict

MOST_NAMED = 4  # pairs named after the first


@dataclass(frozen=True)
class Judged:
    """The verdict on one pair, with its p-value after Holm's correction."""

    pair: PairEvidence
    verdict: Verdict
    adjusted: float | None
    alpha: float

    @property
    def status(self) -> str:
        """What was concluded of this pair."""
        if self.verdict.not_applicable is not None:
            return "not_applicable"
        within = self.adjusted is None or self.adjusted <= self.alpha
        return "fired" if self.verdict.holds and within else "passed"

    @property
    def sort_key(self) -> tuple[float, float]:
        """The surest first, then that of the largest difference in loss."""
        p_value = 0.0 if self.adjusted is None else self.adjusted
        return p_value, -abs(self.pair.differences["log_loss"].value)

    def record(self) -> dict[str, Any]:
        """Return what is listed of every pair."""
        return {
            "first": self.pair.names[0],
            "second": self.pair.names[1],
            "status": self.status,
            "value": self.verdict.value,
            "p_value": self.verdict.p_value,
            "p_holm": self.adjusted,
        }


def _finding(rule: Rule, judged: list[Judged]) -> Finding:
    """Turn the verdicts on all pairs into one finding, led by the pair that tells most."""
    for status in ("fired", "passed", "not_applicable"):
        found = sorted((entry for entry in judged if entry.status == status), key=lambda entry: entry.sort_key)
        if found:
            break
    lead, verdict = found[0], found[0].verdict
    evidence: dict[str, Any] = {**verdict.evidence, "pair": list(lead.pair.names)}
    if len(judged) > 1:
        evidence["pairs"] = [entry.record() for entry in judged]
    if status != "not_applicable" and lead.adjusted is not None:
        evidence["p_holm"] = lead.adjusted
    fired = status == "fired"
    headline = (verdict.fired + _others(found[1:])) if fired else _none_of(judged, lead) + verdict.passed
    return rule.finding(verdict, fired=fired, evidence=evidence, headline=headline)


def _others(found: list[Judged]) -> str:
    """Name the further pairs of which the same was found."""
    if not found:
        return ""
    names = [" and ".join(short(name) for name in entry.pair.names) for entry in found]
    more = f", and {len(names) - MOST_NAMED} more pairs" if len(names) > MOST_NAMED else ""
    return f" The same holds for {', '.join(names[:MOST_NAMED])}{more}."


def _none_of(judged: list[Judged], lead: Judged) -> str:
    """Say of how many pairs nothing was found, and of which one the rest speaks."""
    names = " and ".join(short(name) for name in lead.pair.names)
    return f"In none of {len(judged)} pairs. Of {names}: " if len(judged) > 1 else ""


def judge_comparison(evidence: ComparisonEvidence, ignore: Collection[str] = ()) -> tuple[Finding, ...]:
    """Judge every rule on every pair.

    Parameters
    ----------
    evidence : ComparisonEvidence
        The numbers.
    ignore : collection of str, default=()
        Codes of rules that are not judged; they leave Holm's family.

    Returns
    -------
    tuple of Finding
        One a rule, in the order of the codes.

    Notes
    -----
    The statistical questions of all rules and pairs are one family for Holm: on models that are equally good the chance
    that any of these findings fires is at most alpha.
    """
    asked = [
        (rule, pair, rule.judge(pair))
        for rule in COMPARISON_RULES
        if rule.code not in ignore
        for pair in evidence.pairs
    ]
    tested = [place for place, (*_, verdict) in enumerate(asked) if verdict.p_value is not None]
    adjusted = dict(zip(tested, holm([asked[place][2].p_value or 0.0 for place in tested]).tolist(), strict=True))
    judged: dict[str, list[Judged]] = {}
    for place, (rule, pair, verdict) in enumerate(asked):
        judged.setdefault(rule.code, []).append(Judged(pair, verdict, adjusted.get(place), evidence.alpha))
    return tuple(
        rule.ignored() if rule.code in ignore else _finding(rule, judged[rule.code]) for rule in COMPARISON_RULES
    )
