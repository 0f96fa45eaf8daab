import math

import pytest

from sklearn_lossacc.findings.format import (
    apart,
    count,
    interval,
    nats,
    number,
    one_line,
    p_value,
    percent,
    ratio,
    typographic,
)

WRITERS = [number, nats, ratio, count, percent]


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize(("value", "text"), [(None, "n/a"), (math.nan, "n/a"), (math.inf, "inf"), (-math.inf, "-inf")])
def test_what_is_no_number_is_written_alike(write, value, text):
    assert write(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.9999999, "99.99999 %"),
        (1.0, "100 %"),
        (0.0, "0 %"),
        (1e-6, "0.0001 %"),
        (-9e-6, "-0.0009 %"),
        (9.6e-6, "0.0010 %"),
        (1e-11, "1e-09 %"),
        (-0.0004, "-0.04 %"),
        (2e-16, "0 %"),
    ],
)
def test_a_share_is_rounded_to_all_or_nothing_only_where_it_is(value, text):
    assert percent(value) == text


def test_small_losses_keep_their_sign_only_where_it_shows():
    assert [nats(value, signed=True) for value in (-0.0004, 0.0004, -0.0006, 0.0)] == ["0.000", "0.000", "-0.001", "0"]


def test_ratio_keeps_three_digits():
    assert [ratio(value) for value in (0.01234, 9.999, 99.99, 123456.0)] == ["0.0123", "10.0", "100", "123,456"]


def test_interval_without_limits_is_not_written():
    assert interval(math.nan, math.nan) == interval(None, math.nan) == ""


def test_interval_with_one_limit_is_a_bound():
    assert interval(None, 0.5, nats) == "<= 0.500"
    assert interval(0.5, None, nats) == interval(0.5, math.inf, nats) == ">= 0.500"


@pytest.mark.parametrize(("value", "text"), [(0.0, "p < 1e-16"), (1.0, "p = 1.000"), (0.0499, "p = 0.050")])
def test_p_values(value, text):
    assert p_value(value) == text


def test_labels_become_one_printable_line():
    written = one_line("a\x1b[31m\tb\r\nc\u202e")
    assert written.isprintable()
    assert "\n" not in written


@pytest.mark.parametrize("width", [5, 8, 13])
def test_labels_are_cut_to_width_and_keep_both_ends(width):
    written = one_line("start and a long middle and end", width)
    assert len(written) <= width
    assert (written[0], written[-1]) == ("s", "d")


def test_typographic_replaces_every_minus():
    assert typographic("[-0.1, -0.2]").count("\N{MINUS SIGN}") == 2


@pytest.mark.parametrize(
    ("value", "other", "text"),
    [(0.69312, 0.69315, "0.693120"), (0.7, 0.3, "0.700"), (1234.56, 1234.58, "1234.560"), (0.5, 0.5, "0.500")],
)
def test_numbers_that_differ_are_told_apart(value, other, text):
    assert apart(value, other) == text
    assert (apart(value, other) == apart(other, value)) == (value == other)


def test_infinite_numbers_are_written_as_they_are():
    assert apart(math.inf, 1.0) == "inf"
    assert apart(math.inf, math.inf) == "inf"
