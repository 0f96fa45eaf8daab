"""LA103 class-bias: offsets of whole classes in the selected model."""

from __future__ import annotations

import numpy as np

from sklearn_lossacc._numerics.mixture import mixture_proba
from sklearn_lossacc.findings.evidence import LOG_CLIP, Evidence
from sklearn_lossacc.findings.format import number, small_number
from sklearn_lossacc.findings.frequencies import LearntFrequencies, learnt_frequencies
from sklearn_lossacc.findings.materiality import NATS
from sklearn_lossacc.findings.selected import shared_with_temperature, wrong_labels
from sklearn_lossacc.findings.verdict import Rule, Verdict
from sklearn_lossacc.findings.waterfall import open_bound
from sklearn_lossacc.findings.wording import CHOOSE_A_REPAIR
from sklearn_lossacc.inference.cause_model import CauseModel
from sklearn_lossacc.inference.elimination import KEEP_BELOW
from sklearn_lossacc.inference.floor import finite

NEVER_BY_CHANCE = 10.0  # rows expected: none of so many occurs with probability exp(-10) if the model is right


def _without_bias(causes: CauseModel) -> np.ndarray:
    """Return the mean probability of each class once all selected causes but the class bias are repaired."""
    fit, null = causes.fit, causes.null
    proba = mixture_proba(finite(null.log_proba, LOG_CLIP), fit.beta, np.zeros(null.n_classes), fit.floor)
    return np.average(proba, axis=0, weights=null.weight)


def judge(evidence: Evidence) -> Verdict:
    """Judge whether some classes get too much probability throughout."""
    causes, far = evidence.causes, evidence.far_classes
    p_value, p_values = evidence.p_values("class_bias", "class_bias")
    part = evidence.fitted_parts.get("class_bias")
    summary = evidence.summary
    value = evidence.bias_nats
    # What the other causes hide shows in the probabilities once these are repaired.
    hidden = part is not None and value > part.value
    predicted_share = summary.proba_sum / summary.sum_w
    if hidden and causes is not None:
        predicted_share = _without_bias(causes)
    gap = predicted_share - evidence.class_share
    named = np.ones(gap.size, dtype=bool) if far is None else far.offsets != 0
    worst = int(np.argmax(np.abs(gap) * named))
    label = str(summary.classes[worst])
    mean_proba, share = float(predicted_share[worst]), float(evidence.class_share[worst])
    # Beside a temperature the part may be negative; what its test leaves open is not.
    bound = max(open_bound(evidence, "class_bias"), 0.0 if part is None or part.high is None else part.high)
    interval = None if part is None or part.low is None or part.high is None else (part.low, part.high)
    if hidden:
        interval = evidence.saved_beside_limits("class_bias")
    offsets = far.offsets if far is not None else causes.fit.bias if causes is not None and part is not None else None
    rival = wrong_labels(evidence)
    # As many rows as the model expects of the class are hardly all missed by chance.
    unlabelled = share == 0.0 and evidence.n_effective * mean_proba >= NEVER_BY_CHANCE
    holds = part is not None and value >= NATS
    learnt = learnt_frequencies(evidence) if holds and not rival and not unlabelled else LearntFrequencies()
    facts = {
        **p_values,
        "nats": value,
        "nats_beside": evidence.saved_beside("class_bias") if far is None else value,
        "class": label,
        "mean_proba": mean_proba,
        "share": share,
        "offsets": None if offsets is None else offsets.tolist(),
        **learnt.evidence,
        "line": evidence.line,
        "flips": evidence.flips,
        "cannot_tell_from_noise": bool(rival),
    }
    return Verdict(
        holds=holds,
        value=value,
        interval=interval,
        threshold=NATS,
        could_be=bound,
        p_value=p_value,
        evidence=facts,
        fired=(
            (
                f"Whole classes get the wrong probability, which costs {number(value)} nats"
                + (
                    " once the overconfidence is repaired"
                    if hidden
                    else shared_with_temperature(evidence, "class_bias", value)
                )
                if far is None
                else f"By the totals of all rows {named.sum()} of {named.size} classes get a wrong probability, which "
                f"costs at least {number(value)} nats"
            )
            + f"; most of all class {label!r}, with a mean probability of {number(mean_proba)} and a share of "
            f"{number(share)}.{rival}{learnt.sentence}"
        ),
        small=(
            f"Class bias is shown, but not that it counts: it costs {small_number(value)} nats."
            if value > 0 and bound > NATS
            else ""
        ),
        passed=(
            "The class totals are not those that the model expects, but there are too few rows a class to fit offsets; "
            f"up to {number(bound)} nats are possible."
            if evidence.open_bias is not None and p_value < KEEP_BELOW and part is None and bound > NATS
            else f"Class bias was not shown; up to {number(bound)} nats are still possible."
            if bound > NATS
            else f"No material class bias: it costs at most {number(bound)} nats."
        ),
        advice=(
            "Review labels of both classes first (d.samples(by='label_quality')): where they are right, look for class "
            "weights, resampling or a shift of the class frequencies between training and use, and correct the prior; "
            f"where there is none, the model errs so often although it is sure. {CHOOSE_A_REPAIR}"
            if rival
            else f"No row is labelled {label!r}: where that class cannot occur (abstentions, classes of another task), "
            "drop its column and divide the others by their sum; otherwise find out why it has none."
            if unlabelled
            else learnt.advice
        ),
    )


CLASS_BIAS = Rule("LA103", "class-bias", "warning", judge)
