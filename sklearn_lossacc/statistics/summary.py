"""The mergeable summary of a set of predictions, from which everything else is judged."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from numbers import Integral
from typing import Any

import numpy as np

from sklearn_lossacc.exceptions import ClassesMismatchError, InvalidGroupsError, LossAccError
from sklearn_lossacc.inputs import Predictions
from sklearn_lossacc.inputs.arrays import show_labels
from sklearn_lossacc.statistics import packing, storage
from sklearn_lossacc.statistics.groups import GroupSums
from sklearn_lossacc.statistics.moments import Moments
from sklearn_lossacc.statistics.row_values import COLUMNS
from sklearn_lossacc.statistics.sample import KeptRows, RowSample
from sklearn_lossacc.statistics.sparse_counts import SparseCounts
from sklearn_lossacc.statistics.tally import FINE_BINS, SAMPLE_ENTRIES, tally
from sklearn_lossacc.statistics.top_rows import TopRows

__all__ = ["MAX_DENSE_CLASSES", "PredictionSummary"]

MAX_DENSE_CLASSES = 1024

_ADDED = (
    "n_rows",
    "n_samples",
    "zero_rows",
    "zero_weight",
    "clipped_rows",
    "raw_loss_sum",
    "class_rows",
    "class_weight2",
    "class_loss",
    "class_loss2",
    "proba_sum",
    "rel_rows",
    "rel_weight",
    "rel_weight2",
    "rel_confidence",
    "rel_correct",
)
_MERGED = ("moments", "confusion_counts", "top_loss", "top_surprise", "kept_rows")


@dataclass(frozen=True, eq=False, repr=False)
class PredictionSummary:
    """What one pass over a set of predictions remembers; two summaries merge to that of the union.

    Made by `summarize`, `from_predictions`, `merge` or `load`. Sums run over all rows; weights are written w, rows of
    weight 0 contribute nothing. Losses are in nats.

    Attributes
    ----------
    classes : ndarray of shape (n_classes,)
        The label of each column.
    input : {"proba", "logits"}
        What was exported.
    dtype : str
        Name of the dtype of the export; of merged exports the shortest.
    out_of_sample : bool
        False for predictions of the training data.
    train_prior : ndarray of shape (n_classes,) or None
        Class frequencies at training.
    has_weights : bool
        Whether any part had sample weights.
    has_identities : bool
        Whether the features were given, so that copies are recognised.
    sample_entries : int
        Size of the row sample, in matrix entries.
    n_rows, n_samples : int
        Number of rows, and of rows with w > 0.
    moments : Moments
        Behind `first`, `second`, `mean` and `variance_of_mean`.
    groups : GroupSums or None
        Behind `group_keys`, `group_sums` and `group_rows`.
    zero_rows, zero_weight : int, float
        Rows whose true class has probability exactly 0: how many, and the sum of their weights.
    clipped_rows : int
        Rows whose true class has a probability below 2.22e-16.
    raw_loss_sum : float
        sum -w log p_true over the rows with p_true > 0, not clipped.
    class_rows, class_weight2 : ndarray of shape (n_classes,)
        Number of rows and sum w^2 by true class; see also `class_weight`.
    class_loss, class_loss2 : ndarray of shape (n_classes,)
        sum w l and sum w^2 l^2 of the clipped loss l by true class.
    proba_sum : ndarray of shape (n_classes,)
        sum w p.
    confusion_counts : SparseCounts
        sum w by cell ``true * n_classes + predicted``; see `confusion` and `confusion_cells`.
    rel_rows, rel_weight, rel_weight2, rel_confidence, rel_correct : ndarray of shape (960,)
        Number of rows, sum w, sum w^2, sum w c and weight of the correct rows by bin of the top probability c. Bins
        are right-closed and of equal width; see `coarsen`.
    top_loss, top_surprise : TopRows
        The 1000 rows of largest clipped loss, and of smallest surprise p-value.
    min_max_proba : tuple of two floats
        Smallest and largest probability.
    undo_softmax_ok : bool
        Whether the rows of log p - mean log p + 1/k are all probabilities: whether a softmax may have been applied
        twice.
    kept_rows : KeptRows
        Behind `sample`.

    Notes
    -----
    The per-row values of `first`, `second`, `group_sums`, `mean` and `variance_of_mean` are, in the order of
    ``PredictionSummary.COLUMNS``: one = 1; loss = -log max(p_y, 2.22e-16); entropy H = -sum_j p_j log p_j;
    varentropy V = sum_j p_j (log p_j + H)^2; correct = 1 if y is the most probable class (the first of equals);
    confidence = max_j p_j; brier = sum_j (p_j - 1[y = j])^2; expected_brier = 1 - sum_j p_j^2.

    The arrays of the caller are referenced, not copied: changing them later changes `sample`. Saving and pickling
    copy the rows of the sample only.

    Examples
    --------
    >>> from sklearn_lossacc import summarize
    >>> left = summarize([0, 1], [[0.5, 0.5], [0.5, 0.5]])
    >>> right = summarize([0, 0], [[0.75, 0.25], [0.75, 0.25]], classes=[0, 1], row_offset=2)
    >>> both = left.merge(right)
    >>> both.n_samples, both.mean("correct"), both.mean("confidence")
    (4, 0.75, 0.625)
    >>> both.confusion()
    array([[3., 0.],
           [1., 0.]])
    """

    COLUMNS = COLUMNS

    classes: np.ndarray
    input: str
    dtype: str
    out_of_sample: bool
    train_prior: np.ndarray | None
    has_weights: bool
    has_identities: bool
    sample_entries: int
    n_rows: int
    n_samples: int
    moments: Moments
    groups: GroupSums | None
    zero_rows: int
    zero_weight: float
    clipped_rows: int
    raw_loss_sum: float
    class_rows: np.ndarray
    class_weight2: np.ndarray
    class_loss: np.ndarray
    class_loss2: np.ndarray
    proba_sum: np.ndarray
    confusion_counts: SparseCounts
    rel_rows: np.ndarray
    rel_weight: np.ndarray
    rel_weight2: np.ndarray
    rel_confidence: np.ndarray
    rel_correct: np.ndarray
    top_loss: TopRows
    top_surprise: TopRows
    min_max_proba: tuple[float, float]
    undo_softmax_ok: bool
    kept_rows: KeptRows

    @classmethod
    def from_predictions(cls, predictions: Predictions, sample_entries: int = SAMPLE_ENTRIES) -> PredictionSummary:
        """Summarize checked predictions in one pass.

        Parameters
        ----------
        predictions : Predictions
            The checked input.
        sample_entries : int, default=2**21
            Size of the row sample, in matrix entries: it holds ``max(2048, sample_entries // n_classes)`` rows.

        Returns
        -------
        PredictionSummary

        Raises
        ------
        LossAccError
            If `sample_entries` is not a positive integer.
        """
        if isinstance(sample_entries, bool) or not isinstance(sample_entries, Integral) or sample_entries < 1:
            raise LossAccError(f"sample_entries must be a positive integer, got {sample_entries!r}.")
        return cls(**tally(predictions, int(sample_entries)))

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return self.classes.size

    @property
    def sum_w(self) -> float:
        """Sum of the weights."""
        return self.moments.sum_w

    @property
    def sum_w2(self) -> float:
        """Sum of the squared weights."""
        return self.moments.sum_w2

    @property
    def effective_n(self) -> float:
        """Kish's effective sample size, (sum w)^2 / sum w^2."""
        return self.sum_w**2 / self.sum_w2

    @property
    def first(self) -> np.ndarray:
        """The sums of w v over the rows, for each column v; shape (8,)."""
        return self.moments.first

    @property
    def second(self) -> np.ndarray:
        """The sums of w^2 v v^T over the rows; shape (8, 8)."""
        return self.moments.second

    @property
    def n_groups(self) -> int | None:
        """Number of groups that have a row with w > 0; None without groups."""
        return None if self.groups is None else self.groups.keys.size

    @property
    def group_keys(self) -> np.ndarray | None:
        """Hash of each group's label, increasing; shape (n_groups,)."""
        return None if self.groups is None else self.groups.keys

    @property
    def group_sums(self) -> np.ndarray | None:
        """The sums of w v over the rows of each group; shape (n_groups, 8)."""
        return None if self.groups is None else self.groups.sums

    @property
    def group_rows(self) -> np.ndarray | None:
        """Number of rows with w > 0 of each group; shape (n_groups,)."""
        return None if self.groups is None else self.groups.rows

    @cached_property
    def class_weight(self) -> np.ndarray:
        """The sums of w by true class; shape (n_classes,)."""
        true, _, weight = self.confusion_cells()
        return np.bincount(true, weight, self.n_classes)

    @cached_property
    def class_correct(self) -> np.ndarray:
        """The sums of w over the rows whose true class is predicted, by true class; shape (n_classes,)."""
        true, predicted, weight = self.confusion_cells()
        return np.bincount(true, weight * (true == predicted), self.n_classes)

    @cached_property
    def predicted_weight(self) -> np.ndarray:
        """The sums of w by predicted class; shape (n_classes,)."""
        _, predicted, weight = self.confusion_cells()
        return np.bincount(predicted, weight, self.n_classes)

    @property
    def log_loss(self) -> float:
        """Weighted mean of -log p_true in nats, not clipped: infinite if a true class has probability 0."""
        return math.inf if self.zero_rows else self.raw_loss_sum / self.sum_w

    @cached_property
    def sample(self) -> RowSample:
        """The row sample: uniform, every row if there are few, whole groups if there are groups."""
        return self.kept_rows.sample()

    def subsample(self, n_rows: int) -> RowSample:
        """Return the sample that a bound of `n_rows` rows would have kept, for work that needs many passes.

        Parameters
        ----------
        n_rows : int
            Largest number of rows.

        Returns
        -------
        RowSample
            Part of `sample`, or all of it where it is no larger. As uniform, and as independent of the order of the
            rows and of how they were divided.
        """
        return self.sample if self.kept_rows.n_rows <= n_rows else self.kept_rows.first(n_rows).sample()

    def mean(self, name: str) -> float:
        """Return the weighted mean of a column.

        Parameters
        ----------
        name : str
            One of `COLUMNS`.

        Returns
        -------
        float
            Sum of w v divided by sum of w.
        """
        return float(self.first[_column(name)]) / self.sum_w

    def variance_of_mean(self, coefs: str | Mapping[str, float]) -> float:
        """Return the variance of the weighted mean of a linear combination of columns.

        Parameters
        ----------
        coefs : str, or mapping of str to float
            One of `COLUMNS`, or the coefficient of each that takes part: ``{"loss": 1, "entropy": -1}``.

        Returns
        -------
        float
            NaN for a single group, which says nothing on the variance between groups.

        Notes
        -----
        With u the combination and m its weighted mean: sum w^2 (u - m)^2 / (sum w)^2 without groups; with G groups
        sum_g (sum_{i in g} w (u - m))^2 / (sum w)^2 * G / (G - 1). A weighted row is one draw.
        """
        vector = np.zeros(len(COLUMNS))
        for name, coef in ({coefs: 1.0} if isinstance(coefs, str) else coefs).items():
            vector[_column(name)] += coef
        if self.groups is None:
            return self.moments.variance_of_mean(vector)
        n_groups = self.groups.keys.size
        if n_groups < 2:
            return math.nan
        mean = float(vector @ self.first) / self.sum_w
        deviation = self.groups.sums @ vector - mean * self.groups.sums[:, _column("one")]
        return float(deviation @ deviation) / self.sum_w**2 * n_groups / (n_groups - 1)

    def confusion_cells(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the cells of the confusion matrix that are not empty.

        Returns
        -------
        true, predicted : ndarray of int64 of shape (m,)
            Columns of the classes, in increasing order.
        weight : ndarray of float64 of shape (m,)
            Sum of w in each cell.
        """
        true, predicted = np.divmod(self.confusion_counts.cells, self.n_classes)
        return true, predicted, self.confusion_counts.weight

    def confusion(self) -> np.ndarray:
        """Return the confusion matrix.

        Returns
        -------
        ndarray of float64 of shape (n_classes, n_classes)
            Sum of w by true class (row) and predicted class (column).

        Raises
        ------
        LossAccError
            For more than 1024 classes; `confusion_cells` has no limit.
        """
        if self.n_classes > MAX_DENSE_CLASSES:
            raise LossAccError(
                f"a confusion matrix of {self.n_classes} classes is too large (at most {MAX_DENSE_CLASSES}); "
                "use confusion_cells()."
            )
        return self.confusion_counts.dense((self.n_classes, self.n_classes))

    def coarsen(self, n_bins: int = 15) -> dict[str, np.ndarray]:
        """Return the reliability sums in equal-width right-closed bins of the top probability.

        Parameters
        ----------
        n_bins : int, default=15
            A divisor of 960.

        Returns
        -------
        dict of str to ndarray of shape (n_bins,)
            ``low`` and ``high``, the limits; ``rows``, ``weight`` (sum w), ``weight2`` (sum w^2), ``confidence``
            (sum w c) and ``correct`` (sum of w over the correct rows); all 0 in empty bins.

        Raises
        ------
        LossAccError
            If `n_bins` does not divide 960.
        """
        if n_bins < 1 or FINE_BINS % n_bins:
            raise LossAccError(f"n_bins must divide {FINE_BINS}, got {n_bins}; take 10, 15, 20, 30, ...")
        limits = np.arange(n_bins + 1) / n_bins
        table = {"low": limits[:-1], "high": limits[1:]}
        for name in ("rows", "weight", "weight2", "confidence", "correct"):
            table[name] = getattr(self, f"rel_{name}").reshape(n_bins, -1).sum(axis=1)
        return table

    def merge(self, other: PredictionSummary) -> PredictionSummary:
        """Return the summary of the rows of both.

        Parameters
        ----------
        other : PredictionSummary
            Of other rows with the same classes, kind of input, `train_prior`, `out_of_sample` and `sample_entries`,
            with groups, and with features, if and only if this one has them. Weighted and unweighted parts merge.

        Returns
        -------
        PredictionSummary
            Order does not matter. Give each part its `row_offset`, so that the parts sum up to what one pass over
            all rows gives, row sample included.

        Raises
        ------
        ClassesMismatchError
            If the classes, or their order, differ.
        InvalidGroupsError
            If only one of both has groups.
        LossAccError
            If anything else that must agree differs.
        """
        _check_mergeable(self, other)
        groups = None
        if self.groups is not None and other.groups is not None:
            groups = self.groups.merge(other.groups)
        low, high = zip(self.min_max_proba, other.min_max_proba, strict=True)
        return replace(
            self,
            **{name: getattr(self, name) + getattr(other, name) for name in _ADDED},
            **{name: getattr(self, name).merge(getattr(other, name)) for name in _MERGED},
            groups=groups,
            dtype=min(self.dtype, other.dtype, key=_n_bits),
            has_weights=self.has_weights or other.has_weights,
            min_max_proba=(min(low), max(high)),
            undo_softmax_ok=self.undo_softmax_ok and other.undo_softmax_ok,
        )

    def detached(self) -> PredictionSummary:
        """Return the same summary with its row sample copied out of the caller's arrays, which can then be freed.

        Returns
        -------
        PredictionSummary
            Equal to this one.
        """
        return replace(self, kept_rows=self.kept_rows.copied())

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the summary to one file, with the rows of its sample.

        Parameters
        ----------
        path : path-like
            Where to. A file of this name is replaced, all at once.

        Raises
        ------
        LossAccError
            If the class labels are neither strings, integers, floats nor booleans.
        """
        storage.write(path, *packing.pack(self._values()))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> PredictionSummary:
        """Read a summary that `save` wrote.

        Parameters
        ----------
        path : path-like
            The file.

        Returns
        -------
        PredictionSummary
            Equal to the one saved in every number; it merges like that one.

        Raises
        ------
        InvalidFileError
            If the file is something else, damaged, or written by a newer version.
        FileNotFoundError
            If there is no such file.
        """
        values, arrays = storage.read(path)
        return cls(**packing.unpack(values, arrays, path))

    def _values(self) -> dict[str, Any]:
        """Return the fields, with the rows of the sample copied out of the caller's arrays."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return values | {"kept_rows": self.kept_rows.stored()}

    def __getstate__(self) -> dict[str, Any]:
        """Pickle what `save` saves."""
        return self._values()

    def __repr__(self) -> str:
        """Describe the summary in one line."""
        groups = "" if self.n_groups is None else f", n_groups={self.n_groups}"
        return (
            f"PredictionSummary(n_samples={self.n_samples}, n_classes={self.n_classes}{groups}, "
            f"log_loss={self.log_loss:.6g}, accuracy={self.mean('correct'):.6g})"
        )


def _column(name: str) -> int:
    """Return the position of a column."""
    try:
        return COLUMNS.index(name)
    except ValueError:
        raise LossAccError(f"{name!r} is no column of a summary; the columns are {', '.join(COLUMNS)}.") from None


def _n_bits(dtype: str) -> int:
    """Return the length of a float type by its name."""
    return int("".join(filter(str.isdigit, dtype)) or 64)


def _same(a: np.ndarray | None, b: np.ndarray | None) -> bool:
    """Tell whether two arrays, or absences of arrays, are equal."""
    return a is b or (a is not None and b is not None and a.tolist() == b.tolist())


def _first_difference(a: list[Any], b: list[Any]) -> str:
    """Say where two lists of classes differ first; nothing of lists of different lengths."""
    places = [] if len(a) != len(b) else [j for j, (one, other) in enumerate(zip(a, b, strict=True)) if one != other]
    return f", first in column {places[0]}: {a[places[0]]!r} and {b[places[0]]!r}" if places else ""


def _check_mergeable(a: PredictionSummary, b: PredictionSummary) -> None:
    """Raise if two summaries do not describe parts of one set of predictions; say what differs."""
    if not isinstance(b, PredictionSummary):
        raise LossAccError(f"a PredictionSummary merges with another one, got {type(b).__name__}.")
    if not _same(a.classes, b.classes):
        raise ClassesMismatchError(
            f"summaries of different classes do not merge: {show_labels(a.classes)} and {show_labels(b.classes)}"
            f"{_first_difference(a.classes.tolist(), b.classes.tolist())}; pass the same classes= to both."
        )
    if (a.groups is None) != (b.groups is None):
        raise InvalidGroupsError(
            "a summary with groups and one without do not merge; pass groups to both, or to neither."
        )
    if not _same(a.train_prior, b.train_prior):
        raise LossAccError("summaries with different train_prior do not merge; pass the same to both.")
    if a.has_identities != b.has_identities:
        raise LossAccError("a summary made with X and one without do not merge; pass X to both, or to neither.")
    for name in ("input", "out_of_sample", "sample_entries"):
        if getattr(a, name) != getattr(b, name):
            raise LossAccError(
                f"summaries with different {name} do not merge: {getattr(a, name)!r} and {getattr(b, name)!r}; pass "
                "the same to both."
            )
