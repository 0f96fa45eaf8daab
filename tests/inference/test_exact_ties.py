import numpy as np
import pytest
from scipy.stats import binom, hypergeom

from sklearn_lossacc.inference.exact_ties import exact_ties_p_value
from sklearn_lossacc.inference.null import NullModel


def two_ties(hits, size=10, said=(0.8, 0.2)):
    """Return rows of two ties with so many ones each."""
    proba = np.repeat([[1.0 - p, p] for p in said], size, axis=0)
    y = np.concatenate([np.arange(size) < n for n in hits]).astype(int)
    return NullModel(np.log(proba), y, np.ones(2 * size))


def test_exact_counts_have_the_chance_of_the_table_with_its_margins():
    # At equal probabilities of the ties the bound is the chance itself, given the totals.
    exact = exact_ties_p_value(two_ties((5, 5), said=(0.5, 0.5 + 1e-12)))
    assert exact == pytest.approx(hypergeom.pmf(5, 20, 10, 10))
    expected = binom.pmf(8, 10, 0.8) * binom.pmf(2, 10, 0.2) / binom.pmf(10, 20, 0.5)
    assert exact_ties_p_value(two_ties((8, 2))) == pytest.approx(expected)


def test_one_label_more_is_not_exact():
    assert exact_ties_p_value(two_ties((8, 3))) == 1.0


@pytest.mark.parametrize("true", [(0.8, 0.2), (0.75, 0.3), (0.95, 0.05)])
@pytest.mark.parametrize("fixed_total", [False, True])
def test_no_law_of_the_labels_reaches_it_more_often(true, fixed_total):
    bound = exact_ties_p_value(two_ties((8, 2)))
    joint = np.outer(*(binom.pmf(np.arange(11), 10, p) for p in true))
    total = np.add.outer(np.arange(11), np.arange(11)) == 10
    chance = joint[8, 2] / (joint[total].sum() if fixed_total else 1.0)
    assert chance <= bound
