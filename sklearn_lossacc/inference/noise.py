"""Label noise beyond the floor: anchors, confused pairs, and the quality of each label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import coo_array, csr_array

from sklearn_lossacc._numerics.blocks import row_blocks
from sklearn_lossacc._numerics.mixture_weights import fit_mixture_weights

ANCHOR_SHARE = 0.1
MIN_ANCHORS = 20
N_PAIRS = 5
SURE_SHARE = 0.4  # of the rows of each predicted class: most of them pure, and enough to tell noise by pairs of classes
SHRINK = 0.5  # rows of prior noise that are added to each class, as a share of those of a class on average
LEAST_NOISE = 0.01  # where every sure row agrees, so that labels are still told apart
SMALLEST = 1e-12  # probability; a network in single precision says 0 well above


@dataclass(frozen=True)
class StraightLine:
    """The likeliest straight line from the probability of the second of two classes to its frequency.

    Attributes
    ----------
    intercept, slope : float
        Frequency = intercept + slope x probability, within [0, 1] over all of [0, 1].
    log_likelihood : float
        Weighted sum of the log frequencies of the labels, in nats.
    """

    intercept: float
    slope: float
    log_likelihood: float


def straight_line(proba: np.ndarray, y: np.ndarray, weight: np.ndarray) -> StraightLine:
    """Fit frequencies of two classes that are a straight line in their probability.

    Parameters
    ----------
    proba : ndarray of shape (n_rows, 2)
        Probabilities.
    y : ndarray of shape (n_rows,)
        Column index of each label.
    weight : ndarray of shape (n_rows,)
        Row weights.

    Returns
    -------
    StraightLine

    Notes
    -----
    A share e of labels at random is the line (1 - e) p + e / 2: with two classes, noise and scores that were stretched
    along a line are one and the same. Lines that rise from a to 1 - b mix labels always 1, always 0, and drawn from p.

    Examples
    --------
    Scores of 0 and 1 that are right three times in four, and nine times in ten:

    >>> proba = np.repeat([[1.0, 0.0], [0.0, 1.0]], [4, 10], axis=0)
    >>> line = straight_line(proba, np.repeat([1, 0, 0, 1], [1, 3, 1, 9]), np.ones(14))
    >>> print(round(line.intercept, 4), round(line.slope, 4))
    0.25 0.65
    """
    density = np.stack([y == 1, y == 0, proba[np.arange(len(y)), y]], axis=1).astype(float)
    always, _, slope = share = fit_mixture_weights(density, weight)
    # Beside the heaviest rows, one may weigh nothing: then no line needs to allow its label.
    frequency = np.maximum(density @ share, 1e-300)
    return StraightLine(float(always), float(slope), float(weight @ np.log(frequency)))


def class_thresholds(proba: np.ndarray, y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return each class's mean probability among the rows labelled so; NaN for a class without rows."""
    k = proba.shape[1]
    total = np.bincount(y, weight, k)
    with np.errstate(invalid="ignore"):
        return np.bincount(y, weight * proba[np.arange(len(y)), y], k) / total


def sure_counts(proba: np.ndarray, y: np.ndarray, weight: np.ndarray) -> csr_array:
    """Return how much of what the model is surest of is labelled as what.

    Parameters
    ----------
    proba : ndarray of shape (n_rows, n_classes)
        Out-of-sample probabilities.
    y : ndarray of shape (n_rows,)
        Column index of each label.
    weight : ndarray of shape (n_rows,)
        Row weights.

    Returns
    -------
    csr_array of shape (n_classes, n_classes)
        Weight by predicted class and by label, of the surest two fifths of the rows of each predicted class and of all
        that are as sure as the last of them.

    Examples
    --------
    >>> proba = np.array([[0.8, 0.2], [0.7, 0.3], [0.6, 0.4], [0.6, 0.4], [0.3, 0.7]])
    >>> sure_counts(proba, np.array([0, 1, 0, 0, 1]), np.ones(5)).toarray().tolist()
    [[1.0, 1.0], [0.0, 1.0]]
    """
    k = proba.shape[1]
    predicted = proba.argmax(axis=1)
    confidence = proba[np.arange(len(y)), predicted]
    order = np.lexsort((-confidence, predicted))
    ends = np.searchsorted(predicted[order], np.arange(k), side="right")
    total = np.concatenate([[0.0], np.cumsum(weight[order])])
    before = total[np.concatenate([[0], ends[:-1]])]
    last = np.searchsorted(total[1:], before + SURE_SHARE * (total[ends] - before) * (1.0 - 1e-9))
    least = confidence[order[np.minimum(last, len(y) - 1)]] * (1.0 - 1e-9)  # equal, but for rounding
    sure = np.flatnonzero(confidence >= least[predicted])
    return csr_array(coo_array((weight[sure], (predicted[sure], y[sure])), shape=(k, k)))


