import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import binom, norm

from sklearn_lossacc._numerics.binning import right_closed_bins
from sklearn_lossacc.inference.calibration_error import (
    EXACT_BELOW,
    N_BINS,
    N_NULL_DRAWS,
    binned_calibration,
)
from sklearn_lossacc.inference.debiased_error import debiased_rmsce, debiased_square
from sklearn_lossacc.inference.smooth_ece import smooth_ece


def bins_of(confidence):
    return right_closed_bins(confidence, N_BINS)


def top_label(seed, n, k=10, *, scale=1.5, temperature=1.0):
    """Confidence and hits of a model that reports T times its scores."""
    rng = np.random.default_rng([seed, n])
    scores = scale * rng.normal(size=(n, k))
    y = (scores + rng.gumbel(size=(n, k))).argmax(axis=1)
    proba = softmax(temperature * scores, axis=1)
    return proba.max(axis=1), (proba.argmax(axis=1) == y).astype(float)


def binned(confidence, correct, weight=None, group=None, seed=0):
    weight = np.ones(len(confidence)) if weight is None else weight
    return binned_calibration(
        np.asarray(confidence, float), np.asarray(correct, float), weight, group, np.random.default_rng(seed)
    )


# -- bins ---------------------------------------------------------------------------------------------------------


def test_bins_are_closed_on_the_right():
    edges = np.arange(N_BINS + 1) / N_BINS
    np.testing.assert_array_equal(right_closed_bins(edges[1:], N_BINS), np.arange(N_BINS))
    np.testing.assert_array_equal(right_closed_bins(np.nextafter(edges[:-1], 1), N_BINS), np.arange(N_BINS))
    assert right_closed_bins(np.array([0.0]), N_BINS)[0] == 0


@pytest.mark.parametrize("n_bins", [3, 10, 15, 49, 100])
def test_limits_of_every_number_of_bins(n_bins):
    edges = np.arange(1, n_bins + 1) / n_bins
    np.testing.assert_array_equal(right_closed_bins(edges, n_bins), np.arange(n_bins))


def test_ece_by_hand():
    # Bins of width 1/15: .62 and .65 share (.6, .667], .95 and .99 share (.933, 1].
    bins = binned([0.62, 0.65, 0.95, 0.99, 0.99], [1, 0, 1, 1, 0])
    gaps = abs(1 - 1.27) + abs(2 - 2.93)
    assert bins.ece == pytest.approx(gaps / 5)
    np.testing.assert_array_equal(bins.rows[[9, 14]], [2, 3])
    assert bins.rows.sum() == 5
    assert bins.confidence[9] == pytest.approx(1.27)
    assert bins.correct[14] == 2


def test_ece_by_definition():
    confidence, correct = top_label(0, 500)
    weight = np.random.default_rng(0).gamma(1.0, size=500)
    total = 0.0
    for b in range(N_BINS):
        inside = (confidence > b / N_BINS) & (confidence <= (b + 1) / N_BINS)
        total += abs((weight * (correct - confidence))[inside].sum())
    assert binned(confidence, correct, weight).ece == pytest.approx(total / weight.sum())


def test_weight_is_repetition_in_the_value():
    confidence, correct = top_label(1, 200)
    times = np.random.default_rng(0).integers(1, 4, size=200)
    repeated = binned(np.repeat(confidence, times), np.repeat(correct, times))
    assert binned(confidence, correct, times.astype(float)).ece == pytest.approx(repeated.ece)


# -- the null -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "mean"), [(100, 0.119), (500, 0.054), (2000, 0.027), (10_000, 0.012)])
def test_mean_of_the_null(n, mean):
    # Simulated before under perfect calibration, ten classes; it depends a little on the sharpness.
    confidence, correct = top_label(2, n)
    bins = binned(confidence, correct)
    assert bins.null_ece.shape == (N_NULL_DRAWS,)
    assert bins.null_ece.mean() == pytest.approx(mean, rel=0.2)


