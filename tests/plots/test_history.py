import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from sklearn_lossacc.findings.history import HistoryDiagnosis
from sklearn_lossacc.inputs import TrainingHistory
from sklearn_lossacc.plots.history import draw_history, history_picture, new_history_figure
from sklearn_lossacc.plots.history.figure import accuracy_title

TIME = np.arange(16)
TURNING = {
    "val_loss": 0.5 + 0.3 * np.exp(-TIME / 2) + 0.01 * np.maximum(TIME - 5, 0),
    "val_accuracy": 0.76 - 0.2 * np.exp(-TIME / 2),
    "train_loss": 0.7 * np.exp(-TIME / 6),
    "train_accuracy": 0.95 - 0.35 * np.exp(-TIME / 4),
}


def diagnose(**given):
    return HistoryDiagnosis.from_history(TrainingHistory.from_arrays(**given))


@pytest.fixture
def diagnosis():
    return diagnose(**TURNING, n_val=1500, n_classes=2, name="run")


def drawn(diagnosis, **options):
    figure, ax = new_history_figure()
    axes = draw_history(diagnosis, ax, **options)
    FigureCanvasAgg(figure).draw()
    return figure, ax, axes


def line_with(ax, values):
    """Whether some line of an axes shows these values."""
    return any(np.array_equal(np.asarray(line.get_ydata(), dtype=float), values) for line in ax.lines)


@pytest.mark.parametrize(
    ("slope", "title"),
    [
        (0.003, "Accuracy rises all the same"),
        (0.0, "Accuracy does not fall with it"),
        (-0.0015, "Whether accuracy falls with it cannot be told"),
        (-0.01, "Accuracy falls with it"),
    ],
)
def test_the_title_of_the_accuracy_says_what_it_does_beside_a_rising_loss(slope, title):
    after = np.maximum(np.arange(24) - 8, 0)
    curves = {"val_loss": 0.5 + np.exp(-np.arange(24) / 3) + 0.02 * after, "val_accuracy": 0.8 + slope * after}
    diagnosis = HistoryDiagnosis.from_history(TrainingHistory.from_arrays(**curves, n_val=1000))
    assert accuracy_title(diagnosis) == title


def test_the_curves_are_drawn_as_they_are(diagnosis):
    _, _, axes = drawn(diagnosis)
    assert line_with(axes["loss"], TURNING["val_loss"])
    assert line_with(axes["loss"], TURNING["train_loss"])
    assert line_with(axes["accuracy"], TURNING["val_accuracy"])
    assert line_with(axes["accuracy"], TURNING["train_accuracy"])


def test_titles_and_key_say_what_is_seen(diagnosis):
    _, _, axes = drawn(diagnosis)
    assert axes["loss"].get_title(loc="left").startswith("Loss rises by 0.")
    assert "since epoch" in axes["loss"].get_title(loc="left")
    assert axes["accuracy"].get_title(loc="left") == "Accuracy does not fall with it"
    key = [entry.get_text() for entry in axes["accuracy"].get_legend().get_texts()]
    assert key == ["where calibrated models of that accuracy lie", "95 % noise of 1,500 rows", "rise of the loss"]


def test_best_epochs_are_marked_in_both_panels(diagnosis):
    _, _, axes = drawn(diagnosis)
    lowest = int(np.argmin(TURNING["val_loss"]))
    words = [text.get_text() for text in axes["loss"].texts]
    assert f"lowest: epoch {lowest}" in words
    assert "highest: epoch 15" in [text.get_text() for text in axes["accuracy"].texts]
    for ax in axes.values():
        verticals = {float(line.get_xdata()[0]) for line in ax.lines if len(set(line.get_xdata())) == 1}
        assert {float(lowest), 15.0} <= verticals


def test_lines_can_be_told_apart_without_colour(diagnosis):
    _, _, axes = drawn(diagnosis)
    styles = {
        name: next(
            line.get_linestyle() for line in axes["loss"].lines if np.array_equal(line.get_ydata(), TURNING[name])
        )
        for name in ("val_loss", "train_loss")
    }
    assert styles["val_loss"] == "-"
    assert styles["train_loss"] == "--"
    hatched = [artist for artist in axes["loss"].collections if artist.get_hatch()]
    assert len(hatched) == 1


