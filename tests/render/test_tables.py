from dataclasses import replace

from sklearn_lossacc.findings.decomposition import Decomposition, Part
from sklearn_lossacc.render import predictions_document
from sklearn_lossacc.render.predictions.tables import (
    MOST_CLASSES,
    MOST_ROWS,
    classes_table,
    metrics_table,
    rows_table,
    waterfall_table,
)


def test_waterfall_lists_parts_and_total(diagnosis):
    table = waterfall_table(diagnosis)
    assert len(table.rows) == len(diagnosis.decomposition.parts) + 1
    assert table.rows[-1][0].startswith("log loss")


def test_what_was_not_selected_has_an_upper_bound(diagnosis_of):
    parts = (Part("chance", 1.0), Part("floor", 0.0, 0.0, 0.25, selected=False), Part("shape", 0.0, selected=False))
    rows = waterfall_table(replace(diagnosis_of("few"), decomposition=Decomposition(parts, 1.0))).rows
    assert rows[1] == ("label noise", "0", "<= 0.250")
    assert rows[2] == ("miscalibrated shape", "0", "")


def test_every_metric_is_listed_once(diagnosis):
    table = metrics_table(diagnosis)
    assert len(table.rows) == len(diagnosis.metrics)
    assert len({row[0] for row in table.rows}) == len(table.rows)


def test_every_finding_that_did_not_fire_is_listed(diagnosis):
    listed = [row[0].split()[0] for table in predictions_document(diagnosis).quiet for row in table.rows]
    assert sorted(listed) == sorted(f.code for f in diagnosis.findings if f.status != "fired")


def test_columns_without_any_text_are_left_out(diagnosis_of):
    table = predictions_document(diagnosis_of("many")).quiet[-1]
    assert table.caption == "Ignored on request"
    assert table.columns == ("finding", "conclusion")
    assert table.rows == (("LA304 Imbalance flatters accuracy", "Ignored on request."),)


def test_a_class_without_rows_has_no_numbers(diagnosis_of):
    last = classes_table(diagnosis_of("unseen_class")).rows[-1]
    assert last[1] == "0"
    assert last[5:] == ("n/a", "", "n/a", "")


def test_of_very_many_classes_those_of_largest_loss_are_listed(diagnosis_of):
    table = diagnosis_of("many").tables["classes"]
    doubled = {name: [*column, *column] for name, column in table.items()}
    crowded = replace(diagnosis_of("many"), tables={**diagnosis_of("many").tables, "classes": doubled})
    listed = classes_table(crowded)
    assert len(listed.rows) == MOST_CLASSES
    assert "of 200 classes" in listed.caption
    assert listed.rows[0][0] == table["label"][table["loss"].index(max(table["loss"]))]


def test_rows_of_infinite_loss_say_so(diagnosis_of):
    rows = rows_table(diagnosis_of("zeros")).rows
    assert [row[5] for row in rows].count("inf") == 4
    assert all(row[3] == "0" for row in rows if row[5] == "inf")


def test_no_more_rows_than_can_be_read(diagnosis):
    assert len(rows_table(diagnosis).rows) <= MOST_ROWS


def test_cells_are_one_line_of_text(diagnosis):
    for table in (
        waterfall_table(diagnosis),
        classes_table(diagnosis),
        rows_table(diagnosis),
        metrics_table(diagnosis),
    ):
        assert all(len(row) == len(table.columns) for row in table.rows)
        assert all(cell.isprintable() for row in table.rows for cell in row)
