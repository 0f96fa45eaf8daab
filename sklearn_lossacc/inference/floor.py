"""The floor e / k of a model whose labels are partly noise: whether it fits, whether it matters, whose labels it is."""

from __future__ import annotations

import numpy as np

from sklearn_lossacc._numerics.mixture import MixtureFit, mixture_proba
from sklearn_lossacc.inference.design import design_effect
from sklearn_lossacc.inference.few_rows import MATERIAL_NOISE, few_rows, telling_count
from sklearn_lossacc.inference.null import NullModel
from sklearn_lossacc.inference.surprise import SurpriseCount

UNEVEN_ROWS = 15  # no noise is quite uniform: with more rows its own tail would be taken for outliers
MATERIAL_NATS = 0.005  # what a floor must save, or classes at temperatures of their own, per row


def finite(log_proba: np.ndarray, floor: float) -> np.ndarray:
    """Replace the log of an exact zero, since fits need finite numbers.

    Parameters
    ----------
    log_proba : ndarray of shape (n_rows, n_classes)
        Natural logarithms of the probabilities.
    floor : float
        What stands for ``-inf``.

    Returns
    -------
    ndarray of shape (n_rows, n_classes)
        A copy.

    Examples
    --------
    >>> finite(np.array([[-np.inf, 0.0]]), -36.0).tolist()
    [[-36.0, 0.0]]
    """
    return np.where(np.isfinite(log_proba), log_proba, floor)


def check_floor(
    null: NullModel, finite_log_proba: np.ndarray, fit: MixtureFit, few: float = UNEVEN_ROWS
) -> tuple[SurpriseCount, np.ndarray]:
    """Compare the rows that the model without its floor calls impossible with what the floor predicts.

    Parameters
    ----------
    null : NullModel
        The rows.
    finite_log_proba : ndarray of shape (n_rows, n_classes)
        Their log probabilities, exact zeros replaced.
    fit : MixtureFit
        A fit with a floor.
    few : float, default=15
        How many rows may be outliers although none of them is impossible by itself.

    Returns
    -------
    SurpriseCount, ndarray of bool
        The test and the impossible rows.
    """
    tempered = mixture_proba(finite_log_proba, fit.beta, fit.bias, 0.0)
    return telling_count(tempered, null, min(few_rows(null.n_rows / design_effect(null)), few), floor=fit.floor)


def floor_posterior(null: NullModel, finite_log_proba: np.ndarray, fit: MixtureFit) -> np.ndarray:
    """Return the chance that each row's label came from the floor rather than from the model.

    Parameters
    ----------
    null : NullModel
        The rows.
    finite_log_proba : ndarray of shape (n_rows, n_classes)
        Their log probabilities, exact zeros replaced.
    fit : MixtureFit
        The fitted model.

    Returns
    -------
    ndarray of shape (n_rows,)
        (e / k) / q at the label.

    Examples
    --------
    With e = 0.2 and k = 2 a label of probability 0.1 comes 0.08 times from the model and 0.1 times from the floor:

    >>> null = NullModel(np.log([[0.1, 0.9]]), np.array([0]), np.ones(1))
    >>> floor_posterior(null, null.log_proba, MixtureFit(1.0, np.zeros(2), 0.2, 0.0)).round(4).tolist()
    [0.5556]
    """
    q = mixture_proba(finite_log_proba, fit.beta, fit.bias, fit.floor)
    return (fit.floor / null.n_classes) / q[np.arange(null.n_rows), null.y]


def material_floor(null: NullModel, finite_log_proba: np.ndarray, floor: float) -> bool:
    """Return whether a floor is large enough to be a cause of its own.

    Parameters
    ----------
    null : NullModel
        The rows.
    finite_log_proba : ndarray of shape (n_rows, n_classes)
        Their log probabilities, exact zeros replaced.
    floor : float
        Share of labels that are uniform noise.

    Returns
    -------
    bool
        Whether the noise rate is at least 0.005 and the floor alone saves at least 0.005 nats a row.

    Examples
    --------
    Ten labels of probability 0.9: a floor of 0.1, half of it wrong labels, only costs.

    >>> log_proba = np.log(np.tile([0.1, 0.9], (10, 1)))
    >>> material_floor(NullModel(log_proba, np.ones(10, dtype=int), np.ones(10)), log_proba, 0.1)
    False
    """
    if floor * (null.n_classes - 1) / null.n_classes < MATERIAL_NOISE:
        return False
    log_p = finite_log_proba[np.arange(null.n_rows), null.y]
    saved = np.log((1.0 - floor) * np.exp(log_p) + floor / null.n_classes) - log_p
    return float(np.average(saved, weights=null.weight)) >= MATERIAL_NATS