def test_nothing_leaves_the_figure(diagnosis):
    figure, ax, axes = drawn(diagnosis)
    window = figure.bbox
    for artist in [
        *ax.texts,
        *(text for panel in axes.values() for text in panel.texts),
        axes["accuracy"].get_legend(),
    ]:
        box = artist.get_window_extent()
        assert box.x0 >= window.x0 - 1
        assert box.x1 <= window.x1 + 1
        assert box.y0 >= window.y0 - 1


def test_no_global_setting_is_touched_and_the_diagnosis_is_not_changed(diagnosis):
    before, numbers = dict(mpl.rcParams), diagnosis.to_dict()
    drawn(diagnosis)
    assert dict(mpl.rcParams) == before
    assert diagnosis.to_dict() == numbers
    assert not pyplot.get_fignums()


@pytest.mark.parametrize(
    "given",
    [
        {"val_loss": 0.4577, "val_accuracy": 0.7826, "n_val": 1000, "n_classes": 2},
        {"val_loss": [0.5]},
        {"val_accuracy": [0.5, 0.6]},
        {"train_loss": [1.0, np.inf, np.inf], "val_loss": [1.0, np.nan, np.nan]},
        {"val_loss": [np.inf, np.inf]},
        {"val_loss": np.full(8, 0.6931), "val_accuracy": np.full(8, 0.5), "n_classes": 2, "n_val": 100},
        {"val_loss": [0.0, 0.0], "val_accuracy": [1.0, 1.0], "n_classes": 2, "n_val": 10},
        {"val_loss": [5.0, 1.0, np.nan, 0.9], "val_accuracy": [0.1, np.nan, 0.2, 0.3], "n_classes": 10},
        {"val_loss": [0.5, 0.4], "name": "$x^2$ " * 20},
    ],
)
def test_every_log_can_be_drawn(given):
    figure, _, _ = drawn(diagnose(**given))
    assert isinstance(figure, Figure)
    history_picture(diagnose(**given))


def test_losses_that_are_not_finite_are_shown():
    _, _, axes = drawn(diagnose(train_loss=[1.0, np.inf, np.inf], val_loss=[1.0, 0.9, np.inf]))
    assert "not finite" in [text.get_text() for text in axes["loss"].texts]
    (marks,) = [line for line in axes["loss"].lines if line.get_marker() == "x"]
    assert marks.get_xdata().tolist() == [1.0, 2.0]


def test_the_picture_for_a_page(diagnosis):
    picture = history_picture(diagnosis)
    assert picture.svg.startswith("<svg")
    assert 'role="img"' in picture.svg
    assert "the probabilities got worse" in picture.alt
    assert picture.svg == history_picture(diagnosis).svg, "the same text each time"
    assert len(picture.svg) < 200_000


def test_the_header_can_be_left_out(diagnosis):
    _, ax, _ = drawn(diagnosis, header=False)
    assert not ax.texts


def test_a_long_log_makes_a_small_page_that_keeps_its_spike():
    rng = np.random.default_rng(0)
    n_rows = 20_000
    loss = 0.5 + np.exp(-np.arange(n_rows) / 4000) + 0.01 * rng.normal(size=n_rows)
    loss[12_345] = 9.0
    long = diagnose(val_loss=loss, val_accuracy=0.8 + 0.01 * rng.normal(size=n_rows), n_val=3000, n_classes=3)
    assert len(history_picture(long).svg) < 600_000
    _, ax = new_history_figure()
    axes = draw_history(long, ax)
    assert max(np.nanmax(line.get_ydata()) for line in axes["loss"].lines if len(line.get_ydata()) > 10) == 9.0


@pytest.mark.parametrize(("start", "end", "side"), [(0.69, 0.3, "right"), (0.3, 0.69, "left")])
def test_the_name_of_chance_is_where_no_curve_is(start, end, side):
    _, _, axes = drawn(diagnose(val_loss=np.linspace(start, end, 12), n_classes=2))
    (name,) = (words for words in axes["loss"].texts if words.get_text() == "chance")
    assert name.get_ha() == side
