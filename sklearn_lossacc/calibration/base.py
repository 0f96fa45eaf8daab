"""What all calibrators share: a scikit-learn classifier whose features are probabilities or logits."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any, get_args

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_lossacc._numerics import formula as f
from sklearn_lossacc._numerics import one_blas_thread, row_blocks
from sklearn_lossacc._numerics.formula import Formula
from sklearn_lossacc.calibration.formulas import SMALLEST, two_columns_formula
from sklearn_lossacc.calibration.outcome import Outcome, warn_unless_converged
from sklearn_lossacc.calibration.plain import (
    FORMAT,
    SCHEMA,
    check_header,
    check_lengths,
    labels_from_plain,
    labels_to_plain,
    number_to_plain,
)
from sklearn_lossacc.calibration.target import one_label_a_row
from sklearn_lossacc.calibration.weights import ordinary_weights, warn_of_shares
from sklearn_lossacc.exceptions import (
    CalibrationWarning,
    ClassesMismatchError,
    InvalidFileError,
    InvalidPredictionsError,
    NotProbabilitiesError,
)
from sklearn_lossacc.inputs import Predictions, Scores, check_flags
from sklearn_lossacc.inputs.arrays import as_array, show_labels
from sklearn_lossacc.inputs.column_order import contradicts
from sklearn_lossacc.inputs.naming import called

__all__ = ["PREDICTED_ENTRIES", "SMALLEST", "BaseCalibrator", "without_zeros"]

PREDICTED_ENTRIES = 2**15  # in float64: a block and what is computed from it are small beside a few million entries
MANY_ENTRIES = 2**22  # from here on blocks twice as large, which the processor's cache just holds: half as many calls
PREDICTED_PARTS = 32  # and a block is a small part of all rows, whatever is computed from it
FEATURES = "A calibrator takes predictions; if X holds features, wrap the classifier in CalibratedClassifier."
TRIED_CLASSES, SURE_LOGIT = 256, 50.0  # when a calibrator is restored


def without_zeros(proba: np.ndarray) -> None:
    """Raise what has underflowed to the smallest normal number, in place."""
    if proba.min() < SMALLEST:  # looking is cheaper than writing
        np.maximum(proba, SMALLEST, out=proba)


def _real_numbers(X: np.ndarray) -> np.ndarray:
    """Say in scikit-learn's words what is wrong with arrays that hold no real numbers or no column."""
    if X.dtype.kind == "c":
        raise InvalidPredictionsError(f"Complex data not supported: X has dtype {X.dtype}; expected real numbers.")
    if X.ndim == 2 and X.shape[1] == 0:
        raise InvalidPredictionsError(
            f"0 feature(s) (shape={X.shape}) while a minimum of 1 is required: pass one column for each class."
        )
    return X.astype(np.float64) if X.dtype.kind == "O" else X


def _refuse_repeated_names(X: Any) -> None:
    """Raise if columns of a pandas data frame share a name, with which newer scikit-learn fails in words of its own."""
    repeated = getattr(getattr(X, "columns", None), "has_duplicates", False)
    if repeated:
        name = X.columns[X.columns.duplicated()][0]
        raise InvalidPredictionsError(
            f"X has several columns named {name!r}; give each column a name of its own, or pass X.to_numpy()."
        )


