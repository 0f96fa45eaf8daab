import numpy as np
import pytest
from scipy.special import log_softmax
from scipy.stats import binom, chi2

from sklearn_lossacc.inference import class_counts
from sklearn_lossacc.inference.class_counts import ClassCounts
from sklearn_lossacc.inference.gates import run_gates
from sklearn_lossacc.inference.monte_carlo import (
    EXTEND_BELOW,
    N_DRAWS,
    N_DRAWS_EXTENDED,
    N_DRAWS_FIRST,
    Statistic,
    monte_carlo,
)
from sklearn_lossacc.inference.null import NullModel
from sklearn_lossacc.inference.total_tails import loss_z

DIRECTIONS = ("over", "under", "floor", "class_bias", "surprise")


def healthy(rng, n, k, *, scale=2.0, offset=0.0, weighted=False):
    """Rows whose labels come from their own probabilities; `offset` makes class 0 rare."""
    scores = scale * rng.normal(size=(n, k))
    scores[:, 0] -= offset
    y = (scores + rng.gumbel(size=(n, k))).argmax(axis=1)
    return NullModel(log_softmax(scores, axis=1), y, rng.gamma(1.0, size=n) if weighted else np.ones(n))


def copies(rng, n_groups, size, k, *, scale=2.0, weighted=False):
    """Groups of identical rows with identical labels."""
    one = healthy(rng, n_groups, k, scale=scale)
    group = np.repeat(np.arange(n_groups), size)
    weight = rng.gamma(1.0, size=group.size) if weighted else np.ones(group.size)
    return NullModel(one.log_proba[group], one.y[group], weight, group)


def one_patient_one_label(rng, n_groups, size, k, separation=1.0):
    """Rows of a group share their label; each row is calibrated on what it saw alone."""
    label = rng.integers(k, size=n_groups)
    group = np.repeat(np.arange(n_groups), size)
    seen = rng.normal(size=(group.size, k))
    seen[np.arange(group.size), label[group]] += separation
    return NullModel(log_softmax(separation * seen, axis=1), label[group], np.ones(group.size), group)


def p_values(make, n_runs, seed=0, names=DIRECTIONS):
    rng = np.random.default_rng([seed, n_runs])
    gates = [run_gates(make(rng), random_state=run) for run in range(n_runs)]
    return {name: np.array([gate[name].p_value for gate in gates]) for name in names}


def assert_super_uniform(p, levels=(0.01, 0.05, 0.1, 0.25, 0.5), error=1e-4):
    """Reject only if rejections are more frequent than an exact binomial of the level allows."""
    for level in levels:
        hits = int((p <= level + 1e-12).sum())
        assert binom.sf(hits - 1, p.size, level) > error, f"{hits} of {p.size} p-values are at most {level}"


# -- sizes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("k", "scale"), [(2, 0.5), (2, 8.0), (3, 2.0), (10, 2.0)])
def test_sizes_on_healthy_models(k, scale):
    for p in p_values(lambda rng: healthy(rng, 30, k, scale=scale), 120).values():
        assert_super_uniform(p)


@pytest.mark.slow
@pytest.mark.parametrize("k", [2, 3, 10])
@pytest.mark.parametrize("scale", [0.5, 2.0, 8.0])
@pytest.mark.parametrize("n", [20, 300])
def test_sizes_on_healthy_models_at_length(k, scale, n):
    for p in p_values(lambda rng: healthy(rng, n, k, scale=scale), 600).values():
        assert_super_uniform(p, levels=(0.05 / 12, 0.01, 0.05, 0.1, 0.25, 0.5))


@pytest.mark.parametrize("k", [2, 5])
def test_sizes_with_a_rare_class(k):
    for p in p_values(lambda rng: healthy(rng, 50, k, offset=6.0), 100).values():
        assert_super_uniform(p)


@pytest.mark.slow
@pytest.mark.parametrize("n", [60, 400])
@pytest.mark.parametrize("offset", [0.0, 6.0])
def test_sizes_with_weights_and_a_rare_class_at_length(n, offset):
    p_of = p_values(lambda rng: healthy(rng, n, 3, weighted=True, offset=offset), 500)
    for p in p_of.values():
        assert_super_uniform(p, levels=(0.05 / 12, 0.01, 0.05, 0.1, 0.25, 0.5))


