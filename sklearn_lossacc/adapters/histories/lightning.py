"""Lightning: ``metrics.csv``, with rows of steps, of validation and of epochs interleaved."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sklearn_lossacc.adapters.histories.plain import read_text
from sklearn_lossacc.adapters.histories.sources import TextTable, load
from sklearn_lossacc.adapters.histories.table import LogTable


def recognises(source: Any) -> bool:
    """Whether this is a ``metrics.csv`` or the folder of a version."""
    if isinstance(source, Path):
        return source.is_dir() and (source / "metrics.csv").is_file()
    return isinstance(source, TextTable) and {"epoch", "step"} <= set(source.header)


def read(source: Any, wanted: Sequence[str]) -> LogTable:
    """Read interleaved rows."""
    table = read_text(load(source / "metrics.csv") if isinstance(source, Path) else source, "Lightning CSVLogger")
    table.sparse = True
    return table
