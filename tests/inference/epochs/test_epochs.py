import sys

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from sklearn_lossacc.inference.epochs import (
    RowStories,
    chosen_value,
    decompose_epoch,
    equally_good,
)
from sklearn_lossacc.inference.epochs.equally_good import _directions
from sklearn_lossacc.inputs import Predictions
from sklearn_lossacc.metrics import calibration_loss, refinement_loss

module = sys.modules[_directions.__module__]  # the package has a function of the same name


def softmax(z):
    p = np.exp(z - z.max(1, keepdims=True))
    return p / p.sum(1, keepdims=True)


@pytest.fixture
def logits():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(500, 4))
    y = (rng.random((500, 1)) > softmax(z).cumsum(1)).sum(1).clip(max=3)
    return 3.0 * z, y


# --- one epoch ---


@pytest.mark.parametrize("kind", ["proba", "logits"])
def test_decomposition_by_hand(logits, kind):
    z, y = logits
    rows = np.arange(500)
    epoch = decompose_epoch(Predictions.from_arrays(y, softmax(z) if kind == "proba" else z, input=kind))

    def loss(beta):
        return -np.log(softmax(beta * z)[rows, y])

    best = minimize_scalar(lambda beta: loss(beta).mean(), bounds=(0.01, 5), method="bounded")
    assert epoch.temperature == pytest.approx(1 / best.x, rel=1e-3)
    np.testing.assert_allclose(epoch.loss, loss(1.0), rtol=1e-5)
    np.testing.assert_allclose(epoch.refined, loss(best.x), rtol=1e-3, atol=1e-4)
    assert epoch.log_loss == pytest.approx(loss(1.0).mean(), abs=1e-6)
    assert epoch.calibration_loss == pytest.approx(loss(1.0).mean() - best.fun - 1 / 1000, abs=1e-5)
    assert epoch.refinement_loss + epoch.calibration_loss == pytest.approx(epoch.log_loss, abs=1e-12)
    others = z.copy()
    others[rows, y] = -np.inf
    np.testing.assert_allclose(epoch.margin, z[rows, y] - others.max(1), rtol=1e-3, atol=1e-3)
    assert epoch.accuracy == np.mean(z.argmax(1) == y)


def test_a_label_that_is_as_good_as_impossible_costs_no_more_after_the_temperature(logits):
    """A masked class that is a label all the same: its loss is clipped before and after."""
    z, y = logits
    z = z.copy()
    z[0, y[0]] = -1e9
    epoch = decompose_epoch(Predictions.from_arrays(y, z, input="logits"))
    assert epoch.loss[0] == epoch.refined[0] == pytest.approx(-np.log(2.0**-52), rel=1e-6)
    assert epoch.refinement_loss == pytest.approx(refinement_loss(y, z, input="logits"), abs=1e-6)
    assert epoch.calibration_loss == pytest.approx(calibration_loss(y, z, input="logits"), abs=1e-6)


def test_a_calibrated_epoch_has_no_calibration_loss():
    rng = np.random.default_rng(1)
    losses = []
    for _ in range(40):
        z = rng.normal(size=(400, 3))
        y = (rng.random((400, 1)) > softmax(z).cumsum(1)).sum(1).clip(max=2)
        epoch = decompose_epoch(Predictions.from_arrays(y, softmax(z)))
        losses.append(epoch.calibration_loss)
    assert abs(np.mean(losses)) < 4 * np.std(losses) / np.sqrt(40) + 1e-4, "the optimism is taken off without bias"


def test_exact_zeros_are_clipped_and_weights_are_repetitions(logits):
    z, y = logits
    p = softmax(z)
    p[0] = 0.0
    p[0, (y[0] + 1) % 4] = 1.0
    epoch = decompose_epoch(Predictions.from_arrays(y, p))
    assert epoch.loss[0] == pytest.approx(36.04, abs=0.01)
    assert np.isfinite(epoch.refined).all()
    copies = np.arange(500) % 3
    weighted = decompose_epoch(Predictions.from_arrays(y, p, sample_weight=copies))
    repeated = decompose_epoch(Predictions.from_arrays(np.repeat(y, copies), np.repeat(p, copies, axis=0)))
    assert weighted.log_loss == pytest.approx(repeated.log_loss, rel=1e-9)
    assert weighted.temperature == pytest.approx(repeated.temperature, rel=1e-4)
    assert weighted.accuracy == pytest.approx(repeated.accuracy)


def test_separable_and_hopeless_epochs():
    sure = decompose_epoch(Predictions.from_arrays([0, 1, 1], [[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]]))
    assert (sure.outcome, sure.temperature) == ("separable", 1.0)
    assert sure.calibration_loss == pytest.approx(-0.5 / 3)
    wrong = decompose_epoch(Predictions.from_arrays([1, 0, 0] * 20, [[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]] * 20))
    assert np.isinf(wrong.temperature)
    assert wrong.refined_loss == pytest.approx(np.log(2), abs=1e-5)


# --- sets of equally good epochs ---


def test_a_clearly_worse_epoch_is_not_in_the_set():
    rng = np.random.default_rng(20)
    base = rng.random(2000)
    values = np.stack([base + 0.2 * rng.random(2000), base, base + 0.02 * rng.normal(size=2000)])
    found = equally_good(values)
    assert found.best in (1, 2)
    assert found.members.tolist() == [1, 2]
    assert found.excess[found.best] == 0.0


