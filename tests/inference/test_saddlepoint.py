import numpy as np
import pytest
from scipy.special import log_softmax
from scipy.stats import binom, norm

from sklearn_lossacc.inference.null import NullModel
from sklearn_lossacc.inference.saddlepoint import WeightedTotal, saddlepoint_tail


def make(n, k, *, scale=1.0, weighted=False, seed=0):
    rng = np.random.default_rng([seed, n, k])
    log_proba = log_softmax(scale * rng.normal(size=(n, k)), axis=1)
    weight = rng.gamma(3.0, size=n) if weighted else np.ones(n)
    return log_proba, weight


def draw(log_proba, rng, temperature=1.0):
    return (log_proba / temperature + rng.gumbel(size=log_proba.shape)).argmax(axis=1)


def tails(null, values=None):
    """Of the total loss, or of other values of the labels."""
    return saddlepoint_tail(WeightedTotal(null, null.loss if values is None else values))


def enumerate_totals(null, values):
    """Every total that the labels can give, in increasing order, and its probability."""
    total, proba = np.zeros(1), np.ones(1)
    for row in range(null.n_rows):
        total = (total[:, None] + null.weight[row] * values[row]).ravel()
        proba = (proba[:, None] * null.proba[row]).ravel()
    order = np.argsort(total)
    return total[order], proba[order]


@pytest.mark.parametrize("scale", [1e-99, 1e99])
def test_the_scale_of_weights_does_not_matter(scale):
    """The fourth power of a weight need not be a number."""
    log_proba, weight = make(200, 3, weighted=True)
    y = draw(log_proba, np.random.default_rng(0))
    plain, scaled = (WeightedTotal(NullModel(log_proba, y, one), -log_proba) for one in (weight, scale * weight))
    assert scaled.events() == pytest.approx(plain.events(), rel=1e-9)
    assert scaled.skewness() == pytest.approx(plain.skewness(), rel=1e-9)
    assert saddlepoint_tail(scaled) == pytest.approx(saddlepoint_tail(plain), rel=1e-9)


@pytest.mark.parametrize(("n", "k"), [(8, 3), (12, 2), (16, 2), (10, 3), (8, 4)])
@pytest.mark.parametrize("weighted", [False, True])
def test_tails_against_all_label_combinations(n, k, weighted):
    log_proba, weight = make(n, k, weighted=weighted)
    values = -log_proba
    totals, proba = enumerate_totals(NullModel(log_proba, np.zeros(n, dtype=int), weight), values)
    rng = np.random.default_rng(1)
    moments = np.array([proba @ totals, np.sqrt(proba @ totals**2 - (proba @ totals) ** 2)])
    absolute, relative, normal = [], [], []
    for draw_number in range(150):
        y = draw(log_proba + [0.0, 1.5, -1.5][draw_number % 3] * values, rng)
        observed = weight @ values[np.arange(n), y]
        above = proba[totals >= observed - 1e-9].sum()
        below = proba[totals <= observed + 1e-9].sum()
        upper, lower, solved = tails(NullModel(log_proba, y, weight), values)
        if not solved:
            assert min(above, below) < 0.05
            continue
        assert upper + lower == pytest.approx(1.0, abs=1e-9)
        # The law is discrete: half of the mass of the observed total belongs to either side.
        exact = (above + 1 - below) / 2
        absolute.append(abs(upper - exact))
        if 1e-3 < exact < 0.999:
            relative.append(np.abs(np.log([upper / exact, lower / (1 - exact)])).max())
            z = (observed - moments[0]) / moments[1]
            normal.append(np.abs(np.log([norm.sf(z) / exact, norm.cdf(z) / (1 - exact)])).max())
    assert len(relative) > 50
    assert max(absolute) < 0.075  # about one outcome of so coarse a law
    assert np.median(absolute) < 0.01
    assert np.median(relative) < 0.06
    assert np.median(relative) < 0.5 * np.median(normal)


