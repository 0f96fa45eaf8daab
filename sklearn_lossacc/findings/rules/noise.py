"""LA202 label-noise: labels that no temperature of the model explains."""

from __future__ import annotations

import math

import numpy as np

from sklearn_lossacc.findings.confusion import mixed_up
from sklearn_lossacc.findings.evidence import LIKELIER, LOG_CLIP, Evidence
from sklearn_lossacc.findings.exchanged import SEEMS, exchanged_columns
from sklearn_lossacc.findings.format import number, percent, ratio, small_number
from sklearn_lossacc.findings.materiality import NATS, NOISE_RATE
from sklearn_lossacc.findings.selected import shared_with_temperature
from sklearn_lossacc.findings.verdict import Rule, Verdict, not_applicable
from sklearn_lossacc.findings.wording import CHOOSE_A_REPAIR
from sklearn_lossacc.inference.elimination import KEEP_BELOW
from sklearn_lossacc.inference.floor import finite, floor_posterior
from sklearn_lossacc.inference.noise import anchor_rate, confused_pairs, noise_matrix
from sklearn_lossacc.inference.normal import Z95

MOST_MATRIX_CLASSES = 50  # more would fill the report
ZERO = 0.99 * LOG_CLIP  # what is above was not 0
LEAST_COUNTED = 1e-6  # a share of so many votes, or rows of a leaf; what softmax rounds to 0 is smaller
ASSUMPTION = "labels agree with the truth at least as often as with the model"
BOTH_ASSUMPTIONS = f"{ASSUMPTION}; no right label surprises the repaired model more than it says"
MIXED_ADVICE = (
    "Review the rows with the lowest label quality (d.samples(by='label_quality')): are their labels wrong, or are "
    "they of a kind that the model knows less well and needs more of to learn from? " + CHOOSE_A_REPAIR
)


def rows_to_relabel(rate: float) -> int:
    """Return how many rows drawn at random give the noise rate to within one point."""
    rate = min(max(rate, 0.01), 0.5)
    return math.ceil(Z95**2 * rate * (1.0 - rate) / 0.01**2)