class BaseCalibrator(ClassifierMixin, BaseEstimator, ABC):
    """A map from probabilities to better ones, learnt from labels.

    A subclass sets its fitted attributes in `_learn` and applies them to a block of rows in `_fill`; `_state` and
    `_restore` turn them into plain numbers and back.
    """

    def __init__(self, *, input: str = "proba", classes: Any = None):
        self.input = input
        self.classes = classes

    def __sklearn_tags__(self) -> Tags:
        """Say that probabilities are not negative."""
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = self.input == "proba"
        return tags

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> BaseCalibrator:
        """Learn the map.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_classes), (n_samples,) or (n_samples, 1)
            Probabilities, or logits if ``input="logits"``; a single column belongs to ``classes_[1]`` of a
            binary problem. Use rows that the model was not trained on.
        y : array-like of shape (n_samples,)
            Labels.
        sample_weight : array-like of shape (n_samples,), optional
            Weight k is the row repeated k times.
        groups : array-like of shape (n_samples,), optional
            Rows of one group stay together wherever rows are split.

        Returns
        -------
        self
            The fitted calibrator.

        Raises
        ------
        LossAccError
            A `ValueError`, if X, y, `classes`, `sample_weight` or `groups` are unusable or do not fit
            together.

        Warns
        -----
        CalibrationWarning
            If `outcome_` is not "converged", or the rows look like those that the model was trained on.
        DataWarning
            If `sample_weight` of ten rows or more sums to less than two rows.
        """
        predictions, missing = self._fit_arrays(X, y, sample_weight, groups)
        warn_unless_converged(type(self).__name__, self.outcome_, missing)
        if doubt := self._doubt(predictions):
            warnings.warn(f"{type(self).__name__}: {doubt}", CalibrationWarning, stacklevel=2)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Calibrate probabilities.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_classes), (n_samples,) or (n_samples, 1)
            What `fit` took. Each row is calibrated by itself.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), float64
            Columns in the order of `classes_`; rows sum to 1.

        Raises
        ------
        InvalidPredictionsError
            If X is unusable.
        """
        check_is_fitted(self)
        X = self._check_features(X, reset=False)
        with called(y_proba="X"), one_blas_thread():
            scores = Scores.of_shape(X, input=self.input)
            self._check_names(scores.column_names)
            proba = np.empty((scores.n_rows, len(self.classes_)))
            rows_at_least = min(self._rows_at_least, scores.n_rows // PREDICTED_PARTS)
            wanted = PREDICTED_ENTRIES * (1 if proba.size < MANY_ENTRIES else 2)
            entries = max(wanted, rows_at_least * scores.n_classes)
            fill = self._filler()
            for rows in row_blocks(scores.n_rows, scores.n_classes, entries):
                scores.check_rows(rows)
                fill(scores, rows, proba[rows])
        return proba

    def predict(self, X: Any) -> np.ndarray:
        """Predict the class of largest calibrated probability, the first of equal ones.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_classes), (n_samples,) or (n_samples, 1)
            What `fit` took.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels from `classes_`.
        """
        check_is_fitted(self)
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def to_dict(self) -> dict[str, Any]:
        """Write the fitted calibrator as plain numbers, strings, lists and dicts.

        Returns
        -------
        dict
            Ready for ``json.dumps``. `from_dict` restores a calibrator with the same predictions.

        Raises
        ------
        TypeError
            If labels are neither strings nor numbers.
        """
        check_is_fitted(self)
        params = {name: number_to_plain(value) for name, value in self.get_params(deep=False).items()}
        given = params.pop("classes")
        names = getattr(self, "feature_names_in_", None)
        return {
            "format": FORMAT,
            "schema": SCHEMA,
            "type": type(self).__name__,
            "params": params,
            "classes_given": given is not None,
            "classes": labels_to_plain(self.classes_),
            "n_features_in": self.n_features_in_,
            "feature_names_in": None if names is None else names.tolist(),
            "outcome": self.outcome_,
            "state": self._state(),
        }

    def to_formula(self) -> Formula:
        """Write the fitted map as steps that other libraries can take.

        Returns
        -------
        Formula
            From a matrix with `n_features_in_` columns to what `predict_proba` returns; a row with a score that is not
            finite becomes NaN. ``adapters.onnx`` and ``adapters.torch`` turn it into models.
        """
        check_is_fitted(self)
        scores = f.given()
        missing = f.row_sum(0.0 * scores)  # 0, or NaN, which comparisons would lose
        if self.n_features_in_ == 1:
            scores = two_columns_formula(scores, logits=self.input == "logits")
        return self._formula(scores) + missing

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> BaseCalibrator:
        """Restore a calibrator from what `to_dict` wrote.

        Parameters
        ----------
        data : dict
            The result of `to_dict`, possibly after a journey through JSON.

        Returns
        -------
        BaseCalibrator
            Of the type that was written, which must be this class or a subclass of it.

        Raises
        ------
        InvalidFileError
            If `data` is no calibrator, of another version or of another type, or damaged.
        """
        check_header(data)
        kind = cls._named(data.get("type"))
        try:
            calibrator = kind._from_plain(data)
            calibrator._try_out()
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as reason:
            raise InvalidFileError(
                f"the data of the {kind.__name__} are damaged ({type(reason).__name__}: {reason}); "
                "expected what to_dict wrote, unchanged."
            ) from reason
        return calibrator

    @classmethod
    def _from_plain(cls, data: dict[str, Any]) -> BaseCalibrator:
        """Set all attributes."""
        classes = labels_from_plain(data["classes"])
        calibrator = cls(**data["params"], classes=classes if data["classes_given"] else None)
        calibrator.classes_ = classes
        calibrator.n_features_in_ = data["n_features_in"]
        if data["feature_names_in"] is not None:
            calibrator.feature_names_in_ = np.array(data["feature_names_in"], dtype=object)
            check_lengths(
                {"feature_names_in": calibrator.feature_names_in_}, {"feature_names_in": data["n_features_in"]}
            )
        calibrator.outcome_ = data["outcome"]
        calibrator._restore(data["state"])
        return calibrator

    def _try_out(self) -> None:
        """Calibrate equal probabilities and sure ones, to see whether the attributes fit together."""
        k = len(self.classes_)
        if self.n_features_in_ not in ((1, 2) if k == 2 else (k,)) or self.outcome_ not in get_args(Outcome):
            raise ValueError(f"{self.n_features_in_} columns, {k} classes, outcome {self.outcome_!r}")
        equal, sure = np.full((1, k), 1.0 / k), np.eye(min(k, TRIED_CLASSES), k)
        tried = np.concatenate([equal, sure]) * (SURE_LOGIT if self.input == "logits" else 1.0)
        proba = self._apply(Scores.from_array(tried, input=self.input), slice(0, len(tried)))
        row = int(np.argmax(~(np.abs(proba.sum(axis=1) - 1.0) < 1e-6)))
        if not abs(proba[row].sum() - 1.0) < 1e-6:
            raise ValueError(f"{'sure' if row else 'equal'} probabilities become {show_labels(proba[row])}")

    @classmethod
    def _named(cls, name: Any) -> type[BaseCalibrator]:
        """Find this class or one of its subclasses by name."""
        kinds = [cls]
        for kind in kinds:
            if kind.__name__ == name:
                return kind
            kinds.extend(kind.__subclasses__())
        raise InvalidFileError(f"the calibrator has type {name!r}; expected {cls.__name__}.")

    def _check_features(self, X: Any, *, reset: bool) -> Any:
        """Compare the columns with those of the last `fit`, unless this is one; leave values to `inputs`."""
        if not hasattr(X, "columns"):
            X = as_array(X, "X", InvalidPredictionsError)
        if len(X.shape) == 1:  # not every kind of table has ndim
            if not reset and self.n_features_in_ != 1:
                raise InvalidPredictionsError(
                    f"X has one dimension, but {type(self).__name__} was fitted with {self.n_features_in_} columns. "
                    "Reshape your data: a single row is X.reshape(1, -1)."
                )
            X = X.reshape(-1, 1)
        if isinstance(X, np.ndarray):
            X = _real_numbers(X)
        _refuse_repeated_names(X)
        if not reset:
            try:
                validate_data(self, X=X, reset=False, skip_check_array=True)
            except ValueError as error:
                raise InvalidPredictionsError(str(error)) from None
        return X

    def _check_names(self, names: list | None) -> None:
        """Raise where columns to predict for are named like the classes in another order, unless that was declared."""
        # scikit-learn compares names with those of fit only if they are text, and only if fit saw any
        if self.classes is None and names is not None and contradicts(names, self.classes_.tolist()):
            raise ClassesMismatchError(
                f"the columns of X are named {show_labels(names)}, but {type(self).__name__} was fitted with columns "
                f"of the classes {show_labels(self.classes_)}: put the columns in this order."
            )

    def _fit_held_out(self, X: Any, y: Any, sample_weight: Any, groups: Any) -> BaseCalibrator:
        """Do what `fit` does, with rows of which it is known that the model has not seen them."""
        _, missing = self._fit_arrays(X, y, sample_weight, groups)
        warn_unless_converged(type(self).__name__, self.outcome_, missing)
        return self

    def _fit_arrays(self, X: Any, y: Any, sample_weight: Any, groups: Any) -> tuple[Predictions, np.ndarray]:
        """Learn from arrays, without a warning about the outcome; return what was learnt from, and absent classes."""
        check_flags(self)
        scores = self._check_features(X, reset=True)
        with called(y_proba="X", y_true="y"):
            try:
                predictions = Predictions.from_arrays(
                    one_label_a_row(y, type(self).__name__),
                    scores,
                    input=self.input,
                    classes=self.classes,
                    sample_weight=sample_weight,
                    groups=groups,
                )
            except NotProbabilitiesError as error:
                raise NotProbabilitiesError(f"{error} {FEATURES}") from None
        warn_of_shares(predictions.sample_weight)
        # last, so that bad data leave a fitted calibrator as it is
        validate_data(self, X=scores, reset=True, skip_check_array=True)
        with one_blas_thread():
            return predictions, self._fit_checked(predictions)

    def _fit_checked(self, predictions: Predictions) -> np.ndarray:
        """Learn from checked predictions, without a warning; return the classes without rows."""
        predictions = ordinary_weights(predictions)
        self.classes_ = predictions.classes
        class_weight = np.bincount(predictions.y, weights=predictions.sample_weight, minlength=predictions.n_classes)
        missing = self.classes_[class_weight == 0]
        outcome = self._learn(predictions, class_weight)
        self.outcome_: Outcome = "missing_class" if outcome == "converged" and len(missing) else outcome
        return missing

    @classmethod
    def _predict_together(cls, calibrators: Sequence[Any], scores: Iterable[Any]) -> np.ndarray:
        """Merge the predictions of calibrators of this type, each for its own scores of the same rows."""
        total: Any = 0.0
        for calibrator, X in zip(calibrators, scores, strict=True):
            total = total + calibrator.predict_proba(X)
        return total / len(calibrators)

    def _doubt(self, predictions: Predictions) -> str:
        """Say what makes one doubt that the rows may be calibrated on; nothing without doubt."""
        return ""

    @property
    def _keeps_labels(self) -> bool:
        """Whether the fitted map leaves every predicted class as it is, whatever the row."""
        return False

    @abstractmethod
    def _learn(self, predictions: Predictions, class_weight: np.ndarray) -> Outcome:
        """Set the fitted attributes."""

    def _apply(self, scores: Scores, rows: slice) -> np.ndarray:
        """Calibrate some rows: float64 of shape (n_rows, n_classes)."""
        proba = np.empty((rows.stop - rows.start, scores.n_classes))
        self._fill(scores, rows, proba)
        return proba

    @property
    def _rows_at_least(self) -> int:
        """How many rows a block should have: maps that are applied one class after the other want long columns."""
        return 1

    def _filler(self) -> Callable[[Scores, slice, np.ndarray], None]:
        """Return `_fill`, with what all blocks have in common computed once."""
        return self._fill

    @abstractmethod
    def _fill(self, scores: Scores, rows: slice, out: np.ndarray) -> None:
        """Calibrate some rows and put the probabilities into `out`, float64 of shape (n_rows, n_classes)."""

    @abstractmethod
    def _formula(self, scores: Formula) -> Formula:
        """Return what `_fill` computes, from a matrix with a column a class."""

    @abstractmethod
    def _state(self) -> dict[str, Any]:
        """Return the fitted attributes as plain numbers."""

    @abstractmethod
    def _restore(self, state: dict[str, Any]) -> None:
        """Set the fitted attributes from what `_state` returned."""
