"""Findings and their numbers as plain values that JSON can hold."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from sklearn_lossacc.findings.finding import Finding


def plain(value: Any, *, infinities_as_text: bool = False) -> Any:
    """Turn numpy scalars and arrays, tuples and mappings into plain values.

    Parameters
    ----------
    value : object
        What to turn; containers are turned entry by entry.
    infinities_as_text : bool, default=False
        Whether infinities become ``"inf"`` and ``"-inf"``; else None, which NaN becomes in any case.

    Returns
    -------
    object
        Of dict, list, str, int, finite float, bool and None.

    Examples
    --------
    >>> plain({"a": np.array([1.0, np.nan]), "b": (np.int64(2), np.inf)})
    {'a': [1.0, None], 'b': [2, None]}
    >>> plain(-np.inf, infinities_as_text=True)
    '-inf'
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item, infinities_as_text=infinities_as_text) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [plain(item, infinities_as_text=infinities_as_text) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value) if infinities_as_text and not math.isnan(value) else None
    return value


def plain_labels(classes: np.ndarray) -> list[Any]:
    """Return labels as JSON can hold them: text and numbers as they are, dates, bytes and other objects as text.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        The label of each column.

    Returns
    -------
    list
        Of str, int, float and bool.

    Examples
    --------
    >>> plain_labels(np.array([0, 1])), plain_labels(np.array(["2020-01-02"], dtype="datetime64[ns]"))
    ([0, 1], ['2020-01-02T00:00:00.000000000'])
    """
    # tolist() turns dates in nanoseconds into integers
    labels = list(classes) if classes.dtype.kind in "mM" else classes.tolist()
    return [label if isinstance(label, str | int | float) else str(label) for label in labels]


def finding_fields(finding: Finding) -> dict[str, Any]:
    """Return the fields of a finding by name."""
    return {name: getattr(finding, name) for name in Finding.__dataclass_fields__}


def restored(record: Mapping[str, Any]) -> dict[str, Any]:
    """Turn the text of infinities back into numbers, alone or in lists.

    Examples
    --------
    >>> restored({"a": "inf", "b": [1.0, "-inf"], "c": "text"})
    {'a': inf, 'b': [1.0, -inf], 'c': 'text'}
    """

    def restore(value: Any) -> Any:
        if isinstance(value, list):
            return [restore(item) for item in value]
        return float(value) if value in ("inf", "-inf") else value

    return {key: restore(value) for key, value in record.items()}


def restored_finding(record: Mapping[str, Any]) -> Finding:
    """Rebuild a finding from its fields, infinities as text; a pair holds names of models, whatever they are."""
    fields = restored(record)
    interval, evidence = fields.pop("interval"), fields.pop("evidence")
    names = {name: evidence[name] for name in evidence if name == "pair"}
    return Finding(
        **fields, interval=None if interval is None else tuple(interval), evidence={**restored(evidence), **names}
    )
