"""The chance that a label is right, by the model and by the noise that it has learnt or not."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from sklearn_lossacc._numerics.blocks import row_blocks
from sklearn_lossacc._numerics.mixture import fit_mixture_rows, mixture_columns, mixture_proba
from sklearn_lossacc._numerics.mixture_rows import MixtureRows

FIT_ROWS, FIT_ENTRIES = 2**12, 2**16  # of which the larger counts: enough for temperature and offsets
NOISE_ROWS, NOISE_ENTRIES = 2**14, 2**20  # the same for the noise
MOST_FITTED = 2**19  # entries: many classes tell a temperature from fewer rows
MOST_CLASSES = 2048  # whose matrices are held
MOST_DECONVOLVED = 128  # classes; with more, the products cost more than they give
SMALLEST = 1e-12  # probability; a network in single precision says 0 well above
BETAS = (0.15, 10.0)  # labels that always agree, or never, would ask for infinite ones
ROWS_A_CLASS = 5  # on average, to tell classes apart at all
NATS_AN_OFFSET = 2.0  # what offsets must save each: noise of unequal classes looks much like them
LOW_SHARE = 0.02  # of the rows of a predicted class, which at least are free of another class
EM_STEPS, DECONVOLUTION_STEPS = 4, 2  # more of either change nothing that is seen
LARGEST_WRONG = 0.9  # share of the labels
TIE_BREAK = 2.0**-12  # weight of the next key in the order of rows
SPREADS = (1 / 256, 16.0)  # squared coefficient of variation of the rates of pairs


def learnt_noise(proba: np.ndarray) -> tuple[np.ndarray, bool]:
    """Return how labels come from classes according to the model itself, and whether to believe it.

    Parameters
    ----------
    proba : ndarray of shape (n_rows, n_classes)
        Probabilities of the labels.

    Returns
    -------
    matrix : ndarray of shape (n_classes, n_classes)
        Row i holds the chances of the labels for class i.
    believed : bool
        Whether it looks like noise, not like honest doubt.

    Notes
    -----
    Where class i is beyond doubt, p_j / p_i is as low as the noise allows. A row need not be free of all other classes
    for that, but of class j: the rate of each pair is what 2 % of the rows of the predicted class fall below.

    A blunt model that never loses its doubt has such rates as well. But honest doubt is mutual and differs between
    rows: calibrated log odds of two normal classes whose median is m spread by sqrt(2m) about it, less where they
    overlap (|z| m / .67, half a normal law). Noise is believed where the share of the rates that is not mutual
    exceeds the spread, the logarithm of the median over the rate, as a share of that of honest doubt.

    Examples
    --------
    Whatever the row, a tenth of the ones is expected to be labelled 0, and no zero 1:

    >>> matrix, believed = learnt_noise(np.array([[1.0, 0.0], [0.7, 0.3], [0.1, 0.9], [0.11, 0.89], [0.12, 0.88]]))
    >>> matrix.round(6).tolist(), believed
    ([[1.0, 0.0], [0.1, 0.9]], True)
    """
    k = proba.shape[1]
    predicted = proba.argmax(axis=1)
    rows = np.bincount(predicted, minlength=k)
    rates, spread, honest = np.eye(k), np.zeros((k, k)), np.zeros((k, k))
    for i in np.flatnonzero(rows):
        members = proba[predicted == i]
        ratios = members / members[:, [i]]
        ranks = [int(LOW_SHARE * rows[i]), rows[i] // 2]
        rates[i], median = np.partition(ratios, ranks, axis=0)[ranks]
        share = (ranks[0] + 0.5) / rows[i]
        doubt = -_log(median)
        spread[i] = -doubt - _log(rates[i])
        honest[i] = np.minimum(-ndtri(share) * np.sqrt(2.0 * doubt), (ndtri(share / 2) / ndtri(0.25) - 1.0) * doubt)
    weight = np.outer(rows, rows) * (rates - np.diag(np.diag(rates)))
    one_sided = np.abs(weight - weight.T).sum() / max(2.0 * weight.sum(), SMALLEST)
    believed = one_sided * (weight * honest).sum() > (weight * spread).sum()
    return rates / rates.sum(axis=1, keepdims=True), bool(believed)


def added_noise(proba: np.ndarray, y: np.ndarray, weight: np.ndarray, floor: float) -> tuple[np.ndarray, float]:
    """Return what happens to labels that are drawn from the model before they are seen.

    Parameters
    ----------
    proba : ndarray of shape (n_rows, n_classes)
        Probabilities, all above 0.
    y : ndarray of shape (n_rows,)
        Column index of each label.
    weight : ndarray of shape (n_rows,)
        Row weights, whose sum is the number of rows that they are worth.
    floor : float
        The share of random labels to start from.

    Returns
    -------
    matrix : ndarray of shape (n_classes, n_classes)
        Row i holds the chances of the seen labels for label i.
    log_likelihood : float
        Of the seen labels, in nats.

    Notes
    -----
    Empirical Bayes by expectation maximisation: the rows of the matrix have Dirichlet priors, all with the same rate
    for every other label, and as concentrated as the rates of the pairs are alike. Their variance beyond that of
    counts says so. Under uniform noise the matrix therefore is uniform, with pairs of classes it follows their counts.

    Examples
    --------
    A model that is sure, a tenth of the labels of the first class is wrong, and none of those of the second:

    >>> proba = np.repeat([[1 - 1e-9, 1e-9], [1e-9, 1 - 1e-9]], 1000, axis=0)
    >>> matrix, _ = added_noise(proba, np.repeat([1, 0, 1], [100, 900, 1000]), np.ones(2000), 0.05)
    >>> matrix.round(2).tolist()
    [[0.9, 0.1], [0.0, 1.0]]
    """
    n_rows, k = proba.shape
    order = np.argsort(y, kind="stable")
    ends = np.cumsum(np.bincount(y, minlength=k))
    proba, weight = proba[order], weight[order]
    rows_of = {int(j): slice(ends[j - 1] if j else 0, ends[j]) for j in np.unique(y)}
    rate = max(floor, 1.0 / n_rows) / k
    matrix = np.full((k, k), rate)
    np.fill_diagonal(matrix, 1.0 - (k - 1) * rate)
    for _ in range(EM_STEPS):
        counts = np.zeros((k, k))
        for j, rows in rows_of.items():
            counts[:, j] = matrix[:, j] * ((weight[rows] / (proba[rows] @ matrix[:, j])) @ proba[rows])
        total = counts.sum(axis=1, keepdims=True)
        np.fill_diagonal(counts, 0.0)
        rate = min((counts.sum() + 0.5) / ((k - 1) * total.sum() + 1.0), LARGEST_WRONG / (k - 1))
        expected = rate * total
        beyond = ((counts - expected) ** 2 - counts).sum() - float((expected**2).sum())  # less that of the diagonal
        shape = 1.0 / np.clip(beyond / ((k - 1) * float((expected**2).sum())), *SPREADS)
        matrix = (counts + shape) / (total + shape / rate)
        np.fill_diagonal(matrix, 0.0)
        np.fill_diagonal(matrix, 1.0 - matrix.sum(axis=1))
    log_likelihood = sum(float(weight[rows] @ np.log(proba[rows] @ matrix[:, j])) for j, rows in rows_of.items())
    return matrix, log_likelihood


class _Noise(NamedTuple):
    """The law of labels: classes softmax(beta log p + bias), deconvolved by what is learnt, and drawn from `whole`.

    What is learnt is None where it is not believed. Both matrices are with too many classes to hold them, or too few
    rows for them; noise is uniform then.
    """

    beta: float
    bias: np.ndarray
    floor: float
    log_likelihood: float
    learnt: np.ndarray | None
    whole: np.ndarray | None


def _in_order(proba: np.ndarray, y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the rows by label and what it is worth to the model, so that every so many-th of them is like all."""
    k = proba.shape[1]
    if len(y) <= max(min(FIT_ROWS, MOST_FITTED // k), FIT_ENTRIES // k):
        return np.arange(len(y))
    # One sum of all keys, the next one too small to upset those before: sorting by several takes ten times as long.
    key = proba[np.arange(len(y)), y] + TIE_BREAK * (proba.max(axis=1) + TIE_BREAK * weight / weight.max())
    return np.argsort(y + 0.5 * key)


def _some(order: np.ndarray, k: int, rows: int, entries: int) -> np.ndarray:
    """Return about so many rows, or entries where these are more."""
    return order[:: -(-order.size // max(rows, entries // k, 1))]


def _log(proba: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(proba, SMALLEST))


def _fit(
    proba: np.ndarray, y: np.ndarray, weight: np.ndarray, order: np.ndarray, rows: MixtureRows, bias: bool
) -> _Noise:
    n_rows, k = proba.shape
    fit = fit_mixture_rows(rows, bias=bias)
    beta = float(np.clip(fit.beta, *BETAS))
    if k > MOST_CLASSES or (k > MOST_DECONVOLVED and weight.sum() < ROWS_A_CLASS * k):
        # Where the floor is 0, that of one row still tells labels apart.
        return _Noise(beta, fit.bias, max(fit.floor, 1.0 / n_rows), fit.log_likelihood, None, None)
    some = _some(order, k, NOISE_ROWS, NOISE_ENTRIES)
    shown = mixture_proba(_log(proba[some]), beta, fit.bias, 0.0)
    added, log_likelihood = added_noise(shown, y[some], weight[some], fit.floor)
    learnt, believed = learnt_noise(shown)
    if not believed:
        return _Noise(beta, fit.bias, fit.floor, log_likelihood, None, added)
    return _Noise(beta, fit.bias, fit.floor, log_likelihood, learnt, learnt @ added)


def _likeliest(proba: np.ndarray, y: np.ndarray, weight: np.ndarray) -> _Noise:
    """Fit the noise, with class offsets where they pay; rows without weight count for nothing."""
    k, used = proba.shape[1], weight > 0
    if not used.all():
        proba, y, weight = proba[used], y[used], weight[used]
    weight = weight * (weight.sum() / (weight @ weight))  # Kish: the sum is the number of rows that they are worth
    order = _in_order(proba, y, weight)
    some = _some(order, k, min(FIT_ROWS, MOST_FITTED // k), FIT_ENTRIES)
    rows = MixtureRows(_log(proba[some]), y[some], weight[some])
    noise = _fit(proba, y, weight, order, rows, bias=False)
    if k > MOST_DECONVOLVED or weight.sum() < ROWS_A_CLASS * k:
        return noise
    offset = _fit(proba, y, weight, order, rows, bias=True)
    return offset if offset.log_likelihood - noise.log_likelihood > NATS_AN_OFFSET * (k - 1) else noise


def label_quality(proba: np.ndarray, y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the chance of each label to be the row's class, by the model and the noise that labels and model show.

    Parameters
    ----------
    proba : ndarray of shape (n_rows, n_classes)
        Out-of-sample probabilities of the labels.
    y : ndarray of shape (n_rows,)
        Column index of each label.
    weight : ndarray of shape (n_rows,)
        Row weights, for the noise; only their ratios matter.

    Returns
    -------
    ndarray of shape (n_rows,)
        In [0, 1]; low means suspicious.

    Notes
    -----
    A network trained on noisy labels predicts labels, not classes, of which it may have learnt all, part or nothing.
    With the probabilities c of the classes and T_ij the chance of label j for class i, label y is right with chance
    T_yy c_y / (c T)_y (Bayes). T = L U is made of the noise L that the model has learnt (`learnt_noise`; the identity
    where that is not believed) and the noise U that it has not (`added_noise`), both by s = softmax(beta log p + b),
    where a temperature is fitted together with a floor, and offsets are where they save 2 nats each. c solves c L = s,
    by two steps of Richardson's deconvolution, which keeps it a probability vector.

    References
    ----------
    G. Patrini, A. Rozza, A. Menon, R. Nock, L. Qu, "Making Deep Neural Networks Robust to Label Noise", CVPR 2017.
    W. H. Richardson, "Bayesian-Based Iterative Method of Image Restoration", J. Opt. Soc. Am. 62, 1972.

    Examples
    --------
    A hundred rows of each class, of which the first ten have the other label, and a model that is 99 % sure:

    >>> proba = np.repeat([[0.99, 0.01], [0.01, 0.99]], 100, axis=0)
    >>> quality = label_quality(proba, np.repeat([1, 0, 0, 1], [10, 90, 10, 90]), np.ones(200))
    >>> print(quality[[0, 10]].round(3).tolist())
    [0.089, 0.999]
    """
    n_rows, k = proba.shape
    noise = _likeliest(proba, y, weight)
    quality = np.empty(n_rows)
    for block in row_blocks(n_rows, k):
        shown = classes = mixture_columns(_log(proba[block]), noise.beta, noise.bias, 0.0)
        label = y[block]
        at = label, np.arange(label.size)
        if noise.whole is None:
            seen = (1.0 - noise.floor) * classes[at] + noise.floor / k
            quality[block] = (1.0 - noise.floor + noise.floor / k) * classes[at] / seen
            continue
        if noise.learnt is not None and k <= MOST_DECONVOLVED:
            for _ in range(DECONVOLUTION_STEPS):
                classes = classes * (noise.learnt @ (shown / (noise.learnt.T @ classes)))
        seen = np.einsum("ij,ij->j", noise.whole[:, label], classes)
        quality[block] = noise.whole[label, label] * classes[at] / seen
    return np.minimum(quality, 1.0)
