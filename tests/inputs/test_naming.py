import pytest

from sklearn_lossacc.exceptions import InvalidPredictionsError, LossAccError
from sklearn_lossacc.inputs.naming import called


def test_whole_words_are_renamed_and_the_type_and_the_cause_are_kept():
    cause = ZeroDivisionError()
    with (
        pytest.raises(InvalidPredictionsError, match=r"^X, not y_proba_2, and y$") as caught,
        called(y_proba="X", y_true="y"),
    ):
        raise InvalidPredictionsError("y_proba, not y_proba_2, and y_true") from cause
    assert caught.value.__cause__ is cause


def test_names_are_not_renamed_twice():
    with pytest.raises(LossAccError, match=r"^b a$"), called(a="b", b="a"):
        raise LossAccError("a b")


def test_other_errors_pass():
    with pytest.raises(KeyError, match="y_proba"), called(y_proba="X"):
        raise KeyError("y_proba")
