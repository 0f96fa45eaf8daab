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


def finding_fields(finding: Finding) -> dict[str, Any]:
    """Return the fields of a finding by name."""
    return {name: getattr(finding, name) for name in Finding.__dataclass_fields__}
