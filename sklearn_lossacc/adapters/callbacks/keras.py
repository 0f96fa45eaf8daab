"""Keras: predictions at the end of every epoch."""

from __future__ import annotations

from typing import Any

from sklearn_lossacc.report.epochs import EpochRecorder


def keras_callback(recorder: EpochRecorder, X_val: Any, *, batch_size: int | None = None) -> Any:
    """Return a callback for ``model.fit(callbacks=[...])``.

    Parameters
    ----------
    recorder : EpochRecorder
        With ``input="logits"`` if the model returns logits.
    X_val : object
        Inputs of the recorder's rows, in their order.
    batch_size : int, optional
        For ``model.predict``.

    Returns
    -------
    keras.callbacks.Callback
        Epochs are counted from 0, as Keras counts them.
    """
    from keras.callbacks import Callback

    class Record(Callback):  # type: ignore[misc]
        """Record every epoch."""

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            """Predict and record."""
            logs = logs or {}
            predicted = self.model.predict(X_val, batch_size=batch_size, verbose=0)
            accuracy = next(
                (logs[name] for name in logs if name.endswith(("accuracy", "acc")) and name[:4] != "val_"), None
            )
            recorder.record(epoch, predicted, logs.get("loss"), train_accuracy=accuracy)

    return Record()
