import numpy as np
import pytest
from scipy.special import softmax

from sklearn_lossacc import diagnose
from sklearn_lossacc.metrics import (
    debiased_calibration_error,
    expected_calibration_error,
    ks_calibration_error,
    smooth_calibration_error,
)


def draw(n=600, k=4, beta=1.6, seed=0):
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=1.5, size=(n, k))
    return softmax(beta * logits, axis=1), (logits + rng.gumbel(size=(n, k))).argmax(axis=1), rng.gamma(1.0, size=n)


def gaps(p, event, weight, bins):
    """Weight and weighted gap of each bin that holds rows."""
    found = []
    for b in np.unique(bins):
        w = np.where(bins == b, weight, 0)
        found.append((w.sum(), w @ (p - event) / w.sum()))
    return np.array(found).T


@pytest.mark.parametrize("strategy", ["uniform", "quantile"])
@pytest.mark.parametrize("n_bins", [1, 7, 15])
@pytest.mark.parametrize("kind", ["top_label", "classwise"])
def test_norms(strategy, n_bins, kind):
    P, y, weight = draw()
    events = [(P.max(axis=1), P.argmax(axis=1) == y)]
    if kind == "classwise":
        events = [(P[:, j], y == j) for j in range(4)]
    tables = []
    for p, event in events:
        if strategy == "uniform":
            bins = np.maximum(np.ceil(p * n_bins).astype(int) - 1, 0)
        else:
            middle = np.array([weight[p < c].sum() + weight[p == c].sum() / 2 for c in p]) / weight.sum()
            bins = (n_bins * middle).astype(int)
        tables.append(gaps(p, event, weight, bins))
    expected = {
        "l1": np.mean([np.average(np.abs(gap), weights=w) for w, gap in tables]),
        "l2": np.sqrt(np.mean([np.average(gap**2, weights=w) for w, gap in tables])),
        "max": max(np.abs(gap).max() for _, gap in tables),
    }
    for norm, value in expected.items():
        got = expected_calibration_error(
            y, P, sample_weight=weight, n_bins=n_bins, strategy=strategy, norm=norm, kind=kind
        )
        assert got == pytest.approx(value, abs=1e-12)


def test_limits_of_the_bins_are_closed_on_the_right():
    # .6 belongs to (.4, .6] with five bins: its gap of +.6 and that of -.3 in (.6, .8] do not cancel
    y, p = [0, 1], [0.6, 0.7]
    assert expected_calibration_error(y, p, n_bins=5) == pytest.approx((0.6 + 0.3) / 2)
    assert expected_calibration_error(y, p, n_bins=1) == pytest.approx((0.6 - 0.3) / 2)


def test_bins_of_equal_mass_do_not_depend_on_the_labels_within_ties():
    p = np.full(40, 0.75)
    y = np.array([0] * 10 + [1] * 30)
    for order in (np.arange(40), np.random.default_rng(0).permutation(40)):
        assert expected_calibration_error(y[order], p, strategy="quantile") == pytest.approx(0)


def test_agree_with_the_diagnosis():
    P, y, weight = draw()
    d = diagnose(y, P, sample_weight=weight)
    assert expected_calibration_error(y, P, sample_weight=weight) == pytest.approx(d.metrics["ece"].value)
    assert smooth_calibration_error(y, P, sample_weight=weight) == pytest.approx(d.metrics["smooth_ece"].value)
    assert debiased_calibration_error(y, P, sample_weight=weight) == pytest.approx(d.metrics["debiased_rmsce"].value)


def test_chance_is_taken_off():
    errors = []
    for seed in range(400):
        P, y, _ = draw(n=120, k=3, beta=1.0, seed=seed)
        root = debiased_calibration_error(y, P)
        errors.append((np.sign(root) * root**2, expected_calibration_error(y, P, norm="l2", strategy="quantile") ** 2))
    mean, margin = np.mean(errors, axis=0), 4 * np.std(errors, axis=0) / 20
    assert abs(mean[0]) < margin[0] < 0.004
    assert mean[1] > 0.02


def test_ks_by_hand():
    # sums after the confidences .5, .6, .75: 0, then .4 - .6 for the tied pair together, then -.75 more
    y, p = [1, 0, 1, 0, 0], [0.5, 0.5, 0.6, 0.6, 0.75]
    assert ks_calibration_error(y, p) == pytest.approx(0.95 / 5)  # 1 - .5 would be the first label alone
    assert ks_calibration_error([1, 1], [0.6, 0.8]) == pytest.approx(0.6 / 2)


def test_ks_counts_ties_together():
    y = np.array([1, 1, 1, 0, 0, 0, 1, 1])
    p = np.full(8, 0.625)
    assert ks_calibration_error(y, p) == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"n_bins": 0}, "n_bins"),
        ({"n_bins": 2.5}, "n_bins"),
        ({"n_bins": True}, "n_bins"),
        ({"strategy": "equal"}, "strategy must be one of 'uniform', 'quantile'"),
        ({"norm": "l3"}, "norm must be one of"),
        ({"kind": "top"}, "kind must be one of"),
    ],
)
def test_parameters_are_checked(keywords, message):
    with pytest.raises(ValueError, match=message):
        expected_calibration_error([0, 1], [0.2, 0.9], **keywords)


def test_debiased_needs_pairs():
    assert np.isnan(debiased_calibration_error([1], [0.8]))
    with pytest.raises(ValueError, match="n_bins"):
        debiased_calibration_error([0, 1], [0.2, 0.9], n_bins=0)
