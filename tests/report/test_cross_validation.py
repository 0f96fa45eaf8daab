import json

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from scipy import stats
from scipy.sparse import csr_array
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss as sklearn_log_loss
from sklearn.model_selection import GridSearchCV, KFold, RepeatedStratifiedKFold, TimeSeriesSplit, cross_validate
from sklearn.svm import LinearSVC

from sklearn_lossacc import Diagnosis, diagnose
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


def repeated(data, **keywords):
    X, y = data
    results = cross_validated(LogisticRegression(), X, y, cv=KFold(4, shuffle=True, random_state=0))
    return LossAccuracyReport.from_cv_results(results, X, y, panels=["reliability"], **keywords), results


def test_one_row_a_fold(data):
    X, y = data
    report, results = repeated(data)
    folds = report.frame("folds")
    assert folds["fold"].tolist() == [0, 1, 2, 3]
    assert (folds["n_train"].tolist(), folds["n_test"].tolist()) == ([90] * 4, [30] * 4)
    for fold, (estimator, test) in enumerate(zip(results["estimator"], results["indices"]["test"], strict=True)):
        assert folds["accuracy"][fold] == pytest.approx(estimator.score(X[test], y[test]))
        assert folds["log_loss"][fold] == pytest.approx(
            sklearn_log_loss(y[test], estimator.predict_proba(X[test]), labels=estimator.classes_)
        )
    np.testing.assert_allclose(folds["calibration_loss"] + folds["refinement_loss"], folds["log_loss"])
    # Folds of one size: the pooled loss is the mean over the folds.
    assert report.diagnosis_.metrics["log_loss"].value == pytest.approx(folds["log_loss"].mean())


def test_intervals_count_the_spread_of_the_folds(data):
    report, _ = repeated(data)
    folds = report.frame("folds")
    for name in ("log_loss", "accuracy", "brier_score", "confidence_gap"):
        estimate = report.diagnosis_.metrics[name]
        half = stats.t.ppf(0.975, 3) * np.sqrt((1 / 4 + 30 / 90) * folds[name].var(ddof=1))
        assert estimate.low <= max(estimate.value - half, 0.0 if name != "confidence_gap" else -1.0)
        assert estimate.high >= min(estimate.value + half, 1.0 if name in ("accuracy", "confidence_gap") else np.inf)
        assert "corrected t over 4 folds" in estimate.method
    X, y = data
    pooled = pooled_predictions(repeated(data)[1], X)
    plain = diagnose(y[pooled.rows], pooled.y_proba, classes=pooled.classes, X=X[pooled.rows])
    assert report.diagnosis_.metrics["accuracy"].low < plain.metrics["accuracy"].low
    assert report.diagnosis_.findings == plain.findings


def test_a_line_a_fold(data):
    report, _ = repeated(data)
    lines = [line for line in report.axes_["reliability"].lines if line.get_label() == "each fold"]
    assert len(lines) == 4
    table = report.diagnosis_.tables["fold_reliability"]
    first = [row for row, fold in enumerate(table["fold"]) if fold == 0]
    np.testing.assert_allclose(lines[0].get_xdata(), [table["confidence"][row] for row in first])
    assert sum(table["weight"]) == pytest.approx(120)
    share = np.average(table["accuracy"], weights=table["weight"])
    assert share == pytest.approx(report.diagnosis_.metrics["accuracy"].value)


def test_weights_reach_the_folds(data):
    X, y = data
    weight = np.where(np.arange(120) % 3 == 0, 4.0, 0.5)
    report, results = repeated(data, sample_weight=weight)
    test = results["indices"]["test"][1]
    expected = np.average(results["estimator"][1].predict(X[test]) == y[test], weights=weight[test])
    assert report.frame("folds")["accuracy"][1] == pytest.approx(expected)


def settings_of(data, cv=None):
    X, y = data
    cv = KFold(5, shuffle=True, random_state=0) if cv is None else cv
    return {f"C={C}": cross_validated(LogisticRegression(C=C), X, y, cv=cv) for C in (1e-4, 0.1, 1.0)}


