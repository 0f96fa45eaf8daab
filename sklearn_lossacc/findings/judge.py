"""From verdicts to findings: Holm's correction over the statistical rules, then status and words."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from sklearn_lossacc.findings.evidence import Evidence
from sklearn_lossacc.findings.explained import explained
from sklearn_lossacc.findings.finding import Finding
from sklearn_lossacc.findings.rules import RULES
from sklearn_lossacc.findings.verdict import Rule, Verdict

# Advice that holds for training rows as well; all other advice would repair the wrong thing.
KEEP_ADVICE = frozenset({"LA001", "LA002", "LA003", "LA004", "LA005"})
NO_REPAIR = "No repair is advised from training rows: diagnose out-of-sample predictions."


def holm(p_values: Sequence[float]) -> np.ndarray:
    """Return Holm's adjusted p-values, in the given order.

    Notes
    -----
    The i-th smallest of m is multiplied by m - i + 1, and adjusted values never decrease along that order. Rejecting at
    alpha keeps the chance of any false rejection at alpha, whatever the dependence.

    References
    ----------
    Holm (1979), Scand. J. Statist. 6, 65-70.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).round(4).tolist()
    [0.03, 0.06, 0.06]
    """
    values = np.asarray(p_values, dtype=float)
    order = np.argsort(values, kind="stable")
    factor = np.arange(values.size, 0, -1)
    adjusted = np.minimum(np.maximum.accumulate(values[order] * factor), 1.0)
    result = np.empty_like(adjusted)
    result[order] = adjusted
    return result


def _finding(rule: Rule[Evidence], verdict: Verdict, adjusted: float | None, evidence: Evidence) -> Finding:
    """Turn a verdict into a finding; where a p-value was corrected, that one decides."""
    facts = dict(verdict.evidence) if adjusted is None else {**verdict.evidence, "p_holm": adjusted}
    # Shown, and yet less than the rule asks for.
    small = bool(verdict.small) and not verdict.holds and adjusted is not None and adjusted <= evidence.alpha
    if small:
        facts = {**facts, "too_small": True}
    repairs = evidence.summary.out_of_sample or rule.code in KEEP_ADVICE
    return rule.finding(
        verdict,
        fired=verdict.holds and (adjusted is None or adjusted <= evidence.alpha),
        evidence=facts,
        headline=verdict.small if small else None,
        advice=None if repairs else NO_REPAIR,
    )


def judge_all(evidence: Evidence, ignore: Collection[str] = ()) -> tuple[Finding, ...]:
    """Judge every rule; ignored rules leave Holm's family."""
    verdicts = {rule.code: rule.judge(evidence) for rule in RULES if rule.code not in ignore}
    tested = [
        code for code, verdict in verdicts.items() if verdict.p_value is not None and verdict.not_applicable is None
    ]
    adjusted = dict(zip(tested, holm([verdicts[code].p_value or 0.0 for code in tested]).tolist(), strict=True))
    return explained(
        [
            _finding(rule, verdicts[rule.code], adjusted.get(rule.code), evidence)
            if rule.code in verdicts
            else rule.ignored()
            for rule in RULES
        ]
    )
