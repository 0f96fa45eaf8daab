import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import softmax

from sklearn_lossacc.calibration import IdentityCalibrator, TemperatureCalibrator, VectorCalibrator
from sklearn_lossacc.calibration.beliefs import are_few, effective_weight, simplest_believed
from sklearn_lossacc.inputs import Predictions


def draw(n, k=3, seed=0):
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=2, size=(n, k))
    return softmax(logits, axis=1), (logits + rng.gumbel(size=(n, k))).argmax(axis=1)


def test_rows_without_weights_and_groups_count_for_themselves():
    P, y = draw(50)
    np.testing.assert_allclose(effective_weight(Predictions.from_arrays(y, P)), np.ones(50))


@pytest.mark.parametrize("grouped", [True, False])
def test_copies_count_once(grouped):
    P, y = draw(50)
    group = np.arange(50).repeat(4)
    copies = Predictions.from_arrays(y.repeat(4), P.repeat(4, axis=0), groups=group if grouped else None)
    np.testing.assert_allclose(effective_weight(copies), np.full(200, 0.25))
    heavy = Predictions.from_arrays(y, P, sample_weight=np.full(50, 4.0))
    np.testing.assert_allclose(effective_weight(heavy), np.ones(50))


@pytest.mark.parametrize("sharpness", [1.0, 3.0, 10.0])
def test_rows_of_equal_scores_that_are_too_sure_are_no_copies(sharpness):
    worth = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        logits = rng.normal(scale=2, size=(40, 3))[rng.integers(0, 40, 1000)]
        y = (logits + rng.gumbel(size=(1000, 3))).argmax(axis=1)
        P = softmax(sharpness * logits, axis=1)
        worth.append(effective_weight(Predictions.from_arrays(y, P)).sum())
    assert 700 < np.mean(worth) <= 1000


