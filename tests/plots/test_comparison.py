from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from scipy.special import softmax

from sklearn_lossacc.exceptions import LossAccError
from sklearn_lossacc.findings.comparison import ComparisonDiagnosis
from sklearn_lossacc.plots.comparison import comparison_pictures, draw_comparison, new_comparison_figure

EVIL = "a name with $x_1$ & <b> that is far too long to fit into any panel of the picture"


def data(n=600, k=3, seed=0):
    rng = np.random.default_rng(seed)
    odds = 1.5 * rng.normal(size=(n, k))
    y = (softmax(odds, axis=1).cumsum(axis=1) < rng.random((n, 1))).sum(axis=1).clip(0, k - 1)
    return (
        y,
        softmax(3 * odds, axis=1),
        softmax(0.7 * odds + rng.normal(size=odds.shape), axis=1),
        softmax(odds, axis=1),
    )


@pytest.fixture(scope="module")
def two():
    y, sharp, blunt, _ = data()
    return ComparisonDiagnosis.from_predictions(y, {"sharp": sharp, "blunt": blunt})


@pytest.fixture(scope="module")
def three():
    y, sharp, blunt, true = data()
    return ComparisonDiagnosis.from_predictions(y, {EVIL: sharp, "blunt": blunt, "true": true})


def drawn(diagnosis, n_panels=3, **options):
    figure, ax = new_comparison_figure(n_panels)
    axes = draw_comparison(diagnosis, ax, **options)
    FigureCanvasAgg(figure).draw()
    return figure, ax, axes


def dots(ax):
    return [line for line in ax.lines if line.get_marker() == "o"]


def test_differences_are_drawn_as_they_are(two):
    _, _, axes = drawn(two)
    assert set(axes) == {"differences", "differences_accuracy", "stories", "deciding"}
    values = [float(line.get_xdata()[0]) for line in dots(axes["differences"])]
    assert values == [two.difference(name).value for name in ("log_loss", "calibration_loss", "refinement_loss")]
    assert [float(line.get_xdata()[0]) for line in dots(axes["differences_accuracy"])] == [
        two.difference("accuracy").value
    ]
    loss = two.difference("log_loss")
    assert any(list(line.get_xdata()) == [loss.low, loss.high] for line in axes["differences"].lines)


def test_a_dot_is_filled_where_the_difference_is_beyond_noise(two):
    _, _, axes = drawn(two)
    table = two.frame().set_index("measure")
    for line, name in zip(dots(axes["differences"]), ("log_loss", "calibration_loss", "refinement_loss"), strict=True):
        assert (line.get_markerfacecolor() == line.get_markeredgecolor()) == (table.loc[name, "p_holm"] <= 0.05)


def test_stories_and_their_sum_are_drawn(two):
    _, _, axes = drawn(two)
    bars = [patch.get_width() for patch in axes["stories"].patches]
    stories = two.frame("stories")["contribution"].tolist()
    assert bars == pytest.approx([*stories, two.difference("log_loss").value])
    assert sum(bars[:4]) == pytest.approx(bars[4])
    hatched = [bool(patch.get_hatch()) for patch in axes["stories"].patches[:4]]
    assert hatched == [value > 0 for value in stories]


def test_the_curve_starts_at_the_difference_and_crosses_zero_where_it_says(two):
    _, _, axes = drawn(two)
    curve = max(axes["deciding"].lines, key=lambda line: len(line.get_xdata()))
    x, y = np.asarray(curve.get_xdata()), np.asarray(curve.get_ydata())
    assert y[0] == two.difference("log_loss").value
    decisive = two.tables["pairs"]["n_decisive"][0]
    assert f"gone after {decisive} rows" in [text.get_text() for text in axes["deciding"].texts]
    assert (np.sign(y[x < decisive]) == np.sign(y[0])).all()
    assert np.sign(y[x == decisive][0]) != np.sign(y[0])


