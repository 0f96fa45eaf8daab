"""Classes that all rows show too often or too seldom, where too few rows are fitted for offsets of all classes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.optimize import brentq
from scipy.stats import binom, chi2, nbinom, poisson

from sklearn_lossacc._numerics.mixture import MixtureFit, mixture_proba
from sklearn_lossacc.inference.elimination import KEEP_BELOW
from sklearn_lossacc.inference.null import NullModel

BACKGROUND = 0.6  # of a class's frequency: how small probabilities grow with it, between temperatures of a half and two
SMALLEST_SHARE = 1e-6  # of all rows
FEWEST_SEEN = 20.0  # rows of a class that tell of themselves
LEAST = 0.1  # of the frequency as given
SMALL = 0.01  # a probability below which an offset multiplies it, whatever it is
OFFSETS = np.linspace(-6.0, 6.0, 61)
MEDIAN_SQUARE = float(chi2.median(1))


def totals_p_value(total: np.ndarray, expected: np.ndarray, n_rows: int) -> float:
    """Return the p-value of the class total furthest from its expectation, of which nothing but that is known.

    Parameters
    ----------
    total : ndarray of shape (n_classes,)
        Number of rows of each class.
    expected : ndarray of shape (n_classes,)
        Sum of its probabilities.
    n_rows : int
        Number of independent rows.

    Returns
    -------
    float
        Two-sided, times the number of classes (Bonferroni).

    Notes
    -----
    Of all sums of independent indicators with a mean the binomial one has the largest tails from one row beyond it.

    References
    ----------
    Hoeffding (1956), On the distribution of the number of successes in independent trials, Ann. Math. Statist. 27.

    Examples
    --------
    Eight of ten coins that are fair on average show heads: 2 x 2 x 56 / 1024.

    >>> print(round(totals_p_value(np.array([2, 8]), np.array([5.0, 5.0]), 10), 5))
    0.21875
    """
    share = np.clip(expected / n_rows, 0.0, 1.0)
    above = np.where(total >= expected + 1.0, binom.sf(total - 1.0, n_rows, share), 1.0)
    below = np.where(total <= expected - 1.0, binom.cdf(total, n_rows, share), 1.0)
    return float(min(1.0, 2.0 * total.size * min(above.min(), below.min())))


@dataclass(frozen=True)
class FarClasses:
    """Classes whose totals are far from what a fitted model expects.

    Attributes
    ----------
    offsets : ndarray of shape (n_classes,)
        The class offsets that bring the expected totals of these classes to the observed ones; 0 elsewhere.
    p_value : float
        That of the furthest class, Bonferroni over all.
    nats : float
        What these offsets save a row.
    error : float
        Its standard error.
    """

    offsets: np.ndarray
    p_value: float
    nats: float
    error: float


def expected_totals(
    proba_sum: np.ndarray, predicted: np.ndarray, n_rows: int, proba: np.ndarray, model: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the class totals that a model expects of all rows, of which it is known for some, and their variance.

    Parameters
    ----------
    proba_sum : ndarray of shape (n_classes,)
        Sum of the probabilities of all rows.
    predicted : ndarray of shape (n_classes,)
        Number of all rows predicted as each class.
    n_rows : int
        Number of all rows.
    proba, model : ndarray of shape (n_sampled, n_classes)
        Probabilities of some rows, as given and by the model.

    Returns
    -------
    expected : ndarray of shape (n_classes,)
        a P + b N + c n, where a p + b 1[predicted] + c is closest to the model's probabilities, by least squares over
        all entries (the regression estimator of survey sampling). The coefficients depend on how frequent a class is:
        a and b are lines in log P, c is one in P^0.6; an entry counts by one over P.
    variance : ndarray of shape (n_classes,)
        Where the rows given hold 20 or more of a class, what is left of them by that line is added, which has this
        variance; 0 elsewhere.

    References
    ----------
    Cassel, Sarndal and Wretman (1976), Some results on generalized difference estimation and generalized regression
    estimation for finite populations, Biometrika 63.

    Examples
    --------
    A floor of 0.2 is such a line, so that its totals are exact:

    >>> proba = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]])
    >>> expected_totals(np.array([30.0, 10.0]), np.array([35, 5]), 40, proba, 0.8 * proba + 0.1)[0].round(6).tolist()
    [28.0, 12.0]
    """
    n_sampled, k = proba.shape
    rows, top = np.arange(n_sampled), proba.argmax(axis=1)
    by_top = partial(np.bincount, top, minlength=k)
    mass, at_top, named = proba.sum(axis=0), by_top(weights=proba[rows, top]), by_top().astype(float)
    square, all_rows = np.einsum("ij,ij->j", proba, proba), np.full(k, float(n_sampled))
    gram = np.array([[square, at_top, mass], [at_top, named, named], [mass, named, all_rows]])
    right = np.array([np.einsum("ij,ij->j", proba, model), by_top(weights=model[rows, top]), model.sum(axis=0)])
    frequency = np.maximum(proba_sum, SMALLEST_SHARE * proba_sum.sum()) / n_rows
    level = np.log(frequency) - np.average(np.log(frequency), weights=frequency)
    slopes = np.array([level, level, np.exp(BACKGROUND * level)])
    basis = np.stack([np.ones_like(slopes), slopes], axis=1)
    system = np.einsum("abj,asj,btj,j->asbt", gram, basis, basis, 1.0 / frequency).reshape(6, 6)
    target = np.einsum("aj,asj,j->as", right, basis, 1.0 / frequency).ravel()
    size = np.sqrt(np.maximum(np.diag(system), np.finfo(float).tiny))
    solved = np.linalg.lstsq(system / np.outer(size, size), target / size, rcond=1e-12)[0] / size
    a, b, c = np.einsum("as,asj->aj", solved.reshape(3, 2), basis)
    expected = np.maximum(a * proba_sum + b * predicted + c * n_rows, LEAST * frequency * n_rows)
    variance = np.zeros(k)
    for j in np.flatnonzero(mass >= FEWEST_SEEN):
        left = model[:, j] - a[j] * proba[:, j] - b[j] * (top == j) - c[j]
        expected[j] += n_rows * left.mean()
        variance[j] = n_rows**2 * left.var() / n_sampled
    return expected * (n_rows / expected.sum()), variance


