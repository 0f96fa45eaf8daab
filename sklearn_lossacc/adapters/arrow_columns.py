"""Columns of a record batch as arrays: typed as they are, and never with a missing value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from sklearn_lossacc.adapters.arrow_files import pyarrow
from sklearn_lossacc.exceptions import InvalidFileError


def _types(path: Path) -> Any:
    """Return the module that tells types apart."""
    return pyarrow(path).types


def _is_number(type_: Any, types: Any) -> bool:
    """Whether a type is that of one number."""
    return types.is_integer(type_) or types.is_floating(type_)


def _plain(type_: Any) -> Any:
    """Return the type that an extension (a tensor, for example) is stored as."""
    return getattr(type_, "storage_type", type_)


def _is_list(type_: Any, types: Any) -> bool:
    """Whether a type is that of a list."""
    return types.is_list(type_) or types.is_large_list(type_) or types.is_fixed_size_list(type_)


def holds_numbers(type_: Any, path: Path) -> bool:
    """Whether a column of a type holds one number a row; true and false are none."""
    return _is_number(type_, _types(path))


def holds_lists(type_: Any, path: Path) -> bool:
    """Whether a column of a type holds one list of numbers a row."""
    types, plain = _types(path), _plain(type_)
    return _is_list(plain, types) and _is_number(plain.value_type, types)


class ArrowColumn:
    """One column of a record batch.

    Parameters
    ----------
    array : pyarrow.Array
        Its values.
    name : str
        Its name, for messages.
    first_row : int
        Number of its first row, for messages.
    path : Path
        The file, for messages.
    """

    def __init__(self, array: Any, name: str, first_row: int, path: Path) -> None:
        self._types = _types(path)
        array = getattr(array, "storage", array)
        if self._types.is_dictionary(array.type):  # an entry of which may be missing, too
            array = self._no_view(array.dictionary).take(array.indices)
        self.array = self._no_view(array)
        self.name, self.first_row, self.path = name, first_row, path

    def _no_view(self, array: Any) -> Any:
        """Return text that is held as views, which few functions take, as large text."""
        is_view = getattr(self._types, "is_string_view", None)  # since pyarrow 16
        return array.cast("large_string") if is_view is not None and is_view(array.type) else array

    def _refuse(self, row: int, problem: str) -> InvalidFileError:
        """Describe what is wrong with a row."""
        return InvalidFileError(f"{self.path}: column {self.name!r} {problem} in data row {self.first_row + row}")

    def _check_present(self) -> None:
        """Raise with the first row that has no value."""
        if self.array.null_count:
            missing = np.flatnonzero(self.array.is_null().to_numpy(zero_copy_only=False))
            raise self._refuse(int(missing[0]), "has no value (null)")

    def numbers(self) -> np.ndarray:
        """Return one number a row, in the type of the file.

        Returns
        -------
        ndarray of shape (n,)
            May share the memory of the column.

        Raises
        ------
        InvalidFileError
            If a row has none.
        """
        self._check_present()
        return self.array.to_numpy(zero_copy_only=False)

    def distinct(self) -> np.ndarray:
        """Return the labels that occur; see `labels`.

        Returns
        -------
        ndarray of shape (n_distinct,)
            In the order in which they occur first.

        Raises
        ------
        InvalidFileError
            If a row has none, or the type is none of labels.
        """
        self._check_present()
        return ArrowColumn(self._checked().unique(), self.name, self.first_row, self.path).labels()

    def labels(self) -> np.ndarray:
        """Return one label a row, in the type of the file.

        Returns
        -------
        ndarray of shape (n,)
            Integers, text, booleans, or floats.

        Raises
        ------
        InvalidFileError
            If a row has none, or the type is none of labels.
        """
        self._check_present()
        types, type_ = self._types, self.array.type
        if _is_number(type_, types) or types.is_boolean(type_):
            return self.array.to_numpy(zero_copy_only=False)
        # few texts for many rows: each becomes an object of Python only once
        encoded = self._checked().dictionary_encode()
        return np.asarray(encoded.dictionary.to_pylist(), dtype=np.str_)[encoded.indices.to_numpy(zero_copy_only=False)]

    def _checked(self) -> Any:
        """Return the column if it holds labels."""
        types, type_ = self._types, self.array.type
        if _is_number(type_, types) or types.is_boolean(type_):
            return self.array
        if types.is_string(type_) or types.is_large_string(type_):
            return self.array
        raise InvalidFileError(
            f"{self.path}: column {self.name!r} is {type_}; expected are labels: integers, text or booleans"
        )

    def matrix(self) -> np.ndarray:
        """Return the lists of the rows as a matrix, in the type of the file.

        Returns
        -------
        ndarray of shape (n, n_columns)
            May share the memory of the column.

        Raises
        ------
        InvalidFileError
            If a row, or an entry of one, is missing, or rows differ in length.
        """
        self._check_present()
        if self._types.is_fixed_size_list(self.array.type):
            length = self.array.type.list_size
        else:
            lengths = self.array.value_lengths().to_numpy(zero_copy_only=False)
            length = int(lengths[0])
            other = np.flatnonzero(lengths != length)
            if other.size:
                raise self._refuse(int(other[0]), f"has lists of different lengths: {length}, and {lengths[other[0]]}")
        values = self.array.flatten()
        if values.null_count:
            missing = np.flatnonzero(values.is_null().to_numpy(zero_copy_only=False))
            raise self._refuse(int(missing[0]) // length, "has a list with a missing entry (null)")
        return values.to_numpy(zero_copy_only=False).reshape(len(self.array), length)