@pytest.mark.parametrize("n", [60, 8000])
def test_null_gaps_have_the_moments_of_sums_of_bernoullis(n):
    # At n = 8000 some bins are drawn row by row and some from the normal law.
    confidence, correct = top_label(3, n, k=5)
    weight = np.random.default_rng(0).uniform(0.5, 1.5, size=n)
    bins = binned(confidence, correct, weight)
    if n > 1000:
        assert (bins.rows[bins.rows > 0] < EXACT_BELOW).any()
        assert (bins.rows >= EXACT_BELOW).any()
    variance = np.bincount(bins_of(confidence), weight**2 * confidence * (1 - confidence), N_BINS)
    error = np.sqrt(variance / N_NULL_DRAWS)
    assert (np.abs(bins.null_gap.mean(axis=0)) <= 4.5 * error).all()
    used = variance > 0.2
    np.testing.assert_allclose(bins.null_gap.var(axis=0)[used], variance[used], rtol=0.25)
    np.testing.assert_allclose(bins.null_gap.var(axis=0)[used].mean(), variance[used].mean(), rtol=0.1)


def test_the_ece_of_a_healthy_model_is_one_of_its_null():
    ranks = []
    for seed in range(120):
        bins = binned(*top_label(seed, 150), seed=seed)
        ranks.append((bins.null_ece >= bins.ece).mean())
    for level in (0.05, 0.25, 0.5, 0.75):
        hits = (np.array(ranks) <= level).sum()
        assert min(binom.cdf(hits, 120, level), binom.sf(hits - 1, 120, level)) > 1e-4


def test_the_ece_of_an_overconfident_model_is_not():
    bins = binned(*top_label(0, 2000, temperature=1.5))
    assert (bins.null_ece < bins.ece).all()


def test_groups_of_copies_widen_the_null():
    confidence, correct = top_label(4, 200)
    rows = np.repeat(np.arange(200), 9)
    single, grouped = binned(confidence, correct), binned(confidence[rows], correct[rows], group=rows)
    assert grouped.ece == pytest.approx(single.ece)
    assert grouped.null_ece.mean() == pytest.approx(single.null_ece.mean(), rel=0.08)
    naive = binned(confidence[rows], correct[rows])
    assert naive.null_ece.mean() < 0.5 * single.null_ece.mean()


def test_band():
    confidence, correct = top_label(5, 3000, k=4)
    bins = binned(confidence, correct)
    low, high = bins.band()
    used = bins.rows > 0
    assert np.isnan(low[~used]).all()
    assert np.isnan(high[~used]).all()
    assert (~used).any()
    accuracy, centre = bins.correct[used] / bins.rows[used], bins.confidence[used] / bins.rows[used]
    assert (low[used] <= centre).all()
    assert (centre <= high[used]).all()
    assert ((accuracy < low[used]) | (accuracy > high[used])).sum() <= 2
    variance = np.bincount(bins_of(confidence), confidence * (1 - confidence), N_BINS)[used] / bins.rows[used] ** 2
    wide = bins.rows[used] > 100
    np.testing.assert_allclose((high - low)[used][wide], 2 * 1.96 * np.sqrt(variance[wide]), rtol=0.15)
    narrow_low, narrow_high = bins.band(level=0.5)
    assert ((narrow_high - narrow_low)[used] <= (high - low)[used]).all()


def test_certain_rows():
    bins = binned(np.ones(20), np.ones(20))
    assert bins.ece == 0.0
    assert not bins.null_ece.any()
    low, high = bins.band()
    assert (low[-1], high[-1]) == (1.0, 1.0)


# -- debiased -------------------------------------------------------------------------------------------------------


def squared(value):
    return np.sign(value) * value**2


def test_debiased_by_hand():
    # 45 rows, so 15 bins of 3; in a bin of residuals a, b, c the estimate is 2 (ab + ac + bc) / 6.
    confidence = np.linspace(0.5, 0.94, 45)
    correct = (np.arange(45) % 4 < 3).astype(float)
    r = (correct - confidence).reshape(15, 3)
    expected = ((r.sum(axis=1) ** 2 - (r**2).sum(axis=1)) / 6).mean()
    assert squared(debiased_rmsce(confidence, correct, np.ones(45))) == pytest.approx(expected)


