"""Out-of-fold losses of calibrators, with folds that depend on what a row holds and not on where it stands."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sklearn_lossacc._numerics import LOSS_CLIP, row_blocks
from sklearn_lossacc._numerics.dependent_groups import student_widening, total_scatter
from sklearn_lossacc._numerics.hashing import row_digests
from sklearn_lossacc.calibration.base import PREDICTED_ENTRIES, BaseCalibrator
from sklearn_lossacc.calibration.draws import split_ties
from sklearn_lossacc.calibration.structured import StructuredCalibrator, Temperatures
from sklearn_lossacc.inputs import Predictions

__all__ = ["Folds", "assign_folds", "compare", "out_of_fold_loss", "row_loss", "shared_chance", "unit_keys"]

MAX_ENTRIES, MAX_ROWS = 2**19, 2**17  # beyond either, folds hold a fixed sample of the rows
MIN_ROWS = 2048
SINGULAR = 1e-10  # residuals of a row sum to 0


@dataclass(frozen=True)
class Folds:
    """Rows with their folds; a unit is a group, or rows that may be copies of each other, and lies in one fold.

    Attributes
    ----------
    rows : ndarray of int of shape (m,)
        Indices of the rows that take part, not decreasing; a row of weight k may be there k times.
    weight : ndarray of float64 of shape (m,)
        Weight of each.
    fold : ndarray of int of shape (m,)
        Fold of each row, 0..n_folds-1.
    unit : ndarray of int of shape (m,)
        Unit of each row, 0..n_units-1.
    n_folds, n_units : int
        How many there are.
    grouped : bool, default=False
        Whether the units are groups that were given.
    temperatures : dict
        For each fold, the temperatures that calibrators learnt first from the others: to be learnt only once.
    """

    rows: np.ndarray
    weight: np.ndarray
    fold: np.ndarray
    unit: np.ndarray
    n_folds: int
    n_units: int
    grouped: bool = False
    temperatures: dict[int, Temperatures] = field(default_factory=dict)

    @property
    def mass(self) -> np.ndarray:
        """Weight of each unit."""
        return np.bincount(self.unit, weights=self.weight, minlength=self.n_units)


def unit_keys(predictions: Predictions) -> np.ndarray:
    """Return a 64-bit key for each row: of its group, or of its scores.

    Parameters
    ----------
    predictions : Predictions
        Labels and scores.

    Returns
    -------
    ndarray of uint64 of shape (n_rows,)
        Equal for the rows of a group, and for rows of equal scores.

    Notes
    -----
    The label stays out of it: were rows of equal scores parted by their labels, a fold of one label would be held
    against maps that learnt the other.
    """
    if predictions.groups is not None and predictions.group_keys is not None:
        return predictions.group_keys[predictions.groups]
    keys = np.empty(predictions.n_rows, dtype=np.uint64)
    for rows in row_blocks(predictions.n_rows, predictions.n_classes):
        scores = np.asarray(predictions.scores[rows])
        keys[rows] = row_digests(scores, np.zeros(len(scores), dtype=np.intp), np.ones(len(scores)))
    return keys


def assign_folds(predictions: Predictions, n_folds: int, keys: np.ndarray | None = None) -> Folds:
    """Cut the rows of positive weight into folds, stratified by class.

    Parameters
    ----------
    predictions : Predictions
        Labels and scores.
    n_folds : int
        Number of folds; fewer, but at least two, if there are not two units for each.
    keys : ndarray of uint64 of shape (n_rows,), optional
        Rows of one key stay together; None takes `unit_keys`, but parts rows of equal scores and several labels.

    Returns
    -------
    Folds
        Above 2**19 entries, or 2**17 rows, of a fixed sample of the rows.

    Notes
    -----
    Units are ordered by their most frequent class and their key and dealt out in turn, so that the folds neither
    depend on the order of the rows nor part a row from its copies: weight k is k copies here, too. Rows of equal scores
    and several labels are no copies, and held out together they would ask for what no map can learn from the others.
    """
    weight, source = predictions.sample_weight, None
    if keys is None:
        keys = unit_keys(predictions)
        draws = None if predictions.groups is not None else split_ties(predictions, keys)
        source, weight, keys = (None, weight, keys) if draws is None else draws
    n_kept = max(MIN_ROWS, min(MAX_ROWS, MAX_ENTRIES // predictions.n_classes))
    rows = _of_smallest_keys(keys, None if weight is None or weight.all() else weight > 0, n_kept)
    units, unit = np.unique(keys[rows], return_inverse=True)
    weight = np.ones(len(rows)) if weight is None else weight[rows]
    rows = rows if source is None else source[rows]
    mass = np.zeros((len(units), predictions.n_classes))
    np.add.at(mass, (unit, predictions.y[rows]), weight)
    n_folds = max(2, min(n_folds, len(units) // 2))
    order = np.argsort(mass.argmax(axis=1), kind="stable")
    fold_of_unit = np.empty(len(units), dtype=np.min_scalar_type(n_folds))
    fold_of_unit[order] = np.arange(len(units)) % n_folds
    small = np.min_scalar_type(-predictions.n_rows)  # signed; of two classes, eight bytes a row are half of the scores
    fold, unit, grouped = fold_of_unit[unit], unit.astype(small), predictions.groups is not None
    return Folds(rows.astype(small), weight, fold, unit, n_folds, len(units), grouped)


def _of_smallest_keys(keys: np.ndarray, wanted: np.ndarray | None, n_kept: int) -> np.ndarray:
    """Return the wanted rows, or those of the smallest keys if they are more than `n_kept`."""
    if wanted is None:
        if len(keys) <= n_kept:
            return np.arange(len(keys))
        wanted, candidates = np.ones(len(keys), dtype=bool), keys
    else:
        candidates = keys[wanted]
        if len(candidates) <= n_kept:
            return np.flatnonzero(wanted)
    wanted &= keys <= np.partition(candidates, n_kept - 1)[n_kept - 1]  # sorting all takes twice the memory
    rows = np.flatnonzero(wanted)
    return np.sort(rows[np.argsort(keys[rows], kind="stable")[:n_kept]])  # to be read in the order of memory


def _subset(predictions: Predictions, folds: Folds, taken: np.ndarray | slice) -> Predictions:
    """Take some of the rows in folds, with column codes as labels."""
    rows = folds.rows[taken]
    return Predictions.from_arrays(
        predictions.y[rows],
        predictions.scores[rows],
        input=predictions.input,
        sample_weight=None if predictions.sample_weight is None else folds.weight[taken],
        groups=None if predictions.groups is None else predictions.groups[rows],
    )


def out_of_fold_loss(calibrator: BaseCalibrator, predictions: Predictions, folds: Folds) -> np.ndarray:
    """Compute the log loss of each row by a map that was learnt from the other folds.

    Parameters
    ----------
    calibrator : BaseCalibrator
        Fitted again for each fold.
    predictions : Predictions
        Labels and scores.
    folds : Folds
        From `assign_folds`.

    Returns
    -------
    ndarray of shape (m,)
        In nats, for ``folds.rows``; probabilities are clipped at 2.22e-16.
    """
    loss = np.empty(len(folds.rows))
    for fold in range(folds.n_folds):
        held_out = folds.fold == fold
        if isinstance(calibrator, StructuredCalibrator):
            calibrator._known = folds.temperatures.setdefault(fold, {})
        calibrator._fit_checked(_subset(predictions, folds, ~held_out))
        loss[held_out] = row_loss(calibrator, _subset(predictions, folds, held_out))
    return loss


def row_loss(calibrator: BaseCalibrator, predictions: Predictions) -> np.ndarray:
    """Compute the log loss of each row by a fitted map.

    Parameters
    ----------
    calibrator : BaseCalibrator
        Fitted.
    predictions : Predictions
        Labels and scores.

    Returns
    -------
    ndarray of shape (n_rows,)
        In nats; probabilities are clipped at 2.22e-16.
    """
    loss = np.empty(predictions.n_rows)
    for rows in row_blocks(predictions.n_rows, predictions.n_classes, PREDICTED_ENTRIES):
        proba = calibrator._apply(predictions.checked, rows)
        p_true = proba[np.arange(len(proba)), predictions.y[rows]]
        loss[rows] = -np.log(np.maximum(p_true, LOSS_CLIP))
    return loss


def shared_chance(predictions: Predictions, folds: Folds) -> float:
    """Measure how many chance findings about class frequencies stratified folds confirm to each other.

    Parameters
    ----------
    predictions : Predictions
        Labels and scores.
    folds : Folds
        From `assign_folds`.

    Returns
    -------
    float
        From 0 to n_classes - 1; divided by the number of rows, the nats by which the loss of a map with an intercept
        for each class comes out too small.

    Notes
    -----
    Pillai's trace tr(C^-1 B) of the residuals r, labels as 0 and 1 less probabilities: C is their covariance, B that of
    their means by label. An intercept learns from the mean of r in the other folds and gains from that in its own. Of
    their chance, folds that are stratified by label have in common what the label explains: where rows say little about
    their labels all of it, where they say nearly everything next to nothing.
    """
    n_classes = predictions.n_classes
    moment, total, size = np.zeros((n_classes, n_classes)), np.zeros((n_classes, n_classes)), np.zeros(n_classes)
    own = _subset(predictions, folds, slice(None))
    for rows in row_blocks(own.n_rows, n_classes, PREDICTED_ENTRIES):
        y = own.y[rows]
        weight = np.ones(len(y)) if own.sample_weight is None else own.sample_weight[rows]
        residual = -own.checked.proba(rows, dtype=np.dtype(np.float64))
        residual[np.arange(len(y)), y] += 1.0
        moment += residual.T @ (weight[:, None] * residual)
        np.add.at(total, y, weight[:, None] * residual)
        size += np.bincount(y, weights=weight, minlength=n_classes)
    n, mean = size.sum(), total.sum(axis=0) / size.sum()
    present = size > 0
    by_label = total[present] / size[present, None] - mean
    covariance = moment / n - np.outer(mean, mean)
    between = by_label.T @ (size[present, None] / n * by_label)
    return float((np.linalg.pinv(covariance, rcond=SINGULAR, hermitian=True) * between).sum())


def compare(loss: np.ndarray, best: np.ndarray, weight: np.ndarray, folds: Folds) -> tuple[float, float]:
    """Compare the losses of two maps on the same rows.

    Parameters
    ----------
    loss, best : ndarray of shape (m,)
        Losses of ``folds.rows``.
    weight : ndarray of shape (m,)
        Weights of these rows.
    folds : Folds
        From `assign_folds`.

    Returns
    -------
    mean : float
        Weighted mean of loss - best.
    standard_error : float
        Its standard error, with each unit as one draw. Of groups, half of Student's interval at the level that is the
        normal law's within one standard error.
    """
    total = weight.sum()
    mean = float(weight @ (loss - best) / total)
    by_unit = np.bincount(folds.unit, weights=weight * (loss - best - mean), minlength=folds.n_units)
    if folds.grouped:
        error = float(np.linalg.norm(total_scatter(by_unit, folds.mass))) / total
        return mean, error * student_widening(folds.mass, 1.0)
    variance = by_unit @ by_unit / total**2 * folds.n_units / (folds.n_units - 1)
    return mean, float(np.sqrt(variance))
