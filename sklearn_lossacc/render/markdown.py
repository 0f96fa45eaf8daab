"""The report as Markdown, for pull requests, issues and notebooks."""

from __future__ import annotations

import re

from sklearn_lossacc.findings.diagnosis import Diagnosis
from sklearn_lossacc.findings.finding import Finding
from sklearn_lossacc.findings.format import one_line
from sklearn_lossacc.findings.wording import (
    description_text,
    finding_numbers,
    finding_title,
    ordered_issues,
    tally,
    verdict,
    what_to_do,
)
from sklearn_lossacc.render.sections import SEVERITY_SECTIONS, number_tables, promise, quiet_tables
from sklearn_lossacc.render.tables import TextTable

# What starts markup, links, mathematics, table cells, HTML tags and entities anywhere; and what does so in front.
ANYWHERE = re.compile(r"([\\`*_\[\]<>|~$&])")
IN_FRONT = re.compile(r"^([-+#]|\d+[.)])")
# Addresses and mentions become links without markup; an invisible joiner stops that.
LINKING = re.compile(r"(?i)(\bhttps?|\bftp|\bmailto|\bwww|[@#])(?=[:.\w])")
JOINER = "\N{WORD JOINER}"


def markdown(diagnosis: Diagnosis) -> str:
    r"""Write the report as Markdown.

    Names and labels are escaped: they can neither start markup nor break a table.

    Parameters
    ----------
    diagnosis : Diagnosis
        What to write.

    Returns
    -------
    str
        GitHub-flavoured Markdown, ending in a line break.

    Examples
    --------
    >>> from sklearn_lossacc.findings.diagnose import diagnose
    >>> print(markdown(diagnose([0, 1], [[0.8, 0.2], [0.3, 0.7]], name="a*b")).splitlines()[0])
    # a\*b
    """
    parts = [
        f"# {escaped(diagnosis.name)}",
        escaped(description_text(diagnosis)),
        f"**{escaped(verdict(diagnosis))}**",
        "## What to do",
        "\n".join(f"{place}. {escaped(words)}" for place, words in enumerate(what_to_do(diagnosis), start=1)),
        "## Findings",
        escaped(f"{tally(diagnosis)}."),
    ]
    for severity, caption in SEVERITY_SECTIONS:
        found = [finding for finding in ordered_issues(diagnosis) if finding.severity == severity]
        if found:
            parts += [f"### {caption}", "\n".join(_item(finding) for finding in found)]
    for table in quiet_tables(diagnosis):
        parts += [f"### {escaped(table.caption)}", piped(table)]
    for table in number_tables(diagnosis):
        parts += [f"## {escaped(table.caption)}", piped(table)]
    return "\n\n".join([*parts, escaped(promise(diagnosis))]) + "\n"


def escaped(text: object) -> str:
    """Escape a text so that Markdown shows it as it is, on one line."""
    line = ANYWHERE.sub(r"\\\1", one_line(text))
    line = IN_FRONT.sub(lambda found: f"{found[1][:-1]}\\{found[1][-1]}", line)
    return LINKING.sub(rf"\1{JOINER}", line)


def piped(table: TextTable) -> str:
    """Lay out a table in pipes."""
    marks = ["---:" if numeric else ":---" for numeric in table.numeric]
    lines = [
        [escaped(column) for column in table.columns],
        marks,
        *([escaped(cell) for cell in row] for row in table.rows),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _item(finding: Finding) -> str:
    """Write one fired finding as an item of a list."""
    numbers = "; ".join(finding_numbers(finding))
    said = f"**{finding.code} {escaped(finding_title(finding))}.** {escaped(finding.headline)}"
    return f"- {said} {escaped(finding.advice)}" + (f" ({escaped(numbers)})" if numbers else "")
