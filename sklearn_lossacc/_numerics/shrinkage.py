"""How much of an estimate to believe: its mean under a prior that expects little and allows for a lot."""

from __future__ import annotations

import numpy as np

__all__ = ["ANY_UNIT", "OWN_UNIT", "WRONG_SCALES", "believed_share"]

WRONG_SCALES = (0.05, 0.1, 0.2, 0.4, 0.8)  # of the log of a temperature: 0.8 is a factor of 2.2
ANY_UNIT = float(np.log(np.finfo(np.float64).max) / np.sqrt(3.0))  # of a log that is uniform over what floats hold: 410
OWN_UNIT = 0.01  # of the prior
SCALES = np.array([0.0, *WRONG_SCALES, ANY_UNIT])
PRIOR = np.array([(1.0 - OWN_UNIT) / (len(SCALES) - 1)] * (len(SCALES) - 1) + [OWN_UNIT])


def believed_share(estimate: float, information: float) -> float:
    """Return the factor that shrinks an estimate to its posterior mean.

    Parameters
    ----------
    estimate : float
        An unbiased estimate of a number that is 0 if nothing is wrong.
    information : float
        One over its squared standard error, at least 0.

    Returns
    -------
    float
        Between 0 and 1.

    Notes
    -----
    The prior is an equal mixture of normal laws with mean 0 and standard deviations 0, 0.05, 0.1, 0.2, 0.4 and 0.8. An
    estimate within its error is mostly not believed, one of many standard errors nearly as it is. For scores in a unit
    of their own, of which no more is known than that floats hold it, a hundredth goes to a law of standard deviation
    410: a sure estimate far beyond the others is believed as it is.

    Examples
    --------
    One, two, three and ten standard errors of 0.1:

    >>> from sklearn_lossacc._numerics.shrinkage import believed_share
    >>> [round(believed_share(0.1 * z, 100.0), 2) for z in (1, 2, 3, 10)]
    [0.42, 0.6, 0.8, 0.98]
    >>> round(believed_share(20.0, 5.0), 4)
    1.0
    """
    ratio = SCALES**2 * information
    share = ratio / (1.0 + ratio)
    evidence = 0.5 * (estimate**2 * information * share - np.log1p(ratio))
    weight = PRIOR * np.exp(evidence - evidence.max())
    return float(weight @ share / weight.sum())
