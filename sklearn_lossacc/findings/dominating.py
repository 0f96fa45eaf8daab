"""Warnings that one row, or group, carries much of a number: its interval then rests on that row."""

from __future__ import annotations

import numpy as np

from sklearn_lossacc.findings.materiality import DOMINATES
from sklearn_lossacc.inference.null import NullModel


def largest_share(null: NullModel, values: np.ndarray | float = 1.0) -> float:
    """Return the largest share of sum_i w_i |v_i| that one row carries, or one group when there are groups."""
    carried = null.weight * np.abs(values)
    if null.group is not None:
        carried = np.bincount(null.group, carried)
    total = float(carried.sum())
    return float(carried.max()) / total if total > 0 else 0.0


def warned(method: str, null: NullModel, values: np.ndarray | float, what: str) -> str:
    """Add to a method that one row, or group, carries more than a tenth of something, where it does."""
    share, unit = largest_share(null, values), "row" if null.group is None else "group"
    return f"{method}; one {unit} carries {share:.0%} of the {what}" if share > DOMINATES else method