@pytest.mark.slow
@pytest.mark.parametrize(("n_groups", "k"), [(8, 2), (50, 2), (50, 5), (200, 2)])
@pytest.mark.parametrize("weighted", [False, True])
def test_sizes_on_groups_of_copies_at_length(n_groups, k, weighted):
    for p in p_values(lambda rng: copies(rng, n_groups, 5, k, weighted=weighted), 400).values():
        assert_super_uniform(p)


@pytest.mark.slow
def test_sizes_with_many_sparse_classes():
    for p in p_values(lambda rng: healthy(rng, 100, 100, scale=1.0), 500).values():
        assert_super_uniform(p, levels=(0.05 / 12, 0.01, 0.05, 0.1, 0.25, 0.5))


def test_sizes_with_weights():
    for p in p_values(lambda rng: healthy(rng, 40, 3, weighted=True), 120).values():
        assert_super_uniform(p)


def test_sizes_on_constant_rows():
    proba = np.array([0.7, 0.2, 0.1])
    log_proba = np.log(np.tile(proba, (100, 1)))

    def make(rng):
        return NullModel(log_proba, rng.choice(3, p=proba, size=100), np.ones(100))

    assert run_gates(make(np.random.default_rng(0)))["over"].method == "monte carlo"  # the loss is on a lattice
    for p in p_values(make, 120).values():
        assert_super_uniform(p)


def test_sizes_with_few_misses_of_like_probability():
    # About ten misses that all cost nearly the same: the total is a count, whatever its digits say.
    def make(rng):
        p = 0.9 + 0.005 * rng.normal(size=100)
        return NullModel(np.log(np.stack([1 - p, p], axis=1)), (rng.random(100) < p).astype(int), np.ones(100))

    assert run_gates(make(np.random.default_rng(0)))["over"].method == "monte carlo"
    for p in p_values(make, 200).values():
        assert_super_uniform(p, levels=(0.05 / 12, 0.01, 0.05, 0.1, 0.25))


@pytest.mark.parametrize(("n_groups", "k", "weighted"), [(8, 2, False), (20, 4, False), (12, 3, True)])
def test_sizes_on_groups_of_copies(n_groups, k, weighted):
    for p in p_values(lambda rng: copies(rng, n_groups, 4, k, weighted=weighted), 100).values():
        assert_super_uniform(p)


@pytest.mark.parametrize(("n_groups", "k"), [(20, 2), (10, 5)])
def test_sizes_where_groups_share_a_label(n_groups, k):
    for p in p_values(lambda rng: one_patient_one_label(rng, n_groups, 5, k), 80).values():
        assert_super_uniform(p)


@pytest.mark.slow
@pytest.mark.parametrize(("n_groups", "k"), [(20, 5), (100, 2), (100, 5), (600, 3)])
def test_sizes_where_groups_share_a_label_at_length(n_groups, k):
    for p in p_values(lambda rng: one_patient_one_label(rng, n_groups, 5, k), 250).values():
        assert_super_uniform(p)


@pytest.mark.slow
@pytest.mark.parametrize("make", [copies, one_patient_one_label])
def test_sizes_above_400_groups(make):
    for p in p_values(lambda rng: make(rng, 500, 3, 3), 200).values():
        assert_super_uniform(p)


def test_copies_are_not_counted_as_rows():
    # The same rows without their groups: five copies of each inflate every chi-square fivefold.
    rng = np.random.default_rng(0)
    naive = []
    for _ in range(40):
        null = copies(rng, 60, 5, 2, scale=0.5)
        naive.append(run_gates(NullModel(null.log_proba, null.y, null.weight))["class_bias"].p_value)
    assert (np.array(naive) <= 0.05).mean() > 0.3


# -- power -----------------------------------------------------------------------------------------------------------


def accused(scores, y, group=None, alpha=0.001):
    gates = run_gates(NullModel(log_softmax(scores, axis=1), y, np.ones(len(y)), group))
    return {name for name, gate in gates.items() if gate.p_value < alpha}


