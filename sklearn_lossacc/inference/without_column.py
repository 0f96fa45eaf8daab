"""Rows of classes that have no probability in any row: no statement about the other classes is one about them."""

from __future__ import annotations

import numpy as np

from sklearn_lossacc.inference.null import NullModel

FEWEST_LEFT = 2  # classes


def without_column(null: NullModel, log_floor: float) -> np.ndarray:
    """Return which rows show a class that has probability 0 in every row.

    Parameters
    ----------
    null : NullModel
        The rows.
    log_floor : float
        Logarithm that stands for an exact zero.

    Returns
    -------
    ndarray of bool of shape (n_rows,)
        None of them where all others are of one class, as with a constant prediction: nothing is left to judge.

    Examples
    --------
    The second row shows a class without any probability, the third one that has some elsewhere:

    >>> log_proba = np.log([[0.5, 0.5, 1e-300], [0.5, 0.5, 1e-300], [1.0, 1e-300, 1e-300]])
    >>> without_column(NullModel(log_proba, np.array([0, 2, 1]), np.ones(3)), -36.0)
    array([False,  True, False])
    """
    zero = null.true_loss >= -log_floor
    never = np.zeros(null.n_classes, dtype=bool)
    shown = np.unique(null.y[zero])
    never[shown] = (null.log_proba[:, shown] <= log_floor).all(axis=0)
    aside = zero & never[null.y]
    return aside if np.unique(null.y[~aside]).size >= FEWEST_LEFT else np.zeros_like(aside)
