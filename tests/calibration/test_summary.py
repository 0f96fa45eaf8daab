"""What `CalibratedClassifier` says about itself, and that searches can tune its calibrator."""

import pickle

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, RepeatedStratifiedKFold, cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from sklearn_lossacc import metrics
from sklearn_lossacc.calibration import (
    AutoCalibrator,
    BaseCalibrator,
    CalibratedClassifier,
    DirichletCalibrator,
    EnsembleTemperatureCalibrator,
    HistogramCalibrator,
    IdentityCalibrator,
    IsotonicCalibrator,
    PriorShiftCalibrator,
    TemperatureCalibrator,
    VectorCalibrator,
    VennAbersCalibrator,
)
from sklearn_lossacc.calibration.outcome import Outcome
from sklearn_lossacc.calibration.summary import MEASURES, summarize_calibration
from sklearn_lossacc.inputs import Predictions

COLUMNS = [f"{state}{limit}" for state in ("before", "after", "change") for limit in ("", "_low", "_high")]


@pytest.fixture(scope="module")
def three_classes():
    return make_classification(
        n_samples=900, n_features=12, n_informative=4, n_redundant=8, n_classes=3, random_state=0
    )


def overconfident(n, temperature=2.5, k=4, seed=0):
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=1.5, size=(n, k))
    return softmax(temperature * logits, axis=1), (logits + rng.gumbel(size=(n, k))).argmax(axis=1)


@pytest.mark.parametrize("ensemble", [True, False])
def test_before_is_the_held_out_prediction(three_classes, ensemble):
    X, y = three_classes
    table = CalibratedClassifier(GaussianNB(), TemperatureCalibrator(), ensemble=ensemble).fit(X, y).summary_
    assert table.index.tolist() == list(MEASURES)
    assert table.columns.tolist() == COLUMNS
    held_out = cross_val_predict(GaussianNB(), X, y, method="predict_proba")
    expected = [
        metrics.log_loss(y, held_out),
        metrics.accuracy_score(y, held_out),
        metrics.brier_score_loss(y, held_out),
        held_out.max(axis=1).mean() - metrics.accuracy_score(y, held_out),
    ]
    np.testing.assert_allclose(table["before"].iloc[:4], expected)
    np.testing.assert_allclose(table["after"] - table["before"], table["change"], atol=1e-12)
    for state in ("before", "after", "change"):
        assert (table[f"{state}_low"] <= table[state]).all()
        assert (table[state] <= table[f"{state}_high"]).all()


def test_a_frozen_estimator_is_judged_on_the_rows_given(three_classes):
    X, y = three_classes
    inner = GaussianNB().fit(X[:450], y[:450])
    table = CalibratedClassifier(FrozenEstimator(inner), TemperatureCalibrator()).fit(X[450:], y[450:]).summary_
    np.testing.assert_allclose(table.loc["log_loss", "before"], metrics.log_loss(y[450:], inner.predict_proba(X[450:])))
    assert table.loc["log_loss", "change_high"] < 0
    assert abs(table.loc["confidence_gap", "after"]) < table.loc["confidence_gap", "before"] / 3


def test_a_temperature_leaves_accuracy_and_takes_the_calibration_loss():
    P, y = overconfident(4000)
    summary = summarize_calibration(TemperatureCalibrator(), Predictions.from_arrays(y, P)).frame()
    assert summary.loc["accuracy", "change"] == 0
    before, after = summary.loc["calibration_loss", ["before", "after"]]
    assert before > 0.1
    assert abs(after) < 0.002
    np.testing.assert_allclose(-summary.loc["log_loss", "change"], before, atol=0.002)
    assert summary.loc["calibration_loss", "before_low"] > 0.1


def test_a_calibrator_that_learns_by_heart_is_found_out():
    # Bins of two rows lower the loss of the rows that fill them, and of no others.
    rng = np.random.default_rng(0)
    p = rng.uniform(0.2, 0.8, 2000)
    y = (rng.random(2000) < p).astype(int)
    bins = HistogramCalibrator(n_bins=1000)
    own = metrics.log_loss(y, bins.fit(p, y).predict_proba(p)) - metrics.log_loss(y, p)
    change = summarize_calibration(bins, Predictions.from_arrays(y, p)).frame().loc["log_loss", "change_low"]
    assert own < -0.1
    assert change > 0.02


def test_intervals_cover():
    # The gap of models 2.5 times too sure, on 400 rows each; truth from many rows.
    P, y = overconfident(200_000, seed=99)
    truth = P.max(axis=1).mean() - (P.argmax(axis=1) == y).mean()
    hits = 0
    for seed in range(40):
        P, y = overconfident(400, seed=seed)
        row = summarize_calibration(IdentityCalibrator(), Predictions.from_arrays(y, P)).frame().loc["confidence_gap"]
        hits += row["before_low"] <= truth <= row["before_high"]
    assert 34 <= hits <= 40


