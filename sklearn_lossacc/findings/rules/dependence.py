"""LA004 dependent-samples: rows that say the same thing twice."""

from __future__ import annotations

from scipy.stats import chi2

from sklearn_lossacc.findings.evidence import Evidence
from sklearn_lossacc.findings.format import count, number, percent
from sklearn_lossacc.findings.verdict import Rule, Verdict, not_applicable
from sklearn_lossacc.inference.dependence import group_design, tie_agreement
from sklearn_lossacc.inference.intervals import MIN_GROUPS

SHRINKS_BELOW = 0.8  # effective rows over rows
AGREEMENT_BELOW = 0.5  # disagreements over those expected
P_BELOW = 0.01
MIN_EXPECTED = 5.0  # disagreements between rows of equal probabilities that must be expected


def judge(evidence: Evidence) -> Verdict:
    """Judge whether rows are dependent: by groups where given, by tied predictions otherwise."""
    null, summary = evidence.null, evidence.summary
    if null.group is not None:
        design = group_design(null)
        ratio = min(1.0, 1.0 / max(design.effect, 1e-9))
        effective = evidence.n_effective * ratio
        if null.n_groups is None or null.n_groups < MIN_GROUPS:
            return not_applicable(f"{null.n_groups} groups are too few to show whether their rows are alike.")
        freedom = null.n_groups - 1
        # The design effect is a variance estimated from so many groups.
        low, high = (
            min(1.0, float(chi2.ppf(tail, freedom)) / (freedom * max(design.effect, 1e-9))) for tail in (0.025, 0.975)
        )
        return Verdict(
            holds=high < SHRINKS_BELOW,
            value=ratio,
            interval=(low, high),
            threshold=SHRINKS_BELOW,
            could_be=low,
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
            passed=(
                "That the groups shrink the sample was not shown; it may still count as only "
                f"{count(round(evidence.n_effective * low))} rows."
                if low < SHRINKS_BELOW
                else f"The groups hardly shrink the sample: {count(round(effective))} effective rows."
            ),
            advice="Keep passing groups: intervals and p-values use them. Split by group in cross-validation too.",
        )
    # Rows that are merely too timid agree more than they say as well: the causes found are taken off first.
    ties = tie_agreement(evidence.fitted_null or null)
    if ties.expected < MIN_EXPECTED:
        return not_applicable("No groups were given, and too few rows have equal probabilities to show copies.")
    ratio = ties.observed / ties.expected
    low = 0.5 * float(chi2.ppf(0.025, 2 * ties.observed)) / ties.expected if ties.observed else 0.0
    high = 0.5 * float(chi2.ppf(0.975, 2 * ties.observed + 2)) / ties.expected
    return Verdict(
        holds=ties.p_value < P_BELOW and ratio < AGREEMENT_BELOW,
        value=ratio,
        interval=(low, high),
        threshold=AGREEMENT_BELOW,
        could_be=low,
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
        passed=(
            "Copies were not shown; labels of rows with equal probabilities may disagree as seldom as "
            f"{percent(low)} of what those probabilities say."
            if low < AGREEMENT_BELOW
            else "Rows with equal probabilities have labels about as different as those probabilities say."
        ),
        advice="Pass groups= (the origin of each row), so that intervals and p-values count each origin once.",
    )


DEPENDENT = Rule("LA004", "dependent-samples", "tip", judge)
