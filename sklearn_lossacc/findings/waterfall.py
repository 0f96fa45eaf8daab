"""From chance to the observed loss: what each selected cause costs, in nats."""

from __future__ import annotations

import math

import numpy as np

from sklearn_lossacc._numerics.mixture import mixture_proba
from sklearn_lossacc.findings.decomposition import Decomposition, Part
from sklearn_lossacc.findings.evidence import Z95, Evidence
from sklearn_lossacc.inference.gains import open_gain
from sklearn_lossacc.inference.intervals import mean_and_error, unit_sums

PATH = ("floor", "class_bias", "temperature")  # the order in which the terms are taken off


def row_losses(log_proba: np.ndarray, y: np.ndarray, beta: float, bias: np.ndarray, floor: float) -> np.ndarray:
    """Return -log q at the labels."""
    rows = np.arange(len(y))
    if floor > 0:
        return -np.log(mixture_proba(log_proba, beta, bias, floor)[rows, y])
    # Without a floor the probability itself may underflow.
    scores = beta * log_proba + bias
    scores -= scores.max(axis=1, keepdims=True)
    return np.log(np.exp(scores).sum(axis=1)) - scores[rows, y]


def term_df(evidence: Evidence, term: str) -> int:
    """Degrees of freedom of a term."""
    return evidence.n_classes - 1 if term == "class_bias" else 1


def fitted_parts(evidence: Evidence) -> dict[str, Part]:
    """Cost of each selected term along the path floor, class bias, temperature.

    The loss that a fitted term saves on its own rows is optimistic by df / (2 n), which is taken off.
    """
    causes = evidence.causes
    if causes is None or not causes.terms:
        return {}
    fit, kept, null = causes.fit, causes.kept, evidence.null
    log_proba, y, weight = evidence.log_proba[kept], null.y[kept], null.weight[kept]
    group = None if null.group is None else np.unique(null.group[kept], return_inverse=True)[1]
    zero = np.zeros(evidence.n_classes)
    stages = [(1.0, zero, 0.0), (1.0, zero, fit.floor), (1.0, fit.bias, fit.floor), (fit.beta, fit.bias, fit.floor)]
    losses = [row_losses(log_proba, y, *stage) for stage in stages]
    share = float(weight.sum() / null.weight.sum())
    n_effective = causes.scale * float(weight.sum())
    parts = {}
    for term, before, after in zip(PATH, losses[:-1], losses[1:], strict=True):
        if term not in causes.terms:
            continue
        sums, sizes = unit_sums((before - after)[:, None], weight, group)
        mean, error = mean_and_error(sums, sizes)
        value = share * (float(mean[0]) - term_df(evidence, term) / (2.0 * n_effective))
        half = Z95 * share * float(error[0])
        known = math.isfinite(half)  # one row, or one group, has no spread
        parts[term] = Part(term, value, value - half if known else None, value + half if known else None)
    return parts


def open_bound(evidence: Evidence, term: str) -> float:
    """Largest cost of an unselected term that the data leave open, in nats."""
    if evidence.causes is not None and term in evidence.causes.statistics:
        statistic, scale = evidence.causes.statistics[term], evidence.causes.scale
        n_effective = scale * float(evidence.causes.null.weight.sum())
    else:
        n_effective = evidence.null.effective_n()
        scale = n_effective / float(evidence.null.weight.sum())
        statistic = {
            "temperature": evidence.loss_z**2,
            "class_bias": evidence.gates["class_bias"].statistic,
            "floor": evidence.floor_alone[1] * scale,
        }[term]
    return open_gain(statistic, term_df(evidence, term), n_effective)


def decompose(evidence: Evidence, outlier_nats: float = 0.0, shape: Part | None = None) -> Decomposition:
    """Return the waterfall of the observed loss.

    Parameters
    ----------
    evidence : Evidence
        The judged predictions.
    outlier_nats : float, default=0.0
        What the rows of a fired LA201 carry beyond their expectation.
    shape : Part, optional
        The part of a fired LA104.

    Returns
    -------
    Decomposition
    """
    fitted = fitted_parts(evidence)
    later = [fitted.get(term) or Part(term, 0.0, 0.0, open_bound(evidence, term), selected=False) for term in PATH]
    later.append(Part("outliers", outlier_nats, selected=outlier_nats != 0.0))
    shown = evidence.shape_attribution or evidence.shape_gate
    later.append(shape or Part("shape", 0.0, 0.0, shown.open_gain, selected=False))
    chance = math.log(evidence.n_classes)
    prior = evidence.prior_log_loss if math.isfinite(evidence.prior_log_loss) else chance
    total = evidence.total_loss
    resolution = total - prior - sum(part.value for part in later)
    first = [Part("chance", chance), Part("prior", prior - chance), Part("resolution", resolution)]
    return Decomposition((*first, *later), total, evidence.clipped)
