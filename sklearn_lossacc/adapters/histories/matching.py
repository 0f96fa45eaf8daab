"""Which column is which curve: by the user's word, by the format, or by its name; never by its values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

from sklearn_lossacc.adapters.column_names import TRUTH_NAMES, listing
from sklearn_lossacc.adapters.histories.roles import Measure, Role, is_epoch, is_row_number, is_step, role_of
from sklearn_lossacc.adapters.histories.table import LogTable, first_without_number
from sklearn_lossacc.exceptions import InvalidHistoryError

TARGET = re.compile(r"(?P<of>.+?)_(?P<neg>neg_)?(?P<measure>loss|accuracy|error)(?P<percent>_percent)?")
COUNTERS = ("epoch", "step")


def given_role(target: str) -> Role:
    """Return what a key of ``columns=`` asks for, such as ``"val_error_percent"``."""
    match = TARGET.fullmatch(target)
    if (
        match is None
        or (match["neg"] and match["measure"] != "loss")
        or (match["percent"] and match["measure"] == "loss")
    ):
        raise InvalidHistoryError(
            f"columns= has the key {target!r}; expected 'epoch', 'step', or a set and a measure such as 'val_loss', "
            "'train_accuracy', 'val_accuracy_percent', 'val_error', 'val_neg_loss'."
        )
    return Role(
        match["of"],
        cast(Measure, match["measure"]),
        percent=None if match["measure"] == "loss" else bool(match["percent"]),
        negative=bool(match["neg"]),
        note="given",
    )


def match_columns(table: LogTable, columns: Mapping[str, str | None] | None) -> tuple[dict[str, Role], dict[str, str]]:
    """Return the role of every column that is read, and the columns that count epochs and steps.

    Parameters
    ----------
    table : LogTable
        The log.
    columns : mapping of str to str or None
        Curve to column, from the user; None as a column leaves that curve out.

    Returns
    -------
    roles : dict of str to Role
        Column to role; every role has a set.
    counters : dict of str to str
        "epoch" and "step" to column, where there are such.

    Raises
    ------
    InvalidHistoryError
        If a column that the user named does not exist, no column is recognised, or several could be the same curve.
    """
    given = dict(columns or {})
    for target, column in given.items():
        if column is not None and column not in table.columns:
            kind = "has no numbers in" if column in table.others else "has no"
            row, shown = first_without_number(table.texts[column]) if column in table.texts else (0, "")
            raise InvalidHistoryError(
                f"columns={{{target!r}: ...}} names {column!r}, but the log {kind} column {column!r}"
                f"{f' (row {row} holds {shown})' if shown else ''}; its columns are {listing(list(table.columns))}."
            )
    named = [column for column in given.values() if column is not None]
    repeated = next((column for column in named if named.count(column) > 1), None)
    if repeated is not None:
        raise InvalidHistoryError(f"columns= names {repeated!r} for more than one curve; a column is one curve.")
    counters = _counters(table, given)
    chosen = {column: given_role(target) for target, column in given.items() if column and target not in COUNTERS}
    unwanted = {target for target, column in given.items() if column is None}
    settled = {role.target for role in chosen.values()} | unwanted
    found = {}
    for name in table.columns:
        if name in chosen or name in counters.values():
            continue
        role = table.roles.get(name) or role_of(name, named_sets=table.named_sets)
        if role is not None:
            found[name] = role
    found = _with_sets(found, table, settled)
    found = {name: role for name, role in found.items() if role.target not in settled}
    found = _prefer(found, table)
    roles = {**found, **chosen}
    if not roles:
        labels = [name for name in (*table.columns, *table.texts) if name in TRUTH_NAMES]
        other = f" If {labels[0]!r} holds labels, these are predictions: lossacc report." if labels else ""
        raise InvalidHistoryError(
            f"no column is recognised as a loss or an accuracy; the log holds {_held(table)}: "
            f"name them, such as columns={{'val_loss': ..., 'val_accuracy': ...}}.{other}"
        )
    return roles, counters


def _held(table: LogTable) -> str:
    """List the columns, and those that would be curves if their entries were numbers."""
    held = listing(list(table.columns)) or "no column of numbers"
    written = [
        f"{name!r} (no numbers, such as {next((entry for entry in entries if isinstance(entry, str)), entries[0])!r})"
        for name, entries in table.texts.items()
        if role_of(name) is not None
    ]
    return f"{held}, and {', '.join(written[:4])}" if written else held


def _counters(table: LogTable, given: Mapping[str, str | None]) -> dict[str, str]:
    """Return the columns that count epochs and steps."""
    counters: dict[str, str] = {}
    for target, test in (("epoch", is_epoch), ("step", is_step)):
        if target in given:
            if given[target] is not None:
                counters[target] = str(given[target])
            continue
        found = [name for name in table.columns if test(name) and any(v is not None for v in table.columns[name])]
        if found:
            counters[target] = found[0]
    if "epoch" not in counters and "epoch" not in given and "step" not in counters:
        first = next(iter(table.columns), None)
        if first is not None and is_row_number(first):
            counters["epoch"] = first
    return counters


def _with_sets(found: dict[str, Role], table: LogTable, settled: set[str]) -> dict[str, Role]:
    """Give every role a set, and let the only evaluated set be validation."""
    bare = {name: role for name, role in found.items() if role.of is None}
    named = {name: role for name, role in found.items() if role.of is not None}
    sets = {role.of for role in named.values()}
    if bare and "train" in sets and not table.single:
        raise InvalidHistoryError(
            f"column {next(iter(bare))!r} does not say whether it is of training or of validation; the log holds "
            f"{listing(list(table.columns))}: choose with columns={{'val_{next(iter(bare.values())).measure}': "
            f"{next(iter(bare))!r}}} or 'train_...'."
        )
    if bare:
        alone = table.single and not sets
        side = "val" if alone else "train"
        note = (
            "one evaluation"
            if alone
            else ""
            if sets
            else "no name says a set: training, unless columns= says otherwise"
        )
        named |= {name: role.with_set(side, role.note or note) for name, role in bare.items()}
    others = list(dict.fromkeys(role.of for role in named.values() if role.of not in ("train", "val")))
    if any(role.of == "val" for role in named.values()) or settled & {"val_loss", "val_accuracy"} or not others:
        return {name: named[name] for name in found}
    if len(others) > 1:
        targets = sorted({role.target for role in named.values() if role.of in others})
        example = next(name for name, role in named.items() if role.of in others)
        raise InvalidHistoryError(
            f"several sets of rows are evaluated, {listing([str(of) for of in others])}, and nothing says which is for "
            f"validation and whether one is training ({listing(targets)}); choose with columns={{'val_loss': "
            f"{example!r}, ...}}; the log holds {listing(list(table.columns))}."
        )
    note = f"the log calls this set {others[0]!r}"
    renamed = {name: role.with_set("val", note) if role.of == others[0] else role for name, role in named.items()}
    return {name: renamed[name] for name in found}


def _prefer(found: dict[str, Role], table: LogTable) -> dict[str, Role]:
    """Leave one column for each curve: epochs before steps, accuracies before errors, copies once."""
    kept: dict[str, Role] = {}
    for target in dict.fromkeys(role.target for role in found.values()):
        names = [name for name, role in found.items() if role.target == target]
        by_epoch = [name for name in names if found[name].by_step is not True]
        names = by_epoch or names
        summarised = [name for name in names if found[name].by_step is False]
        names = summarised or names
        accuracies = [name for name in names if found[name].measure != "error"]
        names = accuracies or names
        first = table.columns[names[0]]
        differing = [name for name in names[1:] if table.columns[name] != first]
        if differing:
            raise InvalidHistoryError(
                f"several columns could be {target}: {listing([names[0], *differing])}; choose with "
                f"columns={{{target!r}: {names[0]!r}}}; the log holds {listing(list(table.columns))}."
            )
        kept[names[0]] = found[names[0]]
    return kept
