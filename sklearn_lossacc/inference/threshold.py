"""Would another threshold, or class offsets, predict better? Chosen on some rows, judged on the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit
from scipy.stats import binom, norm

from sklearn_lossacc.inference.intervals import mean_and_error, unit_sums
from sklearn_lossacc.inference.monte_carlo import EXTEND_BELOW, N_DRAWS, N_DRAWS_EXTENDED
from sklearn_lossacc.inference.normal import Z95
from sklearn_lossacc.inference.shape import folds

CHUNK_ENTRIES = 2**22
FITTING_ROUNDS = 6


@dataclass(frozen=True)
class ThresholdGain:
    """Cross-fitted gain in accuracy.

    Attributes
    ----------
    gain, low, high : float
        Gain in accuracy with normal limits.
    p_value : float
        One-sided exact sign test over discordant rows (or groups).
    p_order : float
        One-sided p-value of labels that have nothing to do with the probabilities (`order_p_value`).
    gained, lost : int
        Rows that become right, and wrong.
    threshold : float or None
        For two classes, the probability of the second class from which it is predicted; fitted on all rows.
    offsets : ndarray of shape (n_classes,)
        What is added to the log probabilities before the largest is taken; fitted on all rows.
    """

    gain: float
    low: float
    high: float
    p_value: float
    p_order: float
    gained: int
    lost: int
    threshold: float | None
    offsets: np.ndarray


def best_threshold(score: np.ndarray, positive: np.ndarray, weight: np.ndarray) -> float:
    """Return the log-odds threshold of largest accuracy; among equals the one nearest to 0."""
    order = np.argsort(score)
    s, signed = score[order], np.where(positive, weight, -weight)[order]
    # Predicting positive from position i on is right for the positives from i on and the negatives before i.
    right = np.concatenate([[0.0], -np.cumsum(signed)])
    cuts = np.concatenate([[s[0] - 1.0], 0.5 * (s[1:] + s[:-1]), [s[-1] + 1.0]])
    allowed = np.concatenate([[True], s[1:] > s[:-1], [True]])
    right = np.where(allowed, right, -np.inf)
    best = np.flatnonzero(right >= right.max() - 1e-9 * np.abs(signed).sum())
    return float(cuts[best[np.argmin(np.abs(cuts[best]))]])


def fit_offsets(log_proba: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return class offsets for each set of weights.

    The threshold of largest accuracy for two classes, nearly maximum likelihood for more: at the maximum every class
    has as much probability as labels. A few rounds of proportional fitting, with half a row added to each class, come
    close to it.

    Parameters
    ----------
    log_proba : ndarray of shape (n_rows, n_classes)
        Natural logarithms of the probabilities.
    y : ndarray of shape (n_rows,)
        Column index of each label.
    weights : ndarray of shape (n_sets, n_rows)
        Row weights, 0 for the rows that a set leaves out.

    Returns
    -------
    ndarray of shape (n_sets, n_classes)

    Examples
    --------
    Equal probabilities, and of four labels two are of class 0; without the last two rows both are:

    >>> weights = np.array([[1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 0.0, 0.0]])
    >>> all_rows, first_rows = fit_offsets(np.log(np.full((4, 3), 1 / 3)), np.array([0, 0, 1, 2]), weights)
    >>> bool(0 < all_rows[0] - all_rows[1] < first_rows[0] - first_rows[1])
    True
    """
    k = log_proba.shape[1]
    if k == 2:
        score = log_proba[:, 1] - log_proba[:, 0]
        used = [weight > 0 for weight in weights]
        cuts = [best_threshold(score[u], y[u] == 1, w[u]) for u, w in zip(used, weights, strict=True)]
        return 0.5 * np.stack([cuts, np.negative(cuts)], axis=1)
    half = 0.5 * weights.sum(axis=1, keepdims=True) / np.count_nonzero(weights, axis=1)[:, None]
    target = np.stack([np.bincount(y, weight, k) for weight in weights]) + half
    proba = np.exp(log_proba - log_proba.max(axis=1, keepdims=True))
    offsets = np.zeros((len(weights), k))
    for _ in range(FITTING_ROUNDS):
        factor = np.exp(offsets)
        share = factor * ((weights / (factor @ proba.T)) @ proba)  # total probability of each class
        offsets += np.log(target / (share + half))
    return offsets - offsets.mean(axis=1, keepdims=True)


