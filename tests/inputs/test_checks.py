"""Every bad row is found, counted and named; nothing good is refused."""

import numpy as np
import pytest

from sklearn_lossacc.exceptions import InvalidPredictionsError, NotProbabilitiesError
from sklearn_lossacc.inputs.checks import SUM_TOLERANCE, check_logits, check_proba, working_dtype

N, K = 30_000, 5  # several blocks


def simplex(n=N, k=K, dtype=np.float64, seed=0):
    return np.random.default_rng(seed).dirichlet(np.ones(k), n).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble, ">f4", ">f8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_honest_probabilities_pass(dtype, order):
    check_proba(np.asarray(simplex(dtype=dtype), order=order))


@pytest.mark.parametrize("dtype", [bool, np.int64, np.uint8])
def test_one_hot_probabilities_pass(dtype):
    check_proba(np.eye(4, dtype=dtype))


def test_strided_rows_pass():
    P = simplex()
    check_proba(P[::3])
    check_proba(P[:, ::-1])
    check_proba(np.broadcast_to(P[:1], P.shape))


@pytest.mark.parametrize("row", [0, 13_107, N - 1])
@pytest.mark.parametrize(
    ("entry", "error", "message"),
    [
        (np.nan, InvalidPredictionsError, "1 NaN entry"),
        (np.inf, InvalidPredictionsError, "1 infinite entry"),
        (-np.inf, InvalidPredictionsError, "1 infinite entry"),
        (-0.1, NotProbabilitiesError, "negative entries in 1 row"),
        (-1e-300, NotProbabilitiesError, "negative entries in 1 row"),
        (3.0, NotProbabilitiesError, "the probabilities of 1 row of y_proba do not sum to 1"),
    ],
)
def test_one_bad_entry_is_found(row, entry, error, message):
    P = simplex()
    P[row, 2] = entry
    with pytest.raises(error, match=rf"{message}.*row {row}") as caught:
        check_proba(P)
    assert type(caught.value) is error


def test_counts_over_all_blocks():
    P = simplex()
    P[[5, 20_000], 1] = np.nan
    P[20_001] = np.inf
    with pytest.raises(InvalidPredictionsError, match=f"2 NaN and {K} infinite entries, the first in row 5"):
        check_proba(P)
    P = simplex()
    P[[7, 29_000]] *= 2
    with pytest.raises(NotProbabilitiesError, match=r"2 rows .* the first is row 7 \(2\)"):
        check_proba(P)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("factor", [1 + 0.9e-3, 1 - 0.9e-3])
def test_sums_within_the_tolerance_pass(dtype, factor):
    check_proba((simplex() * factor).astype(dtype))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("factor", [1 + 1.1e-3, 1 - 1.1e-3])
def test_sums_outside_the_tolerance_fail(dtype, factor):
    with pytest.raises(NotProbabilitiesError, match="input='logits'"):
        check_proba((simplex() * factor).astype(dtype))


def test_the_tolerance_itself_never_gives_an_empty_complaint():
    for shift in np.linspace(-2e-7, 2e-7, 101):
        P = np.full((3, 4), (1 + SUM_TOLERANCE + shift) / 4, dtype=np.float32)
        try:
            check_proba(P)
        except NotProbabilitiesError as error:
            assert "3 rows" in str(error)  # noqa: PT017


def test_float16_sums_are_taken_in_float32():
    # 2**-11 is half a unit of 1 in float16: added one by one in float16, the small ones would vanish
    row = np.array([[0.5] + [2.0**-12] * 2048], dtype=np.float16)
    check_proba(row)


def test_float16_with_too_many_classes_is_told_so():
    # 1/60000 rounds up to the next multiple of 2**-24
    P = np.full((2, 60_000), 1 / 60_000, dtype=np.float16)
    with pytest.raises(NotProbabilitiesError, match=r"float16 keeps 11 significant bits.*export float32, or logits"):
        check_proba(P)


