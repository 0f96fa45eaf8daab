"""xgboost, LightGBM and CatBoost: the nested dictionary of evaluation results, and fitted models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sklearn_lossacc.adapters.histories.plain import is_sequence
from sklearn_lossacc.adapters.histories.table import LogTable, table_of
from sklearn_lossacc.exceptions import InvalidHistoryError

RESULTS = ("evals_result", "get_evals_result", "evals_result_")


def _results(source: Any) -> Any:
    """Return the dictionary of results, or None."""
    if isinstance(source, Mapping):
        return source
    for name in RESULTS:
        found = getattr(source, name, None)
        if found is None:
            continue
        try:
            return found() if callable(found) else found
        except ValueError as error:  # of a model without evaluations
            raise InvalidHistoryError(f"this {type(source).__name__} keeps no results: {error}") from None
    return None


def _is_nested(results: Any) -> bool:
    """Whether sets hold metrics, which hold lists."""
    return (
        isinstance(results, Mapping)
        and len(results) > 0
        and all(
            isinstance(metrics, Mapping) and len(metrics) > 0 and all(map(is_sequence, metrics.values()))
            for metrics in results.values()
        )
    )


def recognises(source: Any) -> bool:
    """Whether this is a dictionary of results, or a model that keeps one."""
    return _is_nested(source) or (not isinstance(source, Mapping) and any(hasattr(source, name) for name in RESULTS))


def read(source: Any, wanted: Sequence[str]) -> LogTable:
    """Read one row a tree; columns are called ``<set>-<metric>``."""
    results = _results(source)
    if not results:
        raise InvalidHistoryError(f"this {type(source).__name__} keeps no results; fit it with an evaluation set.")
    columns = {
        f"{name}-{metric}": list(values) for name, metrics in results.items() for metric, values in metrics.items()
    }
    n_trees = max(map(len, columns.values()))
    return table_of({"iteration": range(n_trees), **columns}, "boosting results", sparse=False)
