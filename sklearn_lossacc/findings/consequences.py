"""What other causes make of the model: findings that go away with the repair of the causes are their consequences."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sklearn_lossacc.findings.evidence import Evidence
from sklearn_lossacc.findings.format import number
from sklearn_lossacc.findings.materiality import D2_MARGIN, NATS, OUTLIER_EXCESS


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
    """

    codes: list[str]
    names: str
    log_loss: float
    prior: float

    @property
    def informative(self) -> bool:
        """Whether the repaired model beats the class frequencies."""
        return bool(self.codes) and 1.0 - self.log_loss / self.prior >= D2_MARGIN

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
            f"{prior} of the class frequencies, so that the scores do carry information."
        )


def repaired(evidence: Evidence) -> Repaired:
    """Take the material causes of the selected model, and what outliers carry, off the loss of all rows.

    Parameters
    ----------
    evidence : Evidence
        What is known about the predictions.

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
    sharp = evidence.causes is not None and evidence.causes.fit.beta < 1.0
    noise = "floor" in parts and evidence.noise[0] > 0
    called = {
        "temperature": ("LA101", "overconfidence") if sharp else ("LA102", "underconfidence"),
        "class_bias": ("LA103", "class bias"),
        "outliers": ("LA201", "outlier rows"),
        "floor": ("LA202", "label noise") if noise else ("LA001", "zeros of true classes"),
    }
    codes, names = [called[name][0] for name in parts], [called[name][1] for name in parts]
    prior = evidence.prior_log_loss + evidence.prior_optimism
    return Repaired(
        sorted(codes),
        " and ".join([", ".join(names[:-1]), *names[-1:]] if len(names) > 1 else names),
        evidence.total_loss - sum(parts.values()),
        prior if math.isfinite(prior) and prior > 0 else math.log(evidence.n_classes),
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
