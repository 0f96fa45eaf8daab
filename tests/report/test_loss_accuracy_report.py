"""What scikit-learn asks of its displays, asked of the report."""

import inspect
import json
import os
import pickle
import subprocess
import sys
from copy import deepcopy

import numpy as np
import pytest
from matplotlib import pyplot as plt
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_validate, train_test_split
from sklearn.svm import LinearSVC

from sklearn_lossacc.exceptions import LossAccError
from sklearn_lossacc.findings import Diagnosis, diagnose
from sklearn_lossacc.plots import PANELS
from sklearn_lossacc.report import LossAccuracyReport

AXES = {
    "waterfall",
    "reliability",
    "reliability_histogram",
    "loss",
    "classes",
    "classes_accuracy",
    "classes_loss",
    "confusion",
    "rows",
}


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def data():
    X, y = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    return train_test_split(X[:, :2], names, random_state=0)


@pytest.fixture(scope="module")
def model(data):
    X, _, y, _ = data
    return LogisticRegression(max_iter=1000).fit(X, y)


@pytest.fixture
def report(diagnosis_of):
    return LossAccuracyReport(diagnosis_of("biased"))


def header(report):
    return report.ax_.texts[0].get_text()


class SubReport(LossAccuracyReport):
    pass


def test_what_is_drawn_can_be_pickled(report):
    report = report.plot()
    again = pickle.loads(pickle.dumps(report))
    assert str(again) == str(report)
    again.figure_.canvas.draw()


def test_named_constructors_return_the_subclass(data, model):
    _, X, _, y = data
    results = cross_validate(LogisticRegression(max_iter=1000), X, y, cv=3, return_estimator=True, return_indices=True)
    made = [
        SubReport.from_predictions(y, model.predict_proba(X), panels=["waterfall"]),
        SubReport.from_estimator(model, X, y, panels=["waterfall"]),
        SubReport.from_cv_results(results, X, y, panels=["waterfall"]),
    ]
    assert [type(report) for report in made] == [SubReport] * 3
    assert all(isinstance(report.diagnosis_, Diagnosis) and "waterfall" in report.axes_ for report in made)


def test_the_constructor_only_holds_data(diagnosis_of):
    before = plt.get_fignums()
    report = LossAccuracyReport(diagnosis_of("healthy"), name="mine")
    assert report.diagnosis is diagnosis_of("healthy")
    assert LossAccuracyReport(report.diagnosis).diagnosis_ is report.diagnosis
    assert report.diagnosis_.name == "mine"
    assert report.diagnosis_.findings is report.diagnosis.findings
    assert report.name == "mine"
    assert plt.get_fignums() == before
    assert not hasattr(report, "ax_")


def test_every_keyword_of_diagnose_is_taken():
    wanted = set(inspect.signature(diagnose).parameters) - {"y_true", "y_proba"}
    for constructor in (LossAccuracyReport.from_predictions, LossAccuracyReport.from_estimator):
        taken = inspect.signature(constructor).parameters
        assert wanted | {"panels", "ax", "name"} <= set(taken)
        data = {"X"} if constructor == LossAccuracyReport.from_estimator else set()
        assert all(taken[name].kind is inspect.Parameter.KEYWORD_ONLY for name in wanted - data)
    pooled = set(inspect.signature(LossAccuracyReport.from_cv_results).parameters)
    # Folds say themselves what they hold, and are always out of sample.
    assert wanted - pooled == {"input", "classes", "out_of_sample"}


def test_keywords_reach_the_diagnosis(data, model):
    _, X, _, y = data
    options = {
        "sample_weight": np.arange(len(y)) + 1.0,
        "groups": np.arange(len(y)) // 2,
        "train_prior": [0.2, 0.3, 0.5],
        "out_of_sample": False,
        "alpha": 0.01,
        "ignore": ("LA003",),
        "random_state": 7,
        "classes": model.classes_,
    }
    expected = diagnose(y, model.predict_proba(X), name="both", **options)
    report = LossAccuracyReport.from_predictions(
        y, model.predict_proba(X), name="both", panels=["waterfall"], **options
    )
    assert report.diagnosis_.to_dict() == expected.to_dict()
    from_estimator = LossAccuracyReport.from_estimator(model, X, y, name="both", panels=["waterfall"], **options)
    assert from_estimator.diagnosis_.to_dict() == expected.to_dict()


