"""Predictions of a skorch net at the end of every epoch."""

from __future__ import annotations

from typing import Any

from sklearn_lossacc.report.epochs import EpochRecorder


def skorch_callback(recorder: EpochRecorder, X_val: Any) -> Any:
    """Return a callback for ``NeuralNetClassifier(callbacks=[...])``.

    Parameters
    ----------
    recorder : EpochRecorder
        Of probabilities: skorch turns the outputs of its usual criteria into them.
    X_val : object
        Inputs of the recorder's rows, in their order.

    Returns
    -------
    skorch.callbacks.Callback
        Epochs are counted from 1, as skorch counts them.
    """
    from skorch.callbacks import Callback

    class Record(Callback):  # type: ignore[misc]
        """Record every epoch."""

        def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
            """Predict and record."""
            last = net.history[-1]
            recorder.record(last["epoch"], net.predict_proba(X_val), last.get("train_loss"))

    return Record()
