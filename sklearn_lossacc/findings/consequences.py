"""What other causes make of the model: findings that go away with the repair of the causes are their consequences."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sklearn_lossacc.findings.evidence import Evidence
from sklearn_lossacc.findings.format import number
from sklearn_lossacc.findings.materiality import D2_MARGIN, NATS, OUTLIER_EXCESS

TESTED = 10  # rules with a p-value, and more


@dataclass(frozen=True)
class Repaired:
    """The judged rows once the selected causes are taken off.

    Attributes
    ----------
    codes : list of str
        The rules that speak of the causes.
    names : str
        The causes in words; empty where there are none.
    log_loss : float
        What would be left of the log loss, in nats.
    prior : float
        Log loss of always predicting the class frequencies, in nats.
    frequencies : str
        Which frequencies these are: of all classes, or without those that have no probability in any row.
    """

    codes: list[str]
    names: str
    log_loss: float
    prior: float
    frequencies: str = "the class frequencies"

    @property
    def informative(self) -> bool:
        """Whether the repaired model beats the class frequencies."""
        return bool(self.codes) and self.log_loss <= (1.0 - D2_MARGIN) * self.prior and self.prior > 0.0

    @property
    def evidence(self) -> dict[str, float | list[str]]:
        """What a finding that is judged in this light adds to its numbers."""
        return {"repaired_log_loss": self.log_loss, "repaired_by": self.codes if self.informative else []}

    @property
    def advice(self) -> str:
        """What to do about a loss that is only as large as it is because of the causes."""
        left, prior = number(self.log_loss), number(self.prior)
        return (
            f"Attend to {self.names} first ({', '.join(self.codes)}): without, {left} nats would be left, below the "
            f"{prior} of {self.frequencies}, so that the scores do carry information."
        )


def repaired(evidence: Evidence, *, shape: bool = True) -> Repaired:
    """Take the material causes of the selected model, and what outliers carry, off the loss of all rows.

    Parameters
    ----------
    evidence : Evidence
        What is known about the predictions.
    shape : bool, default=True
        Whether to take off what a richer map than the selected model saves, too.

    Returns
    -------
    Repaired
    """
    parts = {
        name: part.value
        for name, part in evidence.fitted_parts.items()
        if (evidence.bias_nats if name == "class_bias" else part.value) >= NATS
    }
    if evidence.outliers.index.size and evidence.outlier_nats >= OUTLIER_EXCESS:
        parts["outliers"] = evidence.outlier_nats
    richer, attribution = (evidence.shape_part, evidence.shape_attribution) if shape else (None, None)
    if richer is not None and attribution is not None and richer.value >= NATS:
        # As sure as Holm's correction may ask for, whatever the other rules say: then LA104 speaks of it.
        surely = TESTED * max(evidence.shape_gate.p_value, attribution.p_value) <= evidence.alpha
        if surely:
            parts["shape"] = richer.value
    sharp = evidence.causes is not None and evidence.causes.fit.beta < 1.0
    noise = "floor" in parts and evidence.noise[0] > 0
    called = {
        "temperature": ("LA101", "overconfidence") if sharp else ("LA102", "underconfidence"),
        "class_bias": ("LA103", "class bias"),
        "outliers": ("LA201", "outlier rows"),
        "floor": ("LA202", "label noise") if noise else ("LA001", "zeros of true classes"),
        "shape": ("LA104", "a miscalibrated shape"),
    }
    codes, names = [called[name][0] for name in parts], [called[name][1] for name in parts]
    prior, frequencies = evidence.prior_log_loss, Repaired.frequencies
    without = np.unique(evidence.null.y[evidence.without_column])
    if "outliers" in parts and without.size:
        # What is left is that of the other classes, and so is what it has to beat.
        share, baseline = (np.delete(values, without) for values in (evidence.class_share, evidence.prior))
        seen, frequencies = share > 0, "the frequencies of the other classes"
        with np.errstate(divide="ignore"):
            log_baseline = np.log(baseline[seen] / baseline.sum())
        prior = max(0.0, -float(share[seen] @ log_baseline) / max(share.sum(), 1e-300))
    prior += evidence.prior_optimism if prior > 0.0 else 0.0
    return Repaired(
        sorted(codes),
        " and ".join([", ".join(names[:-1]), *names[-1:]] if len(names) > 1 else names),
        evidence.total_loss - sum(parts.values()),
        prior if math.isfinite(prior) and (prior > 0 or without.size) else math.log(evidence.n_classes),
        frequencies,
    )


def accuracy_without_bias(evidence: Evidence) -> float | None:
    """Return the accuracy of the judged rows once offsets of the selected model are taken off; None without offsets.

    Parameters
    ----------
    evidence : Evidence
        What is known about the predictions.

    Returns
    -------
    float or None
    """
    if evidence.bias_nats < NATS or evidence.causes is None:
        return None
    fit, null = evidence.causes.fit, evidence.null
    right = (fit.beta * evidence.log_proba + fit.bias).argmax(axis=1) == null.y
    return float(np.average(right, weights=null.weight))
