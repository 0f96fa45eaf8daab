"""xgboost and LightGBM: predictions after every so many trees, while the model is fitted."""

from __future__ import annotations

from typing import Any

from sklearn_lossacc.report.epochs import EpochRecorder


def xgboost_callback(recorder: EpochRecorder, X_val: Any, *, every: int = 1) -> Any:
    """Return a callback for ``XGBClassifier(callbacks=[...])`` or ``xgboost.train``.

    Parameters
    ----------
    recorder : EpochRecorder
        Of probabilities.
    X_val : array-like or DMatrix
        Inputs of the recorder's rows, in their order.
    every : int, default=1
        Record after every so many trees.

    Returns
    -------
    xgboost.callback.TrainingCallback
        Epochs are numbers of trees.
    """
    from xgboost import DMatrix
    from xgboost.callback import TrainingCallback

    matrix = X_val if isinstance(X_val, DMatrix) else DMatrix(X_val)

    class Record(TrainingCallback):  # type: ignore[misc]
        """Record every so many trees."""

        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            """Predict and record; False goes on with training."""
            if (epoch + 1) % every == 0:
                recorder.record(epoch + 1, model.predict(matrix))
            return False

    return Record()


def lightgbm_callback(recorder: EpochRecorder, X_val: Any, *, every: int = 1) -> Any:
    """Return a callback for ``LGBMClassifier.fit(callbacks=[...])`` or ``lightgbm.train``.

    Parameters
    ----------
    recorder : EpochRecorder
        Of probabilities.
    X_val : array-like
        Inputs of the recorder's rows, in their order.
    every : int, default=1
        Record after every so many trees.

    Returns
    -------
    callable
        Epochs are numbers of trees.
    """

    def record(environment: Any) -> None:
        """Predict and record."""
        trees = environment.iteration + 1
        if trees % every == 0:
            recorder.record(trees, environment.model.predict(X_val, num_iteration=trees))

    return record
