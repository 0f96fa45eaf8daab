import pickle

import numpy as np
import pytest
import sklearn
import sklearn.metrics
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    RandomizedSearchCV,
    StratifiedKFold,
    cross_val_score,
    cross_validate,
    learning_curve,
    permutation_test_score,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from sklearn_lossacc.exceptions import ClassesMismatchError, InvalidPredictionsError
from sklearn_lossacc.metrics import brier_score_loss, get_scorer, get_scorer_names, log_loss
from sklearn_lossacc.metrics.scorers import SCORERS

every_scorer = pytest.mark.parametrize("name", get_scorer_names())
PROBABILITY_SCORERS = [name for name in get_scorer_names() if name != "accuracy"]


@pytest.fixture(scope="module")
def data():
    X, y = make_classification(n_samples=300, n_informative=5, n_classes=3, random_state=0)
    return X, y, np.random.default_rng(0).integers(1, 5, 300)


@pytest.fixture(scope="module")
def model(data):
    return LogisticRegression().fit(data[0], data[1])


@pytest.fixture
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


def direct(name, model, X, y, weight=None):
    """The score by way of scikit-learn's metrics, over the classes that the model knows."""
    if name == "accuracy":
        return sklearn.metrics.accuracy_score(y, model.predict(X), sample_weight=weight)
    P = model.predict_proba(X)
    hot = (np.asarray(y)[:, None] == model.classes_).astype(float)
    if name == "neg_log_loss":
        return -np.average(-np.log((P * hot).sum(axis=1)), weights=weight)
    assert name == "neg_brier_score"
    squares = ((P - hot) ** 2).sum(axis=1) / (2 if P.shape[1] == 2 else 1)
    return -np.average(squares, weights=weight)


@every_scorer
def test_by_hand(name, data, model):
    X, y, weight = data
    scorer = get_scorer(name)
    np.testing.assert_allclose(scorer(model, X, y), direct(name, model, X, y))
    np.testing.assert_allclose(scorer(model, X, y, sample_weight=weight), direct(name, model, X, y, weight))
    assert scorer(model, X, y, weight) != scorer(model, X, y)


@every_scorer
def test_test_fold_without_a_class(name, data, model):
    X, y, _ = data
    kept = y != 1
    np.testing.assert_allclose(get_scorer(name)(model, X[kept], y[kept]), direct(name, model, X[kept], y[kept]))
    one = np.flatnonzero(y == 2)
    np.testing.assert_allclose(get_scorer(name)(model, X[one], y[one]), direct(name, model, X[one], y[one]))


@every_scorer
def test_labels_are_just_names(name, data):
    X, y, _ = data
    expected = get_scorer(name)(GaussianNB().fit(X, y), X, y)
    for names in (
        np.array([10, 20, 30]),
        np.array(["ant", "bee", "cat"]),
        np.array(["ant", "bee", "cat"], dtype=object),
    ):
        assert get_scorer(name)(GaussianNB().fit(X, names[y]), X, names[y]) == expected


@pytest.mark.parametrize("name", PROBABILITY_SCORERS)
def test_class_that_the_training_fold_never_saw(name, data):
    X, y, weight = data
    blind = GaussianNB().fit(X[y < 2], y[y < 2])
    with pytest.raises(ClassesMismatchError, match=r"never saw: \[2\].*missing='clip'"):
        get_scorer(name)(blind, X, y)
    P = np.column_stack([blind.predict_proba(X), np.zeros(len(y))])
    metric = {"neg_log_loss": log_loss, "neg_brier_score": brier_score_loss}[name]
    np.testing.assert_allclose(
        get_scorer(name, missing="clip")(blind, X, y, weight), -metric(y, P, sample_weight=weight)
    )


def test_label_never_seen_costs_the_clip():
    model = DummyClassifier().fit([[0], [0]], ["a", "b"])
    score = get_scorer("neg_log_loss", missing="clip")(model, [[0], [0]], ["a", "zebra"])
    np.testing.assert_allclose(score, -(np.log(2) + 36.04365338911715) / 2)


