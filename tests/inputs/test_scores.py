"""Any rows, in any blocks, give the same probabilities and logarithms."""

import numpy as np
import pandas as pd
import pytest
from scipy import special

from sklearn_lossacc.exceptions import InvalidPredictionsError
from sklearn_lossacc.inputs import Scores

RNG = np.random.default_rng(0)
Z = RNG.normal(scale=3, size=(500, 7))
P = special.softmax(Z, axis=1)
ALL = slice(0, 500)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble, ">f8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_proba(dtype, order):
    values = np.asarray(P, dtype=dtype, order=order)
    scores = Scores.from_array(values)
    proba, log_proba = scores.pair(ALL)
    narrow = np.dtype(dtype).itemsize <= 4
    assert proba.dtype == log_proba.dtype == (np.float32 if narrow else np.float64)
    exact = values.astype(np.float64)
    exact /= exact.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(proba, exact, rtol=1e-6 if narrow else 1e-14)
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(log_proba, np.log(exact), rtol=1e-5 if narrow else 1e-13, atol=1e-6)
    np.testing.assert_array_equal(scores.proba(ALL), proba)
    np.testing.assert_array_equal(scores.log_of(proba), log_proba)
    assert scores.dtype == np.dtype(dtype).name


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_logits(dtype):
    values = Z.astype(dtype)
    scores = Scores.from_array(values, input="logits")
    proba, log_proba = scores.pair(ALL)
    tolerance = 1e-12 if dtype == np.float64 else 2e-6
    np.testing.assert_allclose(proba, special.softmax(values.astype(float), axis=1), rtol=tolerance * 10)
    np.testing.assert_allclose(log_proba, special.log_softmax(values.astype(float), axis=1), atol=tolerance * 10)
    np.testing.assert_array_equal(scores.proba(ALL), proba)


@pytest.mark.parametrize("input", ["proba", "logits"])
@pytest.mark.parametrize("rows", [slice(3, 4), slice(100, 333), np.array([5, 2, 2, 499])])
@pytest.mark.parametrize("order", ["C", "F"])
def test_rows_alone_are_rows_together(input, rows, order):
    values = np.asarray(P if input == "proba" else Z, order=order)
    scores = Scores.from_array(values, input=input)
    for some, whole in zip(scores.pair(rows), scores.pair(ALL), strict=True):
        np.testing.assert_allclose(some, whole[rows], rtol=1e-13)


def test_rows_are_always_divided_by_their_sum():
    scores = Scores.from_array(P * np.linspace(0.9992, 1.0008, 500)[:, np.newaxis])
    np.testing.assert_allclose(scores.proba(ALL), P, rtol=1e-13)
    np.testing.assert_allclose(scores.proba(ALL).sum(axis=1), 1, atol=1e-15)


@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
def test_one_column_of_probabilities(shape):
    p = np.array([0.0, 1e-20, 0.25, 1.0, 1.0005])
    scores = Scores.from_array(p.reshape(shape))
    proba, log_proba = scores.pair(slice(0, 5))
    assert scores.n_classes == 2
    np.testing.assert_array_equal(proba, [[1, 0], [1, 1e-20], [0.75, 0.25], [0, 1], [0, 1]])
    np.testing.assert_allclose(
        log_proba, [[0, -np.inf], [-1e-20, np.log(1e-20)], np.log([0.75, 0.25]), [-np.inf, 0], [-np.inf, 0]]
    )


@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
def test_one_column_of_logits(shape):
    d = np.array([-800.0, 0.0, 2.0])
    proba, log_proba = Scores.from_array(d.reshape(shape), input="logits").pair(slice(0, 3))
    np.testing.assert_allclose(proba[:, 1], special.expit(d))
    np.testing.assert_allclose(log_proba[:, 1], special.log_expit(d))
    np.testing.assert_allclose(log_proba[:, 0], special.log_expit(-d))


def test_zeros_are_exact_for_probabilities_and_never_for_logits():
    log_proba = Scores.from_array(np.eye(3)).pair(slice(0, 3))[1]
    assert np.isneginf(log_proba).sum() == 6
    far = Scores.from_array([[0.0, -1e9], [0.0, 3e38]], input="logits").pair(slice(0, 2))
    assert far[0][0].tolist() == [1, 0]
    assert far[1][0].tolist() == [0, -1e9]
    assert np.isfinite(far[1]).all()


def test_precision_can_be_asked_for():
    values = P.astype(np.float32)
    log_proba = Scores.from_array(values).pair(ALL, dtype=np.float64)[1]
    exact = values.astype(float)
    np.testing.assert_allclose(log_proba, np.log(exact / exact.sum(axis=1, keepdims=True)), rtol=1e-13)


@pytest.mark.parametrize("input", ["proba", "logits"])
@pytest.mark.parametrize("columns", [1, 7])
def test_the_callers_array_is_referenced_and_left_alone(input, columns):
    values = (P[:, 0] if columns == 1 else P).copy()
    before = values.copy()
    scores = Scores.from_array(values, input=input)
    assert np.shares_memory(scores.values, values)
    for result in scores.pair(ALL):
        result[:] = 0
    scores.proba(ALL)[:] = 0
    assert np.array_equal(values, before)


@pytest.mark.parametrize(
    ("scores", "names"),
    [
        (P, None),
        (pd.DataFrame(P), list(range(7))),
        (pd.DataFrame(P, columns=list("gfedcba")), list("gfedcba")),
        (pd.DataFrame(P[:, :1], columns=["a"]), ["a"]),
        (pd.Series(P[:, 0]), None),
        (pd.Series(P[:, 0], name="a"), ["a"]),
        (pd.Series(P[:, 0], name=0), None),
    ],
)
def test_column_names(scores, names):
    assert Scores.from_array(scores).column_names == names if names else True
    assert Scores.from_array(scores if names else np.asarray(scores), input="logits").column_names == names


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        (0.5, r"got shape \(\)"),
        (np.full((2, 2, 2), 0.5), r"got shape \(2, 2, 2\): if these are batches, concatenate them; of several outputs"),
        (np.empty((0, 3)), r"no rows, shape \(0, 3\)"),
        (np.empty(0), "no rows"),
        (np.empty((3, 0)), "no columns"),
        ([], "no rows"),
    ],
)
def test_shapes(scores, message):
    with pytest.raises(InvalidPredictionsError, match=message):
        Scores.from_array(scores)


@pytest.mark.parametrize("input", ["auto", None, "logit", 1])
def test_input_is_declared(input):
    with pytest.raises(InvalidPredictionsError, match="never guessed"):
        Scores.from_array(P, input=input)


def test_bfloat16_that_arrives_as_float32_is_named():
    class Bfloat16:
        dtype = "torch.bfloat16"

        def __array__(self, dtype=None, copy=None):
            return np.full((2, 3), 0.334, dtype=np.float32)

    with pytest.raises(InvalidPredictionsError, match="bfloat16 keeps 8 significant bits"):
        Scores.from_array(Bfloat16())
    assert Scores.from_array(Bfloat16(), input="logits").dtype == "bfloat16"


def test_numbers_held_as_objects():
    scores = Scores.from_array(P.astype(object))
    assert scores.dtype == "float64"
    np.testing.assert_allclose(scores.proba(ALL), P)
