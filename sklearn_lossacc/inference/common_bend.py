"""A bend of the log probabilities that is the same for all classes."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize

from sklearn_lossacc._numerics.links import softmax

PENALTY = 0.005  # nats of a parameter of 1: so little that it decides only what the rows leave open
LEAST = 1e-30


def _parts(proba: np.ndarray) -> np.ndarray:
    """Return log p and the powers 1/4, 1/2 and 3/4 of p, shape (n_rows, n_classes, 4)."""
    root = np.sqrt(np.sqrt(proba))
    return np.stack([np.log(np.maximum(proba, LEAST)), root, root**2, root**3], axis=2)


def common_bend(proba: np.ndarray, y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Fit the bend that makes the labels most likely.

    Parameters
    ----------
    proba : ndarray of shape (n_rows, n_classes)
        Probabilities.
    y : ndarray of int of shape (n_rows,)
        Column of each row's label.
    weight : ndarray of shape (n_rows,)
        Weights of the rows.

    Returns
    -------
    ndarray of shape (4,)
        Coefficients for `bent_loss`; zeros change nothing.

    Notes
    -----
    log p_j + b_1 log p_j + b_2 p_j^(1/4) + b_3 p_j^(1/2) + b_4 p_j^(3/4), normalised again. The likelihood is concave.
    """
    parts = _parts(proba)
    rows = np.arange(len(y))
    true = weight @ parts[rows, y]

    def objective(bend: np.ndarray) -> tuple[float, np.ndarray]:
        q = softmax(parts[:, :, 0] + parts @ bend)
        loss = -(weight @ np.log(np.maximum(q[rows, y], 1e-300)))
        gradient = np.einsum("i,ij,ijm->m", weight, q, parts, optimize=True) - true
        return loss + PENALTY * bend @ bend, gradient + 2.0 * PENALTY * bend

    return minimize(objective, np.zeros(parts.shape[2]), jac=True, method="BFGS").x


def bent_loss(proba: np.ndarray, y: np.ndarray, bend: np.ndarray) -> np.ndarray:
    """Return the loss of each row after a bend, in nats."""
    parts = _parts(proba)
    q = softmax(parts[:, :, 0] + parts @ bend)
    return -np.log(np.maximum(q[np.arange(len(y)), y], 1e-300))
