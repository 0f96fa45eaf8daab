"""From logits to probabilities and their logarithms, without overflow."""

from __future__ import annotations

import math

import numpy as np

from sklearn_lossacc._numerics.blocks import row_max, row_sum

__all__ = ["LOG_CLIP", "LOSS_CLIP", "expit", "log_softmax", "logit", "softmax", "softmax_pair"]

# Machine epsilon of float64, for exports of every dtype: a clipped loss must not depend on the dtype.
LOSS_CLIP = 2.220446049250313e-16
LOG_CLIP = math.log(LOSS_CLIP)  # the log taken for a probability of exactly 0

BELOW_ONE = float(np.nextafter(1.0, 0.0))


def _as_float(z: np.ndarray) -> np.ndarray:
    """Keep float32 and float64, raise float16 to float32, everything else to float64."""
    z = np.asarray(z)
    if z.dtype == np.float16:
        return z.astype(np.float32)
    if z.dtype in (np.float32, np.float64):
        return z
    return z.astype(np.float64)


def _largest(z: np.ndarray, axis: int) -> np.ndarray:
    """Maximum along `axis`, which stays as an axis of length 1."""
    if z.ndim == 2 and axis in (1, -1):
        return row_max(z)[:, np.newaxis]
    return np.max(z, axis=axis, keepdims=True)


def _total(z: np.ndarray, axis: int) -> np.ndarray:
    """Sum along `axis`, which stays as an axis of length 1."""
    if z.ndim == 2 and axis in (1, -1):
        return row_sum(z)[:, np.newaxis]
    return np.sum(z, axis=axis, keepdims=True)


def softmax_pair(z: np.ndarray, axis: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Compute probabilities and their logarithms together.

    Parameters
    ----------
    z : array of shape (..., n_classes, ...)
        Finite logits.
    axis : int, default=1
        Axis of the classes.

    Returns
    -------
    proba : ndarray
        Same shape as `z`; float32 for float16 and float32 input, float64 otherwise.
    log_proba : ndarray
        Natural logarithms, in the same shape and dtype.

    Notes
    -----
    With m = max z: log p_j = z_j - m - log sum_i exp(z_i - m). One exponential serves both results.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics import softmax_pair
    >>> proba, log_proba = softmax_pair(np.log([[1.0, 3.0]]))
    >>> proba
    array([[0.25, 0.75]])
    >>> np.exp(log_proba)
    array([[0.25, 0.75]])
    """
    z = _as_float(z)
    log_proba = z - _largest(z, axis)
    proba = np.exp(log_proba)
    total = _total(proba, axis)
    log_proba -= np.log(total)
    proba /= total
    return proba, log_proba


def log_softmax(z: np.ndarray, axis: int = 1) -> np.ndarray:
    """Compute the logarithms of the softmax probabilities.

    Parameters
    ----------
    z : array of shape (..., n_classes, ...)
        Finite logits.
    axis : int, default=1
        Axis of the classes.

    Returns
    -------
    ndarray
        Natural logarithms, same shape as `z`; float32 for float16 and float32 input, float64 otherwise. Never
        -inf for finite logits whose spread the dtype can hold.

    Notes
    -----
    With m = max z: log p_j = z_j - m - log sum_i exp(z_i - m).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics import log_softmax
    >>> log_softmax(np.array([[0.0, 1000.0]]))
    array([[-1000.,     0.]])
    """
    z = _as_float(z)
    shifted = z - _largest(z, axis)
    shifted -= np.log(_total(np.exp(shifted), axis))
    return shifted


def softmax(
    z: np.ndarray, axis: int = 1, *, scale: float = 1.0, out: np.ndarray | None = None, bounded: bool = False
) -> np.ndarray:
    """Compute the softmax probabilities of logits, all multiplied by one number.

    Parameters
    ----------
    z : array of shape (..., n_classes, ...)
        Finite logits.
    axis : int, default=1
        Axis of the classes.
    scale : float, default=1.0
        Not negative. The logits may be so large that their multiples are infinite.
    out : ndarray, optional
        Where to put the probabilities; may be `z` itself.
    bounded : bool, default=False
        Whether the largest multiple of each row is known to lie where its exponential is an ordinary number, so that
        nothing needs to be subtracted.

    Returns
    -------
    ndarray
        Same shape as `z`; float32 for float16 and float32 input, float64 otherwise.

    Notes
    -----
    p_j = exp(s (z_j - m)) / sum_i exp(s (z_i - m)) with m = max z.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics import softmax
    >>> softmax(np.log([[1.0, 3.0]]))
    array([[0.25, 0.75]])
    >>> softmax(np.log([[1.0, 3.0]]), scale=2.0)
    array([[0.1, 0.9]])
    """
    z = _as_float(z)
    shifted = z if bounded else np.subtract(z, _largest(z, axis), out=out)
    target = out if bounded else shifted
    if scale != 1:
        with np.errstate(over="ignore"):  # exp(-inf) is 0
            shifted = target = np.multiply(shifted, scale, out=target)
    proba = np.exp(shifted, out=target)
    proba *= 1.0 / _total(proba, axis)  # multiplying is thrice as fast as dividing
    return proba


def expit(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Compute probabilities from log odds.

    Parameters
    ----------
    x : ndarray
        Log odds.
    out : ndarray, optional
        Where to put the probabilities; may be `x` itself.

    Returns
    -------
    ndarray
        1 / (1 + exp(-x)), in twice the speed of ``scipy.special.expit``; 0 below -709.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.links import expit
    >>> expit(np.array([-1e30, 0.0, np.log(3)]))
    array([0.  , 0.5 , 0.75])
    """
    out = np.negative(x, out=out)
    with np.errstate(over="ignore"):
        np.exp(out, out=out)
    out += 1.0
    return np.reciprocal(out, out=out)


def logit(p: np.ndarray) -> np.ndarray:
    """Compute log odds from probabilities.

    Parameters
    ----------
    p : ndarray
        Above 0, and below 1 but for rounding.

    Returns
    -------
    ndarray
        log p - log(1 - p), in nats; at most 36.8.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.links import logit
    >>> logit(np.array([0.25, 0.5])).round(4)
    array([-1.0986,  0.    ])
    """
    return np.log(p) - np.log1p(-np.minimum(p, BELOW_ONE))
