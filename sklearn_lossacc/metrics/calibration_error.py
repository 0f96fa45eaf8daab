"""Calibration errors: how far stated probabilities are from observed frequencies.

Libraries disagree on what these names mean. Each docstring says what is computed here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sklearn_lossacc._numerics.binning import right_closed_bins
from sklearn_lossacc.inference.calibration_error import N_BINS
from sklearn_lossacc.inference.debiased_error import debiased_rmsce
from sklearn_lossacc.inference.equal_mass import equal_mass_bins, tied_levels
from sklearn_lossacc.inference.smooth_ece import smooth_ece
from sklearn_lossacc.metrics.rows import Rows

__all__ = [
    "classwise_error_of",
    "debiased_calibration_error",
    "debiased_error_of",
    "expected_calibration_error",
    "ks_calibration_error",
    "smooth_calibration_error",
    "smooth_error_of",
    "top_label_error_of",
]

STRATEGIES = ("uniform", "quantile")
NORMS = ("l1", "l2", "max")
KINDS = ("top_label", "classwise")


class Binned(NamedTuple):
    """Sums over bins, for one event or, in rows, for several.

    Attributes
    ----------
    weight, excess : ndarray of shape (n_bins,) or (n_events, n_bins)
        Sum of the weights, and of weight times (probability - event).
    """

    weight: np.ndarray
    excess: np.ndarray


def _binned(proba: np.ndarray, event: np.ndarray, weight: np.ndarray, n_bins: int, strategy: str) -> Binned:
    """Add up one event by bins of its probability."""
    bins = right_closed_bins(proba, n_bins) if strategy == "uniform" else equal_mass_bins(proba, weight, n_bins)
    return Binned(np.bincount(bins, weight, n_bins), np.bincount(bins, weight * (proba - event), n_bins))


def _error(binned: Binned, norm: str) -> float:
    """Reduce the gaps of the bins to one number, with equal weights for the events."""
    weight, excess = binned
    if norm == "l1":
        return float((np.abs(excess).sum(axis=-1) / weight.sum(axis=-1)).mean())
    gap = np.divide(excess, weight, out=np.zeros_like(excess), where=weight > 0)
    if norm == "max":
        return float(np.abs(gap).max())
    return float(np.sqrt(((weight * gap**2).sum(axis=-1) / weight.sum(axis=-1)).mean()))


def _uniform_by_class(rows: Rows, n_bins: int, norm: str) -> Binned:
    """Add up every class by equal-width bins of its probability, block by block."""
    k = rows.predictions.n_classes
    weight, excess = np.zeros(k * n_bins), np.zeros(k * n_bins)
    first = n_bins * np.arange(k)
    for block in rows.predictions.blocks():
        proba = block.proba().astype(np.float64, copy=False)
        cells = right_closed_bins(proba.ravel(), n_bins).reshape(proba.shape)
        cells += first
        hit = cells[np.arange(len(proba)), block.y]
        weighted = proba if block.weight is None else proba * block.weight[:, None]
        excess += np.bincount(cells.ravel(), weighted.ravel(), k * n_bins)
        excess -= np.bincount(hit, block.weight, k * n_bins)
        if norm != "l1":
            each = None if block.weight is None else np.repeat(block.weight, k)
            weight += np.bincount(cells.ravel(), each, k * n_bins)
    if norm == "l1":  # only the sum over the bins is used, which is known
        weight[first] = rows.weight.sum()
    return Binned(weight.reshape(k, n_bins), excess.reshape(k, n_bins))


def _quantile_by_class(rows: Rows, n_bins: int, norm: str) -> Binned:
    """Add up every class by equal-mass bins of its probability."""
    del norm
    kept = rows.counted
    proba, y, weight = rows.proba[kept], rows.predictions.y[kept], rows.weight[kept]
    each = [_binned(column, y == j, weight, n_bins, "quantile") for j, column in enumerate(proba.T)]
    return Binned(np.stack([one.weight for one in each]), np.stack([one.excess for one in each]))


def top_label_error_of(rows: Rows, n_bins: int = N_BINS, strategy: str = "uniform", norm: str = "l1") -> float:
    """Return the calibration error of the likeliest class."""
    return _error(_binned(*rows.top, n_bins, strategy), norm)


def classwise_error_of(rows: Rows, n_bins: int = N_BINS, strategy: str = "uniform", norm: str = "l1") -> float:
    """Return the calibration error over the classes."""
    by_class = _uniform_by_class if strategy == "uniform" else _quantile_by_class
    return _error(by_class(rows, n_bins, norm), norm)


def debiased_error_of(rows: Rows) -> float:
    """Return the signed root of the debiased squared error of the likeliest class."""
    return debiased_rmsce(*rows.top)


def smooth_error_of(rows: Rows) -> float:
    """Return the smooth calibration error of the likeliest class."""
    return smooth_ece(*rows.top)


def _choose(name: str, value: str, allowed: tuple[str, ...]) -> None:
    """Refuse an unknown option."""
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}; got {value!r}.")


def _check_n_bins(n_bins: int) -> None:
    """Refuse a number of bins that is none."""
    if not isinstance(n_bins, int | np.integer) or isinstance(n_bins, bool) or n_bins < 1:
        raise ValueError(f"n_bins must be an integer of at least 1, got {n_bins!r}.")


def expected_calibration_error(
    y_true: Any,
    y_proba: Any,
    *,
    sample_weight: Any = None,
    classes: Any = None,
    input: str = "proba",
    n_bins: int = N_BINS,
    strategy: str = "uniform",
    norm: str = "l1",
    kind: str = "top_label",
) -> float:
    """Mean gap between stated probability and observed frequency, over bins of the probability.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Labels.
    y_proba : array-like of shape (n_samples, n_classes), (n_samples,) or (n_samples, 1)
        Probabilities or logits; a single column belongs to the second class.
    sample_weight : array-like of shape (n_samples,), optional
        Weight k is the row repeated k times.
    classes : array-like of shape (n_classes,), optional
        The label of each column, in column order, which is honoured.
    input : {"proba", "logits"}, default="proba"
        What `y_proba` holds.
    n_bins : int, default=15
        Number of bins.
    strategy : {"uniform", "quantile"}, default="uniform"
        "uniform": bins ((b - 1) / n_bins, b / n_bins], closed on the right; 0 goes to the first. "quantile": bins of
        equal weight; rows of equal probability share the bin in which the middle of their weight lies.
    norm : {"l1", "l2", "max"}, default="l1"
        How the gaps of the bins are put together; see Notes.
    kind : {"top_label", "classwise"}, default="top_label"
        "top_label": the probability of the likeliest class (the first of equal ones), and whether it is the label;
        also for two classes. "classwise": the probability of each class, and whether that is the label.

    Returns
    -------
    float
        Between 0 and 1. Smaller is better.

    Raises
    ------
    LossAccError
        A `ValueError`, if the arguments are unusable or do not fit together.

    See Also
    --------
    debiased_calibration_error : Near 0, not above it, for a calibrated model.
    smooth_calibration_error : Without bins.
    calibration_loss : The same question in nats.

    Notes
    -----
    With W_b the weight of bin b, W its sum over the bins, and gap_b the difference of the mean probability and the
    frequency in the bin:

    - "l1": sum_b (W_b / W) abs(gap_b), averaged over the classes with equal weights if ``kind="classwise"``;
    - "l2": the root of sum_b (W_b / W) gap_b^2, the sum being averaged over the classes;
    - "max": the largest abs(gap_b) over all bins (and classes) that hold rows.

    It is biased upward: with few rows a calibrated model has gaps by chance alone. It is smallest for models that
    know nothing, such as one that predicts the class frequencies for every row, and says nothing about accuracy.

    References
    ----------
    C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On Calibration of Modern Neural Networks", ICML 2017.
    M. Kull et al., "Beyond temperature scaling", NeurIPS 2019 (class-wise).

    Examples
    --------
    Three rows of confidence .75 with two hits, and one row of confidence 1 with one hit:

    >>> from sklearn_lossacc.metrics import expected_calibration_error
    >>> y, p = [1, 1, 0, 1], [0.75, 0.75, 0.75, 1.0]
    >>> round(expected_calibration_error(y, p), 6)  # 3/4 * (3/4 - 2/3)
    0.0625
    >>> round(expected_calibration_error(y, p, norm="max"), 6)  # 3/4 - 2/3
    0.083333
    """
    _check_n_bins(n_bins)
    _choose("strategy", strategy, STRATEGIES)
    _choose("norm", norm, NORMS)
    _choose("kind", kind, KINDS)
    rows = Rows.check(y_true, y_proba, sample_weight=sample_weight, classes=classes, input=input)
    error = top_label_error_of if kind == "top_label" else classwise_error_of
    return error(rows, n_bins, strategy, norm)


def debiased_calibration_error(
    y_true: Any,
    y_proba: Any,
    *,
    sample_weight: Any = None,
    classes: Any = None,
    input: str = "proba",
    n_bins: int = N_BINS,
) -> float:
    """Root mean squared calibration error of the likeliest class, with the part that is chance taken off.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Labels.
    y_proba : array-like of shape (n_samples, n_classes), (n_samples,) or (n_samples, 1)
        Probabilities or logits; a single column belongs to the second class.
    sample_weight : array-like of shape (n_samples,), optional
        Weight k is one row that counts k times; it is not k rows.
    classes : array-like of shape (n_classes,), optional
        The label of each column, in column order, which is honoured.
    input : {"proba", "logits"}, default="proba"
        What `y_proba` holds.
    n_bins : int, default=15
        Number of bins of equal weight; at most one for each two rows.

    Returns
    -------
    float
        At most 1. Negative where the gaps are smaller than chance makes them: no error was seen. NaN where no bin
        holds two rows.

    Raises
    ------
    LossAccError
        A `ValueError`, if the arguments are unusable or do not fit together.

    Notes
    -----
    sign(x) sqrt(abs(x)) of x = sum_b W_b u_b / sum_b W_b, where u_b is the mean of r_i r_j over the pairs of different
    rows in bin b, with weights w_i w_j, and r is hit minus confidence. x is unbiased for the squared error; its root
    is not.

    References
    ----------
    A. Kumar, P. Liang, T. Ma, "Verified Uncertainty Calibration", NeurIPS 2019; here as a U-statistic.

    Examples
    --------
    One bin of three rows, each with confidence .75: residuals 1/4, 1/4, -3/4, whose three products sum to -5/16.

    >>> from sklearn_lossacc.metrics import debiased_calibration_error
    >>> x = -5 / 16 / 3
    >>> round(debiased_calibration_error([1, 1, 0], [0.75] * 3), 6), round(-((-x) ** 0.5), 6)
    (-0.322749, -0.322749)
    """
    _check_n_bins(n_bins)
    rows = Rows.check(y_true, y_proba, sample_weight=sample_weight, classes=classes, input=input)
    return debiased_rmsce(*rows.top, n_bins=n_bins)


def smooth_calibration_error(
    y_true: Any,
    y_proba: Any,
    *,
    sample_weight: Any = None,
    classes: Any = None,
    input: str = "proba",
) -> float:
    """Calibration error of the likeliest class, smoothed by a kernel as wide as the error itself.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Labels.
    y_proba : array-like of shape (n_samples, n_classes), (n_samples,) or (n_samples, 1)
        Probabilities or logits; a single column belongs to the second class.
    sample_weight : array-like of shape (n_samples,), optional
        Weight k is the row repeated k times.
    classes : array-like of shape (n_classes,), optional
        The label of each column, in column order, which is honoured.
    input : {"proba", "logits"}, default="proba"
        What `y_proba` holds.

    Returns
    -------
    float
        Between 0 and 1. Smaller is better.

    Raises
    ------
    LossAccError
        A `ValueError`, if the arguments are unusable or do not fit together.

    Notes
    -----
    The residuals w (hit - confidence) / W are smoothed over confidence by a Gaussian of width s, reflected at 0 and
    1; smECE(s) is the integral of the absolute value, and the result is the s with smECE(s) = s. It is evaluated on
    1001 points, and no width is below 0.001. Unlike binned errors it is continuous in the predictions. For a
    calibrated model it shrinks to 0 as rows are added, and is above 0 before.

    References
    ----------
    J. Blasiok, P. Nakkiran, "Smooth ECE: Principled Reliability Diagrams via Kernel Smoothing", ICLR 2024.

    Examples
    --------
    Half right at confidence .8: all residual lies at one point, and smoothing cannot cancel it.

    >>> from sklearn_lossacc.metrics import smooth_calibration_error
    >>> round(smooth_calibration_error([0, 1], [0.8, 0.8]), 6)
    0.3
    """
    return smooth_error_of(Rows.check(y_true, y_proba, sample_weight=sample_weight, classes=classes, input=input))


def ks_calibration_error(
    y_true: Any,
    y_proba: Any,
    *,
    sample_weight: Any = None,
    classes: Any = None,
    input: str = "proba",
) -> float:
    """Largest gap between expected and observed hits of the likeliest class, counted from the least confident row up.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Labels.
    y_proba : array-like of shape (n_samples, n_classes), (n_samples,) or (n_samples, 1)
        Probabilities or logits; a single column belongs to the second class.
    sample_weight : array-like of shape (n_samples,), optional
        Weight k is the row repeated k times.
    classes : array-like of shape (n_classes,), optional
        The label of each column, in column order, which is honoured.
    input : {"proba", "logits"}, default="proba"
        What `y_proba` holds.

    Returns
    -------
    float
        Between 0 and 1. Smaller is better.

    Raises
    ------
    LossAccError
        A `ValueError`, if the arguments are unusable or do not fit together.

    Notes
    -----
    max over c of abs(sum_{i: c_i <= c} w_i (a_i - c_i)) / sum_i w_i with confidence c_i and hit a_i: the statistic of
    Kolmogorov and Smirnov. It needs no bins, and lets gaps of opposite sign cancel where they are neighbours.

    References
    ----------
    K. Gupta et al., "Calibration of Neural Networks using Splines", ICLR 2021.

    Examples
    --------
    After the row of confidence .6 the sum is .4 / 2, after that of .8 it is -.4 / 2:

    >>> from sklearn_lossacc.metrics import ks_calibration_error
    >>> round(ks_calibration_error([1, 0], [0.6, 0.8]), 6)  # max(.4, abs(.4 - .8)) / 2
    0.2
    """
    confidence, correct, weight = Rows.check(
        y_true, y_proba, sample_weight=sample_weight, classes=classes, input=input
    ).top
    residual = np.bincount(tied_levels(confidence), weight * (correct - confidence))
    return float(np.abs(np.cumsum(residual)).max() / weight.sum())
