import numpy as np
import pandas as pd
import pytest

from sklearn_lossacc.exceptions import (
    ClassesMismatchError,
    InvalidGroupsError,
    InvalidPredictionsError,
    InvalidTargetError,
    InvalidWeightsError,
    NotProbabilitiesError,
)
from sklearn_lossacc.inputs.compared import ComparedPredictions

Y = [0, 1, 1, 0]
A = [0.2, 0.7, 0.6, 0.1]
B = [0.4, 0.9, 0.3, 0.2]


def compared(y=Y, proba=None, **options):
    return ComparedPredictions.from_arrays(y, {"A": A, "B": B} if proba is None else proba, **options)


def test_models_share_labels_weights_and_groups():
    found = compared(sample_weight=[1, 0, 2, 1], groups=["g", "g", "h", "h"])
    assert found.names == ("A", "B")
    for model in found.models:
        assert model.y.tolist() == Y
        assert model.sample_weight.tolist() == [1, 0, 2, 1]
        assert model.groups.tolist() == [0, 0, 1, 1]
        assert model.n_samples == 3


def test_one_model_may_give_logits():
    found = compared(proba={"A": A, "B": np.log(np.divide(B, np.subtract(1, B)))}, input={"A": "proba", "B": "logits"})
    assert [model.input for model in found.models] == ["proba", "logits"]


def test_pairs_of_name_and_predictions_do_as_well():
    assert compared(proba=[("x", A), ("y", B)]).names == ("x", "y")


def test_columns_may_stand_in_another_order():
    frame = pd.DataFrame({"dog": [0.8, 0.1], "cat": [0.2, 0.9]})
    found = compared(["dog", "cat"], {"A": frame, "B": frame[["cat", "dog"]]})
    assert found.codes_in_common(1).tolist() == [1, 0]
    assert found.models[1].y.tolist() == [1, 0]


def test_classes_can_be_named_for_each_model():
    found = compared(["u", "v"], {"A": np.eye(2), "B": np.eye(2)[::-1]}, classes={"A": ["u", "v"], "B": ["v", "u"]})
    assert found.classes.tolist() == ["u", "v"]
    assert found.codes_in_common(1).tolist() == [1, 0]


WRONG = {
    "one model": ({"proba": {"A": A}}, InvalidPredictionsError, r"holds 1 model \['A'\].*at least two"),
    "no model": ({"proba": {}}, InvalidPredictionsError, "holds 0 models"),
    "an array": ({"proba": np.array([A, B])}, InvalidPredictionsError, "must map names to predictions.*ndarray"),
    "a list": ({"proba": [A, B]}, InvalidPredictionsError, "must map names to predictions"),
    "one name twice": ({"proba": [("A", A), ("A", B)]}, InvalidPredictionsError, "names 'A' more than once"),
    "the same text": ({"proba": {1: A, "1": B}}, InvalidPredictionsError, "names '1' more than once"),
    "no name": ({"proba": {"A": A, " ": B}}, InvalidPredictionsError, "number 1 of y_proba has an empty name"),
    "row counts": ({"proba": {"A": A, "B": B[:3]}}, InvalidTargetError, "model 'B': y_true has 4 rows, y_proba has 3"),
    "not probabilities": ({"proba": {"A": A, "B": [2.0, 0, 0, 0]}}, NotProbabilitiesError, "model 'B': "),
    "nan": ({"proba": {"A": [np.nan, 0, 0, 0], "B": B}}, InvalidPredictionsError, "model 'A': .*row 0"),
    "classes": (
        {"proba": {"A": A, "B": np.full((4, 3), 1 / 3)}},
        ClassesMismatchError,
        r"model 'B' has the classes .*0, 1, 2.*model 'A' has .*0, 1",
    ),
    "columns": (
        {"y": ["u", "v", "v", "u"], "proba": {"A": A, "B": np.full((4, 3), 1 / 3)}},
        ClassesMismatchError,
        "model 'B': .*2 distinct labels.*3 columns",
    ),
    "inputs": ({"input": {"A": "proba"}}, InvalidPredictionsError, r"input names the models \['A'\]"),
    "an input": ({"input": {"A": "proba", "B": "odds"}}, InvalidPredictionsError, "model 'B': .*odds"),
    "classes by name": ({"classes": {"C": [0, 1]}}, InvalidPredictionsError, r"classes names the models \['C'\]"),
    "labels": ({"y": [0, 1, None, 0]}, InvalidTargetError, "row 2"),
    "weights": ({"sample_weight": [1, 1]}, InvalidWeightsError, "sample_weight has 2 rows"),
    "groups": ({"groups": [1, 1, 1]}, InvalidGroupsError, "groups has 3 rows"),
}


@pytest.mark.parametrize(("given", "error", "words"), WRONG.values(), ids=WRONG)
def test_wrong_input_names_the_model_and_the_argument(given, error, words):
    with pytest.raises(error, match=words):
        compared(**given)
