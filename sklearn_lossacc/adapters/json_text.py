"""JSON in which no key stands twice: Python's reader would keep the last value and drop the others in silence."""

from __future__ import annotations

import json
from typing import Any

from sklearn_lossacc.exceptions import InvalidFileError

__all__ = ["load_json"]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make a dict, unless a key is repeated."""
    entries = dict(pairs)
    if len(entries) == len(pairs):
        return entries
    keys = [key for key, _ in pairs]
    repeated = next(key for place, key in enumerate(keys) if key in keys[:place])
    key, value = pairs[0]
    first = json.dumps(key) + (f": {json.dumps(value)}" if isinstance(value, str | int | float) else "")
    raise InvalidFileError(
        f"the key {json.dumps(repeated)} stands more than once in the object that begins with {first}; "
        "give each value a key of its own."
    )


def load_json(text: str) -> Any:
    """Read JSON.

    Parameters
    ----------
    text : str
        One JSON value.

    Returns
    -------
    object
        As `json.loads` returns it.

    Raises
    ------
    InvalidFileError
        If a key stands twice in one object.
    JSONDecodeError
        If it is no JSON.

    Examples
    --------
    >>> from sklearn_lossacc.adapters.json_text import load_json
    >>> load_json('{"epoch": 3, "loss": 0.5, "loss": 0.6}')
    Traceback (most recent call last):
    sklearn_lossacc.exceptions.InvalidFileError: the key "loss" stands more than once in the object that begins with \
"epoch": 3; give each value a key of its own.
    """
    return json.loads(text, object_pairs_hook=_object)
