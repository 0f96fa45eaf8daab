"""How a fit of a calibrator can end, and what each end means for the user."""

from __future__ import annotations

import warnings
from typing import Literal

import numpy as np

from sklearn_lossacc.exceptions import CalibrationWarning
from sklearn_lossacc.inputs.arrays import show_labels

__all__ = ["ADVICE", "Outcome", "warn_unless_converged"]

Outcome = Literal["converged", "separable", "uninformative", "missing_class", "degenerate"]

ADVICE: dict[Outcome, str] = {
    "converged": "The map is the best of its kind.",
    "separable": (
        "Every label has its row's largest score, so ever sharper probabilities fit ever better; the temperature "
        "stays 1. Rows that the model was trained on look like this: calibrate on held-out rows."
    ),
    "uninformative": (
        "The scores do not speak for the labels, so every row gets the class frequencies. Check that rows and "
        "labels belong together, and the order of the classes."
    ),
    "missing_class": (
        "A class without rows teaches nothing: its probability follows from what was learnt of the others, and stays "
        "above 0. Add rows of it if it matters."
    ),
    "degenerate": (
        "The rows are too few, or too much alike, to tell which map is better than none, so the probabilities are "
        "left as they are. Add rows."
    ),
}


def warn_unless_converged(name: str, outcome: Outcome, missing: np.ndarray) -> None:
    """Warn about a fit that did not end in the ordinary way.

    To be called from `fit` itself, so that the warning points to the caller's line.

    Parameters
    ----------
    name : str
        Name of the calibrator.
    outcome : str
        How the fit ended.
    missing : ndarray
        Classes without rows.

    Warns
    -----
    CalibrationWarning
        Unless the outcome is "converged".
    """
    if outcome == "converged":
        return
    detail = f" Without rows: {show_labels(missing)}." if len(missing) else ""
    warnings.warn(f"{name}: {outcome}. {ADVICE[outcome]}{detail}", CalibrationWarning, stacklevel=3)
