import numpy as np
import pytest
from scipy.stats import chi2

from sklearn_lossacc._numerics.mixture import profile_floor
from sklearn_lossacc._numerics.temperature import solve_temperature
from sklearn_lossacc.inference.null import NullModel
from sklearn_lossacc.inference.open_costs import open_floor_cost, open_temperature_cost

HALF_CUT = 0.5 * chi2.ppf(0.9, 1)


def alike(n, wrong, p=0.95):
    """Two classes, every row sure to the same degree, some labels wrong."""
    log_proba, y = np.log(np.tile([1.0 - p, p], (n, 1))), np.r_[np.zeros(wrong, int), np.ones(n - wrong, int)]
    return log_proba, y


def temperature_cost(log_proba, y, weight=None, group=None):
    weight = np.ones(len(y)) if weight is None else weight
    null = NullModel(log_proba, y, weight, group)
    return open_temperature_cost(null, log_proba, solve_temperature(log_proba, y, weight))


def floor_cost(log_proba, y, weight=None, group=None):
    weight = np.ones(len(y)) if weight is None else weight
    p_true = np.exp(log_proba[np.arange(len(y)), y])
    return open_floor_cost(NullModel(log_proba, y, weight, group), log_proba, profile_floor(p_true, weight, 2))


def divergence(q, p):
    return q * np.log(q / p) + (1 - q) * np.log((1 - q) / (1 - p))


@pytest.mark.parametrize(("n", "wrong"), [(20, 0), (50, 4), (400, 60)])
def test_rows_alike_have_the_limit_of_a_proportion(n, wrong):
    # Temperature and floor both only say how often the label is the likelier one: the same law, the same cost.
    p, seen = 0.95, 1.0 - wrong / n
    grid = np.linspace(0.5, p, 400_001)
    with np.errstate(divide="ignore", invalid="ignore"):
        best = n * (np.nan_to_num(wrong / n * np.log(wrong / n)) + seen * np.log(seen))
    # The floor may not raise the share above p; at the fit it may be 0.
    for cost, top in ((temperature_cost, best), (floor_cost, None)):
        likelihood = wrong * np.log1p(-grid) + (n - wrong) * np.log(grid)
        top = likelihood.max() if top is None else top
        lowest = grid[likelihood >= top - HALF_CUT][0]
        assert cost(*alike(n, wrong)) == pytest.approx(divergence(lowest, p), rel=1e-3), cost


def test_no_cost_where_every_likely_temperature_is_below_one():
    log_proba, y = alike(200, 0, p=0.6)
    assert temperature_cost(log_proba, y) == 0.0
    y[:8] = 0
    assert temperature_cost(log_proba, y) == 0.0


def test_useless_scores_may_cost_all_they_say():
    log_proba, y = alike(60, 30)
    assert temperature_cost(log_proba, y) == pytest.approx(divergence(0.5, 0.95), rel=1e-6)
    assert floor_cost(log_proba, y) == pytest.approx(divergence(0.725, 0.95), rel=1e-6)  # a floor ends at a half


@pytest.mark.parametrize("cost", [temperature_cost, floor_cost])
def test_copies_in_groups_leave_open_as_much_as_their_rows(cost):
    rng = np.random.default_rng(0)
    log_odds = np.outer(2.0 * rng.standard_normal(80), [1.0, -1.0])
    log_proba = -np.logaddexp(0.0, log_odds)
    y = (rng.random(80) * (1.0 + np.exp(0.5 * log_odds[:, 1])) < 1.0).astype(int)  # half as sure
    single = cost(log_proba, y)
    rows = np.repeat(np.arange(80), 3)
    assert cost(log_proba[rows], y[rows], group=rows) == pytest.approx(single, rel=1e-6)
    assert cost(log_proba[rows], y[rows]) < 0.8 * single
    assert cost(log_proba, y, np.full(80, 7.0)) == pytest.approx(single, rel=1e-6)
    assert cost(log_proba, y, rng.exponential(size=80)) > 0


@pytest.mark.slow
@pytest.mark.parametrize(("n", "times"), [(60, 1), (60, 3), (200, 1)])
def test_the_limits_hold_where_labels_come_from_the_law(n, times):
    # A temperature of 3 or a floor of 0.15. Of so few rows the limits of nominally 95 % hold in 0.91 to 0.96.
    for kind in ("temperature", "floor"):
        rng = np.random.default_rng([n, times])
        held = []
        big = 2.5 * rng.standard_normal((100_000, 2))
        big -= np.logaddexp.reduce(big, axis=1)[:, None]

        def law(truth, kind=kind):
            shown = 3.0 * truth if kind == "temperature" else truth
            q = np.exp(truth) if kind == "temperature" else 0.85 * np.exp(truth) + 0.075
            return q, shown - np.logaddexp.reduce(shown, axis=1)[:, None]

        q, shown = law(big)
        true_cost = float((q * (np.log(q) - shown)).sum(axis=1).mean())
        for _ in range(300):
            q, log_proba = law(big[rng.integers(len(big), size=n)])
            y = (rng.random(n) < q[:, 1]).astype(int)
            rows = np.repeat(np.arange(n), times)
            cost = temperature_cost if kind == "temperature" else floor_cost
            held.append(cost(log_proba[rows], y[rows], group=rows if times > 1 else None) >= true_cost)
        assert np.mean(held) >= 0.9, kind
