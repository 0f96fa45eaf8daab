"""What the selected causes cost: the costs under all laws on the way through them that are still likely."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import entr
from scipy.stats import chi2

from sklearn_lossacc._numerics.mixture import MAX_FLOOR, mixture_proba
from sklearn_lossacc.inference.cause_model import CauseModel
from sklearn_lossacc.inference.elimination import TERMS
from sklearn_lossacc.inference.intervals import mean_and_error, unit_sums
from sklearn_lossacc.inference.likely_laws import divergence, last_likely
from sklearn_lossacc.inference.normal import Z95

ALLOWED = 0.5 * float(chi2.ppf(0.95, 1))  # below the largest log likelihood
FARTHEST = 64.0  # times as far from the probabilities as the selected model


def _scores(model: np.ndarray, log_proba: np.ndarray, causes: CauseModel) -> np.ndarray:
    """Return the derivatives of log q at the fit, as each selected term moves from nothing (0) to the fit (1)."""
    fit = causes.fit
    noise, kept = fit.floor / model.shape[1], 1.0 - fit.floor
    sharp = (model - noise) / kept
    chance = noise / np.maximum(model, 1e-300)  # of a label to come from the floor
    found = []
    for term in causes.terms:
        if term == "floor":
            found.append(chance - (1.0 - chance) * fit.floor / kept)
        else:
            scores = (fit.beta - 1.0) * log_proba if term == "temperature" else np.tile(fit.bias, (len(model), 1))
            found.append((1.0 - chance) * (scores - np.einsum("ij,ij->i", sharp, scores)[:, None]))
    return np.stack(found)


class SelectedLaws:
    """The selected model, and those furthest from it that its likelihood leaves.

    Parameters
    ----------
    causes : CauseModel
        The selection.
    log_proba : ndarray of shape (n_kept, n_classes)
        Finite log probabilities of the kept rows.

    Notes
    -----
    The cost of a law q is C = mean_i KL(q_i || p_i). Each term moves between nothing (0) and the fit (1), and beyond.
    Of all laws of one likelihood those of the largest and the smallest cost lie, near the fit, in the direction
    I^-1 grad C, where I is the information: for temperature and class bias, which multiply probabilities, on the
    straight line from p through the fit. The furthest are those where 2 c (max l - l) = z_{.975}^2 on that way. c is
    grad C' I^-1 grad C over the variance of the total gain, the larger of what the rows, or groups, show and of what
    the selected model expects.

    References
    ----------
    Pawitan (2001), In All Likelihood, section 3.4.

    Examples
    --------
    40 rows at probability 0.9, right in 28: T = 2.59 gains 0.154 nats. Frequencies of 0.545 to 0.831 are as likely.

    >>> from sklearn_lossacc.inference.cause_model import select_causes
    >>> from sklearn_lossacc.inference.null import NullModel
    >>> predicted, missed = np.arange(40) % 2, np.arange(40) // 2 % 10 < 3
    >>> log_proba = np.log(np.where(predicted[:, None] == [0, 1], 0.9, 0.1))
    >>> causes = select_causes(NullModel(log_proba, predicted ^ missed, np.ones(40)), log_floor=-36.0)
    >>> laws = SelectedLaws(causes, log_proba)
    >>> print(*(round(limit, 3) for limit in laws.costs()))
    0.154 0.024 0.413
    >>> print(*(round(limit, 3) for limit in laws.entropies()))
    0.611 0.459 0.689
    """

    def __init__(self, causes: CauseModel, log_proba: np.ndarray):
        self.causes, self.log_proba = causes, log_proba
        self.laws = _furthest_laws(causes, log_proba)

    def costs(self) -> tuple[float, float, float]:
        """Return what the probabilities cost under the selected model, in nats a kept row, with 95 % limits.

        The spread of KL over the rows is added in squares. For temperature and class bias the cost is exactly what the
        fit gains on these rows. A resampled mean of the gains rests on the few surprising rows at hand; the likelihood
        knows how many there might have been.
        """
        return self._limits([divergence(law, self.log_proba) for law in self.laws])

    def entropies(self) -> tuple[float, float, float]:
        """Return the loss that the selected model expects of itself, in nats a kept row, with 95 % limits likewise."""
        return self._limits([entr(law).sum(axis=1) for law in self.laws])

    def _limits(self, of_rows: list[np.ndarray]) -> tuple[float, float, float]:
        """Return the mean under the selected law, and its limits, from what each row has under the three."""
        null = self.causes.null
        mean, error = mean_and_error(*unit_sums(of_rows[0][:, None], null.weight, null.group))
        value, spread = float(mean[0]), Z95 * float(error[0])
        ends = [float(np.average(part, weights=null.weight)) for part in of_rows[1:]]
        below, above = value - min(value, *ends), max(value, *ends) - value
        return value, value - math.hypot(below, spread), value + math.hypot(above, spread)


def _furthest_laws(causes: CauseModel, log_proba: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the probabilities of the selected model, and of the likely ones of the smallest and the largest cost."""
    null, fit = causes.null, causes.fit
    labels = np.arange(null.n_rows), null.y
    has = np.array([term in causes.terms for term in TERMS])

    def model(place: float) -> np.ndarray:
        share = np.zeros(len(TERMS))
        share[has] = np.maximum(0.0, 1.0 + place * way)
        beta = max(0.0, 1.0 + share[0] * (fit.beta - 1.0))
        return mixture_proba(log_proba, beta, share[1] * fit.bias, min(MAX_FLOOR, share[2] * fit.floor))

    def log_likelihood(place: float) -> float:
        return float(null.weight @ np.log(np.maximum(model(place)[labels], 1e-300)))

    fitted = mixture_proba(log_proba, fit.beta, fit.bias, fit.floor)
    if not causes.terms:
        return fitted, fitted, fitted
    gains = np.log(np.maximum(fitted, 1e-300)) - log_proba
    gains -= np.einsum("ij,ij->i", fitted, gains)[:, None]
    scores, mass = _scores(fitted, log_proba, causes), null.weight[:, None] * fitted
    information = np.einsum("ij,aij,bij->ab", mass, scores, scores, optimize=True)
    steepest = np.einsum("ij,aij->a", mass * gains, scores)
    way = np.linalg.lstsq(information, steepest, rcond=None)[0]
    known = float(steepest @ way)
    way /= np.abs(way).max()

    own = null.weight * gains[labels]
    units = own if null.group is None else np.bincount(null.group, own)
    seen = float(units @ units) * len(units) / max(len(units) - 1, 1)
    scale = known / max(seen, float((mass * gains**2).sum()) / causes.scale, 1e-300)
    along = float(way @ information @ way)
    best = log_likelihood(0.0)

    def lost(place: float) -> float:
        return scale * (best - log_likelihood(place))

    ahead = 1.5 * math.sqrt(2.0 * ALLOWED / max(scale * along, 1e-300))
    back = 1.0 / float(way[way > 0].min())  # where every term that shrinks on the way is gone
    places = (
        last_likely(lost, 0.0, -min(ahead, back), -back, ALLOWED),
        last_likely(lost, 0.0, min(ahead, FARTHEST), FARTHEST, ALLOWED),
    )
    return fitted, model(places[0]), model(places[1])