def overdispersion(total: np.ndarray, expected: np.ndarray, variance: np.ndarray) -> float:
    """Return by which phi most classes are off: the median of (N - E)^2 / (E + V + phi E^2) is that of a chi-square.

    Parameters
    ----------
    total, expected : ndarray of shape (n_classes,)
        Class totals.
    variance : ndarray of shape (n_classes,)
        Of what is expected.

    Returns
    -------
    float
        At least 0.

    Examples
    --------
    >>> overdispersion(np.array([95.0, 105.0, 110.0]), np.full(3, 100.0), np.zeros(3))
    0.0

    400 / (100 + 10^4 phi) is 0.455, the median of chi-square:

    >>> print(round(overdispersion(np.array([80.0, 100.0, 120.0]), np.full(3, 100.0), np.zeros(3)), 3))
    0.078
    """
    square = (total - expected) ** 2

    def excess(phi: float) -> float:
        return float(np.median(square / (expected + variance + phi * expected**2))) - MEDIAN_SQUARE

    return 0.0 if excess(0.0) <= 0 else float(brentq(excess, 0.0, 1e6))


def far_classes(
    total: np.ndarray,
    proba_sum: np.ndarray,
    predicted: np.ndarray,
    null: NullModel,
    log_proba: np.ndarray,
    fit: MixtureFit,
    error: float = 0.0,
) -> FarClasses:
    """Find the classes whose totals a temperature and a floor leave unexplained, and what their offsets save.

    Parameters
    ----------
    total : ndarray of shape (n_classes,)
        Number of rows of each class, among all rows.
    proba_sum, predicted : ndarray of shape (n_classes,)
        As for `expected_totals`.
    null : NullModel
        Some of the rows.
    log_proba : ndarray of shape (n_sampled, n_classes)
        Their log probabilities, exact zeros replaced.
    fit : MixtureFit
        The model, without class offsets.
    error : float, default=0.0
        Relative standard error of its terms.

    Returns
    -------
    FarClasses

    Notes
    -----
    A class is far where the p-value of its total is below 0.01 after Bonferroni's correction: of a Poisson law, or
    where the model is not the one given, of a negative binomial one. Its variance has three parts more: that of the
    expected total, what the error of the fitted terms makes of their effect, and the `overdispersion` of most classes.
    The gain of an offset b of a class with total N and expectation E is N b - E l(b), where E l(b) stands for
    sum log(1 + q (e^b - 1)) over the rows; its shape l is taken over all classes of the sample together.

    Examples
    --------
    All probabilities are 0.001, and the first class shows ten times as many rows as expected:

    >>> null = NullModel(np.full((50, 1000), np.log(0.001)), np.zeros(50, dtype=int), np.ones(50))
    >>> total, expected = np.r_[500.0, np.full(999, 50.0)], np.full(1000, 50.0)
    >>> as_given = MixtureFit(1.0, np.zeros(1000), 0.0, 0.0)
    >>> found = far_classes(total, expected, expected, null, null.log_proba, as_given)
    >>> np.flatnonzero(found.offsets).tolist(), round(float(found.offsets[0]), 1)
    ([0], 2.3)
    """
    n_rows, k = float(total.sum()), total.size
    model, expected, spread = null.proba, proba_sum, np.zeros(k)
    if fit.beta != 1.0 or fit.floor > 0:
        model = mixture_proba(log_proba, fit.beta, fit.bias, fit.floor)
        expected, spread = expected_totals(proba_sum, predicted, int(n_rows), null.proba, model)
        spread = spread + (error * (expected - proba_sum)) ** 2
        spread += overdispersion(total, expected, spread) * expected**2
    # A negative binomial law of hardly any more spread than a Poisson law is that one.
    phi = np.maximum(spread / np.maximum(expected, 1e-9) ** 2, 1e-9)
    law = nbinom(1.0 / phi, 1.0 / (1.0 + phi * expected)) if spread.any() else poisson(expected)
    p_values = np.minimum(1.0, 2.0 * k * np.minimum(law.sf(total - 1.0), law.cdf(total)))
    far = np.flatnonzero(p_values < KEEP_BELOW)
    large = model[model > SMALL]
    rise, mass = np.expm1(OFFSETS), float(model.sum())
    small = mass - float(large.sum())
    shown = np.array([(large * (1.0 + r) / (1.0 + large * r)).sum() + small * (1.0 + r) for r in rise]) / mass
    cost = np.array([np.log1p(large * r).sum() + small * r for r in rise]) / mass
    offsets = np.zeros(k)
    offsets[far] = np.interp(np.log(np.maximum(total[far], 0.5) / expected[far]), np.log(shown), OFFSETS)
    gain = total * offsets - expected * np.interp(offsets, OFFSETS, cost)
    variance = float(offsets**2 @ (total + spread))
    nats = (float(gain[far].sum()) - 0.5 * far.size) / n_rows
    return FarClasses(offsets, float(p_values.min()), nats, float(np.sqrt(variance)) / n_rows)