def test_accuracy_counts_an_unseen_label_as_an_error(data):
    X, y, _ = data
    blind = GaussianNB().fit(X[y < 2], y[y < 2])
    assert get_scorer("accuracy")(blind, X, y) == (blind.predict(X) == y).mean()


def test_accuracy_of_what_is_predicted_not_of_the_largest_probability(data):
    X, y, _ = data

    class Contrary(GaussianNB):
        def predict(self, X):
            return np.full(len(X), self.classes_[0])

    assert get_scorer("accuracy")(Contrary().fit(X, y), X, y) == (y == 0).mean()


def test_folds_of_sorted_rows(data):
    X, y, _ = data
    X, y = X[np.argsort(y)], np.sort(y)
    model = DecisionTreeClassifier(max_depth=2, random_state=0)
    splits = [(np.arange(300), np.flatnonzero(y == column)) for column in range(3)]
    for name in PROBABILITY_SCORERS:
        scores = cross_val_score(model, X, y, scoring=get_scorer(name), cv=splits, error_score="raise")
        fitted = clone(model).fit(X, y)
        np.testing.assert_allclose(scores, [direct(name, fitted, X[test], y[test]) for _, test in splits])


@pytest.mark.parametrize("name", PROBABILITY_SCORERS)
def test_training_folds_without_a_class_are_nan_or_clipped(name, data):
    X, y, _ = data
    X, y = X[np.argsort(y)], np.sort(y)
    with pytest.raises(ClassesMismatchError):
        cross_val_score(GaussianNB(), X, y, scoring=get_scorer(name), cv=KFold(3), error_score="raise")
    scores = cross_val_score(
        GaussianNB(), X, y, scoring=get_scorer(name, missing="clip"), cv=KFold(3), error_score="raise"
    )
    assert np.isfinite(scores).all()


@every_scorer
@pytest.mark.parametrize("search", [GridSearchCV, RandomizedSearchCV])
def test_searches_pass_the_weights_on(name, search, data):
    X, y, weight = data
    cv = StratifiedKFold(3)
    model = search(
        GaussianNB(),
        {"var_smoothing": [1e-9]},
        scoring=get_scorer(name),
        cv=cv,
        error_score="raise",
        **({"n_iter": 1} if search is RandomizedSearchCV else {}),
    ).fit(X, y, sample_weight=weight)
    expected = [
        direct(name, GaussianNB().fit(X[train], y[train], weight[train]), X[test], y[test], weight[test])
        for train, test in cv.split(X, y)
    ]
    got = [model.cv_results_[f"split{fold}_test_score"][0] for fold in range(3)]
    if tuple(int(part) for part in sklearn.__version__.split(".")[:2]) >= (1, 8):
        np.testing.assert_allclose(got, expected)
    np.testing.assert_allclose(model.score(X, y), direct(name, model, X, y))


def test_several_scorers_at_once(data):
    X, y, weight = data
    scoring = {name: get_scorer(name) for name in get_scorer_names()}
    search = GridSearchCV(GaussianNB(), {"var_smoothing": [1e-9, 1e-2]}, scoring=scoring, refit="neg_log_loss", cv=3)
    search.fit(X, y, sample_weight=weight)
    result = cross_validate(GaussianNB(), X, y, scoring=scoring, cv=3, error_score="raise")
    for name in get_scorer_names():
        single = cross_val_score(GaussianNB(), X, y, scoring=get_scorer(name), cv=3, error_score="raise")
        np.testing.assert_array_equal(result[f"test_{name}"], single)


@every_scorer
def test_pipelines_and_other_users_of_scorers(name, data):
    X, y, _ = data
    pipeline = make_pipeline(StandardScaler(), GaussianNB())
    scores = cross_val_score(pipeline, X, y, scoring=get_scorer(name), error_score="raise")
    assert np.isfinite(scores).all()
    learning_curve(pipeline, X, y, scoring=get_scorer(name), train_sizes=[0.5, 1.0], cv=2, error_score="raise")
    permutation_test_score(GaussianNB(), X, y, scoring=get_scorer(name), cv=2, n_permutations=2)


