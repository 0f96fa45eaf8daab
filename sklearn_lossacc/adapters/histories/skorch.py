"""skorch: ``history.json``, and the history of a net."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sklearn_lossacc.adapters.histories.plain import is_records
from sklearn_lossacc.adapters.histories.table import LogTable, columns_of, table_of


def _rows(source: Any) -> Any:
    """Return the list of epochs."""
    return source if isinstance(source, list) else getattr(source, "history_", None)


def recognises(source: Any) -> bool:
    """Whether every epoch has its batches beside it."""
    rows = _rows(source)
    return rows is not None and is_records(rows) and all("batches" in row for row in rows)


def _size(batches: Sequence[Mapping[str, Any]], name: str) -> int | None:
    """Return the number of rows in the batches of one epoch."""
    sizes = [batch[name] for batch in batches if batch.get(name) is not None]
    return sum(sizes) if sizes else None


def read(source: Any, wanted: Sequence[str]) -> LogTable:
    """Read the epochs; batches are only counted."""
    rows = _rows(source)
    epochs = [
        {name: value for name, value in row.items() if name != "batches" and not name.endswith("_best")} for row in rows
    ]
    batches = rows[-1]["batches"]
    facts = {"n_val": _size(batches, "valid_batch_size"), "n_train": _size(batches, "train_batch_size")}
    return table_of(columns_of(epochs), "skorch history", facts={k: v for k, v in facts.items() if v})
