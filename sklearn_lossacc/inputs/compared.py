"""Predictions of several models for the same rows, checked together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sklearn_lossacc.exceptions import ClassesMismatchError, InvalidPredictionsError, LossAccError
from sklearn_lossacc.inputs.alignment import warn_misaligned
from sklearn_lossacc.inputs.arrays import show_labels
from sklearn_lossacc.inputs.groups import check_groups
from sklearn_lossacc.inputs.labels import check_target
from sklearn_lossacc.inputs.predictions import Predictions
from sklearn_lossacc.inputs.weights import check_sample_weight, check_weight_scale

__all__ = ["ComparedPredictions"]


def _named(y_proba: Any) -> list[tuple[str, Any]]:
    """Read names and predictions from a mapping or from pairs."""
    if isinstance(y_proba, Mapping):
        pairs = list(y_proba.items())
    elif isinstance(y_proba, Iterable) and not isinstance(y_proba, str | np.ndarray) and not hasattr(y_proba, "shape"):
        pairs = list(y_proba)
        if not all(isinstance(pair, tuple) and len(pair) == 2 for pair in pairs):
            raise InvalidPredictionsError(
                "y_proba must map names to predictions, such as {'A': proba_a, 'B': proba_b}."
            )
    else:
        raise InvalidPredictionsError(
            f"y_proba must map names to predictions, such as {{'A': proba_a, 'B': proba_b}}; "
            f"got {type(y_proba).__name__}."
        )
    named = [(str(name), proba) for name, proba in pairs]
    names = [name for name, _ in named]
    empty = [place for place, name in enumerate(names) if not name.strip()]
    if empty:
        raise InvalidPredictionsError(f"model number {empty[0]} of y_proba has an empty name.")
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise InvalidPredictionsError(f"y_proba names {repeated[0]!r} more than once; every model needs its own name.")
    if len(named) < 2:
        raise InvalidPredictionsError(
            f"y_proba holds {len(named)} model{'' if len(named) == 1 else 's'} {names}; a comparison needs at least "
            "two. For one model use diagnose or LossAccuracyReport."
        )
    return named


def _of_each(given: Any, names: list[str], argument: str) -> dict[str, Any]:
    """Return an argument for each model: the same for all, or by name."""
    if not isinstance(given, Mapping):
        return dict.fromkeys(names, given)
    by_name = {str(name): value for name, value in given.items()}
    if set(by_name) != set(names):
        raise InvalidPredictionsError(
            f"{argument} names the models {sorted(by_name)}, y_proba holds {sorted(names)}; name each of them, or pass "
            "one value for all."
        )
    return by_name


@dataclass(frozen=True, eq=False)
class ComparedPredictions:
    """Labels, and what two or more models predict for them, checked once.

    Use `from_arrays`; the constructor checks nothing.

    Attributes
    ----------
    names : tuple of str
        The models, in the order given.
    models : tuple of Predictions
        One per name; all share labels, weights and groups, and have the same classes, possibly in another order.
    """

    names: tuple[str, ...]
    models: tuple[Predictions, ...]

    @classmethod
    def from_arrays(
        cls,
        y_true: Any,
        y_proba: Any,
        *,
        input: Any = "proba",
        classes: Any = None,
        sample_weight: Any = None,
        groups: Any = None,
    ) -> ComparedPredictions:
        """Check labels and the predictions of each model.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            Class labels.
        y_proba : mapping of str to array-like, or iterable of (str, array-like)
            For each model, what `Predictions.from_arrays` takes.
        input : {"proba", "logits"} or mapping of str to these, default="proba"
            What the models give; a mapping names each model.
        classes : array-like of shape (n_classes,) or mapping of str to these, optional
            The label of each column, for all models or for each by name.
        sample_weight : array-like of shape (n_samples,), optional
            Row weights.
        groups : array-like of shape (n_samples,), optional
            Group labels.

        Returns
        -------
        ComparedPredictions
            Refers to the caller's arrays.

        Raises
        ------
        InvalidPredictionsError
            If there are fewer than two models, or two of one name.
        ClassesMismatchError
            If the models have different classes.
        LossAccError
            If the predictions of a model cannot be used; the message names the model.

        Warns
        -----
        DataWarning
            If pandas objects have the same index in another order: rows are matched by position.

        Examples
        --------
        >>> from sklearn_lossacc.inputs.compared import ComparedPredictions
        >>> compared = ComparedPredictions.from_arrays([0, 1], {"A": [0.2, 0.7], "B": [0.4, 0.9]})
        >>> compared.names, compared.models[0].y.tolist()
        (('A', 'B'), [0, 1])
        """
        named = _named(y_proba)
        names = [name for name, _ in named]
        kinds, columns = _of_each(input, names, "input"), _of_each(classes, names, "classes")
        labels = check_target(y_true)
        of_models = {f"the predictions of {name!r}": proba for name, proba in named}
        warn_misaligned(y_true, **of_models, sample_weight=sample_weight, groups=groups)
        weight = check_sample_weight(sample_weight, labels.size)
        check_weight_scale(weight)
        codes, keys = check_groups(groups, labels.size)
        n_samples = labels.size if weight is None else int(np.count_nonzero(weight))
        models = []
        for name, proba in named:
            try:
                model = Predictions.from_arrays(labels, proba, input=kinds[name], classes=columns[name])
            except LossAccError as reason:
                raise type(reason)(f"model {name!r}: {reason}") from reason
            models.append(replace(model, sample_weight=weight, groups=codes, group_keys=keys, n_samples=n_samples))
            if set(model.classes.tolist()) != set(models[0].classes.tolist()):
                raise ClassesMismatchError(
                    f"model {name!r} has the classes {show_labels(model.classes)}, model {names[0]!r} has "
                    f"{show_labels(models[0].classes)}; only models of the same classes can be compared."
                )
        return cls(tuple(names), tuple(models))

    @property
    def classes(self) -> np.ndarray:
        """The labels of the columns of the first model."""
        return self.models[0].classes

    def codes_in_common(self, model: int) -> np.ndarray:
        """Return, for each column of a model, the column of the first model that has the same label.

        Parameters
        ----------
        model : int
            Place of the model.

        Returns
        -------
        ndarray of int of shape (n_classes,)

        Examples
        --------
        >>> from sklearn_lossacc.inputs.compared import ComparedPredictions
        >>> compared = ComparedPredictions.from_arrays([0, 1], {"A": [0.2, 0.7], "B": [0.4, 0.9]})
        >>> compared.codes_in_common(1)
        array([0, 1])
        """
        place = {label: column for column, label in enumerate(self.classes.tolist())}
        return np.array([place[label] for label in self.models[model].classes.tolist()], dtype=np.intp)
