"""Nothing overlaps and nothing is cut off, whatever the labels and the figure."""

from functools import cache
from itertools import combinations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from sklearn_lossacc import diagnose
from sklearn_lossacc.plots import PANELS, draw, new_figure
from sklearn_lossacc.plots.figure import check_panels, grid_shape
from sklearn_lossacc.plots.layout import Cell, fit_words

ALL = ["healthy", "overconfident", "underconfident", "imbalanced", "zeros", "many", "few", "evil"]
HEADER_LINES = 3
SLACK = 1.5  # pixels: line widths and the rounding of text to the pixel grid


def drawn(diagnosis, panels=None, figure=None, ax=None):
    """Draw, and let the figure settle as it does when it is shown."""
    if figure is None:
        figure, ax = new_figure(panels)
    axes = draw(diagnosis, ax, panels)
    settle(figure)
    return figure, ax, axes


def settle(figure):
    """Draw twice on a canvas that measures text."""
    canvas = FigureCanvasAgg(figure)
    for _ in range(2):
        canvas.draw()
    return canvas.get_renderer()


@pytest.fixture(scope="module")
def page(diagnosis_of):
    """Return the function from the name of a case to its drawn report of all panels."""

    @cache
    def draw_once(name):
        return drawn(diagnosis_of(name))

    return draw_once


def extent(ax, renderer):
    """Return all that an axes covers."""
    return ax.get_tightbbox(renderer, call_axes_locator=False, for_layout_only=True)


def titles(ax):
    """Return header and titles."""
    return [text.get_window_extent() for text in ax.texts]


def texts_of(ax):
    """Return the visible labels of both axes."""
    for axis in (ax.xaxis, ax.yaxis):
        yield [label for label in axis.get_ticklabels() if label.get_visible() and label.get_text().strip()]


def apart(boxes):
    return all(
        a.x1 <= b.x0 + SLACK or b.x1 <= a.x0 + SLACK or a.y1 <= b.y0 + SLACK or b.y1 <= a.y0 + SLACK
        for a, b in combinations(boxes, 2)
    )


@pytest.mark.parametrize("case", ALL)
def test_no_panel_leaves_the_figure(page, case):
    figure, ax, axes = page(case)
    renderer = figure.canvas.get_renderer()
    for box in [*(extent(child, renderer) for child in axes.values()), *titles(ax)]:
        assert box.x0 >= -SLACK
        assert box.y0 >= -SLACK
        assert box.x1 <= figure.bbox.width + SLACK
        assert box.y1 <= figure.bbox.height + SLACK


@pytest.mark.parametrize("case", ALL)
def test_panels_do_not_overlap(page, case):
    figure, ax, axes = page(case)
    renderer = figure.canvas.get_renderer()
    assert apart([*(extent(child, renderer) for child in axes.values()), *titles(ax)])


@pytest.mark.parametrize("case", ALL)
def test_every_panel_has_its_title_below_the_header(page, case):
    _, ax, _ = page(case)
    assert len(ax.texts) == HEADER_LINES + len(PANELS)
    assert all(text.get_text() for text in ax.texts)


@pytest.mark.parametrize("case", ALL)
def test_tick_labels_do_not_overlap(page, case):
    _, _, axes = page(case)
    for name, ax in axes.items():
        for labels in texts_of(ax):
            assert apart([label.get_window_extent() for label in labels]), name


@pytest.mark.parametrize(
    "names",
    [
        [f"{first} {'unknown' * 3}" for first in ("onychodystrophy", "pseudohypothyro", "keratoacanthoma")],
        ["W" * 30, "M" * 12, "WMW MWM WMW"],
        ["i" * 40, "l" * 30, "$1i$ $2l$ $3f$ and more of it"],
    ],
    ids=["long", "wide", "narrow"],
)
def test_long_names_of_predicted_classes_do_not_overlap(names):
    proba = np.random.default_rng(0).dirichlet(np.ones(3), 100)
    _, _, axes = drawn(diagnose(np.array(names)[proba.argmax(axis=1)], proba, classes=names))
    labels = axes["confusion"].get_xticklabels()
    assert apart([label.get_window_extent() for label in labels])


