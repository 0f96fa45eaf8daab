"""Bounds for the nats that a fitted map can gain, from the test of that map."""

from __future__ import annotations

import math

from scipy.optimize import brentq
from scipy.special import chdtri, chndtr, ndtri

LARGE = 1e8  # statistics whose root is normal to nine digits; the library's law ends near 1e10


def gain_upper_bound(statistic: float, df: float, n_effective: float, level: float = 0.95) -> float:
    """Return the largest gain (nats) that is compatible with a likelihood ratio.

    Parameters
    ----------
    statistic : float
        Twice the gain in log likelihood, on `df` degrees of freedom.
    df : float
        Degrees of freedom.
    n_effective : float
        Effective number of rows.
    level : float, default=0.95
        Confidence of the bound.

    Returns
    -------
    float
        Upper limit in nats a row.

    Notes
    -----
    The statistic is close to noncentral chi-square with noncentrality 2 n gain; the bound solves
    P(chi2'(2 n gain) <= statistic) = 1 - level. Of a statistic above 1e8 the root is normal around the root of
    2 n gain + df - 1, with variance 1.

    Examples
    --------
    A statistic of 0 on 1000 rows leaves no gain open, since even a central chi-square is never smaller:

    >>> gain_upper_bound(0.0, 1, 1000)
    0.0
    """
    tail = 1.0 - level

    def excess(noncentrality: float) -> float:
        return float(chndtr(statistic, df, noncentrality)) - tail

    if statistic > LARGE:
        return (math.sqrt(statistic - df + 1.0) + float(ndtri(level))) ** 2 / (2.0 * n_effective)
    if statistic <= 0 or excess(1e-10) <= 0:
        return 0.0
    high = statistic + df + 10.0
    while excess(high) > 0:
        high *= 2.0
    return float(brentq(excess, 1e-10, high, xtol=1e-8)) / (2.0 * n_effective)


def open_gain(statistic: float, df: float, n_effective: float) -> float:
    """Return the upper bound of a gain, never below what data without any gain leave open half of the time.

    Parameters
    ----------
    statistic : float
        Twice the gain in log likelihood, on `df` degrees of freedom.
    df : float
        Degrees of freedom.
    n_effective : float
        Effective number of rows.

    Returns
    -------
    float
        Upper limit in nats a row.

    Notes
    -----
    A statistic that happens to be small would bound the gain by 0 even for a handful of rows. Raising it to the median
    of its law without gain keeps the coverage and leaves a bound of about 2.7 / n for one degree of freedom.

    References
    ----------
    Cowan, Cranmer, Gross and Vitells (2011), Power-constrained limits, arXiv:1105.3166.

    Examples
    --------
    >>> print(round(open_gain(0.0, 1, 1000), 4), round(open_gain(0.0, 1, 10), 2))
    0.0027 0.27
    """
    return gain_upper_bound(max(statistic, float(chdtri(df, 0.5))), df, n_effective)
