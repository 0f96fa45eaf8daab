"""Words that every view shares: labels of metrics and parts, the order of findings, and the verdict.

A view may choose what it shows and how; what a thing is called is decided here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sklearn_lossacc.findings.finding import Estimate, Finding
from sklearn_lossacc.findings.format import count, interval, nats, number, one_line, p_value, percent, ratio
from sklearn_lossacc.findings.materiality import DOMINATES

if TYPE_CHECKING:
    from sklearn_lossacc.findings.decomposition import Part
    from sklearn_lossacc.findings.diagnosis import Diagnosis

SEVERITIES = ("error", "warning", "tip")
ONE_CALIBRATOR = ("LA101", "LA102", "LA103", "LA104", "LA202", "LA203")
REDO = "LA002"  # other probabilities are exported: a calibrator of these would be of no use
MAY_BE_TIMID = "cannot_tell_from_underconfidence"  # unless it is a cautious model, which a calibrator repairs
UNSEEN_FIRST = (  # what looks like training rows
    "Make sure that no row was used in training, nor a copy or another view of one (frames, patches, augmentations, "
    "repeated measurements): split by where rows come from."
)
CHOOSE_A_REPAIR = "Let AutoCalibrator choose a repair."  # said once, where one calibrator repairs several findings
UNSEEN = "LA202"
ONLY_CALIBRATE = ("LA101", "LA102", "LA104")  # whose advice says nothing but which calibrator
MORE_THAN_AUTO = "Compare "  # begins advice to try calibrators that AutoCalibrator may not


class Judged(Protocol):
    """What every diagnosis has, of predictions, of a history, or of a comparison."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every rule's finding."""

    @property
    def issues(self) -> tuple[Finding, ...]:
        """Those that fired."""


@dataclass(frozen=True)
class Quantity:
    """How one number is called and written.

    Attributes
    ----------
    label : str
        What readers see.
    write : callable
        Number to text, with its unit where that is part of the text.
    unit : str
        Unit after the text, empty where the text carries it or there is none.
    """

    label: str
    write: Callable[[float | None], str] = number
    unit: str = ""

    def text(self, estimate: Estimate | None) -> str:
        """Write the value with its unit."""
        if estimate is None:
            return self.write(None)
        written = self.write(estimate.value)
        if self.write is count and estimate.value == 1:
            return f"{written} {self.unit.removesuffix('s')}".strip()
        return f"{written} {self.unit}" if self.unit and written != "n/a" else written

    def limits(self, estimate: Estimate | None) -> str:
        """Write the interval, empty where there is none."""
        return "" if estimate is None else interval(estimate.low, estimate.high, self.write)


METRICS: dict[str, Quantity] = {
    "n_samples": Quantity("rows", count),
    "n_classes": Quantity("classes", count),
    "effective_n": Quantity("effective rows", count),
    "accuracy": Quantity("accuracy", percent),
    "balanced_accuracy": Quantity("balanced accuracy", percent),
    "majority_accuracy": Quantity("accuracy of the majority class", percent),
    "log_loss": Quantity("log loss", nats, "nats"),
    "log_loss_clipped": Quantity("log loss, clipped at 2.2e-16", nats, "nats"),
    "expected_log_loss": Quantity("log loss that the model expects", nats, "nats"),
    "chance_log_loss": Quantity("log loss of chance", nats, "nats"),
    "prior_log_loss": Quantity("log loss of the class frequencies", nats, "nats"),
    "calibration_loss": Quantity("calibration loss", nats, "nats"),
    "refinement_loss": Quantity("refinement loss", nats, "nats"),
    "resolution": Quantity("resolution", nats, "nats"),
    "d2_log_loss": Quantity("D2 of the log loss", percent),
    "d2_brier": Quantity("D2 of the Brier score", percent),
    "brier_score": Quantity("Brier score"),
    "mean_confidence": Quantity("mean confidence", percent),
    "confidence_gap": Quantity("mean confidence - accuracy", lambda value: percent(value, signed=True)),
    "temperature": Quantity("temperature T", ratio),
    "noise_rate": Quantity("label noise rate", percent),
    "ece": Quantity("ECE, 15 bins"),
    "ece_null_mean": Quantity("ECE of a calibrated model, mean"),
    "ece_null_q95": Quantity("ECE of a calibrated model, 95 % quantile"),
    "smooth_ece": Quantity("smooth ECE"),
    "debiased_rmsce": Quantity("debiased root mean square calibration error"),
    "roc_auc": Quantity("ROC AUC"),
}