def test_settings_are_compared_on_the_same_folds(data):
    X, y = data
    settings = settings_of(data)
    report = LossAccuracyReport.from_cv_results(settings, X, y, panels=["loss"])
    table = report.frame("settings")
    losses = {
        name: np.array(
            [
                sklearn_log_loss(y[test], estimator.predict_proba(X[test]), labels=estimator.classes_)
                for estimator, test in zip(results["estimator"], results["indices"]["test"], strict=True)
            ]
        )
        for name, results in settings.items()
    }
    order = sorted(losses, key=lambda name: losses[name].mean())
    assert table["setting"].tolist() == order
    assert report.name == order[0]
    assert table["log_loss_difference"][0] == 0.0
    p_values = []
    for a, b in [(0, 1), (0, 2), (1, 2)]:
        gap = losses[order[b]] - losses[order[a]]
        t = gap.mean() / np.sqrt((1 / 5 + 24 / 96) * gap.var(ddof=1))
        p_values.append(2 * stats.t.sf(abs(t), 4))
    for place in (1, 2):
        gap = losses[order[place]] - losses[order[0]]
        assert table["log_loss_difference"][place] == pytest.approx(gap.mean())
        assert table["log_loss_p_value"][place] >= p_values[place - 1] * (1 - 1e-9)  # Holm over three pairs
    assert table["log_loss_p_value"].min() == pytest.approx(min(1.0, 3 * min(p_values)))
    assert report.frame("folds")["log_loss"].tolist() == pytest.approx(losses[order[0]].tolist())


def test_settings_and_folds_are_in_every_view(data):
    X, y = data
    report = LossAccuracyReport.from_cv_results(settings_of(data), X, y, panels=["reliability"])
    assert "5 folds" in str(report).splitlines()[0]
    for text in (report.to_markdown(), report.to_html(panels=["reliability"])):
        assert "Settings" in text
        assert "C=0.0001" in text
        assert "rows trained on" in text
    restored = Diagnosis.from_dict(json.loads(report.to_json()))
    assert restored.tables["folds"] == report.diagnosis_.tables["folds"]


def test_settings_of_other_folds_are_refused(data):
    X, y = data
    settings = settings_of(data) | {"other": cross_validated(LogisticRegression(), X, y, cv=3)}
    with pytest.raises(InvalidPredictionsError, match=r"'other'.* other folds"):
        LossAccuracyReport.from_cv_results(settings, X, y)


def test_a_search_keeps_no_estimators(data):
    X, y = data
    search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=3).fit(X, y)
    with pytest.raises(InvalidPredictionsError, match=r"return_indices=True\); a search keeps no estimators"):
        LossAccuracyReport.from_cv_results(search.cv_results_, X, y)
    for wrong in (search, [search.cv_results_], None):
        with pytest.raises(InvalidPredictionsError, match=r"^cv_results must be a dict that cross_validate returns"):
            LossAccuracyReport.from_cv_results(wrong, X, y)


def test_labels_of_other_length_are_refused(data):
    X, y = data
    results = cross_validated(LogisticRegression(), X, y)
    with pytest.raises(InvalidPredictionsError, match="y has 119 rows, but X has 120"):
        LossAccuracyReport.from_cv_results(results, X, y[:-1])


def test_folds_need_not_test_every_row(data):
    X, y = data
    order = np.random.default_rng(0).permutation(120)
    X, y = X[order], y[order]
    results = cross_validated(LogisticRegression(), X, y, cv=TimeSeriesSplit(3))
    report = LossAccuracyReport.from_cv_results(results, X, pd.Series(y, index=np.arange(120) + 7), panels=["loss"])
    assert report.diagnosis_.description["n_rows"] == 90
    assert report.frame("folds")["n_train"].tolist() == [30, 60, 90]


def test_repeated_folds_of_one_row_are_one_line_each(data):
    X, y = data
    folds = RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=0)
    report = LossAccuracyReport.from_cv_results(
        cross_validated(LogisticRegression(), X, y, cv=folds), X, y, panels=["loss"]
    )
    assert len(report.frame("folds")) == 6
