"""Lightning: the outputs of the validation steps, put together at the end of every validation."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_lossacc.report.epochs import EpochRecorder


def lightning_callback(recorder: EpochRecorder, *, key: str | None = None, train_loss: str = "train_loss") -> Any:
    """Return a callback for ``Trainer(callbacks=[...])``.

    The module's ``validation_step`` returns the predictions of its batch, or a mapping that holds them; the rows of the
    validation loader must come in one order, that of the recorder's labels.

    Parameters
    ----------
    recorder : EpochRecorder
        With ``input="logits"`` if the steps return logits.
    key : str, optional
        Where the predictions are in a mapping; None where the step returns them alone.
    train_loss : str, default="train_loss"
        Name under which the training loss is logged, if it is.

    Returns
    -------
    lightning.pytorch.Callback
        Epochs are counted from 0. The sanity check before training is not recorded.
    """
    try:
        from lightning.pytorch import Callback
    except ImportError:
        from pytorch_lightning import Callback

    class Record(Callback):  # type: ignore[misc]
        """Record every validation."""

        def __init__(self) -> None:
            self.batches: list[np.ndarray] = []

        def on_validation_epoch_start(self, trainer: Any, module: Any) -> None:
            """Begin anew."""
            self.batches = []

        def on_validation_batch_end(self, trainer: Any, module: Any, outputs: Any, *where: Any, **more: Any) -> None:
            """Keep the predictions of one batch."""
            predicted = outputs if key is None else outputs[key]
            self.batches.append(predicted.detach().float().cpu().numpy())

        def on_validation_epoch_end(self, trainer: Any, module: Any) -> None:
            """Record the epoch."""
            if trainer.sanity_checking:
                return
            loss = trainer.callback_metrics.get(train_loss)
            recorder.record(trainer.current_epoch, np.concatenate(self.batches), None if loss is None else float(loss))

    return Record()
