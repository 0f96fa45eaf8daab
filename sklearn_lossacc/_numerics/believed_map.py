"""A linear map of the scores under a prior that expects nothing to be wrong."""

from __future__ import annotations

import numpy as np

from sklearn_lossacc._numerics.links import log_softmax
from sklearn_lossacc._numerics.multinomial import fit_multinomial, log_evidence
from sklearn_lossacc._numerics.shrinkage import WRONG_SCALES

__all__ = ["believed_map"]

MAP_ALONE, MAP_TOO = 0.015, 0.8  # expected where nothing else is wrong, and where something is
FULL = 0.5  # of the maps, if they are asked for


def _penalties(n_classes: int, *, full: bool) -> list[np.ndarray]:
    """Return the penalties of all scales; the weights of other classes are together as large as the own one."""
    penalties = []
    for scale in WRONG_SCALES:
        penalty = np.full((n_classes, 2), 0.5 / scale**2)
        if full:
            penalty = np.full((n_classes, n_classes + 1), 0.5 * (n_classes - 1) / scale**2)
            penalty[:, -1] = 0.5 / scale**2
            np.fill_diagonal(penalty[:, :-1], 0.5 / scale**2)
        penalties.append(penalty)
    return penalties


def _widened(theta: np.ndarray) -> np.ndarray:
    """Write a map of own scores as one of all scores."""
    return np.column_stack([np.diag(theta[:, 0]), theta[:, 1]])


def believed_map(
    x: np.ndarray, y: np.ndarray, weight: np.ndarray, wrong: float = 0.0, *, full: bool = False
) -> np.ndarray:
    """Average the maps of several penalties, and none at all, by how well each explains the labels.

    Parameters
    ----------
    x : ndarray of shape (n_rows, n_classes), float64
        Finite scores, such as log probabilities.
    y : ndarray of int of shape (n_rows,)
        Column of each row's label.
    weight : ndarray of shape (n_rows,), float64
        How many independent rows each one counts for.
    wrong : float, default=0.0
        How likely something else is wrong with the scores that x was made from.
    full : bool, default=False
        Whether to average maps of all scores, too.

    Returns
    -------
    ndarray of shape (n_classes, 2) or (n_classes, n_classes + 1)
        As from `fit_multinomial`; the second if `full`.

    Notes
    -----
    The prior gives 0.015 to a map where nothing else is wrong, and 0.8 where something is: faults come together. In
    equal parts that goes to normal laws of the parameters with standard deviations s = 0.05, 0.1, 0.2, 0.4 and 0.8;
    half of it to maps of all scores if `full`, with s / sqrt(k - 1) for those of other classes. Each is weighed by its
    evidence in Laplace's approximation, see `log_evidence`.

    Examples
    --------
    Equal scores. Eleven or fifteen labels of twenty say little; 150 of 200 say that the odds are three to one:

    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.believed_map import believed_map
    >>> for hits in (11, 15, 150):
    ...     n = 200 if hits == 150 else 20
    ...     y = (np.arange(n) < hits).astype(int)
    ...     theta = believed_map(np.zeros((n, 2)), y, np.ones(n))
    ...     print(round(float(np.exp(theta[1, 1] - theta[0, 1])), 1))
    1.0
    1.0
    2.9
    """
    n_classes = x.shape[1]
    expected = MAP_ALONE + (MAP_TOO - MAP_ALONE) * wrong
    maps = [np.zeros((n_classes, n_classes + 1 if full else 2))]
    log_mass = [np.log1p(-expected) - _loss(x, y, weight)]
    for all_scores in (False, True) if full else (False,):
        theta = None
        share = (FULL if all_scores else 1.0 - FULL) if full else 1.0
        for penalty in _penalties(n_classes, full=all_scores):
            theta = fit_multinomial(x, y, weight, penalty=penalty, start=theta)
            evidence = log_evidence(x, y, weight, penalty=penalty, theta=theta)
            log_mass.append(np.log(expected * share / len(WRONG_SCALES)) + evidence)
            maps.append(_widened(theta) if full and not all_scores else theta)
    mass = np.exp(np.array(log_mass) - max(log_mass))
    return np.tensordot(mass / mass.sum(), np.array(maps), axes=1)


def _loss(x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> float:
    """Return the weighted sum of the log losses of the scores themselves."""
    return -float(weight @ log_softmax(x)[np.arange(len(y)), y])
