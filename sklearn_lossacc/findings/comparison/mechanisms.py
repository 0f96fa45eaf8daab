"""Three explanations of a difference in loss, each with the nats it accounts for: noise, capacity, certainty."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import poisson

from sklearn_lossacc.findings.comparison.evidence import PairEvidence
from sklearn_lossacc.findings.comparison.words import short
from sklearn_lossacc.findings.format import count, nats, percent, ratio
from sklearn_lossacc.findings.wording import counted
from sklearn_lossacc.inference.comparison import PairedDifference

POISSON_LEVEL = 0.01


@dataclass(frozen=True)
class Mechanism:
    """One explanation.

    Attributes
    ----------
    name : {"certainty", "capacity", "noise"}
        Which.
    difference : PairedDifference
        What it accounts for, in nats, second minus first.
    verdict : {"supported", "not shown"}
        Whether it accounts for a material part beyond noise.
    words : str
        The same in a sentence.
    """

    name: str
    difference: PairedDifference
    verdict: str
    words: str


def _shown(pair: PairEvidence, difference: PairedDifference) -> bool:
    """Whether a part of the difference is beyond noise and material."""
    if difference.low is None or difference.high is None:
        return False
    return (difference.low > 0 or difference.high < 0) and abs(difference.value) >= pair.material


def _certainty(pair: PairEvidence) -> Mechanism:
    """Say what probabilities that are too sure, or not sure enough, account for."""
    difference = pair.differences["calibration_loss"]
    temperatures = [rows.temperature for rows in pair.rows]
    said = " and ".join(
        f"{ratio(temperature)} in {short(name)}" for name, temperature in zip(pair.names, temperatures, strict=True)
    )
    confidence = [pair.whole.mean(place, "confidence") for place in (pair.first, pair.second)]
    known = f"Best temperatures {said}; mean confidence {percent(confidence[0])} and {percent(confidence[1])}"
    if not _shown(pair, difference):
        return Mechanism(
            "certainty", difference, "not shown",
            f"{known}: a difference in calibration that matters was not shown.",
        )  # fmt: skip
    costly = pair.second if difference.value > 0 else pair.first
    temperature = pair.whole.rows[costly].temperature
    how = "too sure" if temperature > 1 else "not sure enough"
    words = (
        f"{known}: {short(pair.whole.compared.names[costly])} pays {nats(abs(difference.value))} nats more for being "
        f"{how}, which a temperature repairs."
    )
    return Mechanism("certainty", difference, "supported", words)


def _capacity(pair: PairEvidence) -> Mechanism:
    """Say what telling the classes apart better or worse accounts for."""
    difference = pair.differences["refinement_loss"]
    if not _shown(pair, difference):
        words = "After a temperature each, a difference in loss that matters was not shown: they know about as much."
        return Mechanism("capacity", difference, "not shown", words)
    better = short(pair.names[1] if difference.value < 0 else pair.names[0])
    words = (
        f"After a temperature each, {better} has the lower loss by {nats(abs(difference.value))} nats: it tells the "
        "classes apart better."
    )
    return Mechanism("capacity", difference, "supported", words)


def _noise(pair: PairEvidence) -> Mechanism:
    """Say what labels that neither model can believe account for."""
    suspects, difference = pair.suspects, pair.parts[-1]
    n_found = int(np.count_nonzero(suspects.rows))
    # Rows count by the independent units that they are worth.
    scale = pair.whole.effective_units / len(pair.whole.weight)
    p_value = float(poisson.sf(math.floor(n_found * scale) - 1, max(suspects.expected * scale, 1e-9)))
    rows = (
        f"{counted(n_found, 'row has a label', 'rows have labels')} that neither model can believe while both name the "
        f"same other class; if their probabilities were true there would be at most {count(round(suspects.expected))}"
    )
    if p_value < POISSON_LEVEL and _shown(pair, difference):
        words = f"{rows}. They make {nats(difference.value, signed=True)} nats of the difference."
        return Mechanism("noise", difference, "supported", words)
    words = f"{rows}; that they make the difference was not shown."
    return Mechanism("noise", difference, "not shown", words)


def mechanisms(pair: PairEvidence) -> tuple[Mechanism, ...]:
    """Weigh the three explanations of a difference in loss.

    Certainty and capacity sum to the whole difference; the part of noise lies within them.

    Parameters
    ----------
    pair : PairEvidence
        The two models.

    Returns
    -------
    tuple of Mechanism
        Certainty, capacity, noise.
    """
    return _certainty(pair), _capacity(pair), _noise(pair)
