import pickle
from contextlib import nullcontext

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import make_classification
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression, Perceptron, RidgeClassifier
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    RepeatedKFold,
    StratifiedKFold,
    cross_val_predict,
    cross_validate,
)
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

from sklearn_lossacc._numerics import LOSS_CLIP
from sklearn_lossacc.calibration import (
    AutoCalibrator,
    BetaCalibrator,
    CalibratedClassifier,
    IdentityCalibrator,
    IsotonicCalibrator,
    TemperatureCalibrator,
    VectorCalibrator,
)
from sklearn_lossacc.exceptions import (
    CalibrationWarning,
    ClassesMismatchError,
    DataWarning,
    InvalidGroupsError,
    InvalidPredictionsError,
    InvalidTargetError,
    InvalidWeightsError,
)
from sklearn_lossacc.metrics import log_loss, lossacc_scoring

ensembles = pytest.mark.parametrize("ensemble", [True, False])


@pytest.fixture(scope="module")
def three_classes():
    return make_classification(
        n_samples=600, n_features=12, n_informative=4, n_redundant=8, n_classes=3, random_state=0
    )


@pytest.fixture
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


class Recorder(ClassifierMixin, BaseEstimator):
    """Notes what it was fitted with, and predicts the class frequencies."""

    def fit(self, X, y, sample_weight=None, note=None):
        self.X_, self.sample_weight_, self.note_ = X, sample_weight, note
        self.classes_, counts = np.unique(y, return_counts=True)
        self.prior_ = counts / counts.sum()
        return self

    def predict_proba(self, X):
        return np.tile(self.prior_, (len(X), 1))

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def test_by_hand_with_an_ensemble(three_classes):
    X, y = three_classes
    model = CalibratedClassifier(GaussianNB(), TemperatureCalibrator(), cv=3).fit(X, y)
    expected = np.zeros((len(y), 3))
    for train, test in StratifiedKFold(3).split(X, y):
        inner = GaussianNB().fit(X[train], y[train])
        calibrator = TemperatureCalibrator().fit(inner.predict_proba(X[test]), y[test])
        expected += calibrator.predict_proba(inner.predict_proba(X)) / 3
    np.testing.assert_allclose(model.predict_proba(X), expected, rtol=1e-10)
    assert len(model.estimators_) == len(model.calibrators_) == 3


def test_by_hand_without_an_ensemble(three_classes):
    X, y = three_classes
    model = CalibratedClassifier(GaussianNB(), TemperatureCalibrator(), cv=3, ensemble=False).fit(X, y)
    held_out = cross_val_predict(GaussianNB(), X, y, cv=3, method="predict_proba")
    calibrator = TemperatureCalibrator().fit(held_out, y)
    expected = calibrator.predict_proba(GaussianNB().fit(X, y).predict_proba(X))
    np.testing.assert_allclose(model.predict_proba(X), expected, rtol=1e-7)
    assert len(model.estimators_) == len(model.calibrators_) == 1


def test_ensemble_may_come_from_an_array(three_classes):
    """As a search over ``np.array([True, False])`` sets it."""
    X, y = three_classes
    for ensemble, size in zip(np.array([True, False]), (3, 1), strict=True):
        model = CalibratedClassifier(GaussianNB(), TemperatureCalibrator(), cv=3, ensemble=ensemble, summary=False)
        assert len(model.fit(X, y).estimators_) == size
    with pytest.raises(ValueError, match="ensemble must be True, False or 'auto', got 0"):
        CalibratedClassifier(GaussianNB(), ensemble=0).fit(X, y)


