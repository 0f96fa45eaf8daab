"""Which column belongs to which label: the only place where labels become column codes."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from sklearn_lossacc.exceptions import ClassesMismatchError, InvalidTargetError
from sklearn_lossacc.inputs.arrays import label_vector, show_labels
from sklearn_lossacc.inputs.column_order import contradicts
from sklearn_lossacc.inputs.factorize import EXACT_INTEGERS, factorize, tidy, whole_numbers
from sklearn_lossacc.inputs.naming import row_count

__all__ = ["check_target", "class_labels", "distinct_labels", "match_classes"]

IGNORED = -100  # the label that losses of PyTorch leave out unless told otherwise


def _missing_labels(missing: np.ndarray) -> InvalidTargetError:
    """Describe rows without a label."""
    return InvalidTargetError(
        f"y_true has no label (None, NaN) in {row_count(missing.size)}, the first is row {missing[0]}; "
        "every row needs one: drop those rows from y_true and from y_proba."
    )


def check_target(y_true: Any) -> np.ndarray:
    """Read the target: one label a row, none missing, floats that are whole numbers as integers.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Class labels of any hashable type.

    Returns
    -------
    ndarray of shape (n_samples,)
        The caller's array where nothing had to change.

    Raises
    ------
    InvalidTargetError
        If the target is not one-dimensional, empty, or of floats with missing or infinite entries.

    Examples
    --------
    >>> from sklearn_lossacc.inputs.labels import check_target
    >>> check_target([0.0, 2.0])
    array([0, 2])
    """
    labels = label_vector(y_true, "y_true", InvalidTargetError)
    if labels.size == 0:
        raise InvalidTargetError("y_true has no rows; at least one is needed.")
    if labels.dtype.kind in "cV":
        raise InvalidTargetError(f"y_true has dtype {labels.dtype}; expected integers or strings.")
    if labels.dtype.kind != "f":
        return labels
    missing = np.flatnonzero(np.isnan(labels))
    if missing.size:
        raise _missing_labels(missing)
    infinite = np.flatnonzero(np.isinf(labels))
    if infinite.size:
        raise InvalidTargetError(
            f"y_true is infinite in {row_count(infinite.size)}, the first is row {infinite[0]}; "
            "expected class labels: drop or repair these rows."
        )
    integers = whole_numbers(labels)
    return labels if integers is None else integers


def distinct_labels(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the distinct labels of the target.

    Parameters
    ----------
    labels : ndarray of shape (n_samples,)
        From `check_target`.

    Returns
    -------
    values : ndarray
        The distinct labels.
    codes : ndarray of shape (n_samples,)
        Place of each row's label in `values`.

    Raises
    ------
    InvalidTargetError
        If a label is missing, or labels cannot be compared.
    """
    try:
        values, codes = factorize(labels)
    except TypeError as reason:
        raise InvalidTargetError(f"y_true holds labels that cannot be compared ({reason}).") from reason
    if any(isinstance(value, tuple) for value in values):
        raise InvalidTargetError(
            "y_true holds tuples where one label a row was expected: if the rows are one-hot, pass the column of the 1."
        )
    if labels.dtype.kind not in "biu":
        missing = np.flatnonzero(codes < 0)
        if missing.size:
            raise _missing_labels(missing)
    return tidy(values), codes


def _sorted(values: np.ndarray) -> np.ndarray:
    """Sort the distinct labels, which becomes the order of the columns."""
    try:
        return np.sort(values)
    except TypeError as reason:
        raise InvalidTargetError(
            f"y_true mixes labels that have no common order: {show_labels(values)}; "
            "pass classes= with the label of each column, or labels of one type."
        ) from reason


def _reject_continuous(labels: np.ndarray, values: np.ndarray) -> None:
    """Raise if the distinct labels are numbers with a fractional part."""
    if values.dtype.kind != "f":
        return
    odd = values[(values != np.floor(values)) | (np.abs(values) >= EXACT_INTEGERS)][0]
    row = int(np.flatnonzero(labels == odd)[0])
    raise InvalidTargetError(
        f"y_true is continuous: {odd} in row {row}; expected class labels. If {show_labels(values)} are "
        "labels, pass classes= with the label of each column."
    )