def test_rows_of_one_group_that_have_nothing_in_common_count_for_themselves():
    totals = []
    for seed in range(20):
        P, y = draw(600, seed=seed)
        totals.append(effective_weight(Predictions.from_arrays(y, P, groups=np.arange(600) // 3)).sum())
    assert 480 < np.mean(totals) <= 600


def test_rows_of_weight_zero_are_no_rows():
    P, y = draw(60)
    weight = np.r_[np.ones(50), np.zeros(10)]
    found = effective_weight(Predictions.from_arrays(y, P, sample_weight=weight))
    np.testing.assert_allclose(found, weight)


def test_few_is_said_of_copies_and_weights_alike():
    P, y = draw(3000)
    assert are_few(Predictions.from_arrays(y, P))
    assert not are_few(Predictions.from_arrays(y, P, sample_weight=np.full(3000, 2.0)))
    assert not are_few(Predictions.from_arrays(y.repeat(2), P.repeat(2, axis=0)))


@pytest.mark.parametrize(("tilt", "place"), [(1.0, 0), (3.0, 1), (np.array([1.0, 1.0, 3.0]), 2)])
def test_the_simplest_that_is_right_is_found(tilt, place):
    P, y = draw(2000)
    stated = softmax(tilt * np.log(P), axis=1)
    predictions = Predictions.from_arrays(y, stated)
    makers = IdentityCalibrator(), TemperatureCalibrator(cautious=True), VectorCalibrator(floor=True, cautious=True)
    calibrators = [one.fit(stated, y) for one in makers]
    assert simplest_believed(calibrators, predictions, np.ones(2000)) == place


@pytest.mark.parametrize(("n_rows", "limit"), [(50, 3e-4), (1000, 3e-4), (4000, 1 / 8000)])
@pytest.mark.parametrize(("share", "place"), [(0.99, 0), (1.01, 1)])
def test_what_is_negligible(n_rows, limit, share, place):
    P, y = draw(n_rows)
    identity, believed = (one.fit(P, y) for one in (IdentityCalibrator(), TemperatureCalibrator()))

    def excess(log_beta):
        believed.inverse_temperature_ = np.exp(log_beta)
        q = believed.predict_proba(P)
        return (q * np.log(q / P)).sum(axis=1).mean() - share * limit

    assert abs(excess(brentq(excess, 0, 1))) < 1e-3 * limit
    assert simplest_believed([identity, believed], Predictions.from_arrays(y, P), np.ones(n_rows)) == place


def of_levels(n_levels, n_rows, seed=0):
    """Draw rows of few different scores whose labels follow no temperature of them."""
    rng = np.random.default_rng(seed)
    level = rng.integers(0, n_levels, n_rows)
    p = rng.uniform(0.2, 0.8, (2, n_levels))[:, level]
    return np.column_stack([1 - p[0], p[0]]), (rng.random(n_rows) < p[1]).astype(int)


@pytest.mark.parametrize("n_levels", [2, 10])
def test_rows_of_equal_scores_and_several_labels_are_no_copies(n_levels):
    for seed in range(10):
        P, y = of_levels(n_levels, 600, seed)
        counts = np.unique(np.column_stack([P[:, 1], y]), axis=0, return_counts=True)[1]
        assert len(counts) == 2 * n_levels
        worth = effective_weight(Predictions.from_arrays(y, P)).sum()
        assert worth >= 600 / np.gcd.reduce(counts) * (1 - 1e-9)


@pytest.mark.parametrize("times", [2, 5])
def test_tables_of_few_scores_that_are_repeated_count_once(times):
    P, y = of_levels(10, 600)
    once = effective_weight(Predictions.from_arrays(y, P)).sum()
    again = effective_weight(Predictions.from_arrays(y.repeat(times), P.repeat(times, axis=0))).sum()
    assert once == pytest.approx(600)
    assert again == pytest.approx(600)


def test_copies_beside_rows_of_several_labels_count_once():
    P, y = draw(100)
    levels = np.tile([0.2, 0.3, 0.5], (100, 1))
    P, y = np.r_[P.repeat(4, axis=0), levels], np.r_[y.repeat(4), np.arange(100) % 3]
    assert 125 < effective_weight(Predictions.from_arrays(y, P)).sum() < 250  # one divisor for all, from 1 to 4


@pytest.mark.parametrize("unit", [1, 3])
def test_whole_weights_are_counts_of_rows_of_equal_scores(unit):
    P, y = of_levels(10, 600)
    weight = unit * np.random.default_rng(2).integers(0, 4, 600)
    weighted = effective_weight(Predictions.from_arrays(y, P, sample_weight=weight)).sum()
    repeated = effective_weight(Predictions.from_arrays(y.repeat(weight), P.repeat(weight, axis=0))).sum()
    assert weighted == pytest.approx(repeated)
    assert weighted == pytest.approx(weight.sum() / unit)


def test_other_weights_of_rows_of_equal_scores_count_as_those_of_different_ones():
    P, y = of_levels(10, 2000)
    weight = np.random.default_rng(2).gamma(1.0, size=2000)
    worth = effective_weight(Predictions.from_arrays(y, P, sample_weight=weight)).sum()
    kish = weight.sum() ** 2 / (weight @ weight)
    assert kish < 1200
    assert worth == pytest.approx(kish, rel=0.2)


def test_rows_of_unequal_weights_are_worth_no_more_than_their_weights_say():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        logits = 2.0 * rng.standard_normal((60, 3))
        y = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
        weight = rng.exponential(size=60) ** 2
        worth = effective_weight(Predictions.from_arrays(y, logits, input="logits", sample_weight=weight))
        assert worth.sum() <= weight.sum() ** 2 / (weight @ weight) * (1 + 1e-9)


def shared_draws(sizes, k, share, seed):
    """Draw labels of a calibrated model; a row takes the draw of its group with some probability."""
    rng = np.random.default_rng(seed)
    group = np.arange(len(sizes)).repeat(sizes)
    logits = 2.0 * rng.standard_normal((len(group), k))
    common, own = rng.gumbel(size=(len(sizes), k))[group], rng.gumbel(size=logits.shape)
    return logits, (logits + np.where(rng.random((len(group), 1)) < share, common, own)).argmax(axis=1), group


def test_offsets_of_groups_count_for_a_map_of_classes():
    worth = []
    for seed in range(10):
        logits, y, group = shared_draws([40] * 50, 3, 0.7, seed)
        rows = Predictions.from_arrays(y, logits, input="logits", groups=group)
        worth.append([effective_weight(rows, of_classes=one).sum() for one in (False, True)])
    by_temperature, by_classes = np.median(worth, axis=0)
    assert 50 <= by_classes < 0.8 * by_temperature


def test_rows_of_one_group_are_worth_one_row():
    P, y = draw(100)
    for of_classes in (False, True):
        worth = effective_weight(Predictions.from_arrays(y, P, groups=np.zeros(100)), of_classes=of_classes)
        np.testing.assert_allclose(worth, 0.01)


def test_without_groups_classes_change_nothing():
    P, y = draw(100)
    predictions = Predictions.from_arrays(y.repeat(3), P.repeat(3, axis=0))
    np.testing.assert_array_equal(effective_weight(predictions, of_classes=True), effective_weight(predictions))
