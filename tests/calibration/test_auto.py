import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.datasets import make_classification, make_gaussian_quantiles
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

from sklearn_lossacc.calibration import (
    AutoCalibrator,
    CalibratedClassifier,
    IsotonicCalibrator,
    TemperatureCalibrator,
    auto,
)
from sklearn_lossacc.calibration.candidates import CANDIDATES, Candidate
from sklearn_lossacc.calibration.cross_fitting import assign_folds, compare, out_of_fold_loss
from sklearn_lossacc.exceptions import CalibrationWarning
from sklearn_lossacc.inputs import Predictions
from sklearn_lossacc.metrics import log_loss


def draw(n, k=5, temperature=1.0, noise=0.0, seed=0):
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=2, size=(n, k))
    y = (logits + rng.gumbel(size=(n, k))).argmax(axis=1)
    y = np.where(rng.random(n) < noise, rng.integers(0, k, n), y)
    return softmax(temperature * logits, axis=1), y


@pytest.mark.simulation
def test_healthy_models_are_left_alone():
    choices = [AutoCalibrator().fit(*draw(1000, seed=seed)).choice_ for seed in range(20)]
    assert choices.count("identity") >= 19


def test_overconfidence_gets_a_temperature():
    calibrator = AutoCalibrator().fit(*draw(2000, temperature=2.0))
    assert calibrator.choice_ == "temperature"
    assert isinstance(calibrator.calibrator_, TemperatureCalibrator)
    assert abs(calibrator.calibrator_.temperature_ - 2) < 0.2
    assert calibrator.outcome_ == "converged"


def test_wrong_labels_get_a_floor():
    calibrator = AutoCalibrator().fit(*draw(2000, temperature=3.0, noise=0.1))
    assert calibrator.choice_ == "temperature+floor"
    assert abs(calibrator.calibrator_.floor_ - 0.1) < 0.03


def test_a_bent_curve_gets_a_spline():
    rng = np.random.default_rng(0)
    p = rng.uniform(0.01, 0.99, 8000)
    y = (rng.random(8000) < 0.5 + 0.4 * np.sin(3 * np.pi * p)).astype(int)
    assert AutoCalibrator().fit(p, y).choice_ == "spline"


def test_curves_of_several_classes_get_splines():
    """A line through rings of classes: what it says of a class tells by its distance from the middle."""
    X, y = make_gaussian_quantiles(n_samples=12_000, n_features=5, n_classes=4, random_state=0)
    P = LogisticRegression().fit(X[:1000], y[:1000]).predict_proba(X)
    calibrator = AutoCalibrator().fit(P[1000:3000], y[1000:3000])
    assert calibrator.choice_ == "spline"
    after = log_loss(y[3000:], calibrator.predict_proba(P[3000:]))
    assert after < log_loss(y[3000:], P[3000:]) - 0.08  # isotonic maps gain half of what splines do
    names = AutoCalibrator().fit(P[1000:1450], y[1000:1450]).cv_results_["name"]
    assert "spline" not in names  # of so few rows luck decides


def test_steps_with_many_rows_get_steps():
    rng = np.random.default_rng(0)
    p = rng.uniform(0.01, 0.99, 8000)
    y = (rng.random(8000) < 0.05 + 0.3 * np.floor(4 * p)).astype(int)
    calibrator = AutoCalibrator().fit(p, y)
    assert calibrator.choice_ == "Venn-Abers"
    few = AutoCalibrator().fit(p[:900], y[:900])
    assert not {"isotonic", "Venn-Abers"} & set(few.cv_results_["name"])


@pytest.mark.simulation
@pytest.mark.parametrize(("kind", "tilt"), [("vector", np.eye(5)), ("matrix", np.eye(5) + 0.5 * np.eye(5, k=1))])
def test_classes_with_maps_of_their_own_get_a_vector_or_a_matrix(kind, tilt):
    rng = np.random.default_rng(0)
    logits = rng.normal(scale=2, size=(4000, 5))
    true = logits @ tilt + [1.0, -1.0, 0.0, 0.5, -0.5]
    y = (true + rng.gumbel(size=true.shape)).argmax(axis=1)
    assert AutoCalibrator(input="logits").fit(logits, y).choice_ == kind


