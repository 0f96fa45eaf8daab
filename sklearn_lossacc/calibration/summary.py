"""What calibration changes: loss, accuracy and calibration before and after, on rows that no calibrator saw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone

from sklearn_lossacc._numerics import LOSS_CLIP, row_blocks
from sklearn_lossacc.calibration.base import BaseCalibrator
from sklearn_lossacc.calibration.cross_fitting import Folds, assign_folds, row_loss
from sklearn_lossacc.calibration.nested import fit_inner
from sklearn_lossacc.calibration.temperature import TemperatureCalibrator
from sklearn_lossacc.calibration.weights import ordinary_weights
from sklearn_lossacc.inference.comparison import discordant_limits
from sklearn_lossacc.inference.intervals import mean_intervals, unit_sums, wilson_interval
from sklearn_lossacc.inference.normal import Z95
from sklearn_lossacc.inputs import Predictions

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MEASURES", "CalibrationSummary", "summarize_calibration"]

N_FOLDS = 5
MEASURES = ("log_loss", "accuracy", "brier_score", "confidence_gap", "calibration_loss")
STATES = ("before", "after", "change")


@dataclass(frozen=True)
class CalibrationSummary:
    """Means and limits of five measures before and after calibration.

    Attributes
    ----------
    values : ndarray of shape (5, 9)
        A row for each of `MEASURES`; mean, lower and upper limit before, after, and of the change.
    n_rows : int
        Number of rows judged.
    method : str
        How the intervals were made.
    """

    values: np.ndarray
    n_rows: int
    method: str

    @property
    def judged(self) -> bool:
        """Whether the rows were enough."""
        return not np.isnan(self.values).all()

    def frame(self) -> pd.DataFrame:
        """Return the values as a table.

        Returns
        -------
        DataFrame
            A new one: one row a measure, nine columns.
        """
        import pandas as pd

        columns = [name for state in STATES for name in (state, f"{state}_low", f"{state}_high")]
        return pd.DataFrame(self.values.copy(), index=pd.Index(MEASURES, name="measure"), columns=columns)

    def to_dict(self) -> dict[str, dict[str, list[float | None]]]:
        """Return the values as plain numbers.

        Returns
        -------
        dict
            Measure to state ("before", "after", "change") to mean, lower and upper limit; None for NaN.
        """
        plain = [[None if np.isnan(value) else value for value in row] for row in self.values.tolist()]
        return {
            measure: {state: row[3 * place : 3 * place + 3] for place, state in enumerate(STATES)}
            for measure, row in zip(MEASURES, plain, strict=True)
        }


def _subset(
    predictions: Predictions, folds: Folds, taken: np.ndarray | slice, proba: np.ndarray | None = None
) -> Predictions:
    """Take some of the rows in folds, or other probabilities for them."""
    rows, groups = folds.rows[taken], predictions.groups
    return Predictions.from_arrays(
        predictions.classes[predictions.y[rows]],
        predictions.scores[rows] if proba is None else proba,
        input=predictions.input if proba is None else "proba",
        classes=predictions.classes,
        sample_weight=None if predictions.sample_weight is None else folds.weight[taken],
        groups=None if groups is None else groups[rows],
    )


def _calibrate(
    calibrator: BaseCalibrator, predictions: Predictions, folds: Folds, learn: Any, judge: Any, out: np.ndarray
) -> bool:
    """Learn a map from some of the rows in folds, and calibrate others; say whether it cannot change a label."""
    inner: Any = clone(calibrator).set_params(input=predictions.input, classes=predictions.classes)
    fit_inner(inner, _subset(predictions, folds, learn))
    test, places = _subset(predictions, folds, judge).checked, np.arange(len(folds.rows))[judge]
    for rows in row_blocks(test.n_rows, test.n_classes):
        out[places[rows]] = inner._apply(test, rows)
    return bool(inner._keeps_labels)


def _row_values(predictions: Predictions, proba: np.ndarray, folds: Folds) -> np.ndarray:
    """Return the measures of each row in folds, whose means are those of the table."""
    y, place = predictions.y[folds.rows], np.arange(len(folds.rows))
    loss = -np.log(np.maximum(proba[place, y], LOSS_CLIP))
    correct = (proba.argmax(axis=1) == y).astype(np.float64)
    brier = (proba**2).sum(axis=1) - 2.0 * proba[place, y] + 1.0
    gap = proba.max(axis=1) - correct
    rows = _subset(predictions, folds, slice(None), proba)
    tempered = row_loss(fit_inner(TemperatureCalibrator(classes=rows.classes), rows), rows)
    return np.column_stack([loss, correct, brier, gap, loss - tempered])


def _after(calibrator: BaseCalibrator, predictions: Predictions, folds: Folds) -> tuple[np.ndarray, np.ndarray, bool]:
    """Return the measures of each row by the map of the other folds, and by that of all; and if these keep labels."""
    proba, all_rows = np.empty((len(folds.rows), predictions.n_classes)), slice(None)
    labels_kept = True
    for fold in range(folds.n_folds):
        own = folds.fold == fold
        labels_kept &= _calibrate(calibrator, predictions, folds, np.flatnonzero(~own), np.flatnonzero(own), proba)
    out_of_fold = _row_values(predictions, proba, folds)
    labels_kept &= _calibrate(calibrator, predictions, folds, all_rows, all_rows, proba)
    return out_of_fold, _row_values(predictions, proba, folds), labels_kept


def _chance_of_maps(sums: np.ndarray, sizes: np.ndarray, n_folds: int) -> np.ndarray:
    """Return the variance of mean changes that comes from what the maps learn by chance.

    Parameters
    ----------
    sums : ndarray of shape (n_units, m)
        Measures by the map of the other folds less those by the map of all: weighted sums by independent unit.
    sizes : ndarray of shape (n_units,)
        Sums of weights.
    n_folds : int
        Number of folds.

    Returns
    -------
    ndarray of shape (m,)
        Of each mean.

    Notes
    -----
    Let z_k be the chance in fold k. A map learnt by K - 1 folds is off by the mean of theirs, so that what it does to
    its own fold by chance is a sum of products z_j z_k. Each pair of folds adds two of them, which are the same: the
    variance is twice the mean square that the rows show. The second half is added here. A map of all folds is off by
    the mean of all z; its distance from that of K - 1 has 1 / K of the variance that the latter has from the truth.
    """
    return n_folds * (sums**2).sum(axis=0) / sizes.sum() ** 2


def summarize_calibration(calibrator: BaseCalibrator, predictions: Predictions) -> CalibrationSummary:
    """Cross-fit a calibrator, and compare its probabilities with those that it was given.

    Parameters
    ----------
    calibrator : BaseCalibrator
        Left as it is.
    predictions : Predictions
        Of rows that the classifier was not trained on.

    Returns
    -------
    CalibrationSummary
        All NaN with fewer than ten rows, or fewer than four different ones.

    Notes
    -----
    Five folds, in which rows of one group, and rows that may be copies, stay together. `calibration_loss` is what one
    more temperature saves on these rows, less the 1 / 2n that it saves by chance. Above 2**19 entries or 2**17 rows a
    fixed sample is judged. 95 percent intervals: Wilson's for accuracies, Bonett and Price's for their change (none has
    changed on these rows does not mean that none ever will; only maps that cannot change a label change accuracy by
    exactly 0), bootstrap-t or normal ones for the other means; over groups where given. Those of a change hold, beside
    the chance in the rows judged, that in the maps (`_chance_of_maps`): they are about the map that all rows lead to.
    Those of `calibration_loss` hold that in its temperature.
    """
    predictions = ordinary_weights(predictions)
    folds = assign_folds(predictions, N_FOLDS)
    row = np.unique(folds.rows, return_inverse=True)[1]  # in each fold that holds copies of it; and one draw
    weight = np.bincount(row, weights=folds.weight)
    n_rows = len(weight)
    if n_rows < 2 * N_FOLDS or folds.n_units < 4:
        nothing = np.full((len(MEASURES), 9), np.nan)
        return CalibrationSummary(nothing, n_rows, "not applicable: too few rows")
    given = predictions.checked.proba(folds.rows, dtype=np.dtype(np.float64))
    before = _row_values(predictions, given, folds)
    after, in_sample, labels_kept = _after(calibrator, predictions, folds)
    group = None
    if predictions.groups is not None:
        group = np.unique(predictions.groups[np.unique(folds.rows)], return_inverse=True)[1]
    columns = np.column_stack([before, after, after - before, after - in_sample])
    columns = np.column_stack([np.bincount(row, weights=folds.weight * one) / weight for one in columns.T])
    columns, moved = np.split(columns, [3 * len(MEASURES)], axis=1)
    moved, sizes = unit_sums(moved, weight, group)
    by_chance = 0.5 * (sizes @ sizes) / sizes.sum() ** 2  # what one temperature saves, in the mean
    saved, more = slice(len(MEASURES) - 1, None, len(MEASURES)), np.zeros(3 * len(MEASURES))
    columns[:, saved] -= [by_chance, by_chance, 0.0]
    mean, low, high, method = mean_intervals(columns, weight, group, np.random.default_rng(0))
    more[2 * len(MEASURES) :] = _chance_of_maps(moved, sizes, folds.n_folds)
    more[saved] += 2.0 * by_chance**2 * np.array([1.0, 1.0, 0.0])  # its variance, most of which the two have in common
    low = mean - np.sqrt((mean - low) ** 2 + Z95**2 * more)
    high = mean + np.sqrt((high - mean) ** 2 + Z95**2 * more)
    values = np.stack([mean, low, high], axis=1).reshape(3, len(MEASURES), 3)
    if group is None:
        n_effective = weight.sum() ** 2 / (weight @ weight)
        for state in range(2):
            values[state, 1, 1:] = wilson_interval(float(values[state, 1, 0]), float(n_effective))
    flips = columns[:, 2 * len(MEASURES) + 1]
    if not np.isnan(low).any() and (flips.any() or not labels_kept):
        values[2, 1, 1:] = discordant_limits(flips, weight, group)[1:3]
    return CalibrationSummary(values.transpose(1, 0, 2).reshape(len(MEASURES), 9), n_rows, method)