def sign_flip_p_value(moves: np.ndarray, rng: np.random.Generator) -> float:
    """Return the chance that random signs of the moves sum to as much as their own.

    Parameters
    ----------
    moves : ndarray of shape (n_moves,)
        Signed changes, at least one.
    rng : Generator
        Source of the signs.

    Returns
    -------
    float
        One-sided Monte Carlo p-value of 999 choices of signs, or of 9999 where those give less than 0.01.

    Examples
    --------
    One of eight choices of signs reaches 1 + 2 + 4:

    >>> bool(0.11 < sign_flip_p_value(np.array([1.0, 2.0, 4.0]), np.random.default_rng(0)) < 0.14)
    True
    """
    total = moves.sum() - 1e-12 * np.abs(moves).sum()
    size = np.abs(moves)
    reached = done = 0
    chunk = max(1, CHUNK_ENTRIES // moves.size)
    for target in (N_DRAWS, N_DRAWS_EXTENDED):
        while done < target:
            flips = min(chunk, target - done)
            signs = rng.integers(0, 2, size=(flips, moves.size), dtype=np.int8) * 2.0 - 1.0
            reached += int(np.count_nonzero(signs @ size >= total))
            done += flips
        if (1 + reached) / (1 + done) >= EXTEND_BELOW:
            break
    return (1 + reached) / (1 + done)


def order_p_value(proba: np.ndarray, y: np.ndarray, weight: np.ndarray, group: np.ndarray | None) -> float:
    """Return the p-value of labels that the probabilities do not follow, however often each class occurs.

    Parameters
    ----------
    proba : ndarray of shape (n_rows, n_classes)
        Probabilities.
    y : ndarray of shape (n_rows,)
        Column index of each label.
    weight : ndarray of shape (n_rows,)
        Row weights.
    group : ndarray of shape (n_rows,) or None
        Group codes.

    Returns
    -------
    float
        One-sided, of sum_j cov(p_j, 1[y = j]) = 0, by the normal law with the spread over rows or groups.

    Notes
    -----
    The covariance is the part of the Brier score that is owed to knowing which rows are which; it is 0 for every
    constant prediction and for labels drawn without a look at the row.

    References
    ----------
    Yates (1982), External correspondence: decompositions of the mean probability score, Organizational Behavior and
    Human Performance 30, 132-156.

    Examples
    --------
    The second class is likelier where it occurs, and as likely everywhere:

    >>> y, ones = np.repeat([0, 1], 20), np.ones(40)
    >>> follows = np.where(np.arange(40) % 4 == 0, 0.5, 0.4 + 0.2 * y)
    >>> bool(order_p_value(np.stack([1 - follows, follows], axis=1), y, ones, None) < 1e-6)
    True
    >>> order_p_value(np.full((40, 2), 0.5), y, ones, None)
    1.0
    """
    share = np.bincount(y, weight, proba.shape[1]) / weight.sum()
    mean = np.average(proba, axis=0, weights=weight)
    follows = proba[np.arange(len(y)), y] - mean[y] - (proba @ share - mean @ share)
    total, error = mean_and_error(*unit_sums(follows[:, None], weight, group))
    return float(norm.sf(total[0] / error[0])) if error[0] > 1e-12 else 1.0


def threshold_gain(
    log_proba: np.ndarray, y: np.ndarray, weight: np.ndarray, group: np.ndarray | None, rng: np.random.Generator
) -> ThresholdGain:
    """Measure what class offsets gain in accuracy on rows that did not choose them.

    Notes
    -----
    The sign test is exact where offsets do nothing: each discordant row (or group, by its net change) is then as likely
    to be gained as lost, or likelier lost. With unequal weights the signs of the changes are flipped at random.
    """
    before = log_proba.argmax(axis=1) == y
    after = np.empty_like(before)
    fold = folds(len(y), group, rng, by=log_proba.max(axis=1))
    kept_out = np.unique(fold)
    *of_folds, offsets = fit_offsets(log_proba, y, weight * np.array([*(fold != f for f in kept_out), fold >= 0]))
    for f, own in zip(kept_out, of_folds, strict=True):
        test = np.flatnonzero(fold == f)
        after[test] = (log_proba[test] + own).argmax(axis=1) == y[test]
    change = after.astype(float) - before
    net, sizes = unit_sums(change[:, None], weight, group)
    mean, error = mean_and_error(net, sizes)
    moves = net[:, 0][net[:, 0] != 0]
    if moves.size == 0:
        p_value = 1.0
    elif np.ptp(np.abs(moves)) <= 1e-9 * np.abs(moves).max():
        p_value = float(binom.sf(np.count_nonzero(moves > 0) - 1, moves.size, 0.5))
    else:
        p_value = sign_flip_p_value(moves, rng)
    threshold = float(expit(offsets[0] - offsets[1])) if log_proba.shape[1] == 2 else None
    half = Z95 * float(error[0])
    return ThresholdGain(
        float(mean[0]),
        float(mean[0]) - half,
        float(mean[0]) + half,
        p_value,
        order_p_value(np.exp(log_proba), y, weight, group),
        int((change > 0).sum()),
        int((change < 0).sum()),
        threshold,
        offsets,
    )
