import numpy as np
import pytest
from scipy.special import log_softmax
from scipy.stats import binom

from sklearn_lossacc.inference.null import NullModel
from sklearn_lossacc.inference.total_tails import loss_tails
from sklearn_lossacc.inference.uneven import class_temperatures, uneven_test


def healthy(rng, n, k, scale=2.0):
    scores = scale * rng.normal(size=(n, k))
    y = (scores + rng.gumbel(size=(n, k))).argmax(axis=1)
    return NullModel(log_softmax(scores, axis=1), y, np.ones(n))


def undecided_and_sure(rng):
    """Rows that cannot decide beside rows that hardly err: the few misses of the latter make the loss."""
    p = np.r_[0.5 + 1e-4 * rng.random(120), 1 - 0.005 * np.exp(0.2 * rng.normal(size=1000))]
    top = rng.integers(2, size=p.size)
    y = np.where(rng.random(p.size) < p, top, 1 - top)
    return NullModel(np.log(np.where(top[:, None] == [0, 1], p[:, None], 1 - p[:, None])), y, np.ones(p.size))


@pytest.mark.simulation
@pytest.mark.parametrize("make", [lambda rng: healthy(rng, 400, 3), undecided_and_sure])
def test_size(make):
    rng = np.random.default_rng(0)
    p = np.array([uneven_test(make(rng), run).p_value for run in range(120)])
    for level in (0.05 / 12, 0.05, 0.2, 0.5):
        assert binom.sf((p <= level + 1e-12).sum() - 1, 120, level) > 1e-4


def test_everything_right_in_a_class_is_no_proof():
    # The sure rows of either class are all right with chance .08: nothing to be alarmed about.
    null = undecided_and_sure(np.random.default_rng(1))
    y = np.where(np.arange(null.n_rows) < 120, null.y, null.proba.argmax(axis=1))
    right = NullModel(null.log_proba, y, null.weight)
    assert uneven_test(right).p_value > 0.01
    for j in (0, 1):
        part = right.take(np.flatnonzero(right.proba.argmax(axis=1) == j))
        upper, lower, _ = loss_tails(part)
        assert upper > 0.5
        assert 0.002 < lower < 0.2  # e^-2.5, and where the undecided rows' last digits put the total


def test_one_bad_class_is_found():
    rng = np.random.default_rng(2)
    null = healthy(rng, 3000, 4, scale=1.5)
    bad = null.proba.argmax(axis=1) == 2
    log_proba = np.where(bad[:, None], log_softmax(2.0 * null.log_proba, axis=1), null.log_proba)
    test = uneven_test(NullModel(log_proba, null.y, null.weight))
    assert (test.worst, test.n_groups) == (2, 4)
    assert test.p_value < 1e-4
    assert test.z[2] > 4
    found = class_temperatures(NullModel(log_proba, null.y, null.weight), np.random.default_rng(0))
    assert found.temperatures[2] == pytest.approx(2.0, abs=0.4)
    for j in (0, 1, 3):
        assert found.temperatures[j] == pytest.approx(1.0, abs=0.25)
    assert found.gain > 0.005
    assert class_temperatures(null, np.random.default_rng(0)).gain < 0.002


@pytest.mark.simulation
@pytest.mark.parametrize("strength", [0.4, 2.0])
def test_what_one_class_of_many_costs_is_not_hidden_by_the_others(strength):
    # Twenty temperatures fitted to 2000 rows lose about .005 nats on others, as much as one class costs here.
    gains, costs = [], []
    for seed in range(10):
        true = healthy(np.random.default_rng(seed), 2000, 20)
        bad = true.proba.argmax(axis=1) == 0
        log_proba = np.where(bad[:, None], log_softmax(strength * true.log_proba, axis=1), true.log_proba)
        shown = NullModel(log_proba, true.y, true.weight)
        found = class_temperatures(shown, np.random.default_rng(0))
        assert found.paying == (0,)
        gains.append(found.gain)
        costs.append(float((shown.true_loss - true.true_loss).mean()))
    error = np.std(np.subtract(gains, costs), ddof=1) / np.sqrt(10)
    assert abs(np.mean(gains) - np.mean(costs)) < 3 * error + 0.001  # fitted to 80 of 100 rows


def test_many_classes_that_are_each_a_little_off_count_together():
    rng = np.random.default_rng(0)
    true = healthy(rng, 20_000, 20, scale=1.5)
    factor = np.where(np.arange(20) % 2, 1.2, 1 / 1.2)[true.proba.argmax(axis=1)]
    shown = NullModel(log_softmax(true.log_proba * factor[:, None], axis=1), true.y, true.weight)
    found = class_temperatures(shown, rng)
    cost = float((shown.true_loss - true.true_loss).mean())
    assert len(found.paying) > 10
    assert found.gain == pytest.approx(cost, rel=0.25)


def test_z_by_definition():
    null = healthy(np.random.default_rng(3), 1000, 3)
    test = uneven_test(null)
    for j in range(3):
        rows = null.proba.argmax(axis=1) == j
        assert test.z[j] == pytest.approx(null.excess[rows].sum() / np.sqrt(null.varentropy[rows].sum()))


def test_too_little_to_judge():
    test = uneven_test(healthy(np.random.default_rng(4), 30, 3))
    assert test.p_value == 1.0
    assert np.isnan(test.z).all()


def in_groups(rng, n_groups, size, k=4, *, factor=1.0, copied=()):
    """Rows in groups; the log odds of those predicted as the last class times a factor, some classes of copies."""
    n, group = n_groups * size, np.repeat(np.arange(n_groups), size)
    log_proba = log_softmax(1.5 * rng.normal(size=(n, k)), axis=1)
    proba, top = np.exp(log_proba), log_proba.argmax(axis=1)
    order = np.argsort(-proba, axis=1)
    uniform = np.where(np.isin(top, copied), rng.random((k, n_groups))[top, group], rng.random(n))
    rank = (np.take_along_axis(proba, order, axis=1).cumsum(axis=1) < uniform[:, None]).sum(axis=1)
    y = order[np.arange(n), np.minimum(rank, k - 1)]
    bad = (top == k - 1)[:, None]
    return NullModel(np.where(bad, log_softmax(factor * log_proba, axis=1), log_proba), y, np.ones(n), group)


def test_groups_of_rows_that_are_hardly_alike_hide_no_class():
    p = [uneven_test(in_groups(np.random.default_rng(seed), 60, 100, factor=1.5)).p_value for seed in range(4)]
    assert max(p) < 0.01  # for copies, and of the first 2000 rows alone, 0.02 to 0.12


@pytest.mark.simulation
@pytest.mark.parametrize("copied", [(), (0,), (0, 1, 2, 3)])
def test_size_where_classes_come_by_groups(copied):
    # Over all classes the losses of one that comes by groups hardly stray.
    p = np.array(
        [uneven_test(in_groups(np.random.default_rng(seed), 40, 30, copied=copied)).p_value for seed in range(60)]
    )
    for level in (0.01, 0.05, 0.2):
        assert binom.sf((p <= level + 1e-12).sum() - 1, 60, level) > 1e-3
