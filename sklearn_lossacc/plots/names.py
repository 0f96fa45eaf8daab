"""Names of classes and models that stay different from each other when they are cut to the room of a panel."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sklearn_lossacc.findings.comparison import ComparisonDiagnosis
from sklearn_lossacc.findings.comparison.wording import Pair
from sklearn_lossacc.findings.diagnosis import Diagnosis
from sklearn_lossacc.findings.format import one_line
from sklearn_lossacc.inputs.column_order import shared_start
from sklearn_lossacc.plots.fonts import undrawable

CUT_TO = 12  # letters that the narrowest panels keep
ELLIPSIS = "…"


def class_names(diagnosis: Diagnosis) -> dict[str, str]:
    """Return the name to draw for each class, by its label as text."""
    return telling_names(map(str, diagnosis.tables["classes"]["label"]), "class")


def pair_names(diagnosis: ComparisonDiagnosis, pair: Pair) -> Pair:
    """Return the names to draw for two of the models that are compared."""
    names = telling_names(diagnosis.description["models"], "model")
    return names[pair[0]], names[pair[1]]


def telling_names(labels: Iterable[str], kind: str) -> dict[str, str]:
    """Leave out the words that all labels begin or end with, where labels that are cut in the middle would look alike.

    Parameters
    ----------
    labels : iterable of str
        All labels.
    kind : str
        What they are labels of.

    Returns
    -------
    dict of str to str
        Label to name; a label is its own name where cutting tells it from all others. One that no font can write is
        called by its place, such as ``class 1``.

    Examples
    --------
    >>> names = telling_names(["/data/animals/dog/train", "/data/animals/cat/train"], "class")
    >>> list(names.values())
    ['…dog…', '…cat…']
    """
    whole = {
        label: f"{kind} {place}" if undrawable(one_line(label)) else one_line(label)
        for place, label in enumerate(dict.fromkeys(labels), start=1)
    }
    if len({one_line(name, CUT_TO) for name in whole.values()}) == len(whole):
        return whole
    begin = re.sub(r"[^\W_]*$", "", shared_start(list(whole.values())))
    rest = [name[len(begin) :] for name in whole.values()]
    end = re.sub(r"^[^\W_]*", "", shared_start([name[::-1] for name in rest])[::-1])
    kept = [name[: len(name) - len(end)] for name in rest]
    before, after = ELLIPSIS * bool(begin), ELLIPSIS * bool(end)
    return {label: f"{before}{name}{after}" for label, name in zip(whole, kept, strict=True)}