class _LabelNoise:
    """How labels come from classes: counts of sure rows, drawn towards noise that spares no class.

    Row i of the matrix is (counts_i + a prior_i) / (sum of counts_i + a), with a share `SHRINK` of the mean row sum as
    a, and as prior the overall share of agreement on the diagonal. The counts stay sparse: of a thousand classes each
    is mistaken for few.
    """

    def __init__(self, counts: csr_array):
        k = counts.shape[0]
        total, agreeing = float(counts.sum()), float(counts.diagonal().sum())
        # Labels that never agree, or always do, would leave some of them without any chance.
        agree = min(max(agreeing / total if total > 0 else 1.0, 1.0 / k), 1.0 - LEAST_NOISE)
        added = SHRINK * total / k if total > 0 else 1.0
        self.counts, self.transposed = counts, csr_array(counts.T)
        self.scale = 1.0 / (np.asarray(counts.sum(axis=1)).ravel() + added)
        self.off = added * (1.0 - agree) / (k - 1)
        self.more = added * agree - self.off
        self.kept = self.scale * (counts.diagonal() + self.more + self.off)

    def labels(self, classes: np.ndarray) -> np.ndarray:
        """Return the probabilities of the labels for those of the classes, both of shape (n_classes, n_rows)."""
        scaled = classes * self.scale[:, None]
        return self.transposed @ scaled + self.off * scaled.sum(axis=0) + self.more * scaled

    def classes(self, ratio: np.ndarray) -> np.ndarray:
        """Return what each class makes of a ratio by label: the transpose of `labels`."""
        return self.scale[:, None] * (self.counts @ ratio + self.off * ratio.sum(axis=0) + self.more * ratio)


