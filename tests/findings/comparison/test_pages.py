"""Every rule has its page, which says what kind of rule it is and names the thresholds in force."""

import re
from pathlib import Path

import pytest

from sklearn_lossacc.findings.comparison import COMPARISON_RULES, materiality
from sklearn_lossacc.findings.materiality import ACCURACY_MARGIN, NATS
from sklearn_lossacc.inference.comparison import SUSPECT_BELOW
from sklearn_lossacc.inference.intervals import MIN_GROUPS

PAGES = Path(__file__).parents[3] / "doc" / "findings"
STATISTICAL = {"LA601", "LA604"}

pytestmark = pytest.mark.skipif(not PAGES.is_dir(), reason="the documentation is not installed")


@pytest.mark.parametrize("rule", COMPARISON_RULES, ids=lambda rule: rule.code)
def test_a_page_and_a_test_file_of_its_own(rule):
    text = (PAGES / f"{rule.code}.rst").read_text(encoding="utf-8")
    kind = "Statistical." if rule.code in STATISTICAL else "A condition, without a p-value."
    assert f"*{rule.severity.capitalize()}. {kind}*" in text
    assert (Path(__file__).parent / f"test_{rule.code}_{rule.name.replace('-', '_')}.py").is_file()


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("LA601", NATS),
        ("LA601", materiality.LOSS_SHARE),
        ("LA601", ACCURACY_MARGIN),
        ("LA601", MIN_GROUPS),
        ("LA602", materiality.FEW_SHARE),
        ("LA602", materiality.LEAST_UNITS),
        ("LA602", NATS),
        ("LA602", materiality.LOSS_SHARE),
        ("LA603", MIN_GROUPS),
        ("LA604", NATS),
        ("LA604", materiality.LOSS_SHARE),
        ("LA604", materiality.LEAST_FOLD_UNITS),
    ],
)
def test_pages_name_the_thresholds_in_force(code, value):
    text = (PAGES / f"{code}.rst").read_text(encoding="utf-8")
    assert re.search(rf"(?<![\d.]){re.escape(f'{value:g}')}(?!\d)", text)


def test_a_quarter_is_what_the_page_says():
    assert materiality.FEWER_THAN_NORMAL == 4
    assert "a quarter of the number" in (PAGES / "LA602.rst").read_text(encoding="utf-8")


@pytest.mark.parametrize("status", ["fired", "passed"])
def test_statistical_findings_are_those_with_a_p_value(compared, status):
    seen = set()
    for kind in ("equal", "disagree", "outliers"):
        for finding in compared(kind).findings:
            if finding.status == status:
                seen.add(finding.code)
                assert (finding.p_value is not None) == (finding.code in STATISTICAL)
    assert len(seen) >= 3


def test_doubted_labels_have_less_than_one_in_twenty():
    assert SUSPECT_BELOW == 0.05
