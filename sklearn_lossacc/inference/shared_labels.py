"""Class totals of groups whose rows share a label, all of them or some.

Copies have one label, drawn from the mean probabilities of the group. Of all laws of a group's class totals with the
given expectation that has the largest covariance: rows that share a label (one patient, one document) may be that
dependent, and labels ordered by loss are not, since rows with different likeliest labels then change class against each
other.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator

import numpy as np
from scipy.linalg import eigh

from sklearn_lossacc.inference.monte_carlo import Statistic
from sklearn_lossacc.inference.null import NullModel

__all__ = ["LabelDraws", "SharedLabels", "groups_of_copies", "labels_together"]

CHUNK = 2**18  # labels of a chunk
NO_SPREAD = 1e-9  # of the totals in some direction, against the widest: what rounding leaves of none
COMPARED = 32  # classes, the rarer ones taken together: enough to see whether rows share labels


def groups_of_copies(null: NullModel) -> NullModel:
    """Return the null under which all rows of a group carry one label.

    Parameters
    ----------
    null : NullModel
        The rows, with groups.

    Returns
    -------
    NullModel
        One row a group, of its mean probabilities and its weight.

    Examples
    --------
    >>> null = NullModel(np.log([[0.5, 0.5], [0.1, 0.9]]), np.array([0, 1]), np.ones(2), np.zeros(2, dtype=int))
    >>> copies = groups_of_copies(null)
    >>> copies.proba.round(2).tolist(), copies.weight.tolist()
    ([[0.3, 0.7]], [2.0])
    """
    n_groups = int(null.n_groups or 0)
    weight = np.bincount(null.group, null.weight, n_groups)
    proba = np.stack([np.bincount(null.group, null.weight * column, n_groups) for column in null.proba.T], axis=1)
    with np.errstate(divide="ignore"):
        log_proba = np.log(proba / weight[:, None])
    return NullModel(log_proba, log_proba.argmax(axis=1), weight)


class LabelDraws:
    """Sets of labels, one row a set.

    Parameters
    ----------
    null : NullModel
        The rows.
    labels : ndarray of int of shape (size, n_rows)
        Their labels.
    """

    def __init__(self, null: NullModel, labels: np.ndarray):
        self.null, self.size, self._labels = null, len(labels), labels

    def labels(self) -> np.ndarray:
        """Return the labels, shape (size, n_rows)."""
        return self._labels

    def class_totals(self) -> np.ndarray:
        """Return the weight of each class in each set, shape (size, n_classes)."""
        k = self.null.n_classes
        place = self._labels + k * np.arange(self.size)[:, np.newaxis]
        totals = np.bincount(place.ravel(), np.tile(self.null.weight, self.size), self.size * k)
        return totals.reshape(self.size, k)


class SharedLabels:
    """The null under which some rows of a group carry the label of the group, and the others their own.

    Parameters
    ----------
    null : NullModel
        The rows, with groups.

    Attributes
    ----------
    shared : float
        Probability with which a row carries the label of its group, at first 1.
    """

    def __init__(self, null: NullModel):
        self.null, self.shared = null, 1.0
        self.own = null.sharing(0.0)
        self.copies = groups_of_copies(null)

    def sharing(self, shared: float) -> SharedLabels:
        """Let rows carry the label of their group with another probability.

        Parameters
        ----------
        shared : float
            That probability.

        Returns
        -------
        SharedLabels
            Of the same rows.
        """
        other = copy.copy(self)
        other.shared = shared
        return other

    def draws(self, n_draws: int, rng: np.random.Generator) -> Iterator[LabelDraws]:
        """Draw sets of labels in chunks.

        Parameters
        ----------
        n_draws : int
            Number of label sets.
        rng : Generator
            Source of the labels.

        Yields
        ------
        LabelDraws
            Label sets, together `n_draws`.
        """
        chunk = max(1, CHUNK // self.null.n_rows)
        for start in range(0, n_draws, chunk):
            size = min(chunk, n_draws - start)
            labels, of_groups = (
                np.concatenate([draws.labels() for draws in null.draws(size, rng)]) for null in (self.own, self.copies)
            )
            which = rng.random(labels.shape) < self.shared
            np.copyto(labels, of_groups[:, self.null.group], where=which)
            yield LabelDraws(self.null, labels)


def labels_together(null: NullModel) -> Statistic:
    """Measure how far the classes of the rows of a group stray together.

    Parameters
    ----------
    null : NullModel
        The rows, with groups.

    Returns
    -------
    Statistic
        The largest of sum_g (v' sum_i w_i e_i)^2, i in group g, over all v, in units of the mean of
        sum_i (w_i v' e_i)^2 over all v: with e the indicators of the classes less their probabilities and less the mean
        of that, and v of unit length where the class totals of independent rows have unit covariance.

    Notes
    -----
    One class may come by groups among many that do not. Its total strays as far as that of copies, and a mean over the
    classes hardly shows it.

    Examples
    --------
    Two groups of two copies:

    >>> null = NullModel(np.log(np.full((4, 2), 0.5)), np.array([0, 0, 1, 1]), np.ones(4), np.array([0, 0, 1, 1]))
    >>> labels_together(null).observed
    2.0
    """
    n_groups, weight, group = int(null.n_groups or 0), null.weight, null.group
    squared, rows = weight**2, np.arange(null.n_rows)
    often = squared @ (null.proba * (1.0 - null.proba))
    order = np.argsort(-often, kind="stable")
    bins = np.empty(null.n_classes, dtype=np.intp)  # the last one holds all the rarer classes
    bins[order] = np.minimum(np.arange(null.n_classes), COMPARED - 1)
    n_bins = int(bins.max()) + 1
    proba = np.zeros((null.n_rows, n_bins))
    np.add.at(proba.T, bins, null.proba.T)
    spread, axes = eigh(np.diag(squared @ proba) - (squared * proba.T) @ proba)
    alive = spread > NO_SPREAD * spread.max(initial=0.0)  # the classes of a row sum to 1
    white = axes[:, alive] / np.sqrt(spread[alive])
    inverse = white @ white.T
    expected = np.stack([np.bincount(group, weight * column, n_groups) for column in proba.T], axis=1)
    of_groups, total = np.bincount(group, weight, n_groups), float(weight.sum())
    crossed = proba @ inverse
    mean, norm = squared @ proba, float(squared @ np.vecdot(crossed, proba))
    of_own = squared[:, np.newaxis] * (inverse.diagonal() - 2.0 * crossed)

    def of_labels(labels: np.ndarray) -> np.ndarray:
        """Compute it for each row of labels."""
        size = len(labels)
        binned = bins[labels]
        place = (np.arange(size)[:, np.newaxis] * n_groups + group) * n_bins + binned
        sums = np.bincount(place.ravel(), np.tile(weight, size), size * n_groups * n_bins)
        sums = sums.reshape(size, n_groups, n_bins) - expected
        centre = sums.sum(axis=1) / total
        sums -= of_groups[:, np.newaxis] * centre[:, np.newaxis]
        apart = sums @ white
        turned = apart.swapaxes(1, 2)
        few = turned @ apart if n_groups > white.shape[1] else apart @ turned  # of the same largest eigenvalue
        between = np.linalg.eigvalsh(few)[:, -1] if few.size else np.zeros(size)
        place = np.arange(size)[:, np.newaxis] * n_bins + binned
        first = np.bincount(place.ravel(), np.tile(squared, size), size * n_bins).reshape(size, n_bins) - mean
        second = norm + of_own[rows, binned].sum(axis=1)
        turn = centre @ inverse
        own = second - 2.0 * np.vecdot(turn, first) + float(squared.sum()) * np.vecdot(turn, centre)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(own > 1e-12 * second, white.shape[1] * between / own, np.inf)

    return Statistic(float(of_labels(null.y[np.newaxis])[0]), lambda draws: of_labels(draws.labels()))