def _reject_ignored(labels: np.ndarray, values: np.ndarray) -> None:
    """Raise if -100, which PyTorch gives to rows without a label, stands among labels from 0 up."""
    if values.dtype.kind != "i" or np.count_nonzero(values < 0) != 1 or values.min() != IGNORED:
        return
    rows = np.flatnonzero(labels == IGNORED)
    raise InvalidTargetError(
        f"y_true holds {IGNORED}, which PyTorch gives to rows without a label, in {row_count(rows.size)}, the first is "
        f"row {rows[0]}; leave these rows out of y_true and y_proba, or pass classes= if it is a label."
    )


def _check_classes(classes: Any, n_columns: int) -> np.ndarray:
    """Read the caller's classes: one distinct label a column, in column order."""
    classes = tidy(label_vector(classes, "classes", ClassesMismatchError))
    if classes.size != n_columns:
        raise ClassesMismatchError(
            f"classes has {classes.size} labels, y_proba has {n_columns} columns; pass one label for each "
            f"column. classes: {show_labels(classes)}."
        )
    try:
        codes = factorize(classes)[1]
    except TypeError as reason:
        raise ClassesMismatchError(f"classes holds labels that cannot be compared ({reason}).") from reason
    if (codes < 0).any():
        raise ClassesMismatchError(f"classes lacks the label of a column (None, NaN): {show_labels(classes)}.")
    repeated = np.flatnonzero(np.bincount(codes) > 1)
    if repeated.size:
        label = classes[codes == repeated[0]].tolist()[0]
        raise ClassesMismatchError(f"classes names {label!r} more than once: {show_labels(classes)}.")
    return classes


def _place(values: np.ndarray, codes: np.ndarray, classes: np.ndarray, origin: str) -> np.ndarray:
    """Turn codes of distinct labels into columns of `classes`."""
    column_of = {label: column for column, label in enumerate(classes.tolist())}
    columns = np.array([column_of.get(label, -1) for label in values.tolist()], dtype=np.intp)
    if (columns < 0).any():
        strangers = values[columns < 0]
        rows = np.flatnonzero(columns[codes] < 0)
        raise ClassesMismatchError(
            f"y_true holds labels that no column has: {show_labels(strangers)} in {row_count(rows.size)}, the first "
            f"is row {rows[0]}. Labels of y_true: {show_labels(values)}; {origin}: {show_labels(classes)}. "
            "Pass classes= with the label of each column, in column order."
        )
    if np.array_equal(columns, np.arange(columns.size)):
        return codes.astype(np.intp, copy=False)
    # codes are our own array: overwrite it rather than hold two of them
    np.take(columns, codes, out=codes, mode="clip")
    return codes.astype(np.intp, copy=False)


def class_labels(y_true: Any) -> np.ndarray:
    """Find the distinct labels of part of the rows, for which no classes are given.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Class labels.

    Returns
    -------
    ndarray of shape (n_distinct,)
        In no particular order.

    Raises
    ------
    InvalidTargetError
        If a label is missing, or the target is continuous.

    Examples
    --------
    >>> from sklearn_lossacc.inputs.labels import class_labels
    >>> class_labels([2.0, 0.0, 2.0])
    array([0, 2])
    """
    labels = check_target(y_true)
    values, _ = distinct_labels(labels)
    _reject_continuous(labels, values)
    return values


def _refuse_other_order(names: list, values: np.ndarray, classes: np.ndarray) -> None:
    """Raise where the column names, read as text, say that the columns are other classes."""
    if not contradicts(names, classes.tolist()):
        return
    if len(names) == 1:
        raise ClassesMismatchError(
            f"the one column of y_proba is named {names[0]!r}, like the first of the classes {show_labels(classes)}; a "
            "single column is read as that of the second. Pass classes= with the class of the column last."
        )
    raise ClassesMismatchError(
        f"the columns of y_proba are named {show_labels(names)}, which are not the labels of y_true "
        f"{show_labels(values)}, but look like them in another order than the sorted one. "
        "Pass classes= with the label of each column, in column order."
    )


