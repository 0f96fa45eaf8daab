"""What the rules of a comparison look at: the rows of every model in one order, and pairs of models, computed once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations

import numpy as np

from sklearn_lossacc._numerics.hashing import mix64
from sklearn_lossacc.calibration.cross_fitting import assign_folds, unit_keys
from sklearn_lossacc.exceptions import LossAccError
from sklearn_lossacc.findings.comparison.materiality import LEAST_FOLD_UNITS, material_loss
from sklearn_lossacc.findings.judge import holm
from sklearn_lossacc.inference.comparison import (
    Decisive,
    ModelRows,
    PairedDifference,
    Resamples,
    accuracy_difference,
    canonical_order,
    decisive_units,
    held_out_loss,
    model_rows,
    paired_differences,
)
from sklearn_lossacc.inference.epochs import story_codes
from sklearn_lossacc.inference.intervals import MIN_GROUPS, unit_sums
from sklearn_lossacc.inputs.compared import ComparedPredictions
from sklearn_lossacc.statistics.row_values import MAX_LOSS

MEASURES = ("log_loss", "accuracy", "brier_score", "calibration_loss", "refinement_loss")
N_FOLDS = 5
MAX_BRIER = 2.0
ROUNDING = 1e-12
N_STORIES = 4  # both right, only the second right, only the first right, both wrong
NOTHING = PairedDifference(0.0, 0.0, 0.0, 1.0, 0.0, "equal on every row")


@dataclass(frozen=True)
class Suspects:
    """Rows whose label neither model can believe, while both name the same other class.

    Attributes
    ----------
    rows : ndarray of bool of shape (n,)
        Which rows.
    expected : float
        How many there would be at most on average if the labels followed the recalibrated probabilities.
    """

    rows: np.ndarray
    expected: float


class PairEvidence:
    """The numbers behind one pair of models; all differences are second minus first.

    Parameters
    ----------
    whole : ComparisonEvidence
        What all pairs share.
    first, second : int
        Places of the models.
    """

    def __init__(self, whole: ComparisonEvidence, first: int, second: int) -> None:
        self.whole, self.first, self.second = whole, first, second

    @property
    def names(self) -> tuple[str, str]:
        """Names of the two models."""
        names = self.whole.compared.names
        return names[self.first], names[self.second]

    @property
    def rows(self) -> tuple[ModelRows, ModelRows]:
        """Rows of the two models."""
        return self.whole.rows[self.first], self.whole.rows[self.second]

    @property
    def predicted(self) -> tuple[np.ndarray, np.ndarray]:
        """Predicted classes of both models, as columns of the first model of all."""
        return self.whole.predicted[self.first], self.whole.predicted[self.second]

    @cached_property
    def identical(self) -> bool:
        """Whether both models do the same on every row, up to the rounding of sums over columns in another order."""
        first, second = self.rows
        alike = (_without_rounding(getattr(second, name) - getattr(first, name)) for name in ("loss", "brier"))
        return np.array_equal(first.right, second.right) and not any(change.any() for change in alike)

    @cached_property
    def loss_change(self) -> np.ndarray:
        """How much more each row costs with the second model, in nats."""
        first, second = self.rows
        return _without_rounding(second.loss - first.loss)

    @cached_property
    def story(self) -> np.ndarray:
        """0 both right, 1 only the second right, 2 only the first right, 3 both wrong."""
        first, second = self.rows
        return story_codes(first.right, second.right)

    @cached_property
    def differences(self) -> dict[str, PairedDifference]:
        """The differences by measure."""
        if self.identical:
            return dict.fromkeys(MEASURES, NOTHING)
        whole, (first, second) = self.whole, self.rows
        refined = second.refined - first.refined
        brier = _without_rounding(second.brier - first.brier)
        values = np.stack([self.loss_change, brier, self.loss_change - refined, refined], axis=1)
        extra = self._fit_error()
        found = paired_differences(
            values, whole.weight, whole.group, whole.resamples, np.array([0.0, 0.0, extra, extra])
        )
        loss, squares, calibration, refinement = found
        change = second.right.astype(float) - first.right
        accuracy = accuracy_difference(change, whole.weight, whole.group, whole.rng(self.first, self.second))
        shift = whole.optimism(self.second) - whole.optimism(self.first)
        return {
            "log_loss": _within(loss, MAX_LOSS),
            "accuracy": accuracy,
            "brier_score": _within(squares, MAX_BRIER),
            "calibration_loss": _within(_shifted(calibration, -shift), MAX_LOSS),
            "refinement_loss": _within(_shifted(refinement, shift), MAX_LOSS),
        }

    def _fit_error(self) -> float:
        """Return what two fitted temperatures add to the error: each gains chi-square / (2 n), of sd 1 / (n sqrt 2)."""
        return 1.0 / self.whole.effective_units

    @property
    def testable(self) -> bool:
        """Whether intervals can be offered."""
        return self.differences["log_loss"].p_value is not None

    def significant(self, measure: str) -> bool:
        """Whether a difference is beyond noise, over all pairs together."""
        adjusted = self.whole.adjusted(measure).get((self.first, self.second))
        return adjusted is not None and adjusted <= self.whole.alpha

    def p_holm(self, measure: str) -> float | None:
        """Return Holm's p-value of a difference over the pairs."""
        return self.whole.adjusted(measure).get((self.first, self.second))

    def mean(self, name: str) -> tuple[float, float]:
        """Return a weighted mean over the rows of both models."""
        return self.whole.mean(self.first, name), self.whole.mean(self.second, name)

    @cached_property
    def material(self) -> float:
        """The difference in log loss that counts."""
        return material_loss(min(self.mean("loss")))

    @cached_property
    def decisive(self) -> Decisive:
        """The rows, or groups, without which the difference in loss is gone."""
        sums, sizes = unit_sums(self.loss_change[:, None], self.whole.weight, self.whole.group)
        return decisive_units(sums[:, 0], sizes)

    @cached_property
    def recalibrated(self) -> PairedDifference | None:
        """Difference in log loss after a temperature each, fitted on other rows; None for too few rows."""
        if self.identical:
            return NOTHING
        losses = self.whole.out_of_fold
        if losses is None:
            return None
        change = losses[self.second] - losses[self.first]
        held = np.isfinite(change)
        whole = self.whole
        group = (
            whole.group if held.all() or whole.group is None else np.unique(whole.group[held], return_inverse=True)[1]
        )
        n_units = int(held.sum()) if group is None else int(group.max()) + 1
        resamples = whole.resamples if n_units == whole.n_units else Resamples(n_units, whole.random_state)
        (found,) = paired_differences(change[held, None], whole.weight[held], group, resamples)
        return _within(found, MAX_LOSS) if found.p_value is not None else None

    @cached_property
    def suspects(self) -> Suspects:
        """Rows whose label looks wrong to both models."""
        (first, second), (said, also) = self.rows, self.predicted
        same = said == also
        found = same & ~first.right & ~second.right & first.doubted & second.doubted
        return Suspects(found, float(max(rows.unlikely[same].sum() for rows in (first, second))))

    @cached_property
    def parts(self) -> list[PairedDifference]:
        """What each story, and last the suspects, contribute to the difference in loss."""
        masks = [self.story == code for code in range(N_STORIES)] + [self.suspects.rows]
        values = np.stack([np.where(mask, self.loss_change, 0.0) for mask in masks], axis=1)
        whole = self.whole
        found = paired_differences(values, whole.weight, whole.group, whole.resamples, extend=False)
        return [_within(part, MAX_LOSS) for part in found]


