"""Labels of each class that are given as others, a share for each pair: any noise that depends on the class."""

from __future__ import annotations

import numpy as np

START = 0.9  # of each class is labelled as what it is, to begin with
MOST_ROUNDS = 200
SMALL_GAIN = 1e-3  # nats
HOPELESS = 50  # rounds that gain as much as this one and leave more than that to be gained
SMALLEST = 1e-300


def transitions_reach(proba: np.ndarray, y: np.ndarray, weight: np.ndarray, wanted: float) -> bool:
    """Ask whether labels drawn from q = p T, with T any matrix of transitions, are as likely as wanted.

    Parameters
    ----------
    proba : ndarray of shape (n_rows, n_classes)
        Probabilities p of the classes.
    y : ndarray of int of shape (n_rows,)
        Column of each label.
    weight : ndarray of shape (n_rows,)
        Row weights.
    wanted : float
        Weighted sum of the log probabilities of the labels, in nats.

    Returns
    -------
    bool
        Whether some T reaches it. EM climbs from nine tenths on the diagonal; it ends where it gains so little that it
        will not get there.

    Notes
    -----
    T_cj is the share of class c that is labelled j. Uniform noise, labels of one class given as another, and exchanged
    columns are such matrices.

    Examples
    --------
    A quarter of the rows that are surely of class 0 are labelled 2, which costs 40 times the entropy of a quarter:

    >>> proba = np.repeat([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], 40, axis=0)
    >>> y = np.repeat([2, 0, 1], [10, 30, 40])
    >>> cost = -(10 * np.log(0.25) + 30 * np.log(0.75))
    >>> transitions_reach(proba, y, np.ones(80), -cost - 0.1), transitions_reach(proba, y, np.ones(80), -cost + 0.1)
    (True, False)
    """
    k = proba.shape[1]
    by_label = np.argsort(y, kind="stable")
    p, label, weight = proba[by_label], y[by_label], weight[by_label]
    given = np.unique(label)
    begin = np.searchsorted(label, given)
    transitions = np.full((k, k), (1.0 - START) / (k - 1))
    np.fill_diagonal(transitions, START)
    before = -np.inf
    for _ in range(MOST_ROUNDS):
        joint = p * transitions.T[label]
        total = np.maximum(joint.sum(axis=1), SMALLEST)
        reached = float(weight @ np.log(total))
        if reached >= wanted:
            return True
        gain, before = reached - before, reached
        if gain < SMALL_GAIN or HOPELESS * gain < wanted - reached:
            return False
        joint *= (weight / total)[:, np.newaxis]
        transitions[:, given] = np.add.reduceat(joint, begin).T
        transitions[:, np.setdiff1d(np.arange(k), given)] = 0.0
        mass = transitions.sum(axis=1, keepdims=True)
        np.divide(transitions, mass, out=transitions, where=mass > 0)
    return False