@ensembles
def test_labels_are_just_names(three_classes, ensemble):
    X, y = three_classes
    model = CalibratedClassifier(GaussianNB(), TemperatureCalibrator(), cv=3, ensemble=ensemble)
    plain = clone(model).fit(X, y).predict_proba(X)
    for names in (np.array([1, 2, 3]), np.array([10, 20, 30]), np.array(["ant", "bee", "cat"])):
        named = clone(model).fit(X, names[y])
        np.testing.assert_array_equal(named.predict_proba(X), plain)
        assert named.classes_.tolist() == names.tolist()
        assert set(named.predict(X)) <= set(names)
    assert log_loss(y, plain) < log_loss(y, GaussianNB().fit(X, y).predict_proba(X))


@ensembles
def test_labels_minus_one_and_one(ensemble):
    X, y = make_classification(n_samples=300, random_state=0)
    model = CalibratedClassifier(LogisticRegression(), TemperatureCalibrator(), ensemble=ensemble)
    np.testing.assert_array_equal(
        clone(model).fit(X, 2 * y - 1).predict_proba(X), clone(model).fit(X, y).predict_proba(X)
    )


@ensembles
def test_a_series_whose_index_has_no_zero(three_classes, ensemble):
    X, y = three_classes
    model = CalibratedClassifier(GaussianNB(), TemperatureCalibrator(), cv=3, ensemble=ensemble)
    series = pd.Series(y, index=np.arange(len(y)) + 1000)
    np.testing.assert_array_equal(clone(model).fit(X, series).predict_proba(X), clone(model).fit(X, y).predict_proba(X))


def test_frozen_estimators_need_no_split(three_classes):
    X, y = three_classes
    inner = GaussianNB().fit(X[:300], y[:300])
    model = CalibratedClassifier(FrozenEstimator(inner), TemperatureCalibrator()).fit(X[300:], y[300:])
    expected = TemperatureCalibrator().fit(inner.predict_proba(X[300:]), y[300:])
    assert model.calibrators_[0].temperature_ == expected.temperature_
    np.testing.assert_array_equal(model.predict_proba(X), expected.predict_proba(inner.predict_proba(X)))
    assert model.n_features_in_ == 12


def test_frozen_estimators_take_whatever_they_take(three_classes):
    X, y = three_classes

    class OfTables(Recorder):
        def predict_proba(self, X):
            assert isinstance(X, dict)
            return self.inner.predict_proba(X["features"])

    model = OfTables().fit(None, y)
    model.inner = GaussianNB().fit(X, y)
    table = {"features": X, "names": None, "more": None}
    calibrated = CalibratedClassifier(FrozenEstimator(model), TemperatureCalibrator()).fit(table, y)
    expected = TemperatureCalibrator().fit(model.inner.predict_proba(X), y)
    assert calibrated.calibrators_[0].temperature_ == expected.temperature_
    assert calibrated.predict_proba(table).shape == (600, 3)
    with pytest.raises(InvalidTargetError, match="599"):
        CalibratedClassifier(FrozenEstimator(model), TemperatureCalibrator()).fit(table, y[1:])


@pytest.mark.filterwarnings("ignore::sklearn_lossacc.exceptions.CalibrationWarning")
@pytest.mark.parametrize(
    "calibrator", [TemperatureCalibrator(), IsotonicCalibrator(), AutoCalibrator(), IdentityCalibrator()], ids=repr
)
def test_frozen_estimator_with_five_rows_or_without_a_class(three_classes, calibrator):
    X, y = three_classes
    frozen = FrozenEstimator(GaussianNB().fit(X, y))
    for rows in (np.arange(5), np.flatnonzero(y < 2)):
        model = CalibratedClassifier(frozen, calibrator).fit(X[rows], y[rows])
        q = model.predict_proba(X)
        assert q.shape == (600, 3)
        assert np.isfinite(q).all()
        np.testing.assert_allclose(q.sum(axis=1), 1)
        assert model.classes_.tolist() == [0, 1, 2]


def test_class_that_the_frozen_estimator_does_not_know(three_classes):
    X, y = three_classes
    frozen = FrozenEstimator(GaussianNB().fit(X[y < 2], y[y < 2]))
    with pytest.raises(ClassesMismatchError, match=r"\[2\]"):
        CalibratedClassifier(frozen).fit(X, y)


