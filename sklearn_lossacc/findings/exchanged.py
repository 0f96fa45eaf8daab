"""Columns that are in another order than assumed, in words."""

from __future__ import annotations

import numpy as np

from sklearn_lossacc.findings.evidence import Evidence
from sklearn_lossacc.findings.format import number

MOST_MOVED = 3  # classes that a sentence names
SEEMS = " The columns seem to be in another order."


def exchanged_columns(evidence: Evidence) -> tuple[list[int] | None, str]:
    """Return the order of the columns that is shown to be better, and the advice to look at it; None and "" without.

    Parameters
    ----------
    evidence : Evidence
        What is known about the predictions.

    Returns
    -------
    list of int or None, str
    """
    null, order = evidence.null, evidence.column_order
    if order is None:
        return None, ""
    moved = [(repr(evidence.class_names[i]), repr(evidence.class_names[j])) for i, j in enumerate(order) if i != j]
    named = ", ".join(f"class {i} from the column of {j}" for i, j in moved[:MOST_MOVED])
    given, read = (
        -float(np.average(evidence.log_proba[np.arange(null.n_rows), column], weights=null.weight))
        for column in (null.y, order[null.y])
    )
    return order.tolist(), (
        f"Check the order of the columns first: with {named}{', ...' if len(moved) > MOST_MOVED else ''} the log loss "
        f"would be {number(read)} instead of {number(given)} nats."
    )
