"""Another order of the columns of the probabilities, under which the labels are likelier."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

from sklearn_lossacc._numerics.mixture import fit_mixture, mixture_proba
from sklearn_lossacc.inference.intervals import mean_and_error, unit_sums
from sklearn_lossacc.inference.normal import Z95
from sklearn_lossacc.inference.null import NullModel
from sklearn_lossacc.inference.shape import folds

SURE_Z = 4.0  # of the gain on rows that did not choose the order


def better_order(
    null: NullModel, log_proba: np.ndarray, rival_loss: np.ndarray, rng: np.random.Generator
) -> np.ndarray | None:
    """Return the column of each class in the likeliest order, if it is shown to be better than the one given.

    Parameters
    ----------
    null : NullModel
        The rows.
    log_proba : ndarray of shape (n_rows, n_classes)
        Finite log probabilities.
    rival_loss : ndarray of shape (n_rows,)
        Loss of each row, in nats, under the causes that explain the labels with the columns as they are.
    rng : Generator
        Parts the rows, whole groups, in two halves.

    Returns
    -------
    ndarray of int of shape (n_classes,), or None
        None unless the gain in log likelihood on one half, of the order that the other half chose, is four standard
        errors above 0, and that of the order with its own temperature over the rival at least 1.96.

    Notes
    -----
    The likeliest order is an assignment problem: column j for class i costs the loss of the rows of class i. Where
    probabilities tell little more than the frequencies of classes, some order suits other frequencies, too; what
    explains them then is a class bias, which needs no exchange.

    Examples
    --------
    >>> proba, y = np.tile([[0.9, 0.1], [0.2, 0.8]], (20, 1)), np.tile([1, 0], 20)
    >>> null = NullModel(np.log(proba), y, np.ones(40))
    >>> print(better_order(null, np.log(proba), null.true_loss, np.random.default_rng(0)))
    [1 0]
    """
    first = folds(null.n_rows, null.group, rng, n_folds=2) == 0
    order = _likeliest_order(null, log_proba, first)
    rows = np.flatnonzero(~first)
    if not rows.size:  # a single group has no other half
        return None
    group = None if null.group is None else np.unique(null.group[rows], return_inverse=True)[1]

    def shown(gain: np.ndarray, z: float) -> bool:
        mean, error = mean_and_error(*unit_sums(gain[:, None], null.weight[rows], group))
        return bool(mean[0] > z * error[0])

    labels = null.y[rows]
    if not shown(log_proba[rows, order[labels]] - log_proba[rows, labels], SURE_Z):
        return None
    read = log_proba[:, order]
    beta = fit_mixture(read[first], null.y[first], null.weight[first], floor=False).beta
    mapped = mixture_proba(read[rows], beta, np.zeros(null.n_classes), 0.0)[np.arange(rows.size), labels]
    return order if shown(rival_loss[rows] + np.log(np.maximum(mapped, 1e-300)), Z95) else None


def _likeliest_order(null: NullModel, log_proba: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Return the order that makes the labels of the chosen rows likeliest.

    Classes without such a row keep their columns where these are free.
    """
    present, place = np.unique(null.y[chosen], return_inverse=True)
    cost = np.zeros((present.size, null.n_classes))
    np.add.at(cost, place, -null.weight[chosen, None] * log_proba[chosen])
    order = np.full(null.n_classes, -1)
    order[present] = linear_sum_assignment(cost)[1]
    free = np.ones(null.n_classes, dtype=bool)
    free[order[present]] = False
    keeping = np.flatnonzero((order < 0) & free)
    order[keeping] = keeping
    free[keeping] = False
    order[order < 0] = np.flatnonzero(free)
    return order
