"""A calibrator behind a classifier: one estimator that predicts calibrated probabilities."""

from __future__ import annotations

import copy
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import StratifiedGroupKFold, check_cv
from sklearn.utils import Bunch, Tags, column_or_1d, get_tags, indexable
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.metaestimators import _safe_split
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import _check_method_params, check_is_fitted

from sklearn_lossacc.calibration.auto import AutoCalibrator
from sklearn_lossacc.calibration.base import BaseCalibrator
from sklearn_lossacc.calibration.fit_weights import takes_sample_weight, without_weights
from sklearn_lossacc.calibration.summary import CalibrationSummary, summarize_calibration
from sklearn_lossacc.calibration.target import one_label_a_row
from sklearn_lossacc.exceptions import ClassesMismatchError, DataWarning, InvalidGroupsError, InvalidTargetError
from sklearn_lossacc.inputs import Predictions, check_flags, check_target, from_estimator
from sklearn_lossacc.inputs.arrays import show_labels
from sklearn_lossacc.inputs.columns import spread_columns
from sklearn_lossacc.inputs.groups import check_groups
from sklearn_lossacc.inputs.labels import distinct_labels
from sklearn_lossacc.inputs.naming import called
from sklearn_lossacc.inputs.response import PREDICTION
from sklearn_lossacc.inputs.weights import check_sample_weight

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CalibratedClassifier"]


def _some(values: Any, rows: np.ndarray) -> Any:
    """Take some rows of an optional array."""
    return None if values is None else np.asarray(values)[rows]


def _fit_on(estimator: Any, X: Any, y: np.ndarray, train: np.ndarray, fit_params: dict) -> Any:
    """Fit a clone on some rows, with the parameters of those rows."""
    model = clone(estimator)
    X_train, y_train = _safe_split(model, X, y, train)
    return model.fit(X_train, y_train, **_check_method_params(X, params=fit_params, indices=train))


def _fit_fold(
    estimator: Any,
    X: Any,
    y: np.ndarray,
    train: np.ndarray,
    test: np.ndarray,
    fit_params: dict,
    response_method: str,
    classes: np.ndarray,
) -> tuple[Any, str, Any]:
    """Fit on one side of a split and predict the other; return the model, the kind of scores, and the scores."""
    model = _fit_on(estimator, X, y, train, fit_params)
    X_test, _ = _safe_split(model, X, y, test, train)
    response = from_estimator(model, X_test, response_method=response_method)
    return model, response.input, spread_columns(response, classes)


