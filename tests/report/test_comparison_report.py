import json
import pickle
import re

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot
from scipy.special import softmax

from sklearn_lossacc import ComparisonReport
from sklearn_lossacc.exceptions import LossAccError
from sklearn_lossacc.findings.comparison import ComparisonDiagnosis

EVIL = "net <1> | a*b"


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    odds = 1.5 * rng.normal(size=(500, 3))
    y = np.array(["u<b>", "v|w", "x"])[(softmax(odds, axis=1).cumsum(axis=1) < rng.random((500, 1))).sum(axis=1)]
    return y, {EVIL: softmax(3 * odds, axis=1), "blunt": softmax(0.7 * odds + rng.normal(size=odds.shape), axis=1)}


@pytest.fixture(scope="module")
def diagnosis(data):
    return ComparisonDiagnosis.from_predictions(*data)


@pytest.fixture(autouse=True)
def no_windows():
    mpl.use("agg", force=True)
    yield
    pyplot.close("all")


def test_from_predictions_compares_and_draws(data, diagnosis):
    report = ComparisonReport.from_predictions(*data)
    assert report.diagnosis_.to_dict() == diagnosis.to_dict()
    assert set(report.axes_) == {"differences", "differences_accuracy", "stories", "deciding"}
    assert report.figure_ is report.ax_.figure
    assert len(pyplot.get_fignums()) == 1


def test_every_argument_reaches_the_comparison(data):
    y, models = data
    options = {
        "reference": "blunt",
        "sample_weight": np.linspace(0.5, 1.5, 500),
        "groups": np.arange(500) // 2,
        "alpha": 0.1,
        "ignore": ["LA602"],
        "random_state": 3,
        "classes": ["u<b>", "v|w", "x"],
        "input": {EVIL: "logits", "blunt": "proba"},
        "name": "mine",
    }
    given = {EVIL: np.log(models[EVIL]), "blunt": models["blunt"]}
    report = ComparisonReport.from_predictions(y, given, panels=["stories"], **options)
    assert report.diagnosis_.to_dict() == ComparisonDiagnosis.from_predictions(y, given, **options).to_dict()
    assert set(report.axes_) == {"stories"}
    assert report.diagnosis_.name == "mine"


def test_it_draws_where_it_is_told(data):
    figure, (first, second) = pyplot.subplots(2, 1, figsize=(12, 9))
    report = ComparisonReport.from_predictions(*data, ax=second)
    figure.canvas.draw()
    assert report.ax_ is second
    assert len(figure.axes) == 2
    assert not first.has_data()


def test_the_constructor_only_stores(diagnosis):
    report = ComparisonReport(diagnosis, name="mine")
    assert report.diagnosis is diagnosis
    assert not pyplot.get_fignums()
    assert str(report).startswith("mine: 500 rows")
    assert report.plot(name="other") is report
    assert report.ax_.texts[0].get_text() == "other"


def test_frames(diagnosis):
    report = ComparisonReport(diagnosis)
    frame = report.frame()
    assert frame["measure"].tolist() == ["log_loss", "accuracy", "brier_score", "calibration_loss", "refinement_loss"]
    assert frame["value"].dtype == float
    assert len(report.frame("models")) == 2
    assert len(report.samples(7)) == 7
    assert set(report.samples(50, story="both wrong")["story"]) == {"both wrong"}
    with pytest.raises(LossAccError, match="table must be one of"):
        report.frame("curve")


def test_the_page_is_whole_escaped_and_offline(diagnosis, tmp_path):
    report = ComparisonReport(diagnosis)
    path = report.to_html(tmp_path / "report.html")
    page = path.read_text(encoding="utf-8")
    assert page == report.to_html()
    assert "net &lt;1&gt;" in page
    assert "<1>" not in page
    assert "u<b>" not in page
    assert "<script" not in page
    assert not re.search(
        r'(src|href)="(?!#|https://sklearn-lossacc)', page.replace("xlink:href", "").replace("xmlns", "")
    )
    assert len(page.encode()) < 1_000_000
    for anchor in re.findall(r'href="#([\w-]+)"', page):
        assert f'id="{anchor}"' in page
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert page.count("<svg") == page.count('role="img"') == 3
    assert not pyplot.get_fignums()
    for words in ("Which rows make the difference", "Noise, capacity, certainty", "Models", "Differences"):
        assert words in page


def test_a_notebook_gets_text_and_no_second_figure(data):
    report = ComparisonReport.from_predictions(*data)
    before = len(pyplot.get_fignums())
    fragment = report._repr_html_()
    assert fragment.startswith("<div")
    assert 'id="' not in fragment
    assert len(pyplot.get_fignums()) == before


def test_markdown_tables_hold(diagnosis):
    text = ComparisonReport(diagnosis).to_markdown()
    assert text.startswith(r"# net \<1\> \| a\*b")
    for block in re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1


def test_text_and_json(diagnosis):
    report = ComparisonReport(diagnosis)
    text = report.to_text()
    assert text.startswith(str(report))
    assert "The rows that move the loss most" in text
    loaded = json.loads(report.to_json())
    assert ComparisonDiagnosis.from_dict(loaded).to_dict() == diagnosis.to_dict()
    again = ComparisonReport(ComparisonDiagnosis.from_dict(loaded))
    assert again.to_html() == report.to_html()
    assert again.to_text() == text


def test_what_is_drawn_can_be_pickled(diagnosis):
    report = ComparisonReport(diagnosis).plot()
    again = pickle.loads(pickle.dumps(report))
    assert str(again) == str(report)


def test_views_of_several_models_and_of_what_cannot_be_tested(data):
    y, models = data
    third = {**models, "third": models["blunt"] * 0.5 + 1 / 6}
    several = ComparisonReport(ComparisonDiagnosis.from_predictions(y, third, ignore=["LA604"]))
    page = several.to_html()
    assert "Ignored on request" in page
    assert page.count("<svg") == 4
    assert "third - blunt" in several.to_text()
    few = ComparisonReport(ComparisonDiagnosis.from_predictions(y, models, groups=np.arange(500) % 3))
    assert "3 groups are too few" in few.to_html()
    assert "not applicable" in str(few)
    assert "n/a" not in str(few)


def test_wrong_panels_are_refused_before_anything_is_drawn(data):
    with pytest.raises(LossAccError, match="panels must be names out of"):
        ComparisonReport.from_predictions(*data, panels=["waterfall"])
    assert not pyplot.get_fignums()
