"""Diagnosis: everything that was found, frozen; views read it and compute nothing."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from sklearn_lossacc._numerics import one_blas_thread
from sklearn_lossacc.exceptions import LossAccError
from sklearn_lossacc.findings.decomposition import Decomposition, Part, together
from sklearn_lossacc.findings.evidence import Evidence
from sklearn_lossacc.findings.finding import Estimate, Finding
from sklearn_lossacc.findings.judge import judge_all
from sklearn_lossacc.findings.judged import Judged, rebuilding
from sklearn_lossacc.findings.measures import measure
from sklearn_lossacc.findings.options import check_alpha, check_ignored, check_seed
from sklearn_lossacc.findings.plain import finding_fields, plain
from sklearn_lossacc.findings.rules import RULES
from sklearn_lossacc.findings.rules.dependence import DEPENDENT, count_copies_once
from sklearn_lossacc.findings.tables import tables
from sklearn_lossacc.findings.text import diagnosis_text
from sklearn_lossacc.findings.waterfall import decompose
from sklearn_lossacc.statistics import PredictionSummary

if TYPE_CHECKING:
    import pandas as pd

# Tables are column-name -> list of plain numbers/strings: they go to JSON as they are, and to pandas on demand.
Table = Mapping[str, list[Any]]

SCHEMA = 1


@dataclass(frozen=True)
class Diagnosis(Judged):
    """What loss and accuracy say about a set of predictions, and why they disagree.

    Made by `diagnose`, or by `Diagnosis.from_summary` from a summary that may cover more data than fit in memory.
    ``diagnosis.issues`` are the findings that fired, ``diagnosis["LA101"]`` is that of one rule.

    Parameters
    ----------
    name : str
        Label of the model in views.
    alpha : float
        Family-wise error rate of the statistical findings.
    description : mapping
        Facts about the input: n_rows, n_samples, n_classes, classes (labels as text), input, dtype, weighted, n_groups,
        out_of_sample, sample_rows (how many are tested and fitted), sample_complete (whether that is all of them),
        zero_rows (in which the true class has probability 0), non_finite ("inf" where there are such rows),
        largest_loss_share (of one row), largest_weight_share (of one row, or one group when there are groups).
    metrics : mapping of str to Estimate
        Every number: value, low and high of its 95 % interval, and the method of that.
    decomposition : Decomposition
        The waterfall from chance to the observed loss, in nats; ``decomposition["temperature"]`` is one of its parts.
    findings : tuple of Finding
        One per rule, fired or not.
    tables : mapping of str to Table
        ``reliability`` (low, high, rows, weight, confidence, accuracy, band_low, band_high; 15 bins, empty ones
        absent; the band is the 95 % consistency band of the accuracy under the model's own probabilities),
        ``loss_distribution`` (low, high, observed, expected; shares of rows in bins of per-sample loss in nats),
        ``classes`` (label, n, prior, mean_proba, predicted, accuracy, accuracy_low, accuracy_high, loss, loss_low,
        loss_high), ``confusion`` (true, predicted, weight; the non-zero cells), ``rows_loss``, ``rows_surprise``,
        ``rows_label_quality`` (index, y_true, y_pred, p_true, p_pred, loss, loss_share, label_quality, surprise_p).
        A cross-validation adds ``folds``, ``fold_reliability`` and, of several, ``settings``.

    See Also
    --------
    diagnose : Compute a diagnosis from labels and probabilities.
    LossAccuracyReport : The same with pictures.

    Examples
    --------
    >>> from sklearn_lossacc import diagnose
    >>> d = diagnose([0, 1, 1, 0], [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.7, 0.3]])
    >>> round(d.metrics["accuracy"].value, 2), round(d.metrics["log_loss"].value, 4)
    (0.75, 0.4004)
    >>> round(sum(part.value for part in d.decomposition.parts), 4)
    0.4004
    """

    name: str
    alpha: float
    description: Mapping[str, Any]
    metrics: Mapping[str, Estimate]
    decomposition: Decomposition
    findings: tuple[Finding, ...]
    tables: Mapping[str, Table]

    @classmethod
    @one_blas_thread()
    def from_summary(
        cls,
        summary: PredictionSummary,
        *,
        alpha: float = 0.05,
        ignore: Collection[str] = (),
        random_state: int | np.random.RandomState | None = 0,
        name: str | None = None,
    ) -> Diagnosis:
        """Judge a summary.

        Parameters
        ----------
        summary : PredictionSummary
            Made by `summarize`, possibly merged from parts.
        alpha : float, default=0.05
            Chance that any statistical finding fires on a healthy model, at most.
        ignore : collection of str, default=()
            Codes of rules that are not judged.
        random_state : int, RandomState instance or None, default=0
            Seed of all draws.
        name : str, optional
            Label of the model in views.

        Returns
        -------
        Diagnosis

        Raises
        ------
        LossAccError
            If `summary` is no summary, `alpha` is outside (0, 1), `ignore` names an unknown rule, or `random_state` is
            no seed.
        """
        alpha = check_alpha(alpha)
        ignore = check_ignored(ignore, RULES)
        if not isinstance(summary, PredictionSummary):
            raise LossAccError(f"summary must be a PredictionSummary, from summarize; got {type(summary).__name__}.")
        evidence = Evidence(summary, alpha=alpha, random_state=check_seed(random_state))
        if DEPENDENT.code not in ignore:
            evidence = count_copies_once(evidence)
        findings = judge_all(evidence, ignore)
        fired = {finding.code for finding in findings if finding.status == "fired"}
        beyond = [
            evidence.uneven_part if "LA203" in fired else None,
            evidence.shape_part if "LA104" in fired else None,
        ]
        decomposition = decompose(
            evidence,
            outlier_nats=evidence.outlier_nats if "LA201" in fired else 0.0,
            shape=together([part for part in beyond if part is not None]),
        )
        return cls(
            name="model" if name is None else str(name),
            alpha=alpha,
            description=_describe(evidence),
            metrics=measure(evidence, decomposition),
            decomposition=decomposition,
            findings=findings,
            tables=tables(evidence),
        )

    @property
    def classes(self) -> pd.DataFrame:
        """One row a class: frequency, mean probability, accuracy and loss with intervals."""
        return _frame(self.tables["classes"])

    def samples(self, n: int = 20, by: Literal["loss", "label_quality", "surprise"] = "loss") -> pd.DataFrame:
        """Return the worst rows.

        Parameters
        ----------
        n : int, default=20
            Number of rows; at most 1000 are kept.
        by : {"loss", "label_quality", "surprise"}, default="loss"
            Largest loss, lowest label quality, or smallest surprise p-value first.

        Returns
        -------
        pandas.DataFrame
            Columns index, y_true, y_pred, p_true, p_pred, loss (nats), loss_share, label_quality, surprise_p.
        """
        if f"rows_{by}" not in self.tables:
            raise LossAccError(f"by must be 'loss', 'label_quality' or 'surprise', got {by!r}.")
        if not isinstance(n, Integral) or n < 0:
            raise LossAccError(f"n must be a number of rows, got {n!r}.")
        return _frame(self.tables[f"rows_{by}"]).head(int(n))

    def to_frame(self) -> pd.DataFrame:
        """Return the metrics and findings as one tidy table.

        Returns
        -------
        pandas.DataFrame
            Columns kind ("metric" or "finding"), name, value, low, high, p_value, status, text.
        """
        import pandas as pd

        metrics = [
            {
                "kind": "metric",
                "name": key,
                "value": e.value,
                "low": e.low,
                "high": e.high,
                "p_value": None,
                "status": None,
                "text": e.method,
            }
            for key, e in self.metrics.items()
        ]
        findings = [
            {
                "kind": "finding",
                "name": f"{f.code} {f.name}",
                "value": f.value,
                "low": None if f.interval is None else f.interval[0],
                "high": None if f.interval is None else f.interval[1],
                "p_value": f.p_value,
                "status": f.status,
                "text": f.headline,
            }
            for f in self.findings
        ]
        frame = pd.DataFrame(metrics + findings)
        return frame.astype({"value": float, "low": float, "high": float, "p_value": float})

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts, lists, text and numbers.

        Returns
        -------
        dict
            What `from_dict` takes; non-finite numbers are None beside a ``non_finite`` entry.
        """
        return {
            "schema": SCHEMA,
            "name": self.name,
            "alpha": self.alpha,
            "description": plain(self.description),
            "metrics": {key: _plain_record(asdict(estimate)) for key, estimate in self.metrics.items()},
            "decomposition": {
                "total": self.decomposition.total,
                "clipped": self.decomposition.clipped,
                "parts": [_plain_record(asdict(part)) for part in self.decomposition.parts],
            },
            "findings": [_plain_record(finding_fields(finding)) for finding in self.findings],
            "tables": {key: plain(table) for key, table in self.tables.items()},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Diagnosis:
        """Rebuild a diagnosis from `to_dict`.

        Raises
        ------
        LossAccError
            If the data were written by another schema, are damaged, or are not a diagnosis.
        """
        if not isinstance(data, Mapping) or data.get("schema") != SCHEMA:
            found = data.get("schema") if isinstance(data, Mapping) else type(data).__name__
            raise LossAccError(f"expected a Diagnosis dictionary of schema {SCHEMA}, got {found!r}.")
        with rebuilding("Diagnosis"):
            waterfall = data["decomposition"]
            return cls(
                name=data["name"],
                alpha=data["alpha"],
                description=dict(data["description"]),
                metrics={key: Estimate(**_restore(record)) for key, record in data["metrics"].items()},
                decomposition=Decomposition(
                    tuple(Part(**_restore(record)) for record in waterfall["parts"]),
                    waterfall["total"],
                    waterfall["clipped"],
                ),
                findings=tuple(_restore_finding(record) for record in data["findings"]),
                tables={key: dict(table) for key, table in data["tables"].items()},
            )

    def __str__(self) -> str:
        """Return 10 to 20 aligned lines: the verdict, the numbers, the findings."""
        return diagnosis_text(self)


def _frame(table: Table) -> pd.DataFrame:
    """Return a table as a frame; None, which JSON has for what is not a number, becomes NaN again."""
    import pandas as pd

    return pd.DataFrame(
        {name: [math.nan if value is None else value for value in column] for name, column in table.items()}
    )


def _describe(evidence: Evidence) -> dict[str, Any]:
    summary = evidence.summary
    return {
        "n_rows": int(summary.n_rows),
        "n_samples": int(summary.n_samples),
        "n_classes": int(summary.n_classes),
        "classes": [str(label) for label in summary.classes],
        "input": summary.input,
        "dtype": summary.dtype,
        "weighted": bool(summary.has_weights),
        "n_groups": None if summary.n_groups is None else int(summary.n_groups),
        "out_of_sample": bool(summary.out_of_sample),
        "sample_rows": int(evidence.null.n_rows),
        "sample_complete": bool(evidence.sample.complete),
        "zero_rows": int(summary.zero_rows),
        "non_finite": "inf" if evidence.clipped else None,
        "largest_loss_share": evidence.largest_loss_share,
        "largest_weight_share": evidence.largest_weight_share,
    }


def _plain_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """Like `plain`, with a note of which number was infinite or not a number."""
    turned = plain(record)
    value = record.get("value")
    if isinstance(value, float) and not math.isfinite(value):
        turned["non_finite"] = str(float(value))
    return turned


def _restore(record: Mapping[str, Any]) -> dict[str, Any]:
    restored = dict(record)
    non_finite = restored.pop("non_finite", None)
    if non_finite is not None:
        restored["value"] = float(non_finite)
    return restored


def _restore_finding(record: Mapping[str, Any]) -> Finding:
    restored = _restore(record)
    if restored["interval"] is not None:
        restored["interval"] = tuple(restored["interval"])
    return Finding(**restored)
