import json
import pickle
import re

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot

from sklearn_lossacc.exceptions import InvalidHistoryError
from sklearn_lossacc.findings.history import HistoryDiagnosis
from sklearn_lossacc.inputs import Match, TrainingHistory
from sklearn_lossacc.report.history_report import HistoryReport

TIME = np.arange(16)


@pytest.fixture
def history():
    return TrainingHistory.from_arrays(
        val_loss=0.5 + 0.3 * np.exp(-TIME / 2) + 0.01 * np.maximum(TIME - 5, 0),
        val_accuracy=0.76 - 0.2 * np.exp(-TIME / 2),
        train_loss=0.7 * np.exp(-TIME / 6),
        n_val=1500,
        n_classes=2,
        name="run <1> | a*b",
        matched_={"val_loss": Match("nll|x", "-x", "given")},
    )


@pytest.fixture(autouse=True)
def no_windows():
    mpl.use("agg", force=True)
    yield
    pyplot.close("all")


def test_from_history_judges_and_draws(history):
    report = HistoryReport.from_history(history)
    assert report.diagnosis_["LA501"].status == "fired"
    assert set(report.axes_) == {"loss", "accuracy"}
    assert report.figure_ is report.ax_.figure
    assert len(pyplot.get_fignums()) == 1


def test_it_draws_where_it_is_told(history):
    figure, (first, second) = pyplot.subplots(1, 2, figsize=(14, 6))
    report = HistoryReport.from_history(history, ax=second)
    figure.canvas.draw()
    assert report.ax_ is second
    assert report.figure_ is figure
    assert len(figure.axes) == 2, "the given axes is divided, and no other is added to the figure"
    assert first.has_data() is False


def test_the_constructor_only_stores(history):
    diagnosis = HistoryDiagnosis.from_history(history)
    report = HistoryReport(diagnosis, name="mine")
    assert report.diagnosis is diagnosis
    assert not pyplot.get_fignums()
    assert report.diagnosis_.name == "mine"
    assert str(report).startswith("mine: 16 evaluations")
    report.plot(name="other")
    assert report.ax_.texts[0].get_text() == "other"
    assert report.diagnosis is diagnosis


def test_the_frame_is_what_is_drawn(history):
    report = HistoryReport.from_history(history)
    frame = report.frame()
    lines = [line for line in report.axes_["loss"].lines if len(line.get_xdata()) == 16]
    shown = next(line for line in lines if np.allclose(line.get_ydata(), frame["val_loss"]))
    np.testing.assert_array_equal(shown.get_xdata(), frame["epoch"])


def test_the_page_is_whole_escaped_and_offline(history, tmp_path):
    report = HistoryReport(HistoryDiagnosis.from_history(history))
    path = report.to_html(tmp_path / "report.html")
    page = path.read_text()
    assert page == report.to_html()
    assert "run &lt;1&gt;" in page
    assert "<1>" not in page
    assert "<script" not in page
    assert not re.search(
        r'(src|href)="(?!#|https://sklearn-lossacc)', page.replace("xlink:href", "").replace("xmlns", "")
    )
    assert len(page) < 1_000_000
    for anchor in re.findall(r'href="#([\w-]+)"', page):
        assert f'id="{anchor}"' in page
    assert not pyplot.get_fignums()
    for words in ("What these curves cannot tell", "What was read as what", "Best epochs", "LA501"):
        assert words in page


def test_a_notebook_gets_text_and_no_second_figure(history):
    report = HistoryReport.from_history(history)
    before = len(pyplot.get_fignums())
    fragment = report._repr_html_()
    assert fragment.startswith("<div")
    assert 'id="' not in fragment
    assert len(pyplot.get_fignums()) == before


def test_markdown_tables_hold(history):
    text = HistoryReport(HistoryDiagnosis.from_history(history)).to_markdown()
    assert text.startswith("# run ")
    assert r"nll\|x" in text
    for block in re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE):
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(widths) == 1


def test_text_and_json(history):
    report = HistoryReport(HistoryDiagnosis.from_history(history))
    text = report.to_text()
    assert text.startswith(str(report))
    assert "Evaluations" in text
    data = json.loads(report.to_json())
    assert data["kind"] == "history"
    assert HistoryDiagnosis.from_dict(data).to_dict() == report.diagnosis_.to_dict()


def test_what_is_drawn_can_be_pickled(history):
    report = HistoryReport.from_history(history)
    again = pickle.loads(pickle.dumps(report))
    assert str(again) == str(report)


def test_long_logs_list_a_part_of_the_evaluations():
    history = TrainingHistory.from_arrays(val_loss=1.0 / np.arange(1, 1001))
    report = HistoryReport(HistoryDiagnosis.from_history(history))
    assert "Evaluations: 201 of 1,000, evenly spread" in report.to_text()
    assert len(report.frame()) == 1000


def test_what_is_no_history_is_refused():
    with pytest.raises(InvalidHistoryError, match="read_history makes one"):
        HistoryReport.from_history({"val_loss": [1.0]})
