import numpy as np
import pytest
from scipy.special import log_softmax

from sklearn_lossacc.inference.gates import run_gates
from sklearn_lossacc.inference.null import NullModel
from sklearn_lossacc.inference.shape import shape_test
from sklearn_lossacc.inference.shared_labels import SharedLabels, groups_of_copies, labels_together
from sklearn_lossacc.inference.sharing import SHARES, most_shared, values_together


def rows(n_groups, size, shared, *, k=3, seed=0, of_labels=False, weighted=False, tilt=0.0, power=1.0):
    """Rows of which some take the uniform, or the label, of their group."""
    rng = np.random.default_rng([seed, n_groups, size])
    group = np.repeat(np.arange(n_groups), size)
    law = log_softmax(rng.normal(size=(n_groups, k))[group] * 1.5 + 0.3 * rng.normal(size=(len(group), k)), axis=1)
    weight = rng.exponential(size=len(group)) if weighted else np.ones(len(group))
    null = NullModel(law, np.zeros(len(group), dtype=int), weight, group)
    source = SharedLabels(null) if of_labels else null
    y = next(iter(source.sharing(shared).draws(1, rng))).labels()[0]
    return NullModel(log_softmax(power * law + tilt * np.arange(k), axis=1), y, weight, group)


def losses_together(null):
    return values_together(null, lambda row, label: null.loss[row, label], null.entropy)


def limit(null, of_labels=False):
    if of_labels:
        return most_shared(SharedLabels(null).sharing, labels_together(null))
    return most_shared(null.sharing, losses_together(null))


