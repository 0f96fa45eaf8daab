"""LA004 dependent-samples: rows that say the same thing twice."""

from __future__ import annotations

from scipy.stats import chi2

from sklearn_lossacc.findings.evidence import Evidence
from sklearn_lossacc.findings.format import count, number, percent
from sklearn_lossacc.findings.verdict import Rule, Verdict, not_applicable
from sklearn_lossacc.inference.dependence import AGREEMENT_BELOW, PairAgreement, group_design
from sklearn_lossacc.inference.intervals import MIN_GROUPS

SHRINKS_BELOW = 0.8  # effective rows over rows
P_BELOW = 0.01
MIN_EXPECTED = 5.0  # disagreements that must be expected for labels to tell

COUNTED_ONCE = "Intervals and p-values count each set of them as one draw."
PASS_FEATURES = "Pass X= (the features) to tell copies from rows that share no more than a prediction."
PASS_GROUPS = "Pass groups= (the origin of each row), so that intervals and p-values count each origin once."


def judge(evidence: Evidence) -> Verdict:
    """Judge whether rows are dependent: by groups, else by features, else by tied predictions."""
    evidence = evidence.row_by_row or evidence
    if evidence.null.group is not None:
        return _judge_groups(evidence)
    return _judge_ties(evidence) if evidence.repetition is None else _judge_copies(evidence, evidence.repetition)


def count_copies_once(evidence: Evidence) -> Evidence:
    """Return the evidence with rows that look the same as groups where they are shown to be copies, else as it is."""
    if evidence.null.group is not None or not judge(evidence).holds:
        return evidence
    return Evidence(evidence.summary, alpha=evidence.alpha, random_state=evidence.random_state, row_by_row=evidence)


def _judge_groups(evidence: Evidence) -> Verdict:
    null, summary = evidence.null, evidence.summary
    if null.n_groups is None or null.n_groups < MIN_GROUPS:
        return not_applicable(f"{null.n_groups} groups are too few to show whether their rows are alike.")
    design = group_design(null)
    ratio = min(1.0, 1.0 / max(design.effect, 1e-9))
    effective = evidence.n_effective * ratio
    # The design effect is a variance estimated from so many groups, of which large ones count for more.
    freedom = design.freedom
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


def _limits(pairs: PairAgreement) -> tuple[float, float]:
    """Return exact 95 % limits of a Poisson count of disagreements, over those expected."""
    low = 0.5 * float(chi2.ppf(0.025, 2 * pairs.observed)) if pairs.observed else 0.0
    return low / pairs.expected, 0.5 * float(chi2.ppf(0.975, 2 * pairs.observed + 2)) / pairs.expected


def _agree(pairs: PairAgreement) -> bool:
    """Whether labels are shown to agree far more than the probabilities allow."""
    return (
        pairs.expected >= MIN_EXPECTED and pairs.p_value < P_BELOW and pairs.observed < AGREEMENT_BELOW * pairs.expected
    )


def _facts(pairs: PairAgreement, rows: str) -> dict[str, float]:
    return {
        rows: pairs.rows,
        "disagreements": pairs.observed,
        "expected_disagreements": pairs.expected,
        "p_ties": pairs.p_value,
    }


def _judge_ties(evidence: Evidence) -> Verdict:
    """Equal probabilities prove nothing; equal labels within them may."""
    pairs = evidence.pairs
    if pairs.expected < MIN_EXPECTED:
        return not_applicable("No groups were given, and too few rows have equal probabilities to show copies.")
    ratio = pairs.observed / pairs.expected
    low, high = _limits(pairs)
    return Verdict(
        holds=_agree(pairs),
        value=ratio,
        interval=(low, high),
        threshold=AGREEMENT_BELOW,
        could_be=low,
        evidence=_facts(pairs, "tied_rows"),
        fired=(
            f"{count(pairs.rows)} rows repeat another row's probabilities, and their labels disagree {percent(ratio)} "
            "as often as those probabilities allow once recalibrated: they are copies, or alike in what the model does "
            f"not use. {COUNTED_ONCE}"
        ),
        passed=(
            "Copies were not shown; labels of rows with equal probabilities may disagree as seldom as "
            f"{percent(low)} of what those probabilities say."
            if low < AGREEMENT_BELOW
            else "Rows with equal probabilities have labels about as different as those probabilities say."
        ),
        advice=f"{PASS_FEATURES} {PASS_GROUPS}",
    )


def _judge_copies(evidence: Evidence, repetition: float) -> Verdict:
    """Rows of equal features count once if they are copies; labels say whether they are, if the model is unsure."""
    pairs = evidence.pairs
    if not pairs.rows:
        return Verdict(
            value=1.0,
            interval=(1.0, 1.0),
            threshold=SHRINKS_BELOW,
            could_be=1.0,
            evidence={**_facts(pairs, "repeated_rows"), "effective_n": evidence.n_effective},
            passed="No two rows have the same features.",
        )
    told = pairs.expected >= MIN_EXPECTED
    # The share of disagreements that are missing is the correlation of the labels beyond the probabilities.
    ratio = min(1.0, pairs.observed / pairs.expected) if told else 0.0
    few, many = _limits(pairs) if told else (0.0, 1.0)
    share, low, high = (
        1.0 / (1.0 + (repetition - 1.0) * (1.0 - missing)) for missing in (ratio, min(few, 1.0), min(many, 1.0))
    )
    effective = evidence.n_effective * share
    unanimous = not told and pairs.observed == 0 and share < SHRINKS_BELOW
    shown = (
        f"and their labels disagree {percent(ratio)} as often as the model's probabilities allow"
        if told
        else "and they have the same labels"
    )
    return Verdict(
        holds=_agree(pairs) or unanimous,
        value=share,
        interval=(low, high),
        threshold=SHRINKS_BELOW,
        could_be=low,
        evidence={
            **_facts(pairs, "repeated_rows"),
            "design_effect": 1.0 / share,
            "label_correlation": 1.0 - ratio,
            "effective_n": effective,
        },
        fired=(
            f"{count(pairs.rows)} rows have the features of another row, {shown}: if they are copies, "
            f"{count(evidence.summary.n_samples)} rows count as {count(round(effective))}. "
            f"{COUNTED_ONCE}"
        ),
        passed=(
            f"{count(pairs.rows)} rows have the features of another row; that they are copies was not shown, "
            f"but the sample may count as only {count(round(evidence.n_effective * low))} rows."
            if low < SHRINKS_BELOW
            else f"{count(pairs.rows)} rows have the features of another row: they hardly shrink the sample."
        ),
        advice=f"Drop the copies, or keep them together: {PASS_GROUPS[0].lower()}{PASS_GROUPS[1:]}",
    )


DEPENDENT = Rule("LA004", "dependent-samples", "tip", judge)
