"""Words that all views of a comparison share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sklearn_lossacc.findings.comparison.words import NAME_WIDTH, short
from sklearn_lossacc.findings.finding import Estimate, Finding
from sklearn_lossacc.findings.format import count, interval, nats, number, one_line, p_value, percent, ratio
from sklearn_lossacc.findings.wording import Quantity, advice_of_issues, counted, finding_title, ordered_issues

if TYPE_CHECKING:
    from sklearn_lossacc.findings.comparison.diagnosis import ComparisonDiagnosis

Pair = tuple[str, str]
ROUNDING = 1e-12


def _signed_nats(value: float | None) -> str:
    return nats(value, signed=True)


def _signed_percent(value: float | None) -> str:
    return percent(value, signed=True)


def _signed_number(value: float | None) -> str:
    return number(value, signed=True)


DIFFERENCES: dict[str, Quantity] = {
    "log_loss": Quantity("log loss", _signed_nats, "nats"),
    "calibration_loss": Quantity("calibration", _signed_nats, "nats"),
    "refinement_loss": Quantity("refinement", _signed_nats, "nats"),
    "accuracy": Quantity("accuracy", _signed_percent),
    "brier_score": Quantity("Brier score", _signed_number),
}
MEASURES: dict[str, Quantity] = {
    "LA601": Quantity("difference in loss", _signed_nats, "nats"),
    "LA602": Quantity("", count),
    "LA603": Quantity("difference in loss", _signed_nats, "nats"),
    "LA604": Quantity("difference after recalibration", _signed_nats, "nats"),
}


def pair_words(pair: Pair, width: int = NAME_WIDTH) -> str:
    """Write a pair as the difference that is shown: second minus first."""
    return f"{short(pair[1], width)} - {short(pair[0], width)}"


def description(diagnosis: ComparisonDiagnosis) -> str:
    """Write what was given."""
    facts = diagnosis.description
    written = [
        counted(facts["n_samples"], "row"),
        counted(facts["n_classes"], "class", "classes"),
        counted(len(facts["models"]), "model"),
    ]
    if facts["reference"] is not None:
        written.append(f"each with {short(facts['reference'])}")
    if facts["weighted"]:
        written.append("weighted")
    if facts["n_groups"] is not None:
        written.append(counted(facts["n_groups"], "group"))
    if facts["zero_rows"]:
        written.append(f"losses clipped at 36.04 nats in {counted(facts['zero_rows'], 'row')}")
    return ", ".join(written)


def estimate(record: dict[str, Any]) -> Estimate:
    """Return value and limits of a record."""
    return Estimate(record["value"], record["low"], record["high"])


def difference_texts(record: dict[str, Any]) -> tuple[str, str, str]:
    """Write value, interval and p-value of a difference; over several pairs the corrected p-value."""
    quantity, found = DIFFERENCES[record["measure"]], estimate(record)
    return quantity.text(found), quantity.limits(found), p_value(record["p_holm"])


def by_measure(diagnosis: ComparisonDiagnosis, pair: Pair | None = None) -> dict[str, dict[str, Any]]:
    """Return the differences of a pair by measure."""
    return {record["measure"]: record for record in diagnosis.records("differences", pair)}


def _better(diagnosis: ComparisonDiagnosis, pair: Pair, measure: str, sign: float) -> tuple[str, str, str]:
    """Return the model that is better by a measure, by how much, and the p-value in words."""
    record = by_measure(diagnosis, pair)[measure]
    better = pair[1] if sign * record["value"] > 0 else pair[0]
    size = DIFFERENCES[measure].text(Estimate(abs(record["value"]))).lstrip("+")
    return short(better), size, p_value(record["p_holm"])


def pair_verdict(diagnosis: ComparisonDiagnosis, pair: Pair) -> str:
    """Say in a sentence what loss and accuracy say of a pair."""
    (facts,) = diagnosis.records("pairs", pair)
    first, second = (short(name) for name in pair)
    if facts["verdict"] == "identical":
        return f"{first} and {second} are the same predictions."
    if facts["verdict"] == "not testable":
        return f"Too few independent rows to tell {first} and {second} apart."
    loss, accuracy = (
        _better(diagnosis, pair, "log_loss", -1.0),
        _better(diagnosis, pair, "accuracy", 1.0),
    )
    by_loss = f"{loss[0]} has the lower log loss, by {loss[1]} ({loss[2]})"
    by_accuracy = f"{accuracy[0]} has the higher accuracy, by {accuracy[1]} ({accuracy[2]})"
    if facts["verdict"] == "agree":
        by_both = f"log loss by {loss[1]} ({loss[2]}), accuracy by {accuracy[1]} ({accuracy[2]})"
        return f"{loss[0]} is better in both: {by_both}."
    if facts["verdict"] == "loss only":
        return f"{by_loss}; the difference in accuracy ({_noise(diagnosis, pair, 'accuracy')}) is within noise."
    if facts["verdict"] == "accuracy only":
        return f"{by_accuracy}; the difference in log loss ({_noise(diagnosis, pair, 'log_loss')}) is within noise."
    if facts["verdict"] == "disagree":
        return f"{by_loss}; {by_accuracy}."
    return (
        f"These rows cannot tell {first} and {second} apart: neither log loss "
        f"({_noise(diagnosis, pair, 'log_loss')}) nor accuracy ({_noise(diagnosis, pair, 'accuracy')})."
    )


def _noise(diagnosis: ComparisonDiagnosis, pair: Pair, measure: str) -> str:
    """Write a difference that is within noise, for the second model."""
    value, _, p = difference_texts(by_measure(diagnosis, pair)[measure])
    return f"{value} for {short(pair[1])}, {p}"


def verdict(diagnosis: ComparisonDiagnosis) -> str:
    """Say in a sentence or two what is going on."""
    issues = ordered_issues(diagnosis)
    if issues:
        also = ", ".join(finding_title(finding).lower() for finding in issues[1:])
        best = f"{best_models(diagnosis)} " if len(diagnosis.pairs) > 1 and issues[0].severity == "tip" else ""
        return one_line(best + issues[0].headline + (f" Also: {also}." if also else ""))
    lead = pair_verdict(diagnosis, diagnosis.pairs[diagnosis.pair_place()])
    if len(diagnosis.pairs) == 1:
        return one_line(lead)
    best = best_models(diagnosis)
    return one_line(f"Loss and accuracy do not disagree in any of {len(diagnosis.pairs)} pairs. {best}")


def best_models(diagnosis: ComparisonDiagnosis) -> str:
    """Name the models of lowest loss and highest accuracy, all that share them."""
    table = diagnosis.tables["models"]
    losses, accuracies = table["log_loss_clipped"], table["accuracy"]
    lowest = [model for model, loss in zip(table["model"], losses, strict=True) if _same(loss, min(losses))]
    highest = [model for model, one in zip(table["model"], accuracies, strict=True) if _same(one, max(accuracies))]
    loss, accuracy = nats(min(losses)), percent(max(accuracies))
    by_loss = f"{_listed(lowest)} {'has' if len(lowest) == 1 else 'have'} the lowest log loss ({loss} nats)"
    if len(highest) == len(accuracies):
        return f"{by_loss}; all have the same accuracy ({accuracy})."
    if lowest == highest:
        return f"{by_loss} and the highest accuracy ({accuracy})."
    return f"{by_loss}, {_listed(highest)} the highest accuracy ({accuracy})."


def _same(value: float, other: float) -> bool:
    """Whether two numbers differ by rounding alone."""
    return math.isclose(value, other, rel_tol=ROUNDING, abs_tol=ROUNDING)


def _listed(models: Sequence[str]) -> str:
    """Write names, the last after "and"."""
    *first, last = map(short, models)
    return f"{', '.join(first)} and {last}" if first else last


def what_to_do(diagnosis: ComparisonDiagnosis) -> tuple[str, ...]:
    """Return the advice of the fired findings, gravest first, each once; or which model to take."""
    advice = advice_of_issues(diagnosis)
    if advice:
        return advice
    if len(diagnosis.pairs) > 1:
        return ("Read the table of differences: only those with a small p-value are beyond noise.",)
    pair = diagnosis.pairs[0]
    (facts,) = diagnosis.records("pairs", pair)
    names = {"first": short(pair[0]), "second": short(pair[1])}
    if facts["verdict"] == "agree":
        return (f"Take {names[facts['better_loss']]}.",)
    if facts["verdict"] == "loss only":
        return (_loss_only(diagnosis, pair, names[facts["better_loss"]]),)
    if facts["verdict"] == "accuracy only":
        return (f"Where labels are used, take {names[facts['better_accuracy']]}; for probabilities either will do.",)
    return ("Collect more rows, or more groups, before choosing between them.",)


def _loss_only(diagnosis: ComparisonDiagnosis, pair: Pair, better: str) -> str:
    """Say which model to take where only the loss differs, and whether a temperature would do as well."""
    records = by_measure(diagnosis, pair)
    calibration, refinement = records["calibration_loss"], records["refinement_loss"]
    said = f"Where probabilities are used, take {better}"
    same_side = calibration["value"] * records["log_loss"]["value"] > 0
    if same_side and calibration["p_holm"] <= diagnosis.alpha < refinement["p_holm"]:
        said += (
            f", or recalibrate both: {nats(abs(calibration['value']))} nats of the difference are calibration, and "
            "what a temperature each would leave is within noise"
        )
    return f"{said}. For labels alone either will do."


def value_text(finding: Finding, *, limits: bool = True) -> str:
    """Write the value of a finding with its name and interval; empty where it has none."""
    if finding.value is None:
        return ""
    quantity = MEASURES[finding.code]
    shown = f" {interval(*finding.interval, quantity.write)}" if limits and finding.interval is not None else ""
    written = quantity.text(Estimate(finding.value))
    if finding.code == "LA602":
        return f"{written} of {count(finding.evidence['n_units'])} decide"
    return f"{quantity.label} {written}{shown}"


def finding_numbers(finding: Finding, *, limits: bool = True) -> tuple[str, ...]:
    """Write value and p-value, each only where there is one."""
    return tuple(text for text in (value_text(finding, limits=limits), p_value(finding.p_value)) if text)


def story_words(story: str, pair: Pair, width: int = NAME_WIDTH) -> str:
    """Write a story with the name of the model."""
    return {
        "only first right": f"only {short(pair[0], width)} right",
        "only second right": f"only {short(pair[1], width)} right",
    }.get(story, story)


def model_loss(table: Any, row: int) -> str:
    """Write the log loss of a model; an infinite one with the clipped loss."""
    clipped = nats(table["log_loss_clipped"][row])
    return f"inf (clipped {clipped})" if table["zero_rows"][row] else clipped


def temperature_words(value: float | str | None) -> str:
    """Write a temperature."""
    return ratio(float(value)) if value is not None else ratio(None)
