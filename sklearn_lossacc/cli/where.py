"""What is what in a file of predictions, as the options say."""

from __future__ import annotations

import argparse
from typing import Any

NAMES = ("y", "proba", "classes", "input", "sample_weight", "groups")


def where(options: argparse.Namespace) -> dict[str, Any]:
    """Return the options that say what is what in a file, as keywords of `read_predictions`.

    Parameters
    ----------
    options : Namespace
        The arguments of a command that reads predictions.

    Returns
    -------
    dict
        ``y``, ``proba``, ``classes``, ``input``, ``sample_weight`` and ``groups``.
    """
    return {name: getattr(options, name) for name in NAMES}
