"""Choose a calibrator by what it does to rows that it has not seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from sklearn_lossacc._numerics.dependent_groups import number_of_groups
from sklearn_lossacc._numerics.formula import Formula
from sklearn_lossacc._numerics.temperature_blocks import ScoreRows
from sklearn_lossacc.calibration.base import BaseCalibrator
from sklearn_lossacc.calibration.beliefs import are_few, effective_weight, simplest_believed
from sklearn_lossacc.calibration.candidates import (
    BELIEFS,
    CANDIDATES,
    FEW_ROWS_CANDIDATES,
    NO_DIFFERENCE,
    ONE_FOR_ALL,
    Candidate,
)
from sklearn_lossacc.calibration.cross_fitting import Folds, assign_folds, compare, shared_chance
from sklearn_lossacc.calibration.nested import fit_inner
from sklearn_lossacc.calibration.outcome import Outcome
from sklearn_lossacc.calibration.plain import check_lengths
from sklearn_lossacc.calibration.whole_number import whole_number
from sklearn_lossacc.inputs import Predictions, Scores

__all__ = ["AutoCalibrator"]


GIVEN_UP = 2.5  # nats of all rows together: the most that many give up for a simpler map
FEWEST_DRAWS = 4  # units, or rows in worth
ALL_RIGHT = (
    "every label has its row's largest score, and the map makes probabilities surer. Rows that the model was trained "
    "on, or near copies of them, look like this: calibrate on others."
)


class AutoCalibrator(BaseCalibrator):
    """Try several calibrators on held-out folds, and take the simplest that is as good as the best.

    Parameters
    ----------
    n_folds : int, default=5
        Number of folds, at least 2.
    input : {"proba", "logits"}, default="proba"
        What X holds.
    classes : array-like of shape (n_classes,), optional
        The label of each column, in column order. Without it: column names that cover the labels, 0..k-1 for
        integer labels in that range, else the sorted labels.

    Attributes
    ----------
    choice_ : str
        Name of the chosen calibrator.
    calibrator_ : BaseCalibrator
        The chosen calibrator, fitted on all rows.
    cv_results_ : dict of ndarray
        One entry for each candidate that was tried, from the simplest on: "name", "mean_log_loss" (nats, out of fold,
        clipped at 2.22e-16, with what folds of few rows give away), "difference" to the best of those that may be
        chosen, "standard_error" of that difference. With few rows a vector or matrix that is not believed is not tried.
        Empty without folds: if `outcome_` is "degenerate", or fewer than four rows (or groups) are no copies.
    outcome_ : str
        That of the chosen calibrator; "degenerate" if there are fewer than two rows a fold, fewer than four groups, or
        rows that are worth less than four different ones, which leaves the identity.
    classes_ : ndarray of shape (n_classes,)
        The label of each column.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X has names.

    See Also
    --------
    CalibratedClassifier : Puts a calibrator behind a classifier.

    Notes
    -----
    Candidates, from the simplest: the identity; one cautious temperature; temperature with a floor; for two classes
    a sigmoid; a vector and, for 3 to 100 classes, a matrix, after a temperature with a floor (the matrix also without,
    where that gains more than a standard error); up to 20 classes splines; isotonic maps, and up to 20 classes
    Venn-Abers. The sigmoid asks for 100 rows and 10 in each class, splines for 100 in each, and for 500 in all with
    more than two classes, Venn-Abers for 500 in each, isotonic maps for 1000; vector and matrix ask for 40 rows a class
    on average and 5 of the rarest. Their `strength` is the best of 4 and 1, from 1000 rows on also of 1/4, 1/16, 1/64
    and 1/256, tried in this order as long as it pays. The choice is the first candidate whose mean loss exceeds the
    smallest by at most one standard error of the paired difference and, beyond 4096 rows, by at most 2.5 / n nats, as
    the standard error of losses with a long tail can be a great deal. On a healthy model that is the identity: with few
    rows in four samples of five, with a thousand in nine of ten
    or more.

    The loss of maps of single classes counts for V / n more, with n rows (or groups) and V Pillai's trace of the
    residuals by label, from 0 to k - 1: stratified folds share the chance in their class frequencies. If the folds hold
    a sample, 1 / n is the mean of that of the sample and that of all rows.

    Up to 4096 rows and 2**20 entries the simple candidates do not compete out of fold, where few rows decide by luck.
    What all rows make one believe is said by a matrix, or for two or more than 20 classes by a vector, with
    ``cautious=True`` and for any number of rows a class. The first of identity, temperature, temperature with a floor,
    vector and cautious matrix that is within .0003 nats of it (or 1 / 2n, if that is less) is what the other maps are
    compared with; matrices from 500 rows on.

    Folds are stratified. Rows of one group, and rows that may be copies of each other, stay in one fold and count as
    one draw in the standard error: rows of equal scores with one label, or with several whose counts have a common
    divisor. Where fewer than four such draws are left there are no folds, and the choice is what all rows make one
    believe, however many they are. The folds follow from the content of the rows: their order means nothing and nothing
    is random. Above 2**19 entries or 2**17 rows (but never below 2048 rows) the choice is made on a fixed sample; the
    chosen calibrator is fitted on all rows.

    Few groups, or a few large ones among many, tell badly how far they stray. Of weights m they count as
    (sum m)^2 / sum m^2 equal ones; standard errors are widened to Student's law with one degree of freedom less. What
    is believed of temperature and classes rests on as many rows as the slopes of the likelihood, by group, leave.

    References
    ----------
    L. Breiman, J. H. Friedman, R. A. Olshen, C. J. Stone, *Classification and Regression Trees*, Wadsworth, 1984,
    section 3.4.3, for the one-standard-error rule.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc import AutoCalibrator
    >>> rng = np.random.default_rng(0)
    >>> p = rng.uniform(0.05, 0.95, 500)
    >>> y = (rng.random(500) < p).astype(int)
    >>> AutoCalibrator().fit(p, y).choice_
    'identity'
    >>> sharper = p**3 / (p**3 + (1 - p) ** 3)
    >>> AutoCalibrator().fit(sharper, y).choice_
    'temperature'
    """

    def __init__(self, *, n_folds: int = 5, input: str = "proba", classes: Any = None):
        super().__init__(input=input, classes=classes)
        self.n_folds = n_folds

    def _learn(self, predictions: Predictions, class_weight: np.ndarray) -> Outcome:
        """Compare the candidates, then fit the choice on all rows."""
        n_folds = whole_number("n_folds", self.n_folds, 2)
        folds = assign_folds(predictions, n_folds)
        n_rows = max(len(folds.rows), class_weight.sum())  # copies and weights alike
        enough, comparable = n_rows >= 2 * n_folds, folds.n_units >= FEWEST_DRAWS
        few = are_few(predictions) or not comparable  # what no folds can tell is left to the prior
        worth = None
        if few:
            worth = effective_weight(predictions, of_classes=True)
            class_weight = np.bincount(predictions.y, weights=worth, minlength=predictions.n_classes)
            enough &= comparable or (predictions.groups is None and worth.sum() >= FEWEST_DRAWS)
        candidates = [one for one in (FEW_ROWS_CANDIDATES if few else CANDIDATES) if one.suits(class_weight)]
        rivals = self._rivals(candidates, predictions, worth) if enough else np.arange(1)
        chosen, make = candidates[rivals[0]], candidates[rivals[0]].make
        self.cv_results_: dict[str, np.ndarray] = {}
        if enough and comparable:
            chosen, make = self._compare(candidates, rivals, predictions, folds, worth)
        del folds  # for its memory
        self.choice_ = chosen.name
        self.calibrator_ = make(input=self.input, classes=predictions.classes)
        self.calibrator_.n_features_in_ = self.n_features_in_
        self.calibrator_._fit_checked(predictions)
        return self.calibrator_.outcome_ if enough else "degenerate"

    def _rivals(self, candidates: list[Candidate], predictions: Predictions, worth: np.ndarray | None) -> np.ndarray:
        """Return the places of the candidates to choose from: all, or of the simple ones that which is believed."""
        places = np.arange(len(candidates))
        if worth is None:
            return places
        beliefs = [
            fit_inner(one.make(input=self.input, classes=predictions.classes), predictions)
            for one in candidates
            if one in BELIEFS
        ]
        return np.append(simplest_believed(beliefs, predictions, worth), places[len(beliefs) :])

    def _compare(
        self,
        candidates: list[Candidate],
        rivals: np.ndarray,
        predictions: Predictions,
        folds: Folds,
        worth: np.ndarray | None,
    ) -> tuple[Candidate, Callable[..., BaseCalibrator]]:
        """Set `cv_results_`; return the simplest of the rivals that is as good as the best, and what makes it."""
        places = [place for place, one in enumerate(candidates) if place in rivals or one in ONE_FOR_ALL]
        candidates, rivals = [candidates[place] for place in places], np.searchsorted(places, rivals)
        weight, all_weights = folds.weight, predictions.sample_weight
        n_draws: float = number_of_groups(folds.mass) if folds.grouped else max(len(folds.rows), weight.sum())
        most = GIVEN_UP / n_draws
        if worth is not None:
            n_draws, most = worth.sum(), np.inf
        leak = 0.0
        if any(one not in ONE_FOR_ALL for one in candidates):  # with many classes none is, and this costs most
            # what maps of a sample learn by chance costs those of all rows less
            sampled = weight.sum() / (predictions.n_rows if all_weights is None else all_weights.sum())
            leak = shared_chance(predictions, folds) * (1.0 + sampled) / (2.0 * n_draws)
        trials = [one.attempt(predictions, folds, weight) for one in candidates]
        trials = [
            trial if one in ONE_FOR_ALL else trial.dearer(leak) for one, trial in zip(candidates, trials, strict=True)
        ]
        mean = np.array([trial.mean for trial in trials])
        best = trials[rivals[mean[rivals].argmin()]].loss
        pairs = np.array([compare(trial.loss, best, weight, folds) for trial in trials])
        self.cv_results_ = {
            "name": np.array([one.name for one in candidates]),
            "mean_log_loss": mean,
            "difference": pairs[:, 0],
            "standard_error": pairs[:, 1],
        }
        allowed = np.minimum(pairs[rivals, 1], most) + NO_DIFFERENCE
        place = int(rivals[np.argmax(pairs[rivals, 0] <= allowed)])
        return candidates[place], trials[place].make

    def _doubt(self, predictions: Predictions) -> str:
        """Say so if every row is right, and made surer."""
        scores = predictions.checked
        rows = ScoreRows(scores.values, predictions.y, predictions.sample_weight, scores.input == "logits")
        return ALL_RIGHT if self.choice_ != "identity" and rows.separable() else ""

    @property
    def _keeps_labels(self) -> bool:
        """Whether the fitted map leaves every predicted class as it is, whatever the row."""
        return self.calibrator_._keeps_labels

    @property
    def _rows_at_least(self) -> int:
        """What the chosen calibrator asks for."""
        return self.calibrator_._rows_at_least

    def _filler(self) -> Callable[[Scores, slice, np.ndarray], None]:
        """Let the chosen calibrator prepare."""
        return self.calibrator_._filler()

    def _fill(self, scores: Scores, rows: slice, out: np.ndarray) -> None:
        """Let the chosen calibrator do it."""
        self.calibrator_._fill(scores, rows, out)

    def _formula(self, scores: Formula) -> Formula:
        """Return that of the chosen calibrator."""
        return self.calibrator_._formula(scores)

    def _state(self) -> dict[str, Any]:
        """Write the choice, its reasons, and the chosen calibrator."""
        return {
            "choice": self.choice_,
            "cv_results": {key: column.tolist() for key, column in self.cv_results_.items()},
            "calibrator": self.calibrator_.to_dict(),
        }

    def _restore(self, state: dict[str, Any]) -> None:
        """Read the choice, its reasons, and the chosen calibrator."""
        self.choice_ = state["choice"]
        self.cv_results_ = {key: np.array(column) for key, column in state["cv_results"].items()}
        check_lengths(self.cv_results_, dict.fromkeys(self.cv_results_, 0))
        self.calibrator_ = BaseCalibrator.from_dict(state["calibrator"])