def test_from_estimator_takes_the_name_of_the_class(data, model):
    _, X, _, y = data
    assert LossAccuracyReport.from_estimator(model, X, y, panels=["loss"]).name == "LogisticRegression"
    assert LossAccuracyReport.from_estimator(model, X, y, panels=["loss"], name="given").name == "given"


def test_from_estimator_reads_decisions_as_logits(data):
    X, X_test, y, y_test = data
    report = LossAccuracyReport.from_estimator(LinearSVC().fit(X, y), X_test, y_test, panels=["loss"])
    assert report.diagnosis_.description["input"] == "logits"
    assert report.diagnosis_.description["classes"] == ["setosa", "versicolor", "virginica"]


def test_from_estimator_honours_the_response_method(data, model):
    _, X, _, y = data
    report = LossAccuracyReport.from_estimator(model, X, y, response_method="decision_function", panels=["loss"])
    assert report.diagnosis_.description["input"] == "logits"


def test_an_unfitted_estimator_is_refused(data):
    _, X, _, y = data
    with pytest.raises(NotFittedError):
        LossAccuracyReport.from_estimator(LogisticRegression(), X, y)


def test_a_wrong_panel_is_refused_before_anything_is_drawn(data, model):
    _, X, _, y = data
    before = plt.get_fignums()
    with pytest.raises(LossAccError, match="panels must be names out of"):
        LossAccuracyReport.from_estimator(model, X, y, panels=["pie"])
    assert plt.get_fignums() == before


def test_plot_returns_self_and_sets_its_artists(report):
    assert report.plot() is report
    assert set(report.axes_) == AXES
    assert report.figure_ is report.ax_.figure
    assert plt.get_fignums() == [report.figure_.number]


def test_plot_changes_no_data(report):
    before = deepcopy(report.diagnosis.to_dict())
    report.plot(name="other").plot(panels=["loss"])
    assert report.diagnosis.to_dict() == before
    assert report.name is None


def test_a_second_plot_renames(diagnosis_of):
    report = LossAccuracyReport(diagnosis_of("biased"), name="first").plot()
    assert header(report) == "first"
    first = report.figure_
    report.plot(name="second")
    assert header(report) == "second"
    assert report.figure_ is not first
    assert header(report.plot()) == "first"


def test_the_name_of_the_diagnosis_is_the_default(report):
    assert header(report.plot()) == "class weights"


def test_a_given_axes_is_divided(report):
    figure, (left, right) = plt.subplots(1, 2, figsize=(16, 8))
    report.plot(left)
    assert report.ax_ is left
    assert report.figure_ is figure
    assert set(left.child_axes) == set(report.axes_.values())
    assert right.axison
    assert not right.child_axes
    assert plt.get_fignums() == [figure.number]


def test_a_report_in_a_part_of_a_figure_knows_the_whole(report, tmp_path):
    figure = plt.figure(figsize=(16, 8))
    report.plot(figure.subfigures(1, 2)[0].add_subplot())
    assert report.figure_ is figure
    report.figure_.savefig(tmp_path / "report.png")


def test_what_is_no_axes_is_refused(report):
    with pytest.raises(LossAccError, match="ax must be one matplotlib Axes, which is divided; got ndarray"):
        report.plot(plt.subplots(1, 2)[1])


@pytest.mark.parametrize("panels", [3, [["waterfall"]], iter(["cake"]), ()])
def test_what_is_no_panel_is_refused(report, panels):
    with pytest.raises(LossAccError, match="panels must be names out of"):
        report.plot(panels=panels)


@pytest.mark.parametrize("panel", PANELS)
def test_each_panel_alone(report, panel):
    report.plot(panels=[panel])
    assert all(name.startswith(panel) for name in report.axes_)


def test_panels_are_drawn_in_the_order_asked_for(report):
    report.plot(panels=["rows", "waterfall"])
    assert list(report.axes_) == ["rows", "waterfall"]


def test_frame_lists_metrics_and_findings(report):
    frame = report.frame()
    assert set(frame["kind"]) == {"metric", "finding"}
    assert len(frame) == len(report.diagnosis.metrics) + len(report.diagnosis.findings)
    accuracy = frame.loc[frame["name"] == "accuracy", "value"].item()
    assert accuracy == report.diagnosis.metrics["accuracy"].value


