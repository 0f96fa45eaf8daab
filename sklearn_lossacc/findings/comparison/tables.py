"""The tables of a comparison: models, differences, pairs, stories of rows, explanations, and the rows that decide."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sklearn_lossacc.findings.comparison.evidence import MEASURES, ComparisonEvidence, PairEvidence
from sklearn_lossacc.findings.comparison.mechanisms import mechanisms
from sklearn_lossacc.findings.diagnosis import Table
from sklearn_lossacc.findings.plain import plain_labels
from sklearn_lossacc.inference.comparison import PairedDifference
from sklearn_lossacc.inference.intervals import (
    draws_told_by_units,
    effective_draws,
    mean_and_error,
    mean_intervals,
    unit_sums,
    wilson_interval,
)

STORIES = ("both right", "only second right", "only first right", "both wrong")
MOST_ROWS = 1000
LEAST_ROWS = 20
CURVE_POINTS = 60


def _limits(evidence: ComparisonEvidence, model: int) -> dict[str, tuple[float | None, float | None]]:
    """Return the limits of a model's own mean loss, Brier score and accuracy."""
    rows = evidence.rows[model]
    values = np.stack([rows.loss, rows.brier, rows.right.astype(float)], axis=1)
    rng = evidence.rng(100 + model)
    mean, low, high, method = mean_intervals(
        values, evidence.weight, evidence.group, rng, resamples=evidence.resamples.first
    )
    if method.startswith("not applicable"):
        return dict.fromkeys(("log_loss", "brier_score", "accuracy"), (None, None))
    sums, sizes = unit_sums(values[:, 2:], evidence.weight, evidence.group)
    _, error = mean_and_error(sums, sizes)
    share = min(max(float(mean[2]), 0.0), 1.0)
    draws = effective_draws(share, float(error[0]) ** 2, evidence.effective_rows)
    if evidence.group is not None:
        draws = draws_told_by_units(min(draws, evidence.effective_rows), sizes)
    loss = (None, None) if _impossible(evidence, model) else (float(low[0]), float(high[0]))
    return {
        "log_loss": loss,
        "brier_score": (float(low[1]), float(high[1])),
        "accuracy": wilson_interval(share, draws),
    }


def _impossible(evidence: ComparisonEvidence, model: int) -> int:
    """Return on how many rows a model gives the label a probability of exactly 0."""
    return int(np.count_nonzero(evidence.rows[model].p_true == 0))


def models_table(evidence: ComparisonEvidence) -> Table:
    """Return one row a model; an infinite log loss stands beside the clipped one."""
    table: dict[str, list[Any]] = {}
    for model, name in enumerate(evidence.compared.names):
        rows, limits = evidence.rows[model], _limits(evidence, model)
        given = evidence.compared.models[model]
        loss, zeros = evidence.mean(model, "loss"), _impossible(evidence, model)
        refinement = evidence.mean(model, "refined") + evidence.optimism(model)
        record = {
            "model": name,
            "log_loss": math.inf if zeros else loss,
            "log_loss_low": limits["log_loss"][0],
            "log_loss_high": limits["log_loss"][1],
            "log_loss_clipped": loss,
            "accuracy": evidence.mean(model, "right"),
            "accuracy_low": limits["accuracy"][0],
            "accuracy_high": limits["accuracy"][1],
            "brier_score": evidence.mean(model, "brier"),
            "brier_score_low": limits["brier_score"][0],
            "brier_score_high": limits["brier_score"][1],
            "calibration_loss": loss - refinement,
            "refinement_loss": refinement,
            "temperature": rows.temperature,
            "temperature_outcome": rows.outcome,
            "mean_confidence": evidence.mean(model, "confidence"),
            "zero_rows": zeros,
            "input": given.input,
            "dtype": given.dtype,
        }
        for column, value in record.items():
            table.setdefault(column, []).append(value)
    return table


def _collect(evidence: ComparisonEvidence, records: Callable[[PairEvidence], Sequence[dict[str, Any]]]) -> Table:
    """Put the records of every pair below each other, after the names of the pair."""
    table: dict[str, list[Any]] = {}
    for pair in evidence.pairs:
        for record in records(pair):
            for column, value in ({"first": pair.names[0], "second": pair.names[1]} | record).items():
                table.setdefault(column, []).append(value)
    return table


def _difference(difference: PairedDifference) -> dict[str, Any]:
    """Return value and limits."""
    return {"value": difference.value, "low": difference.low, "high": difference.high}


def _differences(pair: PairEvidence) -> list[dict[str, Any]]:
    """Return one record a measure."""
    return [
        {
            "measure": measure,
            **_difference(pair.differences[measure]),
            "p_value": pair.differences[measure].p_value,
            "p_holm": pair.p_holm(measure),
            "method": pair.differences[measure].method,
        }
        for measure in MEASURES
    ]


