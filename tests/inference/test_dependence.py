import numpy as np
import pytest
from scipy.special import log_softmax
from scipy.stats import binom, chi2

from sklearn_lossacc.inference.dependence import group_design, look, pair_agreement, repetition
from sklearn_lossacc.inference.null import NullModel


def tie_agreement(null, seed=0):
    return pair_agreement(null, look(null, None), np.random.default_rng(seed))


LEAVES = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8], [0.3, 0.4, 0.3]])


def tree(rng, n):
    """A healthy model with three distinct predictions."""
    proba = LEAVES[rng.integers(3, size=n)]
    y = (np.log(proba) + rng.gumbel(size=proba.shape)).argmax(axis=1)
    return NullModel(np.log(proba), y, np.ones(n))


@pytest.mark.parametrize("sort", [False, True])
def test_ties_of_a_healthy_tree_are_no_copies(sort):
    # Rows may come sorted by their label within a tie: a pair of neighbours then always agrees.
    rng = np.random.default_rng(0)
    p = []
    for _ in range(60):
        null = tree(rng, 300)
        p.append(tie_agreement(null.take(np.argsort(null.y, kind="stable")) if sort else null).p_value)
    for level in (0.01, 0.1, 0.3):
        assert binom.sf((np.array(p) <= level).sum() - 1, 60, level) > 1e-4


def test_copies_agree_more_than_ties():
    rng = np.random.default_rng(1)
    proba = rng.dirichlet(np.ones(4), size=100)
    y = (np.log(proba) + rng.gumbel(size=proba.shape)).argmax(axis=1)
    rows = rng.permutation(np.repeat(np.arange(100), 3))
    found = tie_agreement(NullModel(np.log(proba[rows]), y[rows], np.ones(300)))
    assert (found.rows, found.observed) == (200, 0)
    # Recalibrated on other pairs, the probabilities allow about as many disagreements as they did.
    assert found.expected == pytest.approx((1 - (proba**2).sum(axis=1)).sum(), rel=0.15)
    assert found.p_value == pytest.approx(np.exp(-found.expected), rel=1e-6)


def votes(rng, n, k, sharp):
    """Shares of thirty votes, and labels that the crowd names more often than the shares say."""
    truth = rng.dirichlet(np.full(k, 0.1), n)
    shares = np.stack([rng.multinomial(30, row) for row in truth]) / 30
    labels = (sharp * np.log(truth) + rng.gumbel(size=truth.shape)).argmax(axis=1)
    return NullModel(np.log(np.maximum(shares, 1e-9)), labels, np.ones(n))


@pytest.mark.parametrize("k", [2, 5])
def test_a_crowd_that_is_too_modest_is_no_set_of_copies(k):
    rng = np.random.default_rng(k)
    p = [tie_agreement(votes(rng, 1500, k, 8.0), seed).p_value for seed in range(25)]
    assert min(p) > 0.01 / 25


def test_labels_of_neighbouring_cells_tell_a_coarse_model_from_copies():
    # Cells on a line, whose probabilities say in which order they lie but not how different their labels are.
    rng = np.random.default_rng(0)
    place = rng.integers(0, 60, 600)
    block = place // 10  # ten cells beside each other have the same label
    y = np.array([3, 0, 2, 1, 3, 2])[block]
    shown = 0.25 + 0.001 * np.stack([place - 30, 30 - place, np.zeros(600), np.zeros(600)], axis=1)
    coarse = tie_agreement(NullModel(np.log(shown), y, np.ones(600)))
    assert coarse.observed == 0
    assert coarse.expected < 60  # a tenth of the cells has another label beside it
    # The same rows, with a label for each cell that has nothing to do with those beside it.
    copies = tie_agreement(NullModel(np.log(shown), rng.integers(0, 4, 60)[place], np.ones(600)))
    assert copies.observed == 0
    assert copies.expected > 150


def test_one_pair_alone_is_judged_by_its_probabilities():
    null = NullModel(np.log(np.full((2, 4), 0.25)), np.array([1, 1]), np.ones(2))
    assert tie_agreement(null).expected == pytest.approx(0.75)


def test_repetition_counts_weights_and_scales_a_sample_up():
    assert repetition(np.array([1, 1, 2]), np.array([1.0, 1.0, 2.0]), 3) == pytest.approx(8 / 6)
    rng = np.random.default_rng(0)
    identity = np.repeat(np.arange(4000), 3)
    some = rng.choice(12_000, 3000, replace=False)
    assert repetition(identity[some], np.ones(3000), 12_000) == pytest.approx(3.0, abs=0.2)


def test_no_ties():
    found = tie_agreement(
        NullModel(np.log(np.random.default_rng(0).dirichlet(np.ones(3), size=50)), np.zeros(50, dtype=int), np.ones(50))
    )
    assert (found.rows, found.p_value) == (0, 1.0)


def test_group_design_of_copies_and_of_strangers():
    rng = np.random.default_rng(2)
    proba = rng.dirichlet(np.ones(3), size=400)
    y = (np.log(proba) + rng.gumbel(size=proba.shape)).argmax(axis=1)
    rows = np.repeat(np.arange(400), 4)
    copies = group_design(NullModel(np.log(proba[rows]), y[rows], np.ones(1600), rows))
    assert (copies.effect, copies.correlation) == (pytest.approx(4.0), pytest.approx(1.0))
    strangers = group_design(NullModel(np.log(proba), y, np.ones(400), np.arange(400) // 4))
    assert strangers.effect == pytest.approx(1.0, abs=0.3)
    assert abs(strangers.correlation) < 0.1


def test_group_design_without_spread():
    null = NullModel(np.full((4, 2), np.log(0.5)), np.zeros(4, dtype=int), np.ones(4), np.array([0, 0, 1, 1]))
    design = group_design(null)
    assert (design.effect, design.correlation) == (1.0, 0.0)


@pytest.mark.parametrize("copied", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("sizes", ["alike", "one large", "heavy tail"])
def test_group_design_of_unequal_groups_covers(sizes, copied):
    """A share of the rows are copies of their group's own row; a group of half of all rows is one draw of its total."""
    covered, runs = 0, 60
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        of_group = {
            "alike": np.full(100, 6),
            "one large": np.r_[300, np.ones(300, dtype=int)],
            "heavy tail": 1 + (3 * rng.pareto(1.2, 200)).astype(int),
        }[sizes]
        group = np.repeat(np.arange(of_group.size), of_group)
        z, origin = 2.0 * rng.normal(size=(group.size, 3)), 2.0 * rng.normal(size=(of_group.size, 3))
        label, of_origin = ((s + rng.gumbel(size=s.shape)).argmax(axis=1) for s in (z, origin))
        copy = rng.random(group.size) < np.sqrt(copied)
        z[copy], label[copy] = origin[group[copy]], of_origin[group[copy]]
        design = group_design(NullModel(log_softmax(z, axis=1), label, np.ones(group.size), group))
        truth = 1.0 + copied * (float(of_group @ of_group) / group.size - 1.0)
        low, high = chi2.ppf([0.025, 0.975], design.freedom) / design.freedom / design.effect
        covered += low - 1e-9 <= 1.0 / truth <= high + 1e-9 or (low >= 1.0 and truth == 1.0)
    assert covered >= 51  # of 60; at 0.95 fewer come with probability 0.001
