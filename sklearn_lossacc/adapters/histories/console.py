"""What a training script printed: the text of a terminal, saved to a file or pasted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sklearn_lossacc.adapters.histories.printed_lines import Line, read_lines
from sklearn_lossacc.adapters.histories.roles import Role, is_of_other_rows, role_of
from sklearn_lossacc.adapters.histories.sources import ConsoleText
from sklearn_lossacc.adapters.histories.table import LogTable, columns_of, table_of
from sklearn_lossacc.exceptions import InvalidHistoryError

# MLPClassifier prints its accuracy so.
SCORE_OF_MLP = "Validation score"


@dataclass
class Record:
    """What was printed of one epoch.

    Attributes
    ----------
    at : float
        Its number, NaN where nothing is counted.
    values : dict of str to str
        Numbers as they are written, by name.
    newest : set of str
        Names in the last line that was read.
    """

    at: float
    values: dict[str, str] = field(default_factory=dict)
    newest: set[str] = field(default_factory=set)

    def takes(self, names: set[str]) -> bool:
        """Whether a further line is of this epoch: progress repeats or extends the line before, or adds new names.

        Examples
        --------
        >>> record = Record(1.0, {"loss": "0.5", "val_loss": "0.6"}, {"loss", "val_loss"})
        >>> record.takes({"loss"}), record.takes({"loss", "val_loss"}), record.takes({"test_loss"})
        (False, True, True)
        """
        again = names & set(self.values)
        return not again or names >= self.newest >= again


def recognises(source: Any) -> bool:
    """Whether a source is text of a terminal."""
    return isinstance(source, ConsoleText)


def read(source: ConsoleText, wanted: Sequence[str]) -> LogTable:
    """Read one row an epoch, or an iteration where no epoch is named.

    Parameters
    ----------
    source : ConsoleText
        The text.
    wanted : sequence of str
        Columns that the user named.

    Returns
    -------
    LogTable

    Raises
    ------
    InvalidHistoryError
        If no line holds a loss or an accuracy.
    """
    lines = [line for line in read_lines(source.text) if line != Line()]
    if not any(line.values for line in lines):
        raise InvalidHistoryError("no line holds a number with its name, such as 'Epoch 3: val_loss: 0.52'.")
    counter = next((kind for kind in ("epoch", "step") if any(getattr(line, kind) is not None for line in lines)), None)
    notes: list[str] = []
    records = _records(lines, counter, notes)
    columns = columns_of(record.values for record in records)
    columns = {
        name: entries
        for name, entries in columns.items()
        if name in wanted or role_of(name) is not None or 2 * sum(e is not None for e in entries) >= len(records)
    }
    if counter is not None:
        columns = {counter: [record.at for record in records], **columns}
    table = table_of(columns, "console text", sparse=False, notes=notes)
    table.single = len(records) == 1
    if SCORE_OF_MLP in table.columns and set(table.columns) == {"step", "loss", SCORE_OF_MLP}:
        table.roles[SCORE_OF_MLP] = Role("val", "accuracy", percent=False, note="as MLPClassifier prints its accuracy")
    if any(line.averages for line in lines):
        table.notes.append("of numbers with another in brackets behind them, that one was read, as their average")
    _count_rows(lines, table)
    return table


def _records(lines: Iterable[Line], counter: str | None, notes: list[str]) -> list[Record]:
    """Put the lines of every epoch together, and note what was left out."""
    records: list[Record] = []
    n_foreign = n_early = n_over = 0
    at: float | None = None
    for line in lines:
        said = None if counter is None else getattr(line, counter)
        names = set(line.values)
        if (said is not None and said != at) or (counter is None and (not records or names & set(records[-1].values))):
            records.append(Record(math.nan if said is None else said))
            at = said
        if not records:
            n_early += bool(line.measures)
            continue
        record = records[-1]
        if not line.measures and not line.counts:  # of the whole run rather than of an epoch, such as "Params: 850"
            record.values = line.values | record.values
        elif record.takes(names):
            n_over += len(names & set(record.values))
            record.values |= line.values
            record.newest = names or record.newest
        else:
            n_foreign += 1
    records = [record for record in records if record.values]
    repeated = _printed_again(records) if counter is not None else set()
    if n_early:
        notes.append(f"{n_early} line(s) before the first {counter} were left out")
    if n_over:
        notes.append(f"of numbers printed several times in one {counter}, the last was read")
    if n_foreign:
        notes.append(
            f"{n_foreign} line(s) that return to numbers printed before others in the same {counter}, such as those of "
            "an evaluation after training, were left out"
        )
    if repeated:
        notes.append(f"{len(repeated)} {counter}(s) printed once more at the end of a run were left out")
    return [record for place, record in enumerate(records) if place not in repeated]


def _printed_again(records: Sequence[Record]) -> set[int]:
    """Return the places of records that end a run with the numbers of its best, as early stopping prints them."""
    seen: dict[float, list[Record]] = {}
    repeated: set[int] = set()
    for place, record in enumerate(records):
        ends = place + 1 == len(records) or records[place + 1].at <= record.at
        if ends and any(record.values.items() <= other.values.items() for other in seen.get(record.at, [])):
            repeated.add(place)
        seen.setdefault(record.at, []).append(record)
    return repeated


def _count_rows(lines: Iterable[Line], table: LogTable) -> None:
    """Take the number of validation rows from accuracies that are written as 98/100, where all agree."""
    counts = {count for line in lines for name, count in line.out_of.items() if is_of_other_rows(name)}
    if len(counts) == 1:
        table.facts["n_val"] = counts.pop()
        table.notes.append(f"n_val = {table.facts['n_val']} from accuracies written as shares of so many rows")