@ensembles
@pytest.mark.parametrize("n_classes", [2, 3])
def test_decision_function_is_taken_as_logits(ensemble, n_classes):
    X, y = make_classification(n_samples=400, n_informative=5, n_classes=n_classes, random_state=0)
    model = CalibratedClassifier(LinearSVC(), TemperatureCalibrator(), ensemble=ensemble).fit(X, y)
    assert model.calibrators_[0].input == "logits"
    assert model.calibrators_[0].inverse_temperature_ > 1  # margins are no log odds
    inner = model.estimators_[0]
    scores = inner.decision_function(X)
    logits = scores if n_classes == 3 else np.column_stack([np.zeros(400), scores])
    if not ensemble:
        q = np.exp(model.calibrators_[0].inverse_temperature_ * logits)
        np.testing.assert_allclose(model.predict_proba(X), q / q.sum(axis=1, keepdims=True), rtol=1e-8)
    assert log_loss(y, model.predict_proba(X)) < np.log(n_classes) / 2


def test_response_method_is_honoured(three_classes):
    X, y = three_classes
    for method, kind in (("predict_proba", "proba"), ("decision_function", "logits"), ("auto", "proba")):
        model = CalibratedClassifier(LogisticRegression(), TemperatureCalibrator(), response_method=method, cv=2).fit(
            X, y
        )
        assert model.calibrators_[0].input == kind


@ensembles
def test_texts_and_sparse_matrices_are_passed_on(ensemble):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 200)
    texts = [" ".join(rng.choice(["good", "bad", "fine"], 4, p=[0.4, 0.3, 0.3][:: 1 if label else -1])) for label in y]
    model = CalibratedClassifier(
        make_pipeline(CountVectorizer(), MultinomialNB()), TemperatureCalibrator(floor=True), ensemble=ensemble
    ).fit(texts, y)
    assert model.predict_proba(texts).shape == (200, 2)
    counts = CountVectorizer().fit_transform(texts)
    sparse = CalibratedClassifier(MultinomialNB(), TemperatureCalibrator(floor=True), ensemble=ensemble)
    np.testing.assert_allclose(
        clone(sparse).fit(csr_matrix(counts), y).predict_proba(counts),
        clone(sparse).fit(counts.toarray(), y).predict_proba(counts.toarray()),
    )


def test_frames_keep_their_names(three_classes):
    X, y = three_classes
    frame = pd.DataFrame(X, columns=[f"x{i}" for i in range(12)])
    model = CalibratedClassifier(GaussianNB(), TemperatureCalibrator(), cv=2).fit(frame, y)
    assert model.feature_names_in_.tolist() == list(frame.columns)
    model.predict_proba(frame)


def test_nothing_of_an_earlier_fit_is_left(three_classes):
    X, y = three_classes
    model = CalibratedClassifier(GaussianNB(), TemperatureCalibrator(), summary=False)
    model.fit(pd.DataFrame(X).add_prefix("x"), y)
    model.fit(X[y > 0, :3], y[y > 0])
    fresh = clone(model).fit(X[y > 0, :3], y[y > 0])
    assert set(vars(model)) == set(vars(fresh))
    assert model.n_features_in_ == 3
    model.set_params(estimator=make_pipeline(CountVectorizer(), MultinomialNB()))
    model.fit(["good", "bad"] * 20, [1, 0, 1, 0, 1, 0, 0, 1] * 5)
    assert not hasattr(model, "n_features_in_")


def test_precomputed_kernels_are_cut_on_both_sides():
    X, y = make_classification(n_samples=100, random_state=0)
    kernel = X @ X.T
    model = CalibratedClassifier(SVC(kernel="precomputed"), TemperatureCalibrator(), ensemble=False, cv=3)
    direct = CalibratedClassifier(SVC(kernel="linear"), TemperatureCalibrator(), ensemble=False, cv=3)
    np.testing.assert_allclose(model.fit(kernel, y).predict_proba(kernel), direct.fit(X, y).predict_proba(X), rtol=1e-3)