@pytest.mark.parametrize("of_labels", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_limits_are_hardly_ever_below_the_truth(of_labels, weighted):
    for shared in (SHARES[4], SHARES[11]):
        limits = [
            limit(rows(40, 5, shared, seed=seed, of_labels=of_labels, weighted=weighted), of_labels)
            for seed in range(40)
        ]
        assert np.mean(np.array(limits) > shared) >= 0.95  # 0.998 expected
        assert np.mean(limits) < 1.0


@pytest.mark.parametrize("of_labels", [False, True])
def test_independent_rows_are_seen_to_share_little_and_copies_all(of_labels):
    assert limit(rows(100, 20, 0.0, of_labels=of_labels), of_labels) < 0.4
    assert limit(rows(100, 20, 1.0, of_labels=of_labels), of_labels) == 1.0


def test_a_model_that_is_wrong_everywhere_is_no_reason_to_think_that_rows_share():
    wrong = rows(100, 20, 0.0, power=1.6)
    uncentred = np.bincount(wrong.group, wrong.excess) @ np.bincount(wrong.group, wrong.excess)
    assert uncentred / (wrong.excess @ wrong.excess) > 1.5
    assert limit(wrong) < 0.5


def test_one_class_that_comes_by_groups_is_seen_among_many_that_do_not():
    rng, n_groups, size, k = np.random.default_rng(0), 60, 40, 12
    group = np.repeat(np.arange(n_groups), size)
    y = np.where((rng.random(n_groups) < 0.1)[group], 0, rng.integers(1, k, group.size))
    log_proba = np.log(np.tile(np.r_[0.1, np.full(k - 1, 0.9 / (k - 1))], (group.size, 1)))
    assert limit(NullModel(log_proba, y, np.ones(group.size), group), of_labels=True) == 1.0


def test_how_far_copies_and_opposites_stray_together():
    log_proba, group = np.log(np.full((4, 2), 0.5)), np.array([0, 0, 1, 1])

    def second(null):
        return values_together(null, lambda row, label: label.astype(float), null.proba[:, 1])

    for y, expected in (([0, 0, 1, 1], 2.0), ([0, 1, 0, 1], 0.0)):
        null = NullModel(log_proba, np.array(y), np.ones(4), group)
        assert second(null).observed == pytest.approx(expected)
        assert labels_together(null).observed == pytest.approx(expected)
    same = NullModel(log_proba, np.zeros(4, dtype=int), np.ones(4), group)
    assert second(same).observed == np.inf  # nothing varies


def test_draws_are_measured_as_the_labels_seen_are():
    null = rows(10, 4, 0.5, weighted=True)
    for source, together in (
        (null, losses_together(null)),
        (SharedLabels(null), labels_together(null)),
    ):
        draws = next(iter(source.sharing(0.3).draws(5, np.random.default_rng(0))))
        again = [NullModel(null.log_proba, labels, null.weight, null.group) for labels in draws.labels()]
        measure = labels_together if source is not null else losses_together
        np.testing.assert_allclose(together.of_draws(draws), [measure(one).observed for one in again], rtol=1e-9)
        totals = [np.bincount(labels, null.weight, 3) for labels in draws.labels()]
        np.testing.assert_allclose(draws.class_totals(), totals, rtol=1e-12)


def test_shared_labels_have_the_expected_totals():
    null = rows(6, 5, 0.0, weighted=True)
    copies = groups_of_copies(null)
    np.testing.assert_allclose(copies.weight @ copies.proba, null.weight @ null.proba)
    draws = list(SharedLabels(null).sharing(0.6).draws(4000, np.random.default_rng(1)))
    totals = np.concatenate([one.class_totals() for one in draws])
    error = totals.std(axis=0) / np.sqrt(len(totals))
    assert (np.abs(totals.mean(axis=0) - null.weight @ null.proba) < 4 * error).all()


def test_large_groups_of_rows_that_are_hardly_alike_do_not_hide_a_cause():
    over = rows(40, 50, 0.1, power=1.6)
    assert run_gates(over, most_draws=999, asked=("over",))["over"].p_value < 0.01
    under = rows(40, 50, 0.1, power=0.6)
    assert run_gates(under, most_draws=999, asked=("under",))["under"].p_value < 0.01
    biased = rows(40, 50, 0.1, tilt=0.4)
    assert run_gates(biased, most_draws=999, asked=("class_bias",))["class_bias"].p_value < 0.01
    assert shape_test(over, "abc").p_value < 0.05


@pytest.mark.slow
@pytest.mark.parametrize("of_labels", [False, True])
@pytest.mark.parametrize("shared", [0.0, 0.3, 0.7, 1.0])
@pytest.mark.parametrize(("n_groups", "size"), [(10, 20), (40, 5), (100, 10)])
def test_sizes_whatever_rows_share(n_groups, size, shared, of_labels):
    # Labels of a group come from its mean probabilities, which calibrates class totals, but not each row.
    names = ("class_bias",) if of_labels else ("over", "under", "floor", "class_bias")
    n_runs, p_values = 150, []
    for seed in range(n_runs):
        null = rows(n_groups, size, shared, seed=1000 + seed, of_labels=of_labels)
        gates = run_gates(null, seed, most_draws=999, asked=names)
        p_values.append([gates[name].p_value for name in names])
        if not of_labels:
            p_values[-1].append(shape_test(null, "abc", seed).p_value)
    share = (np.array(p_values) <= 0.05).mean(axis=0)
    assert (share <= 0.05 + 3.0 * np.sqrt(0.05 * 0.95 / n_runs)).all(), (names, share)


def test_parts_are_measured_each_by_itself():
    null = rows(30, 8, 0.4, weighted=True, power=1.4)
    part = np.arange(null.n_rows) % 2
    found = values_together(null, lambda row, label: null.loss[row, label], null.entropy, part)
    alone = [losses_together(null.take(np.flatnonzero(part == j))).observed for j in (0, 1)]
    assert found.observed == pytest.approx(max(alone))
    draws = next(iter(null.draws(5, np.random.default_rng(0))))
    for drawn, y in zip(found.of_draws(draws), draws.labels(), strict=True):
        again = NullModel(null.log_proba, y, null.weight, null.group)
        assert drawn == pytest.approx(
            values_together(again, lambda row, label: null.loss[row, label], null.entropy, part).observed
        )
