"""From estimators of every kind to predictions."""

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sklearn_lossacc.exceptions import InvalidPredictionsError
from sklearn_lossacc.inputs import Predictions, from_estimator

X, Y = make_classification(n_samples=120, n_informative=5, n_classes=3, random_state=0)
NAMES = np.array(["b", "c", "a"])[Y]


def test_predict_proba_is_preferred():
    model = LogisticRegression().fit(X, NAMES)
    response = from_estimator(model, X)
    assert response.input == "proba"
    assert response.classes is model.classes_
    assert np.array_equal(response.y_proba, model.predict_proba(X))


def test_decision_function_gives_logits():
    model = LogisticRegression().fit(X, NAMES)
    response = from_estimator(model, X, response_method="decision_function")
    assert response.input == "logits"
    from_logits = Predictions.from_arrays(NAMES, response.y_proba, input="logits", classes=response.classes)
    from_proba = Predictions.from_arrays(NAMES, model.predict_proba(X), classes=model.classes_)
    np.testing.assert_allclose(from_logits.take([0, 50])[1], from_proba.take([0, 50])[1], rtol=1e-8)


def test_one_dimensional_decisions_are_logits_of_the_second_class():
    y = NAMES == "a"
    model = LogisticRegression().fit(X, y)
    y_proba, input, classes = from_estimator(model, X, response_method="decision_function")
    assert y_proba.shape == (120,)
    log_proba = Predictions.from_arrays(y, y_proba, input=input, classes=classes).take(range(120))[1]
    np.testing.assert_allclose(np.exp(log_proba), model.predict_proba(X), rtol=1e-9)


@pytest.mark.parametrize("model", [RidgeClassifier(), SVC(), make_pipeline(StandardScaler(), SVC())])
def test_estimators_without_predict_proba(model):
    response = from_estimator(model.fit(X, NAMES), X)
    assert response.input == "logits"
    p = Predictions.from_arrays(NAMES, **response._asdict())
    assert p.classes.tolist() == ["a", "b", "c"]


def test_x_is_passed_on_unseen():
    class FromText:
        classes_ = np.array([0, 1])

        def predict_proba(self, texts):
            return [[1 - len(text) / 10, len(text) / 10] for text in texts]

    assert from_estimator(FromText(), ["abc"]).y_proba == [[0.7, 0.3]]


def test_estimators_without_classes():
    class Anonymous:
        def predict_proba(self, X):
            return np.full((len(X), 2), 0.5)

    assert from_estimator(Anonymous(), X).classes is None


def test_unfitted_estimators_speak_for_themselves():
    with pytest.raises(NotFittedError):
        from_estimator(LogisticRegression(), X)


class TwoOutputs:
    def predict_proba(self, X):
        return [np.full((len(X), 2), 0.5)] * 2


@pytest.mark.parametrize(
    ("model", "method", "message"),
    [
        (SVC(), "predict_proba", "SVC has no predict_proba"),
        (StandardScaler(), "auto", "no predict_proba and no decision_function"),
        (LogisticRegression(), "predict", "must be one of"),
        (SVC(decision_function_shape="ovo"), "auto", "each pair of classes"),
        (make_pipeline(StandardScaler(), SVC(decision_function_shape="ovo")), "auto", "each pair of classes"),
        (TwoOutputs(), "auto", "2 outputs"),
    ],
)
def test_responses_that_are_refused(model, method, message):
    if hasattr(model, "fit"):
        model.fit(X, NAMES)
    with pytest.raises(InvalidPredictionsError, match=message):
        from_estimator(model, X, response_method=method)


def test_pairs_of_two_classes_are_one_column():
    model = SVC(decision_function_shape="ovo").fit(X, NAMES == "a")
    assert from_estimator(model, X).y_proba.ndim == 1