def test_pairs_are_drawn_where_there_are_several(three):
    _, ax, axes = drawn(three, 4)
    assert {"pairs", "pairs_accuracy"} <= set(axes)
    assert len(dots(axes["pairs"])) == 3
    assert "; shown: " in ax.texts[1].get_text()


def test_the_pair_can_be_chosen(three):
    _, _, axes = drawn(three, 1, panels=["stories"], pair=("blunt", "true"))
    assert "true minus blunt" in axes["stories"].get_xlabel()
    with pytest.raises(LossAccError, match="pair must be one of"):
        drawn(three, 1, pair=("true", "blunt"))


@pytest.mark.parametrize("panels", [["stories"], ["differences", "deciding"], "deciding"])
def test_panels_can_be_chosen(two, panels):
    _, _, axes = drawn(two, 2, panels=panels)
    wanted = {panels} if isinstance(panels, str) else set(panels)
    assert {name.removesuffix("_accuracy") for name in axes} == wanted


@pytest.mark.parametrize("panels", [[], ["curve"], ["stories", "x"]])
def test_unknown_panels_are_refused(two, panels):
    with pytest.raises(LossAccError, match="panels must be names out of"):
        drawn(two, panels=panels)


@pytest.mark.parametrize("case", ["two", "three"])
def test_nothing_leaves_the_figure(request, case):
    figure, ax, axes = drawn(request.getfixturevalue(case), 4)
    window = figure.bbox
    for artist in [*ax.texts, *(text for panel in axes.values() for text in panel.texts)]:
        box = artist.get_window_extent()
        assert box.x0 >= window.x0 - 1
        assert box.x1 <= window.x1 + 1
        assert box.y0 >= window.y0 - 1
        assert box.y1 <= window.y1 + 1


def special(kind):
    y, sharp, blunt, _ = data(200, 2)
    if kind == "identical":
        return ComparisonDiagnosis.from_predictions(y, {"A": sharp, "B": sharp})
    if kind == "few groups":
        return ComparisonDiagnosis.from_predictions(y, {"A": sharp, "B": blunt}, groups=np.arange(200) % 4)
    if kind == "groups":
        return ComparisonDiagnosis.from_predictions(y, {"A": sharp, "B": blunt}, groups=np.arange(200) // 4)
    zero = blunt.copy()
    zero[0] = np.eye(2)[1 - y[0]]
    return ComparisonDiagnosis.from_predictions(y[:6], {"A": sharp[:6], "B": zero[:6]})


@pytest.mark.parametrize("kind", ["identical", "few groups", "groups", "six rows"])
def test_special_cases_can_be_drawn(kind):
    diagnosis = special(kind)
    _, _, axes = drawn(diagnosis)
    assert axes["deciding"].has_data()
    for picture in comparison_pictures(diagnosis):
        assert picture.alt
        assert picture.title


def test_ticks_of_no_difference_do_not_cover_each_other():
    figure, _, axes = drawn(special("identical"))
    figure.canvas.draw()
    boxes = [tick.get_window_extent() for tick in axes["stories"].get_xticklabels()]
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))


def test_no_global_setting_is_touched_and_the_diagnosis_is_not_changed(two):
    before, numbers = dict(mpl.rcParams), two.to_dict()
    drawn(two)
    comparison_pictures(two)
    assert dict(mpl.rcParams) == before
    assert two.to_dict() == numbers
    assert not pyplot.get_fignums()


def test_pictures_are_labelled_and_repeatable(three):
    first, again = comparison_pictures(three), comparison_pictures(three)
    assert [picture.svg for picture in first] == [picture.svg for picture in again]
    assert [picture.name for picture in first] == ["pairs", "differences", "stories", "deciding"]
    for picture in first:
        assert 'role="img"' in picture.svg
        assert "<script" not in picture.svg
        assert "nats" in picture.alt


def test_it_draws_into_an_axes_of_others(two):
    figure = Figure(figsize=(12, 8))
    first, second = figure.subplots(2, 1)
    draw_comparison(two, second)
    FigureCanvasAgg(figure).draw()
    assert not first.child_axes
    assert second.child_axes