def _without_rounding(change: np.ndarray) -> np.ndarray:
    """Replace rounding errors by 0: a resample without the rows that differ must have no spread."""
    return np.where(np.abs(change) > ROUNDING, change, 0.0)


def _shifted(difference: PairedDifference, by: float) -> PairedDifference:
    """Move a difference, and its limits, by a constant."""
    if by == 0:
        return difference
    low, high = (None if limit is None else limit + by for limit in (difference.low, difference.high))
    return replace(difference, value=difference.value + by, low=low, high=high)


def _within(difference: PairedDifference, most: float) -> PairedDifference:
    """Keep the limits of a difference where they are possible."""
    if difference.low is None or difference.high is None:
        return difference
    return replace(difference, low=max(difference.low, -most), high=min(difference.high, most))


class ComparisonEvidence:
    """Rows, weights and pairs of a comparison.

    Parameters
    ----------
    compared : ComparedPredictions
        The models.
    alpha : float
        Error rate over all pairs.
    random_state : int
        Seed of every draw.
    reference : str or None
        The model that the others are compared with; None compares all pairs.
    """

    def __init__(
        self, compared: ComparedPredictions, *, alpha: float, random_state: int, reference: str | None = None
    ) -> None:
        if reference is not None and reference not in compared.names:
            raise LossAccError(f"reference names no model: {reference!r}; the models are {list(compared.names)}.")
        self.compared, self.alpha, self.random_state, self.reference = compared, alpha, random_state, reference
        self._adjusted: dict[str, dict[tuple[int, int], float]] = {}
        given = compared.models[0]
        held = np.arange(given.n_rows) if given.sample_weight is None else np.flatnonzero(given.sample_weight)
        weight = np.ones(held.size) if given.sample_weight is None else given.sample_weight[held]
        group = None if given.groups is None else np.unique(given.groups[held], return_inverse=True)[1]
        rows = [model_rows(model) for model in compared.models]
        order, self.group = canonical_order(rows, weight, group)
        self.rows = [model.take(order) for model in rows]
        self.index, self.weight = held[order], weight[order]
        self.y = given.y[self.index]
        self.predicted = [compared.codes_in_common(place)[model.predicted] for place, model in enumerate(self.rows)]

    def rng(self, *stream: int) -> np.random.Generator:
        """Return the generator of one use."""
        return np.random.default_rng([self.random_state, 7, *sorted(stream)])

    @property
    def total(self) -> float:
        """Sum of the weights."""
        return float(self.weight.sum())

    @cached_property
    def n_units(self) -> int:
        """Number of rows, or of groups."""
        return len(self.weight) if self.group is None else int(self.group.max()) + 1

    @cached_property
    def effective_rows(self) -> float:
        """Kish's effective number of rows."""
        return float(self.total**2 / (self.weight @ self.weight))

    @cached_property
    def effective_units(self) -> float:
        """Kish's effective number of rows, or of groups."""
        sizes = self.weight if self.group is None else np.bincount(self.group, self.weight)
        return float(sizes.sum() ** 2 / (sizes @ sizes))

    @cached_property
    def resamples(self) -> Resamples:
        """Bootstrap counts of the units."""
        return Resamples(self.n_units, self.random_state)

    @cached_property
    def pairs(self) -> tuple[PairEvidence, ...]:
        """The pairs that are compared: all, or each model with the reference."""
        n_models = len(self.rows)
        if self.reference is None:
            return tuple(PairEvidence(self, *pair) for pair in combinations(range(n_models), 2))
        base = self.compared.names.index(self.reference)
        return tuple(PairEvidence(self, base, other) for other in range(n_models) if other != base)

    def mean(self, model: int, name: str) -> float:
        """Return a weighted mean over the rows of a model."""
        return float(self.weight @ getattr(self.rows[model], name) / self.total)

    def optimism(self, model: int) -> float:
        """Return what the fit of a model's temperature gains by chance, in nats."""
        return 0.0 if self.rows[model].outcome == "separable" else 0.5 / self.effective_rows

    def adjusted(self, measure: str) -> dict[tuple[int, int], float]:
        """Return Holm's p-values of a measure by pair; pairs that cannot be tested are absent."""
        if measure not in self._adjusted:
            tested = [pair for pair in self.pairs if pair.differences[measure].p_value is not None]
            values = [pair.differences[measure].p_value or 0.0 for pair in tested]
            self._adjusted[measure] = {
                (pair.first, pair.second): float(value) for pair, value in zip(tested, holm(values), strict=True)
            }
        return self._adjusted[measure]

    @cached_property
    def out_of_fold(self) -> list[np.ndarray] | None:
        """Loss of each row by each model after a temperature that was fitted on other rows; NaN for rows left out."""
        if self.n_units < (LEAST_FOLD_UNITS if self.group is None else MIN_GROUPS):
            return None
        models = self.compared.models
        if self.group is None:  # of both models alike, so that no model comes first
            keys = np.add.reduce([unit_keys(model) for model in models])
        else:  # by the place of each group, which its name does not change
            keys = np.zeros(models[0].n_rows, dtype=np.uint64)
            keys[self.index] = mix64(self.group.astype(np.uint64))
        folds = assign_folds(models[0], N_FOLDS, keys)
        if folds.n_units < 2 * N_FOLDS:
            return None
        return [held_out_loss(model, folds.rows, folds.fold)[self.index] for model in models]

    def not_testable(self) -> str | None:
        """Say why no difference can be tested, if none can."""
        if self.group is not None and self.n_units < MIN_GROUPS:
            return f"{self.n_units} groups are too few to tell noise from a difference; at least {MIN_GROUPS} can."
        if not any(pair.testable for pair in self.pairs):
            return "Too few rows to tell noise from a difference."
        return None