@ensembles
@pytest.mark.parametrize("estimator", [GaussianNB(), LinearSVC(), DecisionTreeClassifier(max_depth=3)], ids=repr)
@pytest.mark.filterwarnings("ignore::sklearn_lossacc.exceptions.CalibrationWarning")
def test_class_that_a_training_fold_never_saw(three_classes, ensemble, estimator):
    X, y = three_classes
    splits = [(np.flatnonzero(y != column), np.flatnonzero(y == column)) for column in range(3)]
    model = CalibratedClassifier(estimator, TemperatureCalibrator(), cv=splits, ensemble=ensemble).fit(X, y)
    q = model.predict_proba(X)
    assert q.shape == (600, 3)
    assert q.min() > 0
    np.testing.assert_allclose(q.sum(axis=1), 1)
    if ensemble:
        assert model.estimators_[2].classes_.tolist() == [0, 1]


@ensembles
def test_one_of_two_classes_that_a_training_fold_never_saw(ensemble):
    X, y = make_classification(n_samples=200, random_state=0)
    groups = np.arange(200) % 4
    y[groups > 0] = 0  # without group 0, no row of class 1 is left
    model = CalibratedClassifier(RidgeClassifier(), TemperatureCalibrator(), cv=GroupKFold(4), ensemble=ensemble)
    # A calibrator for each fold has held-out rows of one class, or rows that its model has all right.
    said = pytest.warns(CalibrationWarning, match="separable|missing_class") if ensemble else nullcontext()
    with said:
        model.fit(X, y, groups=groups)
    q = model.predict_proba(X)
    np.testing.assert_allclose(q.sum(axis=1), 1)
    assert np.isfinite(model.summary_["change"]).all()
    assert {calibrator.n_features_in_ for calibrator in model.calibrators_} == {1}


def test_unseen_class_has_a_column_of_zeros(three_classes):
    X, y = three_classes
    splits = [(np.flatnonzero(y != column), np.flatnonzero(y == column)) for column in range(3)]
    model = CalibratedClassifier(GaussianNB(), IdentityCalibrator(), cv=splits).fit(X, y)
    expected = np.zeros((600, 3))
    for inner, known in zip(model.estimators_, ([1, 2], [0, 2], [0, 1]), strict=True):
        assert inner.classes_.tolist() == known
        expected[:, known] += inner.predict_proba(X) / 3
    np.testing.assert_allclose(model.predict_proba(X), expected)


@ensembles
@pytest.mark.filterwarnings("ignore::sklearn_lossacc.exceptions.CalibrationWarning")
def test_class_rarer_than_the_number_of_folds(three_classes, ensemble):
    X, y = three_classes
    rare = np.r_[np.flatnonzero(y < 2), np.flatnonzero(y == 2)[:2]]
    with pytest.warns(UserWarning, match="least populated class"):
        model = CalibratedClassifier(GaussianNB(), TemperatureCalibrator(), ensemble=ensemble).fit(X[rare], y[rare])
    assert model.predict_proba(X).shape == (600, 3)


def test_weights_reach_the_estimator_and_the_calibrator(three_classes):
    X, y = three_classes
    copies = np.random.default_rng(0).integers(1, 4, len(y))
    splits = [(np.arange(300), np.arange(300, 600)), (np.arange(300, 600), np.arange(300))]
    start = np.r_[0, np.cumsum(copies)]
    repeated = [
        tuple(np.concatenate([np.arange(start[i], start[i + 1]) for i in side]) for side in split) for split in splits
    ]
    for ensemble in (True, False):
        model = CalibratedClassifier(GaussianNB(), TemperatureCalibrator(), ensemble=ensemble)
        one = clone(model).set_params(cv=splits).fit(X, y, sample_weight=copies)
        two = clone(model).set_params(cv=repeated).fit(np.repeat(X, copies, axis=0), np.repeat(y, copies))
        np.testing.assert_allclose(one.predict_proba(X), two.predict_proba(X), rtol=1e-6)


