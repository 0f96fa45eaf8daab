"""The documentation covers what the package has: a page for every rule, true numbers, no dead names."""

import doctest
import inspect
import re
from pathlib import Path

import pytest

import sklearn_lossacc
from sklearn_lossacc import get_scorer_names, metrics
from sklearn_lossacc.findings import frequencies, materiality
from sklearn_lossacc.findings.comparison import COMPARISON_RULES
from sklearn_lossacc.findings.history import HISTORY_RULES
from sklearn_lossacc.findings.history import materiality as of_histories
from sklearn_lossacc.findings.rules import RULES
from sklearn_lossacc.findings.verdict import DOC_URL

ROOT = Path(__file__).parents[1]
DOC = ROOT / "doc"
ALL_RULES = (*RULES, *HISTORY_RULES, *COMPARISON_RULES)


def page(code):
    return (DOC / "findings" / f"{code}.rst").read_text(encoding="utf-8")


@pytest.mark.parametrize("rule", ALL_RULES, ids=lambda rule: rule.code)
def test_every_rule_has_its_page(rule):
    text = page(rule.code)
    title = f"{rule.code} {rule.name}"
    assert text.startswith(f"{title}\n{'=' * len(title)}\n")
    assert f"*{rule.severity.capitalize()}" in text
    assert re.search(rf"^   {rule.code}$", (DOC / "findings" / "index.rst").read_text(encoding="utf-8"), re.MULTILINE)
    for heading in ("What it means", "How it is decided", "What to do", "What it cannot tell"):
        assert f"\n{heading}\n" in text
    assert "``value``" in text


def test_every_page_has_its_rule():
    pages = {path.stem for path in (DOC / "findings").glob("LA*.rst")}
    assert pages == {rule.code for rule in ALL_RULES}


@pytest.mark.parametrize("rule", ALL_RULES, ids=lambda rule: rule.code)
def test_the_address_of_a_finding_is_its_page(rule):
    place = DOC_URL.format(code=rule.code).split("/", maxsplit=3)[3]
    assert (DOC / place).with_suffix(".rst").is_file()


@pytest.mark.parametrize(
    ("code", "value", "written"),
    [
        ("LA101", materiality.LOG_TEMPERATURE, "0.1"),
        ("LA101", round(materiality.TEMPERATURE_HIGH, 3), "1.105"),
        ("LA102", round(materiality.TEMPERATURE_LOW, 3), "0.905"),
        ("LA103", materiality.NATS, "0.005 nats"),
        ("LA103", frequencies.CHANGED, "0.5"),
        ("LA103", frequencies.EQUAL, "0.9"),
        ("LA104", materiality.NATS, "0.005 nats"),
        ("LA201", materiality.OUTLIER_EXCESS, "0.01 nats"),
        ("LA202", materiality.NOISE_RATE, ".005"),
        ("LA203", materiality.NATS, "0.005 nats"),
        ("LA302", materiality.D2_MARGIN, ".01"),
        ("LA303", materiality.ACCURACY_MARGIN, ".005"),
        ("LA304", materiality.IMBALANCE_GAP, ".1"),
        ("LA401", materiality.THRESHOLD_GAIN, ".01"),
        ("LA501", of_histories.LOSS_CHANGE, ".02"),
        ("LA501", of_histories.FEW_WRONG_ROWS, "8"),
        ("LA503", of_histories.CHANCE_GAIN, ".01"),
        ("LA504", of_histories.SPIKE, ".2"),
        ("LA504", of_histories.SPIKE_NATS, ".1 nats"),
        ("LA505", of_histories.LOSS_FALL, ".05"),
        ("LA506", of_histories.LOSS_FALL, ".05"),
        ("LA507", of_histories.SAME_ACCURACY, ".005"),
        ("LA507", of_histories.LOSS_CHANGE, ".02"),
        ("LA508", of_histories.LOSS_CHANGE, ".02"),
        ("LA510", of_histories.SHOWN_ACCURACY, ".002"),
        ("LA511", of_histories.PRIOR_MARGIN, ".02"),
        ("LA512", of_histories.GAP_NATS, ".1 nats"),
        ("LA512", of_histories.GAP_SHARE, ".5"),
        ("LA512", of_histories.GAP_ACCURACY, ".05"),
        ("LA513", of_histories.EXCESS_NATS, ".005 nats"),
        ("LA515", of_histories.SAME_ACCURACY, ".005"),
        ("LA515", of_histories.SAME_LOSS, ".02 nats"),
    ],
)
def test_pages_name_the_thresholds_in_force(code, value, written):
    assert float(written.removesuffix(" nats")) == value
    assert re.search(rf"(?<![\d.])0?{re.escape(written)}(?!\d)", page(code))


def test_examples_of_the_guide_hold():
    pages = [path for path in (DOC / "user_guide").glob("*.rst") if ">>> " in path.read_text(encoding="utf-8")]
    assert pages
    for path in pages:
        assert doctest.testfile(str(path), module_relative=False).failed == 0, path.name


def test_metrics_and_scorers_are_listed_in_the_guide():
    text = (DOC / "user_guide" / "metrics_and_scorers.rst").read_text(encoding="utf-8")
    functions = {name for name in metrics.__all__ if inspect.isfunction(getattr(metrics, name))}
    for name in functions - {"get_scorer", "get_scorer_names", "lossacc_scoring"} | set(get_scorer_names()):
        assert re.search(rf"^   \* - .*``{name}``", text, re.MULTILINE), name


def test_names_in_links_exist():
    for path in DOC.rglob("*.rst"):
        if {"_build", "auto_examples", "generated", "backreferences"} & set(path.parts):
            continue
        for name in re.findall(r"~?sklearn_lossacc\.(\w+)`", path.read_text(encoding="utf-8")):
            assert hasattr(sklearn_lossacc, name), f"{path.name}: {name}"