PARTS: dict[str, str] = {
    "chance": "chance",
    "prior": "class frequencies",
    "resolution": "what the model knows",
    "floor": "label noise",
    "class_bias": "class bias",
    "temperature": "over/underconfidence",
    "outliers": "outlier rows",
    "shape": "miscalibrated shape",
}

# What a finding's value measures; a rule that is not listed shows its value without a name.
MEASURES: dict[str, Quantity] = {
    "LA001": Quantity("", count, "rows"),
    "LA002": Quantity("gain by undoing it", nats, "nats"),
    "LA003": Quantity("", count, "effective rows"),
    "LA004": Quantity("ratio", ratio),
    "LA005": Quantity("T", ratio),
    "LA101": Quantity("T", ratio),
    "LA102": Quantity("T", ratio),
    "LA103": Quantity("cost", nats, "nats"),
    "LA104": Quantity("cost", nats, "nats"),
    "LA201": Quantity("excess", nats, "nats"),
    "LA202": Quantity("rate", percent),
    "LA203": Quantity("gain", nats, "nats"),
    "LA301": Quantity("log loss - chance", lambda value: nats(value, signed=True), "nats"),
    "LA302": Quantity("D2", percent),
    "LA303": Quantity("gain", lambda value: percent(value, signed=True)),
    "LA304": Quantity("gap", lambda value: percent(value, signed=True)),
    "LA401": Quantity("gain in accuracy", lambda value: percent(value, signed=True)),
}


def metric_quantity(name: str) -> Quantity:
    """Return how the metric `name` is called and written."""
    return METRICS.get(name, Quantity(name.replace("_", " ")))


def metric_text(diagnosis: Diagnosis, name: str) -> str:
    """Write the value of one metric with its unit."""
    return metric_quantity(name).text(diagnosis.metrics.get(name))


def metric_limits(diagnosis: Diagnosis, name: str) -> str:
    """Write the interval of one metric, empty where there is none."""
    return metric_quantity(name).limits(diagnosis.metrics.get(name))


def temperature_identified(diagnosis: Diagnosis) -> bool:
    """Whether these rows tell a temperature: not where every one of them is right, or the order is worthless."""
    temperature = diagnosis.metrics.get("temperature")
    return temperature is None or not temperature.method.startswith("not identified")


def part_label(diagnosis: Diagnosis, part: Part) -> str:
    """Return what a part of the waterfall is called; temperature by its direction, floor and shape by what asks."""
    if part.name == "floor" and part.selected and diagnosis.decomposition.clipped:
        noise = next((finding for finding in diagnosis.findings if finding.code == "LA202"), None)
        if noise is not None and noise.status == "passed":
            return "true classes at 0"
    if part.name == "shape" and part.selected and all(finding.code != "LA104" for finding in diagnosis.issues):
        return "uneven classes"
    if part.name == "temperature" and part.selected:
        over = next((finding for finding in diagnosis.findings if finding.code == "LA101"), None)
        known = over if over is not None and over.value is not None else diagnosis.metrics.get("temperature")
        if known is not None and known.value is not None:
            return "overconfidence" if known.value > 1 else "underconfidence"
    return PARTS.get(part.name, part.name.replace("_", " "))


def finding_title(finding: Finding) -> str:
    """Return the name of a finding as words, such as ``Class bias``."""
    words = finding.name.replace("-", " ")
    return words[:1].upper() + words[1:]


def finding_value(finding: Finding) -> str:
    """Write the value of a finding with its name, such as ``T = 2.880``; empty where it has none."""
    if finding.value is None:
        return ""
    quantity = MEASURES.get(finding.code, Quantity(""))
    written = quantity.text(Estimate(finding.value))
    return f"{quantity.label} = {written}" if quantity.label else written


def finding_limits(finding: Finding) -> str:
    """Write the interval of a finding's value; empty where it has none."""
    if finding.interval is None:
        return ""
    return interval(*finding.interval, MEASURES.get(finding.code, Quantity("")).write)


def finding_numbers(finding: Finding) -> tuple[str, ...]:
    """Write value with interval, and p-value, each only where there is one."""
    limits = finding_limits(finding)
    limits = f"({limits})" if limits and not limits.startswith("[") else limits  # one limit only
    value = f"{finding_value(finding)} {limits}".strip()
    return tuple(text for text in (value, p_value(finding.p_value)) if text)


