"""How much the rows of a group share, at most, by how far their values stray together.

Copies share everything: one uniform of the null decides the labels of all rows of a group. Rows of a group that are
hardly alike share little, and a test that takes them for copies has the power of a test of one row a group. In between
stands the law under which each row takes the uniform of its group with some probability and else one of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from sklearn_lossacc.inference.monte_carlo import N_DRAWS, N_DRAWS_FIRST, Gate, Statistic, monte_carlo
from sklearn_lossacc.inference.null import Draws, NullModel

__all__ = ["DOUBT", "MAX_ROWS", "WORTH", "less_than_copies", "most_shared", "values_together"]

DOUBT = 0.002  # the chance taken that rows share more
WORTH = 5.0  # a p-value of copies below so many doubts is hardly made smaller
CORRELATIONS = (0.0, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.06, 0.08, 0.11, 0.15, 0.2, 0.27, 0.36, 0.5, 0.7)
SHARES = tuple(np.sqrt(CORRELATIONS))  # of two rows of a group
MAX_ROWS = 2**13  # enough to see how alike rows are


def values_together(
    null: NullModel,
    value: Callable[[np.ndarray, np.ndarray], np.ndarray],
    mean: np.ndarray,
    part: np.ndarray | None = None,
) -> Statistic:
    """Measure how far the values of the rows of a group stray together.

    Parameters
    ----------
    null : NullModel
        The rows, with groups.
    value : callable
        From rows and as many labels, of one shape, to values such as their losses.
    mean : ndarray of shape (n_rows,)
        What is expected of it in each row.
    part : ndarray of int of shape (n_rows,), optional
        Codes 0..P-1 of parts that are measured each by itself; what counts is the one in which values stray furthest.

    Returns
    -------
    Statistic
        sum_g (sum_i w_i e_i)^2 / sum_i (w_i e_i)^2, i in group g: about 1 for independent rows, the size of the groups
        for copies.

    Notes
    -----
    e is the value of the label less its expectation, and less the mean of that over all rows (of the part): a model
    that is wrong in all of them is no reason to think that rows depend on each other.

    Examples
    --------
    Two groups of two copies:

    >>> null = NullModel(np.log(np.full((4, 2), 0.5)), np.array([0, 0, 1, 1]), np.ones(4), np.array([0, 0, 1, 1]))
    >>> values_together(null, lambda row, label: label.astype(float), null.proba[:, 1]).observed
    2.0
    """
    weight = null.weight
    part = np.zeros(null.n_rows, dtype=np.intp) if part is None else part
    cells, cell = np.unique(part * int(null.n_groups or 0) + null.group, return_inverse=True)
    n_parts, n_cells = int(part.max()) + 1, cells.size  # cells: the rows of a group in a part
    first_cell, n_of_part = np.unique(cells // int(null.n_groups or 0), return_index=True, return_counts=True)[1:]
    of_cells, of_parts = np.bincount(cell, weight), np.bincount(part, weight)
    squared = weight**2
    squares = np.bincount(part, squared)

    def ratio(sums: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Put it together from the sums of cells, and the sums of w^2 e and w^2 e^2 of parts."""
        centre = np.add.reduceat(sums, first_cell, axis=-1) / of_parts
        apart = sums - np.repeat(centre, n_of_part, axis=-1) * of_cells
        between = np.add.reduceat(apart**2, first_cell, axis=-1)
        own = second - 2.0 * centre * first + centre**2 * squares
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(own > 1e-12 * second, between / own, np.inf).max(axis=-1)

    def of_labels(label: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return e of each row, its weighted sums over cells, and those of w^2 e and w^2 e^2 over parts."""
        excess = value(np.arange(null.n_rows), label) - mean
        first, second = (np.bincount(part, squared * power) for power in (excess, excess**2))
        return excess, np.bincount(cell, weight * excess), first, second

    def of_draws(draws: Draws) -> np.ndarray:
        """Compute it for each set of labels."""
        excess, sums, first, second = of_labels(draws.top)
        row, draw = draws.row, draws.draw
        old, new = excess[row], value(row, draws.label) - mean[row]

        def change(code: np.ndarray, n_codes: int, by: np.ndarray) -> np.ndarray:
            """Sum over the rows of each draw and code."""
            return np.bincount(draw * n_codes + code[row], by, draws.size * n_codes).reshape(draws.size, n_codes)

        return ratio(
            sums + change(cell, n_cells, weight[row] * (new - old)),
            first + change(part, n_parts, squared[row] * (new - old)),
            second + change(part, n_parts, squared[row] * (new**2 - old**2)),
        )

    return Statistic(float(ratio(*of_labels(null.y)[1:])), of_draws)


def most_shared(under: Callable[[float], Any], together: Statistic, random_state: int = 0) -> float:
    """Find an upper limit of what the rows of a group share.

    Parameters
    ----------
    under : callable
        From the probability with which a row takes the uniform of its group to the null of which labels are drawn.
    together : Statistic
        How far the rows of a group stray together.
    random_state : int, default=0
        Seed of the label draws.

    Returns
    -------
    float
        A probability that is too large for the labels seen: with less than `DOUBT` they would stray together as little
        as they do. 1 where none is too large.

    Notes
    -----
    The test of each probability is inverted: draws under it, with the groups and probabilities as they are, show how
    much the values of a group stray together. So few groups, or values that a rare label rules, leave the limit at 1.

    Examples
    --------
    A hundred groups of ten rows with labels of their own, and of ten copies:

    >>> rng = np.random.default_rng(0)
    >>> log_proba, group = np.log(np.full((1000, 2), 0.5)) + [0.1, -0.1], np.repeat(np.arange(100), 10)
    >>> own, copied = rng.integers(0, 2, 1000), rng.integers(0, 2, 100)[group]
    >>> nulls = [NullModel(log_proba, y, np.ones(1000), group) for y in (own, copied)]
    >>> measures = [values_together(null, lambda row, label: label, null.proba[:, 1]) for null in nulls]
    >>> np.round([most_shared(null.sharing, one) for null, one in zip(nulls, measures)], 2)
    array([0.24, 1.  ])
    """
    low, high = 0, len(SHARES)  # the first that is too large, or 1
    while low < high:
        middle = (low + high) // 2
        if _too_large(under(SHARES[middle]), together, np.random.default_rng(random_state)):
            high = middle
        else:
            low = middle + 1
    return float(SHARES[low]) if low < len(SHARES) else 1.0


def _too_large(null: Any, together: Statistic, rng: np.random.Generator) -> bool:
    """Return whether draws under a null hardly ever stray together as little as the labels seen."""
    allowed = DOUBT * (1 + N_DRAWS) - 1.0
    n_less = 0
    for draws in null.draws(N_DRAWS, rng):
        n_less += int(np.count_nonzero(together.of_draws(draws) <= together.observed * (1.0 + 1e-9)))
        if n_less > allowed:
            return False
    return True


def less_than_copies(
    gates: dict[str, Gate],
    shared: float,
    under: Callable[[float], Any],
    statistics: dict[str, Statistic],
    random_state: int = 0,
    most_draws: int = N_DRAWS_FIRST,
    settled: float = 0.0,
) -> dict[str, Gate]:
    """Test again, under what the rows of a group share at most instead of all.

    Parameters
    ----------
    gates : dict of Gate
        p-values for groups of copies.
    shared : float
        From `most_shared`.
    under : callable
        From what is shared to the null of which labels are drawn.
    statistics : dict of Statistic
        What to test.
    random_state, most_draws, settled
        As for `monte_carlo`.

    Returns
    -------
    dict of Gate
        Of the same names.

    Notes
    -----
    The p-value is the largest over all that rows may share up to a limit, plus the chance that they share more.

    References
    ----------
    R. L. Berger, D. D. Boos, "P Values Maximized Over a Confidence Set for the Nuisance Parameter", *Journal of the
    American Statistical Association*, 1994.
    """
    if shared == 1.0:
        return gates
    again = monte_carlo(
        under(shared), {name: statistics[name] for name in gates}, random_state, most_draws, max(settled - DOUBT, 0.0)
    )
    return {
        name: replace(gate, p_value=min(gate.p_value, again[name].p_value + DOUBT), n_draws=again[name].n_draws)
        for name, gate in gates.items()
    }