@pytest.mark.parametrize("k", [2, 5, 20])
def test_each_direction_is_seen(k):
    rng = np.random.default_rng(k)
    scores = 2.0 * rng.normal(size=(600, k))
    y = (scores + rng.gumbel(size=scores.shape)).argmax(axis=1)
    assert accused(scores, y, alpha=0.01) == set()
    overconfident, underconfident = accused(2.0 * scores, y), accused(0.5 * scores, y)
    assert "over" in overconfident
    assert "under" not in overconfident
    assert "under" in underconfident
    assert not {"over", "floor"} & underconfident
    assert "class_bias" in accused(scores + 2.0 * np.eye(k)[0], y)
    flipped = np.where(rng.random(600) < 0.2, rng.integers(k, size=600), y)
    assert {"over", "floor"} <= accused(scores, flipped)


def test_one_impossible_row_is_a_surprise():
    rng = np.random.default_rng(0)
    null = healthy(rng, 500, 4)
    null.log_proba[0] = np.log([1e-7, 0.5, 0.3, 0.2 - 1e-7])
    y = null.y.copy()
    y[0] = 0
    gate = run_gates(NullModel(null.log_proba, y, null.weight))["surprise"]
    assert gate.p_value == pytest.approx(6 * 1e-7, rel=1e-6)  # six ranks; no other row has so rare a label
    assert gate.statistic == pytest.approx(1e-7, rel=1e-6)


@pytest.mark.parametrize("k", [2, 5])
def test_class_bias_is_seen_in_groups(k):
    rng = np.random.default_rng(k)
    group = np.repeat(np.arange(200), 3)
    scores = rng.normal(size=(200, k))
    y = (scores + rng.gumbel(size=scores.shape)).argmax(axis=1)
    assert "class_bias" in accused((scores + 1.5 * np.eye(k)[0])[group], y[group], group)


@pytest.mark.parametrize("n", [100, 400])
def test_everything_right_is_underconfidence_and_nothing_else(n):
    # The continuous approximation to the total loss used to call this overconfident with p = 0.
    p = 1 - np.linspace(0.6, 1.4, n) * 12 / n
    gates = run_gates(NullModel(np.log(np.stack([1 - p, p], axis=1)), np.ones(n, dtype=int), np.ones(n)))
    assert gates["over"].p_value == 1.0
    assert gates["floor"].p_value == 1.0
    assert gates["under"].p_value < 0.001


# -- Monte Carlo -----------------------------------------------------------------------------------------------------


def coins(heads, n=20):
    return NullModel(np.full((n, 2), np.log(0.5)), (np.arange(n) < heads).astype(int), np.ones(n))


def heads_of(draws):
    return draws.class_totals()[:, 1]


def test_monte_carlo_is_the_rank_among_the_draws():
    null = coins(10)
    rng = np.random.default_rng(3)
    seen = np.concatenate([heads_of(d) for n in (N_DRAWS_FIRST, N_DRAWS - N_DRAWS_FIRST) for d in null.draws(n, rng)])
    for observed, n_draws in ((8.0, N_DRAWS_FIRST), (10.0, N_DRAWS_FIRST), (12.0, N_DRAWS_FIRST), (15.0, N_DRAWS)):
        gate = monte_carlo(null, {"heads": Statistic(observed, heads_of)}, 3)["heads"]
        assert gate.p_value == (1 + (seen[:n_draws] >= observed).sum()) / (n_draws + 1)
        assert (gate.n_draws, gate.method, gate.statistic) == (n_draws, "monte carlo", observed)


@pytest.mark.parametrize("observed", [14, 15, 17, 20])
def test_monte_carlo_against_the_binomial(observed):
    gate = monte_carlo(coins(observed), {"heads": Statistic(float(observed), heads_of)}, 0)["heads"]
    exact = binom.sf(observed - 1, 20, 0.5)
    assert abs(gate.p_value - exact) < 4 * np.sqrt(exact / gate.n_draws) + 2 / gate.n_draws