@pytest.mark.parametrize("panel", PANELS)
@pytest.mark.parametrize("case", ["underconfident", "many"])
@pytest.mark.parametrize("size", [(4.0, 3.0), (9.0, 3.0)])
def test_a_panel_fills_a_given_axes_and_stays_inside(diagnosis_of, panel, case, size):
    figure = Figure(figsize=size)
    ax = figure.add_axes((0.1, 0.1, 0.8, 0.8))
    ax.set_axis_off()
    (panel_axes := Cell(ax, shares=PANELS[panel].shares, vertical=PANELS[panel].vertical)).make()
    PANELS[panel].draw(diagnosis_of(case), panel_axes.axes if len(panel_axes.axes) > 1 else panel_axes.axes[0])
    renderer = settle(figure)
    window = ax.get_window_extent()
    for child in panel_axes.axes:
        box = extent(child, renderer)
        assert box.x0 >= window.x0 - SLACK
        assert box.x1 <= window.x1 + SLACK
        assert box.y0 >= window.y0 - SLACK
        assert box.y1 <= window.y1 + SLACK
        assert child.get_window_extent().width > 0


def test_panels_stay_inside_their_axes_among_others(diagnosis_of):
    figure = Figure(figsize=(14, 10), layout="constrained")
    left, right = figure.subplots(1, 2)
    right.plot([0, 1])
    drawn(diagnosis_of("imbalanced"), ["waterfall", "reliability"], figure, left)
    renderer = figure.canvas.get_renderer()
    axes = left.child_axes
    assert len(axes) == 3
    assert apart([right.get_tightbbox(renderer), *(extent(ax, renderer) for ax in axes)])


def test_a_tight_bounding_box_moves_nothing(diagnosis_of, tmp_path):
    figure, _, axes = drawn(diagnosis_of("overconfident"))
    before = [ax.get_position().bounds for ax in axes.values()]
    figure.savefig(tmp_path / "tight.png", bbox_inches="tight")
    figure.savefig(tmp_path / "again.png")
    after = [ax.get_position().bounds for ax in axes.values()]
    for one, other in zip(before, after, strict=True):
        assert one == pytest.approx(other, abs=2e-3)


def test_resizing_the_figure_keeps_everything_inside(diagnosis_of):
    figure, ax, axes = drawn(diagnosis_of("imbalanced"), ["waterfall", "classes"])
    figure.set_size_inches(7, 3)
    renderer = settle(figure)
    window = ax.get_window_extent()
    boxes = [extent(child, renderer) for child in axes.values()]
    assert apart(boxes)
    assert all(box.x0 >= window.x0 - SLACK and box.x1 <= window.x1 + SLACK for box in boxes)


def test_words_are_broken_evenly_and_cut_where_they_do_not_fit():
    figure = Figure(figsize=(4, 4), dpi=100)
    text = figure.text(0, 0, "kept")
    broken = fit_words(text, "four words of text", 100)
    assert broken.count("\n") == 1
    assert broken.replace("\n", " ") == "four words of text"
    cut = fit_words(text, "word " * 30 + "end", 100)
    assert cut.count("\n") == 1
    assert cut.endswith("…")
    whole = fit_words(text, "nine words of text that take just three lines", 100, lines=4)
    assert whole.replace("\n", " ") == "nine words of text that take just three lines"
    assert whole.count("\n") >= 2, "words that need more than two lines and fit are not cut"
    assert fit_words(text, "unbreakable" * 9, 100).endswith("…")
    assert fit_words(text, "short", 100) == "short"
    assert text.get_text() == "kept"


@pytest.mark.parametrize("width", range(60, 160, 5))
def test_a_percent_sign_begins_no_line(width):
    text = Figure(figsize=(4, 4), dpi=100).text(0, 0, "")
    lines = fit_words(text, "rises to 87.7 % from 74.1 % at the end", width, lines=5).split("\n")
    assert len(lines) > 1
    assert not any(line.startswith("%") for line in lines)


@pytest.mark.parametrize(("n_panels", "shape"), [(1, (1, 1)), (2, (1, 2)), (3, (1, 3)), (4, (2, 2)), (6, (2, 3))])
def test_grid_shapes(n_panels, shape):
    assert grid_shape(n_panels) == shape


@pytest.mark.parametrize(("size", "shape"), [((4.0, 24.0), (6, 1)), ((28.0, 4.0), (1, 6)), ((9.0, 12.0), (3, 2))])
def test_panels_are_arranged_by_the_shape_of_the_room(size, shape):
    assert grid_shape(6, *size) == shape


def test_panels_are_checked():
    assert check_panels(None) == tuple(PANELS)
    assert check_panels("waterfall") == ("waterfall",)
    assert check_panels(["rows", "loss", "rows"]) == ("rows", "loss")
    for wrong in (["waterfal"], []):
        with pytest.raises(ValueError, match="panels must be names out of"):
            check_panels(wrong)
