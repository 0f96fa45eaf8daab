"""Phrases that several rules share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sklearn_lossacc.findings.format import nats, percent
from sklearn_lossacc.findings.history.curve import Change
from sklearn_lossacc.findings.history.evidence import HistoryEvidence


def moved_words(change: Change, write: Callable[[float | None], str]) -> str:
    """Write how a curve moved, such as ``went from 0.500 to 0.400``."""
    return f"went from {write(change.before)} to {write(change.after)}"


def first_and_last(evidence: HistoryEvidence) -> str:
    """Write where validation loss and accuracy began and ended."""
    written = []
    for words, curve, write in (("loss", evidence.loss, nats), ("accuracy", evidence.accuracy, percent)):
        if len(curve) > 1:
            written.append(f"{words} from {write(curve.values[0])} to {write(curve.last)}")
        elif len(curve):
            written.append(f"{words} {write(curve.last)}")
    return ", ".join(written)


def too_short(evidence: HistoryEvidence, least: int) -> str | None:
    """Say that a log is too short to tell, with what it holds; None where it is long enough."""
    n = len(evidence.loss) if len(evidence.loss) else len(evidence.accuracy)
    if n >= least:
        return None
    count = "One evaluation" if n == 1 else f"{n} evaluations"
    held = first_and_last(evidence)
    return (
        f"Cannot tell: {count} ({held}) cannot show a trend; at least {least} can tell one from a jump."
        if held
        else "Cannot tell: nothing was measured on validation rows."
    )


def diverged(evidence: HistoryEvidence, *names: str) -> str | None:
    """Say that a loss is no finite number where the log ends, so that its finite part does not tell how it ends."""
    for name in names:
        loss = getattr(evidence.history, name)
        measured = np.flatnonzero(~np.isnan(loss))
        if measured.size and np.isinf(loss[measured[-1]]):
            finite = np.isfinite(loss[measured])
            first = measured[len(finite) - int(np.argmax(finite[::-1]))] if finite.any() else measured[0]
            words = {"val_loss": "validation", "train_loss": "training"}[name]
            return (
                f"From {evidence.at(int(first))} to the end of the log the {words} loss is not a finite number: "
                "see LA504."
            )
    return None