def test_results_say_why():
    P, y = draw(1000, temperature=2.0)
    calibrator = AutoCalibrator().fit(P, y)
    results = calibrator.cv_results_
    names = results["name"].tolist()
    # vectors and matrices were not believed, and not tried; what is tried out of fold needs no belief
    assert names == ["identity", "temperature", "temperature+floor", "matrix", "spline"]
    np.testing.assert_allclose(results["mean_log_loss"][0], log_loss(y, P), rtol=1e-12)
    gap = results["mean_log_loss"] - results["mean_log_loss"].min()
    np.testing.assert_allclose(results["difference"], gap, atol=1e-12)
    within = results["difference"] <= results["standard_error"] + 1e-6
    assert calibrator.choice_ == names[int(np.argmax(within))]


def test_matrices_are_tried_out_of_fold_from_500_rows_on():
    tried = []
    for n in (400, 500, 5000):
        names = AutoCalibrator().fit(*draw(n, temperature=2.0)).cv_results_["name"].tolist()
        tried.append([one for one in names if "matrix" in one])
    assert tried == [[], ["matrix"], ["matrix"]]


def test_what_is_believed_is_tried_too():
    P, y = draw(60, k=3, temperature=2.0)
    P = P * [1.0, 0.2, 0.2]
    calibrator = AutoCalibrator().fit(P / P.sum(axis=1, keepdims=True), y)
    assert calibrator.choice_ in ("vector", "cautious matrix")
    assert calibrator.choice_ in calibrator.cv_results_["name"]


def test_confused_classes_are_found_in_few_rows():
    rng = np.random.default_rng(0)
    logits = rng.normal(scale=2, size=(4250, 4))
    y = (logits @ (np.eye(4) + 0.5 * np.eye(4, k=1)) + rng.gumbel(size=logits.shape)).argmax(axis=1)
    calibrator = AutoCalibrator(input="logits").fit(logits[:250], y[:250])
    assert calibrator.choice_ == "cautious matrix"
    after = log_loss(y[250:], calibrator.predict_proba(logits[250:]))
    assert after < log_loss(y[250:], logits[250:], input="logits") - 0.05


@pytest.mark.simulation
@pytest.mark.parametrize("n_classes", [2, 30])
def test_many_rows_of_a_healthy_model_are_left_alone(n_classes):
    assert AutoCalibrator().fit(*draw(5000, k=n_classes)).choice_ == "identity"


@pytest.mark.simulation
def test_a_temperature_with_a_floor_does_not_learn_class_frequencies():
    P, y = draw(5000, temperature=2.0, noise=0.1)
    results = AutoCalibrator().fit(P, y).cv_results_
    predictions = Predictions.from_arrays(y, P)
    folds = assign_folds(predictions, 5)
    floored = out_of_fold_loss(TemperatureCalibrator(floor=True), predictions, folds).mean()
    place = results["name"].tolist().index("temperature+floor")
    assert results["mean_log_loss"][place] == pytest.approx(floored, rel=1e-9)


@pytest.mark.simulation
def test_many_rows_give_up_next_to_nothing_for_a_simpler_map():
    rng = np.random.default_rng(0)
    p = rng.beta(0.2, 0.2, 6000)
    y = rng.random(6000) < 0.97 * p**2 + 0.02
    results = (calibrator := AutoCalibrator().fit(p, y)).cv_results_
    given_up = results["difference"][results["name"].tolist().index(calibrator.choice_)]
    assert given_up <= auto.GIVEN_UP / 6000 + auto.NO_DIFFERENCE
    assert (results["standard_error"] > auto.GIVEN_UP / 6000).any()


def test_two_unequal_classes_with_zeros_get_more_than_a_temperature_with_a_floor():
    rng = np.random.default_rng(0)
    logit = rng.normal(scale=2, size=26_000) - 4.5
    y = (rng.random(26_000) < expit(logit)).astype(int)
    p = expit(np.where(logit > 0, 2 * logit, 0.7 * logit - 0.5))
    p[rng.random(26_000) < 0.1] = 0.0
    judged = [
        log_loss(y[6000:], one.fit(p[:6000], y[:6000]).predict_proba(p[6000:]))
        for one in (AutoCalibrator(), TemperatureCalibrator(floor=True))
    ]
    assert judged[0] < judged[1] - 0.003


def leaves(n_rows, seed=0):
    """Leaves that say 0 for one in eight rows of the other class, as a tree does."""
    rng = np.random.default_rng(seed)
    true = np.linspace(0.05, 0.95, 12)
    level = rng.integers(0, 12, n_rows)
    stated = np.r_[0.0, 0.0, true[2:-2] ** 2, 1.0, 1.0]
    return stated[level], (rng.random(n_rows) < true[level]).astype(int)


