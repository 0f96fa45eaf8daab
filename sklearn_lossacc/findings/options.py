"""What every diagnosis may be asked with: a level, rules to leave out, a seed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from sklearn_lossacc.exceptions import LossAccError
from sklearn_lossacc.findings.verdict import Rule


def check_alpha(alpha: float) -> float:
    """Return the level; raise if it is not between 0 and 1.

    Parameters
    ----------
    alpha : float
        Chance of any false alarm.

    Returns
    -------
    float
        The same.

    Raises
    ------
    LossAccError
        If it is no number between 0 and 1.
    """
    if not isinstance(alpha, Real) or not 0.0 < alpha < 1.0:
        raise LossAccError(f"alpha must lie between 0 and 1, got {alpha!r}.")
    return float(alpha)


def check_ignored(ignore: Collection[str], rules: Sequence[Rule[Any]]) -> tuple[str, ...]:
    """Return the codes to ignore; raise if they are not those of rules.

    Parameters
    ----------
    ignore : collection of str
        Codes.
    rules : sequence of Rule
        What there is.

    Returns
    -------
    tuple of str
        The codes, also of what can be walked over only once.

    Raises
    ------
    LossAccError
        If `ignore` is one text or no collection, or names an unknown rule.
    """
    known = [rule.code for rule in rules]
    if isinstance(ignore, str):
        raise LossAccError(f"ignore must be a collection of codes such as ({known[0]!r},), got the text {ignore!r}.")
    if not isinstance(ignore, Iterable):
        raise LossAccError(f"ignore must be a collection of codes such as ({known[0]!r},), got {ignore!r}.")
    codes = tuple(ignore)
    unknown = [code for code in codes if code not in known]
    if unknown:
        raise LossAccError(f"ignore names unknown rules {unknown}; known are {known}.")
    return codes


def check_seed(random_state: int | np.random.RandomState | None) -> int:
    """Return the seed of all draws.

    Parameters
    ----------
    random_state : int, RandomState instance or None
        A generator is asked for a seed once; None means another one every time.

    Returns
    -------
    int
        At least 0.

    Raises
    ------
    LossAccError
        If it is none of these.
    """
    if random_state is None or isinstance(random_state, np.random.RandomState):
        return int(check_random_state(random_state).randint(2**31))
    if isinstance(random_state, Integral) and random_state >= 0:
        return int(random_state)
    raise LossAccError(
        f"random_state must be a whole number of at least 0, a RandomState or None, got {random_state!r}."
    )
