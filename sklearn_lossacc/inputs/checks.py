"""Finite numbers? Probabilities? One pass; the bad row is looked for only after a failure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NoReturn

import numpy as np

from sklearn_lossacc._numerics import row_blocks
from sklearn_lossacc.exceptions import InvalidPredictionsError, NotProbabilitiesError
from sklearn_lossacc.inputs.arrays import IF_LABELS
from sklearn_lossacc.inputs.naming import row_count

__all__ = ["SUM_TOLERANCE", "check_logits", "check_proba", "working_dtype"]

# Rows of probabilities may miss a sum of 1 by this much, and are renormalised.
SUM_TOLERANCE = 1e-3

MOST_DECIMALS = 5
_LOGITS_HINT = "if these are logits or log-probabilities, pass input='logits'"
_FLOAT32, _FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)
_SIGNIFICANT_BITS = {"float16": 11, "bfloat16": 8}


def working_dtype(dtype: np.dtype) -> np.dtype:
    """Choose the precision to compute in: float32 for floats of at most 32 bits, else float64.

    Parameters
    ----------
    dtype : dtype
        Of the export.

    Returns
    -------
    dtype
        Native float32 or float64.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc.inputs.checks import working_dtype
    >>> working_dtype(np.dtype(np.float16))
    dtype('float32')
    """
    narrow = dtype.itemsize <= 4 if dtype.kind == "f" else dtype.name == "bfloat16"
    return _FLOAT32 if narrow else _FLOAT64


def _blocks(scores: np.ndarray, rows: slice = slice(None)) -> Iterator[tuple[int, np.ndarray]]:
    """Walk over blocks of rows in the working precision, each with the number of its first row."""
    dtype = working_dtype(scores.dtype)
    start, stop, _ = rows.indices(scores.shape[0])
    for block in row_blocks(stop - start, scores[:1].size):
        here = slice(start + block.start, start + block.stop)
        yield here.start, np.asarray(scores[here]).astype(dtype, copy=False)


def _sums(block: np.ndarray) -> np.ndarray:
    """Sum the rows, for the check only: a matrix product is fastest, but rounds by its own rules."""
    if block.ndim == 2:
        return block @ np.ones(block.shape[1], dtype=block.dtype)
    # one column p stands for the row (1 - p, p), whose sum is 1 unless p exceeds 1
    return np.maximum(block, 1)


def check_proba(scores: np.ndarray, dtype: str | None = None, rows: slice = slice(None)) -> None:
    """Check that rows hold probabilities.

    Parameters
    ----------
    scores : ndarray of shape (n_rows, n_classes) or (n_rows,)
        One dimension: of the second of two classes.
    dtype : str, optional
        Name of the dtype of the export, where it differs from that of `scores`.
    rows : slice, default=slice(None)
        Rows to check. If one of them is bad, the error is about all.

    Raises
    ------
    InvalidPredictionsError
        If entries are NaN or infinite.
    NotProbabilitiesError
        If entries are negative, or rows miss a sum of 1 by more than `SUM_TOLERANCE`.

    Notes
    -----
    A NaN or an infinity spoils the sum of its row, so that row sums and the smallest entry show every fault.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc.inputs.checks import check_proba
    >>> check_proba(np.array([[0.5, 0.5], [0.25, 0.75]]))
    """
    with np.errstate(all="ignore"):
        for _, block in _blocks(scores, rows):
            total = _sums(block)
            low, high = float(total.min()), float(total.max())
            if not (block.min() >= 0 and low >= 1 - SUM_TOLERANCE and high <= 1 + SUM_TOLERANCE):
                _raise_not_finite(scores, "drop or repair these rows")
                _raise_not_proba(scores, dtype or scores.dtype.name)


def check_logits(scores: np.ndarray, rows: slice = slice(None)) -> None:
    """Check that logits are finite, and that their dtype can hold the spread of every row.

    Parameters
    ----------
    scores : ndarray of shape (n_rows, n_classes) or (n_rows,)
        One dimension: of the second of two classes.
    rows : slice, default=slice(None)
        Rows to check. If one of them is bad, the error is about all.

    Raises
    ------
    InvalidPredictionsError
        If entries are NaN or infinite, or the logits of a row differ by more than their dtype can hold.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc.inputs.checks import check_logits
    >>> check_logits(np.array([[-3.0, 5.0]]))
    """
    with np.errstate(all="ignore"):
        for _, block in _blocks(scores, rows):
            if not np.isfinite(block.max() - block.min()):
                _raise_not_finite(scores, "repair these rows; give masked classes a finite logit such as -1e9")
                _raise_too_spread(scores)
                return


def _raise_not_finite(scores: np.ndarray, advice: str) -> None:
    """Raise with the number of NaN and of infinite entries, if there are any."""
    n_nan, n_infinite, first = 0, 0, -1
    for start, block in _blocks(scores):
        bad = ~np.isfinite(block)
        if not bad.any():
            continue
        n_block_nan = int(np.count_nonzero(np.isnan(block)))
        n_nan += n_block_nan
        n_infinite += int(np.count_nonzero(bad)) - n_block_nan
        if first < 0:
            first = start + int(np.argwhere(bad)[0][0])
    if first < 0:
        return
    counts = [f"{count} {kind}" for count, kind in ((n_nan, "NaN"), (n_infinite, "infinite")) if count]
    entries = "entry" if n_nan + n_infinite == 1 else "entries"
    raise InvalidPredictionsError(
        f"y_proba has {' and '.join(counts)} {entries}, the first in row {first}; expected finite numbers: {advice}."
    )


def _raise_too_spread(scores: np.ndarray) -> None:
    """Raise if the logits of a row differ by more than their dtype can hold."""
    if scores.ndim == 1:
        return
    count, first = 0, -1
    for start, block in _blocks(scores):
        bad = np.flatnonzero(~np.isfinite(block.max(axis=1) - block.min(axis=1)))
        count += bad.size
        if bad.size and first < 0:
            first = start + int(bad[0])
    if count:
        raise InvalidPredictionsError(
            f"the logits in {row_count(count)} of y_proba, the first is row {first}, differ by more than "
            f"{working_dtype(scores.dtype)} can hold; give masked classes a logit such as -1e9."
        )


def _raise_not_proba(scores: np.ndarray, dtype: str) -> NoReturn:
    """Raise with the number of rows that are finite but no probabilities."""
    negative = _Tally()
    off = _Tally()
    for start, block in _blocks(scores):
        smallest = block.min(axis=1) if block.ndim == 2 else block
        total = _sums(block).astype(np.float64)
        negative.add(start, smallest, smallest < 0)
        off.add(start, total, (total < 1 - SUM_TOLERANCE) | (total > 1 + SUM_TOLERANCE))
    if negative.count:
        raise NotProbabilitiesError(
            f"y_proba has negative entries in {row_count(negative.count)}, the first is row {negative.first} "
            f"({negative.value:.6g}); expected probabilities; {_LOGITS_HINT}{_if_labels(scores)}."
        )
    if scores.ndim == 1:
        fault = f"y_proba exceeds 1 by more than {SUM_TOLERANCE:g} in {row_count(off.count)}"
    else:
        fault = f"the probabilities of {row_count(off.count)} of y_proba do not sum to 1 within {SUM_TOLERANCE:g}"
    raise NotProbabilitiesError(
        f"{fault}, the first is row {off.first} ({off.value:.6g}); expected probabilities; "
        f"{_hint(dtype, np.asarray(scores[off.first]).reshape(-1), off.value)}{_if_labels(scores)}."
    )


def _if_labels(scores: np.ndarray) -> str:
    """Say what to do if whole numbers, one a row, are predicted labels; empty where they are not whole."""
    whole = scores.ndim == 1 and all(bool((block == np.floor(block)).all()) for _, block in _blocks(scores))
    return IF_LABELS if whole else ""


class _Tally:
    """How many rows have a fault, and the first of them."""

    def __init__(self) -> None:
        self.count = 0
        self.first = -1
        self.value = 0.0

    def add(self, start: int, values: np.ndarray, bad: np.ndarray) -> None:
        """Count the bad rows of a block whose first row is `start`."""
        found = np.flatnonzero(bad)
        if found.size and self.first < 0:
            self.first, self.value = start + int(found[0]), float(values[found[0]])
        self.count += found.size


def _decimals(row: np.ndarray, total: float) -> int | None:
    """Return to how many decimals a row was rounded, if that explains its sum; None if it does not."""
    for decimals in range(1, MOST_DECIMALS + 1):
        unit = 10.0**-decimals
        exact = np.abs(row / unit - np.round(row / unit)).max() < 1e-3
        if exact and abs(total - 1) < unit * row.size / 2:
            return decimals
    return None


def _hint(dtype: str, row: np.ndarray, total: float) -> str:
    """Say what a sum that is not 1 may mean."""
    bits = _SIGNIFICANT_BITS.get(dtype)
    if bits is not None and abs(total - 1) < 0.1:
        return (
            f"{dtype} keeps {bits} significant bits, which may be too few for rows of "
            f"{row.size} classes: export float32, or logits; {_LOGITS_HINT}"
        )
    decimals = _decimals(row.astype(np.float64), total)
    if decimals is not None:
        return (
            f"they look rounded to {decimals} decimal{'s' if decimals > 1 else ''}: export all digits, or logits; "
            "if there are no more, divide each row by its sum"
        )
    if row.size > 1 and row.min() >= 0 and row.max() <= 1:
        return f"{_LOGITS_HINT}; if each class has a sigmoid of its own, look at one column at a time, as two classes"
    if 90 < total < 110:
        return f"{_LOGITS_HINT}; if these are percentages, divide them by 100"
    return _LOGITS_HINT
