"""A matrix of probabilities or logits, checked once, of which any rows can be asked."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np

from sklearn_lossacc._numerics import row_sum, softmax_pair
from sklearn_lossacc.exceptions import InvalidPredictionsError, InvalidTargetError
from sklearn_lossacc.inputs.arrays import IF_BATCHES, real_numbers
from sklearn_lossacc.inputs.checks import check_logits, check_proba, working_dtype
from sklearn_lossacc.inputs.naming import row_count

__all__ = ["Scores"]


def _column_names(scores: Any) -> list | None:
    """Names of the columns of a data frame, or the name of one column."""
    # the columns of a pyarrow table are its data; those of pandas and polars are its names
    arrow = type(scores).__module__.startswith("pyarrow")
    columns = getattr(scores, "column_names" if arrow else "columns", None)
    if isinstance(scores, np.ndarray):
        return None
    if columns is None:
        name = getattr(scores, "name", None)
        return [name] if isinstance(name, str) and getattr(scores, "ndim", 1) == 1 else None
    names = list(columns)
    return names if all(isinstance(name, Hashable) for name in names) else None


def _shaped(scores: np.ndarray) -> np.ndarray:
    """Return (n, k) scores with k > 1 as they are, and a single column as (n,)."""
    if scores.ndim not in (1, 2):
        hint = f": {IF_BATCHES}; of several outputs, pass one at a time" if scores.ndim == 3 else ""
        raise InvalidPredictionsError(
            "y_proba must have shape (n_samples, n_classes), or (n_samples,) for two classes; "
            f"got shape {scores.shape}{hint}."
        )
    if 0 in scores.shape:
        missing = "rows" if scores.shape[0] == 0 else "columns"
        raise InvalidPredictionsError(f"y_proba has no {missing}, shape {scores.shape}; expected at least one.")
    return scores[:, 0] if scores.ndim == 2 and scores.shape[1] == 1 else scores


def _check_length(scores: np.ndarray, n_labels: int) -> None:
    """Raise if there is not one label for each row."""
    if scores.shape[0] == n_labels:
        return
    transposed = "; y_proba may be transposed" if n_labels in scores.shape else ""
    raise InvalidTargetError(
        f"y_true has {row_count(n_labels)}, y_proba has {scores.shape[0]}; pass one label for each row{transposed}."
    )


def _two_columns(second: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Put what belongs to the first and to the second of two classes side by side."""
    return np.stack((first, second), axis=1)


