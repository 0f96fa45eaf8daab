"""ComparisonDiagnosis: what two or more models show on the same rows, frozen."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_lossacc._numerics import one_blas_thread
from sklearn_lossacc.exceptions import LossAccError
from sklearn_lossacc.findings.comparison.evidence import MEASURES, ComparisonEvidence
from sklearn_lossacc.findings.comparison.judge import judge_comparison
from sklearn_lossacc.findings.comparison.rules import COMPARISON_RULES
from sklearn_lossacc.findings.comparison.tables import tables
from sklearn_lossacc.findings.comparison.text import comparison_text
from sklearn_lossacc.findings.diagnosis import Table
from sklearn_lossacc.findings.finding import Estimate, Finding
from sklearn_lossacc.findings.judged import Judged, rebuilding
from sklearn_lossacc.findings.options import check_alpha, check_ignored, check_seed
from sklearn_lossacc.findings.plain import finding_fields, plain, restored_finding
from sklearn_lossacc.inputs.compared import ComparedPredictions

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = 1


@dataclass(frozen=True)
class ComparisonDiagnosis(Judged):
    """Which of several models is better by loss, by accuracy and after recalibration, and on which rows.

    Made by `from_predictions`; `ComparisonReport` draws it. All differences are second minus first: a negative
    difference in loss speaks for the second model.

    Parameters
    ----------
    name : str
        Label in views.
    alpha : float
        Error rate over all pairs together.
    description : mapping
        Facts about the input: n_rows, n_samples, n_classes, classes, models, reference, weighted, n_groups,
        zero_rows (rows on which some model gives the label probability 0).
    findings : tuple of Finding
        One per rule LA601 to LA604, led by the pair of models that tells most.
    tables : mapping of str to Table
        ``models`` (one row a model), ``differences`` (first, second, measure, value, low, high, p_value, p_holm,
        method), ``pairs`` (verdict, better_loss, better_accuracy, only_first_right, only_second_right,
        predicted_alike, n_decisive, n_units, recalibrated with limits and p-value), ``stories`` (rows both models have
        right, one, or none, with what they contribute), ``mechanisms`` (certainty, capacity, noise), ``rows`` (the
        rows that move the mean loss most), ``dropped`` (the difference left without the rows that decide).

    See Also
    --------
    sklearn_lossacc.ComparisonReport : The same with pictures.
    sklearn_lossacc.Diagnosis : Of one model.

    Examples
    --------
    >>> from sklearn_lossacc.findings.comparison import ComparisonDiagnosis
    >>> d = ComparisonDiagnosis.from_predictions([1, 1, 0, 0], {"A": [0.9, 0.8, 0.1, 0.4], "B": [0.7, 0.4, 0.3, 0.2]})
    >>> round(d.difference("log_loss").value, 4), d.difference("accuracy").value
    (0.227, -0.25)
    """

    name: str
    alpha: float
    description: Mapping[str, Any]
    findings: tuple[Finding, ...]
    tables: Mapping[str, Table]

    @classmethod
    @one_blas_thread()
    def from_predictions(
        cls,
        y_true: Any,
        y_proba: Any,
        *,
        reference: str | None = None,
        input: Any = "proba",
        classes: Any = None,
        sample_weight: Any = None,
        groups: Any = None,
        alpha: float = 0.05,
        ignore: Collection[str] = (),
        random_state: int | np.random.RandomState | None = 0,
        name: str | None = None,
    ) -> ComparisonDiagnosis:
        """Compare predictions for the same rows.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            The labels.
        y_proba : mapping of str to array-like
            Predictions of each model, at least two; each as `diagnose` takes them.
        reference : str, optional
            The model that the others are compared with; None compares all pairs.
        input : {"proba", "logits"} or mapping of str to these, default="proba"
            What the models give.
        classes : array-like of shape (n_classes,) or mapping of str to these, optional
            The label of each column; a mapping names each model.
        sample_weight : array-like of shape (n_samples,), optional
            Row weights.
        groups : array-like of shape (n_samples,), optional
            Rows of one group are dependent.
        alpha : float, default=0.05
            Chance that any statistical finding fires on equally good models, at most.
        ignore : collection of str, default=()
            Codes of rules that are not judged.
        random_state : int, RandomState instance or None, default=0
            Seed of all draws.
        name : str, optional
            Label in views; None writes the names of the models.

        Returns
        -------
        ComparisonDiagnosis

        Raises
        ------
        LossAccError
            If the input cannot be used; the message names the model and the argument.
        """
        alpha, seed = check_alpha(alpha), check_seed(random_state)
        ignore = check_ignored(ignore, COMPARISON_RULES)
        compared = ComparedPredictions.from_arrays(
            y_true, y_proba, input=input, classes=classes, sample_weight=sample_weight, groups=groups
        )
        evidence = ComparisonEvidence(
            compared,
            alpha=alpha,
            random_state=seed,
            reference=None if reference is None else str(reference),
        )
        return cls(
            name=" vs ".join(compared.names) if name is None else str(name),
            alpha=alpha,
            description=_describe(evidence),
            findings=judge_comparison(evidence, ignore),
            tables={key: plain(table, infinities_as_text=True) for key, table in tables(evidence).items()},
        )

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The pairs that were compared, each first and second."""
        table = self.tables["pairs"]
        return tuple(zip(table["first"], table["second"], strict=True))

    def pair_place(self, pair: tuple[str, str] | None = None) -> int:
        """Return the place of a pair in `pairs`.

        Parameters
        ----------
        pair : tuple of two str, optional
            Names of the models; None takes the pair that leads the gravest finding, or else the first.

        Returns
        -------
        int
            Its place, from 0.

        Raises
        ------
        LossAccError
            If the models were not compared with each other, in this order.
        """
        if pair is None:
            issues = self.issues
            pair = tuple(issues[0].evidence["pair"]) if issues else self.pairs[0]  # type: ignore[assignment]
        if isinstance(pair, str) or tuple(pair) not in self.pairs:  # type: ignore[arg-type]
            raise LossAccError(f"pair must be one of {list(self.pairs)}, got {pair!r}.")
        return self.pairs.index(tuple(pair))  # type: ignore[arg-type]

    def records(self, table: str, pair: tuple[str, str] | None = None) -> list[dict[str, Any]]:
        """Return the rows of a table that speak of one pair.

        Parameters
        ----------
        table : str
            Name of a table that has the columns ``first`` and ``second``.
        pair : tuple of two str, optional
            Names of the models; None takes the pair that leads the gravest finding, or else the first.

        Returns
        -------
        list of dict
            Column to value, one a row.
        """
        first, second = self.pairs[self.pair_place(pair)]
        columns = self.tables[table]
        rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
        return [row for row in rows if (row["first"], row["second"]) == (first, second)]

    def difference(self, measure: str, pair: tuple[str, str] | None = None) -> Estimate:
        """Return what the second model of a pair has more than the first.

        Parameters
        ----------
        measure : {"log_loss", "accuracy", "brier_score", "calibration_loss", "refinement_loss"}
            Losses in nats.
        pair : tuple of two str, optional
            Names of the models; None takes the pair that leads the gravest finding, or else the first.

        Returns
        -------
        Estimate
            With 95 % limits.

        Raises
        ------
        LossAccError
            If the measure or the pair is not known.
        """
        if measure not in MEASURES:
            raise LossAccError(f"measure must be one of {list(MEASURES)}, got {measure!r}.")
        (row,) = (row for row in self.records("differences", pair) if row["measure"] == measure)
        return Estimate(row["value"], row["low"], row["high"], row["method"])

    def samples(self, n: int = 20, *, pair: tuple[str, str] | None = None, story: str | None = None) -> pd.DataFrame:
        """Return the rows that move the difference in loss most.

        Parameters
        ----------
        n : int, default=20
            Number of rows; at most 1000, shared out among the pairs, are kept.
        pair : tuple of two str, optional
            Names of the models; None takes the pair that leads the gravest finding, or else the first.
        story : {"both right", "only second right", "only first right", "both wrong"}, optional
            Only rows of this story.

        Returns
        -------
        pandas.DataFrame
            Columns first, second, index, y_true, pred_first, pred_second, p_true_first, p_true_second, loss_first,
            loss_second, difference (nats), contribution (to the mean), story, suspect (neither model can believe the
            label).

        Raises
        ------
        LossAccError
            If `n` is no number of rows, or the story is not known.
        """
        import pandas as pd

        if not isinstance(n, Integral) or n < 0:
            raise LossAccError(f"n must be a number of rows, got {n!r}.")
        stories = list(dict.fromkeys(self.tables["stories"]["story"]))
        if story is not None and story not in stories:
            raise LossAccError(f"story must be one of {stories}, got {story!r}.")
        found = [row for row in self.records("rows", pair) if story is None or row["story"] == story]
        return pd.DataFrame(found[: int(n)], columns=list(self.tables["rows"]))

    def frame(self, table: str = "differences") -> pd.DataFrame:
        """Return a table.

        Parameters
        ----------
        table : str, default="differences"
            Name of the table.

        Returns
        -------
        pandas.DataFrame
            By default one row a pair and measure.

        Raises
        ------
        LossAccError
            If the table is not known.
        """
        import pandas as pd

        if table not in self.tables:
            raise LossAccError(f"table must be one of {list(self.tables)}, got {table!r}.")
        return pd.DataFrame({name: _numbers(column) for name, column in self.tables[table].items()})

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts, lists, text and numbers; infinite numbers are the text ``"inf"``.

        Returns
        -------
        dict
            What ``json.dumps`` can write.
        """
        return {
            "schema": SCHEMA,
            "kind": "comparison",
            "name": self.name,
            "alpha": self.alpha,
            "description": plain(self.description, infinities_as_text=True),
            "findings": [plain(finding_fields(finding), infinities_as_text=True) for finding in self.findings],
            "tables": plain(self.tables, infinities_as_text=True),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ComparisonDiagnosis:
        """Rebuild a diagnosis from `to_dict`.

        Parameters
        ----------
        data : mapping
            What `to_dict` returned.

        Returns
        -------
        ComparisonDiagnosis
            Equal to the one that was written.

        Raises
        ------
        LossAccError
            If the data were written by another schema, are damaged, or are not a comparison.
        """
        if not isinstance(data, Mapping) or data.get("schema") != SCHEMA or data.get("kind") != "comparison":
            raise LossAccError(f"expected the dictionary of a ComparisonDiagnosis of schema {SCHEMA}.")
        with rebuilding("ComparisonDiagnosis"):
            return cls(
                name=data["name"],
                alpha=data["alpha"],
                description=dict(data["description"]),
                findings=tuple(restored_finding(record) for record in data["findings"]),
                tables={key: dict(table) for key, table in data["tables"].items()},
            )

    def __str__(self) -> str:
        """Return 10 to 20 aligned lines: the verdict, the models, the differences, the rows, the findings."""
        return comparison_text(self)


def _numbers(column: list[Any]) -> list[Any]:
    """Return a column for pandas: None among numbers becomes NaN, and the text of infinities a number."""
    numeric = all(value is None or value in ("inf", "-inf") or not isinstance(value, str) for value in column)
    if not numeric:
        return column
    return [math.nan if value is None else float(value) if isinstance(value, str) else value for value in column]


def _describe(evidence: ComparisonEvidence) -> dict[str, Any]:
    """Return facts about the input."""
    given = evidence.compared.models[0]
    return {
        "n_rows": given.n_rows,
        "n_samples": given.n_samples,
        "n_classes": given.n_classes,
        "classes": [str(label) for label in given.classes],
        "models": list(evidence.compared.names),
        "reference": evidence.reference,
        "weighted": given.sample_weight is not None,
        "n_groups": None if given.groups is None else evidence.n_units,
        "zero_rows": int(np.count_nonzero(np.any([rows.p_true == 0 for rows in evidence.rows], axis=0))),
    }