def label_quality(proba: np.ndarray, y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the chance of each label to be the row's class, by the model and the noise that it shows.

    Parameters
    ----------
    proba : ndarray of shape (n_rows, n_classes)
        Out-of-sample probabilities of the labels.
    y : ndarray of shape (n_rows,)
        Column index of each label.
    weight : ndarray of shape (n_rows,)
        Row weights, for the noise.

    Returns
    -------
    ndarray of shape (n_rows,)
        In [0, 1]; low means suspicious.

    Notes
    -----
    A network trained on noisy labels predicts labels, not classes. With T_ij the chance of label j for class i and c
    the probabilities of the classes, those of the labels are q = c T, and label y is right with chance
    T_yy c_y / q_y (Bayes). T comes from `sure_counts`. c starts at p and takes one step of
    c_i <- c_i sum_j T_ij p_j / q_j, which brings q towards p and keeps c a probability vector: a model that has learnt
    part of the noise, or none, is served by it as well, and more steps would follow the errors of T.

    References
    ----------
    W. H. Richardson, "Bayesian-Based Iterative Method of Image Restoration", J. Opt. Soc. Am. 62, 1972.

    Examples
    --------
    Ten rows of each class, of which the first has the other label, and a model that is 90 % sure throughout:

    >>> proba = np.repeat([[0.9, 0.1], [0.1, 0.9]], 10, axis=0)
    >>> quality = label_quality(proba, np.repeat([1, 0, 1], [1, 9, 10]), np.ones(20))
    >>> print(quality[[0, 1, -1]].round(2).tolist())
    [0.42, 1.0, 0.99]

    The counts are [[9, 1], [0, 10]]. With half of ten rows of 95 % agreement added to each class, T is [[.9167, .0833],
    [.0167, .9833]]. In the first row q = (.8267, .1733) and, after one step, c = (.9415, .0585), q = (.8640, .1360):
    .9833 x .0585 / .1360 = .42.
    """
    n_rows, k = proba.shape
    noise = _LabelNoise(sure_counts(proba, y, weight))
    quality = np.empty(n_rows)
    for block in row_blocks(n_rows, k):
        shown = np.maximum(proba[block].T, SMALLEST)
        classes = shown / shown.sum(axis=0)
        labels = noise.labels(classes)
        classes *= noise.classes(shown / labels)
        classes /= classes.sum(axis=0)
        labels = noise.labels(classes)
        own = y[block], np.arange(len(y[block]))
        quality[block] = noise.kept[own[0]] * classes[own] / labels[own]
    return np.minimum(quality, 1.0)


def anchors(proba: np.ndarray) -> dict[int, np.ndarray]:
    """Return the rows that the model is surest of, by predicted class: the surest tenth, but at least 20.

    Parameters
    ----------
    proba : ndarray of shape (n_rows, n_classes)
        Out-of-sample probabilities.

    Returns
    -------
    dict of int to ndarray of int
        Classes that are predicted for fewer rows are absent.
    """
    predicted = proba.argmax(axis=1)
    confidence = proba[np.arange(len(proba)), predicted]
    found = {}
    for j in np.unique(predicted):
        members = np.flatnonzero(predicted == j)
        n_anchors = max(MIN_ANCHORS, int(ANCHOR_SHARE * members.size))
        if members.size >= n_anchors:
            found[int(j)] = members[np.argsort(-confidence[members], kind="stable")[:n_anchors]]
    return found


def anchor_rate(proba: np.ndarray, y: np.ndarray, weight: np.ndarray) -> float | None:
    """Return the share of other labels among the anchors of a class, averaged over the classes by predicted weight.

    Notes
    -----
    It is an upper bound where no class has pure rows, so it stands beside an interval and never decides alone.
    """
    mass = np.bincount(proba.argmax(axis=1), weight, proba.shape[1])
    rates = {j: np.average(y[rows] != j, weights=weight[rows]) for j, rows in anchors(proba).items()}
    return float(np.average([*rates.values()], weights=mass[[*rates]])) if rates else None


def noise_matrix(proba: np.ndarray, y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return how often a row of one class is labelled as another, as its anchors show.

    Parameters
    ----------
    proba : ndarray of shape (n_rows, n_classes)
        Out-of-sample probabilities.
    y : ndarray of shape (n_rows,)
        Column index of each label.
    weight : ndarray of shape (n_rows,)
        Row weights.

    Returns
    -------
    ndarray of shape (n_classes, n_classes)
        Row i holds the shares of the labels among the anchors of class i; NaN where it has none.

    Notes
    -----
    Anchors are rows whose class is taken to be beyond doubt. Where it is not, the matrix shows doubt as well as noise.

    References
    ----------
    G. Patrini, A. Rozza, A. Menon, R. Nock, L. Qu, "Making Deep Neural Networks Robust to Label Noise", CVPR 2017.

    Examples
    --------
    Twenty rows of each class, and a quarter of the zeros are labelled 1:

    >>> proba = np.repeat([[0.99, 0.01], [0.01, 0.99]], 20, axis=0)
    >>> noise_matrix(proba, np.repeat([1, 0, 1], [5, 15, 20]), np.ones(40)).tolist()
    [[0.75, 0.25], [0.0, 1.0]]
    """
    k = proba.shape[1]
    matrix = np.full((k, k), np.nan)
    for j, rows in anchors(proba).items():
        matrix[j] = np.bincount(y[rows], weight[rows], k) / weight[rows].sum()
    return matrix


def confused_pairs(proba: np.ndarray, y: np.ndarray, weight: np.ndarray, classes: np.ndarray) -> list[dict[str, Any]]:
    """Return the pairs of classes whose labels disagree with confident predictions most often.

    A row counts for (label, other) when the model gives the other class at least that class's mean probability among
    its own rows.
    """
    thresholds = class_thresholds(proba, y, weight)
    k = proba.shape[1]
    # An absent class has no threshold and is never a confident alternative.
    thresholds = np.where(np.isfinite(thresholds), thresholds, np.inf)
    confident = proba >= thresholds * (1.0 - 1e-9)  # equal probabilities reach their own mean
    alternative = np.where(confident, proba, -1.0).argmax(axis=1)
    disagree = confident.any(axis=1) & (alternative != y)
    cells = np.bincount(y[disagree] * k + alternative[disagree], weight[disagree], k * k)
    best = np.argsort(-cells, kind="stable")[:N_PAIRS]
    total = float(weight.sum())
    return [
        {"label": str(classes[c // k]), "looks_like": str(classes[c % k]), "share": float(cells[c] / total)}
        for c in best
        if cells[c] > 0
    ]
