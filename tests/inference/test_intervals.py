import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import binom, norm, t, ttest_1samp

from sklearn_lossacc.inference import intervals
from sklearn_lossacc.inference.intervals import (
    BOOTSTRAP_BELOW,
    N_RESAMPLES,
    bootstrap_t,
    draw_resamples,
    effective_draws,
    mean_and_error,
    mean_intervals,
    mean_p_value,
    studentised_means,
    unit_sums,
    wilson_interval,
)

# -- proportions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        # Newcombe (1998), Statistics in Medicine 17, table I, method 3 (score without continuity correction)
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_published_values(hits, n, low, high):
    assert wilson_interval(hits / n, n) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@pytest.mark.parametrize("level", [0.8, 0.95, 0.999])
@pytest.mark.parametrize("n", [3, 40, 1000.5])
def test_wilson_limits_solve_the_score_equation(n, level):
    share = 0.3
    z = norm.isf((1 - level) / 2)
    low, high = wilson_interval(share, n, level)
    for limit in (low, high):
        assert abs(share - limit) == pytest.approx(z * np.sqrt(limit * (1 - limit) / n), rel=1e-9)
    assert 0 < low < share < high < 1


def test_wilson_at_the_ends():
    assert wilson_interval(0.0, 10)[0] == 0.0
    assert wilson_interval(1.0, 10)[1] == pytest.approx(1.0, abs=1e-12)
    assert wilson_interval(1.0, 10)[0] == pytest.approx(1 - wilson_interval(0.0, 10)[1])


def test_effective_draws():
    assert effective_draws(0.5, 0.25 / 40, 100.0) == pytest.approx(40.0)
    assert effective_draws(0.5, 0.25 / 400, 100.0) == 100.0  # never more than there are
    assert effective_draws(1.0, 0.0, 100.0) == 100.0
    assert effective_draws(0.3, 0.0, 100.0) == 100.0


# -- means and errors --------------------------------------------------------------------------------------------------


