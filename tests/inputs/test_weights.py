"""Weights and class frequencies: usable ones are kept, others raise."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from sklearn_lossacc import metrics, summarize
from sklearn_lossacc.exceptions import ClassesMismatchError, InvalidWeightsError
from sklearn_lossacc.inputs.weights import check_sample_weight, check_train_prior, check_weight_scale

CLASSES = np.array(["b", "a", "c"])


@pytest.mark.parametrize(
    "weight", [[0, 1, 2], (0.0, 1.0, 2.0), pd.Series([0, 1, 2], index=[3, 1, 2]), np.array([0, 1, 2], dtype=np.uint8)]
)
def test_weights_become_float64(weight):
    checked = check_sample_weight(weight, 3)
    assert checked.dtype == np.float64
    assert checked.tolist() == [0, 1, 2]


def test_no_weights_and_weights_that_are_kept():
    assert check_sample_weight(None, 3) is None
    weight = np.array([1.0, 0.0])
    assert check_sample_weight(weight, 2) is weight


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([1, -1, -2], r"negative in 2 of 3 rows, the first is number 1 \(-1\)"),
        ([1, 1, np.nan], "NaN in 1 of 3 rows, the first is number 2"),
        ([np.inf, 1, 1], "infinite in 1 of 3 rows, the first is number 0"),
        ([0, 0, 0], "sum of sample_weight is 0"),
        ([1e308, 1e308, 1e308], "sum of sample_weight is inf"),
        ([1, 1], "sample_weight has 2 rows, y_proba has 3"),
        ([[1], [1], [1]], r"got shape \(3, 1\)"),
        (1.0, r"got shape \(\)"),
        (["1", "1", "1"], "expected real numbers"),
        ([1, None, 1], "holds None in row 1"),
        ("balanced", "is the text 'balanced'; expected one number for each of the rows; .*compute_sample_weight"),
        ({0: 1.0, 1: 2.0}, "is a dict; expected one number for each of the rows"),
        ([[1.0], [2.0], [3.0]], r"got shape \(3, 1\): pass its one column"),
    ],
)
def test_weights_that_are_refused(weight, message):
    with pytest.raises(InvalidWeightsError, match=message):
        check_sample_weight(weight, 3)


@pytest.mark.parametrize(
    "prior",
    [
        [1, 2, 5],
        np.array([0.125, 0.25, 0.625]),
        {"a": 2, "b": 1, "c": 5},
        Counter("bccaccca"),
        pd.Series(list("bccaccca")).value_counts(),
        pd.Series({"c": 0.625, "a": 0.25, "b": 0.125}),
    ],
)
def test_priors_follow_the_classes(prior):
    np.testing.assert_allclose(check_train_prior(prior, CLASSES), [0.125, 0.25, 0.625])


def test_a_counter_holds_zero_for_what_it_never_saw():
    assert check_train_prior(Counter("ab"), CLASSES).tolist() == [0.5, 0.5, 0]
    assert check_train_prior([1, 0, 1], CLASSES).tolist() == [0.5, 0, 0.5]
    assert check_train_prior(None, CLASSES) is None


def test_integer_classes_of_any_type():
    prior = {np.int64(0): 1, 1.0: 3}
    assert check_train_prior(prior, np.array([1, 0])).tolist() == [0.75, 0.25]


@pytest.mark.parametrize(
    ("prior", "error", "message"),
    [
        ([1, 2], InvalidWeightsError, "train_prior has 2 entries, there are 3 classes"),
        ([1, -2, 5], InvalidWeightsError, "train_prior is negative in 1 of 3 classes, the first is number 1"),
        ([1, np.nan, 5], InvalidWeightsError, "NaN"),
        ([0, 0, 0], InvalidWeightsError, "the sum of train_prior is 0"),
        ({"a": 1, "b": 2}, ClassesMismatchError, r"absent: \['c'\]"),
        ({"a": 1, "b": 2, "c": 1, "d": 1}, ClassesMismatchError, r"unknown: \['d'\]"),
        (Counter("abd"), ClassesMismatchError, r"unknown: \['d'\]"),
        (pd.Series([1, 2, 5]), ClassesMismatchError, r"unknown: \[0, 1, 2\]"),
        ({"a": 1, "b": "x", "c": 1}, InvalidWeightsError, "real numbers"),
    ],
)
def test_priors_that_are_refused(prior, error, message):
    with pytest.raises(error, match=message):
        check_train_prior(prior, CLASSES)


@pytest.mark.parametrize("scale", [1e-310, 1e-101, 1e101, 1e307])
def test_weights_whose_squares_cannot_be_summed_are_refused(scale):
    with pytest.raises(
        InvalidWeightsError, match=r"largest sample_weight is .*, in row 1; .* divide the weights by their mean"
    ):
        check_weight_scale(scale * np.array([0.5, 1.0, 0.0]))


@pytest.mark.parametrize("weight", [None, np.array([1e-300, 1.0]), np.array([1e-99]), np.array([1e99, 0.0])])
def test_weights_of_any_usual_scale_are_taken(weight):
    check_weight_scale(weight)


@pytest.mark.parametrize("scale", [1e-300, 1e300])
@pytest.mark.parametrize("entrance", [summarize, metrics.refinement_loss, metrics.label_quality, metrics.log_loss])
def test_entrances_refuse_weights_whose_squares_cannot_be_summed(entrance, scale):
    with pytest.raises(InvalidWeightsError, match="divide the weights by their mean"):
        entrance([0, 1, 1], [0.3, 0.6, 0.8], sample_weight=np.full(3, scale))
