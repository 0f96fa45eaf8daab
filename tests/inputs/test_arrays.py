"""Containers become arrays; what cannot is named in a typed error."""

import numpy as np
import pandas as pd
import pytest

from sklearn_lossacc.exceptions import (
    ClassesMismatchError,
    InvalidGroupsError,
    InvalidPredictionsError,
    InvalidTargetError,
)
from sklearn_lossacc.inputs.arrays import as_array, label_vector, real_numbers, show_labels

P = np.array([[0.25, 0.75], [0.5, 0.5]])


class WithArray:
    """Only `__array__`, as jax and many others offer."""

    def __array__(self, dtype=None, copy=None):
        return P


class WithDlpack:
    """Only `__dlpack__`."""

    def __dlpack__(self, **keywords):
        return P.__dlpack__(**keywords)

    def __dlpack_device__(self):
        return P.__dlpack_device__()


class Tensor:
    """Speaks as a torch tensor does; `__array__` fails, as for a tensor that tracks gradients."""

    def __init__(self, values, dtype="torch.float32"):
        self.values, self.dtype = values, dtype

    def detach(self):
        return self

    def cpu(self):
        return self

    def float(self):
        return Tensor(self.values.astype(np.float32))

    def numpy(self):
        if self.dtype == "torch.bfloat16":
            raise TypeError("Got unsupported ScalarType BFloat16")
        return self.values

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad.")


class OnDevice:
    """Refuses conversion, as an array on another device does."""

    def __array__(self, dtype=None, copy=None):
        raise TypeError("Implicit conversion to a NumPy array is not allowed.")


@pytest.mark.parametrize(
    "values",
    [
        P,
        P.tolist(),
        tuple(map(tuple, P)),
        pd.DataFrame(P, index=[7, 3]),
        pd.DataFrame(P).astype("Float64"),
        WithArray(),
        WithDlpack(),
        Tensor(P),
        Tensor(P, "torch.bfloat16"),
        [Tensor(row) for row in P],
        np.ma.array(P, mask=False),
    ],
    ids=lambda values: type(values).__name__,
)
def test_containers(values):
    assert real_numbers(values, "y_proba", InvalidPredictionsError).tolist() == P.tolist()


@pytest.mark.parametrize("values", [P, pd.DataFrame(P), WithArray(), WithDlpack(), Tensor(P)])
def test_memory_is_shared(values):
    array = as_array(values, "y_proba", InvalidPredictionsError)
    origin = values.to_numpy() if isinstance(values, pd.DataFrame) else P
    assert np.shares_memory(array, origin)


def test_a_memmap_stays_a_memmap(tmp_path):
    np.save(tmp_path / "p.npy", P)
    values = np.load(tmp_path / "p.npy", mmap_mode="r")
    assert isinstance(as_array(values, "y_proba", InvalidPredictionsError), np.memmap)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (None, "y_proba is None"),
        ([[1, 2], [3]], "rows of equal length"),
        (OnDevice(), "host memory"),
        ([P[:1], P], "rows of equal length; if these are batches, concatenate them"),
        (np.ma.array(P, mask=[[0, 0], [0, 1]]), "1 masked entry, the first in row 1"),
        (P.astype(str), "expected real numbers"),
        (P.astype(str).astype(object), "holds '0.25' in row 0"),
        (np.array([[0.5, 0.5], [0.5, None]], dtype=object), "holds None in row 1"),
        (pd.DataFrame(P).astype("Float64").mask([[False, False], [True, False]]), "holds <NA> in row 1"),
        (P * 1j, "complex128"),
        (np.array(["a", "b"]), r"holds 'a' in row 0; .*if these are predicted labels, pass probabilities instead"),
        (np.array(["a", "b"], dtype=object), r"holds 'a' in row 0; .*if these are predicted labels"),
        (
            P.astype(str),
            r"holds '.*' in row 0; expected real numbers: convert the text with np.asarray\(y_proba, dtype",
        ),
        (P.astype(str).astype(object), "convert the text with"),
        (np.array([["0.5", "x"]]), "holds '0.5' in row 0; expected real numbers: drop or repair"),
        ([[0.5, 0.5], [0.2, 0.3, 0.5]], "row 1 has 3 entries, row 0 has 2"),
        (np.array([0.5, None], dtype=object), r"holds None in row 1; expected real numbers: drop or repair"),
        ((row for row in P), "y_proba of type generator is no array; pass an array or a list"),
        ({"A": P}, "y_proba of type dict is no array"),
        (np.array([[0.5], ["x" * 100]], dtype=object), "holds an entry of type str in row 1"),
    ],
)
def test_what_is_no_matrix_of_numbers(values, message):
    with pytest.raises(InvalidPredictionsError, match=message):
        real_numbers(values, "y_proba", InvalidPredictionsError)


def test_sparse_matrices_are_refused():
    from scipy.sparse import csr_array

    with pytest.raises(InvalidPredictionsError, match="toarray"):
        as_array(csr_array(P), "y_proba", InvalidPredictionsError)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2], [1, 2]),
        (["a", 1], ["a", 1]),
        (["a", None], ["a", None]),
        ([(1, 2), (3, 4)], [(1, 2), (3, 4)]),
        ((1.5, 2), [1.5, 2]),
        ([True, False], [True, False]),
        (pd.Series(["b", "a"], index=[4, 2]), ["b", "a"]),
        (pd.Categorical(["b", "a"]), ["b", "a"]),
        (pd.array([2, 1], dtype="Int64"), [2, 1]),
        (np.array(["b", "a"], dtype=np.dtypes.StringDType()), ["b", "a"]),
        ([np.str_("a"), "b"], ["a", "b"]),
        ([Tensor(np.array(2)), Tensor(np.array(1)), Tensor(np.array(2))], [2, 1, 2]),
    ],
)
def test_label_vectors_keep_their_labels(values, expected):
    assert label_vector(values, "y_true", InvalidTargetError).tolist() == expected


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (3, r"got shape \(\): pass a vector"),
        ([[0], [1]], r"got shape \(2, 1\): pass its one column"),
        (np.eye(3), r"got shape \(3, 3\): if the rows are one-hot.*of several outputs, pass one at a time"),
        ([np.arange(2), np.arange(2)], "pass one at a time; if these are batches, concatenate them"),
        ([Tensor(np.arange(2)), Tensor(np.arange(3))], "if these are batches, concatenate them"),
        ({0, 1}, "y_true of type set is no array"),
    ],
)
def test_labels_are_one_a_row(values, message):
    with pytest.raises(InvalidTargetError, match=message):
        label_vector(values, "y_true", InvalidTargetError)


def test_long_lists_of_labels_are_cut():
    assert show_labels(["a", 1]) == "['a', 1]"
    assert show_labels(np.arange(12)).endswith("9, ... 2 more]")


def test_labels_of_columns_and_of_groups_are_named_as_such():
    with pytest.raises(
        ClassesMismatchError, match=r"one label a column, shape \(n_classes,\); got shape \(3, 3\): pass a"
    ):
        label_vector(np.eye(3), "classes", ClassesMismatchError)
    with pytest.raises(
        InvalidGroupsError, match=r"one label a row, shape \(n_samples,\); got shape \(3, 3\): pass a vector"
    ):
        label_vector(np.eye(3), "groups", InvalidGroupsError)
