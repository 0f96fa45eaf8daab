"""Diagnosis: everything that was found, frozen; views read it and compute nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sklearn_lossacc.findings.decomposition import Decomposition
from sklearn_lossacc.findings.finding import Estimate, Finding

# Tables are column-name -> list of plain numbers/strings: they go to JSON as they are, and to pandas on demand.
Table = Mapping[str, list[Any]]


@dataclass(frozen=True)
class Diagnosis:
    """What loss and accuracy say about a set of predictions, and why they disagree.

    Attributes
    ----------
    name : str
        Label of the model in views.
    alpha : float
        Family-wise error rate of the statistical findings.
    description : mapping
        Facts about the input: n_rows, n_samples, n_classes, classes (list of labels as str), input, dtype, weighted,
        n_groups, out_of_sample, sample_rows, sample_complete, non_finite ("inf" or None).
    metrics : mapping of str to Estimate
        The numbers of the contract.
    decomposition : Decomposition
        The waterfall.
    findings : tuple of Finding
        One per rule, fired or not.
    tables : mapping of str to Table
        ``reliability`` (low, high, rows, weight, confidence, accuracy, band_low, band_high; 15 bins, empty ones absent; the band
        is the 95 % consistency band of the accuracy under the model's own probabilities),
        ``loss_distribution`` (low, high, observed, expected; shares of rows in bins of per-sample loss in nats),
        ``classes`` (label, n, prior, mean_proba, predicted, accuracy, accuracy_low, accuracy_high, loss, loss_low, loss_high),
        ``confusion`` (true, predicted, weight; the non-zero cells), ``rows_loss``, ``rows_surprise``, ``rows_label_quality``
        (index, y_true, y_pred, p_true, p_pred, loss, loss_share, label_quality, surprise_p).
    """

    name: str
    alpha: float
    description: Mapping[str, Any]
    metrics: Mapping[str, Estimate]
    decomposition: Decomposition
    findings: tuple[Finding, ...]
    tables: Mapping[str, Table]

    @property
    def issues(self) -> tuple[Finding, ...]:
        """The findings that fired."""
        return tuple(finding for finding in self.findings if finding.status == "fired")