@pytest.mark.parametrize("values_of", ["loss", "floor"])
@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_tails_of_200_rows_against_convolution(values_of, scale):
    log_proba, _ = make(200, 4, scale=scale)
    null = NullModel(log_proba, np.zeros(200, dtype=int), np.ones(200))
    values = -log_proba if values_of == "loss" else np.log(0.95 + 0.05 / (4 * null.proba))
    values = values - values.min(axis=1, keepdims=True)
    grid = 5e-3  # so fine a lattice that it does not show
    cells = np.rint(values / grid).astype(int)
    law = np.zeros(cells.max(axis=1).sum() + 1)
    law[0], length = 1.0, 1
    for row in range(200):
        before, law[:length] = law[:length].copy(), 0.0
        for cell, p in zip(cells[row], null.proba[row], strict=True):
            law[cell : cell + length] += p * before
        length += cells[row].max()
    upper_tail = np.cumsum(law[::-1])[::-1]
    rng = np.random.default_rng(0)
    checked = []
    for temperature in np.geomspace(0.5, 3.0, 60):
        null.y = draw(log_proba, rng, temperature)
        observed = cells[np.arange(200), null.y].sum()
        exact = upper_tail[observed] - law[observed] / 2
        upper, lower, solved = tails(null, cells * grid)
        assert solved
        if 1e-12 < exact < 1 - 1e-12:
            checked.append(exact)
            assert upper == pytest.approx(exact, rel=0.02)
            assert lower == pytest.approx(1 - exact, rel=0.02)
    assert min(checked) < 1e-6
    assert max(checked) > 0.99


def test_far_tails_keep_their_magnitude():
    # n labels of probability 1/4 to 1/3 all at once: nothing but the product of the probabilities.
    p = np.linspace(0.25, 1 / 3, 300)
    log_proba = np.log(np.stack([p, 1 - p], axis=1))
    y = np.zeros(300, dtype=int)
    y[::7] = 1
    upper, lower, solved = tails(NullModel(log_proba, y, np.ones(300)))
    assert solved
    assert 0.0 < upper < 1e-60
    assert lower == 1.0


@pytest.mark.parametrize("seed", range(5))
def test_symmetric_law(seed):
    # Labels 0 and 1 equally likely, values +-v: the law is symmetric about 0.
    rng = np.random.default_rng(seed)
    v = rng.gamma(4.0, size=60)
    values = np.stack([v, -v], axis=1)
    y = rng.integers(2, size=60)
    null = NullModel(np.full((60, 2), np.log(0.5)), y, np.ones(60))
    mirrored = NullModel(np.full((60, 2), np.log(0.5)), 1 - y, np.ones(60))
    upper, lower, _ = tails(null, values)
    upper_mirrored, lower_mirrored, _ = tails(mirrored, values)
    assert upper == pytest.approx(lower_mirrored, rel=1e-6)
    assert lower == pytest.approx(upper_mirrored, rel=1e-6)


def test_observation_at_the_mean():
    # Two equally likely values in every row, half of the rows at either: the total is its own expectation.
    v = np.repeat(np.linspace(1.0, 2.0, 30), 2)
    values = np.stack([v, -v], axis=1)
    null = NullModel(np.full((60, 2), np.log(0.5)), np.tile([0, 1], 30), np.ones(60))
    upper, lower, solved = tails(null, values)
    assert solved
    assert upper == pytest.approx(0.5, abs=1e-12)
    assert lower == pytest.approx(0.5, abs=1e-12)


@pytest.mark.parametrize("n", [300, 3000])
def test_observation_at_the_mean_of_a_skewed_law(n):
    # Ten events expected and seen: less than half of the binomial law lies above.
    p = 10 / n
    log_proba = np.log(np.tile([1 - p, p], (n, 1)))
    y = (np.arange(n) < 10).astype(int)
    upper, lower, solved = tails(NullModel(log_proba, y, np.ones(n)), np.tile([0.0, 1.0], (n, 1)))
    assert solved
    assert upper == pytest.approx(binom.sf(10, n, p) + binom.pmf(10, n, p) / 2, abs=1e-3)
    assert upper < 0.485
    assert lower == pytest.approx(1 - upper)


