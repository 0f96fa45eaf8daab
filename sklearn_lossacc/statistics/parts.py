"""Predictions in parts of consecutive rows: each is summarized by itself and freed, and the summaries are merged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from sklearn_lossacc.exceptions import InvalidWeightsError, LossAccError
from sklearn_lossacc.inputs import Predictions, match_classes
from sklearn_lossacc.inputs.naming import counted_from
from sklearn_lossacc.inputs.weights import check_weight_scale
from sklearn_lossacc.statistics.summary import PredictionSummary
from sklearn_lossacc.statistics.tally import SAMPLE_ENTRIES

__all__ = ["check_whole", "classes_of_parts", "merge_parts", "summarize_part"]

_SMALLEST = 1e-200  # sum of squared weights of which variances can be made


def classes_of_parts(labels: Iterable[np.ndarray], n_columns: int) -> np.ndarray:
    """Find the class of each column from the labels of all parts, as `summarize` does without ``classes``.

    Parameters
    ----------
    labels : iterable of ndarray
        The distinct labels of each part.
    n_columns : int
        Number of columns of the predictions, at least 2.

    Returns
    -------
    ndarray of shape (n_columns,)
        The label of each column.

    Raises
    ------
    InvalidTargetError, ClassesMismatchError
        If the labels do not settle it.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_lossacc.statistics.parts import classes_of_parts
    >>> classes_of_parts([np.array(["b"]), np.array(["a", "b"])], 2)
    array(['a', 'b'], dtype='<U1')
    """
    found = list(labels)
    if len({part.dtype.kind for part in found}) > 1:
        found = [part.astype(object) for part in found]
    return match_classes(np.concatenate(found), n_columns)[1]


def summarize_part(
    y_true: Any,
    y_proba: Any,
    *,
    row_offset: int,
    n_all: int,
    sample_entries: int = SAMPLE_ENTRIES,
    **options: Any,
) -> PredictionSummary:
    """Summarize some consecutive rows, all of which may have weight 0.

    Parameters
    ----------
    y_true, y_proba, sample_entries
        As for `summarize`.
    row_offset : int
        Number of rows before these.
    n_all : int
        Number of rows in all.
    **options
        The other keywords of `summarize`.

    Returns
    -------
    PredictionSummary
        To be merged with those of the other parts.

    Raises
    ------
    LossAccError
        As for `summarize`; rows are counted from the first of all.

    Examples
    --------
    >>> from sklearn_lossacc.statistics.parts import merge_parts, summarize_part
    >>> kind = {"n_all": 4, "classes": [0, 1]}
    >>> first = summarize_part([0, 1], [[0.5, 0.5]] * 2, row_offset=0, sample_weight=[0, 0], **kind)
    >>> merge_parts([first, summarize_part([0, 1], [[0.75, 0.25]] * 2, row_offset=2, sample_weight=[1, 1], **kind)])
    PredictionSummary(n_samples=2, n_classes=2, log_loss=0.836988, accuracy=0.5)
    """
    with counted_from(row_offset, len(y_proba), n_all):
        predictions = Predictions.from_arrays(y_true, y_proba, row_offset=row_offset, part=True, **options)
        check_weight_scale(predictions.sample_weight, part=True)
        return PredictionSummary.from_predictions(predictions, sample_entries)


def merge_parts(summaries: Iterable[PredictionSummary]) -> PredictionSummary:
    """Merge the summaries of all parts, one after the other as they come.

    Parameters
    ----------
    summaries : iterable of PredictionSummary
        From `summarize_part`, in any order, at least one. Their arrays are not referred to afterwards.

    Returns
    -------
    PredictionSummary
        What `summarize` returns for all rows.

    Raises
    ------
    InvalidWeightsError
        If all weights are 0, or so small that their squares cannot be added up.
    """
    whole: PredictionSummary | None = None
    for summary in summaries:
        # of the rows of a part, few are left after the merge: only these are copied
        whole = (summary if whole is None else whole.merge(summary)).detached()
    if whole is None:
        raise LossAccError("there are no rows; at least one is needed.")
    return check_whole(whole)


def check_whole(summary: PredictionSummary) -> PredictionSummary:
    """Check of all parts together what a part need not fulfil.

    Parameters
    ----------
    summary : PredictionSummary
        Of all rows.

    Returns
    -------
    PredictionSummary
        The same.

    Raises
    ------
    InvalidWeightsError
        If all weights are 0, or so small that their squares cannot be added up.
    """
    if summary.n_samples == 0:
        raise InvalidWeightsError("the sum of sample_weight is 0 (every entry is zero); expected a positive sum.")
    if summary.sum_w2 < _SMALLEST:
        raise InvalidWeightsError(
            f"the squares of sample_weight add up to {summary.sum_w2:g}, from which no variance can be computed; "
            "divide the weights by their mean."
        )
    return summary