@every_scorer
@pytest.mark.usefixtures("routing")
def test_routed_weights_reach_the_score(name, data):
    X, y, weight = data
    scorer = get_scorer(name).set_score_request(sample_weight=True)
    model = GaussianNB().set_fit_request(sample_weight=False)
    cv = StratifiedKFold(3)
    expected = [
        direct(name, GaussianNB().fit(X[train], y[train]), X[test], y[test], weight[test])
        for train, test in cv.split(X, y)
    ]
    result = cross_validate(model, X, y, scoring=scorer, cv=cv, params={"sample_weight": weight}, error_score="raise")
    np.testing.assert_allclose(result["test_score"], expected)
    several = cross_validate(
        model, X, y, scoring={"one": scorer}, cv=cv, params={"sample_weight": weight}, error_score="raise"
    )
    np.testing.assert_allclose(several["test_one"], expected)
    search = GridSearchCV(model, {"var_smoothing": [1e-9]}, scoring=scorer, cv=cv, error_score="raise")
    search.fit(X, y, sample_weight=weight)
    np.testing.assert_allclose([search.cv_results_[f"split{fold}_test_score"][0] for fold in range(3)], expected)


@pytest.mark.usefixtures("routing")
def test_weights_that_nobody_asked_for_raise(data):
    X, y, weight = data
    model = GaussianNB().set_fit_request(sample_weight=True)
    with pytest.raises(ValueError, match=r"sample_weight.*not explicitly set|not requested"):
        cross_validate(model, X, y, scoring=get_scorer("neg_log_loss"), params={"sample_weight": weight})


@pytest.mark.usefixtures("routing")
def test_weights_may_be_declined_or_renamed(data):
    X, y, weight = data
    model = GaussianNB().set_fit_request(sample_weight=True)
    declined = cross_validate(
        model,
        X,
        y,
        scoring=get_scorer("neg_log_loss").set_score_request(sample_weight=False),
        params={"sample_weight": weight},
        cv=3,
        error_score="raise",
    )
    renamed = cross_validate(
        GaussianNB().set_fit_request(sample_weight=True),
        X,
        y,
        scoring=get_scorer("neg_log_loss").set_score_request(sample_weight="eval_weight"),
        params={"sample_weight": weight, "eval_weight": weight**2},
        cv=3,
        error_score="raise",
    )
    for result, power in ((declined, 0), (renamed, 2)):
        expected = [
            direct("neg_log_loss", GaussianNB().fit(X[a], y[a], weight[a]), X[b], y[b], weight[b] ** power)
            for a, b in StratifiedKFold(3).split(X, y)
        ]
        np.testing.assert_allclose(result["test_score"], expected)


def test_requests_need_routing():
    with pytest.raises(RuntimeError, match="routing"):
        get_scorer("accuracy").set_score_request(sample_weight=True)


@every_scorer
def test_pickle_clone_and_repr(name, data, model):
    X, y, _ = data
    with sklearn.config_context(enable_metadata_routing=True):
        scorer = get_scorer(name, missing="clip").set_score_request(sample_weight=True)
    twin = pickle.loads(pickle.dumps(scorer))
    assert twin(model, X, y) == scorer(model, X, y)
    assert twin.get_metadata_routing().score.requests == {"sample_weight": True}
    assert repr(scorer) == f"get_scorer({name!r}, missing='clip')"
    assert eval(repr(get_scorer(name)), {"get_scorer": get_scorer}).name == name
    search = clone(GridSearchCV(GaussianNB(), {}, scoring=scorer))
    assert search.scoring.get_metadata_routing().score.requests == {"sample_weight": True}


def test_margins_are_no_probabilities(data):
    X, y, _ = data
    svm = LinearSVC().fit(X, y)
    assert get_scorer("accuracy")(svm, X, y) == svm.score(X, y)
    for name in PROBABILITY_SCORERS:
        with pytest.raises(InvalidPredictionsError, match="predict_proba"):
            get_scorer(name)(svm, X, y)


def test_names_and_parameters_are_checked():
    assert {"accuracy", "neg_log_loss", "neg_brier_score"} <= set(get_scorer_names()) == set(SCORERS)
    with pytest.raises(ValueError, match="neg_log_loss"):
        get_scorer("log_loss")
    with pytest.raises(ValueError, match="missing"):
        get_scorer("accuracy", missing="ignore")
