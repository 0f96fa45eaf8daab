"""The weights of a mixture of a few given densities: maximum likelihood on the simplex."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from sklearn_lossacc._numerics.blocks import row_blocks
from sklearn_lossacc._numerics.computed_rows import Rows

__all__ = ["fit_mixture_weights"]

BLOCK_ENTRIES = 2**15  # half a megabyte with all that is computed from them
MAX_STEPS = 200  # Newton needs about six
MAX_HALVINGS = 50
TOL = 1e-7  # nats a row that are left to gain; the last step leaves about the square of them
LEAST_LEFT = 0.01  # of each row's likelihood after one step: far below it, Newton's steps no longer lead back
SMALLEST_DENSITY = 1e-100  # its square can still be divided by


def _minimum_on_simplex(hessian: np.ndarray, linear: np.ndarray) -> np.ndarray:
    """Minimise x'Hx / 2 - linear'x over the simplex by trying each of its faces."""
    size = len(linear)
    best, lowest = np.full(size, 1.0 / size), np.inf
    for n_free in range(1, size + 1):
        for chosen in combinations(range(size), n_free):
            face = np.array(chosen)
            # stationary on the face: H x + mu = linear, sum x = 1
            border = np.ones((n_free + 1, n_free + 1))
            border[:-1, :-1], border[-1, -1] = hessian[np.ix_(face, face)], 0.0
            x = np.zeros(size)
            x[face] = np.linalg.solve(border, np.append(linear[face], 1.0))[:-1]
            value = 0.5 * x @ hessian @ x - linear @ x
            if (x >= 0).all() and value < lowest:
                best, lowest = x, value
    return best


def fit_mixture_weights(density: Rows, weight: np.ndarray | None = None) -> np.ndarray:
    """Find the mixture of given densities under which the rows are most likely.

    Parameters
    ----------
    density : ndarray of shape (n_rows, n_components), float64, or ComputedRows
        Probability of each row's label under each component, not negative; no row is 0 everywhere. A few
        components: the work doubles with each.
    weight : ndarray of shape (n_rows,), float64, or None
        Non-negative weights, not all 0; a weight k is the row repeated k times.

    Returns
    -------
    ndarray of shape (n_components,)
        Not negative, of sum 1. Some are exactly 0 where the optimum is at the border.

    Notes
    -----
    Maximises the concave sum_i w_i log sum_c pi_c f_ic by sequential quadratic programming: each quadratic
    problem on the simplex is solved exactly, and a step is halved until it pays and leaves every row 1 % of its
    likelihood. Densities below 1e-100 count as 1e-100. The search ends with the step from where no mixture can be more
    likely by 1e-7 nats a row.

    References
    ----------
    Y. Kim, P. Carbonetto, M. Stephens, M. Anitescu, "A Fast Algorithm for Maximum Likelihood Estimation of
    Mixture Proportions Using Sequential Quadratic Programming", *Journal of Computational and Graphical
    Statistics*, 2020.

    Examples
    --------
    Two components that exclude each other get the shares of their rows:

    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.mixture_weights import fit_mixture_weights
    >>> fit_mixture_weights(np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
    array([0.75, 0.25])
    """
    n_components = density.shape[1]
    scale = density.shape[0] if weight is None else float(weight.sum())
    share = np.full(n_components, 1.0 / n_components)
    value, slope, hessian = _evaluate(density, weight, scale, share)
    for _ in range(MAX_STEPS):
        unit = np.trace(hessian)
        if unit == 0:  # to every row all components are alike
            break
        hessian = hessian / unit + 1e-12 * np.eye(n_components)  # equal components share alike
        step = _minimum_on_simplex(hessian, hessian @ share + slope / unit) - share
        if slope.max() <= TOL:  # the duality gap; what the last step gains is too little for the likelihood to show
            share = share + step
            break
        length = 1.0
        for _ in range(MAX_HALVINGS):
            reached = _evaluate(density, weight, scale, share + length * step, before=share)
            if reached[0] > value:
                break
            length *= 0.5
        else:
            break
        share = share + length * step
        value, slope, hessian = reached
    share = np.maximum(share, 0.0)
    return share / share.sum()


def _evaluate(
    density: Rows, weight: np.ndarray | None, scale: float, share: np.ndarray, before: np.ndarray | None = None
) -> tuple[float, np.ndarray, np.ndarray]:
    """Return the mean log likelihood of a mixture, its slope and its negative curvature along the simplex.

    The likelihood counts as 0 where that of some row falls too far below what it was `before`.
    """
    value, slope, hessian = 0.0, np.zeros(len(share)), np.zeros((len(share), len(share)))
    for rows in row_blocks(density.shape[0], len(share), BLOCK_ENTRIES):
        some = np.maximum(density[rows], SMALLEST_DENSITY)
        weights = (np.ones(len(some)) if weight is None else weight[rows]) / scale
        mixed = some @ share
        if before is not None and (mixed < LEAST_LEFT * (some @ before)).any():
            return -np.inf, slope, hessian
        value += float(weights @ np.log(mixed))
        # less 1: the steps sum to 0 and do not feel it, and what similar components share drops out
        excess = some / mixed[:, np.newaxis] - 1.0
        slope += weights @ excess
        hessian += (excess * weights[:, np.newaxis]).T @ excess
    return value, slope, hessian
