"""Whatever container the caller has, as a numpy array that shares its memory where it can."""

from __future__ import annotations

from os import PathLike
from typing import Any

import numpy as np

from sklearn_lossacc.exceptions import (
    ClassesMismatchError,
    InvalidPredictionsError,
    InvalidTargetError,
    LossAccError,
)

__all__ = ["IF_BATCHES", "IF_LABELS", "as_array", "label_vector", "real_numbers", "show_labels"]

IF_LABELS = "; if these are predicted labels, pass probabilities instead (predict_proba)"
IF_BATCHES = "if these are batches, concatenate them"
_SHOWN_LABELS = 10
_SHOWN_CHARACTERS = 60


def _from_torch(tensor: Any) -> Any:
    """Detach a torch tensor, bring it to host memory, and raise bfloat16, which numpy lacks, to float32."""
    tensor = tensor.detach().cpu()
    if str(tensor.dtype) == "torch.bfloat16":
        tensor = tensor.float()
    return tensor.numpy()


def _is_tensor(values: Any) -> bool:
    """Whether this is a tensor of torch."""
    return hasattr(values, "detach") and hasattr(values, "cpu")


def _of_arrays(values: Any) -> bool:
    """Whether this is a list of what may be batches."""
    return isinstance(values, list | tuple) and len(values) > 0 and bool(getattr(values[0], "shape", ()))


def as_array(values: Any, name: str, error: type[LossAccError]) -> np.ndarray:
    """Return `values` as a numpy array, without a copy where the container allows it.

    Parameters
    ----------
    values : array-like
        Numpy array, pandas or polars object, torch tensor, nested list, or anything with ``__array__`` or
        ``__dlpack__``. The index of a pandas object is ignored: order is positional.
    name : str
        Name of the argument, for the error.
    error : type of LossAccError
        What to raise.

    Returns
    -------
    ndarray
        Of any shape and dtype.

    Raises
    ------
    LossAccError
        Of type `error`, if the container is sparse, has masked entries, or cannot be read as an array.

    Examples
    --------
    >>> from sklearn_lossacc.exceptions import InvalidPredictionsError
    >>> as_array([[1, 2]], "y_proba", InvalidPredictionsError)
    array([[1, 2]])
    """
    if values is None:
        raise error(f"{name} is None; pass an array.")
    if isinstance(values, str | bytes | PathLike):
        files = "; files are read by read_predictions" if name in ("y_true", "y_proba") else ""
        raise error(f"{name} is the text {values!r}; pass an array{files}.")
    if isinstance(values, np.ma.MaskedArray):
        n_masked = int(np.ma.count_masked(values))
        if n_masked:
            row = int(np.argwhere(np.ma.getmaskarray(values))[0][0])
            masked = f"{n_masked} masked {'entry' if n_masked == 1 else 'entries'}"
            raise error(f"{name} has {masked}, the first in row {row}; drop or fill them.")
        return np.asarray(values.data)
    if isinstance(values, np.ndarray):
        return values
    if hasattr(values, "toarray") and hasattr(values, "nnz"):
        raise error(f"{name} is a sparse {type(values).__name__}; pass a dense array, e.g. {name}.toarray().")
    try:
        if _is_tensor(values):
            return _from_torch(values)
        if isinstance(values, list | tuple) and values and all(map(_is_tensor, values)):
            values = [_from_torch(value) for value in values]
        if hasattr(values, "__array__") or not hasattr(values, "__dlpack__"):
            array = np.asarray(values)
        else:
            array = np.from_dlpack(values)
    except (TypeError, ValueError, RuntimeError, BufferError) as reason:
        message = (
            f"{name} of type {type(values).__name__} cannot be read as an array ({_other_length(values) or reason}); "
            "pass a numpy array in host memory with rows of equal length"
        )
        raise error(f"{message}; {IF_BATCHES}." if _of_arrays(values) else f"{message}.") from reason
    if array.ndim == 0 and array.dtype.kind == "O":  # a generator, a set, a dict: numpy holds it as one object
        what = f"its predictions, {name}.predict_proba(X)" if hasattr(values, "predict_proba") else "an array or a list"
        raise error(f"{name} of type {type(values).__name__} is no array; pass {what} with one entry a row.")
    return array


def _other_length(values: Any) -> str:
    """Say which of the rows of a list has another length than the first; empty where none has, or these are arrays."""
    if not isinstance(values, list | tuple) or not all(isinstance(row, list | tuple) for row in values):
        return ""
    row = next((row for row, entries in enumerate(values) if len(entries) != len(values[0])), None)
    return "" if row is None else f"row {row} has {len(values[row])} entries, row 0 has {len(values[0])}"


def _first_unreadable(array: np.ndarray) -> tuple[Any, tuple[int, ...]] | None:
    """Return the first object that is no number, and its place."""
    for position, entry in np.ndenumerate(array):
        try:
            if isinstance(entry, str | bytes):
                raise TypeError
            float(entry)
        except (TypeError, ValueError):
            return entry, position
    return None


