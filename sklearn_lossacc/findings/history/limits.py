"""What curves alone cannot tell, and what would."""

from __future__ import annotations

from sklearn_lossacc.findings.history.evidence import HistoryEvidence

PREDICTIONS = "a diagnosis of the last epoch's validation predictions as final="
EPOCHS = "validation predictions of every epoch to an EpochRecorder, and read its choices"


def open_questions(evidence: HistoryEvidence) -> tuple[tuple[str, str], ...]:
    """Return the questions that this log leaves open, each with what to supply.

    Parameters
    ----------
    evidence : HistoryEvidence
        The numbers.

    Returns
    -------
    tuple of (question, what to supply)
    """
    questions = []
    if evidence.n_classes is None:
        questions.append(("Is the loss near chance, and possible for a calibrated model?", "n_classes"))
    if evidence.n_val is None:
        questions.append(("Which differences are more than the choice of validation rows?", "n_val"))
    if not len(evidence.accuracy):
        questions.append(("Do the decisions get worse with the loss?", "the validation accuracy"))
    if not len(evidence.loss):
        questions.append(("Do the probabilities get worse?", "the validation loss"))
    if evidence.final is None:
        questions.append(("Is the loss due to overconfidence, wrong labels, or a few bad rows?", PREDICTIONS))
    questions.append(("Which epoch is best once it is recalibrated, and which epochs are equally good?", EPOCHS))
    return tuple(questions)
