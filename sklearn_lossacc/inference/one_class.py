"""One predicted class that is calibrated unlike the others, in place of causes that would reach all rows."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from sklearn_lossacc._numerics.mixture import fit_mixture, mixture_proba
from sklearn_lossacc.inference.cause_model import SAYS, CauseModel, select_causes
from sklearn_lossacc.inference.design import design_scale, too_sparse
from sklearn_lossacc.inference.floor import finite
from sklearn_lossacc.inference.null import NullModel
from sklearn_lossacc.inference.uneven import MIN_ROWS


@dataclass(frozen=True)
class OneClass:
    """A predicted class that explains what was selected.

    Attributes
    ----------
    column : int
        The class.
    temperature : float
        What suits its rows.
    repaired : NullModel
        All rows, those of the class at their temperature.
    causes : CauseModel
        The selection of nothing, for the rows as given.
    """

    column: int
    temperature: float
    repaired: NullModel
    causes: CauseModel


def one_class(
    null: NullModel, column: int, causes: CauseModel, *, log_floor: float, random_state: int = 0
) -> OneClass | None:
    """Ask whether a temperature of one predicted class explains all that was selected, and better.

    Parameters
    ----------
    null : NullModel
        All rows.
    column : int
        The predicted class that is furthest off.
    causes : CauseModel
        What was selected among the causes that reach all rows, some terms or outliers.
    log_floor : float
        Logarithm that stands for an exact zero.
    random_state : int, default=0
        Seed of the drawn null distributions.

    Returns
    -------
    OneClass or None
        None unless nothing is selected any more once the rows of the class have their own temperature, and that is
        ahead of the best fit with a global temperature, class offsets and a floor, by twice the log likelihood, with a
        charge for its choice among the classes.

    Notes
    -----
    An overfit class leaves some rows that are sure and wrong among many that are neither: to a model of the whole that
    looks like label noise. The charge is that of AIC for one parameter, and twice the logarithm of the number of
    classes for the choice of one; the global fit is charged for no more than one parameter a term.

    Examples
    --------
    Labels of a model whose scores are three times too far apart where it predicts the third class:

    >>> import numpy as np
    >>> from sklearn_lossacc._numerics import log_softmax
    >>> from sklearn_lossacc.inference.cause_model import select_causes
    >>> rng = np.random.default_rng(0)
    >>> truth = log_softmax(2.0 * rng.normal(size=(1000, 3)))
    >>> y = (truth + rng.gumbel(size=truth.shape)).argmax(axis=1)
    >>> shown = log_softmax(truth * np.where(truth.argmax(axis=1) == 2, 3.0, 1.0)[:, None])
    >>> null = NullModel(shown, y, np.ones(1000))
    >>> found = one_class(null, 2, select_causes(null, log_floor=-36.0), log_floor=-36.0)
    >>> found.column, found.causes.terms, round(found.temperature, 1)
    (2, (), 2.8)
    """
    scores = finite(null.log_proba, log_floor)
    rows = np.flatnonzero(null.proba.argmax(axis=1) == column)
    if rows.size < MIN_ROWS:
        return None
    beta = fit_mixture(scores[rows], null.y[rows], null.weight[rows], floor=False).beta
    q = mixture_proba(scores[rows], beta, np.zeros(null.n_classes), 0.0)
    log_proba = scores.copy()
    log_proba[rows] = np.log(np.maximum(q, 1e-300))
    repaired = NullModel(log_proba, null.y, null.weight, null.group)
    twice = 2.0 * design_scale(null)
    gain = twice * float(null.weight @ (null.true_loss - repaired.true_loss)) - SAYS - 2.0 * math.log(null.n_classes)
    kept = causes.kept
    by_causes = causes.fit.log_likelihood + float(null.weight[kept] @ null.true_loss[kept])
    if gain < twice * by_causes - SAYS * len(causes.terms):
        return None
    whole = fit_mixture(scores, null.y, null.weight, bias=not too_sparse(null))
    by_whole = whole.log_likelihood + float(null.weight @ null.true_loss)
    if gain < twice * by_whole - SAYS * (len(causes.terms) + bool(causes.outliers.size)):
        return None
    left = select_causes(repaired, log_floor=log_floor, random_state=random_state)
    if left.terms or left.outliers.size:
        return None
    return OneClass(column, 1.0 / beta, repaired, replace(left, null=null))
