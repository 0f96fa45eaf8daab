"""The waterfall: from chance to the observed loss, in nats."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """One step of the waterfall.

    Attributes
    ----------
    name : str
        One of chance, prior, resolution, floor, class_bias, temperature, outliers, shape.
    value : float
        Contribution in nats; chance is the level from which the steps start.
    low, high : float or None
        95 % interval for selected parts, an upper bound (with ``low`` 0) for the others.
    selected : bool
        Whether the part belongs to the selected model; unselected parts are exactly 0.
    """

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    selected: bool = True


@dataclass(frozen=True)
class Decomposition:
    """Loss = chance + prior + resolution + floor + class bias + temperature + outliers + shape.

    Attributes
    ----------
    parts : tuple of Part
        In drawing order; their values sum to `total`.
    total : float
        The observed log loss in nats (clipped at 2.22e-16 where a true class has probability 0).
    clipped : bool
        Whether `total` is the clipped loss.
    """

    parts: tuple[Part, ...]
    total: float
    clipped: bool = False

    def __getitem__(self, name: str) -> Part:
        """Return the part called `name`."""
        for part in self.parts:
            if part.name == name:
                return part
        raise KeyError(name)