def judge(evidence: Evidence) -> Verdict:
    """Judge whether part of the labels is noise, and how large a part."""
    if not evidence.summary.out_of_sample:
        return not_applicable("The predictions are declared in-sample: a model that saw its labels hides their noise.")
    causes, rows, null = evidence.causes, evidence.rows, evidence.rows.null
    p_value, p_values = evidence.p_values("floor", "floor")
    selected = causes is not None and "floor" in causes.terms
    part = evidence.fitted_parts.get("floor")
    nats = part.value if part is not None else 0.0
    # An underconfident model expects the loss of the noise until it is repaired.
    beside = evidence.saved_beside("floor")
    hidden = causes is not None and causes.fit.beta > 1.0 and beside > nats
    nats = beside if hidden else nats
    upper = evidence.error_upper_limit
    rival = causes is not None and causes.rival == "temperature"
    p_possible = evidence.noise_among_possible
    only_zeros, p_value = p_possible >= KEEP_BELOW, max(p_value, p_possible)
    facts: dict = {
        **p_values,
        "nats": nats,
        "nats_beside": beside,
        "upper_end": upper,
        "assumption": ASSUMPTION,
        "cannot_tell_from_overconfidence": rival,
        "p_without_zeros": p_possible if evidence.clipped else None,
    }
    if not selected or only_zeros or causes is None:
        could_be = upper if upper is not None else 1.0
        return Verdict(
            value=0.0,
            interval=None if upper is None else (0.0, upper),
            threshold=NOISE_RATE,
            could_be=could_be,
            p_value=p_value,
            evidence=facts,
            passed=(
                "Label noise was not shown: only true classes of probability 0 (LA001) speak for it, and counts of "
                "votes or leaves say 0 without it; "
                if only_zeros
                else "Label noise was not shown, but explains these rows as well as the overconfidence of LA101; "
                if causes is not None and causes.rival == "floor"
                else "Label noise was not shown; a network that learnt it hides it, so "
            )
            + f"up to {percent(could_be)} of the labels may be wrong.",
        )
    value, low = evidence.noise
    high = max(upper, value) if upper is not None else 1.0
    posterior = floor_posterior(null, finite(null.log_proba, LOG_CLIP), causes.fit)
    posterior[np.isin(rows.index, evidence.judged.index[causes.outliers])] = 0.0
    review = np.argsort(-posterior, kind="stable")
    review = review[posterior[review] > 0.5]
    mixed = evidence.mixed
    facts.update(
        assumption=BOTH_ASSUMPTIONS,
        rate=value,
        lower_end=low,
        anchor=anchor_rate(null.proba, null.y, null.weight),
        floor_rows_observed=causes.floor_fit.observed if causes.floor_fit else None,
        floor_rows_expected=causes.floor_fit.expected if causes.floor_fit else None,
        review=rows.index[review][:100].tolist(),
        n_review=int(review.size),
        noise_matrix=(
            noise_matrix(null.proba, null.y, null.weight).tolist() if null.n_classes <= MOST_MATRIX_CLASSES else None
        ),
        pairs=confused_pairs(null.proba, null.y, null.weight, evidence.summary.classes),
        line=evidence.line,
        mixed=mixed,
        narrow_by=f"relabel about {rows_to_relabel(value):,} rows drawn at random",
    )
    # Leaves and votes are zero, or at least one of their number; without smoothing they are surer than they should be.
    seen = null.log_proba > ZERO if evidence.clipped else False
    least = float(np.exp(null.log_proba.min(where=seen, initial=0.0)))
    counts = evidence.clipped and least >= LEAST_COUNTED
    facts["cannot_tell_from_counts"] = bool(counts)
    # A floor is right about noisy labels only: on clean ones it costs what it saves here.
    tempered = "temperature" in causes.terms
    no_temperature = f" that no {'single ' if mixed else ''}temperature explains"
    fired = (
        f"About {percent(value)} of the labels look like noise{'' if rival else no_temperature} "
        f"and cost {number(nats)} nats{' once the underconfidence is repaired' if hidden else ''}"
        f"{shared_with_temperature(evidence, 'floor', nats)}. If they are wrong labels, at least {percent(low)} and at "
        f"most {percent(high)} of all are; if they are right, the model errs where it is sure."
    )
    likelier = mixed is not None and mixed["log_likelihood_ahead"] >= LIKELIER
    if mixed:
        how = "likelier still" if likelier else "as likely"
        ranks = ", and their class is one that the model ranks next" if null.n_classes > 2 else ""
        fired += (
            f" Right labels are {how} if about {percent(mixed['share'])} of the rows are less certain than they say (T "
            f"near {ratio(mixed['temperature'])}){ranks}."
        )
    if rival:
        fired += " Overconfidence (LA101) explains these rows as well."
    if counts:
        fired += (
            f" Zeros (LA001) among probabilities that are {ratio(least)} or more otherwise are those of a model that "
            "counts (trees, votes, neighbours), or were cut or rounded: an overfit one shows the same without any "
            "wrong label."
        )
    if facts["line"] is not None and not likelier:
        fired += (
            " With two classes this cannot be told from scores stretched along a straight line (slope "
            f"{ratio(facts['line']['slope'])})."
        )
    facts["column_order"], in_order = exchanged_columns(evidence)
    predicted = null.proba[review].argmax(axis=1)
    fired += SEEMS if in_order else mixed_up(null.y[review], predicted, null.weight[review], evidence.summary.classes)
    return Verdict(
        holds=value >= NOISE_RATE and nats >= NATS,
        value=value,
        interval=(low, high),
        threshold=NOISE_RATE,
        could_be=high,
        p_value=p_value,
        evidence=facts,
        fired=fired,
        small=(
            f"Wrong labels are shown, but not that they count: about {percent(value)} of all, which cost "
            f"{small_number(nats)} nats."
        ),
        passed=f"Label noise was not shown to be material; it may be up to {percent(high)}.",
        advice=in_order
        or (MIXED_ADVICE if likelier else "")
        or (
            "Review the rows with the lowest label quality (d.samples(by='label_quality')). Calibrate with "
            "TemperatureCalibrator(floor=True) if labels stay as noisy, or prove right (then the model errs so often "
            "where it is sure); if they are wrong, for clean ones "
            + ("use its temperature without its floor" if tempered else "the probabilities need no floor")
            + ". On noisy validation labels stop by accuracy, not by loss."
        ),
    )


NOISE = Rule("LA202", "label-noise", "warning", judge)
