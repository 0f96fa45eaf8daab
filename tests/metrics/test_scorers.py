import pickle

import numpy as np
import pytest
import sklearn
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import make_classification
from sklearn.dummy import DummyClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
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

from sklearn_lossacc.exceptions import ClassesMismatchError, InvalidPredictionsError, InvalidTargetError
from sklearn_lossacc.metrics import get_scorer, get_scorer_names, lossacc_scoring

every_scorer = pytest.mark.parametrize("name", get_scorer_names())
PROBABILITY_SCORERS = [name for name in get_scorer_names() if name != "accuracy"]


class NearestCentroidOfLabels(ClassifierMixin, BaseEstimator):
    """Predicts labels and nothing else."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.centres_ = np.array([X[y == label].mean(axis=0) for label in self.classes_])
        return self

    def predict(self, X):
        return self.classes_[((X[:, None] - self.centres_) ** 2).sum(axis=2).argmin(axis=1)]


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


@every_scorer
def test_by_hand(name, data, model, direct, agree):
    X, y, weight = data
    scorer = get_scorer(name)
    agree(name, scorer(model, X, y), direct(name, model, X, y))
    agree(name, scorer(model, X, y, sample_weight=weight), direct(name, model, X, y, weight))
    assert scorer(model, X, y, weight) != scorer(model, X, y)


@every_scorer
def test_test_fold_without_a_class(name, data, model, direct, agree):
    X, y, _ = data
    kept = y != 1
    agree(name, get_scorer(name)(model, X[kept], y[kept]), direct(name, model, X[kept], y[kept]))
    one = np.flatnonzero(y == 2)
    # with one class only there is nothing to save over the prior
    agree(name, get_scorer(name)(model, X[one], y[one]), direct(name, model, X[one], y[one]))


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
def test_class_that_the_training_fold_never_saw(name, data, oracle, agree):
    X, y, weight = data
    blind = GaussianNB().fit(X[y < 2], y[y < 2])
    with pytest.raises(ClassesMismatchError, match=r"never saw: \[2\].*missing='clip'"):
        get_scorer(name)(blind, X, y)
    P = np.column_stack([blind.predict_proba(X), np.zeros(len(y))])
    agree(name, get_scorer(name, missing="clip")(blind, X, y, weight), oracle(name, P, y, weight))


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


@pytest.mark.parametrize("name", PROBABILITY_SCORERS)
def test_folds_of_sorted_rows(name, data, direct, agree):
    X, y, _ = data
    X, y = X[np.argsort(y)], np.sort(y)
    model = DecisionTreeClassifier(max_depth=2, random_state=0)
    splits = [(np.arange(300), np.flatnonzero(y == column)) for column in range(3)]
    scores = cross_val_score(model, X, y, scoring=get_scorer(name), cv=splits, error_score="raise")
    fitted = clone(model).fit(X, y)
    agree(name, scores, [direct(name, fitted, X[test], y[test]) for _, test in splits])


@pytest.mark.parametrize("name", PROBABILITY_SCORERS)
def test_training_folds_without_a_class_are_nan_or_clipped(name, data):
    X, y, _ = data
    X, y = X[np.argsort(y)], np.sort(y)
    with pytest.raises(ClassesMismatchError):
        cross_val_score(GaussianNB(), X, y, scoring=get_scorer(name), cv=KFold(3), error_score="raise")
    scores = cross_val_score(
        GaussianNB(), X, y, scoring=get_scorer(name, missing="clip"), cv=KFold(3), error_score="raise"
    )
    # each test fold is of one class: its prior leaves nothing to save
    assert np.isnan(scores).all() if name.startswith("d2_") else np.isfinite(scores).all()


@every_scorer
@pytest.mark.parametrize("search", [GridSearchCV, RandomizedSearchCV])
def test_searches_pass_the_weights_on(name, search, data, direct, agree):
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
        agree(name, got, expected)
    agree(name, model.score(X, y), direct(name, model, X, y))


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
def test_routed_weights_reach_the_score(name, data, direct, agree):
    X, y, weight = data
    scorer = get_scorer(name).set_score_request(sample_weight=True)
    model = GaussianNB().set_fit_request(sample_weight=False)
    cv = StratifiedKFold(3)
    expected = [
        direct(name, GaussianNB().fit(X[train], y[train]), X[test], y[test], weight[test])
        for train, test in cv.split(X, y)
    ]
    result = cross_validate(model, X, y, scoring=scorer, cv=cv, params={"sample_weight": weight}, error_score="raise")
    agree(name, result["test_score"], expected)
    several = cross_validate(
        model, X, y, scoring={"one": scorer}, cv=cv, params={"sample_weight": weight}, error_score="raise"
    )
    agree(name, several["test_one"], expected)
    search = GridSearchCV(model, {"var_smoothing": [1e-9]}, scoring=scorer, cv=cv, error_score="raise")
    search.fit(X, y, sample_weight=weight)
    agree(name, [search.cv_results_[f"split{fold}_test_score"][0] for fold in range(3)], expected)


@pytest.mark.usefixtures("routing")
def test_weights_that_nobody_asked_for_raise(data):
    X, y, weight = data
    model = GaussianNB().set_fit_request(sample_weight=True)
    with pytest.raises(ValueError, match=r"sample_weight.*not explicitly set|not requested"):
        cross_validate(model, X, y, scoring=get_scorer("neg_log_loss"), params={"sample_weight": weight})


@pytest.mark.usefixtures("routing")
def test_weights_may_be_declined_or_renamed(data, direct):
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


@every_scorer
@pytest.mark.parametrize("n_classes", [2, 3])
def test_decisions_are_read_as_logits(name, n_classes, data, oracle, agree):
    X, y, weight = data
    X, y, weight = (part[y < n_classes] for part in (X, y, weight))
    svm = LinearSVC().fit(X, y)
    d = svm.decision_function(X)
    P = softmax(np.column_stack([np.zeros(len(d)), d]) if n_classes == 2 else d, axis=1)
    agree(name, get_scorer(name)(svm, X, y, weight), oracle(name, P, y, weight))


def test_an_estimator_without_scores_has_its_accuracy_only(data):
    X, y, _ = data
    centroids = NearestCentroidOfLabels().fit(X, y)
    assert get_scorer("accuracy")(centroids, X, y) == (centroids.predict(X) == y).mean()
    with pytest.raises(InvalidPredictionsError, match="no predict_proba and no decision_function"):
        get_scorer("neg_log_loss")(centroids, X, y)


@every_scorer
def test_halving_searches(name, data):
    X, y, _ = data
    search = HalvingGridSearchCV(
        GaussianNB(),
        {"var_smoothing": [1e-9, 1e-1]},
        scoring=get_scorer(name),
        cv=2,
        error_score="raise",
        random_state=0,
    ).fit(X, y)
    assert search.score(X, y) == get_scorer(name)(search.best_estimator_, X, y)


@pytest.mark.parametrize("name", ["accuracy", "neg_log_loss", "neg_refinement_loss"])
def test_permutation_importance_with_weights(name, data, model):
    X, y, weight = data
    scorer = get_scorer(name)
    found = permutation_importance(model, X, y, scoring=scorer, n_repeats=1, random_state=0, sample_weight=weight)
    assert found.importances_mean.max() > 0


def test_names_and_parameters_are_checked():
    expected = (
        "accuracy d2_brier d2_log_loss neg_brier_score neg_calibration_loss neg_classwise_calibration_error "
        "neg_confidence_gap neg_debiased_calibration_error neg_expected_calibration_error neg_log_loss "
        "neg_refinement_loss neg_smooth_calibration_error"
    )
    assert get_scorer_names() == expected.split()
    with pytest.raises(ValueError, match="is no scorer"):
        get_scorer(["accuracy"])
    with pytest.raises(ValueError, match="neg_log_loss"):
        get_scorer("log_loss")
    with pytest.raises(ValueError, match="missing"):
        get_scorer("accuracy", missing="ignore")


def test_the_accuracy_of_a_regressor_is_refused():
    X = np.arange(6.0)[:, np.newaxis]
    y = [0, 0, 1, 0, 1, 1]
    with pytest.raises(InvalidTargetError, match=r"predicts .* in row \d, no label; pass a classifier"):
        get_scorer("accuracy")(LinearRegression().fit(X, y), X, y)


class Scored(BaseEstimator):
    """Gives scores of another classifier and nothing else."""

    def __init__(self, model, method):
        self.model = model
        self.method = method

    def fit(self, X, y):
        self.fitted_ = clone(self.model).fit(X, y)
        self.classes_ = self.fitted_.classes_
        return self

    def __getattr__(self, name):
        if name in ("predict_proba", "decision_function") and name == self.__dict__.get("method"):
            return getattr(self.fitted_, name)
        raise AttributeError(name)


@pytest.mark.parametrize(
    ("model", "method"), [(GaussianNB(), "predict_proba"), (LinearSVC(), "decision_function")], ids=["proba", "logits"]
)
def test_without_predict_the_accuracy_is_that_of_the_likeliest_class(model, method, data):
    X, y, weight = data
    scored = Scored(model, method).fit(X, y)
    expected = np.average(model.fit(X, y).predict(X) == y, weights=weight)
    assert get_scorer("accuracy")(scored, X, y, weight) == pytest.approx(expected, abs=1e-12)
    with pytest.raises(InvalidPredictionsError, match="no predict_proba and no decision_function"):
        get_scorer("accuracy")(BaseEstimator(), X, y)


class Column(GaussianNB):
    """Predicts one column, as CatBoost does for several classes."""

    def predict(self, X):
        return super().predict(X)[:, np.newaxis]


def test_labels_in_one_column(data):
    X, y, _ = data
    model, column = GaussianNB().fit(X, y), y[:, np.newaxis]
    for name in get_scorer_names():
        assert get_scorer(name)(model, X, column) == get_scorer(name)(model, X, y)
    assert lossacc_scoring()(model, X, column) == lossacc_scoring()(model, X, y)
    assert get_scorer("accuracy")(Column().fit(X, y), X, y) == get_scorer("accuracy")(model, X, y)


@pytest.mark.parametrize(("fitted", "scored"), [(str, int), (int, str), (object, str)])
def test_labels_of_another_kind_are_no_errors_of_the_model(fitted, scored, data):
    X, y, _ = data
    model = GaussianNB().fit(X, y.astype(str).astype(object) if fitted is object else y.astype(fitted))
    if fitted is object:
        assert get_scorer("accuracy")(model, X, y.astype(scored)) > 0.5
        return
    for name in ("accuracy", "neg_log_loss"):
        with pytest.raises(ValueError, match=r"y holds (text|numbers) .*predicts|never saw"):
            get_scorer(name)(model, X, y.astype(scored))


class Faulty(GaussianNB):
    """Has a NaN in the fourth row."""

    def predict_proba(self, X):
        proba = super().predict_proba(X)
        proba[3] = np.nan
        return proba


@pytest.mark.parametrize("scorer", [get_scorer("neg_log_loss"), lossacc_scoring()], ids=repr)
def test_errors_speak_of_what_a_scorer_is_given(scorer, data):
    X, y, _ = data
    with pytest.raises(InvalidPredictionsError, match=r"^the estimator's prediction has 3 NaN entries.* row 3"):
        scorer(Faulty().fit(X, y), X, y)
    with pytest.raises(InvalidTargetError, match=r"^y has 299 rows, the estimator's prediction has 300"):
        scorer(GaussianNB().fit(X, y), X, y[:-1])


@every_scorer
def test_errors_of_weights_speak_of_the_prediction(name):
    model = DummyClassifier().fit([[0]] * 4, ["a", "a", "a", "b"])
    with pytest.raises(ValueError, match="sample_weight has 2 rows, the estimator's prediction has 4"):
        get_scorer(name)(model, [[0]] * 4, ["a", "a", "b", "b"], sample_weight=[1, 2])
