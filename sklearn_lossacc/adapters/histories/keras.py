"""Keras: the ``History`` object and its dictionary, and what ``CSVLogger`` writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sklearn_lossacc.adapters.histories.plain import is_sequence, read_mapping, read_text
from sklearn_lossacc.adapters.histories.roles import role_of
from sklearn_lossacc.adapters.histories.sources import TextTable
from sklearn_lossacc.adapters.histories.table import LogTable


def _bare_and_val(names: Sequence[str]) -> bool:
    """Whether some names are of validation and the others name no set."""
    roles = [role for role in map(role_of, names) if role is not None]
    return bool(roles) and {role.of for role in roles} in ({None, "val"}, {None})


def recognises(source: Any) -> bool:
    """Whether this is a History, its dictionary, or a CSVLogger's file."""
    if isinstance(getattr(source, "history", None), Mapping) and hasattr(source, "epoch"):
        return True
    if isinstance(source, TextTable):
        return source.header[0] == "epoch" and "step" not in source.header and _bare_and_val(source.header)
    if isinstance(source, Mapping):
        lists = [name for name, value in source.items() if isinstance(name, str) and is_sequence(value)]
        return "loss" in lists and _bare_and_val(lists)
    return False


def read(source: Any, wanted: Sequence[str]) -> LogTable:
    """Read a Keras history."""
    if isinstance(source, TextTable):
        return read_text(source, "Keras CSVLogger")
    if isinstance(source, Mapping):
        table = read_mapping(source, "Keras history", wanted)
    else:
        table = read_mapping(source.history, "Keras History object", wanted)
    table.rows_are = "epoch"
    return table