def test_small_p_values_get_more_draws_and_others_stay_as_they_are():
    null = coins(20)
    rare, common = Statistic(20.0, heads_of), Statistic(10.0, heads_of)
    both = monte_carlo(null, {"rare": rare, "common": common}, 0)
    assert both["rare"].n_draws == N_DRAWS_EXTENDED
    assert both["rare"].p_value < EXTEND_BELOW
    assert both["common"].n_draws == N_DRAWS_FIRST
    alone = monte_carlo(null, {"common": common}, 0)
    assert alone["common"] == both["common"]
    assert monte_carlo(null, {"common": common, "rare": rare}, 0) == both


def test_settled_p_values_get_no_more_draws():
    null = coins(20)
    statistics = {"rare": Statistic(20.0, heads_of), "between": Statistic(17.0, heads_of)}
    fine, settled = (monte_carlo(null, statistics, 0, settled=limit) for limit in (0.0, 0.001))
    assert (settled["rare"].n_draws, settled["rare"].p_value) == (N_DRAWS, 1 / (N_DRAWS + 1))
    # The chance that it could have been settled is added to what was not.
    assert settled["between"].n_draws == fine["between"].n_draws == N_DRAWS_EXTENDED
    assert settled["between"].p_value == pytest.approx(fine["between"].p_value + 1 / (N_DRAWS + 1))
    assert monte_carlo(null, statistics, 0, settled=0.0009) == fine


def test_sequential_p_values_are_valid():
    # The p-value of a uniform: the observation and its draws are ranks of the same law.
    coin = NullModel(np.log([[0.5, 0.5]]), np.array([0]), np.ones(1))
    rng = np.random.default_rng(5)

    def p_value(run):
        draw = np.random.default_rng([6, run])
        uniform = Statistic(rng.random(), lambda draws: draw.random(draws.size))
        return monte_carlo(coin, {"u": uniform}, 0, settled=0.001)["u"].p_value

    assert_super_uniform(np.array([p_value(run) for run in range(4000)]), (0.001, 0.002, 0.0055, 0.01, 0.05, 0.1, 0.5))


def test_the_smallest_p_value():
    gate = monte_carlo(coins(20), {"never": Statistic(21.0, heads_of)}, 0)["never"]
    assert gate.p_value == 1 / (N_DRAWS_EXTENDED + 1)


@pytest.mark.parametrize("scale", [1.0, 1e-12, 1e12])
def test_draws_equal_to_the_observation_count(scale):
    # The same multiset of values, added in another order: rounding must not make an equal draw smaller.
    weight = scale * np.full(20, 0.1)
    null = NullModel(np.full((20, 2), np.log(0.5)), np.arange(20) % 2, weight)
    gate = monte_carlo(null, {"heads": Statistic(float(weight[:10].sum()), heads_of)}, 0)["heads"]
    assert gate.p_value == pytest.approx(binom.sf(9, 20, 0.5), abs=0.06)


def test_monte_carlo_p_values_are_exact():
    # P(p <= a) = a for a statistic without ties: the observation is one more draw.
    rng = np.random.default_rng(0)
    p = []
    for run in range(300):
        null = healthy(rng, 30, 3)
        total = Statistic(float(null.true_loss.sum()), lambda draws, null=null: draws.total(null.loss))
        p.append(monte_carlo(null, {"loss": total}, run)["loss"].p_value)
    for level in (0.05, 0.2, 0.5, 0.8):
        hits = (np.array(p) <= level).sum()
        assert min(binom.cdf(hits, 300, level), binom.sf(hits - 1, 300, level)) > 1e-4


# -- class totals ----------------------------------------------------------------------------------------------------


def chi_square_by_definition(null, totals):
    p, w = null.proba, null.weight
    covariance = sum(w[i] ** 2 * (np.diag(p[i]) - np.outer(p[i], p[i])) for i in range(null.n_rows))
    b = totals - w @ p
    return b @ np.linalg.pinv(covariance, rcond=1e-9, hermitian=True) @ b


