"""LA004 dependent-samples: rows that say the same thing twice."""

from __future__ import annotations

from sklearn_lossacc.findings.evidence import Evidence
from sklearn_lossacc.findings.format import count, number, percent
from sklearn_lossacc.findings.verdict import Rule, Verdict, not_applicable
from sklearn_lossacc.inference.dependence import group_design, tie_agreement

SHRINKS_BELOW = 0.8  # effective rows over rows
AGREEMENT_BELOW = 0.5  # disagreements over those expected
P_BELOW = 0.01
MIN_EXPECTED = 5.0  # disagreements between rows of equal probabilities that must be expected


def judge(evidence: Evidence) -> Verdict:
    """Judge whether rows are dependent: by groups where given, by tied predictions otherwise."""
    null, summary = evidence.null, evidence.summary
    if null.group is not None:
        design = group_design(null)
        effective = evidence.n_effective / max(design.effect, 1.0)
        ratio = effective / evidence.n_effective
        return Verdict(
            holds=ratio < SHRINKS_BELOW,
            value=ratio,
            threshold=SHRINKS_BELOW,
            could_be=ratio,
            evidence={
                "design_effect": design.effect,
                "intraclass_correlation": design.correlation,
                "effective_n": effective,
                "n_groups": summary.n_groups,
            },
            fired=(
                f"Rows within the {count(summary.n_groups)} groups are alike (intra-class correlation of the loss "
                f"{number(design.correlation)}): {count(summary.n_samples)} rows count as "
                f"{count(round(effective))}."
            ),
            passed=f"The groups hardly shrink the sample: {count(round(effective))} effective rows.",
            advice="Keep passing groups: intervals and p-values use them. Split by group in cross-validation too.",
        )
    ties = tie_agreement(null)
    if ties.expected < MIN_EXPECTED:
        return not_applicable("No groups were given, and too few rows have equal probabilities to show copies.")
    ratio = ties.observed / ties.expected
    return Verdict(
        holds=ties.p_value < P_BELOW and ratio < AGREEMENT_BELOW,
        value=ratio,
        threshold=AGREEMENT_BELOW,
        could_be=ratio,
        evidence={
            "tied_rows": ties.rows,
            "disagreements": ties.observed,
            "expected_disagreements": ties.expected,
            "p_ties": ties.p_value,
        },
        fired=(
            f"{count(ties.rows)} rows repeat another row's probabilities, and their labels disagree {percent(ratio)} "
            "as often as those probabilities say: they look like copies."
        ),
        passed="Rows with equal probabilities have labels about as different as those probabilities say.",
        advice="Pass groups= (the origin of each row), so that intervals and p-values count each origin once.",
    )


DEPENDENT = Rule("LA004", "dependent-samples", "tip", judge)