def test_losses_out_of_fold_are_those_of_new_rows_where_scores_are_equal():
    p, y = leaves(5000)
    new_p, new_y = leaves(20_000, seed=1)
    results = AutoCalibrator().fit(p, y).cv_results_
    out_of_fold = dict(zip(results["name"].tolist(), results["mean_log_loss"], strict=True))
    for name, one in (("temperature+floor", TemperatureCalibrator(floor=True)), ("isotonic", IsotonicCalibrator())):
        loss = log_loss(new_y, one.fit(p, y).predict_proba(new_p))
        assert out_of_fold[name] == pytest.approx(loss, abs=0.02)  # 3 standard errors


def test_weights_are_repetitions_where_scores_are_equal():
    p, y = leaves(2500)
    weight = np.random.default_rng(2).integers(0, 4, 2500)
    order = np.random.default_rng(3).permutation(np.repeat(np.arange(2500), weight))
    weighted, repeated = AutoCalibrator().fit(p, y, sample_weight=weight), AutoCalibrator().fit(p[order], y[order])
    assert weighted.choice_ == repeated.choice_
    for name in ("mean_log_loss", "difference", "standard_error"):
        np.testing.assert_allclose(weighted.cv_results_[name], repeated.cv_results_[name], rtol=1e-6, atol=1e-8)


def test_a_change_of_the_best_setting_has_to_prove_itself():
    one = Candidate("temperature", TemperatureCalibrator, change={"floor": True})
    for noise, floor in ((0.0, False), (0.2, True)):
        P, y = draw(2000, temperature=2.0, noise=noise)
        predictions = Predictions.from_arrays(y, P)
        trial = one.attempt(predictions, assign_folds(predictions, 5), np.ones(2000))
        assert trial.make(input="proba").floor == floor
        assert trial.mean == pytest.approx(trial.loss.mean())


def test_out_of_fold_loss_by_hand():
    P, y = draw(300, temperature=2.0)
    predictions = Predictions.from_arrays(y, P)
    folds = assign_folds(predictions, 3)
    expected = np.empty(300)
    for fold in range(3):
        test = folds.fold == fold
        q = TemperatureCalibrator().fit(P[~test], y[~test]).predict_proba(P[test])
        expected[test] = -np.log(q[np.arange(test.sum()), y[test]])
    np.testing.assert_allclose(out_of_fold_loss(TemperatureCalibrator(), predictions, folds), expected)


def test_folds_are_balanced_and_stratified():
    P, y = draw(1003, k=4)
    folds = assign_folds(Predictions.from_arrays(y, P), 5)
    assert np.ptp(np.bincount(folds.fold)) <= 1
    for column in range(4):
        assert np.ptp(np.bincount(folds.fold[y == column], minlength=5)) <= 1


def test_folds_follow_the_content_of_the_rows():
    P, y = draw(200)
    order = np.random.default_rng(0).permutation(200)
    folds = assign_folds(Predictions.from_arrays(y, P), 5)
    turned = assign_folds(Predictions.from_arrays(y[order], P[order]), 5)
    np.testing.assert_array_equal(turned.fold, folds.fold[order])
    doubled = assign_folds(Predictions.from_arrays(np.r_[y, y], np.r_[P, P]), 5)
    np.testing.assert_array_equal(doubled.fold, np.r_[folds.fold, folds.fold])
    assert doubled.n_units == folds.n_units


def test_groups_stay_together():
    P, y = draw(400)
    groups = np.arange(400) // 7
    folds = assign_folds(Predictions.from_arrays(y, P, groups=groups), 5)
    for group in np.unique(groups):
        assert len(np.unique(folds.fold[groups == group])) == 1
    assert folds.n_units == len(np.unique(groups))


def test_groups_count_as_one_draw_in_the_standard_error():
    P, y = draw(100)
    loss, best = np.random.default_rng(0).normal(size=(2, 100))
    single = assign_folds(Predictions.from_arrays(y, P), 5)
    copies = assign_folds(Predictions.from_arrays(np.tile(y, 4), np.tile(P, (4, 1))), 5)
    one = compare(loss, best, np.ones(100), single)
    four = compare(np.tile(loss, 4), np.tile(best, 4), np.ones(400), copies)
    np.testing.assert_allclose(four, one)
    difference = loss - best
    np.testing.assert_allclose(one, [difference.mean(), difference.std(ddof=1) / 10])


