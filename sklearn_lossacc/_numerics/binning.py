"""Equal-width bins of the unit interval."""

from __future__ import annotations

import numpy as np

FAR_FROM_LIMIT = 1.0 - 1e-9  # in bins, above the limit below

__all__ = ["right_closed_bins"]


def right_closed_bins(values: np.ndarray, n_bins: int) -> np.ndarray:
    """Find the bin of each value among equal-width right-closed bins of the unit interval.

    Parameters
    ----------
    values : ndarray of float64 of shape (n,)
        Between 0 and 1.
    n_bins : int
        Number of bins.

    Returns
    -------
    ndarray of intp of shape (n,)
        Bin b holds the values in (b / n_bins, (b + 1) / n_bins]; 0 goes to the first bin.

    Notes
    -----
    The limits are the floats b / n_bins. With n_bins = c m, every m-th limit is a limit of c bins, to the last bit,
    because division is correctly rounded: fine bins can be added up to coarse ones without moving a value.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc._numerics.binning import right_closed_bins
    >>> right_closed_bins(np.array([0.0, 0.1, 0.2, 0.21, 1.0]), 5)
    array([0, 0, 0, 1, 4])
    """
    scaled = values * n_bins
    ends = np.ceil(scaled)
    # The product is rounded: a value at a limit may have crossed it, by one bin at most. It then lies next to a limit.
    np.subtract(ends, scaled, out=scaled)
    settled = scaled.size == 0 or (scaled.min() > 0.0 and scaled.max() < FAR_FROM_LIMIT)
    bins = ends.astype(np.intp)
    bins -= 1
    if not settled:
        bins += values > ends / n_bins
        bins -= values <= (ends - 1.0) / n_bins
        np.maximum(bins, 0, out=bins)
    return bins
