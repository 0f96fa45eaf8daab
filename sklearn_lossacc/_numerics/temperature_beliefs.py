"""Temperature and floor under a prior that expects nothing to be wrong: their posterior means, by quadrature."""

from __future__ import annotations

import numpy as np

from sklearn_lossacc._numerics.links import log_softmax
from sklearn_lossacc._numerics.shrinkage import WRONG_SCALES

__all__ = ["believed_temperature", "expected_fault"]

EVEN_ODDS = 2500.0  # rows
WITH_FLOOR = 0.5  # of what may be wrong: a floor besides the temperature
LOG_BETA = (-3.0, 1.6)  # temperatures of 20 to 0.2
LOG_FLOOR = (float(np.log(1e-3)), float(np.log(0.5)))
N_BETAS, N_FLOORS = 25, 13
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
    scale = np.array(WRONG_SCALES)[:, np.newaxis]
    return np.log((np.exp(-0.5 * (log_beta / scale) ** 2) / scale).mean(axis=0) / np.sqrt(2 * np.pi))


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


def believed_temperature(log_proba: np.ndarray, y: np.ndarray, weight: np.ndarray) -> tuple[float, float, float]:
    """Return the posterior means of log beta and of the floor, and how likely anything is wrong.

    Parameters
    ----------
    log_proba : ndarray of shape (n_rows, n_classes)
        Logs of probabilities, or finite logits.
    y : ndarray of int of shape (n_rows,)
        Column of each row's label.
    weight : ndarray of shape (n_rows,), float64
        How many independent rows each one counts for.

    Returns
    -------
    log_beta : float
        beta = 1 / T is the power that the probabilities are raised to.
    floor : float
        Share of the uniform distribution.
    wrong : float
        Posterior probability that beta is not 1, or that there is a floor.

    Notes
    -----
    The prior odds of a fault are sqrt(n / 2500), n the sum of weights, see `expected_fault`; the rest goes to beta = 1
    without a floor. With a fault log beta is from an equal mixture of normal laws with mean 0 and standard deviations
    0.05, 0.1, 0.2, 0.4 and 0.8; half of that with a floor, its logarithm uniform between 0.001 and 0.5. The likelihood
    is summed on a grid, which zooms in on where the mass is.

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
    -1.8 0.11 1.0
    """
    n_rows, n_classes = log_proba.shape
    label = np.arange(n_rows), y

    def log_likelihood(log_beta: float, floors: np.ndarray) -> np.ndarray:
        """Sum over the rows, without a floor and with each of them."""
        log_s = log_softmax(np.exp(log_beta) * log_proba)[label]
        lifted = (1.0 - floors) * np.exp(log_s)[:, np.newaxis] + floors / n_classes
        return np.append(weight @ log_s, weight @ np.log(lifted))

    betas, log_floors = np.linspace(*LOG_BETA, N_BETAS), np.linspace(*LOG_FLOOR, N_FLOORS)
    expected = expected_fault(float(weight.sum()))
    nothing = np.log1p(-expected) + log_likelihood(0.0, np.exp(log_floors[:1]))[0]
    for zoom in range(MAX_ZOOMS):
        floors = np.exp(log_floors)
        log_mass = np.array([log_likelihood(beta, floors) for beta in betas])
        log_mass += (_log_prior(betas) + _log_widths(betas) + np.log(expected))[:, np.newaxis]
        log_mass[:, 0] += np.log1p(-WITH_FLOOR)
        log_mass[:, 1:] += np.log(WITH_FLOOR) + _log_widths(log_floors) - np.log(np.ptp(LOG_FLOOR))
        mass = np.exp(log_mass - max(log_mass.max(), nothing))
        nearer = _zoomed(betas, mass.sum(axis=1)), _zoomed(log_floors, mass[:, 1:].sum(axis=0))
        spans = np.ptp(nearer[0]) / np.ptp(betas), np.ptp(nearer[1]) / np.ptp(log_floors)
        if min(spans) > 0.5 or zoom == MAX_ZOOMS - 1:
            break
        betas, log_floors = nearer
    total = mass.sum() + np.exp(nothing - max(log_mass.max(), nothing))
    log_beta, floor = mass.sum(axis=1) @ betas / total, mass[:, 1:].sum(axis=0) @ floors / total
    return float(log_beta), float(floor), float(mass.sum() / total)