def _is_text_of_numbers(array: np.ndarray) -> bool:
    """Whether every entry is a number, or a text that says one."""
    try:
        array.astype(np.float64)
    except (TypeError, ValueError):
        return False
    return True


def real_numbers(values: Any, name: str, error: type[LossAccError]) -> np.ndarray:
    """Return `values` as an array of real numbers, without a copy where the container allows it.

    Parameters
    ----------
    values : array-like
        Floats of any width, integers or booleans; numbers held as objects are converted to float64.
    name : str
        Name of the argument, for the error.
    error : type of LossAccError
        What to raise.

    Returns
    -------
    ndarray
        Of dtype kind f, i, u or b, or bfloat16.

    Raises
    ------
    LossAccError
        Of type `error`, if `values` is no array, or holds text, complex numbers or other objects.

    Examples
    --------
    >>> from sklearn_lossacc.exceptions import InvalidWeightsError
    >>> from sklearn_lossacc.inputs.arrays import real_numbers
    >>> real_numbers([1, 2], "sample_weight", InvalidWeightsError)
    array([1, 2])
    """
    array = as_array(values, name, error)
    if array.dtype.kind in "fiub" or array.dtype.name == "bfloat16":
        return array
    if array.dtype.kind not in "OUST":
        raise error(f"{name} has dtype {array.dtype}; expected real numbers.")
    unreadable = _first_unreadable(array.astype(object))
    if unreadable is not None:
        entry, position = unreadable
        shown = repr(entry)
        if len(shown) > _SHOWN_CHARACTERS:
            shown = f"an entry of type {type(entry).__name__}"
        if array.ndim == 1 and isinstance(entry, str) and error is InvalidPredictionsError:
            advice = IF_LABELS
        elif isinstance(entry, str) and _is_text_of_numbers(array):
            advice = f": convert the text with np.asarray({name}, dtype=float)"
        else:
            advice = ": drop or repair such rows"
        columns = list(getattr(values, "columns", ()))
        if len(position) == len(array.shape) == 2 and array.shape[1] == len(columns) and isinstance(entry, str):
            name = f"column {columns[position[1]]!r} of {name}"
            advice = ": leave out columns that are no scores" if advice.startswith(": drop") else advice
        raise error(f"{name} holds {shown} in row {position[0] if position else 0}; expected real numbers{advice}.")
    return array.astype(np.float64)


def label_vector(values: Any, name: str, error: type[LossAccError]) -> np.ndarray:
    """Return one label a row as a one-dimensional array, without turning mixed labels into text.

    Parameters
    ----------
    values : array-like of shape (n,)
        Labels of any hashable type.
    name : str
        Name of the argument, for the error.
    error : type of LossAccError
        What to raise.

    Returns
    -------
    ndarray of shape (n,)
        Of dtype object where numpy would have to change a label.

    Raises
    ------
    LossAccError
        Of type `error`, if `values` is no array or not one-dimensional.

    Examples
    --------
    >>> from sklearn_lossacc.exceptions import InvalidTargetError
    >>> label_vector(["a", 1], "y_true", InvalidTargetError)
    array(['a', 1], dtype=object)
    """
    if isinstance(values, list | tuple) and not _plain(values):
        return np.fromiter(values, dtype=object, count=len(values))
    labels = as_array(values, name, error)
    if labels.dtype.kind == "T":  # numpy's variable-width strings
        labels = labels.astype(object)
    if labels.ndim == 1:
        return labels
    if labels.ndim == 2 and labels.shape[1] == 1:
        hint = "pass its one column"
    elif labels.ndim == 2 and error is InvalidTargetError:
        hint = (
            "if the rows are one-hot, pass the column of each 1, argmax(axis=1); of several outputs, pass one at a time"
        )
    else:
        hint = "pass a vector"
    hint += f"; {IF_BATCHES}" if _of_arrays(values) else ""
    one = "column, shape (n_classes,)" if error is ClassesMismatchError else "row, shape (n_samples,)"
    raise error(f"{name} must hold one label a {one}; got shape {labels.shape}: {hint}.")


def _plain(values: list | tuple) -> bool:
    """Whether numpy reads a list of labels without changing them: all text, or all numbers."""
    kinds = {type(value) for value in values}
    if all(issubclass(kind, int | float | np.number | np.bool_) for kind in kinds):
        return True
    # an array, such as a tensor, is a label for its value, not for the object that holds it
    return len(kinds) == 1 and (issubclass(kinds.pop(), str | bytes | list) or hasattr(values[0], "__array__"))


def show_labels(labels: Any) -> str:
    """Write labels for an error message, at most ten of them.

    Parameters
    ----------
    labels : ndarray or sequence
        The labels.

    Returns
    -------
    str
        The labels in brackets, separated by commas.

    Examples
    --------
    >>> show_labels(range(12))
    '[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ... 2 more]'
    """
    labels = labels.tolist() if isinstance(labels, np.ndarray) else list(labels)
    shown = ", ".join(repr(label) for label in labels[:_SHOWN_LABELS])
    rest = len(labels) - _SHOWN_LABELS
    return f"[{shown}, ... {rest} more]" if rest > 0 else f"[{shown}]"
