"""Inputs on which well-known libraries return a plausible number, crash without a reason, or mix up classes.

Each is either refused with a typed error that names the argument, or gives the number worked out by hand.
"""

import re

import numpy as np
import pandas as pd
import pytest

from sklearn_lossacc.exceptions import (
    ClassesMismatchError,
    InvalidGroupsError,
    InvalidPredictionsError,
    InvalidTargetError,
    InvalidWeightsError,
    LossAccError,
    NotProbabilitiesError,
)
from sklearn_lossacc.inputs import Predictions

RNG = np.random.default_rng(0)
N, K = 400, 3
P = RNG.dirichlet(np.ones(K), N)
Y = RNG.integers(0, K, N)
LOGITS = np.log(P) + RNG.normal(size=(N, 1))


def log_loss(y_true, y_proba, **keywords):
    """Weighted mean loss in nats, from the blocks."""
    total = weight = 0.0
    for block in Predictions.from_arrays(y_true, y_proba, **keywords).blocks():
        loss = -block.log_proba()[np.arange(block.y.size), block.y].astype(float)
        w = np.ones(block.y.size) if block.weight is None else block.weight
        total, weight = total + float(w @ loss), weight + float(w.sum())
    return total / weight


TRUTH = -np.log(P[np.arange(N), Y]).mean()


def changed(row, column, entry):
    values = P.copy()
    values[row, column] = entry
    return values


@pytest.mark.parametrize(
    ("y_proba", "keywords", "error", "message"),
    [
        pytest.param(changed(17, 1, np.nan), {}, InvalidPredictionsError, "1 NaN .* row 17", id="nan"),
        pytest.param(changed(17, 1, np.inf), {}, InvalidPredictionsError, "1 infinite .* row 17", id="inf"),
        pytest.param(changed(17, 1, -0.1), {}, NotProbabilitiesError, "1 row, .*row 17", id="negative"),
        pytest.param(LOGITS, {}, NotProbabilitiesError, "pass input='logits'", id="logits as probabilities"),
        pytest.param(np.log(P), {}, NotProbabilitiesError, "log-probabilities", id="log-probabilities"),
        pytest.param(np.abs(LOGITS), {}, NotProbabilitiesError, "pass input='logits'", id="positive logits"),
        pytest.param(P * 2, {}, NotProbabilitiesError, r"400 rows.*row 0 \(2\)", id="doubled"),
        pytest.param(P * 100, {}, NotProbabilitiesError, "divide them by 100", id="percentages"),
        pytest.param(P * 1.01, {}, NotProbabilitiesError, r"400 rows.*\(1.01\)", id="one percent off"),
        pytest.param(P[:0], {}, InvalidPredictionsError, "no rows", id="no rows"),
        pytest.param(P.T, {}, InvalidTargetError, "400 rows, y_proba has 3", id="transposed"),
        pytest.param(P[:5], {}, InvalidTargetError, "y_proba has 5", id="fewer rows"),
        pytest.param(P.astype(str), {}, InvalidPredictionsError, "real numbers", id="text"),
        pytest.param(P.argmax(axis=1), {}, LossAccError, "exceeds 1", id="labels as predictions"),
        pytest.param(P[:, 1], {}, ClassesMismatchError, "3 distinct labels, y_proba has 2", id="one column of three"),
        pytest.param(P[:, :2], {}, NotProbabilitiesError, "do not sum to 1", id="a column lost"),
        pytest.param(LOGITS, {"input": "auto"}, InvalidPredictionsError, "never guessed", id="auto"),
        pytest.param(
            np.where(P < 0.01, -np.inf, LOGITS),
            {"input": "logits"},
            InvalidPredictionsError,
            "infinite",
            id="masked logits",
        ),
    ],
)
def test_predictions_that_peers_take(y_proba, keywords, error, message):
    with pytest.raises(error, match=message) as caught:
        Predictions.from_arrays(Y, y_proba, **keywords)
    assert isinstance(caught.value, ValueError)
    assert re.search("y_proba|input", str(caught.value))