@pytest.mark.parametrize("sizes", [[30] * 10, [200, 200, 200, *[1] * 56]], ids=["ten", "three large"])
def test_the_standard_error_of_few_or_unequal_groups_holds_their_mean(sizes):
    group = np.arange(len(sizes)).repeat(sizes)
    P, y = draw(len(group))
    folds = assign_folds(Predictions.from_arrays(y, P, groups=group), 5)
    rng = np.random.default_rng(0)
    within = []
    for _ in range(1000):
        mean, error = compare(rng.standard_normal(len(sizes))[group], np.zeros(len(group)), np.ones(len(group)), folds)
        within.append(abs(mean) < error)
    assert np.mean(within) > 0.64  # as of a normal law with a known error: 0.68


def test_groups_reach_the_inner_splits(monkeypatch):
    monkeypatch.setattr(auto, "FEW_ROWS_CANDIDATES", CANDIDATES[:2])  # the same is best with and without groups
    monkeypatch.setattr(auto, "BELIEFS", CANDIDATES[:2])
    # Copies inside groups, slightly changed: without groups they would vouch for each other.
    P, y = draw(150, temperature=1.6, seed=3)
    rng = np.random.default_rng(0)
    many = np.repeat(P, 20, axis=0) * np.exp(rng.normal(scale=1e-6, size=(3000, 5)))
    many /= many.sum(axis=1, keepdims=True)
    labels, groups = np.repeat(y, 20), np.repeat(np.arange(150), 20)
    blind = AutoCalibrator().fit(many, labels).cv_results_
    told = AutoCalibrator().fit(many, labels, groups=groups).cv_results_
    ratio = told["standard_error"][0] / blind["standard_error"][0]
    assert 3.5 < ratio < 5.5  # the square root of 20


def test_too_few_rows_are_left_alone():
    with pytest.warns(CalibrationWarning, match=r"degenerate.*Add rows"):
        calibrator = AutoCalibrator().fit([0.2, 0.9, 0.6, 0.1], [0, 1, 0, 1])
    assert (calibrator.choice_, calibrator.outcome_) == ("identity", "degenerate")
    assert calibrator.cv_results_ == {}


def test_copies_are_not_more_rows():
    with pytest.warns(CalibrationWarning, match="degenerate"):
        AutoCalibrator().fit(np.tile([0.2, 0.9], 500), np.tile([0, 1], 500))


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("n_rows", [50, 600, 5000])
def test_hard_predictions_get_a_floor(n_rows, n_classes):
    rng = np.random.default_rng(0)
    predicted = rng.integers(0, n_classes, 2 * n_rows)
    y = (predicted + (rng.random(2 * n_rows) < 0.2) * rng.integers(1, n_classes, 2 * n_rows)) % n_classes
    P = np.eye(n_classes)[predicted]
    calibrator = AutoCalibrator(classes=np.arange(n_classes)).fit(P[:n_rows], y[:n_rows])
    assert calibrator.outcome_ == "converged"
    possible = -0.2 * np.log(0.2 / (n_classes - 1)) - 0.8 * np.log(0.8)
    assert log_loss(y[n_rows:], calibrator.predict_proba(P[n_rows:])) < possible + (0.05 if n_rows > 50 else 0.15)


def test_hard_predictions_that_may_be_copies_make_no_folds():
    predicted, y = np.tile([0, 0, 0, 0, 1, 1, 1, 1], 200), np.tile([0, 0, 0, 1, 1, 1, 1, 0], 200)
    assert AutoCalibrator().fit(np.eye(2)[predicted], y).cv_results_ == {}


