"""Whether class offsets are those that other class frequencies in training would need."""

from __future__ import annotations

import numpy as np

from sklearn_lossacc._numerics.mixture import mixture_proba
from sklearn_lossacc.inference.cause_model import CauseModel
from sklearn_lossacc.inference.floor import finite

LEAST_FREQUENCY = 1e-12  # stands for 0: a class without rows asks for an offset without bounds


def offsets_explained(causes: CauseModel, log_floor: float, sources: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return how much of what the selected class offsets save the ratio of two class frequencies saves.

    Parameters
    ----------
    causes : CauseModel
        A selection with class offsets.
    log_floor : float
        What counts for the logarithm of 0.
    sources : ndarray of shape (n_sources, n_classes)
        Class frequencies that the model may have learnt.
    target : ndarray of shape (n_classes,)
        Those of the rows.

    Returns
    -------
    ndarray of shape (n_sources,)
        1 if the ratio does as well as the fitted offsets, 0 if it saves nothing, below 0 if it costs. 0 as well where
        the fitted offsets save no more than chance.

    Notes
    -----
    A model that knows each class as well as before, but learnt from other frequencies s than t, errs by offsets
    log(t / s). With the selected temperature and floor left as they are, the loss at these offsets is compared with
    that at 0 and at the fitted ones.

    Both have seen the labels, and gain by chance. The fitted ones gain (k - 1) / (2 n). The errors of t follow the
    labels: with I = sum_i (diag p_i - p_i p_i') the information on offsets, those of log t gain tr(D I) / (2 n) in the
    mean, D = diag(1 / (n t)): the sum over the classes of mean p (1 - p) / t, over 2 n, and as much as the fitted ones
    only where probabilities say nothing about the rows.

    References
    ----------
    Saerens, Latinne and Decaestecker (2002), Adjusting the outputs of a classifier to new a priori probabilities,
    Neural Computation 14.

    Examples
    --------
    One row of class 1 in five, predicted with 1/2: equal frequencies were learnt.

    >>> from sklearn_lossacc.inference.cause_model import select_causes
    >>> from sklearn_lossacc.inference.null import NullModel
    >>> null = NullModel(np.log(np.full((500, 2), 0.5)), np.arange(500) % 5 // 4, np.ones(500))
    >>> causes = select_causes(null, log_floor=-36.0)
    >>> causes.terms
    ('class_bias',)
    >>> equal, seen = np.array([0.5, 0.5]), np.array([0.8, 0.2])
    >>> offsets_explained(causes, -36.0, np.array([equal, seen]), seen).round(3).tolist()
    [1.0, -0.005]
    """
    null, fit = causes.null, causes.fit
    log_proba, rows = finite(null.log_proba, log_floor), np.arange(null.n_rows)

    def model(offsets: np.ndarray) -> np.ndarray:
        return mixture_proba(log_proba, fit.beta, offsets, fit.floor)

    def loss(proba: np.ndarray) -> float:
        return -float(np.average(np.log(np.maximum(proba[rows, null.y], 1e-300)), weights=null.weight))

    repaired = model(fit.bias)
    spread = np.average(repaired * (1.0 - repaired), axis=0, weights=null.weight)
    seen, n_effective = target > 0, causes.scale * float(null.weight.sum())
    by_chance = float((spread[seen] / target[seen]).sum()) / (2.0 * n_effective)
    nothing = loss(model(np.zeros(null.n_classes)))
    saved = nothing - loss(repaired) - (null.n_classes - 1) / (2.0 * n_effective)
    if saved <= 0:
        return np.zeros(len(sources))
    ratios = np.maximum(target, LEAST_FREQUENCY) / np.maximum(sources, LEAST_FREQUENCY)
    return np.array([(nothing - loss(model(np.log(ratio))) - by_chance) / saved for ratio in ratios])
