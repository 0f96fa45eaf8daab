"""The report of a comparison as Markdown."""

from __future__ import annotations

from sklearn_lossacc.findings.comparison import ComparisonDiagnosis
from sklearn_lossacc.findings.comparison.wording import description, finding_numbers, verdict, what_to_do
from sklearn_lossacc.findings.finding import Finding
from sklearn_lossacc.findings.wording import finding_title, ordered_issues, tally
from sklearn_lossacc.render.comparison.tables import number_tables, promise, quiet_tables
from sklearn_lossacc.render.markdown import escaped, piped
from sklearn_lossacc.render.sections import SEVERITY_SECTIONS


def comparison_markdown(diagnosis: ComparisonDiagnosis) -> str:
    r"""Write the report as Markdown; names are escaped.

    Parameters
    ----------
    diagnosis : ComparisonDiagnosis
        What to write.

    Returns
    -------
    str
        GitHub-flavoured Markdown, ending in a line break.

    Examples
    --------
    >>> from sklearn_lossacc.findings.comparison import ComparisonDiagnosis
    >>> d = ComparisonDiagnosis.from_predictions([1, 0], {"A*": [0.9, 0.2], "B": [0.7, 0.4]})
    >>> print(comparison_markdown(d).splitlines()[0])
    # A\* vs B
    """
    parts = [
        f"# {escaped(diagnosis.name)}",
        escaped(description(diagnosis)),
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


def _item(finding: Finding) -> str:
    """Write one fired finding as an item of a list."""
    said = f"**{finding.code} {escaped(finding_title(finding))}.** {escaped(finding.headline)}"
    numbers = "; ".join(finding_numbers(finding))
    return f"- {said} {escaped(finding.advice)}" + (f" ({escaped(numbers)})" if numbers else "")
