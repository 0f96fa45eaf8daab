import warnings

import numpy as np
import pytest
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text

from sklearn_lossacc import ComparisonReport, LossAccuracyReport, diagnose
from sklearn_lossacc.exceptions import DataWarning
from sklearn_lossacc.plots.fonts import BOX, drawable, undrawable

RNG = np.random.default_rng(0)
P = RNG.dirichlet(np.ones(3), 200)
Y = (P.cumsum(axis=1) > RNG.random((200, 1))).argmax(axis=1)
CAT = "猫"


def letters(path):
    return set(map(chr, FT2Font(str(path)).get_charmap()))


@pytest.fixture
def elsewhere():
    """Return a letter that another font has, of those that matplotlib brings along."""
    usual = letters(font_manager.findfont("DejaVu Sans"))
    found = letters(font_manager.findfont("STIXGeneral")) - usual - letters(font_manager.findfont("DejaVu Sans:bold"))
    return min(letter for letter in found if letter.isprintable() and letter > "\u2000")


@pytest.fixture
def few_fonts(monkeypatch):
    """Leave the fonts that matplotlib brings along, none of which is of Chinese."""
    few = [font for font in font_manager.fontManager.ttflist if "mpl-data" in font.fname]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", few)


def drawn(names, **changes):
    report = LossAccuracyReport(diagnose(np.array(names)[Y], P, classes=names, **changes))
    figure = Figure(figsize=(12, 8))
    report.plot(figure.add_subplot())
    figure.savefig("/dev/null", format="png")
    return report, [text for text in figure.findobj(Text) if text.get_text()]


def test_a_letter_of_another_font_is_drawn_in_that_without_a_warning(elsewhere):
    names = [f"a{elsewhere}", "naïve", "c"]
    report, texts = drawn(names, name=f"model {elsewhere}")
    having = [text for text in texts if elsewhere in text.get_text()]
    assert len(having) > 5
    assert all(len(text.get_fontfamily()) > 1 for text in having)
    assert all(text.get_fontfamily() == texts[0].get_fontfamily()[:1] for text in texts if text not in having)
    report.to_html()


def test_names_that_no_font_can_write_are_told_and_called_by_their_place(few_fonts):
    with pytest.warns(
        DataWarning, match="letters of .* pictures call such a class by its place, as 'class 1'"
    ) as caught:
        report, texts = drawn(["a", CAT, "c" + CAT], name="m" + CAT)
    assert len(caught) == 1
    written = " ".join(text.get_text() for text in texts)
    assert "class 2" in written
    assert "class 3" in written
    assert CAT not in written
    assert f"m{BOX}" in written
    with pytest.warns(DataWarning, match="by its place") as caught:
        page = report.to_html()
    assert len(caught) == 1
    assert CAT in page, "the reader's fonts may have it"


def test_models_too(few_fonts):
    ax = Figure(figsize=(12, 8)).add_subplot()
    with pytest.warns(DataWarning, match="such a model by its place, as 'model 1'"):
        ComparisonReport.from_predictions(Y, {"A": P, CAT: np.roll(P, 1, axis=0)}, ax=ax)
    ax.figure.savefig("/dev/null", format="png")


def test_what_the_usual_font_has_is_left_alone():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, texts = drawn(["Ärger", "naïve", "→ c"])
    assert len({tuple(text.get_fontfamily()) for text in texts}) == 1
    assert undrawable("Ärger → …") == set()
    assert drawable("Ärger") == "Ärger"
