"""The numbers of a diagnosis, each with an interval or the reason why it has none."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from sklearn_lossacc.findings.decomposition import Decomposition
from sklearn_lossacc.findings.evidence import LOG_CLIP, Evidence
from sklearn_lossacc.findings.finding import Estimate
from sklearn_lossacc.inference.calibration_error import debiased_rmsce, smooth_ece
from sklearn_lossacc.inference.intervals import effective_draws, wilson_interval
from sklearn_lossacc.inference.ranks import roc_area

EXACT = "exact"


def _finite(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _shifted(value: float, mean: float, low: float, high: float, method: str) -> Estimate:
    """Put an interval made on the sampled rows around the value of all rows."""
    low_, high_ = _finite(low), _finite(high)
    if low_ is None or high_ is None:
        return Estimate(value, None, None, method)
    return Estimate(value, value - float(mean - low_), value + float(high_ - mean), method)


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
    exact = {
        "log_loss": evidence.total_loss,
        "log_loss_clipped": float(summary.mean("loss")),
        "expected_log_loss": float(summary.mean("entropy")),
        "brier_score": halve * float(summary.mean("brier")),
        "mean_confidence": float(summary.mean("confidence")),
        "confidence_gap": float(summary.mean("confidence") - summary.mean("correct")),
    }
    found = {name: _shifted(value, mean[i], low[i], high[i], method) for i, (name, value) in enumerate(exact.items())}
    if evidence.clipped:
        found["log_loss"] = Estimate(math.inf, None, None, "infinite: a true class has probability 0")
    return found


def _balanced_accuracy(evidence: Evidence) -> Estimate:
    summary = evidence.summary
    present = summary.class_weight > 0
    recall = summary.class_correct[present] / summary.class_weight[present]
    value = float(recall.mean())
    effective = summary.class_weight[present] ** 2 / np.maximum(summary.class_weight2[present], 1e-300)
    if summary.n_groups is not None or effective.min() < 2:
        return Estimate(value, None, None, "no interval: needs independent rows and two rows in every class")
    # Agresti-Coull counts keep the variance of a class that is always or never right away from 0.
    share = (recall * effective + 2.0) / (effective + 4.0)
    error = math.sqrt(float(np.sum(share * (1 - share) / (effective + 4.0)))) / recall.size
    return Estimate(value, max(0.0, value - 1.96 * error), min(1.0, value + 1.96 * error), "normal, classes as strata")


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
        found["prior_log_loss"] = _shifted(prior_loss, mean[0], low[0], high[0], f"{method}, {source}")
    else:
        found["prior_log_loss"] = Estimate(math.inf, None, None, "infinite: the prior rules out a class that occurs")
    majority = float(share[evidence.majority])
    found["majority_accuracy"] = Estimate(majority, *wilson_interval(majority, evidence.n_effective), "Wilson")
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
    spread = math.sqrt(sum(((part.high or 0.0) - (part.low or 0.0)) ** 2 for part in chosen)) / 2.0
    if chosen:
        calibration_loss = Estimate(
            calibration, max(0.0, calibration - spread), calibration + spread, "selected parts, in quadrature"
        )
    else:
        open_parts = [parts[name].high or 0.0 for name in ("floor", "class_bias", "temperature")]
        calibration_loss = Estimate(0.0, 0.0, max(open_parts), "nothing selected; the largest single part left open")
    refinement = decomposition.total - calibration
    loss = means["log_loss_clipped" if evidence.clipped else "log_loss"]
    half_low = None if loss.low is None else refinement - (loss.value - loss.low)
    half_high = None if loss.high is None else refinement + (loss.high - loss.value)
    causes = evidence.causes
    k = evidence.n_classes
    floor = causes.fit.floor if causes is not None and "floor" in causes.terms else 0.0
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
            floor * (k - 1) / k, 0.0, evidence.error_upper_limit, "partly identified: at most the error rate"
        ),
        "calibration_loss": calibration_loss,
        "refinement_loss": Estimate(refinement, half_low, half_high, f"{loss.method} of the log loss"),
        "resolution": Estimate(resolution, None, None, "prior minus refinement loss"),
        "roc_auc": _roc_auc(evidence),
    }
