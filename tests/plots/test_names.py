"""Names of classes that are drawn are as different as the classes."""

import numpy as np
import pytest

from sklearn_lossacc import diagnose
from sklearn_lossacc.findings.comparison import ComparisonDiagnosis
from sklearn_lossacc.plots import PANELS, draw, new_figure
from sklearn_lossacc.plots.comparison import draw_comparison, new_comparison_figure
from sklearn_lossacc.plots.names import telling_names

PATHS = [f"/data/birds/species number {i} of the north/images" for i in range(12)]


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (["a", "b"], ["a", "b"]),
        (["internal medicine", "surgery"], ["internal medicine", "surgery"]),
        (PATHS, [f"…{i}…" for i in range(12)]),
        ([f"species_{i:03d} of all" for i in range(4)], [f"…{i:03d}…" for i in range(4)]),
        (["a long beginning: cat", "a long beginning: car"], ["a long beginning: cat", "a long beginning: car"]),
        (["a long beginning: red cat", "a long beginning: fat cat"], ["…red…", "…fat…"]),
        (
            ["a long common ending", "quite a long common ending"],
            ["a long common ending", "quite a long common ending"],
        ),
        (["only one class with a long name"], ["only one class with a long name"]),
    ],
)
def test_what_all_share_is_left_out_where_names_would_look_alike(labels, names):
    assert list(telling_names(labels, "class").values()) == names
    assert list(telling_names(labels, "class")) == labels


@pytest.mark.parametrize("n_classes", [4, 12])
def test_panels_tell_classes_with_long_names_apart(n_classes):
    rng = np.random.default_rng(0)
    proba = rng.dirichlet(np.full(n_classes, 0.5), 400)
    column = (proba.cumsum(axis=1) < rng.random((400, 1))).sum(axis=1).clip(max=n_classes - 1)
    diagnosis = diagnose(np.array(PATHS)[column], proba, classes=PATHS[:n_classes])
    _, ax = new_figure(["classes", "confusion", "rows"])
    axes = draw(diagnosis, ax, ["classes", "confusion", "rows"])
    for name in ("classes", "confusion"):
        assert len({tick.get_text() for tick in axes[name].get_yticklabels()}) == n_classes
    assert PANELS["confusion"].title(diagnosis).count("…") == 4
    true = np.array(diagnosis.tables["rows_loss"]["y_true"])
    drawn = [tick.get_text() for tick in axes["rows"].get_yticklabels()]
    assert [words.split()[1].strip("…") for words in drawn] == [name.split()[2] for name in true[: len(drawn)]]


def test_comparisons_tell_models_with_long_names_apart():
    rng = np.random.default_rng(0)
    proba = rng.dirichlet(np.ones(3), 300)
    y = (proba.cumsum(axis=1) < rng.random((300, 1))).sum(axis=1).clip(max=2)
    models = {f"experiments/network/run {i}/checkpoint": (proba + i) / (1 + 3 * i) for i in range(4)}
    figure, ax = new_comparison_figure(4)
    axes = draw_comparison(ComparisonDiagnosis.from_predictions(y, models), ax)
    figure.canvas.draw()
    assert len({tick.get_text() for tick in axes["pairs"].get_yticklabels()}) == 6
    assert len({tick.get_text() for tick in axes["stories"].get_yticklabels()}) == 5
    for panel in axes.values():
        box = panel.xaxis.label.get_window_extent()
        assert box.x0 >= 0
        assert box.x1 <= figure.bbox.x1
