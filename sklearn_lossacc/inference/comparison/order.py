"""An order of rows and groups that depends on what they hold, not on where they stand or which model comes first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sklearn_lossacc.inference.comparison.rows import ModelRows


def canonical_order(
    models: Sequence[ModelRows], weight: np.ndarray, group: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Order the rows by the least and largest loss that any model has on them.

    Resamples are drawn for units by their place. In this order they are the same however the rows were ordered, the
    groups labelled and the models named.

    Parameters
    ----------
    models : sequence of ModelRows
        The models, on the same rows.
    weight : ndarray of shape (n,)
        Row weights, all positive.
    group : ndarray of int of shape (n,) or None
        Group codes, without gaps.

    Returns
    -------
    order : ndarray of int of shape (n,)
        The rows in their order.
    group : ndarray of int of shape (n,) or None
        Codes of the groups of the ordered rows, by the order of the groups.

    Examples
    --------
    >>> from sklearn_lossacc.inputs import Predictions
    >>> from sklearn_lossacc.inference.comparison.rows import model_rows
    >>> a, b = (model_rows(Predictions.from_arrays([1, 1, 0], p)) for p in ([0.9, 0.6, 0.3], [0.8, 0.7, 0.4]))
    >>> canonical_order([a, b], np.ones(3), None)[0].tolist(), canonical_order([b, a], np.ones(3), None)[0].tolist()
    ([0, 2, 1], [0, 2, 1])
    """
    losses, squares = (np.stack([getattr(model, name) for model in models]) for name in ("loss", "brier"))
    keys = [weight, squares.max(axis=0), squares.min(axis=0), losses.max(axis=0), losses.min(axis=0)]
    if group is None:
        return np.lexsort(keys), None
    n_groups = int(group.max()) + 1
    within = np.lexsort([*keys, group])
    size = np.bincount(group[within], weight[within], n_groups)
    means = [np.bincount(group[within], (weight * key)[within], n_groups) / size for key in keys[1:]]
    rank = np.empty(n_groups, dtype=np.int64)
    rank[np.lexsort([size, *means])] = np.arange(n_groups)
    order = np.lexsort([*keys, rank[group]])
    return order, rank[group][order]