@ensembles
def test_rows_of_weight_zero_are_in_no_fold(three_classes, ensemble):
    X, y = three_classes
    weight = np.where(np.arange(600) < 300, 1.0, 0.0)  # the last folds would be empty
    model = CalibratedClassifier(GaussianNB(), TemperatureCalibrator(), ensemble=ensemble)
    one = clone(model).fit(X, y, sample_weight=weight)
    two = clone(model).fit(X[:300], y[:300], sample_weight=weight[:300])
    np.testing.assert_allclose(one.predict_proba(X), two.predict_proba(X), rtol=1e-6)


@ensembles
def test_splits_may_be_masks(three_classes, ensemble):
    X, y = three_classes
    odd = np.arange(600) % 2 == 1
    model = CalibratedClassifier(GaussianNB(), TemperatureCalibrator(), ensemble=ensemble)
    masks = clone(model).set_params(cv=[(odd, ~odd), (~odd, odd)]).fit(X, y)
    rows = [np.flatnonzero(odd), np.flatnonzero(~odd)]
    places = clone(model).set_params(cv=[rows, rows[::-1]]).fit(X, y)
    np.testing.assert_array_equal(masks.predict_proba(X), places.predict_proba(X))


def test_estimator_that_takes_no_weights(three_classes):
    X, y = three_classes
    weight = np.where(y == 0, 3.0, 1.0)
    with pytest.warns(DataWarning, match="KNeighborsClassifier.fit takes no sample_weight"):
        weighted = CalibratedClassifier(KNeighborsClassifier(), TemperatureCalibrator()).fit(X, y, weight)
    plain = CalibratedClassifier(KNeighborsClassifier(), TemperatureCalibrator()).fit(X, y)
    assert weighted.calibrators_[0].temperature_ != plain.calibrators_[0].temperature_


def test_how_weights_reach_an_estimator_inside_another(three_classes):
    X, y = three_classes
    weight = np.where(y == 0, 3.0, 1.0)
    steps = [("scale", StandardScaler()), ("clf", LogisticRegression())]
    with pytest.warns(DataWarning, match="pass clf__sample_weight beside sample_weight"):
        CalibratedClassifier(Pipeline(steps), TemperatureCalibrator()).fit(X, y, weight)
    # As the advice says: no warning, and what metadata routing gives.
    model = CalibratedClassifier(Pipeline(steps), TemperatureCalibrator())
    advised = clone(model).fit(X, y, weight, clf__sample_weight=weight)
    with sklearn.config_context(enable_metadata_routing=True):
        steps[0][1].set_fit_request(sample_weight=False)
        steps[1][1].set_fit_request(sample_weight=True)
        routed = CalibratedClassifier(Pipeline(steps), TemperatureCalibrator()).fit(X, y, weight)
    np.testing.assert_allclose(advised.predict_proba(X), routed.predict_proba(X), rtol=1e-9)
    search = GridSearchCV(LogisticRegression(), {"C": [1.0]}, cv=2)
    with pytest.warns(DataWarning, match=r"set_fit_request\(sample_weight=True\)"):
        CalibratedClassifier(search, TemperatureCalibrator(), cv=2).fit(X, y, weight)
    without = Pipeline([("scale", StandardScaler()), ("clf", KNeighborsClassifier())])
    with pytest.warns(DataWarning, match="only the calibration uses the weights") as caught:
        CalibratedClassifier(without, TemperatureCalibrator()).fit(X, y, weight)
    assert str(caught[0].message).endswith("choose one whose fit takes sample_weight.")


