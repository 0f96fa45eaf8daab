"""What is drawn are the numbers of the diagnosis, read back from the artists."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB

from sklearn_lossacc.findings import diagnose
from sklearn_lossacc.findings.format import nats
from sklearn_lossacc.plots import PANELS, draw, new_figure
from sklearn_lossacc.plots.classes import MOST_CLASSES, WORST_CLASSES, shown_classes
from sklearn_lossacc.plots.confusion import MOST_PAIRS, confused_pairs
from sklearn_lossacc.plots.titles import waterfall_title


def panel(diagnosis, name):
    _, ax = new_figure([name])
    return draw(diagnosis, ax, [name])


def all_text(ax):
    return [text.get_text() for text in ax.texts]


def test_waterfall_bars_are_the_parts(diagnosis):
    ax = panel(diagnosis, "waterfall")["waterfall"]
    bars = [(bar.get_x(), bar.get_width()) for bar in ax.patches]
    parts = [part for part in diagnosis.decomposition.parts if part.selected]
    assert [width for _, width in bars] == pytest.approx([*(p.value for p in parts), diagnosis.decomposition.total])
    ends = np.cumsum([part.value for part in parts])
    assert [x for x, _ in bars] == pytest.approx([0.0, *ends[:-1], 0.0])
    assert ends[-1] == pytest.approx(diagnosis.decomposition.total)


def test_waterfall_writes_each_value_beside_its_label(diagnosis):
    ax = panel(diagnosis, "waterfall")["waterfall"]
    written = all_text(ax)
    assert len(written) == len(ax.get_yticklabels()) == len(diagnosis.decomposition.parts) + 1
    assert written[0] == nats(diagnosis.decomposition.parts[0].value)
    assert written[-1] == nats(diagnosis.decomposition.total)
    for text, part in zip(written, diagnosis.decomposition.parts, strict=False):
        assert part.selected or text.startswith("0")


def test_costs_are_hatched_so_that_they_read_without_colour(diagnosis_of):
    ax = panel(diagnosis_of("overconfident"), "waterfall")["waterfall"]
    hatched = [bar for bar in ax.patches if bar.get_hatch()]
    cost = diagnosis_of("overconfident").decomposition["temperature"].value
    assert [bar.get_width() for bar in hatched] == pytest.approx([cost])


def test_reliability_points_are_the_bins(diagnosis):
    axes = panel(diagnosis, "reliability")
    table = diagnosis.tables["reliability"]
    line = next(line for line in axes["reliability"].lines if len(line.get_xdata()) == len(table["confidence"]))
    assert list(line.get_xdata()) == table["confidence"]
    assert list(line.get_ydata()) == table["accuracy"]
    bars = axes["reliability"].patches
    assert [bar.get_y() for bar in bars] == table["band_low"]
    assert [bar.get_y() + bar.get_height() for bar in bars] == pytest.approx(table["band_high"])


def test_reliability_marks_what_leaves_the_band(diagnosis):
    ax = panel(diagnosis, "reliability")["reliability"]
    table = diagnosis.tables["reliability"]
    outside = [
        accuracy
        for low, accuracy, high in zip(table["band_low"], table["accuracy"], table["band_high"], strict=True)
        if not low <= accuracy <= high
    ]
    diamonds = [value for line in ax.lines if line.get_marker() == "D" for value in line.get_ydata()]
    assert diamonds == outside


def test_histogram_holds_all_rows(diagnosis):
    ax = panel(diagnosis, "reliability")["reliability_histogram"]
    assert sum(bar.get_height() for bar in ax.patches) == pytest.approx(1.0)
    assert len(all_text(ax)) == 2


def test_means_are_marked_inside_the_axes(diagnosis):
    ax = panel(diagnosis, "reliability")["reliability_histogram"]
    low, high = ax.get_xlim()
    marked = [line.get_xdata()[0] for line in ax.lines]
    assert sorted(marked) == sorted(diagnosis.metrics[name].value for name in ("accuracy", "mean_confidence"))
    assert all(low <= value <= high for value in marked)


def test_an_accuracy_below_every_confidence_is_shown(diagnosis_of):
    poor = diagnosis_of("healthy")
    poor = replace(poor, metrics={**poor.metrics, "accuracy": replace(poor.metrics["accuracy"], value=0.1)})
    axes = panel(poor, "reliability")
    assert axes["reliability"].get_xlim() == axes["reliability_histogram"].get_xlim() == (0.1, 1.0)


def test_loss_steps_are_the_shares(diagnosis):
    ax = panel(diagnosis, "loss")["loss"]
    table = diagnosis.tables["loss_distribution"]
    expected, _, observed = [patch.get_data() for patch in ax.patches if isinstance(patch, StepPatch)]
    assert observed.values.sum() == pytest.approx(sum(table["observed"]), abs=1e-3)
    assert expected.values.sum() == pytest.approx(sum(table["expected"]), abs=1e-3)
    for value, low in zip(observed.values, observed.edges, strict=False):
        assert value == table["observed"][table["low"].index(low)]


def test_loss_means_are_marked(diagnosis):
    ax = panel(diagnosis, "loss")["loss"]
    marked = {line.get_xdata()[0] for line in ax.lines}
    assert marked == {diagnosis.decomposition.total, diagnosis.metrics["expected_log_loss"].value}
    assert len(all_text(ax)) == 2


def test_classes_are_their_values(diagnosis):
    axes = panel(diagnosis, "classes")
    table = diagnosis.tables["classes"]
    rows = shown_classes(table)
    for name in ("accuracy", "loss"):
        points = [line.get_xdata()[0] for line in axes[f"classes_{name}"].lines if line.get_marker() in "os"]
        assert points == [table[name][row] for row in rows if not np.isnan(table[name][row])]


def test_a_class_without_rows_says_so(diagnosis_of):
    axes = panel(diagnosis_of("unseen_class"), "classes")
    assert all_text(axes["classes_accuracy"]) == ["no rows"]


def test_of_many_classes_those_of_largest_loss_are_shown(diagnosis_of):
    table = diagnosis_of("many").tables["classes"]
    rows = shown_classes(table)
    assert len(rows) == WORST_CLASSES < MOST_CLASSES < len(table["label"])
    assert min(table["loss"][row] for row in rows) >= max(
        loss for row, loss in enumerate(table["loss"]) if row not in rows
    )


@pytest.mark.parametrize("case", ["healthy", "imbalanced", "biased"])
def test_small_confusion_matrices_write_every_count(diagnosis_of, case):
    diagnosis = diagnosis_of(case)
    ax = panel(diagnosis, "confusion")["confusion"]
    n_classes = len(diagnosis.tables["classes"]["label"])
    counts = [float(text.split("\n")[0].replace(",", "")) for text in all_text(ax)]
    assert len(counts) == n_classes**2
    assert sum(counts) == diagnosis.description["n_samples"]


def test_confusion_of_many_classes_is_the_pairs_most_often_confused(diagnosis_of):
    table = diagnosis_of("many").tables["confusion"]
    ax = panel(diagnosis_of("many"), "confusion")["confusion"]
    pairs = confused_pairs(table)
    assert [bar.get_width() for bar in ax.patches] == [pair[2] for pair in pairs[:MOST_PAIRS]]
    assert sum(pair[2] for pair in pairs) == sum(
        weight
        for true, predicted, weight in zip(table["true"], table["predicted"], table["weight"], strict=True)
        if true != predicted
    )


def test_worst_rows_are_drawn_in_order(diagnosis):
    ax = panel(diagnosis, "rows")["rows"]
    table = diagnosis.tables["rows_loss"]
    labels = [int(label.get_text().split(":")[0]) for label in ax.get_yticklabels()]
    assert labels == table["index"][: len(labels)]
    widths = [bar.get_width() for bar, p_true in zip(ax.patches, table["p_true"], strict=False) if p_true > 0]
    assert (
        widths
        == [loss for loss, p_true in zip(table["loss"], table["p_true"], strict=False) if p_true > 0][: len(widths)]
    )


def test_rows_without_probability_are_infinite(diagnosis_of):
    ax = panel(diagnosis_of("zeros"), "rows")["rows"]
    assert all_text(ax).count("∞") == 4
    assert len([bar for bar in ax.patches if bar.get_hatch()]) == 4


def test_rows_without_any_loss_have_an_axis_all_the_same():
    diagnosis = diagnose(np.arange(60) % 3, np.eye(3)[np.arange(60) % 3])
    assert panel(diagnosis, "rows")["rows"].get_xlim()[1] > 0


def test_titles_say_the_finding(diagnosis_of):
    diagnosis = diagnosis_of("overconfident")
    assert PANELS["reliability"].title(diagnosis).startswith("Overconfident: T = 2.")
    assert PANELS["waterfall"].title(diagnosis).startswith("Overconfidence: ")
    assert PANELS["reliability"].title(diagnosis_of("underconfident")).startswith("Underconfident: T = 0.")
    assert PANELS["classes"].title(diagnosis_of("biased")).startswith("Class bias: cost = ")
    assert PANELS["loss"].title(diagnosis_of("zeros")) == "Infinite loss: 4 rows"


def test_titles_claim_nothing_where_nothing_fired(diagnosis_of):
    quiet = replace(diagnosis_of("healthy"), findings=())
    assert PANELS["reliability"].title(quiet) == "No miscalibration shown"
    assert "shown" in PANELS["classes"].title(quiet)


@pytest.mark.parametrize("name", PANELS)
def test_every_panel_has_words_for_those_who_do_not_see_it(diagnosis, name):
    alt = PANELS[name].alt(diagnosis)
    assert alt.endswith(".")
    assert alt.isprintable()


def test_labels_are_literal_and_never_mathematics(diagnosis_of):
    diagnosis = diagnosis_of("evil")
    figure, ax = new_figure()
    axes = draw(diagnosis, ax)
    figure.savefig("/dev/null", format="svg")
    label = axes["classes"].get_yticklabels()[0]
    assert label.get_text().startswith("<script>")
    assert not any(text.get_parse_math() and "$" in text.get_text().replace(r"\$", "") for text in ax.texts)


def test_drawing_reads_and_writes_no_global_state(diagnosis_of):
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    figure, ax = new_figure()
    draw(diagnosis_of("biased"), ax)
    figure.savefig("/dev/null", format="png")
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("setting", ["axes.grid", "figure.autolayout", "figure.constrained_layout.use"])
def test_settings_of_other_figures_change_no_pixel(diagnosis_of, setting):
    import matplotlib as mpl

    def pixels():
        figure, ax = new_figure()
        draw(diagnosis_of("biased"), ax)
        written = BytesIO()
        figure.savefig(written, format="rgba")
        return written.getvalue()

    plain = pixels()
    with mpl.rc_context({setting: True}):
        assert pixels() == plain


@pytest.mark.parametrize("style", ["dark_background", "ggplot", "grayscale", "fivethirtyeight"])
def test_drawing_works_under_any_style(diagnosis_of, style):
    import matplotlib.style

    with matplotlib.style.context(style):
        figure, ax = new_figure()
        axes = draw(diagnosis_of("biased"), ax)
        figure.savefig("/dev/null", format="png")
    assert axes["waterfall"].get_facecolor()[3] == 0.0


def test_a_single_panel_says_the_name_in_its_title(diagnosis_of):
    figure = Figure()
    ax = figure.subplots()
    axes = draw(diagnosis_of("healthy"), ax, ["loss"])
    figure.savefig("/dev/null", format="png")
    assert list(axes) == ["loss"]
    assert axes["loss"] in ax.child_axes
    assert not ax.axison
    assert ax.texts[0].get_text().startswith("logistic regression: Loss")


def test_the_waterfall_is_titled_by_what_noise_costs_beside_the_temperature():
    # In the waterfall the floor comes first and takes what a temperature explains as well.
    X, y = load_digits(return_X_y=True)
    train, test, y_train, y_test = train_test_split(X, y, test_size=0.5, random_state=0)
    d = diagnose(y_test, GaussianNB().fit(train, y_train).predict_proba(test))
    assert d["LA202"].evidence["nats_beside"] < d.decomposition["temperature"].value < d.decomposition["floor"].value
    assert waterfall_title(d).startswith("Overconfidence: ")
