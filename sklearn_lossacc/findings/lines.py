"""The layout of what ``print`` shows: a column of labels, texts wrapped beside them, one line a finding."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from textwrap import wrap

from sklearn_lossacc.findings.finding import Finding

WIDTH = 96
LABEL_WIDTH = 12


def labelled(label: str, text: str, at_least: int = LABEL_WIDTH) -> str:
    """Put a text into the column beside the labels.

    Parameters
    ----------
    label, text : str
        What stands in either column.
    at_least : int, default=12
        Width of the labels.

    Returns
    -------
    str
        One line.

    Examples
    --------
    >>> labelled("accuracy", "80 %")
    'accuracy    80 %'
    """
    return f"{label:<{at_least}}{text}".rstrip()


def paragraph(label: str, text: str, most: int = 3) -> list[str]:
    """Wrap a text beside its label, cut after `most` lines; an empty text has no line.

    Parameters
    ----------
    label, text : str
        What stands in either column.
    most : int, default=3
        Largest number of lines.

    Returns
    -------
    list of str
        Lines of at most 96 letters.

    Examples
    --------
    >>> paragraph("do", "Nothing."), paragraph("do", "")
    (['do          Nothing.'], [])
    """
    # Neither a percent sign nor the number of a piece of advice stands alone.
    joined = re.sub(r" (?=%)|(?<=\(\d\)) ", "\N{NO-BREAK SPACE}", text)
    lines = wrap(joined, WIDTH - LABEL_WIDTH, max_lines=most, placeholder=" ...")
    wrapped = [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines]
    return [labelled(label if line == 0 else "", part) for line, part in enumerate(wrapped)]


def numbered(advice: Sequence[str]) -> str:
    """Write several pieces of advice with numbers; a single one stands alone.

    Parameters
    ----------
    advice : sequence of str
        The pieces.

    Returns
    -------
    str
        One text.

    Examples
    --------
    >>> numbered(["Wait."]), numbered(["Look.", "Wait."])
    ('Wait.', '(1) Look. (2) Wait.')
    """
    if len(advice) == 1:
        return advice[0]
    return " ".join(f"({place}) {words}" for place, words in enumerate(advice, start=1))


def finding_lines(issues: Sequence[Finding], numbers: Callable[[Finding], str]) -> list[str]:
    """Write one line a finding: code, severity, name and numbers, each in its column.

    Parameters
    ----------
    issues : sequence of Finding
        What fired, in the order of the lines.
    numbers : callable
        Writes the numbers of a finding.

    Returns
    -------
    list of str
        The lines.

    Examples
    --------
    >>> finding_lines([Finding("LA101", "overconfident", "fired", "warning")], lambda finding: "T = 2")
    ['  LA101     warning  overconfident  T = 2']
    """
    width = max((len(finding.name) for finding in issues), default=0)
    return [
        labelled(f"  {finding.code}", f"{finding.severity:<9}{finding.name:<{width}}  {numbers(finding)}")
        for finding in issues
    ]