@pytest.mark.parametrize("weighted", [False, True])
def test_debiased_is_unbiased(weighted):
    # True accuracy = confidence - gap, with the gap constant over each bin: the squared error is known.
    rng = np.random.default_rng(0)
    confidence = np.sort(rng.uniform(0.5, 0.95, size=300))
    weight = np.repeat(rng.uniform(0.5, 2.0, size=15), 20) if weighted else np.ones(300)
    mass = (np.cumsum(weight) - 0.5 * weight) / weight.sum()
    bins = (15 * mass).astype(int)
    gap = 0.1 * np.sin(bins)
    truth = np.average(gap**2, weights=weight)
    draws = [
        squared(debiased_rmsce(confidence, (rng.random(300) < confidence - gap).astype(float), weight))
        for _ in range(1500)
    ]
    assert np.mean(draws) == pytest.approx(truth, abs=4 * np.std(draws) / np.sqrt(1500))
    assert 4 * np.std(draws) / np.sqrt(1500) < 0.2 * truth


def test_debiased_is_centred_at_zero_on_a_healthy_model():
    draws = [squared(debiased_rmsce(*top_label(seed, 200), np.ones(200))) for seed in range(400)]
    assert abs(np.mean(draws)) < 4 * np.std(draws) / 20
    assert min(draws) < 0 < max(draws)


@pytest.mark.parametrize("levels", [1, 2, 5])
def test_tied_confidences_share_a_bin(levels):
    # Bins that looked at the labels to break ties would see wrong rows first and right rows last: error .45, not 0.
    rng = np.random.default_rng(0)
    confidence = rng.choice(np.linspace(0.6, 0.9, levels), size=3000)
    correct = (rng.random(3000) < confidence).astype(float)
    assert abs(debiased_rmsce(confidence, correct, np.ones(3000))) < 0.03


def test_debiased_does_not_depend_on_row_order():
    confidence, correct = top_label(0, 300)
    confidence = confidence.round(2)
    weight = np.random.default_rng(0).gamma(1.0, size=300)
    rows = np.random.default_rng(1).permutation(300)
    assert debiased_rmsce(confidence[rows], correct[rows], weight[rows]) == pytest.approx(
        debiased_rmsce(confidence, correct, weight), rel=1e-9
    )


def test_debiased_needs_two_rows():
    assert np.isnan(debiased_rmsce(np.array([0.7]), np.array([1.0]), np.ones(1)))
    assert np.isfinite(debiased_rmsce(np.array([0.7, 0.8]), np.array([1.0, 0.0]), np.ones(2)))


# -- smooth ---------------------------------------------------------------------------------------------------------


def smoothed_error(confidence, correct, weight, sigma, n_points=4001):
    """Integral over [0, 1] of the absolute residual, smoothed by a Gaussian that is reflected at both ends."""
    grid = np.linspace(0.0, 1.0, n_points)
    residual = weight * (correct - confidence) / weight.sum()
    smooth = np.zeros(n_points)
    for shift in range(-6, 7):
        for sign in (1, -1):
            smooth += norm.pdf((grid[:, None] - (2 * shift + sign * confidence)) / sigma) @ residual / sigma
    return np.trapezoid(np.abs(smooth), grid)


@pytest.mark.parametrize("temperature", [1.0, 2.0, 0.6])
@pytest.mark.parametrize("weighted", [False, True])
def test_smooth_ece_is_the_width_that_equals_the_error(temperature, weighted):
    confidence, correct = top_label(6, 150, k=3, temperature=temperature)
    weight = np.random.default_rng(0).gamma(1.0, size=150) if weighted else np.ones(150)
    value = smooth_ece(confidence, correct, weight)
    assert smoothed_error(confidence, correct, weight, value) == pytest.approx(value, rel=1e-4)


@pytest.mark.parametrize(
    ("level", "slope", "value"),
    # relplot 1.0.3, smECE(confidence, correct); it searches the width on a grid of 1/1024
    [(0.5, 1.0, 0.013340458), (0.6, 0.8, 0.102012562), (0.3, 1.2, 0.191968263)],
)
def test_smooth_ece_against_relplot(level, slope, value):
    i = np.arange(500)
    confidence = 0.15 + 0.7 * (i + 0.5) / 500
    correct = ((i * 0.6180339887498949) % 1 < level + slope * (confidence - 0.5)).astype(float)
    assert smooth_ece(confidence, correct, np.ones(500)) == pytest.approx(value, abs=1e-3)


