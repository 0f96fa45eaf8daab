import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from scipy.sparse import csr_array
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold, RepeatedStratifiedKFold, cross_validate
from sklearn.svm import LinearSVC

from sklearn_lossacc.exceptions import ClassesMismatchError, InvalidPredictionsError
from sklearn_lossacc.report import LossAccuracyReport
from sklearn_lossacc.report.cross_validation import pooled_predictions


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def data():
    X, y = make_classification(120, n_classes=3, n_informative=4, random_state=0)
    return X, np.array(["a", "b", "c"])[y]


def cross_validated(estimator, X, y, cv=3):
    return cross_validate(estimator, X, y, cv=cv, return_estimator=True, return_indices=True)


def test_each_row_is_predicted_by_the_model_that_has_not_seen_it(data):
    X, y = data
    results = cross_validated(LogisticRegression(), X, y, cv=KFold(4, shuffle=True, random_state=0))
    pooled = pooled_predictions(results, X)
    assert pooled.rows.tolist() == list(range(len(y)))
    for estimator, test in zip(results["estimator"], results["indices"]["test"], strict=True):
        np.testing.assert_array_equal(pooled.y_proba[test], estimator.predict_proba(X[test]))


@pytest.mark.parametrize("convert", [pd.DataFrame, csr_array, lambda X: X.tolist()])
def test_containers_make_no_difference(data, convert):
    X, y = data
    results = cross_validated(LogisticRegression(), X, y)
    np.testing.assert_allclose(
        pooled_predictions(results, convert(X)).y_proba, pooled_predictions(results, X).y_proba, rtol=1e-10
    )


def test_binary_decisions_become_two_columns_of_logits(data):
    X, y = data
    y = np.where(y == "a", "a", "other")
    pooled = pooled_predictions(cross_validated(LinearSVC(), X, y), X)
    assert pooled.input == "logits"
    assert pooled.y_proba.shape == (len(y), 2)
    assert not pooled.y_proba[:, 0].any()


def test_a_class_that_a_fold_never_saw_has_probability_zero_there():
    X = np.arange(12.0)[:, None]
    y = np.array(["a", "b"] * 4 + ["c"] * 4)
    results = cross_validated(
        LogisticRegression(), X, y, cv=[(np.arange(8), np.arange(8, 12)), (np.arange(4, 12), np.arange(4))]
    )
    pooled = pooled_predictions(results, X)
    assert pooled.classes.tolist() == ["a", "b", "c"]
    last = pooled.y_proba[-4:]
    assert not last[:, 2].any()
    assert pooled.y_proba[:4, 2].all()


def test_logits_have_no_value_for_a_class_that_was_never_seen():
    X = np.arange(12.0)[:, None]
    y = np.array(["a", "b"] * 4 + ["c"] * 4)
    results = cross_validated(
        LogisticRegression(), X, y, cv=[(np.arange(8), np.arange(8, 12)), (np.arange(4, 12), np.arange(4))]
    )
    with pytest.raises(ClassesMismatchError, match=r"never saw the classes \['c'\]"):
        pooled_predictions(results, X, response_method="decision_function")


def test_repeated_folds_make_groups_of_the_copies_of_a_row(data):
    X, y = data
    folds = RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=0)
    results = cross_validated(LogisticRegression(), X, y, cv=folds)
    report = LossAccuracyReport.from_cv_results(results, X, y, panels=["loss"])
    assert report.diagnosis_.description["n_rows"] == 2 * len(y)
    assert report.diagnosis_.description["n_groups"] == len(y)
    once = LossAccuracyReport.from_cv_results(cross_validated(LogisticRegression(), X, y), X, y, panels=["loss"])
    assert once.diagnosis_.description["n_groups"] is None


def test_weights_and_groups_follow_their_rows(data):
    X, y = data
    results = cross_validated(LogisticRegression(), X, y, cv=KFold(3, shuffle=True, random_state=1))
    weight = np.where(y == "a", 2.0, 1.0)
    report = LossAccuracyReport.from_cv_results(
        results, X, y, sample_weight=weight, groups=np.arange(len(y)) // 2, panels=["loss"]
    )
    table = report.diagnosis_.tables["classes"]
    assert table["prior"][0] == pytest.approx(weight[y == "a"].sum() / weight.sum())
    assert report.diagnosis_.description["n_groups"] == len(y) // 2
    assert report.name == "LogisticRegression"


def test_what_cross_validate_must_return_is_said(data):
    X, y = data
    with pytest.raises(InvalidPredictionsError, match="return_estimator=True, return_indices=True"):
        pooled_predictions(cross_validate(LogisticRegression(), X, y), X)


def test_other_data_are_refused(data):
    X, y = data
    results = cross_validated(LogisticRegression(), X, y)
    with pytest.raises(InvalidPredictionsError, match="X has 100 rows, but the folds were made from 120"):
        pooled_predictions(results, X[:100])


def test_regressors_are_refused(data):
    X, _ = data
    results = cross_validated(Ridge(), X, X[:, 0])
    with pytest.raises(InvalidPredictionsError, match="Ridge has no predict_proba and no decision_function"):
        pooled_predictions(results, X)
