"""The callbacks of scikit-learn 1.9: predictions after every iteration of an estimator that supports them."""

from __future__ import annotations

from typing import Any

from sklearn_lossacc.report.epochs import EpochRecorder


class SklearnCallback:
    """Record the validation predictions of every iteration; made by `sklearn_callback`.

    Parameters
    ----------
    recorder : EpochRecorder
        Of probabilities.
    X_val : object
        Inputs of the recorder's rows, in their order.
    """

    def __init__(self, recorder: EpochRecorder, X_val: Any) -> None:
        self.recorder = recorder
        self.X_val = X_val

    def setup(self, estimator: Any, context: Any) -> None:
        """Do nothing before the fit."""

    def teardown(self, estimator: Any, context: Any) -> None:
        """Do nothing after the fit."""

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Do nothing before a task."""

    def on_fit_task_end(
        self,
        estimator: Any,
        context: Any,
        *,
        X: Any = None,
        y: Any = None,
        fitted_estimator: Any = None,
        metadata: Any = None,
    ) -> None:
        """Predict and record an iteration: a task inside the fit, whose estimator can predict."""
        if fitted_estimator is None or context.parent is None:
            return
        self.recorder.record(self.recorder.n_epochs + 1, fitted_estimator.predict_proba(self.X_val))


def sklearn_callback(recorder: EpochRecorder, X_val: Any) -> SklearnCallback:
    """Return a callback for ``estimator.set_callbacks(...)``.

    Parameters
    ----------
    recorder : EpochRecorder
        Of probabilities.
    X_val : object
        Inputs of the recorder's rows, in their order.

    Returns
    -------
    SklearnCallback
        Epochs are numbers of iterations.
    """
    return SklearnCallback(recorder, X_val)