@pytest.mark.parametrize("k", [2, 3, 10, 40])
@pytest.mark.parametrize("weighted", [False, True])
def test_class_counts_against_the_pseudoinverse(k, weighted):
    null = healthy(np.random.default_rng(k), 80, k, weighted=weighted)
    counts = ClassCounts(null)
    assert counts.df == k - 1
    sets = np.concatenate([d.class_totals() for d in null.draws(20, np.random.default_rng(0))])
    values = counts(sets)
    for totals, value in zip(sets, values, strict=True):
        assert value == pytest.approx(chi_square_by_definition(null, totals), rel=1e-8)
        assert counts(totals) == pytest.approx(value, rel=1e-12)


def test_class_counts_with_an_impossible_class():
    null = healthy(np.random.default_rng(0), 80, 3)
    padded = NullModel(np.insert(null.log_proba, 1, -np.inf, axis=1), np.where(null.y > 0, null.y + 1, 0), null.weight)
    totals = np.bincount(null.y, minlength=3).astype(float)
    assert ClassCounts(padded).df == 2
    assert ClassCounts(padded)(np.insert(totals, 1, 0.0)) == pytest.approx(ClassCounts(null)(totals), rel=1e-10)


@pytest.mark.parametrize("scale", [0.5, 3.0, 20.0])
def test_class_totals_of_more_classes_than_rows_by_either_equations(monkeypatch, scale):
    rng = np.random.default_rng(8)
    log_proba = log_softmax(scale * rng.standard_normal((30, 50)), axis=1)
    null = NullModel(log_proba, rng.integers(0, 50, 30), rng.exponential(size=30))
    totals = rng.exponential(size=(4, 50))
    by_class = ClassCounts(null)
    monkeypatch.setattr(class_counts, "MOST_SQUARED", 0)
    by_row = ClassCounts(null)
    assert (by_class.by_row, by_row.by_row) == (False, True)
    np.testing.assert_allclose(by_row(totals), by_class(totals), rtol=1e-6)
    assert by_row(totals[0]) == pytest.approx(by_row(totals)[0], rel=1e-9)


def test_class_counts_of_rows_that_cannot_meet():
    # Half of the rows choose between classes 0 and 1, the others between 2 and 3: rank 2, not 3.
    rng = np.random.default_rng(0)
    p = rng.uniform(0.2, 0.8, size=100)
    proba = np.zeros((100, 4))
    proba[:50, 0], proba[:50, 1], proba[50:, 2], proba[50:, 3] = p[:50], 1 - p[:50], p[50:], 1 - p[50:]
    with np.errstate(divide="ignore"):
        null = NullModel(np.log(proba), np.repeat([0, 2], 50), np.ones(100))
    for totals in ([30.0, 20.0, 25.0, 25.0], [25.0, 25.0, 10.0, 40.0]):
        value = ClassCounts(null)(np.array(totals))
        assert value == pytest.approx(chi_square_by_definition(null, np.array(totals)), rel=1e-4)


def test_class_bias_by_hand():
    # 100 rows of (.5, .5), 60 in class 0: chi-square (10)^2 / 25 = 4 on 1 degree of freedom.
    null = NullModel(np.full((100, 2), np.log(0.5)), np.repeat([0, 1], [60, 40]), np.ones(100))
    gate = run_gates(null)["class_bias"]
    assert (gate.statistic, gate.method) == (pytest.approx(4.0), "chi-square")
    assert gate.p_value == pytest.approx(chi2.sf(4.0, 1), rel=1e-9)


def test_class_bias_of_certain_rows():
    with np.errstate(divide="ignore"):
        null = NullModel(np.log(np.eye(3)[np.arange(30) % 3]), np.arange(30) % 3, np.ones(30))
    gates = run_gates(null)
    assert {gate.p_value for gate in gates.values()} == {1.0}


def test_sparse_classes_are_drawn():
    rng = np.random.default_rng(0)
    assert run_gates(healthy(rng, 500, 3))["class_bias"].method == "chi-square"
    assert run_gates(healthy(rng, 500, 3, offset=9.0))["class_bias"].method == "monte carlo"
    assert run_gates(healthy(rng, 500, 200))["class_bias"].method == "monte carlo"


# -- laws ------------------------------------------------------------------------------------------------------------