def test_large_n_is_normal():
    log_proba, _ = make(40_000, 3)
    for temperature in (0.985, 1.0, 1.015):
        null = NullModel(log_proba, draw(log_proba, np.random.default_rng(2), temperature), np.ones(40_000))
        z = null.excess.sum() / np.sqrt(null.varentropy.sum())
        upper, lower, _ = tails(null)
        assert upper == pytest.approx(norm.sf(z), rel=0.05)
        assert lower == pytest.approx(norm.cdf(z), rel=0.05)


def test_scaled_weights_change_nothing():
    log_proba, weight = make(80, 3, weighted=True)
    y = draw(log_proba, np.random.default_rng(0), 1.5)
    expected = tails(NullModel(log_proba, y, weight))
    for factor in (1e-8, 1e5):
        upper, lower, solved = tails(NullModel(log_proba, y, factor * weight))
        assert solved
        np.testing.assert_allclose([upper, lower], expected[:2], rtol=1e-5)


# -- the edge of the support ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [12, 100, 400])
@pytest.mark.parametrize("expected_misses", [0.5, 6.0, 20.0])
def test_everything_right_is_left_to_others_or_bounded(n, expected_misses):
    # P(T <= t) is the product of the largest probabilities; a continuous law has nothing to say about it.
    p = 1 - np.linspace(0.6, 1.4, n) * expected_misses / n if expected_misses < n / 3 else np.linspace(0.6, 0.9, n)
    null = NullModel(np.log(np.stack([1 - p, p], axis=1)), np.ones(n, dtype=int), np.ones(n))
    upper, lower, solved = tails(null)
    assert upper == 1.0
    assert (np.prod(p) <= lower < 1e-4) if solved else lower == 0.0


def test_everything_wrong_is_bounded():
    p = np.linspace(0.7, 0.9, 100)
    null = NullModel(np.log(np.stack([1 - p, p], axis=1)), np.zeros(100, dtype=int), np.ones(100))
    upper, lower, solved = tails(null)
    assert np.prod(1 - p) <= upper < 1.01 * np.prod(1 - p)
    assert (lower, solved) == (1.0, True)


@pytest.mark.parametrize("n", [12, 30, 100])
@pytest.mark.parametrize("k", [2, 5])
def test_bounds_are_bounds(n, k):
    # All labels the least likely ones: no total is larger, and its probability is their product.
    log_proba, _ = make(n, k, scale=3.0)
    null = NullModel(log_proba, log_proba.argmin(axis=1), np.ones(n))
    bound = WeightedTotal(null, null.loss).bound()
    assert bound is not None
    assert null.log_proba.min(axis=1).sum() <= np.log(bound[0]) + 1e-9
    assert bound[0] < 1e-4
    assert (
        WeightedTotal(NullModel(log_proba, draw(log_proba, np.random.default_rng(0)), np.ones(n)), null.loss).bound()
        is None
    )


@pytest.mark.parametrize("pick", ["argmax", "argmin"])
def test_impossible_labels_at_the_edge(pick):
    rng = np.random.default_rng(0)
    proba = rng.dirichlet([0.5] * 3, size=200)
    log_proba = np.log(np.maximum(proba, 1e-12))
    y = getattr(log_proba, pick)(axis=1)
    padded = np.concatenate([log_proba, np.full((200, 2), -np.inf)], axis=1)
    assert tails(NullModel(padded, y, np.ones(200))) == tails(NullModel(log_proba, y, np.ones(200)))


def test_impossible_labels_change_no_tail():
    log_proba, weight = make(60, 3, weighted=True)
    y = draw(log_proba, np.random.default_rng(0), 1.4)
    padded = np.insert(log_proba, 1, -np.inf, axis=1)
    np.testing.assert_allclose(
        tails(NullModel(padded, np.where(y > 0, y + 1, 0), weight)),
        tails(NullModel(log_proba, y, weight)),
        rtol=1e-12,
    )


def test_no_variance():
    null = NullModel(np.full((10, 2), np.log(0.5)), np.zeros(10, dtype=int), np.ones(10))
    assert tails(null) == (1.0, 1.0, False)