@ensembles
def test_groups_reach_the_splitter(three_classes, ensemble):
    X, y = three_classes
    groups = np.random.default_rng(0).integers(0, 100, len(y))
    for cv in (None, 4, GroupKFold(4)):
        recorder = Recorder()
        model = CalibratedClassifier(recorder, IdentityCalibrator(), cv=cv, ensemble=True)
        model.fit(np.column_stack([groups, X]), y, groups=groups)
        for inner in model.estimators_:
            trained = np.unique(inner.X_[:, 0])
            assert len(trained) < 100
    model = CalibratedClassifier(GaussianNB(), AutoCalibrator(), ensemble=ensemble, summary=False)
    model.fit(X, y, groups=groups)
    assert model.calibrators_[0].choice_ != "identity"


def test_groups_reach_the_calibrator(three_classes):
    X, y = three_classes
    frozen = FrozenEstimator(LogisticRegression().fit(X, y))
    with pytest.warns(CalibrationWarning, match="degenerate"):  # two groups are too few to choose by
        CalibratedClassifier(frozen).fit(X, y, groups=np.arange(600) % 2)


def test_fit_params_are_cut_to_the_fold(three_classes):
    X, y = three_classes
    model = CalibratedClassifier(Recorder(), IdentityCalibrator(), cv=3)
    model.fit(X, y, sample_weight=np.arange(600) + 1.0, note="constant")
    for inner, (train, _) in zip(model.estimators_, StratifiedKFold(3).split(X, y), strict=True):
        np.testing.assert_array_equal(inner.sample_weight_, train + 1.0)
        assert inner.note_ == "constant"


@pytest.mark.usefixtures("routing")
def test_metadata_routing(three_classes):
    X, y = three_classes
    weight = np.arange(600) + 1.0
    groups = np.arange(600) % 40
    asks = Recorder().set_fit_request(sample_weight=True, note=False)
    asks_not = Recorder().set_fit_request(sample_weight=False, note=False)
    cv = GroupKFold(3)
    for inner, expected in ((asks, True), (asks_not, False)):
        model = CalibratedClassifier(inner, IdentityCalibrator(), cv=cv)
        model.set_fit_request(sample_weight=True, groups=True).fit(X, y, sample_weight=weight, groups=groups)
        for one, (train, _) in zip(model.estimators_, cv.split(X, y, groups), strict=True):
            if expected:
                np.testing.assert_array_equal(one.sample_weight_, weight[train])
            else:
                assert one.sample_weight_ is None
    with pytest.raises(ValueError, match="sample_weight"):
        CalibratedClassifier(Recorder(), IdentityCalibrator()).fit(X, y, sample_weight=weight)


@pytest.mark.usefixtures("routing")
def test_metadata_routing_through_cross_validate(three_classes):
    X, y = three_classes
    model = CalibratedClassifier(Recorder().set_fit_request(sample_weight=True, note=False), IdentityCalibrator(), cv=2)
    model.set_fit_request(sample_weight=True, groups=False).set_score_request(sample_weight=True)
    result = cross_validate(
        model, X, y, params={"sample_weight": np.arange(600) + 1.0}, return_estimator=True, cv=3, error_score="raise"
    )
    assert all(one.estimators_[0].sample_weight_ is not None for one in result["estimator"])


def test_searches_reach_the_inner_parameters(three_classes):
    X, y = three_classes
    search = GridSearchCV(
        CalibratedClassifier(GaussianNB(), TemperatureCalibrator(), cv=2),
        {"calibrator__floor": [False, True], "estimator__var_smoothing": [1e-9, 1e-3]},
        cv=2,
        error_score="raise",
    ).fit(X, y)
    assert search.best_estimator_.calibrators_[0].floor in (False, True)


def test_inside_a_pipeline(three_classes):
    X, y = three_classes
    model = make_pipeline(StandardScaler(), CalibratedClassifier(GaussianNB(), VectorCalibrator(), cv=2)).fit(X, y)
    assert model.predict_proba(X).shape == (600, 3)


