"""Predicted classes that are calibrated unlike the others, in place of causes that would reach all rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sklearn_lossacc._numerics.mixture import fit_mixture
from sklearn_lossacc.inference.cause_model import SAYS, CauseModel, select_causes
from sklearn_lossacc.inference.design import design_scale, too_sparse
from sklearn_lossacc.inference.floor import MATERIAL_NATS, finite
from sklearn_lossacc.inference.null import NullModel
from sklearn_lossacc.inference.one_way_flips import one_way_flips
from sklearn_lossacc.inference.uneven import MIN_ROWS, scaled_rows
from sklearn_lossacc.inference.without_column import without_column

INSTEAD = 6.63  # twice the log likelihood by which they must be ahead where no cause is spared: 0.01 of chi-square
SHARPEST, BLUNTEST = 0.25, 8.0  # relative temperatures; beyond them scores, of the others or of a class, have no order


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
        return not self.causes.terms and not self.causes.has_outliers

    def first(self, given: NullModel) -> NullModel:
        """Return rows with as much of the temperatures as helps before that of all rows is repaired.

        That is what lies between 1 and the temperature that the class has in all.
        """
        helpful = {
            j: float(np.clip(own / self.causes.fit.beta, min(own, 1.0), max(own, 1.0)))
            for j, own in self.temperatures.items()
        }
        return scaled_rows(given, {j: 1.0 / t for j, t in helpful.items()})

    def undone(self) -> NullModel:
        """Return the rows that are kept as they were given, without the temperatures."""
        return scaled_rows(self.causes.null, self.temperatures)


class ClassesApart:
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

    Notes
    -----
    An overfit class leaves some rows that are sure and wrong among many that are neither: to a model of the whole that
    looks like label noise. So the rows of some classes get temperatures of their own, and the causes are selected once
    more. All together must be ahead of `causes`, of the best fit with a global temperature, class offsets and a floor,
    and of labels of one class given as another, with a temperature or without, by twice the log likelihood. The charge
    for a class is that of AIC for one parameter, and twice the logarithm of the number of classes for its choice; a fit
    to all rows is charged for no more than one parameter a term.

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
    >>> found = ClassesApart(null, select_causes(null, log_floor=-36.0), log_floor=-36.0).alone(2)
    >>> found.explains_all, {j: round(t, 1) for j, t in found.temperatures.items()}
    (True, {2: 2.8})
    """

    def __init__(self, null: NullModel, causes: CauseModel, *, log_floor: float, random_state: int = 0):
        self.causes, self.log_floor, self.random_state = causes, log_floor, random_state
        # No temperature is asked to explain a class without any probability.
        weight = np.where(without_column(null, log_floor), 0.0, null.weight)
        self.given = NullModel(finite(null.log_proba, log_floor), null.y, weight, null.group)
        self.predicted = self.given.proba.argmax(axis=1)
        self.twice, self.of_class = 2.0 * design_scale(null), SAYS + 2.0 * math.log(null.n_classes)

    def alone(self, column: int) -> OwnTemperatures | None:
        """Ask whether one class explains all.

        Parameters
        ----------
        column : int
            The predicted class that is furthest off.

        Returns
        -------
        OwnTemperatures or None
            None unless nothing is selected beside it.
        """
        if np.count_nonzero(self.predicted == column) < MIN_ROWS:
            return None
        beta, log_likelihood = self._own(column)
        rows = self.predicted == column
        gain = self.twice * (log_likelihood + float(self.given.weight[rows] @ self.given.true_loss[rows]))
        # The first of the rivals is known; the others take fits.
        if gain - self.of_class < self._of_causes or gain - self.of_class < self._rivals:
            return None
        found = self._beside({column: 1.0 / beta})
        return found if found.explains_all else None

    def together(self) -> OwnTemperatures | None:
        """Ask whether the classes that stand out from the others, at their temperature, explain a part.

        Returns
        -------
        OwnTemperatures or None
            None if more causes are selected beside them, or no fewer and they are not clearly ahead or save less than
            0.005 nats a row; and if one is beyond a quarter or eight times the temperature of the others: of columns
            that are exchanged, say.
        """
        temperatures = self._standing_out()
        if not all(SHARPEST < t < BLUNTEST for t in temperatures.values()) or not temperatures:
            return None
        found = self._beside(temperatures)
        fewer = _number(self.causes) - _number(found.causes)
        if fewer < 0 or (fewer == 0 and self._saved(found) < MATERIAL_NATS):
            return None
        saved = float(self.given.weight @ (self.given.true_loss - found.repaired.true_loss))
        ahead = self.twice * (saved + _gain(found.causes, found.repaired)) - SAYS * len(found.causes.terms)
        ahead -= self.of_class * len(temperatures) + self._rivals
        return found if ahead >= (0.0 if fewer else INSTEAD) else None

    def _beside(self, temperatures: dict[int, float]) -> OwnTemperatures:
        """Select the causes once the rows of some classes have their temperatures."""
        repaired = scaled_rows(self.given, {j: 1.0 / t for j, t in temperatures.items()})
        left = select_causes(repaired, log_floor=self.log_floor, random_state=self.random_state)
        return OwnTemperatures(temperatures, repaired, left)

    def _saved(self, found: OwnTemperatures) -> float:
        """Return what the temperatures save a row, in nats, where all else that is selected is repaired."""
        causes = found.causes
        with_them = causes.applied(causes.null, self.log_floor).true_loss
        without = causes.applied(found.undone(), self.log_floor).true_loss
        return float(np.average(without - with_them, weights=causes.null.weight))

    def _own(self, column: int) -> tuple[float, float]:
        """Fit the rows predicted as a class: inverse temperature, and log likelihood."""
        given, rows = self.given, np.flatnonzero(self.predicted == column)
        fit = fit_mixture(given.log_proba[rows], given.y[rows], given.weight[rows], floor=False)
        return fit.beta, fit.log_likelihood

    @cached_property
    def _of_causes(self) -> float:
        """What the selected causes gain, less their charge."""
        return self.twice * _gain(self.causes, self.given) - SAYS * len(self.causes.terms)

    @cached_property
    def _rivals(self) -> float:
        """What else is gained, less its charge: the best of the selected causes, all common terms, and flips."""
        given, at_labels = self.given, float(self.given.weight @ self.given.true_loss)
        whole = fit_mixture(given.log_proba, given.y, given.weight, bias=not too_sparse(given))
        sharpened = scaled_rows(given, dict.fromkeys(range(given.n_classes), whole.beta))
        pairs = given.n_classes * (given.n_classes - 1)
        # The temperature beside flips is about that beside a floor and offsets, which take their place.
        flips = (
            self.twice * one_way_flips(rows.proba, given.y, given.weight).log_likelihood - charge
            for rows, charge in ((given, SAYS), (sharpened, 2.0 * SAYS))
        )
        return max(
            self._of_causes,
            self.twice * (whole.log_likelihood + at_labels) - SAYS * _number(self.causes),
            max(flips) + self.twice * at_labels - 2.0 * math.log(pairs),
        )

    def _standing_out(self) -> dict[int, float]:
        """Return the temperatures of the classes that stand out from the others, relative to these.

        The others are as given, at the likeliest temperature of all rows or at the median of those of the classes:
        where the whole is likeliest, each class that stands out being charged.
        """
        given, k = self.given, self.given.n_classes

        def by_class(beta: float) -> np.ndarray:
            """Sum twice the log likelihood at a common temperature by predicted class."""
            q = -given.true_loss if beta == 1.0 else -scaled_rows(given, dict.fromkeys(range(k), beta)).true_loss
            return self.twice * np.bincount(self.predicted, given.weight * q, k)

        betas, own = np.ones(k), np.full(k, -np.inf)
        counted = np.flatnonzero(np.bincount(self.predicted, minlength=k) >= MIN_ROWS)
        if not counted.size:
            return {}
        for j in counted:
            betas[j], log_likelihood = self._own(int(j))
            own[j] = self.twice * log_likelihood - self.of_class
        common = fit_mixture(given.log_proba, given.y, given.weight, floor=False).beta
        joint = {beta: by_class(beta) for beta in (1.0, common, float(np.median(betas[counted])))}
        others = max(joint, key=lambda beta: float(np.maximum(joint[beta], own).sum()) - SAYS * (beta != 1.0))
        return {int(j): float(others / betas[j]) for j in np.flatnonzero(own > joint[others])}


def _number(causes: CauseModel) -> int:
    """Count the terms, and outliers as one more."""
    return len(causes.terms) + causes.has_outliers


def _gain(causes: CauseModel, null: NullModel) -> float:
    """Return the log likelihood that causes gain on the rows that they keep."""
    return causes.fit.log_likelihood + float(null.weight[causes.kept] @ null.true_loss[causes.kept])
