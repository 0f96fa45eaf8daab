"""A finding is data first (code, status, numbers) and words second."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Status = Literal["fired", "passed", "not_applicable", "ignored"]
Severity = Literal["error", "warning", "tip"]


@dataclass(frozen=True)
class Estimate:
    """A number with its interval and the name of the method behind the interval.

    Attributes
    ----------
    value : float
        The point estimate.
    low, high : float or None
        Limits of the 95 % interval; None where no interval is offered.
    method : str
        How the interval was made, or why there is none.
    """

    value: float
    low: float | None = None
    high: float | None = None
    method: str = "exact"


@dataclass(frozen=True)
class Finding:
    """The judgement of one rule.

    Attributes
    ----------
    code, name : str
        Stable identity, such as ``"LA101"`` and ``"overconfident"``.
    status : {"fired", "passed", "not_applicable", "ignored"}
        What the rule concluded.
    severity : {"error", "warning", "tip"}
        How much a firing matters.
    value : float or None
        Size of the effect, in the unit that the rule's page names.
    interval : tuple of two floats, or None
        95 % interval of `value`.
    threshold : float or None
        The effect that counts as material.
    p_value : float or None
        The larger of gate and attribution p-value; None for conditions. ``evidence["p_holm"]``, the same after Holm's
        correction over all statistical findings, decides.
    evidence : mapping
        Every number that the judgement used.
    headline, advice : str
        One sentence of what was found, one of what to do.
    url : str
        The page of the rule in the documentation.

    Examples
    --------
    >>> from sklearn_lossacc import diagnose
    >>> d = diagnose([0, 1, 1], [[1.0, 0.0], [0.5, 0.5], [1.0, 0.0]])
    >>> finding = d.findings[0]
    >>> finding.code, finding.name, finding.status, finding.value
    ('LA001', 'infinite-loss', 'fired', 1.0)
    """

    code: str
    name: str
    status: Status
    severity: Severity
    value: float | None = None
    interval: tuple[float, float] | None = None
    threshold: float | None = None
    p_value: float | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    headline: str = ""
    advice: str = ""
    url: str = ""