def _better(pair: PairEvidence, measure: str, sign: float) -> str:
    """Return which model is better by a measure beyond noise: "first", "second" or nothing."""
    if not pair.significant(measure):
        return ""
    return "second" if sign * pair.differences[measure].value > 0 else "first"


def pair_verdict(loss: str, accuracy: str) -> str:
    """Return what loss and accuracy say together of a pair."""
    if loss and accuracy:
        return "agree" if loss == accuracy else "disagree"
    return "loss only" if loss else "accuracy only" if accuracy else "neither"


def _pair(pair: PairEvidence) -> list[dict[str, Any]]:
    """Return what stands once for each pair."""
    loss, accuracy = _better(pair, "log_loss", -1.0), _better(pair, "accuracy", 1.0)
    verdict = pair_verdict(loss, accuracy) if pair.testable else "not testable"
    after = pair.recalibrated if pair.testable else None
    return [
        {
            "verdict": "identical" if pair.identical else verdict,
            "better_loss": loss,
            "better_accuracy": accuracy,
            "only_first_right": int(np.count_nonzero(pair.story == 2)),
            "only_second_right": int(np.count_nonzero(pair.story == 1)),
            "predicted_alike": float(pair.whole.weight @ (pair.predicted[0] == pair.predicted[1]) / pair.whole.total),
            "n_decisive": pair.decisive.n_decisive,
            "n_units": pair.whole.n_units,
            "recalibrated": None if after is None else after.value,
            "recalibrated_low": None if after is None else after.low,
            "recalibrated_high": None if after is None else after.high,
            "recalibrated_p_value": None if after is None else after.p_value,
        }
    ]


def _stories(pair: PairEvidence) -> list[dict[str, Any]]:
    """Return what the rows of each story contribute; the contributions sum to the difference in loss."""
    weight, (first, second) = pair.whole.weight, pair.rows
    records = []
    for code, story in enumerate(STORIES):
        here = pair.story == code
        mass = float(weight[here].sum())
        part = pair.parts[code]
        records.append(
            {
                "story": story,
                "rows": int(np.count_nonzero(here)),
                "share": mass / pair.whole.total,
                "loss_first": float(weight[here] @ first.loss[here]) / mass if mass else None,
                "loss_second": float(weight[here] @ second.loss[here]) / mass if mass else None,
                "contribution": part.value,
                "low": part.low,
                "high": part.high,
                "grew": int(np.count_nonzero(pair.loss_change[here] > 0)),
            }
        )
    return records


def _mechanisms(pair: PairEvidence) -> list[dict[str, Any]]:
    """Return the three explanations."""
    return [
        {
            "mechanism": found.name,
            **_difference(found.difference),
            "verdict": found.verdict,
            "text": found.words,
        }
        for found in mechanisms(pair)
    ]


def _rows(pair: PairEvidence) -> list[dict[str, Any]]:
    """Return the rows that move the mean loss most."""
    whole, (first, second) = pair.whole, pair.rows
    most = max(LEAST_ROWS, MOST_ROWS // len(whole.pairs))
    moved = whole.weight * pair.loss_change / whole.total
    places = np.lexsort((whole.index, -np.abs(moved)))[:most]
    places = places[pair.loss_change[places] != 0]
    names = plain_labels(whole.compared.classes)
    said, also = pair.predicted
    return [
        {
            "index": int(whole.index[place]),
            "y_true": names[whole.y[place]],
            "pred_first": names[said[place]],
            "pred_second": names[also[place]],
            "p_true_first": float(first.p_true[place]),
            "p_true_second": float(second.p_true[place]),
            "loss_first": float(first.loss[place]),
            "loss_second": float(second.loss[place]),
            "difference": float(pair.loss_change[place]),
            "contribution": float(moved[place]),
            "story": STORIES[pair.story[place]],
            "suspect": bool(pair.suspects.rows[place]),
        }
        for place in places
    ]


def _dropped(pair: PairEvidence) -> list[dict[str, Any]]:
    """Return the difference that is left when the rows that favour the better model most are taken away."""
    found, n_units = pair.decisive, pair.whole.n_units
    far = min(n_units - 1, max(4 * (found.n_decisive or 1), 10))
    counts = np.unique(np.linspace(1, max(far, 1), CURVE_POINTS).round().astype(int))
    if found.n_decisive is not None:
        counts = np.union1d(counts, [found.n_decisive])
    start = [{"dropped": 0, "left": pair.differences["log_loss"].value}]
    return start + [{"dropped": int(m), "left": float(found.left[m - 1])} for m in counts if m < n_units]


def tables(evidence: ComparisonEvidence) -> dict[str, Table]:
    """Return every table of a comparison."""
    return {
        "models": models_table(evidence),
        "differences": _collect(evidence, _differences),
        "pairs": _collect(evidence, _pair),
        "stories": _collect(evidence, _stories),
        "mechanisms": _collect(evidence, _mechanisms),
        "rows": _collect(evidence, _rows),
        "dropped": _collect(evidence, _dropped),
    }
