"""Labels and predictions, checked once and handed out in blocks of rows."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from sklearn_lossacc._numerics import BLOCK_ENTRIES, row_blocks
from sklearn_lossacc.exceptions import InvalidPredictionsError, NotProbabilitiesError
from sklearn_lossacc.inputs.alignment import warn_misaligned
from sklearn_lossacc.inputs.arrays import show_labels
from sklearn_lossacc.inputs.flags import check_flag
from sklearn_lossacc.inputs.groups import check_groups
from sklearn_lossacc.inputs.identities import row_identities
from sklearn_lossacc.inputs.labels import check_target, distinct_labels, match_classes
from sklearn_lossacc.inputs.scores import Scores
from sklearn_lossacc.inputs.weights import check_sample_weight, check_train_prior

__all__ = ["Block", "Predictions"]


class Block:
    """Some consecutive rows of the predictions.

    Attributes
    ----------
    start, stop : int
        The rows, counted from the first row of the predictions.
    y : ndarray of shape (b,), dtype intp
        Column of the true class.
    weight : ndarray of shape (b,), dtype float64, or None
    group : ndarray of shape (b,), dtype int64, or None
        Code of each row's group.

    Notes
    -----
    The matrices are computed on first use, kept as long as the block, and read-only.
    """

    __slots__ = ("_log_proba", "_proba", "_scores", "group", "start", "stop", "weight", "y")

    def __init__(
        self,
        scores: Scores,
        rows: slice,
        y: np.ndarray,
        weight: np.ndarray | None,
        group: np.ndarray | None = None,
    ) -> None:
        self._scores = scores
        self.start: int = rows.start
        self.stop: int = rows.stop
        self.y = y
        self.weight = weight
        self.group = group
        self._proba: np.ndarray | None = None
        self._log_proba: np.ndarray | None = None

    def proba(self) -> np.ndarray:
        """Probabilities whose rows sum to 1.

        Returns
        -------
        ndarray of shape (b, n_classes)
            float32 for exports of at most 32 bits, else float64; read-only.
        """
        if self._proba is None and self._scores.input == "logits":
            self.log_proba()
        if self._proba is None:
            self._proba = _frozen(self._scores.proba(slice(self.start, self.stop)))
        return self._proba

    def log_proba(self) -> np.ndarray:
        """Natural logarithms of the probabilities, in nats.

        Returns
        -------
        ndarray of shape (b, n_classes)
            In the dtype of `proba`; -inf where a probability is exactly 0, which never happens for logits;
            read-only.
        """
        if self._log_proba is None:
            if self._proba is not None and self._scores.input == "proba":
                self._log_proba = _frozen(self._scores.log_of(self._proba))
            else:
                proba, log_proba = self._scores.pair(slice(self.start, self.stop))
                self._proba, self._log_proba = _frozen(proba), _frozen(log_proba)
        return self._log_proba


def _frozen(matrix: np.ndarray) -> np.ndarray:
    """Make a kept matrix read-only, so that no user of a block changes it for the next one."""
    matrix.setflags(write=False)
    return matrix


def _columns_amiss(labels: np.ndarray, y_proba: Any) -> str:
    """Say that there are fewer columns than labels, or more with names, which may be why rows do not sum to 1."""
    scores = Scores.of_shape(y_proba)
    n_labels, n_columns = len(distinct_labels(labels)[0]), scores.values.shape[-1]
    if n_labels < n_columns and scores.column_names:
        return f" The columns are {show_labels(scores.column_names)}: leave out those that are no scores of a class."
    if scores.values.ndim == 1 or n_labels <= n_columns:
        return ""
    return f" y_true has {n_labels} distinct labels and y_proba {n_columns} columns: is a column missing?"


def check_row_offset(row_offset: Any, n_rows: int) -> int:
    """Read the global number of the first row; that of the last must be a 64-bit integer."""
    try:
        offset = operator.index(row_offset)
    except TypeError as reason:
        raise InvalidPredictionsError(f"row_offset must be an integer, got {row_offset!r}.") from reason
    if offset < 0:
        raise InvalidPredictionsError(f"row_offset must be at least 0, got {offset}.")
    if offset + n_rows > 2**63:
        raise InvalidPredictionsError(f"row_offset must leave the number of each row below 2**63, got {offset}.")
    return offset


@dataclass(frozen=True, eq=False, repr=False)
class Predictions:
    """Labels, probabilities or logits, weights and groups, checked once.

    Use `from_arrays`; the constructor checks nothing.

    Attributes
    ----------
    y : ndarray of shape (n_rows,), dtype intp
        Column of the true class.
    classes : ndarray of shape (n_classes,)
        The label of each column.
    checked : Scores
        The checked probabilities or logits.
    sample_weight : ndarray of shape (n_rows,), dtype float64, or None
    groups : ndarray of shape (n_rows,), dtype int64, or None
        Code of each row's group, 0..n_groups-1.
    group_keys : ndarray of shape (n_groups,), dtype uint64, or None
        Hash of each group's label, the same in every process.
    identities : ndarray of shape (n_rows,), dtype uint64, or None
        Code of each row's features, equal for copies; see `row_identities`.
    train_prior : ndarray of shape (n_classes,), dtype float64, or None
        Class frequencies at training; sums to 1.
    out_of_sample : bool
        False for predictions of the training data.
    row_offset : int
        Global number of the first row.
    n_samples : int
        Number of rows of positive weight.
    """

    y: np.ndarray
    classes: np.ndarray
    checked: Scores
    sample_weight: np.ndarray | None
    groups: np.ndarray | None
    group_keys: np.ndarray | None
    identities: np.ndarray | None
    train_prior: np.ndarray | None
    out_of_sample: bool
    row_offset: int
    n_samples: int

    @classmethod
    def from_arrays(
        cls,
        y_true: Any,
        y_proba: Any,
        *,
        input: str = "proba",
        classes: Any = None,
        sample_weight: Any = None,
        groups: Any = None,
        train_prior: Any = None,
        out_of_sample: bool = True,
        row_offset: int = 0,
        X: Any = None,
        part: bool = False,
    ) -> Predictions:
        """Check labels and predictions, in one pass over the predictions and without a copy of them.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            Class labels of any hashable type.
        y_proba : array-like of shape (n_samples, n_classes), (n_samples,) or (n_samples, 1)
            Probabilities or logits; one column: of ``classes[1]`` of a binary problem.
        input : {"proba", "logits"}, default="proba"
            What `y_proba` holds. Rows of probabilities must sum to 1 within 1e-3 and are renormalised.
        classes : array-like of shape (n_classes,), optional
            The label of each column, in column order, which is honoured. Without it: the column names of a data
            frame that cover the labels; 0..k-1 for integer labels in that range; else the sorted labels.
        sample_weight : array-like of shape (n_samples,), optional
            Finite and non-negative, at least one positive.
        groups : array-like of shape (n_samples,), optional
            Group labels; rows of one group are dependent.
        train_prior : array-like of shape (n_classes,) or mapping, optional
            Class frequencies or counts at training.
        out_of_sample : bool, default=True
            False declares predictions of the training data.
        row_offset : int, default=0
            Global number of the first row, for data in several parts.
        X : array-like of shape (n_samples, ...), sparse matrix or data frame, optional
            The features, read only to recognise rows that are copies.
        part : bool, default=False
            Whether these are part of the rows, all of which may have weight 0.

        Returns
        -------
        Predictions
            Refers to the caller's arrays.

        Raises
        ------
        InvalidPredictionsError
            If `y_proba` has an unusable shape, type or entry; `NotProbabilitiesError` if it does not hold
            probabilities.
        InvalidTargetError
            If `y_true` is not one class label for each row.
        ClassesMismatchError
            If labels, classes and columns do not fit together.
        InvalidWeightsError, InvalidGroupsError
            If `sample_weight`, `train_prior` or `groups` are unusable.
        InvalidFeaturesError
            If `X` has another number of rows.

        Warns
        -----
        DataWarning
            If pandas objects have the same index in another order: rows are matched by position.

        Examples
        --------
        >>> from sklearn_lossacc.inputs import Predictions
        >>> p = Predictions.from_arrays(["cat", "dog"], [[0.9, 0.1], [0.4, 0.6]])
        >>> p.classes.tolist(), p.y.tolist()
        (['cat', 'dog'], [0, 1])
        """
        labels = check_target(y_true)
        offset = check_row_offset(row_offset, labels.size)
        warn_misaligned(y_true, y_proba=y_proba, sample_weight=sample_weight, groups=groups)
        try:
            checked = Scores.from_array(y_proba, input=input, n_labels=labels.size)
        except NotProbabilitiesError as error:
            raise NotProbabilitiesError(f"{error}{_columns_amiss(labels, y_proba)}") from None
        y, classes = match_classes(labels, checked.n_classes, classes=classes, column_names=checked.column_names)
        weight = check_sample_weight(sample_weight, checked.n_rows, part=part)
        codes, keys = check_groups(groups, checked.n_rows)
        return cls(
            y=y,
            classes=classes,
            checked=checked,
            sample_weight=weight,
            groups=codes,
            group_keys=keys,
            identities=row_identities(X, checked.n_rows),
            train_prior=check_train_prior(train_prior, classes),
            out_of_sample=check_flag("out_of_sample", out_of_sample),
            row_offset=offset,
            n_samples=checked.n_rows if weight is None else int(np.count_nonzero(weight)),
        )

    @property
    def scores(self) -> np.ndarray:
        """The caller's probabilities or logits, shape (n_rows, n_classes), or (n_rows,) for two classes."""
        return self.checked.values

    @property
    def input(self) -> str:
        """What the scores are: "proba" or "logits"."""
        return self.checked.input

    @property
    def dtype(self) -> str:
        """Name of the dtype of the export."""
        return self.checked.dtype

    @property
    def n_rows(self) -> int:
        """Number of rows, those of weight 0 included."""
        return self.checked.n_rows

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return self.checked.n_classes

    def __repr__(self) -> str:
        """Describe the predictions without their values."""
        size = f"n_rows={self.n_rows}, n_classes={self.n_classes}"
        return f"Predictions({size}, input={self.input!r}, dtype={self.dtype!r})"

    def blocks(self, entries: int = BLOCK_ENTRIES) -> Iterator[Block]:
        """Walk over the rows once.

        Parameters
        ----------
        entries : int, default=2**16
            Wanted number of matrix entries in a block.

        Yields
        ------
        Block
            Consecutive rows. What is computed for a row does not depend on `entries`, up to rounding.
        """
        for rows in row_blocks(self.n_rows, self.n_classes, entries):
            weight = None if self.sample_weight is None else self.sample_weight[rows]
            group = None if self.groups is None else self.groups[rows]
            yield Block(self.checked, rows, self.y[rows], weight, group)

    def take(self, indices: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Materialise some rows.

        Parameters
        ----------
        indices : array-like of int of shape (m,)
            Which rows, counted from the first row of these predictions.

        Returns
        -------
        y : ndarray of shape (m,), dtype intp
            Column of the true class.
        log_proba : ndarray of shape (m, n_classes), dtype float64
            Natural logarithms; -inf where a probability is exactly 0.
        weight : ndarray of shape (m,), dtype float64
            Ones without sample weights.

        Examples
        --------
        >>> from sklearn_lossacc.inputs import Predictions
        >>> y, log_proba, weight = Predictions.from_arrays([0, 1], [[1.0, 0.0], [0.5, 0.5]]).take([0])
        >>> y, log_proba, weight
        (array([0]), array([[  0., -inf]]), array([1.]))
        """
        rows = np.asarray(indices, dtype=np.intp)
        log_proba = self.checked.pair(rows, dtype=np.dtype(np.float64))[1]
        weight = np.ones(rows.size) if self.sample_weight is None else self.sample_weight[rows]
        return self.y[rows], log_proba, weight
