"""The report as Markdown, for pull requests, issues and notebooks."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sklearn_lossacc.findings.finding import Finding
from sklearn_lossacc.findings.format import one_line
from sklearn_lossacc.findings.wording import finding_title
from sklearn_lossacc.render.document import SEVERITY_SECTIONS, Document
from sklearn_lossacc.render.text_table import TextTable

# What starts markup, links, mathematics, table cells, HTML tags and entities anywhere; and what does so in front.
ANYWHERE = re.compile(r"([\\`*_\[\]<>|~$&])")
IN_FRONT = re.compile(r"^([-+#]|\d+[.)])")
# Addresses and mentions become links without markup; an invisible joiner stops that.
LINKING = re.compile(r"(?i)(\bhttps?|\bftp|\bmailto|\bwww|[@#])(?=[:.\w])")
JOINER = "\N{WORD JOINER}"


def markdown(document: Document) -> str:
    r"""Write the report as Markdown.

    Names and labels are escaped: they can neither start markup nor break a table.

    Parameters
    ----------
    document : Document
        What to write.

    Returns
    -------
    str
        GitHub-flavoured Markdown, ending in a line break.

    Examples
    --------
    >>> from sklearn_lossacc.findings.diagnose import diagnose
    >>> from sklearn_lossacc.render import predictions_document
    >>> document = predictions_document(diagnose([0, 1], [[0.8, 0.2], [0.3, 0.7]], name="a*b"))
    >>> print(markdown(document).splitlines()[0])
    # a\*b
    """
    parts = [
        f"# {escaped(document.name)}",
        escaped(document.description),
        f"**{escaped(document.verdict)}**",
        "## What to do",
        "\n".join(f"{place}. {escaped(words)}" for place, words in enumerate(document.advice, start=1)),
        "## Findings",
        escaped(f"{document.tally}."),
    ]
    for severity, caption in SEVERITY_SECTIONS:
        items = [_item(finding, numbers) for finding, numbers in document.issues if finding.severity == severity]
        if items:
            parts += [f"### {caption}", "\n".join(items)]
    for table in document.quiet:
        parts += [f"### {escaped(table.caption)}", piped(table)]
    for chapter in document.chapters:
        parts += [f"## {escaped(chapter.table.caption)}", piped(chapter.table)]
    return "\n\n".join([*parts, escaped(document.promise)]) + "\n"


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


def _item(finding: Finding, numbers: Sequence[str]) -> str:
    """Write one fired finding as an item of a list."""
    said = (
        f"**{finding.code} {escaped(finding_title(finding))}.** {escaped(finding.headline)} {escaped(finding.advice)}"
    )
    written = "; ".join(filter(None, numbers))
    return f"- {said}" + (f" ({escaped(written)})" if written else "")
