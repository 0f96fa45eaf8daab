"""Names of columns that contradict the labels which the columns are taken for."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["contradicts", "shared_start"]


def shared_start(texts: Sequence[str]) -> str:
    """Return the letters that all texts begin with.

    Parameters
    ----------
    texts : sequence of str
        At least one.

    Returns
    -------
    str
        Possibly empty.

    Examples
    --------
    >>> from sklearn_lossacc.inputs.column_order import shared_start
    >>> shared_start(["p_cat", "p_cow"])
    'p_c'
    """
    first, last = min(texts), max(texts)  # os.path.commonprefix is deprecated from Python 3.15 on
    length = next((place for place, letter in enumerate(first) if not last.startswith(letter, place)), len(first))
    return first[:length]


def _is_number(text: str) -> bool:
    """Whether a label or a name may be a mere number of a column."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def _surroundings(names: Sequence[str], labels: Sequence[str]) -> tuple[str, str] | None:
    """Find the beginning and the end that turn the labels into the names, in whatever order."""
    wanted = set(names)
    begin = shared_start(names)
    end = shared_start([name[::-1] for name in names])[::-1]
    for start in range(len(begin) + 1):
        for stop in range(len(end) + 1):
            before, after = begin[:start], end[stop:]
            if before + labels[0] + after in wanted and {before + label + after for label in labels} == wanted:
                return before, after
    return None


def contradicts(names: Sequence, classes: Sequence) -> bool:
    """Whether names of columns say that the columns belong to other classes.

    Parameters
    ----------
    names : sequence of hashable
        Names of the columns; one name for two classes is that of the column of the second.
    classes : sequence
        The class that each column is taken for, at least two.

    Returns
    -------
    bool
        True where the names are the classes, each behind the same beginning and before the same end, in another order;
        or where one of them is a class that is no number, on the column of another.

    Examples
    --------
    >>> from sklearn_lossacc.inputs.column_order import contradicts
    >>> contradicts(["p_b", "p_a"], ["a", "b"]), contradicts(["p_a", "p_b"], ["a", "b"])
    (True, False)
    >>> contradicts(["p_no"], ["no", "yes"]), contradicts(["score"], ["no", "yes"])
    (True, False)
    """
    named, labels = [str(name) for name in names], [str(label) for label in classes]
    if len(named) == 1:
        last_word = re.search(rf"(?:^|[\W_]){re.escape(labels[0])}$", named[0])
        return last_word is not None and not _is_number(labels[0]) and not named[0].endswith(labels[1])
    around = _surroundings(named, labels)
    if around is not None:
        return named != [around[0] + label + around[1] for label in labels]
    known = set(labels)
    others = (name for name, label in zip(named, labels, strict=True) if name != label)
    return any(name in known and not _is_number(name) for name in others)
