"""Weights of any size, brought into the range in which sums of them and of squares are exact enough."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np

from sklearn_lossacc.exceptions import DataWarning
from sklearn_lossacc.inputs import Predictions

__all__ = ["ordinary_weights", "warn_of_shares"]

LARGEST_TOTAL = 1e9  # rows: beyond, the weight of one row decides nothing any more, and squares overflow in the end
SMALLEST_TOTAL = 1e-9
SHARES = 2.0, 10  # rows in weight, and in number: weights that sum to 1 are shares
TINY = float(np.finfo(np.float64).tiny)


def ordinary_weights(predictions: Predictions) -> Predictions:
    """Multiply the weights by one number if their sum is astronomically large or small.

    Parameters
    ----------
    predictions : Predictions
        With or without weights.

    Returns
    -------
    Predictions
        The same where the sum of the weights lies between 1e-9 and 1e9. Otherwise the sum is the nearer of the two,
        and every positive weight stays positive.

    Examples
    --------
    >>> from sklearn_lossacc.calibration.weights import ordinary_weights
    >>> from sklearn_lossacc.inputs import Predictions
    >>> heavy = Predictions.from_arrays([0, 1], [0.5, 0.5], sample_weight=[3e300, 1e300])
    >>> ordinary_weights(heavy).sample_weight
    array([7.5e+08, 2.5e+08])
    """
    weight = predictions.sample_weight
    if weight is None:
        return predictions
    total = float(weight.sum())
    if SMALLEST_TOTAL <= total <= LARGEST_TOTAL:
        return predictions
    wanted = LARGEST_TOTAL if total > LARGEST_TOTAL else SMALLEST_TOTAL
    # the largest first: a denormal sum has lost its digits
    share = weight / weight.max()
    scaled = share / share.sum() * wanted
    return replace(predictions, sample_weight=np.where(weight > 0, np.maximum(scaled, TINY), 0.0))


def warn_of_shares(weight: np.ndarray | None) -> None:
    """Say what weights mean where ten rows or more make less than two together.

    To be called from a public method itself, so that the warning points to the caller's line.

    Parameters
    ----------
    weight : ndarray of shape (n_rows,) or None
        Weights, if any.

    Warns
    -----
    DataWarning
        If the weights look like shares.
    """
    if weight is None:
        return
    total, n_rows = float(weight.sum()), int(np.count_nonzero(weight))
    if total < SHARES[0] and n_rows >= SHARES[1]:
        warnings.warn(
            f"sample_weight sums to {total:.3g} over {n_rows} rows: weight k is the row repeated k times, so "
            "these rows count as next to none. Multiply shares by the number of rows.",
            DataWarning,
            stacklevel=3,
        )