def ordered_issues(diagnosis: Judged) -> tuple[Finding, ...]:
    """Return the fired findings: errors first; within one severity, flaws of the data, then the dearest cause.

    Consequences of other fired findings (``evidence["repaired_by"]``) come after the causes of their severity. Before
    all of them come rows that look like copies and were not declared as groups: all intervals and p-values rest on
    whether they are.
    """
    fired = {finding.code for finding in diagnosis.issues}

    def place(finding: Finding) -> tuple[int, bool, bool, float]:
        if finding.code == "LA004" and "n_groups" not in finding.evidence:
            return 0, False, False, -math.inf
        about_the_data = finding.code.startswith("LA0")
        cost = 0.0 if about_the_data else finding.evidence.get("nats", 0.0)
        cost = min(cost, finding.evidence.get("nats_beside", cost))
        consequence = bool(fired & set(finding.evidence.get("repaired_by", ())))
        return SEVERITIES.index(finding.severity), not about_the_data, consequence, -cost

    return tuple(sorted(diagnosis.issues, key=place))


def advice_of_issues(diagnosis: Judged) -> tuple[str, ...]:
    """Return the advice of the fired findings in the order of `ordered_issues`, each once.

    Where several ask for a calibrator of their own, what is said of them is that one will do, and beside it only what
    else they ask for. Consequences of other fired findings (``evidence["repaired_by"]``) are left out, and what is
    asked of probabilities that have to be exported anew, or of columns that are in another order.
    """
    advised = [finding for finding in ordered_issues(diagnosis) if finding.advice]
    codes = {finding.code for finding in advised}
    # What goes away with the repair of another finding asks for nothing of its own.
    advised = [finding for finding in advised if not codes & set(finding.evidence.get("repaired_by", ()))]
    if any(finding.code == REDO and not finding.evidence.get(MAY_BE_TIMID) for finding in advised):
        advised = [finding for finding in advised if finding.code not in ONLY_CALIBRATE]
    exchanged = [finding for finding in advised if finding.evidence.get("column_order")]
    if exchanged:
        # Whatever else fires is said of the wrong classes.
        advised = [finding for finding in advised if finding in exchanged or finding.code.startswith("LA0")]
    together = [finding for finding in advised if finding.code in ONE_CALIBRATOR]
    if len({finding.advice for finding in together}) < 2:
        return tuple(dict.fromkeys(one_line(finding.advice) for finding in advised))
    *others, last = sorted(finding.code for finding in together)
    one = f"One calibrator repairs {', '.join(others)} and {last}: let AutoCalibrator choose it on held-out rows."
    advice: dict[str, None] = {}
    for finding in advised:
        if finding.code in ONE_CALIBRATOR:
            advice[one] = None
        if finding.code not in ONLY_CALIBRATE or finding.advice.startswith(MORE_THAN_AUTO):
            advice[one_line(finding.advice).removesuffix(CHOOSE_A_REPAIR).rstrip()] = None
    return tuple(advice)


def with_status(diagnosis: Judged, status: str) -> tuple[Finding, ...]:
    """Return the findings of one status in the order of the rules."""
    return tuple(finding for finding in diagnosis.findings if finding.status == status)


def not_excluded(diagnosis: Diagnosis) -> tuple[Finding, ...]:
    """Return the passed findings whose effect could still be material: their headline says "not shown"."""
    return tuple(finding for finding in with_status(diagnosis, "passed") if "not shown" in finding.headline)


def too_small(diagnosis: Diagnosis) -> tuple[Finding, ...]:
    """Return the passed findings whose effect is shown but may be too small to count."""
    return tuple(finding for finding in with_status(diagnosis, "passed") if finding.evidence.get("too_small"))


def nearly_shown(diagnosis: Diagnosis) -> str:
    """Say what would have fired at twice the level; empty where nothing would."""
    near = [
        (finding.evidence["p_holm"], finding)
        for finding in not_excluded(diagnosis)
        if diagnosis.alpha < finding.evidence.get("p_holm", 1.0) <= 2.0 * diagnosis.alpha
    ]
    if not near:
        return ""
    p, finding = min(near, key=lambda pair: pair[0])
    return f"{one_line(finding.headline).removesuffix('.')} ({p_value(p)}, all questions counted)."


def counted(number_of: int, word: str, words: str | None = None) -> str:
    """Write a count with its word, such as ``2 errors``.

    Examples
    --------
    >>> counted(1, "error"), counted(2, "error"), counted(3, "class", "classes")
    ('1 error', '2 errors', '3 classes')
    """
    plural = f"{word}s" if words is None else words
    return f"{count(number_of)} {word if number_of == 1 else plural}"