@pytest.mark.simulation
@pytest.mark.parametrize("n_levels", [1, 2, 3])
def test_a_healthy_model_of_few_levels_is_left_alone(n_levels):
    """As often as one whose rows all differ, nine times out of ten: below 32 of 40 is a chance of .015."""
    choices, harm = [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        levels = rng.uniform(0.1, 0.9, n_levels)
        p = levels[rng.integers(0, n_levels, 500)]
        calibrator = AutoCalibrator().fit(p, (rng.random(500) < p).astype(int))
        q = calibrator.predict_proba(levels)[:, 1]
        choices.append(calibrator.choice_)
        harm.append(np.mean(levels * np.log(levels / q) + (1 - levels) * np.log((1 - levels) / (1 - q))))
    assert choices.count("identity") >= 32
    assert np.mean(harm) < 0.0006


@pytest.mark.parametrize("sizes", [[60] * 10, [180] * 3 + [1] * 60], ids=["ten", "three large"])
def test_groups_of_a_calibrated_model_are_left_alone(sizes):
    moved = 0
    group = np.arange(len(sizes)).repeat(sizes)
    for seed in range(12):
        rng = np.random.default_rng(seed)
        logits = 2.0 * rng.standard_normal((600, 3))
        common, own = rng.gumbel(size=(len(sizes), 3))[group], rng.gumbel(size=logits.shape)
        y = (logits + np.where(rng.random((600, 1)) < 0.7, common, own)).argmax(axis=1)
        moved += AutoCalibrator(input="logits").fit(logits, y, groups=group).choice_ != "identity"
    assert moved <= 2


def test_overconfidence_of_few_groups_is_repaired():
    rng = np.random.default_rng(0)
    group = np.arange(600) // 30
    logits = 2.0 * rng.standard_normal((600, 3))
    y = (logits + 0.5 * rng.standard_normal((20, 3))[group] + rng.gumbel(size=logits.shape)).argmax(axis=1)
    found = AutoCalibrator(input="logits").fit(2.0 * logits, y, groups=group)
    right, before = softmax(logits, axis=1), softmax(2.0 * logits, axis=1)
    loss = [-(right * np.log(q)).sum(axis=1).mean() for q in (right, found.predict_proba(2.0 * logits), before)]
    assert loss[1] - loss[0] < 0.1 * (loss[2] - loss[0])


def test_three_groups_are_too_few():
    P, y = draw(90, temperature=3.0)
    with pytest.warns(CalibrationWarning, match="degenerate"):
        AutoCalibrator().fit(P, y, groups=np.arange(90) // 30)


@pytest.mark.parametrize("n_folds", [1, 0, -3, 2.5, "5"])
def test_number_of_folds_is_checked(n_folds):
    with pytest.raises(ValueError, match="n_folds"):
        AutoCalibrator(n_folds=n_folds).fit(*draw(100))


def test_large_data_are_chosen_on_a_sample_and_fitted_on_all():
    P, y = draw(60_000, k=50, temperature=1.5)
    calibrator = AutoCalibrator(n_folds=2).fit(P, y)
    assert calibrator.choice_ == "temperature"
    assert calibrator.calibrator_.temperature_ == TemperatureCalibrator(cautious=True).fit(P, y).temperature_
    assert len(assign_folds(Predictions.from_arrays(y, P), 2).rows) == 2**19 // 50


def test_a_class_with_one_row_is_no_crash():
    P, y = draw(300, k=3)
    y[y == 2] = 1
    y[0] = 2
    assert AutoCalibrator().fit(P, y).outcome_ in ("converged", "missing_class")


def test_the_inner_calibrator_is_usable():
    P, y = draw(500, temperature=2.0)
    calibrator = AutoCalibrator(classes=list("abcde")).fit(P, np.array(list("abcde"))[y])
    np.testing.assert_array_equal(calibrator.calibrator_.predict_proba(P), calibrator.predict_proba(P))
    assert calibrator.calibrator_.classes_.tolist() == list("abcde")
    assert not isinstance(calibrator.calibrator_, IsotonicCalibrator)


@pytest.mark.simulation
@pytest.mark.parametrize("n_levels", [4, 10])
def test_scores_on_a_few_levels(n_levels):
    """A decile score, or the leaves of a tree: the folds part levels, not labels."""
    choices = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        score = rng.choice(np.linspace(-3, 3, n_levels), 2000)
        y = (rng.random(2000) < 1 / (1 + np.exp(-score))).astype(int)
        calibrator = AutoCalibrator(input="logits").fit(2 * score, y)
        before = log_loss(y, 2 * score, input="logits")
        assert log_loss(y, calibrator.predict_proba(2 * score)) < before - 0.03
        choices.append(calibrator.choice_)
    assert "identity" not in choices


@pytest.mark.simulation
def test_few_rows_of_a_healthy_model_do_no_harm():
    """Two classes and 50 rows that one temperature would nearly separate: harm of a quarter nat without caution."""
    harm = []
    for seed in range(30):
        P, y = draw(4050, k=2, seed=seed)
        after = AutoCalibrator().fit(P[:50], y[:50]).predict_proba(P[50:])
        harm.append(log_loss(y[50:], after) - log_loss(y[50:], P[50:]))
    assert np.mean(harm) < 0.003
    assert np.max(harm) < 0.1


def test_a_strength_is_chosen_on_the_way():
    rng = np.random.default_rng(0)
    logits = rng.normal(scale=2, size=(5000, 5))
    y = (logits @ (np.eye(5) + 1.5 * np.eye(5, k=1)) + rng.gumbel(size=(5000, 5))).argmax(axis=1)
    chosen = [AutoCalibrator(input="logits").fit(logits[:n], y[:n]).calibrator_ for n in (200, 5000)]
    assert chosen[0].strength > chosen[1].strength
    assert [one.floor for one in chosen] == [True, True]


@pytest.mark.parametrize("n", [1500, 6000])
def test_much_of_a_timid_model_that_mixes_classes_up_is_repaired(n):
    """Small scores need large weights, which none of the first four penalties allows."""
    rng = np.random.default_rng(n)
    scores = 0.3 * rng.standard_normal((n + 20_000, 8))
    truth = 3.0 * scores + 6.0 * np.roll(scores, 1, axis=1)
    y = (truth + rng.gumbel(size=truth.shape)).argmax(axis=1)
    calibrator = AutoCalibrator(input="logits").fit(scores[:n], y[:n])
    assert calibrator.choice_ == "matrix"
    assert calibrator.calibrator_.strength < 1 / 16
    test = slice(n, None)
    left = [log_loss(y[test], one[test], input="logits") for one in (scores, truth)]
    after = log_loss(y[test], calibrator.predict_proba(scores[test]))
    assert left[0] - after > 0.9 * (left[0] - left[1])


def test_exact_zeros_and_confused_classes_together():
    """Shares of fifteen neighbours: zeros that no temperature repairs, and a map on top."""
    rng = np.random.default_rng(0)
    logits = rng.normal(scale=1.5, size=(6000, 4))
    votes = np.array([rng.multinomial(15, one) for one in softmax(logits, axis=1)]) / 15
    true = logits + np.array([0.8, 0.0, -0.8, 0.0])
    y = (true + rng.gumbel(size=true.shape)).argmax(axis=1)
    calibrator = AutoCalibrator().fit(votes[:3000], y[:3000])
    loss = log_loss(y[3000:], calibrator.predict_proba(votes[3000:]))
    for rival in (TemperatureCalibrator(floor=True), IsotonicCalibrator()):
        assert loss < log_loss(y[3000:], rival.fit(votes[:3000], y[:3000]).predict_proba(votes[3000:])) - 0.003


def test_what_stratified_folds_have_in_common_is_asked_only_of_maps_that_learn_frequencies(monkeypatch):
    """It takes a matrix of all classes, which with a thousand of them was nearly all of the time."""
    asked = []
    monkeypatch.setattr(auto, "shared_chance", lambda *given: asked.append(given) or 0.0)
    rng = np.random.default_rng(0)
    for n_classes, n_rows in ((120, 4200), (3, 6000)):
        scores = 2.0 * rng.standard_normal((n_rows, n_classes))
        y = (0.5 * scores + rng.gumbel(size=scores.shape)).argmax(axis=1)
        calibrator = AutoCalibrator(input="logits", classes=range(n_classes)).fit(scores, y)
        names = set(calibrator.cv_results_["name"])
        assert ("vector" in names) == (n_classes == 3), names
        assert len(asked) == (n_classes == 3)


def test_rows_that_are_all_right_are_doubted_unless_they_were_held_out():
    X, y = make_classification(600, 10, n_informative=6, n_classes=3, random_state=0)
    forest = RandomForestClassifier(50, random_state=0).fit(X[:400], y[:400])
    with pytest.warns(CalibrationWarning, match=r"AutoCalibrator: every label .* calibrate on others"):
        CalibratedClassifier(FrozenEstimator(forest)).fit(X[:400], y[:400])
    CalibratedClassifier(FrozenEstimator(forest)).fit(X[400:], y[400:])  # without a warning
    easy = np.repeat([0, 1], 100)
    X = easy[:, np.newaxis] + np.random.default_rng(0).uniform(-0.3, 0.3, (200, 1))
    timid = CalibratedClassifier(LogisticRegression(C=1e-2), cv=2).fit(X, easy)
    assert {one.choice_ for one in timid.calibrators_} != {"identity"}