@pytest.mark.parametrize(
    ("y_true", "error", "message"),
    [
        pytest.param(np.where(np.arange(N) == 9, 7, Y), ClassesMismatchError, r"\[0, 1, 2, 7\]", id="label 7"),
        pytest.param(np.array(list("abcd"))[RNG.integers(0, 4, N)], ClassesMismatchError, "4 distinct", id="4 strings"),
        pytest.param(np.array(list("ab"))[Y // 2], ClassesMismatchError, "2 distinct", id="2 strings"),
        pytest.param(np.where(Y == 2, np.nan, Y), InvalidTargetError, "no label", id="NaN"),
        pytest.param(P[:, 0], InvalidTargetError, "continuous", id="continuous"),
        pytest.param(np.eye(K)[Y], InvalidTargetError, "one-hot", id="one-hot"),
        pytest.param([], InvalidTargetError, "no rows", id="empty"),
        pytest.param(Y[:100], InvalidTargetError, "y_true has 100 rows, y_proba has 400", id="fewer rows"),
    ],
)
def test_targets_that_peers_take(y_true, error, message):
    with pytest.raises(error, match=message):
        Predictions.from_arrays(y_true, P)


@pytest.mark.parametrize(
    ("keywords", "error"),
    [
        ({"sample_weight": -np.ones(N)}, InvalidWeightsError),
        ({"sample_weight": np.zeros(N)}, InvalidWeightsError),
        ({"sample_weight": np.r_[np.nan, np.ones(N - 1)]}, InvalidWeightsError),
        ({"sample_weight": np.ones(N - 1)}, InvalidWeightsError),
        ({"sample_weight": np.ones((N, 1))}, InvalidWeightsError),
        ({"groups": np.r_[np.nan, np.ones(N - 1)]}, InvalidGroupsError),
        ({"groups": np.ones(N - 1)}, InvalidGroupsError),
        ({"classes": ["0", "1", "2"]}, ClassesMismatchError),
        ({"classes": [0, 1]}, ClassesMismatchError),
        ({"train_prior": [0.5, 0.5]}, InvalidWeightsError),
    ],
    ids=str,
)
def test_keywords_that_peers_take(keywords, error):
    with pytest.raises(error, match=next(iter(keywords))):
        Predictions.from_arrays(Y, P, **keywords)


@pytest.mark.parametrize(
    ("y_true", "classes"),
    [
        pytest.param(Y, None, id="0..2"),
        pytest.param(Y + 1, None, id="1..3"),
        pytest.param((Y + 1) * 10, None, id="10, 20, 30"),
        pytest.param(Y - 1, None, id="-1..1"),
        pytest.param(Y.astype(float), None, id="floats"),
        pytest.param(Y.astype(np.uint8), None, id="uint8"),
        pytest.param(np.array(["a", "b", "c"])[Y], None, id="strings"),
        pytest.param(np.array(["a", "b", "c"], dtype=object)[Y], None, id="objects"),
        pytest.param(pd.Series(Y, index=np.arange(N) + 1000), None, id="index without 0"),
        pytest.param(pd.Series(Y, index=np.arange(N)[::-1]), None, id="index reversed"),
        pytest.param(pd.Series(Y, dtype="category"), None, id="categories"),
        pytest.param(np.array(["dog", "cat", "ant"])[Y], ["dog", "cat", "ant"], id="classes not sorted"),
        pytest.param(np.array(["0", "2", "10"])[Y], ["0", "2", "10"], id="numbers as text"),
        pytest.param(Y.tolist(), None, id="list"),
    ],
)
def test_labels_of_every_kind_give_the_same_loss(y_true, classes):
    assert log_loss(y_true, P, classes=classes) == pytest.approx(TRUTH, rel=1e-12)


@pytest.mark.parametrize(
    "y_proba",
    [
        P,
        P.tolist(),
        pd.DataFrame(P, index=np.arange(N) + 7),
        np.asfortranarray(P),
        P * (1 + 1e-4),
        np.repeat(P, 2, 0)[::2],
    ],
    ids=["array", "list", "frame", "fortran", "sums 1.0001", "strided"],
)
def test_probabilities_of_every_kind_give_the_same_loss(y_proba):
    assert log_loss(Y, y_proba) == pytest.approx(TRUTH, rel=1e-12)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float16, 1e-3), (np.float32, 1e-6)])
