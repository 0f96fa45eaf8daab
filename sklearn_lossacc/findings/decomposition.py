"""The waterfall: from chance to the observed loss, in nats."""

from __future__ import annotations

from collections.abc import Sequence
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


def together(parts: Sequence[Part]) -> Part | None:
    """Add up parts of which each stands on the ones before.

    Parameters
    ----------
    parts : sequence of Part
        Selected ones.

    Returns
    -------
    Part or None
        Named as the first; limits add up, since all may err alike. None for no parts.

    Examples
    --------
    >>> together([Part("shape", 0.5, 0.25, 0.75), Part("shape", 0.25, 0.0, 0.5)])
    Part(name='shape', value=0.75, low=0.25, high=1.25, selected=True)
    """
    if not parts:
        return None
    lows = [part.low for part in parts if part.low is not None]
    highs = [part.high for part in parts if part.high is not None]
    low = sum(lows) if len(lows) == len(parts) else None
    high = sum(highs) if len(highs) == len(parts) else None
    return Part(parts[0].name, sum(part.value for part in parts), low, high)


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