def test_smooth_ece_of_one_sided_residuals_is_the_gap():
    for edge in (0.0, 0.3, 1.0):
        correct = np.full(10, 1.0 if edge < 0.5 else 0.0)
        assert smooth_ece(np.full(10, edge), correct, np.ones(10)) == pytest.approx(abs(correct[0] - edge), abs=1e-6)


def test_smooth_ece_of_perfect_certainty_is_zero():
    assert smooth_ece(np.ones(10), np.ones(10), np.ones(10)) == 0.0


def test_smooth_ece_laws():
    confidence, correct = top_label(7, 400)
    times = np.random.default_rng(0).integers(1, 4, size=400)
    value = smooth_ece(confidence, correct, times.astype(float))
    assert smooth_ece(np.repeat(confidence, times), np.repeat(correct, times), np.ones(times.sum())) == pytest.approx(
        value, rel=1e-6
    )
    assert smooth_ece(confidence, correct, 1e-7 * times) == pytest.approx(value, rel=1e-6)
    rows = np.random.default_rng(1).permutation(400)
    assert smooth_ece(confidence[rows], correct[rows], times[rows].astype(float)) == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize(("n", "mean"), [(100, 0.068), (500, 0.039), (2000, 0.024)])
def test_smooth_ece_of_a_healthy_model(n, mean):
    # Simulated before under perfect calibration, ten classes.
    values = [smooth_ece(*top_label(seed, n), np.ones(n)) for seed in range(40)]
    assert np.mean(values) == pytest.approx(mean, rel=0.2)


def test_overconfidence_has_its_size_in_every_measure():
    # T = 1.3, ten classes; all rows overconfident, so every measure comes to the mean gap or a little more.
    confidence, correct = top_label(8, 60_000, temperature=1.3)
    weight = np.ones(60_000)
    gap = confidence.mean() - correct.mean()
    assert gap > 0.05
    assert binned(confidence, correct).ece == pytest.approx(gap, rel=0.1)
    assert smooth_ece(confidence, correct, weight) == pytest.approx(gap, rel=0.1)
    assert gap < debiased_rmsce(confidence, correct, weight) < 1.25 * gap


@pytest.mark.parametrize("gap", [0.0, 0.1])
def test_error_of_the_debiased_square(gap):
    found = []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        confidence = rng.uniform(0.5, 1.0, 300)
        correct = (rng.random(300) < confidence - gap).astype(float)
        found.append(debiased_square(confidence, correct, np.ones(300), None))
    squares, errors = np.transpose(found)
    assert abs(squares.mean() - gap**2) < 4 * squares.std() / np.sqrt(300)
    assert np.sqrt((errors**2).mean()) == pytest.approx(squares.std(), rel=0.15)


def test_copies_in_groups_are_one_row():
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.5, 1.0, 200)
    correct = (rng.random(200) < confidence).astype(float)
    alone = debiased_square(confidence, correct, np.ones(200), None)
    three = (np.repeat(confidence, 3), np.repeat(correct, 3), np.ones(600), np.repeat(np.arange(200), 3))
    assert debiased_square(*three) == pytest.approx(alone)
    # Pairs of copies would pass for a miscalibration.
    assert debiased_square(*three[:3], None)[0] > alone[0]


def test_draws_of_groups_by_definition():
    # All rows of a group take one uniform, whether it is compared with each of them or looked up.
    rng = np.random.default_rng(0)
    group, weight = rng.integers(0, 6, 400), rng.exponential(size=400)
    confidence = np.where(rng.random(400) < 0.1, 1.0, rng.uniform(0.3, 1.0, 400))
    found = binned(confidence, np.ones(400), weight, group, seed=3)
    uniform = np.random.default_rng(3).random((N_NULL_DRAWS, 6))[:, group]
    excess = weight * ((uniform < confidence) - confidence)
    for j in range(N_BINS):
        np.testing.assert_allclose(found.null_gap[:, j], excess[:, bins_of(confidence) == j].sum(axis=1), atol=1e-9)
