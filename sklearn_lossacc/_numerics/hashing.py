"""64-bit hashes of rows of numbers, the same on every platform and in every process.

Two strengths, for two uses. `row_codes` is one multiply-accumulate over the bits of a row: cheap, and enough where an
index is mixed in as well. `row_digests` spreads the bits first, so that rows of round numbers (0.25, 0.5, ...) and
their permutations keep different codes: it names the content of a row by itself.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

__all__ = ["GOLDEN", "mix64", "row_codes", "row_digests", "row_keys"]

GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2**64 over the golden ratio, odd
_LABEL = np.uint64(0xD1B54A32D192ED03)
_WEIGHT = np.uint64(0xABC98388FB8FAC03)
_HALF = np.uint64(32)


def mix64(values: np.ndarray) -> np.ndarray:
    """Scramble 64-bit integers, one to one.

    Parameters
    ----------
    values : ndarray of uint64
        Any shape; not changed.

    Returns
    -------
    ndarray of uint64
        Every bit of the result depends on every bit of the value.

    References
    ----------
    .. [1] Steele, Lea, Flood (2014), "Fast splittable pseudorandom number generators", OOPSLA; the finalising
       function of SplitMix64.

    Examples
    --------
    The first number that SplitMix64 draws from the seed 0 is the scrambled golden ratio:

    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.hashing import mix64
    >>> hex(mix64(np.array([0x9E3779B97F4A7C15], dtype=np.uint64))[0])
    '0xe220a8397b1dcdaf'
    """
    mixed = values ^ (values >> np.uint64(30))
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed


def _bits(rows: np.ndarray) -> np.ndarray:
    """Read floats as unsigned integers of 64 bits: those of the value in float64, in whatever precision it comes."""
    if rows.ndim == 1:
        rows = rows[:, None]
    return rows.astype(np.float64, copy=False).view(np.uint64)


@lru_cache(maxsize=8)
def _multipliers(n_columns: int) -> np.ndarray:
    """One odd pseudo-random multiplier a column: a hash that does not notice swapped columns is of no use."""
    multipliers = mix64(np.arange(1, n_columns + 1, dtype=np.uint64) * GOLDEN) | np.uint64(1)
    multipliers.setflags(write=False)
    return multipliers


def row_codes(rows: np.ndarray) -> np.ndarray:
    """Hash each row of a matrix cheaply, by a multiply-accumulate over its bits.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_columns) or (n_rows,)
        Numbers in any precision and memory layout; equal values have equal hashes.

    Returns
    -------
    ndarray of uint64 of shape (n_rows,)

    Notes
    -----
    sum_j m_j bits(x_j) modulo 2**64 with fixed odd multipliers m_j. Linear, so rows of round numbers may share a
    code: use it with an index, or use `row_digests`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.hashing import row_codes
    >>> a, b, c = row_codes(np.array([[0.1, 0.9], [0.9, 0.1], [0.1, 0.9]]))
    >>> bool(a == c), bool(a == b)
    (True, False)
    """
    bits = _bits(rows)
    return np.einsum("ij,j->i", bits, _multipliers(bits.shape[1]))


def row_digests(rows: np.ndarray, label: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Hash the whole content of each row: its numbers, its label and its weight.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_columns) or (n_rows,)
        Numbers in any precision and memory layout; equal values have equal hashes.
    label : ndarray of int of shape (n_rows,)
        Code of the true class.
    weight : ndarray of float64 of shape (n_rows,)
        Sample weights.

    Returns
    -------
    ndarray of uint64 of shape (n_rows,)
        Equal for equal rows, wherever they stand; different rows collide with a chance of about 2**-64 a pair.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.hashing import row_digests
    >>> rows = np.array([[0.5, 0.5], [0.5, 0.5]])
    >>> a, b = row_digests(rows, np.array([0, 1]), np.ones(2))
    >>> bool(a == b)
    False
    """
    bits = _bits(rows)
    spread = bits ^ (bits >> _HALF)  # round floats differ in their high bits only, which a product cannot bring down
    code = np.einsum("ij,j->i", spread, _multipliers(bits.shape[1]))
    code ^= mix64(label.astype(np.uint64) * _LABEL + np.uint64(1))
    return mix64(mix64(code) + mix64(weight.astype(np.float64).view(np.uint64) + _WEIGHT))


def row_keys(index: np.ndarray, label: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Give each row a pseudo-random key by which a uniform sample can be taken.

    Parameters
    ----------
    index : ndarray of int of shape (n_rows,)
        Position of the row among all rows.
    label : ndarray of int of shape (n_rows,)
        Code of the true class.
    codes : ndarray of uint64 of shape (n_rows,)
        From `row_codes`.

    Returns
    -------
    ndarray of uint64 of shape (n_rows,)
        Uniform on the 64-bit integers, and the same however the rows are divided.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.hashing import row_codes, row_keys
    >>> codes = row_codes(np.full((4, 2), 0.5))
    >>> keys = row_keys(np.arange(4), np.zeros(4, dtype=int), codes)
    >>> len(set(keys.tolist()))
    4
    """
    key = mix64(index.astype(np.uint64) * GOLDEN + GOLDEN)
    key += label.astype(np.uint64) * _LABEL
    key += codes
    return mix64(key)
