"""Where a class bias comes from: class frequencies that have changed since training, or were made equal for it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sklearn_lossacc.findings.evidence import LOG_CLIP, Evidence
from sklearn_lossacc.findings.format import percent
from sklearn_lossacc.inference.class_frequencies import offsets_explained

CHANGED = 0.5  # of what the offsets save, from which changed frequencies are a cause
EQUAL = 0.9  # from which equal ones are: nothing but the offsets says that they were
PARTLY = 0.25  # from which a change is said to explain a part; less may be chance
ALL = 0.995  # which is rounded to all


def _of_it(share: float | None) -> str:
    """Write a share of what the offsets save; nobody knows it to a thousandth."""
    return f"{percent(share)} of it" if share is None or share < ALL else "nearly all of it"


@dataclass(frozen=True)
class LearntFrequencies:
    """How much of what class offsets save goes back to the class frequencies of training.

    Attributes
    ----------
    changed : float or None
        What the change from the training frequencies to those of the labels explains; None if the former are not
        known.
    equal : float or None
        What training on classes of equal frequency would explain.
    """

    changed: float | None = None
    equal: float | None = None

    @property
    def evidence(self) -> dict[str, float | None]:
        """What a finding says in numbers."""
        return {"explained_by_changed_frequencies": self.changed, "explained_by_equal_frequencies": self.equal}

    @property
    def cause(self) -> str:
        """Which of the two is named: "changed", "equal", or neither.

        A change that leaves more than a tenth gives way to equal frequencies that do not: to classes that were
        weighted and have changed besides, the latter are what the model has learnt.
        """
        changed, equal = (-math.inf if share is None else share for share in (self.changed, self.equal))
        if changed < EQUAL <= equal:
            return "equal"
        return "changed" if changed >= CHANGED else ""

    @property
    def sentence(self) -> str:
        """The explanation; empty where there is none."""
        if self.cause == "equal":
            return f" Training on classes of about equal frequency would explain {_of_it(self.equal)}."
        if self.cause == "changed":
            return f" Class frequencies that have changed since training explain {_of_it(self.changed)}."
        if self.changed is None:
            return ""
        if self.changed >= PARTLY:
            return f" A change of the class frequencies since training explains only {_of_it(self.changed)}."
        return " A change of the class frequencies since training does not explain it."

    @property
    def advice(self) -> str:
        """What to do about class bias."""
        if self.cause == "changed":
            return (
                "Correct the prior: multiply each probability by the frequency of its class in use over that in "
                "training, and divide by the sum; or recalibrate with class offsets (VectorCalibrator) on rows of use."
            )
        if self.cause == "equal":
            return (
                "Where classes were weighted (class_weight='balanced') or resampled for training, train without and "
                "choose the threshold instead; where they were equally frequent, correct the prior; otherwise "
                "recalibrate with class offsets (VectorCalibrator)."
            )
        if self.changed is not None:
            return (
                "Look for class weights or resampling, and correct the prior; where there is none, recalibrate with "
                "class offsets (VectorCalibrator)."
            )
        return (
            "Look for class weights, resampling or a shift of the class frequencies between training and use, and "
            "correct the prior; where there is none, recalibrate with class offsets (VectorCalibrator)."
        )


def learnt_frequencies(evidence: Evidence) -> LearntFrequencies:
    """Ask what a class bias owes to the class frequencies of training.

    Parameters
    ----------
    evidence : Evidence
        What is known about the predictions.

    Returns
    -------
    LearntFrequencies
        Without numbers unless offsets of all classes are selected.
    """
    causes, train_prior = evidence.causes, evidence.summary.train_prior
    if causes is None or "class_bias" not in causes.terms or evidence.far_classes is not None:
        return LearntFrequencies()

    sources = [np.full(evidence.n_classes, 1.0 / evidence.n_classes), *([] if train_prior is None else [train_prior])]
    explained = np.minimum(offsets_explained(causes, LOG_CLIP, np.array(sources), evidence.class_share), 1.0).tolist()
    return LearntFrequencies(None if train_prior is None else explained[1], explained[0])