def test_the_dtype_costs_only_its_rounding(dtype, tolerance):
    assert log_loss(Y, P.astype(dtype)) == pytest.approx(TRUTH, rel=tolerance)
    assert log_loss(Y, LOGITS.astype(dtype), input="logits") == pytest.approx(TRUTH, rel=tolerance)


def test_logits_give_the_loss_of_their_probabilities():
    assert log_loss(Y, LOGITS, input="logits") == pytest.approx(TRUTH, rel=1e-12)
    assert log_loss(Y, np.log(P), input="logits") == pytest.approx(TRUTH, rel=1e-12)


def test_float16_rows_that_do_not_sum_to_one_stay_probabilities():
    half = P.astype(np.float16)
    assert np.abs(half.astype(float).sum(axis=1) - 1).max() > 1e-4
    block = next(Predictions.from_arrays(Y, half).blocks())
    np.testing.assert_allclose(block.proba(), P, atol=6e-4)
    np.testing.assert_allclose(block.proba().sum(axis=1), 1, atol=3e-7)


def test_one_hot_probabilities_are_exact():
    for dtype in (np.float32, np.float64, np.int64, bool):
        eye = np.eye(K, dtype=dtype)[Y]
        assert log_loss(Y, eye) == 0
        assert log_loss((Y + 1) % K, eye) == np.inf


def test_a_class_that_does_not_occur_keeps_its_column():
    rows = Y < 2
    p = Predictions.from_arrays(Y[rows], P[rows])
    assert p.classes.tolist() == [0, 1, 2]
    assert next(p.blocks()).proba().shape == (rows.sum(), 3)
    assert log_loss(Y[rows], P[rows]) == pytest.approx(-np.log(P[rows, Y[rows]]).mean())


def test_one_class_and_one_row():
    assert log_loss([2], P[:1]) == pytest.approx(-np.log(P[0, 2]))
    assert log_loss(np.full(5, 1), P[:5]) == pytest.approx(-np.log(P[:5, 1]).mean())


def test_two_columns_are_two_classes_not_a_top_label():
    y = (Y > 0).astype(int)
    p = 1 - P[:, 0]
    expected = -np.log(np.where(y == 1, p, 1 - p)).mean()
    for y_proba in (np.column_stack((1 - p, p)), p, p[:, np.newaxis], pd.Series(p), pd.DataFrame({"p": p})):
        assert log_loss(y, y_proba) == pytest.approx(expected, rel=1e-12)


def test_two_columns_for_labels_minus_one_and_one():
    y = np.where(Y > 0, 1, -1)
    p = 1 - P[:, 0]
    assert log_loss(y, p) == pytest.approx(-np.log(np.where(y == 1, p, 1 - p)).mean(), rel=1e-12)


def test_weights_of_zero_leave_rows_out():
    weight = (np.arange(N) % 3).astype(float)
    expected = np.average(-np.log(P[np.arange(N), Y]), weights=weight)
    assert log_loss(Y, P, sample_weight=weight) == pytest.approx(expected, rel=1e-12)
    assert Predictions.from_arrays(Y, P, sample_weight=weight).n_samples == np.count_nonzero(weight)


def test_data_frame_columns_in_another_order():
    names = ["b", "c", "a"]
    y = np.array(names)[Y]
    assert log_loss(y, pd.DataFrame(P, columns=names)) == pytest.approx(TRUTH, rel=1e-12)


def test_columns_named_by_numbers_as_text_are_not_guessed():
    y = np.array([0, 10, 2])[Y]
    frame = pd.DataFrame(P, columns=["0", "10", "2"])
    with pytest.raises(ClassesMismatchError, match="another order"):
        Predictions.from_arrays(y, frame)
    assert log_loss(y, frame, classes=[0, 10, 2]) == pytest.approx(TRUTH, rel=1e-12)


def test_nothing_of_the_caller_is_changed():
    values, labels = P.copy(), Y.copy()
    log_loss(labels, values)
    log_loss(labels, LOGITS, input="logits")
    assert np.array_equal(values, P)
    assert np.array_equal(labels, Y)
