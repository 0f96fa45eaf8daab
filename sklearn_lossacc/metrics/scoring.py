"""Several scores of a fitted classifier from one prediction."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sklearn_lossacc.metrics.estimator_rows import check_missing, rows_of_estimator
from sklearn_lossacc.metrics.score_request import ScoreRequest
from sklearn_lossacc.metrics.scorer_table import SCORERS, get_scorer_names

__all__ = ["MultiScorer", "lossacc_scoring"]


class MultiScorer(ScoreRequest):
    """A callable ``scorer(estimator, X, y, sample_weight=None)`` that returns several scores by name.

    Made by `lossacc_scoring`.

    Parameters
    ----------
    names : tuple of str
        Names from `get_scorer_names`.
    missing : {"raise", "clip"}
        What to do about a label that the estimator never saw.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> from sklearn_lossacc import lossacc_scoring
    >>> model = DummyClassifier().fit([[0], [0], [0], [0]], ["a", "a", "a", "b"])
    >>> lossacc_scoring(["accuracy", "neg_confidence_gap"])(model, [[0], [0]], ["a", "b"])
    {'accuracy': 0.5, 'neg_confidence_gap': -0.25}
    """

    def __init__(self, names: tuple[str, ...], missing: str):
        super().__init__()
        self.names = names
        self.missing = missing

    def _call(self, missing: str) -> str:
        """Write the call that makes this scorer, but for `missing`."""
        arguments = [] if self.names == tuple(SCORERS) else [repr(list(self.names))]
        arguments += [] if missing == "raise" else [f"missing={missing!r}"]
        return f"lossacc_scoring({', '.join(arguments)})"

    def __repr__(self) -> str:
        """Show the call that makes this scorer."""
        return self._call(self.missing)

    def __call__(self, estimator: Any, X: Any, y: Any, sample_weight: Any = None) -> dict[str, float]:
        """Score a fitted classifier.

        Parameters
        ----------
        estimator : classifier
            Fitted, with `predict_proba` or `decision_function`.
        X : object
            Whatever the estimator takes.
        y : array-like of shape (n_samples,)
            Labels. They need not hold every class that the estimator knows.
        sample_weight : array-like of shape (n_samples,), optional
            Row weights.

        Returns
        -------
        dict
            Score by name. Larger is better.

        Raises
        ------
        ClassesMismatchError
            If a label is unknown to the estimator and ``missing="raise"``.
        """
        remedy = self._call("clip")
        rows = rows_of_estimator(estimator, X, y, sample_weight, missing=self.missing, remedy=remedy)
        if len(self.names) > 1:
            rows.read_whole()
        return {name: SCORERS[name].sign * SCORERS[name].value(rows) for name in self.names}


def lossacc_scoring(names: Iterable[str] | None = None, *, missing: str = "raise") -> MultiScorer:
    """Get one callable that returns several scores from one prediction.

    Parameters
    ----------
    names : iterable of str, optional
        Names from `get_scorer_names`; by default all.
    missing : {"raise", "clip"}, default="raise"
        What to do about a label that the estimator never saw: raise, or take its probability for 0.

    Returns
    -------
    MultiScorer
        For `GridSearchCV` and `RandomizedSearchCV` (with ``refit="neg_log_loss"`` or another of the names),
        `cross_validate` and `permutation_importance`. `learning_curve` and halving searches take single scorers. The
        accuracy is that of the largest probability, so that one prediction is enough; for a classifier whose
        `predict` uses another threshold take ``get_scorer("accuracy")``.

    Raises
    ------
    ValueError
        If a name is unknown or given twice, or `missing` is unknown.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import cross_validate
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn_lossacc import lossacc_scoring
    >>> X, y = load_iris(return_X_y=True)
    >>> scores = cross_validate(GaussianNB(), X, y, scoring=lossacc_scoring(["accuracy", "d2_brier"]))
    >>> sorted(scores)
    ['fit_time', 'score_time', 'test_accuracy', 'test_d2_brier']
    """
    if names is not None and not isinstance(names, Iterable):
        raise ValueError(f"names must be a list of names, got {names!r}.")
    if isinstance(names, str):
        raise ValueError(f"names must be a list of names, got the string {names!r}; write [{names!r}].")
    chosen = tuple(SCORERS) if names is None else tuple(names)
    unknown = [name for name in chosen if not isinstance(name, str) or name not in SCORERS]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is no scorer; choose among {get_scorer_names()}.")
    if not chosen or len(set(chosen)) < len(chosen):
        raise ValueError(f"names must hold at least one name and each once, got {list(chosen)}.")
    check_missing(missing)
    return MultiScorer(chosen, missing)
