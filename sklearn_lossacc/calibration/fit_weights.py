"""How sample weights reach an estimator's `fit`, and what to do where they do not."""

from __future__ import annotations

from inspect import Parameter, signature
from typing import Any

from sklearn.pipeline import Pipeline


def takes_sample_weight(estimator: Any) -> bool:
    """Whether an estimator's `fit` has a parameter called ``sample_weight``."""
    return "sample_weight" in signature(estimator.fit).parameters


def without_weights(estimator: Any) -> str:
    """Return what to say, and to advise, where an estimator's `fit` is not given the weights.

    Parameters
    ----------
    estimator : estimator
        One whose `fit` has no ``sample_weight``.

    Returns
    -------
    str

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import Pipeline
    >>> print(without_weights(Pipeline([("clf", LogisticRegression())])))
    Pipeline.fit takes no sample_weight: only the calibration uses the weights. To weight its last step, too, pass \
clf__sample_weight beside sample_weight.
    """
    problem = f"{type(estimator).__name__}.fit takes no sample_weight: only the calibration uses the weights."
    if isinstance(estimator, Pipeline):
        name, estimator = estimator.steps[-1]
        if takes_sample_weight(estimator):
            return f"{problem} To weight its last step, too, pass {name}__sample_weight beside sample_weight."
    inside = any(found.kind is Parameter.VAR_KEYWORD for found in signature(estimator.fit).parameters.values())
    if inside:
        return (
            f"{problem} To weight the classifier inside, too, turn on sklearn.set_config(enable_metadata_routing=True) "
            "and request them with its set_fit_request(sample_weight=True)."
        )
    return f"{problem} To weight the classifier, too, choose one whose fit takes sample_weight."
