"""The most surprising of all rows, where only a sample of the rows is tested and fitted.

A few impossible rows among very many are seldom in the sample, but their surprises, and how many rows they are the
smallest of, are known exactly.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from scipy.special import gammainc, gammaincinv

from sklearn_lossacc._numerics.mixture import MixtureFit, mixture_proba
from sklearn_lossacc.inference.few_rows import FEWEST, FIT_BELOW, MOSTLY, few_rows
from sklearn_lossacc.inference.null import NullModel
from sklearn_lossacc.inference.surprise import TIE, SurpriseCount, ranks_p_value, surprise_of_labels, surprise_table

TABLE_ENTRIES = 2**18  # of the sample, for what is expected of all rows
LIMIT = 0.99
LIKELIHOOD_DROP = 1.92  # nats, to the one-sided limit of 0.975
NOISE_SHARES = np.concatenate([[0.0], np.geomspace(1e-7, 0.5, 150)])  # of all labels
RANKS = np.array([1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987])


def extreme_p_value(smallest: np.ndarray, n_rows: int, independent: bool = True) -> float:
    """Return the p-value of the smallest surprises of many rows being as small as they are.

    Parameters
    ----------
    smallest : ndarray
        The smallest surprises, increasing.
    n_rows : int
        Number of rows that they are the smallest of.
    independent : bool, default=True
        Whether rows are independent. If not, only the smallest is judged.

    Returns
    -------
    float
        Valid p-value under the universal null.

    Notes
    -----
    A surprise is at most t with a chance of at most t, so the number of such rows has a mean of at most n t. Its tail
    is bounded as in `too_many_surprises`, and the ranks are combined by Bonferroni.

    Examples
    --------
    Two of a million rows have labels of surprise 1e-9, where 0.001 are expected: 15 ranks of 0.001^2 / 2.

    >>> print(f"{extreme_p_value(np.array([1e-9, 1e-9]), 10**6):.1e}")
    7.5e-06
    """
    ranks = RANKS[smallest.size >= RANKS] if independent else RANKS[:1]
    if not smallest.size:
        return 1.0
    mean = n_rows * smallest[ranks - 1]
    return ranks_p_value(ranks, mean, RANKS.size if independent else 1)


def largest_chance(surprise: np.ndarray, fit: MixtureFit) -> np.ndarray:
    """Return the largest chance that a fitted model without its floor can give to labels of some surprise.

    Parameters
    ----------
    surprise : ndarray
        Total probability t of a row's labels that are no more probable than one of them.
    fit : MixtureFit
        The model; its floor is not used.

    Returns
    -------
    ndarray
        k^|1 - beta| t^beta exp(max b - min b), at most 1.

    Notes
    -----
    At most k labels of total probability t have a total of p^beta of at most k^(1 - beta) t^beta where beta <= 1, and
    t^beta otherwise; over all labels it is at least 1, or k^(1 - beta).

    Examples
    --------
    Twice the temperature, two classes: 1e-6 becomes 0.001 / 1.001, at most 0.0015.

    >>> largest_chance(np.array([1e-6]), MixtureFit(0.5, np.zeros(2), 0.0, 0.0)).round(4).tolist()
    [0.0014]
    """
    factor = fit.bias.size ** abs(1.0 - fit.beta) * np.exp(np.ptp(fit.bias))
    return np.minimum(1.0, factor * surprise**fit.beta)


class ExtremeRows:
    """The most surprising of all rows, against a model that was fitted to a sample of them.

    Parameters
    ----------
    smallest : ndarray
        The smallest surprises, increasing.
    n_rows : int
        Number of rows that they are the smallest of.
    null : NullModel
        A sample of these rows, in random order.
    log_proba : ndarray of shape (n_sampled, n_classes)
        Its log probabilities, exact zeros replaced.
    kept : ndarray of int
        Rows of the sample that the model was fitted to.
    fit : MixtureFit
        The model, without a floor.
    effect : float, default=1.0
        Rows that count as one.

    Notes
    -----
    How many of all rows the model expects to be so surprising, and how many of the wrong labels would be if all labels
    were drawn from all classes alike, is the mean over the sample, times the number of rows. A row contributes to the
    former at most `largest_chance`, so that a Poisson limit (0.99) bounds what the sample leaves open. The share of
    wrong labels is learnt from the rows that are less surprising, among all rows and in the sample: noise reaches those
    as well, outliers do not.
    """

    def __init__(
        self,
        smallest: np.ndarray,
        n_rows: int,
        null: NullModel,
        log_proba: np.ndarray,
        kept: np.ndarray,
        fit: MixtureFit,
        effect: float = 1.0,
    ):
        self.smallest, self.n_rows, self.effect = smallest, n_rows, effect
        self.observed = np.searchsorted(smallest, smallest * TIE, side="right")
        self.few = few_rows(n_rows / effect) * effect
        self.sample, self.kept = null, kept
        self.model = mixture_proba(log_proba[kept], fit.beta, fit.bias, 0.0)
        part = slice(max(1, TABLE_ENTRIES // null.n_classes))
        table, model = surprise_table(null.proba[kept[part]]), self.model[part]
        low = table <= smallest[-1] * TIE
        first = np.searchsorted(smallest * TIE, table[low])
        times = n_rows / len(table)
        chance = np.cumsum(np.bincount(first, model[low], smallest.size))
        largest = np.maximum(largest_chance(smallest, fit), smallest) * effect
        self.expected = chance * times
        self.at_most = np.minimum(gammaincinv(chance / largest + 1.0, LIMIT) * times, n_rows / effect) * largest
        self.of_noise = np.cumsum(np.bincount(first, minlength=smallest.size)) * times / null.n_classes

    @cached_property
    def noise_likelihood(self) -> np.ndarray:
        """Log likelihood of each share of wrong labels, from the sampled rows that are not the most surprising."""
        y, k = self.sample.y[self.kept], self.sample.n_classes
        rest = surprise_of_labels(self.sample.proba[self.kept], y) > self.smallest[-1] * TIE
        seen = np.maximum(self.model[rest, y[rest]], 1e-300)
        mixed = seen + NOISE_SHARES[:, None] * (1.0 / k - seen)
        so_rare = NOISE_SHARES * self.of_noise[-1] / self.n_rows  # what these rows do not show of it
        return (np.log(mixed).sum(axis=1) - seen.size * np.log1p(-so_rare)) / self.effect

    def _p_value(self, expected: np.ndarray) -> np.ndarray:
        """Poisson tail of each count."""
        return gammainc(self.observed / self.effect, expected / self.effect)

    @property
    def many(self) -> bool:
        """Whether more rows than a few are unexplained, beyond doubt, at least half of those counted: no outliers."""
        unexplained = (self.at_most <= 0.5 * self.observed) & (self._p_value(self.at_most) < FIT_BELOW)
        return bool((unexplained & (self.observed - self.at_most > self.few)).any())

    def noise_limit(self, row: int) -> float:
        """Return the largest share of wrong labels that all rows less surprising than one leave open (0.975)."""
        ranks = np.concatenate([[row], RANKS[(row + 1 < RANKS) & (self.observed.size >= RANKS)] - 1])
        seen, expected, of_noise = (np.diff(sums[ranks]) for sums in (self.observed, self.expected, self.of_noise))
        mean = np.maximum(expected + NOISE_SHARES[:, None] * of_noise, 1e-300) / self.effect
        likelihood = (seen / self.effect * np.log(mean) - mean).sum(axis=1) + self.noise_likelihood
        return float(NOISE_SHARES[likelihood >= likelihood.max() - LIKELIHOOD_DROP][-1])

    def count(self) -> SurpriseCount:
        """Find the largest number of the smallest surprises that neither the model nor wrong labels account for.

        Returns
        -------
        SurpriseCount
            The largest count of no more than a few rows (`few_rows`) of which at most a twentieth is expected by the
            model, and at most half with as much noise as the less surprising rows leave open (Poisson p-value below
            0.0005), unless they are two; 0 where there is none, or `many` rows are unexplained.

        Examples
        --------
        Three of a million rows show labels of surprise 1e-9, and the sample nothing unusual:

        >>> sample = NullModel(np.log(np.tile([0.1, 0.9], (100, 1))), np.repeat([0, 1], [10, 90]), np.ones(100))
        >>> as_given = MixtureFit(1.0, np.zeros(2), 0.0, 0.0)
        >>> smallest = np.array([1e-9, 1e-9, 1e-9, 1e-4, 2e-4])
        >>> ExtremeRows(smallest, 10**6, sample, sample.log_proba, np.arange(100), as_given).count().observed
        3
        """
        clear = (self.at_most <= MOSTLY * self.observed) & (self._p_value(self.at_most) < FIT_BELOW)
        if not self.many:
            for row in np.flatnonzero(clear & (self.observed <= self.few))[::-1]:
                few = self.observed[row] <= FEWEST * self.effect
                expected = self.at_most[row] + (0.0 if few else self.noise_limit(row) * self.of_noise[row])
                p_value = gammainc(self.observed[row] / self.effect, expected / self.effect)
                if expected <= 0.5 * self.observed[row] and p_value < FIT_BELOW:
                    found = int(self.observed[row])
                    return SurpriseCount(found, float(self.at_most[row]), float(p_value), float(self.smallest[row]))
        return SurpriseCount(0, 0.0, 1.0, 0.0)