@dataclass(frozen=True, eq=False, repr=False)
class Scores:
    """Checked probabilities or logits.

    Use `from_array`, or `of_shape` and `check_rows`; the constructor checks nothing.

    Attributes
    ----------
    values : ndarray of shape (n_rows, n_classes) or (n_rows,)
        The caller's array, not copied. One dimension: probability or logit of the second of two classes.
    input : {"proba", "logits"}
        What the values are.
    dtype : str
        Name of the dtype of the export.
    column_names : list or None
        Names of the columns of a data frame; of one column, its name.
    """

    values: np.ndarray
    input: str
    dtype: str
    column_names: list | None = None

    @classmethod
    def from_array(cls, y_proba: Any, *, input: str = "proba", n_labels: int | None = None) -> Scores:
        """Check probabilities or logits, in one pass and without a copy.

        Parameters
        ----------
        y_proba : array-like of shape (n_samples, n_classes), (n_samples,) or (n_samples, 1)
            Probabilities or logits. One column: of the second of two classes.
        input : {"proba", "logits"}, default="proba"
            What `y_proba` holds.
        n_labels : int, optional
            Number of rows that `y_proba` must have.

        Returns
        -------
        Scores
            Refers to the caller's array.

        Raises
        ------
        InvalidPredictionsError
            If the shape, the type or an entry (NaN, infinite) is unusable.
        NotProbabilitiesError
            If entries are negative, or rows miss a sum of 1 by more than 1e-3.
        InvalidTargetError
            If the number of rows is not `n_labels`.

        Examples
        --------
        >>> from sklearn_lossacc.inputs import Scores
        >>> Scores.from_array([[0.25, 0.75]]).n_classes
        2
        """
        scores = cls.of_shape(y_proba, input=input)
        if n_labels is not None:
            _check_length(scores.values, n_labels)
        scores.check_rows(slice(None))
        return scores

    @classmethod
    def of_shape(cls, y_proba: Any, *, input: str = "proba") -> Scores:
        """Check the shape and the type, and leave the entries to `check_rows`.

        Parameters
        ----------
        y_proba : array-like of shape (n_samples, n_classes), (n_samples,) or (n_samples, 1)
            Probabilities or logits.
        input : {"proba", "logits"}, default="proba"
            What `y_proba` holds.

        Returns
        -------
        Scores
            Refers to the caller's array.

        Raises
        ------
        InvalidPredictionsError
            If the shape or the type is unusable.
        """
        if not isinstance(input, str) or input not in ("proba", "logits"):
            raise InvalidPredictionsError(
                f"input must be 'proba' or 'logits', got {input!r}; it is declared, never guessed."
            )
        values = _shaped(real_numbers(y_proba, "y_proba", InvalidPredictionsError))
        # torch's bfloat16 arrives as float32
        narrow = str(getattr(y_proba, "dtype", "")).endswith("bfloat16")
        return cls(values, input, "bfloat16" if narrow else values.dtype.name, _column_names(y_proba))

    def check_rows(self, rows: slice) -> None:
        """Check the entries of some rows, just before they are used: they are then read from memory only once.

        Parameters
        ----------
        rows : slice
            Which rows. If one of them is bad, the error is about all.

        Raises
        ------
        InvalidPredictionsError
            If an entry is NaN or infinite.
        NotProbabilitiesError
            If entries are negative, or rows miss a sum of 1 by more than 1e-3.
        """
        if self.input == "logits":
            check_logits(self.values, rows)
        else:
            check_proba(self.values, self.dtype, rows)

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return self.values.shape[0]

    @property
    def n_classes(self) -> int:
        """Number of classes; 2 for one column."""
        return 2 if self.values.ndim == 1 else self.values.shape[1]

    def _rows(self, rows: Any, dtype: Any) -> np.ndarray:
        """Return some rows in the working precision, or in `dtype`; may share the caller's memory."""
        chosen = working_dtype(self.values.dtype) if dtype is None else dtype
        return np.asarray(self.values[rows]).astype(chosen, copy=False)

    def proba(self, rows: slice | np.ndarray, dtype: Any = None) -> np.ndarray:
        """Compute the probabilities of some rows.

        Parameters
        ----------
        rows : slice or ndarray of int
            Which rows.
        dtype : dtype, optional
            Precision; without it float32 for exports of at most 32 bits, else float64.

        Returns
        -------
        ndarray of shape (m, n_classes)
            A new array.

        Notes
        -----
        Probabilities are always divided by their sum, p_j / sum_i p_i. A single column p becomes (1 - p, p); a
        single logit d becomes the logits (0, d).

        Examples
        --------
        >>> from sklearn_lossacc.inputs import Scores
        >>> Scores.from_array([0.75, 0.5]).proba(slice(0, 1))
        array([[0.25, 0.75]])
        """
        if self.input == "logits":
            return self.pair(rows, dtype)[0]
        values = self._rows(rows, dtype)
        if values.ndim == 2:
            return values / row_sum(values)[:, np.newaxis]
        # within the tolerance p may exceed 1; the row (0, p) divided by its sum is (0, 1)
        values = np.minimum(values, 1)
        return _two_columns(values, 1 - values)

    def pair(self, rows: slice | np.ndarray, dtype: Any = None) -> tuple[np.ndarray, np.ndarray]:
        """Compute the probabilities of some rows and their natural logarithms.

        Parameters
        ----------
        rows : slice or ndarray of int
            Which rows.
        dtype : dtype, optional
            Precision; without it float32 for exports of at most 32 bits, else float64.

        Returns
        -------
        proba : ndarray of shape (m, n_classes)
            A new array.
        log_proba : ndarray of shape (m, n_classes)
            A new array; -inf where a probability is exactly 0, which never happens for logits.

        Notes
        -----
        See `proba`. For a single column p, log(1 - p) is computed as log1p(-p), which keeps a small p.

        Examples
        --------
        >>> from sklearn_lossacc.inputs import Scores
        >>> Scores.from_array([[0.0, 1.0]]).pair(slice(0, 1))
        (array([[0., 1.]]), array([[-inf,   0.]]))
        """
        if self.input == "logits":
            values = self._rows(rows, dtype)
            return softmax_pair(values if values.ndim == 2 else _two_columns(values, np.zeros_like(values)))
        proba = self.proba(rows, dtype)
        return proba, self.log_of(proba)

    def log_of(self, proba: np.ndarray) -> np.ndarray:
        """Take the natural logarithms of probabilities that `proba` returned.

        Parameters
        ----------
        proba : ndarray of shape (m, n_classes)
            As returned; it is not changed.

        Returns
        -------
        ndarray of shape (m, n_classes)
            -inf where a probability is exactly 0.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_lossacc.inputs import Scores
        >>> Scores.from_array([1.0]).log_of(np.array([[0.0, 1.0]]))
        array([[-inf,   0.]])
        """
        with np.errstate(divide="ignore"):
            log_proba = np.log(proba)
            if self.values.ndim == 1:
                # 1 - p forgets a small p, its logarithm need not
                np.log1p(-proba[:, 1], out=log_proba[:, 0])
        return log_proba
