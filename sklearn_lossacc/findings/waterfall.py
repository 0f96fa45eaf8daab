"""From chance to the observed loss: what each selected cause costs, in nats."""

from __future__ import annotations

import math

from sklearn_lossacc.findings.decomposition import Decomposition, Part
from sklearn_lossacc.findings.evidence import Evidence
from sklearn_lossacc.findings.parts import term_df
from sklearn_lossacc.inference.elimination import TERMS
from sklearn_lossacc.inference.gains import open_gain


def open_bound(evidence: Evidence, term: str) -> float:
    """Largest cost of an unselected term that the data leave open, in nats."""
    if term == "class_bias" and evidence.open_bias is not None:
        return evidence.open_bias
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
    return open_gain(statistic, term_df(evidence.n_classes, term), n_effective)


def decompose(evidence: Evidence, outlier_nats: float = 0.0, shape: Part | None = None) -> Decomposition:
    """Return the waterfall of the observed loss.

    Parameters
    ----------
    evidence : Evidence
        The judged predictions.
    outlier_nats : float, default=0.0
        What the rows of a fired LA201 carry beyond their expectation.
    shape : Part, optional
        The parts of a fired LA203 and of a fired LA104.

    Returns
    -------
    Decomposition
    """
    fitted = evidence.fitted_parts
    later = [
        fitted.get(term) or Part(term, 0.0, 0.0, open_bound(evidence, term), selected=False) for term in reversed(TERMS)
    ]
    later.append(Part("outliers", outlier_nats, selected=outlier_nats != 0.0))
    shown = evidence.shape_attribution or evidence.shape_gate
    later.append(shape or Part("shape", 0.0, 0.0, shown.open_gain, selected=False))
    chance = math.log(evidence.n_classes)
    prior = evidence.prior_log_loss if math.isfinite(evidence.prior_log_loss) else chance
    total = evidence.total_loss
    resolution = total - prior - sum(part.value for part in later)
    first = [Part("chance", chance), Part("prior", prior - chance), Part("resolution", resolution)]
    return Decomposition((*first, *later), total, evidence.clipped)