@pytest.mark.parametrize(("decimals", "words"), [(1, "1 decimal:"), (2, "2 decimals:"), (3, "3 decimals:")])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rounded_probabilities_are_told_so(decimals, words, dtype):
    P = np.random.default_rng(2).dirichlet(np.full(K, 0.5), N).round(decimals).astype(dtype)
    with pytest.raises(NotProbabilitiesError, match=f"they look rounded to {words} export all digits") as raised:
        check_proba(P)
    assert "divide each row by its sum" in str(raised.value)
    assert "logits or log-probabilities" not in str(raised.value)


def test_a_sum_that_rounding_does_not_explain_is_not_called_rounded():
    with pytest.raises(NotProbabilitiesError, match="input='logits'"):
        check_proba(np.array([[0.25, 0.25, 0.75]]))
    with pytest.raises(NotProbabilitiesError, match="input='logits'"):
        check_proba(np.array([[1.0, 1.0]]))


def test_sigmoids_of_each_class_are_told_so():
    P = 1 / (1 + np.exp(-np.random.default_rng(4).normal(size=(N, K))))
    with pytest.raises(NotProbabilitiesError, match="one column at a time, as two classes"):
        check_proba(P)
    with pytest.raises(NotProbabilitiesError) as raised:
        check_proba(np.random.default_rng(4).uniform(0, 9, size=(N, K)))
    assert "sigmoid" not in str(raised.value)


def test_percentages_are_told_so():
    with pytest.raises(NotProbabilitiesError, match="divide them by 100"):
        check_proba(simplex() * 100)


@pytest.mark.parametrize(
    ("entry", "error", "message"),
    [
        (np.nan, InvalidPredictionsError, "1 NaN"),
        (np.inf, InvalidPredictionsError, "1 infinite"),
        (-0.5, NotProbabilitiesError, "negative entries in 1 row, the first is row 2"),
        (1.5, NotProbabilitiesError, r"y_proba exceeds 1 by more than 0.001 in 1 row, the first is row 2 \(1.5\)"),
    ],
)
def test_one_column(entry, error, message):
    with pytest.raises(error, match=message):
        check_proba(np.array([0.0, 1.0, entry]))
    check_proba(np.array([0.0, 1.0, 1.0005]))


def test_logits_may_be_anything_finite():
    check_logits(np.array([[-1e300, 1e300], [0, 5]]))
    check_logits(np.array([-3e38, 3e38], dtype=np.float32))
    check_logits(np.array([[60_000, -60_000]], dtype=np.float16))
    check_logits(np.array([[3, -4]]))


@pytest.mark.parametrize("entry", [np.nan, np.inf, -np.inf])
def test_logits_must_be_finite(entry):
    Z = np.random.default_rng(0).normal(size=(N, K))
    Z[21_000, 3] = entry
    with pytest.raises(InvalidPredictionsError, match=r"1 .* entry, the first in row 21000.*-1e9"):
        check_logits(Z)


def test_the_spread_of_logits_must_be_finite():
    Z = np.zeros((4, 2), dtype=np.float32)
    Z[0, 0], Z[1, 0] = 3e38, -3e38
    check_logits(Z)  # large in two rows, but no row spreads too far
    Z[2] = [3e38, -3e38]
    with pytest.raises(InvalidPredictionsError, match=r"in 1 row of y_proba, the first is row 2.*float32"):
        check_logits(Z)


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [("f2", "f4"), ("f4", "f4"), ("f8", "f8"), (">f4", "f4"), ("g", "f8"), ("i2", "f8"), ("?", "f8")],
)
def test_working_dtype(dtype, expected):
    assert working_dtype(np.dtype(dtype)) == np.dtype(expected)


@pytest.mark.parametrize("labels", [[0, 3, 2], [1.0, -1.0, 1.0], np.array([1, 2, 1], dtype=np.uint8)])
def test_predicted_labels_are_no_probabilities(labels):
    with pytest.raises(NotProbabilitiesError, match="if these are predicted labels, pass probabilities instead"):
        check_proba(np.array(labels))


def test_numbers_that_are_not_whole_are_no_labels():
    with pytest.raises(NotProbabilitiesError) as raised:
        check_proba(np.array([1.5, 2.0]))
    assert "labels" not in str(raised.value)