@pytest.mark.parametrize(("n_epochs", "correlation"), [(2, 0.0), (10, 0.0), (10, 0.9), (40, 0.5)])
def test_an_equal_epoch_stays_in_the_set(n_epochs, correlation):
    rng = np.random.default_rng(3)
    kept = []
    for run in range(150):
        common = rng.normal(size=300)
        values = np.sqrt(correlation) * common + np.sqrt(1 - correlation) * rng.normal(size=(n_epochs, 300))
        kept.append(0 in equally_good(values, random_state=run).members)
    # 95 % for each epoch, although the best is chosen by the same rows; four binomial errors for the simulation
    assert np.mean(kept) >= 0.95 - 4 * np.sqrt(0.05 * 0.95 / 150)


def test_few_directions_have_the_law_of_all_rows():
    rng = np.random.default_rng(8)
    rows = rng.normal(size=(500, 4)) @ rng.normal(size=(4, 4))
    few = _directions(rows.T @ rows)
    assert few.shape == (4, 4)
    np.testing.assert_allclose(few.T @ few, rows.T @ rows, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("n_rows", [3, 200])
def test_blocks_of_rows_change_nothing(n_rows, monkeypatch):
    rng = np.random.default_rng(n_rows)
    values, weight = rng.random((5, n_rows)), rng.uniform(0.5, 2.0, n_rows)
    group = np.arange(n_rows) // 2
    whole = [equally_good(values, weight=weight), chosen_value(values, weight=weight, group=group)]
    whole.append(chosen_value(values, weight=weight))
    monkeypatch.setattr(module, "ENTRIES", 10)
    found = equally_good(values, weight=weight)
    np.testing.assert_allclose(found.error, whole[0].error)
    assert found.critical == pytest.approx(whole[0].critical)
    assert chosen_value(values, weight=weight, group=group) == pytest.approx(whole[1])
    assert chosen_value(values, weight=weight) == pytest.approx(whole[2])
    difference = weight * (values - values[found.best] - found.excess[:, None]) / weight.sum()
    by_hand = np.sqrt(n_rows / (n_rows - 1) * (difference**2).sum(axis=1))
    np.testing.assert_allclose(found.error, by_hand, atol=1e-12)


def test_the_critical_value_is_that_of_a_normal_law():
    base = np.random.default_rng(9).normal(size=4000)
    values = np.stack([base, base + 0.1 * np.random.default_rng(10).normal(size=4000) + 0.001])
    assert equally_good(values).critical == pytest.approx(1.645, abs=0.15), "one rival: one-sided 95 %"


def test_the_chosen_value_by_hand():
    values = np.array([[1.0, 0.0], [0.0, 1.0]])
    assert chosen_value(values) == 1.0, "each half chooses the epoch that costs 1 on the other"
    weighted = chosen_value(np.array([[1.0, 0.0], [0.4, 0.4]]), weight=np.array([3.0, 1.0]))
    assert weighted == pytest.approx((1.0 + 0.4) / 2)


def test_groups_widen_the_set():
    rng = np.random.default_rng(4)
    group = np.repeat(np.arange(20), 50)
    worse = 0.05 + 0.15 * rng.normal(size=20)[group]
    base = rng.random(1000)
    values = np.stack([base, base + worse - worse.mean() + 0.02])
    assert equally_good(values).members.tolist() == [0]
    assert equally_good(values, group=group).members.tolist() == [0, 1]


def test_copies_of_an_epoch_tie():
    values = np.tile(np.random.default_rng(5).random(50), (3, 1))
    assert equally_good(values).members.tolist() == [0, 1, 2]
    assert equally_good(values[:1]).members.tolist() == [0]


def test_weights_are_repetitions_for_the_means():
    rng = np.random.default_rng(6)
    values, copies = rng.random((4, 100)), rng.integers(1, 4, 100)
    weighted = equally_good(values, weight=copies.astype(float))
    np.testing.assert_allclose(weighted.excess, equally_good(np.repeat(values, copies, axis=1)).excess, atol=1e-12)


def test_the_chosen_value_is_not_optimistic():
    rng = np.random.default_rng(7)
    gaps, naive = [], []
    for _ in range(60):
        values = rng.normal(size=(30, 200))
        gaps.append(chosen_value(values))
        naive.append(values.mean(axis=1).min())
    assert abs(np.mean(gaps)) < 0.02
    assert np.mean(naive) < -0.1
    assert chosen_value(np.array([[1.0], [0.5]])) == 0.5


# --- stories ---


def test_stories_by_hand():
    told = RowStories.empty(3)
    right = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 1, 0]], dtype=bool)
    for epoch, correct in enumerate(right, start=1):
        told.add(epoch, correct, loss=np.full(3, float(epoch)), margin=np.array([1.0, -1.0, 2.0]) * epoch)
    assert told.story.tolist() == ["turned wrong", "turned right", "stayed wrong"]
    assert told.n_right.tolist() == [2, 3, 0]
    assert told.n_forgotten.tolist() == [2, 0, 0]
    assert told.first_right.tolist()[:2] == [1, 2]
    assert told.last_right.tolist()[:2] == [3, 4]
    assert np.isnan(told.first_right[2])
    np.testing.assert_allclose(told.margin_area, [2.5, -2.5, 5.0])
    assert told.first_loss.tolist() == [1, 1, 1]
    assert told.last_loss.tolist() == [4, 4, 4]
