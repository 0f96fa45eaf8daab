"""Predictions epoch by epoch, from estimators that can give them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from sklearn.utils import indexable

from sklearn_lossacc.exceptions import InvalidPredictionsError


def stages(estimator: Any, X: Any, every: int) -> Iterator[tuple[int, Any]]:
    """Walk over the stages of a fitted ensemble, every so many and the last.

    Parameters
    ----------
    estimator : classifier
        With ``staged_predict_proba``.
    X : object
        Rows to predict.
    every : int
        Step.

    Yields
    ------
    stage : int
        Counted from 1.
    y_proba : ndarray of shape (n_rows, n_classes)
    """
    if not hasattr(estimator, "staged_predict_proba"):
        raise InvalidPredictionsError(f"{type(estimator).__name__} has no staged_predict_proba.")
    skipped = None
    for stage, proba in enumerate(estimator.staged_predict_proba(X), start=1):
        skipped = (stage, proba) if stage % every else None
        if skipped is None:
            yield stage, proba
    if skipped is not None:
        yield skipped


def _taken(X: Any, rows: np.ndarray) -> Any:
    """Take rows of an array, a sparse matrix, a data frame or a list."""
    if hasattr(X, "iloc"):
        return X.iloc[rows]
    return X[rows] if hasattr(X, "shape") else [X[row] for row in rows]


def passes(
    estimator: Any,
    X: Any,
    y: Any,
    X_val: Any,
    *,
    epochs: Iterable[int],
    batch_size: int | None,
    random_state: int | None,
) -> Iterator[tuple[int, Any, float | None]]:
    """Train by ``partial_fit``, and predict after every pass.

    Parameters
    ----------
    estimator : classifier
        With ``partial_fit`` and ``predict_proba``; it is trained in place.
    X, y : array-like, sparse matrix or DataFrame
        Training rows and labels.
    X_val : array-like
        Rows to predict.
    epochs : iterable of int
        Numbers of the passes.
    batch_size : int or None
        Rows of one call; None takes all.
    random_state : int or None
        Seed of the order of rows.

    Yields
    ------
    epoch : int
        Number of the pass.
    y_proba : ndarray of shape (n_val, n_classes)
    train_loss : float or None
        The estimator's own ``loss_``, where it has one.
    """
    for method in ("partial_fit", "predict_proba"):
        if not hasattr(estimator, method):
            raise InvalidPredictionsError(f"{type(estimator).__name__} has no {method}.")
    X, y = indexable(X, np.asarray(y))
    classes = np.unique(y)
    size = len(y) if batch_size is None else batch_size
    for epoch in epochs:
        order = np.random.default_rng(None if random_state is None else [random_state, epoch]).permutation(len(y))
        for start in range(0, len(y), size):
            rows = order[start : start + size]
            estimator.partial_fit(_taken(X, rows), y[rows], classes=classes)
        yield epoch, estimator.predict_proba(X_val), getattr(estimator, "loss_", None)
