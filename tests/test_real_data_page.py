"""The page on real data: every set of its tables has a reading, and the diagnoses are those of today's rules."""

import csv
import importlib.util
import os
import re
from pathlib import Path

import pytest

from sklearn_lossacc import diagnose
from sklearn_lossacc.findings.rules import RULES

ROOT = Path(__file__).parents[1]
STATIC = ROOT / "doc" / "_static"
PAGE = (ROOT / "doc" / "user_guide" / "real_data.rst").read_text(encoding="utf-8")


def table(name):
    with (STATIC / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def codes(cell):
    return set(re.findall(r"LA\d{3}", cell))


SOURCES = ("vision", "noisy", "forecasts", "risks")
DIAGNOSES, REPAIRS, TOP_LABELS = (table(f"real_data{part}.csv") for part in ("", "_repair", "_top_label"))


def test_each_table_is_on_the_page():
    assert re.findall(r":file: \.\./_static/(\S+)", PAGE) == [
        "real_data_top_label.csv",
        "real_data.csv",
        "real_data_repair.csv",
    ]
    assert [row["Set"] for row in DIAGNOSES] == [row["Set"] for row in REPAIRS]


@pytest.mark.parametrize("row", DIAGNOSES + TOP_LABELS, ids=lambda row: row["Set"])
def test_each_set_has_a_reading_and_known_findings(row):
    family, _, rest = row["Set"].partition(",")
    words = [family.split(":")[0], *re.findall(r"[\w-]+", re.sub(r"label \d+|ImageNet", "", rest))]
    headings = re.findall(r"^(\S.*)\n   \S", PAGE, re.MULTILINE)
    assert any(all(word in heading for word in words) for heading in headings), words
    assert codes(row["Findings, nats"]) <= {rule.code for rule in RULES}
    assert codes(row["Findings, nats"]) or row["Findings, nats"] == "none"


@pytest.fixture(scope="module")
def sets():
    folder = os.environ.get("SKLEARN_LOSSACC_DATA")
    if not folder:
        pytest.skip("SKLEARN_LOSSACC_DATA is not set")
    spec = importlib.util.spec_from_file_location("real_data", ROOT / "benchmarks" / "real_data.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return [one for source in SOURCES for one in getattr(module, source)(Path(folder))]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_tables_say_what_the_rules_say(sets):
    stated = {row["Set"]: codes(row["Findings, nats"]) for row in DIAGNOSES}
    found = {one.name: {finding.code for finding in diagnose(one.y, one.scores, **one.keywords).issues} for one in sets}
    assert found == stated
