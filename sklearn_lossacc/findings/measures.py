"""The numbers of a diagnosis, each with an interval or the reason why it has none."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from scipy.special import entr
from scipy.stats import beta, t

from sklearn_lossacc.findings.decomposition import Decomposition, Part
from sklearn_lossacc.findings.dominating import warned
from sklearn_lossacc.findings.evidence import LOG_CLIP, Evidence
from sklearn_lossacc.findings.finding import Estimate
from sklearn_lossacc.inference.debiased_error import debiased_square, signed_root
from sklearn_lossacc.inference.intervals import wilson_interval, wilson_limits
from sklearn_lossacc.inference.normal import Z95
from sklearn_lossacc.inference.ranks import macro_influence
from sklearn_lossacc.inference.smooth_ece import smooth_ece

EXACT = "exact"
CARRIED = {  # what the rows of a mean add up to
    "log_loss": "loss",
    "log_loss_clipped": "loss",
    "expected_log_loss": "expected loss",
    "brier_score": "Brier score",
    "mean_confidence": "confidence",
    "confidence_gap": "gaps",
}
FEWEST_SQUARED = 30  # rows or groups from which the error of a debiased square is known


def _finite(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _shifted(
    value: float,
    mean: float,
    low: float,
    high: float,
    method: str,
    lowest: float = -math.inf,
    highest: float = math.inf,
) -> Estimate:
    """Put an interval made on some rows around the value of all rows, within the possible values."""
    low_, high_ = _finite(low), _finite(high)
    if low_ is None or high_ is None:
        return Estimate(value, None, None, method)
    return Estimate(
        value,
        min(value, max(lowest, value - float(mean - low_))),
        max(value, min(highest, value + float(high_ - mean))),
        method,
    )


def _accuracy(evidence: Evidence) -> Estimate:
    summary = evidence.summary
    value = min(1.0, float(summary.mean("correct")))  # sums of weights may differ in their last digit
    if evidence.too_few_groups:
        return Estimate(value, None, None, evidence.too_few_groups)
    low, high = wilson_interval(value, evidence.accuracy_draws)
    return Estimate(value, low, high, "Wilson" if evidence.n_groups is None else "Wilson on the effective sample")


def _means(evidence: Evidence) -> dict[str, Estimate]:
    """Means over rows: one resampling serves all of them."""
    null, summary = evidence.rows.null, evidence.summary
    confidence, correct = evidence.rows.top
    brier = np.einsum("ij,ij->i", null.proba, null.proba) - 2 * null.proba[np.arange(null.n_rows), null.y] + 1.0
    halve = 0.5 if evidence.n_classes == 2 else 1.0
    clipped_loss = np.minimum(null.true_loss, -LOG_CLIP)
    columns = np.stack(
        [null.true_loss, clipped_loss, null.entropy, halve * brier, confidence, confidence - correct], axis=1
    )
    mean, low, high, method = evidence.rows.interval(columns)
    k = evidence.n_classes
    exact = {
        "log_loss": (evidence.total_loss, 0.0, evidence.most_loss),
        "log_loss_clipped": (float(summary.mean("loss")), 0.0, -LOG_CLIP),
        "expected_log_loss": (float(summary.mean("entropy")), 0.0, math.log(k)),
        "brier_score": (halve * float(summary.mean("brier")), 0.0, 2.0 * halve),
        "mean_confidence": (float(summary.mean("confidence")), 1.0 / k, 1.0),
        "confidence_gap": (float(summary.mean("confidence") - summary.mean("correct")), 1.0 / k - 1.0, 1.0),
    }
    found = {
        name: _shifted(
            value, mean[i], low[i], high[i], warned(method, null, columns[:, i], CARRIED[name]), lowest, highest
        )
        for i, (name, (value, lowest, highest)) in enumerate(exact.items())
    }
    if evidence.clipped:
        found["log_loss"] = Estimate(math.inf, None, None, "infinite: a true class has probability 0")
    return found


def _balanced_accuracy(evidence: Evidence) -> Estimate:
    summary = evidence.summary
    present = summary.class_weight > 0
    recall = summary.class_correct[present] / summary.class_weight[present]
    value = float(recall.mean())
    effective = summary.class_weight[present] ** 2 / np.maximum(summary.class_weight2[present], 1e-300)
    influence = evidence.rows.recall_influence
    clustered = evidence.rows.influence_error(influence)
    if clustered is None:
        return Estimate(value, None, None, "no interval: needs two rows, or ten groups")
    method, naive = "normal, classes as strata", evidence.rows.scale**2 * float(influence @ influence)
    if evidence.n_groups is not None:
        method += ", groups as units"
        effective = effective / max(1.0, clustered**2 / naive if naive > 0 else 1.0)
    units = np.bincount(evidence.rows.class_units[0])
    if effective.min() < 2 or units[units > 0].min() < 2:
        return Estimate(value, None, None, "no interval: needs two independent rows in every class")
    # Agresti-Coull counts keep the variance of a class that is always or never right away from 0.
    share = (recall * effective + 2.0) / (effective + 4.0)
    error = math.sqrt(float(np.sum(share * (1 - share) / effective))) / recall.size
    # These counts allow for weights: the degrees of freedom need not do so again.
    spread = evidence.rows.class_spread(influence, weighted=False)
    half = (evidence.rows.quantile if spread is None else float(t.ppf(0.975, spread[1]))) * error
    return Estimate(value, max(0.0, value - half), min(1.0, value + half), method)


def _baselines(evidence: Evidence) -> dict[str, Estimate]:
    summary = evidence.summary
    share, prior = evidence.class_share, evidence.prior
    chance = Estimate(math.log(evidence.n_classes), None, None, EXACT)
    null = evidence.rows.null
    source = "training frequencies" if summary.train_prior is not None else "evaluation labels"
    found = {"chance_log_loss": chance}
    prior_loss = evidence.prior_log_loss
    with np.errstate(divide="ignore"):
        prior_rows = -np.log(prior)[null.y]
    if math.isfinite(prior_loss):
        found["prior_log_loss"] = _prior_log_loss(evidence, prior_rows, source)
    else:
        found["prior_log_loss"] = Estimate(math.inf, None, None, "infinite: the prior rules out a class that occurs")
    found["majority_accuracy"] = _majority_accuracy(evidence)
    optimism: tuple[float, float] = evidence.prior_optimism, evidence.prior_optimism_at_most
    found["d2_log_loss"] = _skill(
        evidence,
        evidence.total_loss,
        prior_loss,
        optimism,
        null.true_loss,
        prior_rows,
        evidence.most_loss,
        CARRIED["log_loss"],
    )
    constant = float(1.0 - 2.0 * share @ prior + prior @ prior)
    brier = float(summary.mean("brier"))
    row_brier = np.einsum("ij,ij->i", null.proba, null.proba) - 2 * null.proba[np.arange(null.n_rows), null.y] + 1.0
    row_constant = (1.0 + prior @ prior - 2.0 * prior)[null.y]
    # 1 - sum share^2 is too small by its n-th part.
    unseen = 0.0 if summary.train_prior is not None else constant / max(evidence.label_draws - 1.0, 1.0)
    optimism = unseen, unseen
    found["d2_brier"] = _skill(
        evidence, brier, constant, optimism, row_brier, row_constant, 2.0, CARRIED["brier_score"]
    )
    return found


def _prior_log_loss(evidence: Evidence, rows: np.ndarray, source: str) -> Estimate:
    """Loss of a constant prediction; one that is read off these labels has seen them."""
    value, optimism = evidence.prior_log_loss, evidence.prior_optimism
    mean, lows, highs, method = evidence.rows.interval(rows[:, None])
    # Near equal shares the entropy is at its largest: what varies there is the chi-square behind the optimism.
    second = Z95 * math.sqrt(max(int((evidence.class_share > 0).sum()) - 1, 0) / 2.0) / evidence.label_draws
    second = second if evidence.summary.train_prior is None else 0.0
    below, above = math.hypot(float(mean[0] - lows[0]), second), math.hypot(float(highs[0] - mean[0]), second)
    most = math.inf if evidence.summary.train_prior is not None else math.log(evidence.n_classes)
    if math.isnan(below):
        return Estimate(value, None, None, method)
    if evidence.n_classes == 2 and evidence.summary.train_prior is None:
        # The entropy rises up to equal shares: it lies between those of the limits of the rarer one.
        low, high = wilson_interval(float(evidence.class_share.min()), evidence.label_draws)
        return Estimate(value, _two_class_entropy(low), _two_class_entropy(min(high, 0.5)), f"Wilson, {source}")
    low, high = value + optimism - below, value + evidence.prior_optimism_at_most + above
    method = warned(f"{method}, {source}", evidence.rows.null, rows, "loss")
    return Estimate(value, max(0.0, min(value, low)), max(value, min(most, high)), method)


def _two_class_entropy(share: float) -> float:
    """Entropy of two classes, in nats."""
    return float(entr(share) + entr(1.0 - share))


def _majority_accuracy(evidence: Evidence) -> Estimate:
    """Largest class share: which class is commonest is read off the same labels, so all that could be count."""
    summary, share = evidence.summary, evidence.class_share
    value = float(share[evidence.majority])
    if evidence.too_few_groups:
        return Estimate(value, None, None, evidence.too_few_groups)
    draws = evidence.label_draws
    low, high = wilson_interval(value, draws)
    if summary.train_prior is None:
        rivals = np.count_nonzero(wilson_limits(share, draws)[1] > low)
        # Clopper and Pearson's limit: far out in the tail of few counts the normal law is not good enough.
        exact = beta.ppf(0.025 / rivals, value * draws, (1.0 - value) * draws + 1.0)
        low = float(min(low, exact))
    return Estimate(value, low, high, "Wilson" if evidence.n_groups is None else "Wilson on the effective sample")


def _skill(
    evidence: Evidence,
    loss: float,
    baseline: float,
    optimism: tuple[float, float],
    rows: np.ndarray,
    baseline_rows: np.ndarray,
    most: float,
    carried: str,
) -> Estimate:
    """1 - loss / baseline; its interval from the paired differences, with the baseline's optimism taken back.

    The optimism is given as it is by the classes that were seen, and as it would be if all classes occurred. No row
    loses less than 0, or more than `most`.
    """
    if not math.isfinite(baseline) or baseline <= 0:
        return Estimate(math.nan, None, None, "not defined: the baseline loss is 0 or infinite")
    likely, at_most = (baseline + part for part in optimism)
    value, honest = 1.0 - loss / baseline, 1.0 - loss / likely
    residual = (1.0 - honest) * baseline_rows - rows
    mean, low, high, method = evidence.rows.interval(residual[:, None])
    if math.isnan(low[0]):
        return Estimate(value, None, None, method)
    below, above = (float(width) / likely for width in ((mean - low)[0], (high - mean)[0]))
    method = warned(f"{method}, linearised", evidence.rows.null, rows, carried)
    lowest = 1.0 - most / likely
    return Estimate(
        value, min(value, max(honest - below, lowest)), min(max(value, 1.0 - loss / at_most + above), 1.0), method
    )


def _calibration(evidence: Evidence) -> dict[str, Estimate]:
    confidence, correct, weight = evidence.top_sums
    bins = evidence.bins
    null = bins.null_ece
    note = "no interval: biased upward near 0; read it against ece_null_mean and ece_null_q95"
    binned = "" if evidence.rows.complete else "; by 960 bins of confidence"
    return {
        "ece": Estimate(bins.ece, None, None, note),
        "ece_null_mean": Estimate(float(null.mean()), None, None, f"mean of {null.size} draws from the probabilities"),
        "ece_null_q95": Estimate(float(np.quantile(null, 0.95)), None, None, "95 % quantile of the same draws"),
        "smooth_ece": Estimate(
            smooth_ece(confidence, correct, weight), method=f"no interval: biased upward near 0{binned}"
        ),
        "debiased_rmsce": _debiased_rmsce(evidence),
    }


def _debiased_rmsce(evidence: Evidence) -> Estimate:
    """Debiased root mean square calibration error; pairs within a group are left out."""
    (confidence, correct), null = evidence.rows.top, evidence.rows.null
    squared, error = debiased_square(confidence, correct, null.weight, null.group)
    value = signed_root(squared)
    if math.isnan(value):
        return Estimate(value, None, None, "not defined: needs two rows, or groups, that count")
    if not math.isfinite(error) or (null.n_groups or null.n_rows) < FEWEST_SQUARED:
        return Estimate(value, None, None, f"no interval: needs {FEWEST_SQUARED} rows, or groups")
    half = Z95 * error
    return Estimate(
        value,
        signed_root(squared - half),
        max(value, signed_root(max(squared + half, 0.0))),
        f"U-statistic, normal for the square; a negative value means none was seen{evidence.rows.of_sample}",
    )


def _roc_auc(evidence: Evidence) -> Estimate:
    """One-vs-rest area under the ROC curve, macro over the classes that occur."""
    rows = evidence.rows
    null = rows.null
    present = np.unique(null.y)
    if present.size < 2:
        return Estimate(math.nan, None, None, "not defined: one class only")
    columns = present[-1:] if evidence.n_classes == 2 else present
    area, influence = macro_influence(null.proba, null.y, null.weight, columns)
    error = rows.influence_error(influence)
    slope = area * (1.0 - area)
    if error is None or slope <= 0.0:
        return Estimate(area, None, None, "no interval: needs an area below 1, and ten groups if any")
    spread = rows.class_spread(influence)
    if spread is None:
        return Estimate(area, None, None, "no interval: needs a class of two independent rows that differ")
    inflation, freedom = spread
    half = float(t.ppf(0.975, freedom)) * math.sqrt(inflation) * error / (rows.scale * slope)
    logit = math.log(area / (1.0 - area))
    low, high = (1.0 / (1.0 + math.exp(-(logit + step))) for step in (-half, half))
    return Estimate(area, low, high, f"DeLong, logit scale{rows.of_sample}")


def _around(
    evidence: Evidence,
    value: float,
    limits: tuple[np.ndarray, np.ndarray, np.ndarray, str],
    shift: float = 0.0,
    lowest: float = -math.inf,
    highest: float = math.inf,
) -> Estimate:
    """Put the interval of a mean of the judged rows around a value plus a known shift.

    The value rests on what the selected causes cost the judged rows. Beyond these that is not known as well as a mean
    of all rows: the rest of its error is added.
    """
    judged = evidence.judged
    mean, low, high, method = limits
    gain, *ends, _ = judged.interval(evidence.repaired_gain[:, None], all_rows=False)
    apart = math.sqrt(max(0.0, 1.0 - judged.scale**2))
    below, above = (apart * float(abs(gain[0] - end[0])) for end in ends)
    low = mean - np.hypot(mean - low, below)
    high = mean + np.hypot(high - mean, above)
    estimate = _shifted(value + shift, mean[0], low[0], high[0], method, lowest, highest)
    if estimate.low is None or estimate.high is None:
        return Estimate(value, None, None, method)
    return Estimate(value, min(value, estimate.low), max(value, estimate.high), method)


def _left_open(evidence: Evidence, rows: np.ndarray) -> tuple[float, float]:
    """Return limits of the loss once repaired that the likelihood of the selected causes leaves, with few rows.

    Their own mean loss says nothing of the surprising rows that happen not to be among them; and where no label is an
    error, ever sharper probabilities leave no loss at all, which is no more than one possibility.
    """
    if evidence.causes is None or not evidence.causes.terms or evidence.judged.resamples is None:
        return math.inf, -math.inf
    expected, low, high = evidence.repaired_limits[1].tolist()
    left = float(np.average(rows, weights=evidence.null.weight))
    return left - (expected - low), left + (high - expected)


def _refinement_loss(evidence: Evidence, value: float, rows: np.ndarray) -> Estimate:
    """Loss once repaired; no more than ln k, since a constant is a repair too."""
    limits, most = evidence.judged.interval(rows[:, None]), math.log(evidence.n_classes)
    found = _around(evidence, value, limits, lowest=0.0, highest=most)
    if found.low is not None and found.high is not None:
        low, high = _left_open(evidence, rows)
        found = replace(found, low=min(found.low, max(0.0, low)), high=max(found.high, min(high, most)))
    return replace(found, method=warned(found.method, evidence.null, rows, "loss"))


def _resolution(evidence: Evidence, refinement: float, rows: np.ndarray) -> Estimate:
    """Gain of the repaired scores over the class frequencies; no less than nothing, as these are a repair too."""
    judged, prior = evidence.judged, evidence.prior_log_loss
    chance = math.log(evidence.n_classes)
    if not math.isfinite(prior):
        return _around(evidence, chance - refinement, judged.interval(-rows[:, None]), 0.0, 0.0, chance)
    own_prior, optimism = evidence.summary.train_prior is None, evidence.prior_optimism
    prior_rows = -np.log(np.maximum(evidence.prior, 1e-300))[evidence.null.y]
    mean, low, high, method = judged.interval((prior_rows - rows)[:, None])
    method = warned(method, evidence.null, prior_rows - rows, "differences")
    if own_prior and evidence.n_classes == 2:
        again = np.array(judged.resolution_limits(rows)) - optimism
        low, high = np.fmin(low, again[:1]), np.fmax(high, again[1:])
    highest = chance if own_prior else math.inf
    unseen = evidence.prior_optimism_at_most - optimism
    found = _around(evidence, prior - refinement, (mean, low, high, method), optimism, 0.0, highest - unseen)
    if found.low is None or found.high is None:
        return found
    least, most = _left_open(evidence, rows)
    return replace(
        found,
        low=min(found.low, max(0.0, prior - most)),
        high=max(found.high + unseen, min(prior - least + optimism, highest)),
    )


def _noise_rate(evidence: Evidence) -> Estimate:
    """Share of wrong labels, between what a floor proves and the error rate."""
    rate, low = evidence.noise
    high = evidence.error_upper_limit
    if high is None:
        return Estimate(rate, None, None, evidence.too_few_groups)
    method = "partly identified: at most the error rate"
    if rate > 0:
        method += ", at least what a floor proves if the model does not err where it is sure"
    return Estimate(rate, low, max(rate, high), method)


def _calibration_loss(evidence: Evidence, parts: list[Part], value: float) -> Estimate:
    """Join the parts of the waterfall that a repair takes away."""
    if not any(part.selected for part in parts):
        if evidence.too_few_groups:
            return Estimate(0.0, None, None, evidence.too_few_groups)
        largest = max(part.high or 0.0 for part in parts)
        still_open = max(largest, evidence.open_cost)
        return Estimate(0.0, 0.0, still_open, "nothing selected; the largest part left open")
    estimate = _around(evidence, value, evidence.judged.interval(evidence.repaired_gain[:, None]))
    shape = parts[-1]
    if estimate.low is None or estimate.high is None or (shape.selected and shape.high is None):
        return Estimate(value, None, None, estimate.method)
    expected, below, above, method = value, value - estimate.low, estimate.high - value, estimate.method
    if evidence.judged.resamples is not None:
        cost, low, high = evidence.repaired_limits[0].tolist()
        gained = float(np.average(evidence.repaired_gain, weights=evidence.null.weight))
        optimism = gained - sum(part.value for part in parts[:-1])
        # Both are the same but for a floor: selected where rows are surprising, it shows more than there is.
        expected, below, above = cost - optimism + shape.value, cost - low, high - cost
        method = "likelihood of the selected causes"
    half = (shape.high or 0.0) - shape.value if shape.selected else 0.0
    if evidence.far_classes is not None:  # a cost that the judged rows do not show
        half = math.hypot(half, Z95 * evidence.far_classes.error)
    low, high = min(value, expected) - math.hypot(below, half), value + math.hypot(above, half)
    method = warned(f"{method}, selected parts", evidence.null, evidence.repaired_gain, "gain")
    return Estimate(value, min(value, max(0.0, low)), high, method)


def measure(evidence: Evidence, decomposition: Decomposition) -> Mapping[str, Estimate]:
    """Return every number of `Diagnosis.metrics`."""
    summary = evidence.summary
    means = _means(evidence)
    baselines = _baselines(evidence)
    parts = {part.name: part for part in decomposition.parts}
    names = ("floor", "class_bias", "temperature", "shape")
    calibration = sum(parts[name].value for name in names)
    calibration_loss = _calibration_loss(evidence, [parts[name] for name in names], calibration)
    refinement = decomposition.total - calibration
    repaired_rows = evidence.null.true_loss - evidence.repaired_gain
    k = evidence.n_classes
    accuracy = _accuracy(evidence)
    found = {
        "n_samples": Estimate(float(summary.n_samples)),
        "n_classes": Estimate(float(k)),
        "effective_n": Estimate(evidence.n_effective, None, None, "Kish"),
        "accuracy": accuracy,
        "balanced_accuracy": _balanced_accuracy(evidence),
        **means,
        **baselines,
        **_calibration(evidence),
        "temperature": evidence.temperature,
        "noise_rate": _noise_rate(evidence),
        "calibration_loss": calibration_loss,
        "refinement_loss": _refinement_loss(evidence, refinement, repaired_rows),
        "resolution": _resolution(evidence, refinement, repaired_rows),
        "roc_auc": _roc_auc(evidence),
    }
    if evidence.unequal_units:
        null = evidence.rows.null
        for name, estimate in found.items():
            if estimate.high is not None:
                found[name] = replace(estimate, method=warned(estimate.method, null, 1.0, "weight"))
    return found
