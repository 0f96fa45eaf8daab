import numpy as np
import pytest
from scipy.special import entr, log_softmax
from scipy.stats import binom, chisquare

from sklearn_lossacc.inference.null import INVERSE_ENTRIES, ROWWISE_ROWS, SORTED_CLASSES, NullModel


def random_null(seed=0, n=40, k=5, *, group=False, weighted=False, scale=2.0):
    rng = np.random.default_rng(seed)
    log_proba = log_softmax(rng.normal(scale=scale, size=(n, k)), axis=1)
    weight = rng.gamma(2.0, size=n) if weighted else np.ones(n)
    codes = rng.integers(n // 3, size=n) if group else None
    if group:
        codes = np.unique(codes, return_inverse=True)[1]
    return NullModel(log_proba, rng.integers(k, size=n), weight, codes)


def all_labels(null, n_draws, seed=0):
    return np.concatenate([draws.labels() for draws in null.draws(n_draws, np.random.default_rng(seed))])


def binomial_p(hits, n_draws, proba):
    """Two-sided exact p-value of each count."""
    tail = np.minimum(binom.cdf(hits, n_draws, proba), binom.sf(hits - 1, n_draws, proba))
    return np.minimum(1.0, 2 * tail)


def test_entropy_and_varentropy_are_mean_and_variance_of_the_loss():
    null = random_null(n=30, k=4, weighted=True)
    p = np.exp(null.log_proba)
    np.testing.assert_allclose(null.entropy, entr(p).sum(axis=1), rtol=1e-13)
    second = (p * null.log_proba**2).sum(axis=1)
    np.testing.assert_allclose(null.varentropy, second - entr(p).sum(axis=1) ** 2, rtol=1e-10)
    np.testing.assert_allclose(null.excess, -null.log_proba[np.arange(30), null.y] - entr(p).sum(axis=1), rtol=1e-12)


def test_entropy_of_rows_with_impossible_labels():
    with np.errstate(divide="ignore"):
        log_proba = np.log([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])
    null = NullModel(log_proba, np.array([0, 0]), np.ones(2))
    np.testing.assert_allclose(null.entropy, [np.log(2), 0.0], atol=1e-15)
    np.testing.assert_allclose(null.varentropy, [0.0, 0.0], atol=1e-15)
    assert np.isfinite(null.loss).all()


def test_effective_n_is_kish():
    null = NullModel(np.full((3, 2), np.log(0.5)), np.zeros(3, dtype=int), np.array([1.0, 1.0, 2.0]))
    assert null.effective_n() == pytest.approx(16 / 6)


@pytest.mark.parametrize("k", [2, 3, 10])
@pytest.mark.parametrize("scale", [0.5, 4.0])
def test_draws_follow_the_probabilities(k, scale):
    null = random_null(seed=k, n=60, k=k, scale=scale)
    n_draws = 4000
    labels = all_labels(null, n_draws)
    assert labels.shape == (n_draws, 60)
    counts = np.stack([(labels == j).sum(axis=0) for j in range(k)], axis=1)
    # 60 k exact binomial tests, and their aggregate
    assert binomial_p(counts, n_draws, null.proba).min() > 1e-4 / (60 * k)
    expected = n_draws * null.proba
    enough = expected.min(axis=1) > 5
    if enough.any():
        p = [chisquare(c, e * c.sum() / e.sum()).pvalue for c, e in zip(counts[enough], expected[enough], strict=True)]
        assert min(p) > 1e-4 / enough.sum()


def test_rows_are_drawn_independently():
    null = NullModel(np.log(np.tile([0.3, 0.7], (6, 1))), np.zeros(6, dtype=int), np.ones(6))
    labels = all_labels(null, 20_000).astype(float)
    correlation = np.corrcoef(labels.T)
    np.fill_diagonal(correlation, 0.0)
    assert np.abs(correlation).max() < 4.5 / np.sqrt(20_000)


@pytest.mark.parametrize("k", [2, 3, 12, 13, 40])
def test_each_uniform_picks_its_label(k):
    # Labels in order of decreasing probability, whether they are compared one after the other or searched by halves.
    rng = np.random.default_rng(k)
    proba = rng.dirichlet(np.full(k, 0.5), size=50)
    proba[:5] = np.eye(k)[rng.integers(k, size=5)]
    with np.errstate(divide="ignore"):
        null = NullModel(np.log(proba), np.zeros(50, dtype=int), np.ones(50), group=np.arange(50), proba=proba)
    drawn = all_labels(null, 300, seed=1)
    uniform = np.random.default_rng(1).random((300, 50))
    order = np.argsort(-proba, axis=1, kind="stable")
    levels = np.cumsum(np.take_along_axis(proba, order, axis=1), axis=1)
    rank = (uniform[:, :, None] >= levels[None, :, :-1] / levels[:, -1:]).sum(axis=2)
    np.testing.assert_array_equal(drawn, order[np.arange(50), rank])


def test_draws_of_separate_chunks_differ():
    null = random_null(n=3, k=2)
    n_draws = INVERSE_ENTRIES // 3 + 1000
    sizes, firsts = [], []
    for draws in null.draws(n_draws, np.random.default_rng(0)):
        sizes.append(draws.size)
        firsts.append(draws.labels()[:1000])
    assert sum(sizes) == n_draws
    assert len(sizes) == 2
    assert not np.array_equal(firsts[0], firsts[1])


def test_the_seed_decides():
    null = random_null()
    np.testing.assert_array_equal(all_labels(null, 50, seed=3), all_labels(null, 50, seed=3))
    assert not np.array_equal(all_labels(null, 50, seed=3), all_labels(null, 50, seed=4))


def test_impossible_labels_are_never_drawn():
    rng = np.random.default_rng(0)
    proba = rng.dirichlet([0.3] * 6, size=200)
    proba[rng.random((200, 6)) < 0.5] = 0.0
    proba[np.arange(200), rng.integers(6, size=200)] += 1e-12  # at least one label each, sometimes hardly more
    proba /= proba.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore"):
        null = NullModel(np.log(proba), np.zeros(200, dtype=int), np.ones(200))
    labels = all_labels(null, 2000)
    assert (proba[np.arange(200), labels] > 0).all()
    assert len({tuple(row) for row in labels[:50]}) > 1


def test_certain_rows_never_move():
    with np.errstate(divide="ignore"):
        log_proba = np.log([[0.0, 1.0, 0.0], [0.2, 0.3, 0.5]])
    labels = all_labels(NullModel(log_proba, np.array([1, 0]), np.ones(2)), 500)
    assert (labels[:, 0] == 1).all()
    assert set(labels[:, 1]) == {0, 1, 2}


def test_probabilities_that_do_not_quite_sum_to_one():
    # float32 exports are off by 1e-7: the last possible label closes the distribution.
    proba = np.array([[0.5, 0.4999999, 0.0]])
    with np.errstate(divide="ignore"):
        null = NullModel(np.log(proba), np.array([0]), np.ones(1))

    class Edge:
        def random(self, size):
            return np.full(size, np.nextafter(1.0, 0.0))

    (draws,) = null.draws(3, Edge())
    assert draws.labels().tolist() == [[1], [1], [1]]


@pytest.mark.parametrize("group", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_totals_equal_those_of_the_dense_labels(group, weighted):
    null = random_null(seed=7, n=50, k=4, group=group, weighted=weighted)
    values = np.random.default_rng(1).normal(size=(50, 4))
    for draws in null.draws(200, np.random.default_rng(2)):
        labels = draws.labels()
        by_hand = (null.weight * values[np.arange(50), labels]).sum(axis=1)
        np.testing.assert_allclose(draws.total(values), by_hand, rtol=1e-12, atol=1e-12)
        onehot = labels[:, :, None] == np.arange(4)
        totals = np.einsum("i,dij->dj", null.weight, onehot.astype(float))
        np.testing.assert_allclose(draws.class_totals(), totals, rtol=1e-12, atol=1e-12)


# -- groups --------------------------------------------------------------------------------------------------------


def test_copies_carry_identical_labels():
    rng = np.random.default_rng(0)
    log_proba = log_softmax(rng.normal(size=(30, 4)), axis=1)
    group = np.repeat(np.arange(30), 5)
    null = NullModel(log_proba[group], np.zeros(150, dtype=int), np.ones(150), group)
    labels = all_labels(null, 500).reshape(500, 30, 5)
    assert (labels == labels[:, :, :1]).all()
    frequency = np.stack([(labels[:, :, 0] == j).sum(axis=0) for j in range(4)], axis=1)
    assert binomial_p(frequency, 500, np.exp(log_proba)).min() > 1e-4 / 120


def test_groups_are_comonotone_in_the_rank_of_the_label():
    null = random_null(seed=5, n=60, k=5, group=True)
    order = np.argsort(-null.proba, axis=1, kind="stable")
    cumulative = np.cumsum(np.take_along_axis(null.proba, order, axis=1), axis=1)
    rank_of = np.argsort(order, axis=1)
    labels = all_labels(null, 300)
    ranks = rank_of[np.arange(60), labels]
    # Each row pins the group's uniform between two of its cumulative probabilities: the pins must meet.
    low = np.where(ranks > 0, cumulative[np.arange(60), np.maximum(ranks - 1, 0)], 0.0)
    high = cumulative[np.arange(60), ranks]
    for g in range(null.n_groups):
        members = null.group == g
        assert (low[:, members].max(axis=1) <= high[:, members].min(axis=1) + 1e-12).all()


def test_grouped_rows_keep_their_own_probabilities():
    null = random_null(seed=8, n=40, k=3, group=True)
    labels = all_labels(null, 4000)
    counts = np.stack([(labels == j).sum(axis=0) for j in range(3)], axis=1)
    assert binomial_p(counts, 4000, null.proba).min() > 1e-4 / 120


def test_group_losses_spread_at_least_as_much_as_independent_ones():
    null = random_null(seed=9, n=60, k=4, group=True)
    totals = np.concatenate([draws.total(null.loss) for draws in null.draws(4000, np.random.default_rng(0))])
    np.testing.assert_allclose(totals.mean(), null.entropy.sum(), atol=5 * totals.std() / np.sqrt(4000))
    # Comonotone rows: the spread of a group is the sum of its rows' spreads, at most, and above independence.
    assert totals.var() > 1.5 * null.varentropy.sum()
    assert totals.var() < (np.bincount(null.group, np.sqrt(null.varentropy)) ** 2).sum() * 1.1


def test_take_renumbers_groups():
    null = random_null(n=30, group=True)
    rows = np.flatnonzero(np.isin(null.group, [2, 5]))
    part = null.take(rows)
    np.testing.assert_array_equal(part.group, (null.group[rows] == 5).astype(int))
    np.testing.assert_array_equal(part.true_loss, null.true_loss[rows])


def test_first_groups_are_whole_and_fit():
    null = random_null(n=60, group=True)
    part = null.first_groups(25)
    sizes = np.bincount(null.group)
    n_kept = int((np.cumsum(sizes) <= 25).sum())
    assert part.n_rows == sizes[:n_kept].sum() <= 25
    np.testing.assert_array_equal(np.bincount(part.group), sizes[:n_kept])
    assert null.first_groups(1).n_groups == 1
    assert random_null(n=60).first_groups(25).n_rows == 60


def test_many_classes_are_drawn_with_their_probabilities():
    k = SORTED_CLASSES + 8
    null = random_null(n=6, k=k, scale=1.0)
    labels = all_labels(null, 20_000)
    for row in range(6):
        seen = np.bincount(labels[:, row], minlength=k)
        assert chisquare(seen, 20_000 * null.proba[row]).pvalue > 1e-4


def test_many_classes_never_show_an_impossible_label():
    k = SORTED_CLASSES + 8
    scores = np.random.default_rng(0).normal(size=(5, k))
    scores[:, [0, 3, k - 2, k - 1]] = -np.inf
    scores[4, 1:] = -np.inf
    scores[4, 0] = 0.0
    null = NullModel(log_softmax(scores, axis=1), np.full(5, 1), np.ones(5))
    labels = all_labels(null, 3000)
    assert not np.isin(labels[:, :4], [0, 3, k - 2, k - 1]).any()
    assert not labels[:, 4].any()


@pytest.mark.parametrize("k", [SORTED_CLASSES, SORTED_CLASSES + 1])
def test_class_totals_of_many_classes(k):
    null = random_null(n=50, k=k, weighted=True)
    for draws in null.draws(10, np.random.default_rng(1)):
        labels = draws.labels()
        expected = [np.bincount(row, null.weight, k) for row in labels]
        np.testing.assert_allclose(draws.class_totals(), expected, atol=1e-12)


def test_more_rows_of_many_classes_than_are_searched_one_by_one():
    null = random_null(n=ROWWISE_ROWS + 1, k=SORTED_CLASSES + 1, scale=1.0)
    labels = all_labels(null, 3)
    expected = null.proba.sum(axis=0)
    assert chisquare(np.bincount(labels.ravel(), minlength=SORTED_CLASSES + 1), 3 * expected).pvalue > 1e-4