def sample(seed, n=60, columns=3):
    rng = np.random.default_rng(seed)
    return rng.gamma(0.7, size=(n, columns)), rng.gamma(2.0, size=n), rng.integers(n // 4, size=n)


def test_one_sample_standard_error():
    values, _, _ = sample(0)
    mean, error = mean_and_error(*unit_sums(values, np.ones(60), None))
    np.testing.assert_allclose(mean, values.mean(axis=0))
    np.testing.assert_allclose(error, values.std(axis=0, ddof=1) / np.sqrt(60), rtol=1e-12)


def test_weighted_error_by_definition():
    values, weight, _ = sample(1)
    mean, error = mean_and_error(*unit_sums(values, weight, None))
    m = weight @ values / weight.sum()
    np.testing.assert_allclose(mean, m, rtol=1e-12)
    expected = np.sqrt(60 / 59 * (weight[:, None] ** 2 * (values - m) ** 2).sum(axis=0)) / weight.sum()
    np.testing.assert_allclose(error, expected, rtol=1e-12)


def test_clustered_error_by_definition():
    values, weight, group = sample(2)
    group = np.unique(group, return_inverse=True)[1]
    sums, sizes = unit_sums(values, weight, group)
    mean, error = mean_and_error(sums, sizes)
    m = weight @ values / weight.sum()
    n_groups = group.max() + 1
    by_group = np.stack([(weight[group == g, None] * (values[group == g] - m)).sum(axis=0) for g in range(n_groups)])
    np.testing.assert_allclose(mean, m, rtol=1e-12)
    np.testing.assert_allclose(sizes, [weight[group == g].sum() for g in range(n_groups)])
    expected = np.sqrt(n_groups / (n_groups - 1) * (by_group**2).sum(axis=0)) / weight.sum()
    np.testing.assert_allclose(error, expected, rtol=1e-12)


def test_copies_in_groups_have_the_error_of_single_rows():
    values, _, _ = sample(3)
    rows = np.repeat(np.arange(60), 4)
    single = mean_and_error(*unit_sums(values, np.ones(60), None))
    grouped = mean_and_error(*unit_sums(values[rows], np.ones(240), rows))
    np.testing.assert_allclose(grouped, single, rtol=1e-12)


# -- intervals of means ------------------------------------------------------------------------------------------------


def interval(values, weight=None, group=None, seed=0, **options):
    weight = np.ones(len(values)) if weight is None else weight
    return mean_intervals(values, weight, group, np.random.default_rng(seed), **options)


def test_normal_interval_of_many_rows():
    values = np.random.default_rng(0).gamma(1.0, size=(3000, 2))
    mean, low, high, method = interval(values)
    assert method == "normal"
    reference = ttest_1samp(values, 0.0).confidence_interval(0.95)
    np.testing.assert_allclose(low, reference.low, atol=1e-4)  # t on 2999 degrees of freedom
    np.testing.assert_allclose(high, reference.high, atol=1e-4)
    np.testing.assert_allclose((high - low) / 2, norm.isf(0.025) * values.std(axis=0, ddof=1) / np.sqrt(3000))
    np.testing.assert_allclose(mean, values.mean(axis=0))


def test_groups_of_one_row_give_the_t_interval():
    values = np.random.default_rng(0).gamma(1.0, size=(1500, 2))
    _, low, high, method = interval(values, group=np.random.default_rng(1).permutation(1500))
    assert method == "cluster t"
    reference = ttest_1samp(values, 0.0).confidence_interval(0.95)
    np.testing.assert_allclose(low, reference.low, rtol=1e-9)
    np.testing.assert_allclose(high, reference.high, rtol=1e-9)


def test_level():
    values = np.random.default_rng(0).gamma(1.0, size=(3000, 1))
    widths = [np.ptp(np.stack(interval(values, level=level)[1:3])) for level in (0.5, 0.9, 0.99)]
    np.testing.assert_allclose(np.array(widths) / widths[0], norm.isf([0.25, 0.05, 0.005]) / norm.isf(0.25), rtol=1e-9)


def test_bootstrap_t_of_normal_data_is_close_to_students_t():
    values = np.random.default_rng(5).normal(size=(25, 40))
    mean, low, high, method = interval(values)
    assert method == "bootstrap-t"
    half = t.isf(0.025, 24) * values.std(axis=0, ddof=1) / 5.0
    # Forty columns share the 999 resamples; their average is near Student's limit, each within a third of it.
    assert np.mean((high - mean) / half) == pytest.approx(1.0, abs=0.12)
    assert np.mean((mean - low) / half) == pytest.approx(1.0, abs=0.12)


def test_bootstrap_t_leans_toward_the_long_tail():
    values = np.random.default_rng(6).lognormal(sigma=1.2, size=(60, 20))
    mean, low, high, _ = interval(values)
    assert ((high - mean) > 1.2 * (mean - low)).all()


def test_bootstrap_t_by_definition():
    values, weight, _ = sample(7, n=30, columns=2)
    sums, sizes = unit_sums(values, weight, None)
    times = draw_resamples(30, np.random.default_rng(3))
    assert times.shape == (N_RESAMPLES, 30)
    assert (times.sum(axis=1) == 30).all()
    mean, error = mean_and_error(sums, sizes)
    ratios = []
    for count in times.astype(int):
        rows = np.repeat(np.arange(30), count)
        m, e = mean_and_error(sums[rows], sizes[rows])
        ratios.append((m - mean) / e)
    upper, lower = np.quantile(ratios, [0.975, 0.025], axis=0)
    low, high = bootstrap_t(sums, sizes, np.random.default_rng(3))
    np.testing.assert_allclose(low, mean - upper * error, rtol=1e-8)
    np.testing.assert_allclose(high, mean - lower * error, rtol=1e-8)
    shared = bootstrap_t(sums, sizes, np.random.default_rng(99), resamples=times)
    np.testing.assert_array_equal(shared, (low, high))


def test_resamples_too_large_to_hold(monkeypatch):
    monkeypatch.setattr(intervals, "MAX_HELD_UNITS", 20)
    monkeypatch.setattr(intervals, "FEW_RESAMPLES", 4000)
    values, weight, _ = sample(8, n=50, columns=2)
    assert draw_resamples(50, np.random.default_rng(0)) is None
    piecewise = interval(values, weight)
    monkeypatch.undo()
    held = interval(values, weight)
    assert piecewise[3] == held[3] == "bootstrap-t"
    width = held[2] - held[1]
    np.testing.assert_allclose(piecewise[1], held[1], atol=0.12 * width.max())
    np.testing.assert_allclose(piecewise[2], held[2], atol=0.12 * width.max())


@pytest.mark.parametrize("n", [100, 1500])
@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("factor", [1e-9, 1e9])
def test_scaled_weights_change_nothing(n, grouped, factor):
    rng = np.random.default_rng(0)
    values, weight = rng.gamma(1.0, size=(n, 2)), rng.uniform(0.8, 1.2, size=n)
    group = rng.permutation(n) // 3 if grouped else None
    a, b = interval(values, weight, group), interval(values, factor * weight, group)
    np.testing.assert_allclose(b[:3], a[:3], rtol=1e-9)
    assert a[3] == b[3]


def test_bootstrap_over_groups():
    values = np.random.default_rng(0).gamma(1.0, size=(100, 2))
    rows = np.repeat(np.arange(100), 30)
    single, grouped = interval(values), interval(values[rows], group=rows)
    assert grouped[3] == "bootstrap-t over groups"
    np.testing.assert_allclose(grouped[:3], single[:3], rtol=1e-9)


def test_heavy_weights_count_as_few_rows():
    rng = np.random.default_rng(0)
    weight = np.r_[np.full(50, 1e6), np.ones(5000)]
    assert 50 <= weight.sum() ** 2 / (weight @ weight) < BOOTSTRAP_BELOW
    assert interval(rng.gamma(1.0, size=(5050, 1)), weight)[3] == "bootstrap-t"


def test_what_cannot_be_had():
    values = np.random.default_rng(0).gamma(1.0, size=(90, 2))
    mean, low, high, method = interval(values, group=np.arange(90) // 10)
    assert method == "not applicable: 9 groups are too few"
    np.testing.assert_allclose(mean, values.mean(axis=0))
    assert np.isnan(low).all()
    assert np.isnan(high).all()
    assert interval(values, group=np.arange(90) // 9)[3] == "bootstrap-t over groups"
    with np.errstate(invalid="raise"):
        mean, low, high, method = interval(values[:1])
    assert method == "not applicable: one row"
    assert np.isnan(low).all()


@pytest.mark.parametrize("n", [8, 50, 2000])
def test_constant_columns_have_no_width(n):
    values = np.stack([np.full(n, 0.1), np.random.default_rng(0).random(n)], axis=1)
    mean, low, high, _ = interval(values, np.random.default_rng(1).gamma(1.0, size=n))
    np.testing.assert_allclose([low[0], high[0]], mean[0], rtol=1e-12)
    assert np.isfinite([low, high]).all()
    assert (low <= mean).all()
    assert (mean <= high).all()


def test_two_rows():
    mean, low, high, method = interval(np.array([[1.0], [3.0]]))
    # The resamples of two rows have no spread of their own: Student's t gives the width.
    assert method == "wider of bootstrap-t and t"
    assert mean == 2.0
    half = t.isf(0.025, 1) * 1.0
    np.testing.assert_allclose([low[0], high[0]], [2.0 - half, 2.0 + half])


def test_one_heavy_row_has_no_interval():
    weight = np.ones(50)
    weight[7] = 1e4
    _, low, high, method = interval(np.random.default_rng(0).random((50, 1)), weight)
    assert method == "not applicable: one row has most of the weight"
    assert np.isnan([low, high]).all()


# -- coverage ----------------------------------------------------------------------------------------------------------


def coverage(make, truth, n_runs, seed=0):
    rng = np.random.default_rng(seed)
    hits = 0
    for run in range(n_runs):
        values, weight, group = make(rng)
        _, low, high, _ = mean_intervals(values[:, None], weight, group, np.random.default_rng(run))
        hits += bool(low[0] <= truth <= high[0])
    return hits


def loss_of_overconfident_model(rng, n, temperature=3.0):
    """Log losses of a two-class model that reports T times its log odds."""
    odds = 2.0 * rng.normal(size=n)
    y = rng.random(n) < 1 / (1 + np.exp(-odds))
    return np.logaddexp(0, np.where(y, -1, 1) * temperature * odds)


def test_coverage_of_the_bootstrap_on_skewed_losses():
    truth = loss_of_overconfident_model(np.random.default_rng(0), 2_000_000).mean()
    hits = coverage(lambda rng: (loss_of_overconfident_model(rng, 50), np.ones(50), None), truth, 300)
    assert binom.cdf(hits, 300, 0.94) > 1e-3  # simulated before: .945 to .960
    assert binom.sf(hits, 300, 0.97) > 1e-3


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n", "temperature", "weighted"), [(30, 1.0, False), (30, 3.0, False), (100, 3.0, True), (1200, 3.0, False)]
)
def test_coverage_at_length(n, temperature, weighted):
    truth = loss_of_overconfident_model(np.random.default_rng(0), 4_000_000, temperature).mean()

    def make(rng):
        weight = rng.uniform(0.2, 2.0, size=n) if weighted else np.ones(n)
        return loss_of_overconfident_model(rng, n, temperature), weight, None

    hits = coverage(make, truth, 800)
    assert binom.cdf(hits, 800, 0.935) > 1e-3
    assert binom.sf(hits, 800, 0.97) > 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("n_groups", [15, 60, 1100])
def test_coverage_over_groups(n_groups):
    truth = loss_of_overconfident_model(np.random.default_rng(0), 4_000_000).mean()

    def make(rng):
        sizes = rng.integers(1, 6, size=n_groups)
        group = np.repeat(np.arange(n_groups), sizes)
        return loss_of_overconfident_model(rng, n_groups)[group], np.ones(group.size), group

    hits = coverage(make, truth, 500)
    assert binom.cdf(hits, 500, 0.93 if n_groups > 20 else 0.90) > 1e-3


def test_wilson_covers_close_to_its_level():
    # Exact coverage over binomial outcomes, averaged over p.
    n, covered = 30, []
    limits = [wilson_interval(hits / n, n) for hits in range(n + 1)]
    for p in np.linspace(0.02, 0.98, 97):
        inside = [low <= p <= high for low, high in limits]
        covered.append(binom.pmf(np.arange(n + 1), n, p) @ inside)
    assert np.mean(covered) == pytest.approx(0.95, abs=0.01)
    assert min(covered) > 0.83


def test_brent_agrees_with_wilson():
    n, share = 17, 5 / 17
    upper = brentq(lambda p: (p - share) - norm.isf(0.025) * np.sqrt(p * (1 - p) / n), share, 1)
    assert wilson_interval(share, n)[1] == pytest.approx(upper, rel=1e-9)


@pytest.mark.parametrize(("n", "grouped"), [(60, False), (2000, False), (1500, True)])
def test_p_value_of_a_mean_agrees_with_its_limits(n, grouped):
    rng = np.random.default_rng(3)
    group = np.arange(n) // 1 if grouped else None
    values = rng.gamma(1.0, size=n)
    _, low, _, _ = interval(values[:, None], group=group)
    for shift, side in ((-1e-3, 1), (1e-3, -1)):
        p_value = mean_p_value(values - low[0] + shift, np.ones(n), group, np.random.default_rng(0))
        assert side * (p_value - 0.05) > -0.004


def test_no_p_value_without_an_interval():
    rng = np.random.default_rng(0)
    assert mean_p_value(rng.normal(size=20), np.ones(20), np.arange(20) % 5, rng) is None
    assert mean_p_value(np.ones(20), np.ones(20), None, rng) is None


@pytest.mark.parametrize("copies", [1, 3])
@pytest.mark.parametrize("misses", [1, 2, 30])
def test_a_mean_of_two_values_is_a_proportion(misses, copies):
    # One miss of 40: a third of the resamples lack it, and the others have no smaller mean.
    values = np.where(np.arange(40) < misses, 36.0, 0.5)
    low, high = wilson_interval(misses / 40, 40)
    rows = np.repeat(np.arange(40), copies)
    group = rows if copies > 1 else None
    found = mean_intervals(values[rows, None], np.ones(rows.size), group, np.random.default_rng(0))
    assert found[1][0] == pytest.approx(0.5 + 35.5 * low)
    assert found[2][0] == pytest.approx(0.5 + 35.5 * high)


@pytest.mark.simulation
@pytest.mark.parametrize(("n", "rate"), [(60, 0.06), (200, 0.02)])
def test_few_misses_among_rows_that_are_all_as_sure_are_covered(n, rate):
    rng, covered = np.random.default_rng(n), []
    for _ in range(300):
        values = np.where(rng.random(n) < rate, 13.8, 1e-6)
        if np.ptp(values) > 0:  # without a miss nothing varies
            _, low, high, _ = mean_intervals(values[:, None], np.ones(n), None, rng)
            covered.append(low[0] <= 13.8 * rate + 1e-6 * (1 - rate) <= high[0])
    assert np.mean(covered) > 0.92


@pytest.mark.parametrize("unit", [1e-200, 1e-3, 1e200])
def test_studentised_means_have_no_unit(unit):
    rng = np.random.default_rng(0)
    sums, sizes = rng.normal(size=(40, 2)), rng.uniform(1.0, 3.0, size=40)
    resamples = draw_resamples(40, rng)
    expected = studentised_means(sums, sizes, rng, resamples)
    np.testing.assert_allclose(studentised_means(unit * sums, sizes, rng, resamples), expected, rtol=1e-6)
    assert np.isfinite(expected).all()
