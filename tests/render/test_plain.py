from sklearn_lossacc.findings.text import diagnosis_text
from sklearn_lossacc.render import plain, predictions_document
from sklearn_lossacc.render.plain import aligned
from sklearn_lossacc.render.text_table import TextTable


def test_the_short_text_comes_first_and_every_finding_follows(diagnosis):
    text = plain(predictions_document(diagnosis))
    assert text.startswith(diagnosis_text(diagnosis) + "\n\n")
    assert all(finding.code in text for finding in diagnosis.findings)


def test_lines_are_printable(diagnosis):
    assert all(
        line.isprintable() and line == line.rstrip() for line in plain(predictions_document(diagnosis)).splitlines()
    )


def test_columns_are_aligned():
    table = TextTable("caption", ("class", "rows"), (("a", "1"), ("long", "1,000")))
    assert aligned(table).splitlines() == ["caption", "class   rows", "a          1", "long   1,000"]