def test_loss_z_by_definition():
    null = healthy(np.random.default_rng(0), 100, 4, weighted=True)
    p, loss = null.proba, -null.log_proba
    mean = (p * loss).sum(axis=1)
    variance = (p * loss**2).sum(axis=1) - mean**2
    z = (null.weight @ (null.true_loss - mean)) / np.sqrt(null.weight**2 @ variance)
    assert loss_z(null) == pytest.approx(z, rel=1e-10)
    gates = run_gates(null)
    assert gates["over"].statistic == pytest.approx(z, rel=1e-10)
    assert gates["under"].statistic == pytest.approx(-z, rel=1e-10)


def test_loss_z_without_variance():
    assert loss_z(NullModel(np.full((5, 2), np.log(0.5)), np.zeros(5, dtype=int), np.ones(5))) == 0.0


@pytest.mark.parametrize("grouped", [False, True])
def test_scaled_weights_change_no_p_value(grouped):
    rng = np.random.default_rng(1)
    null = copies(rng, 60, 3, 3, weighted=True) if grouped else healthy(rng, 60, 3, weighted=True)
    expected = run_gates(null)
    for factor in (1e-9, 1e7):
        gates = run_gates(NullModel(null.log_proba, null.y, factor * null.weight, null.group))
        for name in DIRECTIONS:
            assert gates[name].p_value == pytest.approx(expected[name].p_value, rel=1e-6)
            assert gates[name].method == expected[name].method


def test_closed_forms_do_not_depend_on_the_order_of_rows():
    null = healthy(np.random.default_rng(2), 1000, 4, scale=1.0)
    rows = np.random.default_rng(3).permutation(1000)
    a, b = run_gates(null), run_gates(null.take(rows))
    assert a["over"].method == "saddlepoint"
    for name in ("over", "under", "class_bias", "surprise"):
        assert b[name].p_value == pytest.approx(a[name].p_value, rel=1e-7)


def test_the_same_seed_gives_the_same_gates():
    null = healthy(np.random.default_rng(4), 50, 3)
    assert run_gates(null, 7) == run_gates(null, 7)
    assert run_gates(null, 7)["over"].p_value != run_gates(null, 8)["over"].p_value


def test_group_names_and_single_rows():
    # Groups of one row are no groups; only the null is drawn instead of computed.
    null = healthy(np.random.default_rng(5), 300, 3, scale=1.0)
    grouped = run_gates(NullModel(null.log_proba, null.y, null.weight, np.random.default_rng(0).permutation(300)))
    plain = run_gates(null)
    for name in ("over", "under", "class_bias"):
        p = plain[name].p_value
        assert abs(grouped[name].p_value - p) < 4 * np.sqrt(p * (1 - p) / N_DRAWS) + 0.01


def test_sandwich_joins_above_400_groups():
    rng = np.random.default_rng(6)
    few, many = copies(rng, 400, 2, 3), copies(rng, 401, 2, 3)
    assert run_gates(few)["over"].method == "monte carlo"
    gates = run_gates(many)
    for name in ("over", "under", "floor", "class_bias"):
        assert gates[name].method == "monte carlo and cluster sandwich"


def test_sandwich_does_not_hide_a_strong_effect():
    rng = np.random.default_rng(7)
    group = np.repeat(np.arange(500), 3)
    scores = 2.0 * rng.normal(size=(500, 3))
    y = (scores + rng.gumbel(size=scores.shape)).argmax(axis=1)
    assert "over" in accused((2.5 * scores)[group], y[group], group)
    assert "class_bias" in accused((scores + 2.0 * np.eye(3)[0])[group], y[group], group)


def test_an_observation_that_the_null_cannot_give():
    log_proba = np.log(np.tile([1 - 1e-12, 1e-12], (50, 1)))
    y = np.zeros(50, dtype=int)
    y[0] = 1
    gates = run_gates(NullModel(log_proba, y, np.ones(50)))
    assert gates["over"].p_value == 1 / (N_DRAWS_EXTENDED + 1)
    assert gates["under"].p_value == 1.0
    assert gates["surprise"].p_value == pytest.approx(6 * 50e-12, rel=1e-3)  # six ranks; every row has so rare a label
