"""The numbers of a diagnosis, each with an interval or the reason why it has none."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from sklearn_lossacc.findings.decomposition import Decomposition
from sklearn_lossacc.findings.evidence import LOG_CLIP, Z95, Evidence
from sklearn_lossacc.findings.finding import Estimate
from sklearn_lossacc.inference.calibration_error import debiased_rmsce, smooth_ece
from sklearn_lossacc.inference.intervals import effective_draws, wilson_interval
from sklearn_lossacc.inference.ranks import roc_area

EXACT = "exact"
DOMINATES = 0.1  # share of the loss in one row from which its interval is not to be trusted


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
    """Put an interval made on the sampled rows around the value of all rows, within the possible values."""
    low_, high_ = _finite(low), _finite(high)
    if low_ is None or high_ is None:
        return Estimate(value, None, None, method)
    return Estimate(
        value,
        min(value, max(lowest, value - float(mean - low_))),
        max(value, min(highest, value + float(high_ - mean))),
        method,
    )


def _warned(method: str, evidence: Evidence, loss: np.ndarray) -> str:
    """Add to a method that one row carries more than a tenth of the loss, where it does."""
    carried = evidence.null.weight * loss
    total = float(carried.sum())
    share = float(carried.max()) / total if total > 0 else 0.0
    return f"{method}; one row carries {share:.0%} of the loss" if share > DOMINATES else method


def _accuracy(evidence: Evidence) -> Estimate:
    summary = evidence.summary
    value = float(summary.mean("correct"))
    if summary.n_groups is not None and summary.n_groups < 10:
        return Estimate(value, None, None, f"not applicable: {summary.n_groups} groups are too few")
    draws = evidence.n_effective
    if summary.n_groups is not None:
        draws = effective_draws(value, float(summary.variance_of_mean("correct")), draws)
    low, high = wilson_interval(value, draws)
    return Estimate(value, low, high, "Wilson" if summary.n_groups is None else "Wilson on the effective sample")


def _means(evidence: Evidence) -> dict[str, Estimate]:
    """Means over rows: one resampling serves all of them."""
    null, summary = evidence.null, evidence.summary
    confidence, correct = evidence.top
    brier = np.einsum("ij,ij->i", null.proba, null.proba) - 2 * null.proba[np.arange(null.n_rows), null.y] + 1.0
    halve = 0.5 if evidence.n_classes == 2 else 1.0
    clipped_loss = np.minimum(null.true_loss, -LOG_CLIP)
    columns = np.stack(
        [null.true_loss, clipped_loss, null.entropy, halve * brier, confidence, confidence - correct], axis=1
    )
    mean, low, high, method = evidence.interval(columns)
    k = evidence.n_classes
    exact = {
        "log_loss": (evidence.total_loss, 0.0, max(-LOG_CLIP, float(evidence.null.true_loss.max()))),
        "log_loss_clipped": (float(summary.mean("loss")), 0.0, -LOG_CLIP),
        "expected_log_loss": (float(summary.mean("entropy")), 0.0, math.log(k)),
        "brier_score": (halve * float(summary.mean("brier")), 0.0, 2.0 * halve),
        "mean_confidence": (float(summary.mean("confidence")), 1.0 / k, 1.0),
        "confidence_gap": (float(summary.mean("confidence") - summary.mean("correct")), 1.0 / k - 1.0, 1.0),
    }
    methods = dict.fromkeys(exact, method)
    for i, name in enumerate(("log_loss", "log_loss_clipped")):
        methods[name] = _warned(method, evidence, columns[:, i])
    found = {
        name: _shifted(value, mean[i], low[i], high[i], methods[name], lowest, highest)
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
    clustered = evidence.influence_error(evidence.recall_influence)
    if clustered is None or effective.min() < 2:
        return Estimate(value, None, None, "no interval: needs two rows in every class, and ten groups if any")
    # Agresti-Coull counts keep the variance of a class that is always or never right away from 0.
    share = (recall * effective + 2.0) / (effective + 4.0)
    error = math.sqrt(float(np.sum(share * (1 - share) / (effective + 4.0)))) / recall.size
    method = "normal, classes as strata"
    if summary.n_groups is not None:
        error, method = max(error, clustered), "normal, classes as strata, groups as units"
    return Estimate(value, max(0.0, value - Z95 * error), min(1.0, value + Z95 * error), method)


def _baselines(evidence: Evidence) -> dict[str, Estimate]:
    summary = evidence.summary
    share, prior = evidence.class_share, evidence.prior
    chance = Estimate(math.log(evidence.n_classes), None, None, EXACT)
    null = evidence.null
    source = "training frequencies" if summary.train_prior is not None else "evaluation labels"
    found = {"chance_log_loss": chance}
    prior_loss = evidence.prior_log_loss
    if math.isfinite(prior_loss):
        with np.errstate(divide="ignore"):
            rows = -np.log(prior)[null.y]
        mean, low, high, method = evidence.interval(rows[:, None])
        found["prior_log_loss"] = _shifted(prior_loss, mean[0], low[0], high[0], f"{method}, {source}", lowest=0.0)
    else:
        found["prior_log_loss"] = Estimate(math.inf, None, None, "infinite: the prior rules out a class that occurs")
    majority = float(share[evidence.majority])
    if summary.n_groups is None:
        found["majority_accuracy"] = Estimate(majority, *wilson_interval(majority, evidence.n_effective), "Wilson")
    else:
        mean, low, high, method = evidence.interval((null.y == evidence.majority).astype(float)[:, None])
        found["majority_accuracy"] = _shifted(majority, mean[0], low[0], high[0], method, 0.0, 1.0)
    found["d2_log_loss"] = _skill(evidence, evidence.total_loss, prior_loss, null.true_loss, None)
    constant = float(1.0 - 2.0 * share @ prior + prior @ prior)
    brier = float(summary.mean("brier"))
    row_brier = np.einsum("ij,ij->i", null.proba, null.proba) - 2 * null.proba[np.arange(null.n_rows), null.y] + 1.0
    row_constant = (1.0 + prior @ prior - 2.0 * prior)[null.y]
    found["d2_brier"] = _skill(evidence, brier, constant, row_brier, row_constant)
    return found


def _skill(evidence: Evidence, loss: float, baseline: float, rows, baseline_rows) -> Estimate:
    """1 - loss / baseline, its interval from the paired differences at the estimate."""
    if not math.isfinite(baseline) or baseline <= 0:
        return Estimate(math.nan, None, None, "not defined: the baseline loss is 0 or infinite")
    value = 1.0 - loss / baseline
    if baseline_rows is None:
        with np.errstate(divide="ignore"):
            baseline_rows = -np.log(evidence.prior)[evidence.null.y]
    residual = (1.0 - value) * baseline_rows - rows
    mean, low, high, method = evidence.interval(residual[:, None])
    estimate = _shifted(0.0, mean[0], low[0], high[0], method)
    if estimate.low is None or estimate.high is None:
        return Estimate(value, None, None, method)
    return Estimate(value, value + estimate.low / baseline, value + estimate.high / baseline, f"{method}, linearised")


def _calibration(evidence: Evidence) -> dict[str, Estimate]:
    confidence, correct = evidence.top
    weight = evidence.null.weight
    bins = evidence.bins
    null = bins.null_ece
    exact = evidence.summary.coarsen(15)
    ece = float(np.abs(exact["correct"] - exact["confidence"]).sum() / evidence.summary.sum_w)
    note = "no interval: biased upward near 0; read it against ece_null_mean and ece_null_q95"
    return {
        "ece": Estimate(ece, None, None, note),
        "ece_null_mean": Estimate(float(null.mean()), None, None, f"mean of {null.size} draws from the probabilities"),
        "ece_null_q95": Estimate(float(np.quantile(null, 0.95)), None, None, "95 % quantile of the same draws"),
        "smooth_ece": Estimate(smooth_ece(confidence, correct, weight), method="no interval: biased upward near 0"),
        "debiased_rmsce": Estimate(
            debiased_rmsce(confidence, correct, weight), method="no interval; a negative value means none was seen"
        ),
    }


def _roc_auc(evidence: Evidence) -> Estimate:
    """One-vs-rest area under the ROC curve, macro over the classes that occur."""
    null = evidence.null
    present = np.unique(null.y)
    if present.size < 2:
        return Estimate(math.nan, None, None, "not defined: one class only")
    columns = present[-1:] if evidence.n_classes == 2 else present
    areas = [roc_area(null.proba[:, j], null.y == j, null.weight) for j in columns]
    return Estimate(float(np.mean(areas)), None, None, "no interval")


def measure(evidence: Evidence, decomposition: Decomposition) -> Mapping[str, Estimate]:
    """Return every number of `Diagnosis.metrics`."""
    summary = evidence.summary
    means = _means(evidence)
    baselines = _baselines(evidence)
    parts = {part.name: part for part in decomposition.parts}
    calibration = sum(parts[name].value for name in ("floor", "class_bias", "temperature", "shape"))
    chosen = [parts[name] for name in ("floor", "class_bias", "temperature", "shape") if parts[name].selected]
    widths = [part.high - part.low for part in chosen if part.high is not None and part.low is not None]
    spread = math.sqrt(sum(width**2 for width in widths)) / 2.0
    if len(widths) < len(chosen):
        calibration_loss = Estimate(calibration, None, None, "no interval: a selected part has none")
    elif chosen:
        low = min(calibration, max(0.0, calibration - spread))
        calibration_loss = Estimate(calibration, low, calibration + spread, "selected parts, in quadrature")
    else:
        open_parts = [parts[name].high or 0.0 for name in ("floor", "class_bias", "temperature", "shape")]
        calibration_loss = Estimate(0.0, 0.0, max(open_parts), "nothing selected; the largest single part left open")
    refinement = decomposition.total - calibration
    loss = means["log_loss_clipped" if evidence.clipped else "log_loss"]
    refinement_low = None if loss.low is None else min(refinement, max(0.0, refinement - (loss.value - loss.low)))
    refinement_high = None if loss.high is None else refinement + (loss.high - loss.value)
    k = evidence.n_classes
    rate, rate_low = evidence.noise
    rate_high = evidence.error_upper_limit
    accuracy = _accuracy(evidence)
    prior = baselines["prior_log_loss"].value
    resolution = (prior if math.isfinite(prior) else math.log(k)) - refinement
    return {
        "n_samples": Estimate(float(summary.n_samples)),
        "n_classes": Estimate(float(k)),
        "effective_n": Estimate(evidence.n_effective, None, None, "Kish"),
        "accuracy": accuracy,
        "balanced_accuracy": _balanced_accuracy(evidence),
        **means,
        **baselines,
        **_calibration(evidence),
        "temperature": evidence.temperature,
        "noise_rate": Estimate(
            rate,
            rate_low,
            None if rate_high is None else max(rate, rate_high),
            "partly identified: at most the error rate",
        ),
        "calibration_loss": calibration_loss,
        "refinement_loss": Estimate(refinement, refinement_low, refinement_high, f"log loss: {loss.method}"),
        "resolution": Estimate(resolution, None, None, "prior minus refinement loss"),
        "roc_auc": _roc_auc(evidence),
    }
