import pickle

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, RandomizedSearchCV, StratifiedKFold, cross_validate
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import LinearSVC

from sklearn_lossacc.exceptions import ClassesMismatchError
from sklearn_lossacc.metrics import get_scorer, get_scorer_names, lossacc_scoring


@pytest.fixture(scope="module")
def data():
    X, y = make_classification(n_samples=300, n_informative=5, n_classes=3, random_state=0)
    return X, np.array(["ant", "bee", "cat"])[y], np.random.default_rng(0).integers(1, 5, 300)


@pytest.fixture
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


class CountsPredictions(GaussianNB):
    """Counts how often it is asked."""

    asked = 0

    def predict_proba(self, X):
        CountsPredictions.asked += 1
        return super().predict_proba(X)

    def predict(self, X):
        raise AssertionError("one prediction is enough")


@pytest.mark.parametrize("estimator", [GaussianNB(), LogisticRegression(), LinearSVC()], ids=repr)
def test_each_score_is_that_of_the_single_scorer(estimator, data):
    X, y, weight = data
    estimator = clone(estimator).fit(X, y)
    for w in (None, weight):
        scores = lossacc_scoring()(estimator, X, y, w)
        assert scores == {name: pytest.approx(get_scorer(name)(estimator, X, y, w), abs=1e-14) for name in scores}
        assert sorted(scores) == get_scorer_names()
        assert all(type(score) is float for score in scores.values())


def test_one_prediction(data, monkeypatch):
    monkeypatch.setattr(CountsPredictions, "asked", 0)
    X, y, _ = data
    lossacc_scoring()(CountsPredictions().fit(X, y), X, y)
    assert CountsPredictions.asked == 1


@pytest.mark.parametrize("search", [GridSearchCV, RandomizedSearchCV])
def test_searches(search, data):
    X, y, weight = data
    cv = StratifiedKFold(3)
    once = {"n_iter": 2} if search is RandomizedSearchCV else {}
    model = search(
        GaussianNB(),
        {"var_smoothing": [1e-9, 1e-2]},
        scoring=lossacc_scoring(),
        refit="neg_refinement_loss",
        cv=cv,
        error_score="raise",
        **once,
    ).fit(X, y, sample_weight=weight)
    best = model.cv_results_["mean_test_neg_refinement_loss"].argmax()
    assert model.best_params_ == model.cv_results_["params"][best]
    if tuple(int(part) for part in sklearn.__version__.split(".")[:2]) >= (1, 8):  # before, searches drop the weights
        smoothing = model.cv_results_["params"][0]
        for name in get_scorer_names():
            expected = [
                get_scorer(name)(GaussianNB(**smoothing).fit(X[a], y[a], weight[a]), X[b], y[b], weight[b])
                for a, b in cv.split(X, y)
            ]
            got = [model.cv_results_[f"split{fold}_test_{name}"][0] for fold in range(3)]
            np.testing.assert_allclose(got, expected, atol=1e-12)
    assert model.score(X, y) == pytest.approx(get_scorer("neg_refinement_loss")(model.best_estimator_, X, y))


def test_workers(data):
    X, y, _ = data
    alone, together = (
        cross_validate(GaussianNB(), X, y, scoring=lossacc_scoring(), cv=3, n_jobs=n, error_score="raise")
        for n in (1, 2)
    )
    for name in get_scorer_names():
        np.testing.assert_array_equal(alone[f"test_{name}"], together[f"test_{name}"])


@pytest.mark.usefixtures("routing")
def test_routed_weights_reach_the_scores_or_raise(data):
    X, y, weight = data
    model, cv = GaussianNB().set_fit_request(sample_weight=True), StratifiedKFold(3)
    with pytest.raises(ValueError, match=r"sample_weight.*not explicitly set|not requested"):
        cross_validate(model, X, y, scoring=lossacc_scoring(), cv=cv, params={"sample_weight": weight})
    scoring = lossacc_scoring(["neg_log_loss", "neg_confidence_gap"]).set_score_request(sample_weight=True)
    result = cross_validate(model, X, y, scoring=scoring, cv=cv, params={"sample_weight": weight}, error_score="raise")
    search = GridSearchCV(
        model, {"var_smoothing": [1e-9]}, scoring=scoring, refit="neg_log_loss", cv=cv, error_score="raise"
    ).fit(X, y, sample_weight=weight)
    for name in scoring.names:
        expected = [
            get_scorer(name)(GaussianNB().fit(X[a], y[a], weight[a]), X[b], y[b], weight[b]) for a, b in cv.split(X, y)
        ]
        np.testing.assert_allclose(result[f"test_{name}"], expected)
        np.testing.assert_allclose([search.cv_results_[f"split{fold}_test_{name}"][0] for fold in range(3)], expected)


def test_permutation_importance(data):
    X, y, weight = data
    model = GaussianNB().fit(X, y)
    several = permutation_importance(
        model, X, y, scoring=lossacc_scoring(), n_repeats=2, random_state=0, sample_weight=weight
    )
    single = permutation_importance(
        model, X, y, scoring=get_scorer("d2_log_loss"), n_repeats=2, random_state=0, sample_weight=weight
    )
    np.testing.assert_allclose(several["d2_log_loss"].importances, single.importances, atol=1e-12)


def test_classes_that_the_training_fold_never_saw(data):
    X, y, _ = data
    X, y = X[np.argsort(y)], np.sort(y)
    with pytest.raises(ClassesMismatchError, match=r"lossacc_scoring\(missing='clip'\)"):
        cross_validate(GaussianNB(), X, y, scoring=lossacc_scoring(), cv=KFold(3), error_score="raise")
    clipped = lossacc_scoring(["accuracy", "neg_log_loss"], missing="clip")
    result = cross_validate(GaussianNB(), X, y, scoring=clipped, cv=KFold(3), error_score="raise")
    np.testing.assert_array_equal(result["test_accuracy"], 0)
    np.testing.assert_allclose(result["test_neg_log_loss"], np.log(2.220446049250313e-16))


def test_pickle_and_repr(data):
    X, y, _ = data
    model = GaussianNB().fit(X, y)
    for scoring in (lossacc_scoring(), lossacc_scoring(["accuracy"], missing="clip")):
        twin = pickle.loads(pickle.dumps(scoring))
        assert twin(model, X, y) == scoring(model, X, y)
        again = eval(repr(scoring), {"lossacc_scoring": lossacc_scoring})
        assert (again.names, again.missing) == (scoring.names, scoring.missing)


def test_names_are_checked():
    for names in (["log_loss"], "accuracy", [], ["accuracy", "accuracy"], 3, [["accuracy"]]):
        with pytest.raises(ValueError, match=r"name|scorer"):
            lossacc_scoring(names)
    with pytest.raises(ValueError, match="missing"):
        lossacc_scoring(missing="ignore")


def test_monitor_of_training(data):
    callback = pytest.importorskip("sklearn.callback")
    X, y, _ = data
    model = LogisticRegression(max_iter=500)
    for scoring in (lossacc_scoring(["neg_log_loss"]), {"neg_log_loss": get_scorer("neg_log_loss")}):
        monitor = callback.ScoringMonitor(scoring=scoring)
        clone(model).set_callbacks(monitor).fit(X, y)
        losses = monitor.get_logs().data_as_pandas["neg_log_loss"].astype(float)
        assert losses.iloc[-1] == pytest.approx(get_scorer("neg_log_loss")(model.fit(X, y), X, y), rel=1e-3)
        assert losses.min() < losses.iloc[-1] - 0.05  # the first step is far from the optimum
