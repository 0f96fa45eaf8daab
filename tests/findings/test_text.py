from dataclasses import replace

import pytest

from sklearn_lossacc.findings.lines import LABEL_WIDTH, WIDTH, paragraph
from sklearn_lossacc.findings.text import MOST_LINES, diagnosis_text


def fired_often(diagnosis, times):
    """Let findings fire, with headlines and advice that are too long."""
    long = replace(
        diagnosis.findings[0], status="fired", headline="headline " * 60, advice="advice " * 60, value=1.0, p_value=0.01
    )
    return replace(diagnosis, findings=tuple(replace(long, advice=f"{k} {long.advice}") for k in range(times)))


def test_print_gives_the_text(diagnosis):
    assert str(diagnosis) == diagnosis_text(diagnosis)


def test_ten_to_twenty_lines(diagnosis):
    assert 10 <= len(diagnosis_text(diagnosis).splitlines()) <= 20


@pytest.mark.parametrize("times", [0, 1, 3, 4, 5, 6, 20])
def test_ten_to_twenty_lines_however_much_fires(diagnosis_of, times):
    lines = diagnosis_text(fired_often(diagnosis_of("zeros"), times)).splitlines()
    assert 10 <= len(lines) <= MOST_LINES
    listed = sum(line.startswith("  LA") for line in lines)
    more = [line for line in lines if line.strip().startswith("and ") and line.endswith(" more")]
    assert listed + (int(more[0].split()[1]) if more else 0) == times


def test_lines_are_aligned_and_short_enough(diagnosis):
    _, *lines = diagnosis_text(diagnosis).splitlines()
    assert all(len(line) <= WIDTH for line in lines)
    for line in lines:
        assert line == line.rstrip()
        assert line[LABEL_WIDTH - 1] == " "
        assert line[LABEL_WIDTH] != " "


def test_values_and_intervals_stand_in_columns(diagnosis_of):
    lines = diagnosis_text(diagnosis_of("overconfident")).splitlines()
    brackets = {
        line.index("[") for line in lines if line.split()[0] in {"accuracy", "log", "confidence", "temperature"}
    }
    assert len(brackets) == 1


def test_the_verdict_comes_first_then_what_to_do(diagnosis):
    lines = diagnosis_text(diagnosis).splitlines()
    labels = [line[:LABEL_WIDTH].strip() for line in lines[1:]]
    assert labels[0] == "verdict"
    assert [label for label in labels if label][:3] == ["verdict", "do", "accuracy"]


def test_infinite_loss_is_said_with_the_clipped_one(diagnosis_of):
    text = diagnosis_text(diagnosis_of("zeros"))
    assert "log loss    inf nats" in text
    assert "(clipped)" in text


def test_labels_cannot_break_lines_or_colour_the_terminal(diagnosis_of):
    text = diagnosis_text(diagnosis_of("evil"))
    assert all(line.isprintable() for line in text.splitlines())


def test_a_percent_sign_and_the_number_of_an_advice_stay_with_their_words():
    for length in range(60, 84):
        lines = paragraph("do", f"{'x' * length} (2) Look at 8.0 % of them.")
        assert not any(line.strip().startswith("%") or line.endswith("(2)") for line in lines)
        assert " ".join(line[12:] for line in lines) == f"{'x' * length} (2) Look at 8.0 % of them."
