"""HistoryDiagnosis: everything that was found in a training log, frozen."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_lossacc.exceptions import InvalidHistoryError, LossAccError
from sklearn_lossacc.findings.diagnosis import Diagnosis, Table
from sklearn_lossacc.findings.finding import Estimate, Finding
from sklearn_lossacc.findings.history.evidence import HistoryEvidence
from sklearn_lossacc.findings.history.judge import judge_history
from sklearn_lossacc.findings.history.limits import open_questions
from sklearn_lossacc.findings.history.tables import best_table, left_out_table, matched_table, rows_table
from sklearn_lossacc.findings.history.text import history_text
from sklearn_lossacc.findings.judged import Judged, rebuilding
from sklearn_lossacc.findings.plain import finding_fields, plain, restored, restored_finding
from sklearn_lossacc.inference.intervals import wilson_interval
from sklearn_lossacc.inference.normal import Z95
from sklearn_lossacc.inputs import TrainingHistory

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = 1
_plain = partial(plain, infinities_as_text=True)


@dataclass(frozen=True)
class HistoryDiagnosis(Judged):
    """What a training log says about loss and accuracy, and what it cannot say.

    Made by `from_history`; `HistoryReport` draws it.

    Parameters
    ----------
    name : str
        Label in views.
    description : mapping
        Facts about the log: source_format, counted, n_rows, n_val, n_val_source ("given", "accuracies" or None),
        n_classes, n_train, n_runs, notes, unused, final (name of the diagnosis given, or None).
    metrics : mapping of str to Estimate
        ``last_val_loss, last_val_accuracy, lowest_val_loss, highest_val_accuracy, calibrated_low, calibrated_high``
        (the band of the last accuracy), ``chance_log_loss, loss_jitter, accuracy_jitter``, as far as the log has them.
    findings : tuple of Finding
        One per rule LA501 to LA515, fired or not.
    open_questions : tuple of tuple of str
        Questions that curves alone leave open, each with what to supply.
    tables : mapping of str to Table
        ``rows`` (epoch, step, train_loss, val_loss, train_accuracy, val_accuracy, val_accuracy_low, val_accuracy_high,
        val_loss_half_width, calibrated_low, calibrated_high, val_loss_fit, and further sets), ``best`` (criterion, row,
        epoch, val_loss, val_accuracy), ``matched`` (curve, column, conversion, note), ``left_out`` (row, reason,
        val_loss, val_accuracy).

    See Also
    --------
    sklearn_lossacc.HistoryReport : The same with pictures.
    sklearn_lossacc.read_history : Read a log.

    Examples
    --------
    >>> from sklearn_lossacc.findings.history import HistoryDiagnosis
    >>> from sklearn_lossacc.inputs import TrainingHistory
    >>> history = TrainingHistory.from_arrays(val_loss=0.4577, val_accuracy=0.7826, n_val=1000, n_classes=2)
    >>> diagnosis = HistoryDiagnosis.from_history(history)
    >>> [round(diagnosis.metrics[name].value, 4) for name in ("calibrated_low", "calibrated_high")]
    [0.3014, 0.5236]
    >>> diagnosis["LA513"].status
    'passed'
    """

    name: str
    description: Mapping[str, Any]
    metrics: Mapping[str, Estimate]
    findings: tuple[Finding, ...]
    open_questions: tuple[tuple[str, str], ...]
    tables: Mapping[str, Table]

    @classmethod
    def from_history(
        cls,
        history: TrainingHistory,
        final: Diagnosis | None = None,
        *,
        ignore: Collection[str] = (),
        name: str | None = None,
    ) -> HistoryDiagnosis:
        """Judge a history.

        Parameters
        ----------
        history : TrainingHistory
            From `read_history` or `TrainingHistory.from_arrays`.
        final : Diagnosis, optional
            Of the validation predictions of the last epoch.
        ignore : collection of str, default=()
            Codes of rules that are not judged.
        name : str, optional
            Label in views; None takes that of the history.

        Returns
        -------
        HistoryDiagnosis

        Raises
        ------
        InvalidHistoryError
            If `history` is no TrainingHistory.
        LossAccError
            If `final` is no Diagnosis, or `ignore` names an unknown rule.
        """
        if not isinstance(history, TrainingHistory):
            raise InvalidHistoryError(
                f"expected a TrainingHistory, got {type(history).__name__}; read_history makes one of a log, and "
                "history() of an EpochRecorder."
            )
        if final is not None and not isinstance(final, Diagnosis):
            raise LossAccError(f"final must be a Diagnosis, from diagnose; got {type(final).__name__}.")
        evidence = HistoryEvidence(history, final)
        return cls(
            name=history.name if name is None else str(name),
            description=_describe(evidence),
            metrics=_measure(evidence),
            findings=judge_history(evidence, ignore),
            open_questions=open_questions(evidence),
            tables={
                "rows": rows_table(evidence),
                "best": best_table(evidence),
                "matched": matched_table(evidence),
                "left_out": left_out_table(evidence),
            },
        )

    def frame(self) -> pd.DataFrame:
        """Return one row an evaluation.

        Returns
        -------
        pandas.DataFrame
            The table ``rows``.
        """
        import pandas as pd

        frame = pd.DataFrame(dict(self.tables["rows"]))
        return frame.astype(float)

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts, lists, text and numbers; infinite numbers become the text ``"inf"`` in tables.

        Returns
        -------
        dict
            What ``json.dumps`` can write.
        """
        return {
            "schema": SCHEMA,
            "kind": "history",
            "name": self.name,
            "description": _plain(self.description),
            "metrics": {key: _plain(asdict(estimate)) for key, estimate in self.metrics.items()},
            "findings": [_plain(finding_fields(finding)) for finding in self.findings],
            "open_questions": [list(pair) for pair in self.open_questions],
            "tables": _plain(self.tables),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> HistoryDiagnosis:
        """Rebuild a diagnosis from `to_dict`.

        Parameters
        ----------
        data : mapping
            What `to_dict` returned.

        Returns
        -------
        HistoryDiagnosis
            Equal to the one that was written.

        Raises
        ------
        LossAccError
            If the data were written by another schema, are damaged, or are not a history's diagnosis.
        """
        if not isinstance(data, Mapping) or data.get("schema") != SCHEMA or data.get("kind") != "history":
            raise LossAccError(f"expected the dictionary of a HistoryDiagnosis of schema {SCHEMA}.")
        with rebuilding("HistoryDiagnosis"):
            return cls(
                name=data["name"],
                description=dict(data["description"]),
                metrics={key: Estimate(**restored(record)) for key, record in data["metrics"].items()},
                findings=tuple(restored_finding(record) for record in data["findings"]),
                open_questions=tuple((question, supply) for question, supply in data["open_questions"]),
                tables={key: restored(table) for key, table in data["tables"].items()},
            )

    def __str__(self) -> str:
        """Return about 10 to 20 aligned lines: the verdict, the numbers, the findings, what was read as what."""
        return history_text(self)


def _describe(evidence: HistoryEvidence) -> dict[str, Any]:
    """Return facts about the log."""
    history = evidence.history
    source = "given" if history.n_val is not None else "accuracies" if evidence.sample_size is not None else None
    return {
        "source_format": history.source_format,
        "counted": history.counted,
        "n_rows": history.n_rows,
        "n_val": evidence.n_val,
        "n_val_source": source,
        "n_classes": evidence.n_classes,
        "n_train": history.n_train,
        "n_runs": max(len(history.runs), 1),
        "notes": list(history.notes),
        "unused": list(history.unused),
        "final": None if evidence.final is None else evidence.final.name,
    }


def _accuracy(evidence: HistoryEvidence, row: int) -> Estimate:
    """Return a validation accuracy with Wilson's interval."""
    value = float(evidence.history.val_accuracy[row])
    if evidence.n_val is None:
        return Estimate(value, method="no interval: n_val is not known")
    low, high = wilson_interval(value, evidence.n_val)
    return Estimate(value, low, high, f"Wilson, {evidence.n_val} rows; not for the choice of the epoch")


def _loss(evidence: HistoryEvidence, row: int) -> Estimate:
    """Return a validation loss with the interval of the worst calibrated model, where rows and classes are known."""
    value = float(evidence.history.val_loss[row])
    if not math.isfinite(value):
        return Estimate(value, method="no interval: not a finite number")
    accuracy = evidence.accuracy_near(row)
    error = None if accuracy is None else evidence.loss_error(accuracy)
    if error is None:
        return Estimate(value, method="no interval: n_val, n_classes and accuracy are needed")
    return Estimate(
        value,
        max(value - Z95 * error, 0.0),
        value + Z95 * error,
        "normal, with the worst variance of calibrated models",
    )


def _measure(evidence: HistoryEvidence) -> dict[str, Estimate]:
    """Return the numbers that matter."""
    metrics: dict[str, Estimate] = {}
    if len(evidence.loss):
        metrics["last_val_loss"] = _loss(evidence, int(evidence.history.measured("val_loss")[-1]))
        metrics["lowest_val_loss"] = _loss(evidence, int(evidence.loss.rows[np.argmin(evidence.loss.values)]))
    if len(evidence.accuracy):
        metrics["last_val_accuracy"] = _accuracy(evidence, int(evidence.accuracy.rows[-1]))
        assert evidence.best_accuracy_row is not None
        metrics["highest_val_accuracy"] = _accuracy(evidence, evidence.best_accuracy_row)
    if evidence.n_classes is not None:
        metrics["chance_log_loss"] = Estimate(math.log(evidence.n_classes))
        if len(evidence.accuracy):
            low, high = evidence.band(evidence.accuracy.last)
            metrics["calibrated_low"], metrics["calibrated_high"] = Estimate(low), Estimate(high)
    for name, curve in (("loss_jitter", evidence.loss), ("accuracy_jitter", evidence.accuracy)):
        if curve.noise is not None:
            metrics[name] = Estimate(curve.noise, method="median absolute second difference")
    return metrics
