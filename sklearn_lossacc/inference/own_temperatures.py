"""Predicted classes that are calibrated unlike the others, in place of causes that would reach all rows."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sklearn_lossacc._numerics.mixture import fit_mixture
from sklearn_lossacc.inference.cause_model import SAYS, CauseModel, select_causes
from sklearn_lossacc.inference.design import design_scale, too_sparse
from sklearn_lossacc.inference.floor import finite
from sklearn_lossacc.inference.null import NullModel
from sklearn_lossacc.inference.one_way_flips import one_way_flips
from sklearn_lossacc.inference.uneven import MIN_ROWS, scaled_rows

INSTEAD = 6.63  # twice the log likelihood by which they must be ahead where no cause is spared: 0.01 of chi-square


@dataclass(frozen=True)
class OwnTemperatures:
    """Predicted classes that explain what was selected, or a part of it.

    Attributes
    ----------
    temperatures : dict
        What suits the rows predicted as each of them, relative to all others; by column.
    repaired : NullModel
        All rows, those of these classes at their temperatures.
    causes : CauseModel
        What is selected beside them, of the repaired rows.
    """

    temperatures: dict[int, float]
    repaired: NullModel
    causes: CauseModel

    @property
    def explains_all(self) -> bool:
        """Whether nothing is selected beside them."""
        return not self.causes.terms and not self.causes.outliers.size

    def undone(self) -> NullModel:
        """Return the rows that are kept as they were given, without the temperatures."""
        return scaled_rows(self.causes.null, self.temperatures)


def own_temperatures(
    null: NullModel, causes: CauseModel, *, log_floor: float, random_state: int = 0
) -> OwnTemperatures | None:
    """Ask whether temperatures of single predicted classes explain what was selected, or a part of it, and better.

    Parameters
    ----------
    null : NullModel
        All rows.
    causes : CauseModel
        What was selected among the causes that reach all rows, some terms or outliers.
    log_floor : float
        Logarithm that stands for an exact zero.
    random_state : int, default=0
        Seed of the drawn null distributions.

    Returns
    -------
    OwnTemperatures or None
        None unless no more causes are selected once the rows of these classes have their own temperatures, and all
        together are ahead of `causes`, of the best fit with a global temperature, class offsets and a floor, and of
        labels of one class given as another, by twice the log likelihood, with a charge for the choice of the classes.

    Notes
    -----
    An overfit class leaves some rows that are sure and wrong among many that are neither: to a model of the whole that
    looks like label noise. The charge for a class is that of AIC for one parameter, and twice the logarithm of the
    number of classes for its choice; a fit to all rows is charged for no more than one parameter a term.

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
    >>> found = own_temperatures(null, select_causes(null, log_floor=-36.0), log_floor=-36.0)
    >>> found.explains_all, {j: round(t, 1) for j, t in found.temperatures.items()}
    (True, {2: 2.8})
    """
    given = NullModel(finite(null.log_proba, log_floor), null.y, null.weight, null.group)
    twice, of_class = 2.0 * design_scale(null), SAYS + 2.0 * math.log(null.n_classes)
    worst, standing_out = _standing_out(given, twice, of_class)
    rivals = None
    for temperatures in (worst, standing_out):
        if not temperatures:
            continue
        repaired = scaled_rows(given, {j: 1.0 / t for j, t in temperatures.items()})
        found = select_causes(repaired, log_floor=log_floor, random_state=random_state)
        fewer = _number(causes) - _number(found)
        if fewer < 0 or (temperatures is worst and _number(found) > 0):
            continue
        rivals = _rivals(given, causes, twice) if rivals is None else rivals
        ahead = twice * (float(null.weight @ (given.true_loss - repaired.true_loss)) + _gain(found, repaired))
        ahead -= of_class * len(temperatures) + SAYS * len(found.terms) + rivals
        if ahead >= (0.0 if fewer else INSTEAD):
            return OwnTemperatures(temperatures, repaired, found)
    return None


def _rivals(given: NullModel, causes: CauseModel, twice: float) -> float:
    """Return what else is gained in twice the log likelihood, less what it is charged.

    The selected causes, all common terms together, or labels of one class given as another: of these, the best.
    """
    at_labels = float(given.weight @ given.true_loss)
    whole = fit_mixture(given.log_proba, given.y, given.weight, bias=not too_sparse(given))
    flips = one_way_flips(given.proba, given.y, given.weight)
    pairs = given.n_classes * (given.n_classes - 1)
    return max(
        twice * _gain(causes, given) - SAYS * len(causes.terms),
        twice * (whole.log_likelihood + at_labels) - SAYS * _number(causes),
        twice * (flips.log_likelihood + at_labels) - SAYS - 2.0 * math.log(pairs),
    )


def _number(causes: CauseModel) -> int:
    """Count the terms, and outliers as one more."""
    return len(causes.terms) + bool(causes.outliers.size)


def _gain(causes: CauseModel, null: NullModel) -> float:
    """Return the log likelihood that causes gain on the rows that they keep."""
    return causes.fit.log_likelihood + float(null.weight[causes.kept] @ null.true_loss[causes.kept])


def _standing_out(given: NullModel, twice: float, charge: float) -> tuple[dict[int, float], dict[int, float]]:
    """Return the temperature of the predicted class that is furthest off, and those of all that stand out, relative.

    The others are as given or, for the second, at a temperature of their own, the likeliest of all rows or the median
    of those of the classes: where the whole is likeliest, each class that stands out being charged.
    """
    scores, predicted = given.log_proba, given.proba.argmax(axis=1)
    label_score = -given.true_loss

    def by_class(beta: float) -> np.ndarray:
        """Sum twice the log likelihood at a common temperature by predicted class."""
        total = np.log(np.exp(beta * (scores - scores.max(axis=1, keepdims=True))).sum(axis=1))
        total += beta * scores.max(axis=1)
        return twice * np.bincount(predicted, given.weight * (beta * label_score - total), given.n_classes)

    betas, own = np.ones(given.n_classes), np.full(given.n_classes, -np.inf)
    counted = np.flatnonzero(np.bincount(predicted, minlength=given.n_classes) >= MIN_ROWS)
    if not counted.size:
        return {}, {}
    for j in counted:
        rows = np.flatnonzero(predicted == j)
        fit = fit_mixture(scores[rows], given.y[rows], given.weight[rows], floor=False)
        betas[j], own[j] = fit.beta, twice * fit.log_likelihood
    own -= charge
    joint = {1.0: by_class(1.0)}
    for beta in (fit_mixture(scores, given.y, given.weight, floor=False).beta, float(np.median(betas[counted]))):
        joint[beta] = by_class(beta)
    common = max(joint, key=lambda beta: float(np.maximum(joint[beta], own).sum()) - SAYS * (beta != 1.0))
    worst = int(np.argmax(own - joint[1.0]))
    alone = {worst: float(1.0 / betas[worst])} if own[worst] > joint[1.0][worst] else {}
    return alone, {int(j): float(common / betas[j]) for j in np.flatnonzero(own > joint[common])}
