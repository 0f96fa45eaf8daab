import re
from itertools import pairwise

import pytest

from sklearn_lossacc.render import markdown as written
from sklearn_lossacc.render import predictions_document
from sklearn_lossacc.render.markdown import JOINER, escaped


def markdown(diagnosis):
    return written(predictions_document(diagnosis))


def tables(text):
    """Return the tables as lists of lines."""
    return [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]


def cells(line):
    return re.split(r"(?<!\\)\|", line)


def test_tables_are_complete(diagnosis):
    found = tables(markdown(diagnosis))
    assert len(found) >= 5
    for lines in found:
        assert len({len(cells(line)) for line in lines}) == 1
        assert re.fullmatch(r"\|( :?-+:? \|)+", lines[1])


def test_headings_go_down_one_level_at_a_time(diagnosis):
    levels = [len(mark) for mark in re.findall(r"^(#+) ", markdown(diagnosis), flags=re.MULTILINE)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_the_verdict_comes_first(diagnosis_of):
    blocks = markdown(diagnosis_of("overconfident")).split("\n\n")
    assert blocks[0] == "# LeNet"
    assert blocks[2].startswith("**The model is overconfident")
    assert blocks[3] == "## What to do"


def test_every_finding_is_there(diagnosis):
    text = markdown(diagnosis)
    assert all(finding.code in text for finding in diagnosis.findings)


def test_names_and_labels_start_no_markup(diagnosis_of):
    text = markdown(diagnosis_of("evil"))
    assert "<script" not in text.replace("\\<script", "")
    assert not re.search(r"(?<!\\)`", text)
    assert "](javascript" not in text.replace("\\](javascript", "")
    assert "\x1b" not in text
    assert text.startswith("# \\<script\\>")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a_b*c", r"a\_b\*c"),
        ("1. no list", r"1\. no list"),
        ("- no list", r"\- no list"),
        ("-0.5 to 1.", "\\-0.5 to 1."),
        ("x | y", r"x \| y"),
        ("two\nlines", "two lines"),
        ("&lt; $x$", r"\&lt; \$x\$"),
        ("@everyone #12", f"@{JOINER}everyone \\#{JOINER}12".replace("\\#", "#")),
        ("https://x.y", f"https{JOINER}://x.y"),
    ],
)
def test_escaping(text, written):
    assert escaped(text) == written
