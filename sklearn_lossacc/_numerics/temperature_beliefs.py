"""Temperature and floor under a prior that expects nothing to be wrong: their posterior means, by quadrature."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from sklearn_lossacc._numerics.links import log_softmax
from sklearn_lossacc._numerics.own_unit import MARGIN_SCALE, log_margin, log_normal, log_units, typical_log_beta
from sklearn_lossacc._numerics.shrinkage import WRONG_SCALES

__all__ = ["believed_temperature", "expected_fault"]

EVEN_ODDS = 2500.0  # rows
WITH_FLOOR = 0.5  # of what may be wrong: a floor besides the temperature
LOG_BETA = (-3.0, 1.6)  # temperatures of 20 to 0.2
LOG_FLOOR = (float(np.log(1e-3)), float(np.log(0.5)))
N_BETAS, N_FLOORS = 25, 13
REACH = 4.0 * MARGIN_SCALE
LARGEST = 700.0  # of the log of beta times a score: its exponential is a number still
RARE = 1e-3  # of the prior of other faults at what they make of the labels
MAX_ZOOMS = 6
NEGLIGIBLE = 1e-5


def expected_fault(total: float) -> float:
    """Return the prior probability that something is wrong, with odds in proportion to the root of the number of rows.

    Parameters
    ----------
    total : float
        How many independent rows there are.

    Returns
    -------
    float
        Less than 1/2 below 2500 rows.

    Notes
    -----
    At fixed odds the evidence that a Bayes factor asks for grows with the root of the number of rows, so that ever
    fewer healthy models are touched; but what that costs them falls, too, about as 1 / n. Odds of sqrt(n / 2500) undo
    the first: as many are touched for any n, for ever less.

    References
    ----------
    D. V. Lindley, "A Statistical Paradox", *Biometrika*, 1957.

    Examples
    --------
    >>> from sklearn_lossacc._numerics.temperature_beliefs import expected_fault
    >>> [round(expected_fault(n), 2) for n in (25, 250, 2500)]
    [0.09, 0.24, 0.5]
    """
    odds = np.sqrt(total / EVEN_ODDS)
    return float(odds / (1.0 + odds))


def _log_prior(log_beta: np.ndarray) -> np.ndarray:
    """Return the log density of log beta if something is wrong."""
    return np.log(np.mean([np.exp(log_normal(log_beta, 0.0, scale)) for scale in WRONG_SCALES], axis=0))


def _log_widths(nodes: np.ndarray) -> np.ndarray:
    """Return the logs of the weights of the trapezoidal rule."""
    width = np.gradient(nodes)
    width[[0, -1]] /= 2
    return np.log(width)


def _zoomed(nodes: np.ndarray, mass: np.ndarray) -> np.ndarray:
    """Return as many nodes over the part that holds the mass, and one more on each side."""
    held = np.flatnonzero(mass > NEGLIGIBLE * mass.max())
    first, last = max(held[0] - 1, 0), min(held[-1] + 1, len(nodes) - 1)
    return np.linspace(nodes[first], nodes[last], len(nodes))


class _Belief(NamedTuple):
    """What is believed where one of several things is so, and how well that explains the labels."""

    log_evidence: float
    log_beta: float = 0.0
    floor: float = 0.0
    wrong: float = 0.0


def _summed(
    log_likelihood: Callable[[float, np.ndarray], np.ndarray],
    span: tuple[float, float],
    log_prior: Callable[[np.ndarray], np.ndarray],
    with_floor: float,
) -> _Belief:
    """Sum the likelihood on a grid, which zooms in on where the mass is; nothing but a floor is wrong."""
    betas, log_floors = np.linspace(*span, N_BETAS), np.linspace(*LOG_FLOOR, N_FLOORS)
    for zoom in range(MAX_ZOOMS):
        floors = np.exp(log_floors)
        log_mass = np.array([log_likelihood(beta, floors) for beta in betas])
        log_mass += (log_prior(betas) + _log_widths(betas))[:, np.newaxis]
        log_mass[:, 0] += np.log1p(-with_floor)
        log_mass[:, 1:] += np.log(with_floor) + _log_widths(log_floors) - np.log(np.ptp(LOG_FLOOR))
        mass = np.exp(log_mass - log_mass.max())
        nearer = _zoomed(betas, mass.sum(axis=1)), _zoomed(log_floors, mass[:, 1:].sum(axis=0))
        spans = np.ptp(nearer[0]) / np.ptp(betas), np.ptp(nearer[1]) / np.ptp(log_floors)
        if min(spans) > 0.5 or zoom == MAX_ZOOMS - 1:
            break
        betas, log_floors = nearer
    total, lifted = mass.sum(), mass[:, 1:]
    return _Belief(
        float(np.log(total) + log_mass.max()),
        float(mass.sum(axis=1) @ betas / total),
        float(lifted.sum(axis=0) @ floors / total),
        float(lifted.sum() / total),
    )


def believed_temperature(
    log_proba: np.ndarray, y: np.ndarray, weight: np.ndarray, unit: float = 1.0
) -> tuple[float, float, float]:
    """Return the posterior means of log beta and of the floor, and how likely anything is wrong.

    Parameters
    ----------
    log_proba : ndarray of shape (n_rows, n_classes)
        Logs of probabilities, or finite logits, possibly divided by `unit`.
    y : ndarray of int of shape (n_rows,)
        Column of each row's label.
    weight : ndarray of shape (n_rows,), float64
        How many independent rows each one counts for.
    unit : float, default=1.0
        What logits were divided by, see `in_unit`.

    Returns
    -------
    log_beta : float
        beta = 1 / T is the power that the probabilities are raised to.
    floor : float
        Share of the uniform distribution.
    wrong : float
        Posterior probability that beta is not 1, or that there is a floor; as large as before for a beta that is but
        a unit.

    Notes
    -----
    The prior odds of a fault are sqrt(n / 2500), n the sum of weights, see `expected_fault`; the rest goes to beta = 1
    without a floor. With a fault log beta is from an equal mixture of normal laws with mean 0 and standard deviations
    0.05, 0.1, 0.2, 0.4 and 0.8; half of that with a floor, its logarithm uniform between 0.001 and 0.5. The likelihood
    is summed on a grid, which zooms in on where the mass is.

    Scores whose median margin m is not that of a model in nats are in a unit of their own as far as `log_units` thinks
    so. Then beta m is like the margin of a model, log beta normal with standard deviation 1.35, a floor is as likely as
    in nats, and the grid is about that beta. It is left out where that can hardly count, beside a fault that explains
    the labels.

    Examples
    --------
    A model that says .9: right nine times out of ten it is believed, right half of the time it is not:

    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.temperature_beliefs import believed_temperature
    >>> logs, rows = np.log(np.tile([0.1, 0.9], (100, 1))), np.arange(100)
    >>> for n in (10, 2):
    ...     log_beta, floor, wrong = believed_temperature(logs, (rows % n > 0) * 1, np.ones(100))
    ...     print(round(log_beta, 1), round(floor, 2), round(wrong, 2))
    0.0 0.0 0.09
    -1.8 0.11 0.99
    """
    n_rows, n_classes = log_proba.shape
    label, log_unit = (np.arange(n_rows), y), float(np.log(unit))
    most = LARGEST - float(np.log(max(1.0, np.abs(log_proba).max())))

    def log_likelihood(log_beta: float, floors: np.ndarray) -> np.ndarray:
        """Sum over the rows, without a floor and with each of them."""
        log_s = log_softmax(np.exp(min(log_beta + log_unit, most)) * log_proba)[label]
        lifted = (1.0 - floors) * np.exp(log_s)[:, np.newaxis] + floors / n_classes
        return np.append(weight @ log_s, weight @ np.log(lifted))

    expected, margin = expected_fault(float(weight.sum())), log_margin(log_proba, weight) + log_unit
    log_nats, log_own = log_units(margin)
    nothing = _Belief(float(log_likelihood(0.0, np.ones(1))[0]))
    fault = _summed(log_likelihood, LOG_BETA, _log_prior, WITH_FLOOR)._replace(wrong=1.0)
    log_prior = [log_nats + np.log1p(-expected), log_nats + np.log(expected)]
    beliefs = [nothing, fault]
    centre, floor_too = typical_log_beta(margin), WITH_FLOOR * expected

    def log_prior_of_unit(log_beta: np.ndarray) -> np.ndarray:
        """Return the log density of log beta if the scores are in a unit of their own."""
        return log_normal(log_beta, centre, MARGIN_SCALE)

    elsewhere = log_prior[1] + _log_prior(np.array([fault.log_beta]))
    if log_own + log_prior_of_unit(np.array([centre])) > np.log(RARE) + elsewhere:
        in_unit = _summed(log_likelihood, (centre - REACH, centre + REACH), log_prior_of_unit, floor_too)
        # whether T is wrong, too, cannot be seen: as likely as before
        unseen = (expected - floor_too) / (1.0 - floor_too)
        log_prior.append(log_own)
        beliefs.append(in_unit._replace(wrong=in_unit.wrong + (1.0 - in_unit.wrong) * unseen))
    log_mass = np.array(log_prior) + [one.log_evidence for one in beliefs]
    mass = np.exp(log_mass - log_mass.max())
    log_beta, floor, wrong = mass @ np.array([one[1:] for one in beliefs]) / mass.sum()
    return float(log_beta), float(floor), float(wrong)
