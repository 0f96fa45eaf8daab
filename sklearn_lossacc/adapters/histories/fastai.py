"""fastai: the ``history.csv`` of its ``CSVLogger``, and the recorder of a learner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sklearn_lossacc.adapters.histories.plain import read_text
from sklearn_lossacc.adapters.histories.roles import role_of
from sklearn_lossacc.adapters.histories.sources import TextTable
from sklearn_lossacc.adapters.histories.table import LogTable, table_of

HEADER = ["epoch", "train_loss", "valid_loss"]


def recognises(source: Any) -> bool:
    """Whether the columns begin as fastai writes them."""
    if isinstance(source, TextTable):
        return source.header[:3] == HEADER and source.header[-1] == "time"
    return hasattr(getattr(source, "recorder", None), "metric_names")


def read(source: Any, wanted: Sequence[str]) -> LogTable:
    """Read the table; fastai computes its metrics on the validation rows."""
    if isinstance(source, TextTable):
        table = read_text(source, "fastai CSVLogger")
    else:
        recorder = source.recorder
        names = [name for name in recorder.metric_names if name not in ("epoch", "time")]
        columns = {name: [row[place] for row in recorder.values] for place, name in enumerate(names)}
        table = table_of(columns, "fastai recorder")
    for name in (*table.columns, *table.texts):
        role = role_of(name)
        if role is not None and role.of is None:
            table.roles[name] = role.with_set("val", "fastai measures on validation")
    return table