def test_the_default_calibrator_chooses(three_classes):
    X, y = three_classes
    model = CalibratedClassifier(GaussianNB(), ensemble=False).fit(X, y)
    assert isinstance(model.calibrators_[0], AutoCalibrator)
    assert model.calibrators_[0].choice_ != "identity"


def test_jobs_change_nothing(three_classes):
    X, y = three_classes
    one = CalibratedClassifier(GaussianNB(), TemperatureCalibrator()).fit(X, y)
    with joblib.parallel_config(backend="threading"):
        two = CalibratedClassifier(GaussianNB(), TemperatureCalibrator(), n_jobs=2).fit(X, y)
    np.testing.assert_array_equal(one.predict_proba(X), two.predict_proba(X))


def test_pickle_and_clone(three_classes):
    X, y = three_classes
    model = CalibratedClassifier(GaussianNB(), TemperatureCalibrator(floor=True), cv=3).fit(X, y)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict_proba(X), model.predict_proba(X))
    assert clone(model).calibrator.floor
    assert not hasattr(clone(model), "classes_")


def test_the_given_objects_are_left_alone(three_classes):
    X, y = three_classes
    estimator, calibrator = GaussianNB(), TemperatureCalibrator()
    CalibratedClassifier(estimator, calibrator, response_method="predict_proba").fit(X, y + 5)
    assert calibrator.classes is None
    assert not hasattr(calibrator, "classes_")
    assert not hasattr(estimator, "classes_")


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"ensemble": "yes"}, "ensemble"),
        ({"response_method": "predict"}, "response_method"),
        ({"calibrator": "isotonic"}, "calibrator .* got 'isotonic'; pass an object"),
        ({"calibrator": TemperatureCalibrator}, "got <class .*TemperatureCalibrator'>; pass an object"),
        ({"cv": "prefit"}, "FrozenEstimator"),
        ({"cv": [([], range(600))]}, "empty side"),
        ({"cv": []}, "^cv makes no split"),
        ({"cv": RepeatedKFold(n_splits=2, n_repeats=2), "ensemble": False}, "at most once"),
    ],
)
def test_bad_parameters(three_classes, params, words):
    with pytest.raises(ValueError, match=words):
        CalibratedClassifier(GaussianNB(), **({"calibrator": IdentityCalibrator()} | params)).fit(*three_classes)


@pytest.mark.parametrize(
    ("y", "keywords", "error", "words"),
    [
        ("one class", {}, InvalidTargetError, r"^y holds one class only, \[7\]"),
        ("two columns", {}, InvalidTargetError, "^y should be a 1d array"),
        ("continuous", {}, InvalidTargetError, "Unknown label type: continuous"),
        ("missing", {}, InvalidTargetError, "^y has no label .* in 1 row, the first is row 0"),
        ("labels", {"groups": np.ones(3)}, InvalidGroupsError, "^groups has 3 rows, X has 600"),
        ("labels", {"sample_weight": np.ones(3)}, InvalidWeightsError, "^sample_weight has 3 rows, X has 600"),
        ("labels", {"sample_weight": np.arange(600) > 200}, InvalidWeightsError, "on the held-out side of a split"),
    ],
)
def test_errors_name_the_arguments(three_classes, y, keywords, error, words):
    X, labels = three_classes
    target = {
        "one class": np.full(600, 7),
        "two columns": np.column_stack([labels, labels]),
        "continuous": X[:, 0],
        "missing": np.array([None, *labels[1:].astype(str)], dtype=object),
        "labels": labels,
    }[y]
    model = CalibratedClassifier(GaussianNB(), TemperatureCalibrator(), cv=KFold(3))
    with pytest.raises(error, match=words):
        model.fit(X, target, **keywords)
    with pytest.raises(NotFittedError):
        model.predict_proba(X)


