"""Tables of image trainers with a unit or a set of their own: Ultralytics, timm, DeiT and MAE."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sklearn_lossacc.adapters.histories.plain import is_records, read_records, read_text
from sklearn_lossacc.adapters.histories.roles import Role
from sklearn_lossacc.adapters.histories.sources import TextTable
from sklearn_lossacc.adapters.histories.table import LogTable

ULTRALYTICS = "metrics/accuracy_top1"
TIMM = "eval_top1"
DEIT = "test_acc1"


def recognises(source: Any) -> bool:
    """Whether a column is called as one of these trainers calls it."""
    if isinstance(source, TextTable):
        return ULTRALYTICS in source.header or TIMM in source.header
    return isinstance(source, list) and is_records(source) and all(DEIT in row for row in source)


def read(source: Any, wanted: Sequence[str]) -> LogTable:
    """Read the table."""
    if not isinstance(source, TextTable):
        table = read_records(source, "DeiT log")
        table.roles[DEIT] = Role("test", "accuracy", percent=True, note="DeiT logs percentages")
    elif ULTRALYTICS in source.header:
        table = read_text(source, "Ultralytics results")
        table.roles[ULTRALYTICS] = Role("val", "accuracy", note="Ultralytics measures on validation")
    else:
        table = read_text(source, "timm summary")
        table.roles[TIMM] = Role("val", "accuracy", percent=True, note="timm logs percentages")
    table.single = False
    return table
