"""Findings that a fault of the export explains: what they say of the model is put under that reserve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sklearn_lossacc.findings.exchanged import SEEMS
from sklearn_lossacc.findings.finding import Finding
from sklearn_lossacc.findings.materiality import D2_MARGIN
from sklearn_lossacc.findings.wording import MAY_BE_TIMID

OF_THE_ORDER = ("LA101", "LA102", "LA103", "LA104", "LA201", "LA202", "LA203", "LA302", "LA303", "LA401")
OF_THE_SOFTMAX = ("LA102", "LA104")
LEFT_BY_A_TEMPERATURE = ("LA103", "LA202")  # no temperature undoes a softmax of many classes
ORDER_FIRST = "Settle the order of the columns first ({})."
OFFSETS = {  # which finding repairs the offsets that a threshold makes up for
    "LA103": "class bias",
    "LA101": "offset of the classes that goes with the temperature",
    "LA102": "offset of the classes that goes with the temperature",
}
OFFSETS_FIRST = "Repair the {}, then predict the likeliest class again."
SOFTMAX_FIRST = "Undo the second softmax first (LA002), and diagnose again."
OF_THE_SIGMOID = ("LA102", "LA103", "LA104", "LA202", "LA203", "LA302", "LA303", "LA304", "LA401")
SIGMOID_FIRST = "Undo the second sigmoid first (LA002), and diagnose again."


def _nats(findings: Sequence[Finding]) -> float:
    return sum(finding.evidence.get("nats", 0.0) for finding in findings)


def _beats_prior(no_better: Finding, twice: Finding | None) -> bool:
    """Whether the loss is below that of the class frequencies once the second softmax is undone."""
    undone = no_better.evidence["log_loss"] - (0.0 if twice is None else twice.value or 0.0)
    return bool(undone <= (1.0 - D2_MARGIN) * no_better.evidence["prior_log_loss"])


def _under_reserve(finding: Finding, code: str, why: str, advice: str) -> Finding:
    evidence = {**finding.evidence, "repaired_by": [code]}
    return replace(finding, headline=finding.headline + why, advice=advice, evidence=evidence)


def _of_the_sigmoid(finding: Finding, twice: Finding | None) -> bool:
    """Whether a second sigmoid explains a finding: all but labels that look wrong after it is undone, too."""
    if twice is None or twice.evidence.get("function") != "sigmoid" or twice.evidence.get(MAY_BE_TIMID):
        return False
    return finding.code in OF_THE_SIGMOID and (finding.code != "LA202" or twice.evidence["noise_rate"] == 0.0)


def _threshold(finding: Finding, fired: set[str]) -> Finding:
    """Say which of the findings that would repair the offsets explains it: the first that fired, if any."""
    by = next((code for code in finding.evidence.get("repaired_by", ()) if code in fired), None)
    if by is None:
        return replace(finding, evidence={**finding.evidence, "explained_by_class_bias": False, "repaired_by": []})
    why, advice = f" The {OFFSETS[by]} ({by}) explains it: repair that instead.", OFFSETS_FIRST.format(OFFSETS[by])
    found = _under_reserve(finding, by, why, advice)
    return replace(found, evidence={**found.evidence, "explained_by_class_bias": True})


def explained(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Put the findings that another fired one explains under its reserve.

    Columns in another order make every statement about classes one about the wrong classes. A second softmax explains
    underconfidence and shape where undoing it saves as much as repairing these would, and label noise too if that saves
    as much again and the undone probabilities need none; a class bias then has to be asked of those. So it does a loss
    no better than that of the prior, if it is without. A threshold that makes up for class offsets goes with their
    repair, if a finding that fired asks for it.

    A second sigmoid makes the same class the likelier one in every row, and explains what is said of classes as well.

    Parameters
    ----------
    findings : sequence of Finding
        Those of all rules.

    Returns
    -------
    tuple of Finding
        The same, with a sentence more, other advice, and ``evidence["repaired_by"]`` where that holds.

    Examples
    --------
    >>> from sklearn_lossacc.findings.explained import explained
    >>> from sklearn_lossacc.findings.finding import Finding
    >>> twice = Finding("LA002", "double-softmax", "fired", "error", value=0.8)
    >>> timid = Finding("LA102", "underconfident", "fired", "warning", evidence={"nats": 0.7}, headline="Timid.")
    >>> explained([twice, timid])[1].headline
    'Timid. The second softmax (LA002) explains it.'
    """
    fired = [finding for finding in findings if finding.status == "fired"]
    codes = {finding.code for finding in fired}
    order = max((finding.code for finding in fired if finding.evidence.get("column_order")), default=None)
    twice = next((finding for finding in fired if finding.code == "LA002"), None)
    timid = [finding for finding in fired if finding.code in OF_THE_SOFTMAX]
    softmax = twice is not None and not twice.evidence.get(MAY_BE_TIMID) and (twice.value or 0.0) >= _nats(timid)

    left = [finding for finding in fired if finding.code in LEFT_BY_A_TEMPERATURE]
    all_of_it = softmax and twice is not None and (twice.value or 0.0) >= _nats(timid) + _nats(left)
    clean = twice is not None and twice.evidence.get("noise_rate", 0.0) == 0.0

    def put(finding: Finding) -> Finding:
        if finding.status != "fired":
            return finding
        if order is not None and finding.code in OF_THE_ORDER and not finding.evidence.get("column_order"):
            return _under_reserve(finding, order, f"{SEEMS.removesuffix('.')} ({order}).", ORDER_FIRST.format(order))
        if _of_the_sigmoid(finding, twice):
            return _under_reserve(finding, "LA002", " The second sigmoid (LA002) explains it.", SIGMOID_FIRST)
        if finding.code == "LA401":
            return _threshold(finding, codes)
        if softmax and finding.code in OF_THE_SOFTMAX:
            return _under_reserve(finding, "LA002", " The second softmax (LA002) explains it.", SOFTMAX_FIRST)
        if all_of_it and finding.code == "LA202" and clean:
            return _under_reserve(finding, "LA002", " The second softmax (LA002) explains it.", SOFTMAX_FIRST)
        if softmax and finding.code == "LA302" and _beats_prior(finding, twice):
            return _under_reserve(finding, "LA002", " The second softmax (LA002) explains it.", SOFTMAX_FIRST)
        if all_of_it and finding.code == "LA103":
            return _under_reserve(finding, "LA002", " The second softmax (LA002) may explain it.", SOFTMAX_FIRST)
        return finding

    return tuple(map(put, findings))