def test_identity_changes_nothing(three_classes):
    X, y = three_classes
    table = CalibratedClassifier(GaussianNB(), IdentityCalibrator()).fit(X, y).summary_
    np.testing.assert_allclose(table[["change", "change_low", "change_high"]], 0, atol=1e-12)


def test_weights_and_copies_in_one_group_are_the_same():
    P, y = overconfident(300)
    copies = np.random.default_rng(1).integers(1, 4, 300)
    group = np.arange(300)
    weighted = Predictions.from_arrays(y, P, sample_weight=copies, groups=group)
    repeated = Predictions.from_arrays(y.repeat(copies), P.repeat(copies, axis=0), groups=group.repeat(copies))
    one, other = (summarize_calibration(TemperatureCalibrator(), rows).frame() for rows in (weighted, repeated))
    means = ["before", "after", "change"]
    np.testing.assert_allclose(one[means], other[means], rtol=1e-6, atol=1e-12)


def test_groups_widen_the_intervals():
    P, y = overconfident(300)
    many, labels = (
        P.repeat(10, axis=0) * np.exp(np.random.default_rng(0).normal(scale=1e-3, size=(3000, 4))),
        y.repeat(10),
    )
    many /= many.sum(axis=1, keepdims=True)
    width = []
    for groups in (None, np.arange(3000) // 10):
        rows = Predictions.from_arrays(labels, many, groups=groups)
        table = summarize_calibration(TemperatureCalibrator(), rows).frame()
        width.append(table["before_high"] - table["before_low"])
    assert (width[1] > 2.5 * width[0]).all()


def test_few_different_scores_are_enough():
    rng = np.random.default_rng(0)
    p = rng.choice([0.2, 0.4, 0.6, 0.8], 400)
    y = (rng.random(400) < p).astype(int)
    table = summarize_calibration(TemperatureCalibrator(), Predictions.from_arrays(y, p)).frame()
    assert np.isfinite(table).all(axis=None)
    assert table.loc["log_loss", "before_low"] < table.loc["log_loss", "before_high"]


def test_rows_held_out_twice_are_one_draw(three_classes):
    X, y = three_classes
    once, thrice = (
        CalibratedClassifier(
            GaussianNB(), TemperatureCalibrator(), cv=RepeatedStratifiedKFold(n_splits=5, n_repeats=n, random_state=0)
        )
        .fit(X, y)
        .summary_.loc["log_loss"]
        for n in (1, 3)
    )
    ratio = (thrice["before_high"] - thrice["before_low"]) / (once["before_high"] - once["before_low"])
    assert 0.85 < ratio < 1.15


@pytest.mark.filterwarnings("ignore::sklearn_lossacc.exceptions.CalibrationWarning")
def test_too_few_rows_have_no_summary():
    table = CalibratedClassifier(GaussianNB(), cv=2).fit([[0.0], [1.0], [2.0], [3.0]], [0, 1, 0, 1]).summary_
    assert table.isna().all(axis=None)


def test_no_summary_on_request(three_classes):
    X, y = three_classes
    model = CalibratedClassifier(GaussianNB(), TemperatureCalibrator(), summary=False).fit(X, y)
    assert not hasattr(model, "summary_")
    assert not hasattr(CalibratedClassifier(GaussianNB()), "summary_")


def test_the_table_is_a_copy_and_survives_a_pickle(three_classes):
    X, y = three_classes
    model = CalibratedClassifier(LinearSVC(), PriorShiftCalibrator(target_prior={0: 1, 1: 1, 2: 2})).fit(X, y)
    expected = model.summary_
    table = model.summary_
    table.loc["log_loss"] = 0.0
    assert model.summary_.equals(expected)
    assert pickle.loads(pickle.dumps(model)).summary_.equals(expected)


@pytest.mark.parametrize(
    "calibrator", [AutoCalibrator(), IsotonicCalibrator(), VennAbersCalibrator(), DirichletCalibrator()], ids=repr
)
def test_inside_a_pipeline(three_classes, calibrator):
    X, y = three_classes
    model = make_pipeline(StandardScaler(), CalibratedClassifier(GaussianNB(), calibrator, cv=3)).fit(X, y)
    assert model[-1].summary_.loc["log_loss", "change"] < -0.05
    assert model.score(X, y) > 0.5


@pytest.mark.filterwarnings("error")
def test_a_search_tunes_the_calibrator_and_its_parameters():
    P, y = overconfident(1500, temperature=4.0)
    search = GridSearchCV(
        make_pipeline(CalibratedClassifier(LogisticRegression(C=100.0), cv=3, summary=False)),
        [
            {"calibratedclassifier__calibrator": [IdentityCalibrator(), TemperatureCalibrator()]},
            {
                "calibratedclassifier__calibrator": [HistogramCalibrator()],
                "calibratedclassifier__calibrator__n_bins": [1, 15],
            },
        ],
        scoring="neg_log_loss",
        cv=3,
        error_score="raise",
    ).fit(np.log(P), y)
    by_choice = {
        str(one): score
        for one, score in zip(search.cv_results_["params"], search.cv_results_["mean_test_score"], strict=True)
    }
    assert len(by_choice) == 4
    best = search.best_estimator_[-1].calibrators_[0]
    assert isinstance(best, BaseCalibrator)
    scores = search.cv_results_["mean_test_score"]
    assert scores[2] < scores[3] < scores.max()  # one bin knows nothing but frequencies
    assert best.outcome_ in Outcome.__args__


def test_a_bare_calibrator_can_be_searched():
    P, y = overconfident(2000)
    search = GridSearchCV(
        HistogramCalibrator(), {"n_bins": [1, 15, 500]}, scoring="neg_log_loss", cv=3, error_score="raise"
    ).fit(P, y)
    assert search.best_params_ == {"n_bins": 15}
    assert clone(search.best_estimator_).n_bins == 15


def test_plain_numbers_are_those_of_the_table():
    proba, y = overconfident(400)
    summary = summarize_calibration(TemperatureCalibrator(), Predictions.from_arrays(y, proba))
    frame, plain = summary.frame(), summary.to_dict()
    assert summary.judged
    for measure in MEASURES:
        for state in ("before", "after", "change"):
            assert plain[measure][state] == frame.loc[measure, [state, f"{state}_low", f"{state}_high"]].tolist()
    few = summarize_calibration(TemperatureCalibrator(), Predictions.from_arrays(y[:8], proba[:8]))
    assert not few.judged
    assert few.to_dict()["accuracy"] == {state: [None] * 3 for state in ("before", "after", "change")}


def healthy(n, seed):
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=2.0, size=(n, 2))
    return logits, (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)


