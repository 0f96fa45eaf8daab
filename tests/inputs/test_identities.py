import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sklearn_lossacc.exceptions import InvalidFeaturesError
from sklearn_lossacc.inputs.identities import row_identities

BASE = np.random.default_rng(0).normal(size=(5, 3))
ROWS = np.array([0, 1, 0, 2, 3, 1, 4, 0])


def pattern(identities):
    """Which rows are equal to which, as the position of the first of them."""
    return [int(np.flatnonzero(identities == one)[0]) for one in identities]


FRAME = pd.DataFrame(
    {
        "x": [0.5, np.nan, 0.5, 2.0, 0.1, np.nan, 0.5, 0.5],
        "city": ["Ulm", "Bern", "Ulm", "Ulm", None, "Bern", "Ulm", "Ulm"],
        "day": pd.to_datetime(["2020-01-01"] * 6 + ["2020-01-02", "2020-01-01"]),
        "kind": pd.Categorical(["a", "b", "a", "a", "b", "b", "a", "a"]),
    }
)
SPARSE = sparse.csr_matrix(np.where(BASE > 0, BASE, 0.0)[ROWS])

FORMS = {
    "array": BASE[ROWS],
    "float32": BASE[ROWS].astype(np.float32),
    "fortran": np.asfortranarray(BASE[ROWS]),
    "images": np.repeat(BASE[ROWS], 4, axis=1).reshape(8, 3, 2, 2),
    "integers": np.arange(15).reshape(5, 3)[ROWS],
    "list": BASE[ROWS].tolist(),
    "frame": FRAME,
    "objects": FRAME.to_numpy(dtype=object),
    "csr": SPARSE,
    "csc": SPARSE.tocsc(),
    "texts": [f"text {row}" for row in ROWS],
    "numbers": BASE[ROWS, 0],
}


@pytest.mark.parametrize("form", FORMS)
def test_copies_are_recognised_in_every_form(form):
    assert pattern(row_identities(FORMS[form], 8)) == [0, 1, 0, 3, 4, 1, 6, 0]


@pytest.mark.parametrize("form", ["array", "frame", "csr", "texts"])
def test_codes_do_not_depend_on_the_other_rows(form):
    X = FORMS[form]
    some = X.iloc[2:6] if hasattr(X, "iloc") else X[2:6]
    np.testing.assert_array_equal(row_identities(some, 4), row_identities(X, 8)[2:6])


def test_rounding_of_a_sum_makes_no_other_row_and_a_small_change_does():
    a, b, c = row_identities([[0.1 + 0.2, -0.0], [0.3, 0.0], [0.3 + 1e-9, 0.0]], 3)
    assert a == b != c


def test_large_integers_stay_apart():
    assert len(set(row_identities(np.array([[2**53], [2**53 + 1]]), 2))) == 2


def test_swapped_columns_and_moved_entries_are_other_rows():
    a, b = row_identities([[1.0, 2.0], [2.0, 1.0]], 2)
    assert a != b
    a, b = row_identities(sparse.csr_matrix([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]), 2)
    assert a != b


def test_explicit_zeros_and_entries_in_parts_do_not_matter():
    parts = sparse.coo_matrix(([1.0, 2.0, 0.0, 3.0], ([0, 0, 0, 1], [0, 0, 1, 0])), shape=(2, 2))
    a, b = row_identities(parts, 2)
    assert a == b


def test_the_input_is_not_changed():
    X = SPARSE.copy()
    X.data[0] = 0.0
    before = X.nnz
    row_identities(X, 8)
    assert X.nnz == before


@pytest.mark.parametrize(
    "X", [None, "a text", {"x": [1, 2]}, [{"x": 1}, {"x": 2}], [[1], [1, 2]], iter([1, 2]), [object(), object()]]
)
def test_rows_without_comparable_content_have_no_identity(X):
    assert row_identities(X, 2) is None


def test_other_number_of_rows():
    with pytest.raises(InvalidFeaturesError, match=r"X has 3 rows, y_proba has 2; pass one a row"):
        row_identities(BASE[:3], 2)