def test_errors_about_what_the_estimator_predicts(three_classes):
    X, y = three_classes

    class Broken(GaussianNB):
        def predict_proba(self, X):
            proba = super().predict_proba(X)
            proba[3] = np.nan
            return proba

    class Silent(ClassifierMixin, BaseEstimator):
        def fit(self, X, y):
            self.classes_ = np.unique(y)
            return self

        def predict(self, X):
            return np.full(len(X), self.classes_[0])

    with pytest.raises(InvalidPredictionsError, match=r"^the estimator's prediction has .* NaN .* row 3"):
        CalibratedClassifier(Broken(), TemperatureCalibrator()).fit(X, y)
    with pytest.raises(InvalidPredictionsError, match="no predict_proba and no decision_function"):
        CalibratedClassifier(Silent(), TemperatureCalibrator()).fit(X, y)


@ensembles
def test_dicts_are_passed_on(ensemble):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 200)
    rows = [{"side": "left" if rng.random() < 0.3 + 0.4 * label else "right", "size": rng.random()} for label in y]
    model = CalibratedClassifier(
        make_pipeline(DictVectorizer(), LogisticRegression()), TemperatureCalibrator(floor=True), ensemble=ensemble
    ).fit(rows, y)
    assert model.predict_proba(rows).shape == (200, 2)


@ensembles
@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("estimator", [RidgeClassifier(), Perceptron()], ids=repr)
def test_estimators_without_probabilities(ensemble, n_classes, estimator):
    X, y = make_classification(n_samples=400, n_informative=5, n_classes=n_classes, random_state=0)
    names = np.array(["ant", "bee", "cat"])[y]
    model = CalibratedClassifier(estimator, BetaCalibrator(), ensemble=ensemble).fit(X, names)
    assert log_loss(names, model.predict_proba(X), classes=model.classes_) < 0.8 * np.log(n_classes)
    assert set(model.predict(X)) == set(names)


def test_among_other_estimators(three_classes):
    X, y = three_classes
    base = CalibratedClassifier(GaussianNB(), TemperatureCalibrator(), cv=2, summary=False)
    for model in (
        VotingClassifier([("a", base), ("b", LogisticRegression())], voting="soft"),
        StackingClassifier([("a", base), ("b", clone(base).set_params(estimator=LinearSVC()))], cv=2),
        BaggingClassifier(base, 2, random_state=0),
        CalibratedClassifier(base, TemperatureCalibrator(), cv=2),
    ):
        assert log_loss(y, model.fit(X, y).predict_proba(X)) < 0.9
    base.fit(X, y)
    for scoring in ("neg_log_loss", lossacc_scoring(["neg_log_loss", "accuracy"])):
        assert permutation_importance(base, X, y, scoring=scoring, n_repeats=2, random_state=0)
    assert "CalibratedClassifier" in base._repr_html_()


def test_too_few_rows():
    with pytest.raises(InvalidTargetError, match="n_samples=3"):
        CalibratedClassifier(GaussianNB()).fit([[0.0], [1.0], [2.0]], [0, 1, 0])


def test_too_few_groups():
    X, y = make_classification(n_samples=40, random_state=0)
    with pytest.raises(InvalidGroupsError, match="groups has 3 groups, which cannot be split into 5 folds"):
        CalibratedClassifier(GaussianNB()).fit(X, y, groups=np.arange(40) % 3)


def test_unseen_class_in_logits_stands_for_the_clip():
    X, y = make_classification(n_samples=300, n_informative=5, n_classes=3, flip_y=0, random_state=0)
    order = np.argsort(y, kind="stable")
    X, y = X[order], y[order]
    split = [(np.arange(200), np.arange(200, 300))]
    assert y[200:].min() == 2 > y[:200].max()
    model = CalibratedClassifier(LinearSVC(), IdentityCalibrator(), cv=split).fit(X, y)
    np.testing.assert_allclose(model.predict_proba(X)[:, 2], LOSS_CLIP, rtol=1e-6)
    with pytest.warns(CalibrationWarning, match="uninformative"):
        CalibratedClassifier(LinearSVC(), TemperatureCalibrator(), cv=split).fit(X, y)