def test_no_label_changed_does_not_prove_that_none_would():
    # sixty rows, and a vector that changes few labels or none of them; the truth from many rows
    many, labels = healthy(50_000, 0)
    missed = unchanged = 0
    for seed in range(1, 31):
        logits, y = healthy(60, seed)
        rows = Predictions.from_arrays(y, logits, input="logits")
        mean, low, high = summarize_calibration(VectorCalibrator(), rows).to_dict()["accuracy"]["change"]
        fitted = VectorCalibrator(input="logits").fit(logits, y)
        truth = (fitted.predict(many) == labels).mean() - (many.argmax(axis=1) == labels).mean()
        missed += not low <= truth <= high
        unchanged += mean == 0
        assert low < high
    assert unchanged
    assert missed <= 5


@pytest.mark.parametrize("calibrator", [TemperatureCalibrator(floor=True), EnsembleTemperatureCalibrator()])
def test_a_map_that_cannot_change_a_label_changes_accuracy_by_exactly_nothing(calibrator):
    P, y = overconfident(200)
    for groups in (None, np.arange(200) // 4):
        summary = summarize_calibration(calibrator, Predictions.from_arrays(y, P, groups=groups))
        assert summary.to_dict()["accuracy"]["change"] == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("calibrator", [TemperatureCalibrator(input="logits"), VectorCalibrator(input="logits")])
def test_limits_of_a_change_hold_what_the_map_does_to_other_rows(calibrator):
    """Nothing is to be repaired: each pair of folds enters the change twice, by its chance in the one and the other."""
    many, labels = healthy(50_000, 0)
    before = metrics.log_loss(labels, softmax(many, axis=1))
    missed = 0
    for seed in range(1, 51):
        logits, y = healthy(100, seed)
        rows = Predictions.from_arrays(y, logits, input="logits")
        _, low, high = summarize_calibration(calibrator, rows).to_dict()["log_loss"]["change"]
        truth = metrics.log_loss(labels, calibrator.fit(logits, y).predict_proba(many)) - before
        missed += not low <= truth <= high
    assert missed <= 5


@pytest.mark.parametrize("n", [100, 400])
def test_calibration_loss_is_not_below_nothing_beyond_chance(n):
    """A temperature that was learnt from the other folds is off by their chance, which another one would follow."""
    before, after = [], []
    for seed in range(1, 31):
        logits, y = healthy(n, seed)
        rows = Predictions.from_arrays(y, logits, input="logits")
        found = summarize_calibration(TemperatureCalibrator(), rows).to_dict()["calibration_loss"]
        before.append(found["before"])
        after.append(found["after"])
    for found in (before, after):
        mean, low, high = np.transpose(found)
        assert (low > 0).mean() <= 0.1
        assert (high < 0).mean() <= 0.1
        assert abs(mean.mean()) <= 1 / n