@pytest.mark.parametrize("panel", PANELS)
def test_frame_of_a_panel_is_what_is_drawn(report, panel):
    frame = report.frame(panel)
    report.plot(panels=[panel])
    ax = report.axes_[panel]
    if panel == "waterfall":
        drawn, framed = [bar.get_width() for bar in ax.patches[:-1]], frame.loc[frame["selected"], "value"]
    elif panel == "reliability":
        drawn, framed = [point for line in ax.lines[1:2] for point in line.get_ydata()], frame["accuracy"]
    elif panel == "loss":
        observed = ax.patches[-1].get_data()
        drawn, framed = observed.values, frame.loc[frame["low"].isin(observed.edges[:-1]), "observed"]
    elif panel == "classes":
        drawn = [line.get_xdata()[0] for line in report.axes_["classes_loss"].lines if line.get_marker() == "s"]
        framed = frame["loss"]
    elif panel == "confusion":
        drawn = sorted(float(text.get_text().split("\n")[0].replace(",", "")) for text in ax.texts)
        framed = sorted(frame["weight"])
    else:
        drawn = [bar.get_width() for bar in ax.patches]
        framed = frame["loss"][: len(drawn)]
    assert len(drawn) > 0
    assert list(drawn) == pytest.approx(list(framed))


def test_frame_of_an_unknown_panel_is_refused(report):
    with pytest.raises(LossAccError, match="panels must be names out of"):
        report.frame("pie")


def test_text_markdown_and_page_carry_the_name_of_the_report(diagnosis_of):
    report = LossAccuracyReport(diagnosis_of("few"), name="mine")
    assert str(report).startswith("mine: 40 rows")
    assert repr(report) == str(report)
    assert report.to_markdown().startswith("# mine\n")
    assert "<h1>mine</h1>" in report.to_html(panels=["waterfall"])
    assert json.loads(report.to_json())["name"] == "mine"


def test_json_is_strict(diagnosis):
    def refuse(constant):
        raise AssertionError(constant)

    data = json.loads(LossAccuracyReport(diagnosis).to_json(), parse_constant=refuse)
    infinite = [name for name, record in data["metrics"].items() if record.get("non_finite") == "inf"]
    assert all(data["metrics"][name]["value"] is None for name in infinite)
    assert ("log_loss" in infinite) == diagnosis.decomposition.clipped
    assert len(LossAccuracyReport(diagnosis).to_json(indent=None).splitlines()) == 1


def test_a_diagnosis_that_was_stored_gives_the_same_views(diagnosis):
    restored = LossAccuracyReport(Diagnosis.from_dict(json.loads(LossAccuracyReport(diagnosis).to_json())))
    report = LossAccuracyReport(diagnosis)
    assert restored.to_json() == report.to_json()
    assert restored.to_markdown() == report.to_markdown()
    assert str(restored) == str(report)


@pytest.mark.parametrize("case", ["grouped", "unseen_class", "evil"])
def test_a_diagnosis_that_was_stored_gives_the_same_page(diagnosis_of, case):
    report = LossAccuracyReport(diagnosis_of(case))
    restored = LossAccuracyReport(Diagnosis.from_dict(json.loads(report.to_json())))
    assert restored.to_html() == report.to_html()


def test_to_html_writes_a_file_and_returns_its_path(report, tmp_path):
    path = report.to_html(tmp_path / "report.html")
    assert path == tmp_path / "report.html"
    assert path.read_text(encoding="utf-8") == report.to_html()
    assert os.listdir(tmp_path) == ["report.html"]


def test_to_html_draws_outside_pyplot(report):
    before = plt.get_fignums()
    report.to_html()
    assert plt.get_fignums() == before


def test_to_html_imports_no_pyplot():
    code = (
        "import sys\n"
        "from sklearn_lossacc.findings import diagnose\n"
        "from sklearn_lossacc.report import LossAccuracyReport\n"
        "assert 'matplotlib' not in sys.modules\n"
        "report = LossAccuracyReport(diagnose([0, 1, 1], [[0.8, 0.2], [0.3, 0.7], [0.6, 0.4]]))\n"
        "report.to_markdown(), report.to_json(), report._repr_html_(), str(report)\n"
        "assert 'matplotlib' not in sys.modules\n"
        "assert report.to_html().count('<figure>') == 5\n"
        "assert 'matplotlib' in sys.modules and 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_notebook_view_draws_nothing(report):
    report.plot()
    before = plt.get_fignums()
    text = report._repr_html_()
    assert plt.get_fignums() == before
    assert "<svg" not in text
    assert "class weights" in text


def test_the_notebook_view_follows_the_name(diagnosis_of):
    assert "<h3>mine</h3>" in LossAccuracyReport(diagnosis_of("few"), name="mine")._repr_html_()
