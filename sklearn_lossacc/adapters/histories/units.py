"""Losses in nats and accuracies as shares: errors, percentages and opposite signs converted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from sklearn_lossacc.adapters.histories.roles import Role
from sklearn_lossacc.adapters.histories.table import LogTable
from sklearn_lossacc.exceptions import InvalidHistoryError

CLEARLY_PERCENT = 1.5
SURELY_PERCENT = 10.0  # beside another column that stays below 1, one of the two has another unit


def settle_percent(table: LogTable, roles: Mapping[str, Role]) -> dict[str, Role]:
    """Decide for columns of accuracies and errors whether they are percentages, where names do not say it.

    Parameters
    ----------
    table : LogTable
        The log.
    roles : mapping of str to Role
        Column to role.

    Returns
    -------
    dict of str to Role

    Raises
    ------
    InvalidHistoryError
        If the numbers of a column are neither clearly shares nor clearly percentages.

    Notes
    -----
    A share is at most 1. Columns of one measure have one unit: where one of them exceeds 1.5, all are percentages; but
    one that reaches 10 beside one that never exceeds 1 is refused, since they hardly have one unit.
    """
    roles = {
        name: replace(role, percent=True) if role.measure != "loss" and name in table.in_percent else role
        for name, role in roles.items()
    }
    largest: dict[str, tuple[float, str]] = {}
    least: dict[str, tuple[float, str]] = {}
    for name, role in roles.items():
        if role.measure != "loss" and role.percent is None:
            top = max((v for v in table.columns[name] if v is not None and math.isfinite(v)), default=0.0)
            largest[role.measure] = max(largest.get(role.measure, (0.0, name)), (top, name))
            if top > 0.0:
                least[role.measure] = min(least.get(role.measure, (math.inf, name)), (top, name))
    for measure, (top, name) in largest.items():
        if 1.0 + 1e-6 < top <= CLEARLY_PERCENT:
            raise InvalidHistoryError(
                f"column {name!r} reaches {top:g}: more than a share can be, and hardly a percentage; say which with "
                f"columns={{'val_{measure}_percent': {name!r}}} or leave it out."
            )
        low, other = least.get(measure, (top, name))
        if top >= SURELY_PERCENT and low <= 1.0:
            raise InvalidHistoryError(
                f"column {name!r} reaches {top:g} and column {other!r} no more than {low:g}: are these percentages and "
                f"shares? Say which with columns={{{roles[name].target + '_percent'!r}: {name!r}, "
                f"{roles[other].target!r}: {other!r}}}, or with '_percent' for both."
            )
    return {
        name: replace(role, percent=largest[role.measure][0] > CLEARLY_PERCENT)
        if role.measure != "loss" and role.percent is None
        else role
        for name, role in roles.items()
    }


def conversion(role: Role) -> str:
    """Write how the numbers of a column become a curve; empty where they are taken as they are."""
    if role.measure == "loss":
        return "-x" if role.negative else ""
    share = "x / 100" if role.percent else "x"
    return f"1 - {share}" if role.measure == "error" else share if role.percent else ""


def convert(values: np.ndarray, role: Role, name: str) -> np.ndarray:
    """Convert a column.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
        NaN where the log has no entry; an infinite number is an entry that is not finite.
    role : Role
        Its measure and unit.
    name : str
        The column, for messages.

    Returns
    -------
    ndarray of shape (n_rows,)

    Raises
    ------
    InvalidHistoryError
        If an accuracy or an error is no share.
    """
    if role.measure == "loss":
        return np.where(np.isinf(values), np.inf, -values if role.negative else values)
    shares = values / 100.0 if role.percent else values
    # Single-precision means of ones may exceed 1 by rounding.
    shares = np.where((shares > 1.0) & (shares < 1.0 + 1e-6), 1.0, shares)
    bad = np.flatnonzero(~np.isnan(shares) & ~((shares >= 0.0) & (shares <= 1.0)))
    if bad.size:
        raise InvalidHistoryError(
            f"column {name!r} was taken for {'a percentage' if role.percent else 'a share'} of rows, but its row "
            f"{bad[0]} holds {values[bad[0]]:g}; choose another column or unit with columns=."
        )
    return 1.0 - shares if role.measure == "error" else shares