class CalibratedClassifier(ClassifierMixin, MetaEstimatorMixin, BaseEstimator):
    """Fit a classifier, and a calibrator on rows that the classifier was not trained on.

    Parameters
    ----------
    estimator : classifier
        With `predict_proba` or `decision_function`. Wrap a fitted one in `sklearn.frozen.FrozenEstimator`: then X and
        y are used for calibration alone, and nothing is split.
    calibrator : BaseCalibrator, optional
        None means `AutoCalibrator()`. Its `input` and `classes` are set to what the estimator predicts.
    cv : int, splitter or iterable of splits, optional
        None means 5 folds, stratified, and by group if `fit` gets groups.
    response_method : {"auto", "predict_proba", "decision_function"}, default="auto"
        "auto" takes `predict_proba` if present, else `decision_function` as logits; a one-dimensional decision d
        means the logits (0, d).
    ensemble : bool or "auto", default="auto"
        True: one classifier and one calibrator for each split, whose probabilities are averaged (for
        `VennAbersCalibrator`: merged as in cross Venn-Abers prediction). False: one
        calibrator, fitted on the held-out predictions of all splits together, behind one classifier fitted on all
        rows. "auto" is True, except for a frozen estimator.
    n_jobs : int, optional
        Splits that are fitted at the same time.
    summary : bool, default=True
        Whether to compute `summary_`, for which the calibrator is fitted six more times.

    Attributes
    ----------
    estimators_ : list of classifier
        The fitted classifiers.
    calibrators_ : list of BaseCalibrator
        The fitted calibrator behind each of them.
    summary_ : DataFrame
        What calibration changes, on rows that neither the classifier nor the calibrator has seen: a row for each of
        log_loss (nats), accuracy, brier_score (0 to 2), confidence_gap (mean largest probability minus accuracy) and
        calibration_loss (nats that one more temperature would save); columns before, after, change (after - before),
        each with the limits of its 95 % interval, such as before_low and before_high.
    classes_ : ndarray of shape (n_classes,)
        Class labels, in the order of the columns.
    n_features_in_ : int
        Number of features, if the classifier knows it.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if the classifier knows them.

    See Also
    --------
    AutoCalibrator : The calibrator used by default.

    Notes
    -----
    X is handed to the classifier as it is: sparse matrices, texts and data frames are welcome where the classifier
    takes them. A class that a classifier never saw in its training fold has a column of zeros in its
    predictions (a logit that stands for 2.22e-16); a class without rows on the calibration side keeps its column.

    `sample_weight` is used by the calibrators, and by the classifier if its `fit` takes it (with metadata routing: if
    it requests it). Folds are made of the rows of positive weight. `groups` reach the splitter and the calibrators.

    `summary_` takes the held-out predictions of all splits together, and cross-fits the calibrator on them in five
    folds. Above 2**19 entries or 2**17 rows it takes a fixed sample of them. Intervals are over groups, where given;
    those of a change hold, beside the chance in the rows judged, that in the maps.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn_lossacc import CalibratedClassifier, TemperatureCalibrator
    >>> X, y = make_classification(n_samples=600, n_redundant=8, random_state=0)
    >>> model = CalibratedClassifier(GaussianNB(), TemperatureCalibrator(), ensemble=False).fit(X, y)
    >>> model.calibrators_[0].temperature_ > 1  # naive Bayes on redundant features is overconfident
    True
    >>> model.predict_proba(X[:1]).shape
    (1, 2)
    >>> bool(model.summary_.loc["log_loss", "change_high"] < 0)  # an improvement beyond chance
    True
    """

    def __init__(
        self,
        estimator: Any,
        calibrator: BaseCalibrator | None = None,
        *,
        cv: Any = None,
        response_method: str = "auto",
        ensemble: bool | str = "auto",
        n_jobs: int | None = None,
        summary: bool = True,
    ):
        self.estimator = estimator
        self.calibrator = calibrator
        self.cv = cv
        self.response_method = response_method
        self.ensemble = ensemble
        self.n_jobs = n_jobs
        self.summary = summary

    def __sklearn_tags__(self) -> Tags:
        """Take what the estimator takes."""
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.input_tags = copy.copy(inner.input_tags)
        if inner.classifier_tags is not None and tags.classifier_tags is not None:
            tags.classifier_tags.multi_class = inner.classifier_tags.multi_class
        return tags

    def get_metadata_routing(self) -> MetadataRouter:
        """Route to this object's own `fit`, to the estimator's `fit` and to the splitter.

        Returns
        -------
        MetadataRouter
            Who gets what.
        """
        return (
            MetadataRouter(owner=self)
            .add_self_request(self)
            .add(
                estimator=self.estimator,
                method_mapping=MethodMapping().add(caller="fit", callee="fit"),
            )
            .add(
                splitter=check_cv(self.cv),
                method_mapping=MethodMapping().add(caller="fit", callee="split"),
            )
        )

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None, **fit_params: Any
    ) -> CalibratedClassifier:
        """Fit the classifier and the calibrator.

        Parameters
        ----------
        X : array-like, sparse matrix, list of texts or the like
            Whatever the estimator takes, one entry or row a sample.
        y : array-like of shape (n_samples,)
            Labels.
        sample_weight : array-like of shape (n_samples,), optional
            Weight k is the row repeated k times.
        groups : array-like of shape (n_samples,), optional
            Rows of one group stay together in every split.
        **fit_params : dict
            Passed to the estimator's `fit`, cut to the rows of each split where they have one entry a sample.

        Returns
        -------
        self
            The fitted classifier.

        Raises
        ------
        LossAccError
            A `ValueError`, if y, `sample_weight` or `groups` are unusable.
        ClassesMismatchError
            If y holds a class that a frozen estimator does not know.

        Warns
        -----
        CalibrationWarning
            If the outcome of a calibrator is not "converged".
        DataWarning
            If `sample_weight` is given and the estimator's `fit` does not take it; of a pipeline a step does, where
            ``<step>__sample_weight`` is passed, too.
        """
        self._check_params()
        with called(y_true="y", y_proba="X"):
            y = self._check_target(y)
            sample_weight = check_sample_weight(sample_weight, len(y))
            check_groups(groups, len(y))
        routed = self._route(sample_weight, groups, fit_params)
        if isinstance(self.estimator, FrozenEstimator):
            self._fit_frozen(X, y, sample_weight, groups)
        else:
            X, y, groups = indexable(X, y, groups)
            self._fit_splits(X, y, sample_weight, groups, routed)
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self.estimators_[0], name):
                setattr(self, name, getattr(self.estimators_[0], name))
            elif hasattr(self, name):  # of an earlier fit
                delattr(self, name)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Predict calibrated probabilities.

        Parameters
        ----------
        X : array-like, sparse matrix, list of texts or the like
            Whatever the estimator takes.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`; rows sum to 1.
        """
        check_is_fitted(self, "calibrators_")
        responses = (from_estimator(model, X, response_method=self.response_method) for model in self.estimators_)
        scores = (spread_columns(response, self.classes_) for response in responses)
        with called(X=PREDICTION):
            return type(self.calibrators_[0])._predict_together(self.calibrators_, scores)

    def predict(self, X: Any) -> np.ndarray:
        """Predict the class of largest calibrated probability, the first of equal ones.

        Parameters
        ----------
        X : array-like, sparse matrix, list of texts or the like
            Whatever the estimator takes.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels from `classes_`.
        """
        check_is_fitted(self, "calibrators_")
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    @property
    def summary_(self) -> pd.DataFrame:
        """What calibration changes; see the class."""
        check_is_fitted(self, "calibrators_")
        if self._summary is None:
            raise AttributeError("there is no summary_: fit with summary=True.")
        return self._summary.frame()

    def _summarize(self, kind: str, scores: Any, y: np.ndarray, weight: Any, groups: Any) -> CalibrationSummary | None:
        """Judge the calibrator on held-out scores."""
        if not self.summary:
            return None
        predictions = Predictions.from_arrays(
            y, scores, input=kind, classes=self.classes_, sample_weight=weight, groups=groups
        )
        return summarize_calibration(self._new_calibrator(kind), predictions)

    def _check_params(self) -> None:
        """Check the parameters that no other object checks."""
        check_flags(self)
        if not isinstance(self.ensemble, bool | np.bool_) and self.ensemble != "auto":
            raise ValueError(f"ensemble must be True, False or 'auto', got {self.ensemble!r}.")
        if self.response_method not in ("auto", "predict_proba", "decision_function"):
            raise ValueError(
                f"response_method must be 'auto', 'predict_proba' or 'decision_function', got {self.response_method!r}."
            )
        if self.calibrator is not None and not isinstance(self.calibrator, BaseCalibrator):
            raise ValueError(
                f"calibrator must be a calibrator of this package or None, got {self.calibrator!r}; "
                "pass an object, such as TemperatureCalibrator()."
            )
        if isinstance(self.cv, str):
            raise ValueError(
                f"cv must be an integer, a splitter, pairs of training and test rows, or None, got {self.cv!r}. "
                "A fitted estimator is wrapped in sklearn.frozen.FrozenEstimator, and needs no cv."
            )

    def _check_target(self, y: Any) -> np.ndarray:
        """Return the labels as an array, whatever their index."""
        y = one_label_a_row(y, type(self).__name__)
        try:
            y = column_or_1d(y)
            distinct_labels(check_target(y))
            check_classification_targets(y)
        except ValueError as error:
            raise InvalidTargetError(str(error)) from None
        return y

    def _route(self, sample_weight: np.ndarray | None, groups: Any, fit_params: dict) -> Bunch:
        """Return what goes to the estimator's `fit` and to the splitter's `split`."""
        if get_config()["enable_metadata_routing"]:
            own = {"sample_weight": sample_weight, "groups": groups}
            given = {name: value for name, value in own.items() if value is not None}
            routed = process_routing(self, "fit", **given, **fit_params)
            return Bunch(fit=routed.estimator.fit, split=routed.splitter.split)
        to_fit = dict(fit_params)
        if sample_weight is not None and takes_sample_weight(self.estimator):
            to_fit["sample_weight"] = sample_weight
            return Bunch(fit=to_fit, split={})
        to_a_step = any(name.endswith("__sample_weight") for name in fit_params)
        if sample_weight is not None and not to_a_step and not isinstance(self.estimator, FrozenEstimator):
            warnings.warn(without_weights(self.estimator), DataWarning, stacklevel=3)
        return Bunch(fit=to_fit, split={})

    def _new_calibrator(self, kind: str) -> BaseCalibrator:
        """Make an unfitted calibrator for one kind of scores."""
        calibrator = AutoCalibrator() if self.calibrator is None else clone(self.calibrator)
        return calibrator.set_params(input=kind, classes=self.classes_)

    def _fit_frozen(self, X: Any, y: np.ndarray, sample_weight: np.ndarray | None, groups: Any) -> None:
        """Calibrate a fitted estimator on all rows."""
        response = from_estimator(self.estimator, X, response_method=self.response_method)
        self.classes_ = np.unique(y) if response.classes is None else np.asarray(response.classes)
        strangers = np.setdiff1d(y, self.classes_)
        if len(strangers):
            raise ClassesMismatchError(
                f"y holds classes that the frozen estimator does not know: {show_labels(strangers)}; "
                f"it knows {show_labels(self.classes_)}."
            )
        calibrator = self._new_calibrator(response.input)
        self.estimators_ = [self.estimator]
        with called(X=PREDICTION):
            self.calibrators_ = [calibrator.fit(response.y_proba, y, sample_weight=sample_weight, groups=groups)]
        self._summary = self._summarize(response.input, response.y_proba, y, sample_weight, groups)

    def _splits(
        self, X: Any, y: np.ndarray, weight: np.ndarray | None, groups: Any, split_params: dict
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """List the splits; those of our own making leave out rows of weight 0, which are no rows."""
        cv = check_cv(self.cv, y, classifier=True)
        n_folds = getattr(cv, "n_splits", None)
        rows, own = np.arange(len(y)), self.cv is None or isinstance(self.cv, int)
        if own and weight is not None:
            rows = np.flatnonzero(weight)
        if own and groups is not None:
            _, keys = check_groups(_some(groups, rows), len(rows))
            if keys is not None and len(keys) < cv.n_splits:
                raise InvalidGroupsError(
                    f"groups has {len(keys)} group{'s' * (len(keys) > 1)}, which cannot be split into {n_folds} folds; "
                    "pass rows of more groups or a smaller cv."
                )
            cv = StratifiedGroupKFold(n_folds)
        elif n_folds is not None and len(rows) < n_folds:
            raise InvalidTargetError(
                f"n_samples={len(rows)} rows cannot be split into {n_folds} folds; pass more rows or a smaller cv."
            )
        if groups is not None:
            split_params = {"groups": _some(groups, rows), **split_params}
        splits = list(cv.split(rows, y[rows], **split_params) if own else cv.split(X, y, **split_params))
        if not splits:
            raise ValueError("cv makes no split; pass an integer, a splitter, or pairs of training and test rows.")
        if not all(np.size(side) for split in splits for side in split):
            raise ValueError("cv makes a split with an empty side; both need rows.")
        return [(rows[train], rows[test]) for train, test in splits]  # from positions or masks

    def _fit_splits(self, X: Any, y: np.ndarray, sample_weight: np.ndarray | None, groups: Any, routed: Bunch) -> None:
        """Fit classifiers on one side of each split and calibrators on the other."""
        self.classes_ = np.unique(y)
        if len(self.classes_) == 1:
            only = show_labels(self.classes_)
            raise InvalidTargetError(f"y holds one class only, {only}; pass rows of at least two classes.")
        splits = self._splits(X, y, sample_weight, groups, routed.split)
        folds = Parallel(n_jobs=self.n_jobs)(
            delayed(_fit_fold)(self.estimator, X, y, train, test, routed.fit, self.response_method, self.classes_)
            for train, test in splits
        )
        if not self.ensemble:  # "auto" is True
            held_out = np.concatenate([test for _, test in splits])
            if len(np.unique(held_out)) < len(held_out):
                raise ValueError("with ensemble=False cv must test each row at most once; pass a partition.")
            scores = np.concatenate([np.asarray(scores) for _, _, scores in folds])
            sides = [(folds[0][1], scores, held_out)]
            self.estimators_ = [clone(self.estimator).fit(X, y, **routed.fit)]
        else:
            sides = [(kind, scores, test) for (_, kind, scores), (_, test) in zip(folds, splits, strict=True)]
            self.estimators_ = [model for model, _, _ in folds]
        with called(X=PREDICTION, sample_weight="sample_weight on the held-out side of a split"):
            self.calibrators_ = [
                self._new_calibrator(kind)._fit_held_out(
                    scores, y[rows], _some(sample_weight, rows), _some(groups, rows)
                )
                for kind, scores, rows in sides
            ]
        rows = np.concatenate([test for _, test in splits])
        scores = np.concatenate([np.asarray(scores) for _, _, scores in folds])
        # a row that several splits hold out stays one draw
        units = rows if groups is None and len(np.unique(rows)) < len(rows) else _some(groups, rows)
        self._summary = self._summarize(folds[0][1], scores, y[rows], _some(sample_weight, rows), units)
