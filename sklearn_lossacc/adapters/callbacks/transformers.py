"""Hugging Face Transformers: the logits of every evaluation, through ``compute_metrics``."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_lossacc.report.epochs import EpochRecorder


def transformers_callback(recorder: EpochRecorder, metrics: Any = None) -> tuple[Any, Any]:
    """Return ``compute_metrics`` and a callback, both for one ``Trainer``.

    The trainer hands logits to ``compute_metrics`` and tells the epoch to callbacks; the two together record. Rows must
    be those of the recorder, in order: evaluations of another number of rows are passed on and not recorded.

    Parameters
    ----------
    recorder : EpochRecorder
        With ``input="logits"``.
    metrics : callable, optional
        Another ``compute_metrics``, whose results are returned.

    Returns
    -------
    compute_metrics : callable
        For ``Trainer(compute_metrics=...)``.
    callback : transformers.TrainerCallback
        For ``Trainer(callbacks=[...])``.
    """
    from transformers import TrainerCallback

    waiting: list[np.ndarray] = []

    def compute_metrics(prediction: Any) -> dict[str, float]:
        """Keep the logits of one evaluation."""
        logits = prediction.predictions
        logits = logits[0] if isinstance(logits, tuple) else logits
        waiting[:] = [np.asarray(logits)] if len(logits) == recorder.y_val.size else []
        if metrics is not None:
            return dict(metrics(prediction))
        return {"accuracy": float((np.asarray(logits).argmax(axis=-1) == prediction.label_ids).mean())}

    class Record(TrainerCallback):  # type: ignore[misc]
        """Record every evaluation."""

        def on_evaluate(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            """Record the logits that were kept, once an epoch."""
            if not waiting:
                return
            logits = waiting.pop()
            if recorder.n_epochs and state.epoch <= recorder.frame()["epoch"].iloc[-1]:
                return
            losses = [row["loss"] for row in state.log_history if "loss" in row]
            recorder.record(state.epoch, logits, losses[-1] if losses else None)

    return compute_metrics, Record()
