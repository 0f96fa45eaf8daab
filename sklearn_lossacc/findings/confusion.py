"""Two classes that most of some rows mix up, in words."""

from __future__ import annotations

import numpy as np

FEWEST_ROWS = 5  # of fewer, most may be of one kind by chance
MOST = 0.5  # share of their weight


def mixed_up(
    label: np.ndarray, predicted: np.ndarray, weight: np.ndarray, classes: np.ndarray, *, ask: bool = True
) -> str:
    """Say which label stands where the model says which other, if that holds for most of the rows.

    Parameters
    ----------
    label, predicted : ndarray of int
        Column of the label and of the most probable class of each row.
    weight : ndarray
        Weight of each row.
    classes : ndarray
        Label of each column. Of two, every wrong label is of the same kind, and nothing is said.
    ask : bool, default=True
        Whether to ask if two classes were exchanged: not of a few rows, which an exchange would not stop at.

    Returns
    -------
    str
        A sentence behind a space, or nothing.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc.findings.confusion import mixed_up
    >>> rows = np.zeros(6, dtype=int)
    >>> mixed_up(rows, rows + 2, np.ones(6), np.array(["cat", "dog", "owl"]))
    " Most of them are labelled 'cat' where the model says 'owl'."
    """
    k = len(classes)
    other = label != predicted
    if k < 3 or np.count_nonzero(other) < FEWEST_ROWS:
        return ""
    said, total = label[other].astype(np.int64) * k + predicted[other], float(weight.sum())
    a, b, heaviest = _heaviest(said, weight[other], k)
    if heaviest > MOST * total:
        return f" Most of them are labelled {str(classes[a])!r} where the model says {str(classes[b])!r}."
    lower, upper = np.minimum(label, predicted)[other], np.maximum(label, predicted)[other]
    a, b, heaviest = _heaviest(lower.astype(np.int64) * k + upper, weight[other], k)
    if heaviest > MOST * total:
        question = ": are columns or labels exchanged?" if ask else "."
        return f" Most of them mix up {str(classes[a])!r} and {str(classes[b])!r}{question}"
    return ""


def _heaviest(cell: np.ndarray, weight: np.ndarray, k: int) -> tuple[int, int, float]:
    """Return row and column of the cell of largest weight, the first of equals, and that weight."""
    cells, place = np.unique(cell, return_inverse=True)
    sums = np.bincount(place, weight)
    first = int(sums.argmax())
    return int(cells[first] // k), int(cells[first] % k), float(sums[first])
