"""Which epoch to ship, for each use."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sklearn_lossacc.inference.epochs import chosen_value, equally_good
from sklearn_lossacc.report.epochs.memory import EpochMemory

USES = ("labels", "recalibrated", "as they are")


@dataclass(frozen=True)
class EpochChoice:
    """The epoch to ship for one use.

    Attributes
    ----------
    use : {"labels", "recalibrated", "as they are"}
        Only labels are used; probabilities are used after a temperature; probabilities are used as they are.
    epoch : float
        The recommended epoch.
    equally_good : tuple of float
        Epochs that the validation rows do not show to be worse by the measure of this use, the best included.
    measure : str
        ``"accuracy"``, ``"refinement_loss"`` or ``"log_loss"``.
    value : float
        The measure at the recommended epoch, on the rows that chose it.
    expected : float
        The measure on rows that did not choose the epoch, by choosing on halves.
    temperature : float or None
        What to divide logits by before use; None where probabilities are not recalibrated.
    """

    use: str
    epoch: float
    equally_good: tuple[float, ...]
    measure: str
    value: float
    expected: float
    temperature: float | None

    def __str__(self) -> str:
        """Write the choice in one line."""
        others = len(self.equally_good) - 1
        value = f"{100 * self.value:.1f} %" if self.measure == "accuracy" else f"{self.value:.3f} nats"
        with_t = "" if self.temperature is None else f", divide logits by T = {self.temperature:.3f}"
        equal = "no other is as good" if others == 0 else f"{others} other{'s' * (others > 1)} not shown to be worse"
        return f"{self.use}: epoch {self.epoch:g} ({self.measure.replace('_', ' ')} {value}{with_t}; {equal})"


def choose(memory: EpochMemory, *, weight: np.ndarray | None, group: np.ndarray | None) -> tuple[EpochChoice, ...]:
    """Choose an epoch for each use, among those whose row losses are held.

    Parameters
    ----------
    memory : EpochMemory
        The epochs.
    weight, group : ndarray of shape (n_rows,) or None
        Weights and group codes.

    Returns
    -------
    tuple of EpochChoice

    Notes
    -----
    For labels, accuracy seldom tells epochs apart; of those that it does not, the one of lowest refinement loss is
    taken, which is measured more finely.
    """
    held = list(memory.held())
    refinement = np.array([epoch.refinement_loss for epoch in held])
    criteria: dict[str, tuple[str, list[np.ndarray | None]]] = {
        "labels": ("accuracy", [(~memory.correct(epoch)).astype(np.float32) for epoch in held]),
        "recalibrated": ("refinement_loss", [epoch.refined for epoch in held]),
        "as they are": ("log_loss", [epoch.loss for epoch in held]),
    }
    choices = []
    for use, (measure, rows) in criteria.items():
        values = np.stack([row for row in rows if row is not None])
        found = equally_good(values, weight=weight, group=group)
        place = int(found.members[np.argmin(refinement[found.members])]) if use == "labels" else found.best
        expected = chosen_value(values, weight=weight, group=group)
        temperature = held[place].temperature
        choices.append(
            EpochChoice(
                use=use,
                epoch=held[place].epoch,
                equally_good=tuple(held[member].epoch for member in found.members),
                measure=measure,
                value=float(getattr(held[place], measure)),
                expected=1.0 - expected if measure == "accuracy" else expected,
                temperature=temperature if use == "recalibrated" and math.isfinite(temperature) else None,
            )
        )
    return tuple(choices)