def _unnamed(labels: np.ndarray, names: list | None) -> str:
    """Say where the first label is that no column is named for, if columns are named for others."""
    known = set(names or ())
    named = np.array([label in known for label in labels.tolist()])
    if not named.any() or named.all():
        return ""
    row = int(np.argmin(named))
    return f"; no column is named {show_labels(labels[row : row + 1])[1:-1]}, the label of row {row}"


def _refuse_repeated(names: list, values: np.ndarray) -> None:
    """Raise where more than one column has the name of a label."""
    occur = set(values.tolist())
    for name, times in Counter(names).items():
        if times > 1 and name in occur:
            raise ClassesMismatchError(
                f"more than one column of y_proba is named {name!r}: {show_labels(names)}. Pass classes= with the "
                "label of each column, in column order."
            )


def match_classes(
    y_true: Any, n_columns: int, *, classes: Any = None, column_names: list | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Find the column of each row's label.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Class labels.
    n_columns : int
        Number of columns of the predictions, at least 2.
    classes : array-like of shape (n_columns,), optional
        The label of each column, in column order. The order is honoured.
    column_names : list, optional
        Names of the columns of a data frame. They are the classes when they cover the labels and no `classes`
        are given. The name of a single column is that of the second class, or says nothing.

    Returns
    -------
    y : ndarray of shape (n_samples,), dtype intp
        Column of the true class; the caller's array where the labels are these codes already.
    classes : ndarray of shape (n_columns,)
        The label of each column.

    Raises
    ------
    InvalidTargetError
        If a label is missing, or the target is continuous.
    ClassesMismatchError
        If labels, classes and columns do not fit together.

    Notes
    -----
    Without `classes`: integer labels 0..k-1 fit k columns even where some class does not occur, and booleans
    fit two; all other labels are sorted, and there must be as many as columns.

    Examples
    --------
    >>> from sklearn_lossacc.inputs.labels import match_classes
    >>> match_classes(["dog", "cat"], 2, classes=["dog", "cat"])
    (array([0, 1]), array(['dog', 'cat'], dtype='<U3'))
    >>> match_classes([0, 2], 3)
    (array([0, 2]), array([0, 1, 2]))
    """
    labels = check_target(y_true)
    given = None if classes is None else _check_classes(classes, n_columns)
    integer = labels.dtype.kind in "iu"
    codes_already = integer and int(labels.min()) >= 0 and int(labels.max()) < n_columns
    columns = np.arange(n_columns)
    if codes_already and (
        column_names is None if given is None else given.dtype.kind in "iu" and np.array_equal(given, columns)
    ):
        return labels.astype(np.intp, copy=False), columns if given is None else given

    values, codes = distinct_labels(labels)
    if given is not None:
        return _place(values, codes, given, "classes"), given
    _reject_continuous(labels, values)
    _reject_ignored(labels, values)
    several = column_names if column_names is not None and len(column_names) > 1 else None
    if several is not None:
        _refuse_repeated(several, values)
    if several is not None and set(values.tolist()) <= set(several):
        names = _check_classes(several, n_columns)
        return _place(values, codes, names, "columns"), names

    if values.dtype.kind in "iu" and values.min() >= 0 and values.max() < n_columns:
        fitting = columns
    elif values.dtype.kind == "b" and n_columns == 2:
        fitting = np.array([False, True])
    else:
        fitting = _sorted(values)
        if fitting.size != n_columns:
            shown = several if several is not None else columns.tolist()
            raise ClassesMismatchError(
                f"y_true has {fitting.size} distinct labels, y_proba has {n_columns} columns: which label belongs to "
                f"which column is unknown{_unnamed(labels, several)}. Labels of y_true: {show_labels(fitting)}; "
                f"columns: {show_labels(shown)}. Pass classes= with the label of each column, in column order."
            )
    if column_names is not None:
        _refuse_other_order(column_names, values, fitting)
    return _place(values, codes, fitting, "columns"), fitting