def waterfall_text(diagnosis: Diagnosis) -> str:
    """Write the waterfall as one sum in nats; parts that were not selected are exactly 0 and left out."""
    steps = [
        f"{part_label(diagnosis, part)} {nats(part.value, signed=part.name != 'chance')}"
        for part in diagnosis.decomposition.parts
        if part.selected
    ]
    clipped = " (clipped)" if diagnosis.decomposition.clipped else ""
    return f"{', '.join(steps)} = log loss {nats(diagnosis.decomposition.total)}{clipped}"


def tally(diagnosis: Judged) -> str:
    """Write how many findings there are of each kind, such as ``1 error, 2 tips; 12 passed``."""
    severities = [finding.severity for finding in diagnosis.issues]
    fired = ", ".join(
        counted(severities.count(severity), severity) for severity in SEVERITIES if severity in severities
    )
    others = [
        f"{len(with_status(diagnosis, status))} {status.replace('_', ' ')}"
        for status in ("passed", "not_applicable", "ignored")
        if with_status(diagnosis, status)
    ]
    return "; ".join([fired or "none fired", *([", ".join(others)] if others else [])])


def description_text(diagnosis: Diagnosis) -> str:
    """Write what was given: rows, classes, type of input, groups, and what was declared about it."""
    facts = diagnosis.description
    written = [
        counted(facts.get("n_samples", 0), "row"),
        counted(facts.get("n_classes", 0), "class", "classes"),
        f"{facts.get('dtype', '')} {'logits' if facts.get('input') == 'logits' else 'probabilities'}".strip(),
    ]
    if facts.get("weighted"):
        written.append("weighted")
    if facts.get("n_groups") is not None:
        written.append(counted(facts["n_groups"], "group"))
    if "folds" in diagnosis.tables:
        written.append(counted(len(diagnosis.tables["folds"]["fold"]), "fold"))
    if facts.get("out_of_sample") is False:
        written.append("training predictions")
    if facts.get("sample_complete") is False:
        written.append(f"fits on a sample of {count(facts.get('sample_rows'))}")
    if (facts.get("largest_loss_share") or 0.0) > DOMINATES:
        written.append(f"one row carries {percent(facts['largest_loss_share'])} of the loss")
    unequal = facts.get("weighted") or facts.get("n_groups") is not None
    if unequal and (facts.get("largest_weight_share") or 0.0) > DOMINATES:
        unit = "row" if facts.get("n_groups") is None else "group"
        written.append(f"one {unit} carries {percent(facts['largest_weight_share'])} of the weight")
    return ", ".join(written)


def verdict(diagnosis: Diagnosis) -> str:
    """Say in one sentence, or two, what is going on.

    The headline of the gravest finding comes first; the names of the others follow. Where nothing fired, what
    could not be excluded is named, since a test that did not reject is no proof of health. What was nearly shown is
    said where nothing graver than a tip is.
    """
    issues = ordered_issues(diagnosis)
    near = nearly_shown(diagnosis) if all(issue.severity == "tip" for issue in issues) else ""
    if issues:
        also = ", ".join(finding_title(finding).lower() for finding in issues[1:])
        said = [one_line(issues[0].headline), near, f"Also: {also}." if also else ""]
    else:
        loss, accuracy = metric_text(diagnosis, "log_loss"), metric_text(diagnosis, "accuracy")
        unsure = ", ".join(finding_title(finding).lower() for finding in not_excluded(diagnosis))
        small = ", ".join(finding_title(finding).lower() for finding in too_small(diagnosis))
        nothing = "nothing that counts" if small else "nothing"
        said = [
            f"Loss and accuracy agree: {nothing} speaks against a log loss of {loss} at an accuracy of {accuracy}."
            if not near
            else f"Loss and accuracy agree as far as a log loss of {loss} at an accuracy of {accuracy} shows.",
            near,
            f"Shown, but not that it counts: {small}." if small else "",
            f"Not shown, but not excluded either: {unsure}." if unsure else "",
        ]
    return " ".join(part for part in said if part)


def what_to_do(diagnosis: Diagnosis) -> tuple[str, ...]:
    """Return the advice of the fired findings, gravest first, each once."""
    advice = advice_of_issues(diagnosis)
    if advice:
        return advice
    unsure = not_excluded(diagnosis)
    review = [finding for finding in unsure if finding.code == UNSEEN]
    # Noise that a model has learnt cannot be seen, however many rows there are.
    settle = ["more rows would settle what is not excluded"] if len(unsure) > len(review) else []
    settle += ["that labels are right only a review of some can show"] if review else []
    if settle:
        return (f"Nothing needs repair by these rows; {'; '.join(settle)}.",)
    return ("Nothing needs repair.",)
