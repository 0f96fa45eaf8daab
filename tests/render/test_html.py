import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from sklearn_lossacc.plots import panel_pictures
from sklearn_lossacc.render import html_fragment, html_page, predictions_document
from sklearn_lossacc.render.style import PAGE_STYLE, STYLE

VOID = {"meta", "br", "link", "img", "input", "hr"}
PANELS = ("waterfall", "reliability", "loss", "classes", "confusion")


class Page(HTMLParser):
    """Collect elements; complain where tags do not nest."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.stack = []
        self.elements = []
        self.texts = []
        self.feed(text)
        self.close()
        assert not self.stack, self.stack

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), tuple(self.stack)))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), tuple(self.stack)))

    def handle_endtag(self, tag):
        assert self.stack, tag
        assert self.stack.pop() == tag

    def handle_data(self, data):
        if "style" not in self.stack:
            self.texts.append(data)

    def all(self, tag):
        return [attrs for name, attrs, _ in self.elements if name == tag]

    @property
    def text(self):
        return " ".join(self.texts)


@pytest.fixture(scope="module")
def text_of(diagnosis_of):
    written = {}

    def write(name):
        if name not in written:
            written[name] = html_page(
                predictions_document(diagnosis_of(name)), panel_pictures(diagnosis_of(name), PANELS)
            )
        return written[name]

    return write


@pytest.fixture(params=["healthy", "biased", "zeros", "many", "few", "unseen_class", "evil"])
def case(request):
    return request.param


@pytest.fixture
def page(text_of, case):
    return Page(text_of(case))


def test_page_is_one_small_file_that_works_offline(text_of, case):
    text = text_of(case)
    assert len(text.encode()) < 1_000_000
    page = Page(text)
    used = {name for name, _, _ in page.elements}
    assert used.isdisjoint({"script", "link", "iframe", "img", "object", "embed", "base", "form"})
    for _, attrs, _ in page.elements:
        assert not [name for name in attrs if name.startswith("on") or name in ("src", "srcset", "action")]
    assert not re.search(r"@import|url\(\s*['\"]?(https?:|//)", text)
    for anchor in page.all("a"):
        assert anchor["href"].startswith(("#", "https://"))


def test_page_has_language_title_and_viewport(page):
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("title")) == 1
    metas = {attrs.get("name"): attrs.get("content") for attrs in page.all("meta")}
    assert "width=device-width" in metas["viewport"]


def test_page_has_landmarks_and_a_way_past_the_links(page):
    for landmark in ("header", "nav", "main", "footer"):
        assert len(page.all(landmark)) == 1
    assert page.all("nav")[0]["aria-label"]
    assert page.all("a")[0] == {"class": "skip", "href": "#report"}


def test_ids_are_unique_and_links_and_labels_find_them(page):
    ids = [attrs["id"] for _, attrs, _ in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    targets = [attrs["href"][1:] for attrs in page.all("a") if attrs["href"].startswith("#")]
    labels = [attrs["aria-labelledby"] for _, attrs, _ in page.elements if "aria-labelledby" in attrs]
    assert set(targets) | set(labels) <= set(ids)
    assert len(labels) == len(page.all("section"))


def test_headings_go_down_one_level_at_a_time(page):
    levels = [int(tag[1]) for tag, _, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_tables_have_captions_and_scopes(page):
    assert len(page.all("table")) == len(page.all("caption")) > 3
    assert all(attrs.get("scope") in ("col", "row") for attrs in page.all("th"))
    scrolling = [attrs for attrs in page.all("div") if attrs.get("class") == "scroll"]
    assert len(scrolling) == len(page.all("table"))
    assert all(attrs["tabindex"] == "0" and attrs["role"] == "region" and attrs["aria-label"] for attrs in scrolling)


def test_rows_of_tables_are_complete(text_of, case):
    for table in re.findall(r"<table>.*?</table>", text_of(case), flags=re.DOTALL):
        widths = {len(re.findall(r"<t[hd]\b", row)) for row in re.findall(r"<tr.*?</tr>", table, flags=re.DOTALL)}
        assert len(widths) == 1


def test_figures_have_titles_and_alternative_texts(page):
    pictures = page.all("svg")
    assert len(pictures) == len(PANELS) == len(page.all("figure")) == len(page.all("figcaption"))
    assert all(attrs["role"] == "img" and len(attrs["aria-label"]) > 30 for attrs in pictures)


def test_the_verdict_comes_first_then_what_to_do_then_the_numbers(text_of):
    text = text_of("zeros")
    places = [
        text.index(part) for part in ('class="verdict', 'id="todo"', 'id="numbers"', 'id="findings"', 'id="rows"')
    ]
    assert places == sorted(places)


def test_every_finding_is_there(page, diagnosis_of, case):
    for finding in diagnosis_of(case).findings:
        assert finding.code in page.text
        assert (
            " ".join(finding.headline.split()).replace(" ", "")[:40]
            in page.text.replace(" ", "").replace("\N{NO-BREAK SPACE}", "")
            or not finding.headline.isprintable()
        )


def test_the_gravest_severity_is_said_in_words_and_not_only_in_colour(text_of):
    assert 'class="verdict is-error"><p class="state">Something is broken</p>' in text_of("zeros")
    assert 'class="verdict is-warning"><p class="state">Something needs repair</p>' in text_of("biased")
    assert 'class="verdict is-fine"><p class="state">Nothing was found</p>' in text_of("healthy")


def test_names_and_labels_are_only_text(text_of):
    text = text_of("evil")
    page = Page(text)
    assert not page.all("script")
    assert not page.all("b")
    assert "\x1b" not in text
    assert "<script>alert('x')</script>" in page.text


def test_an_address_that_is_not_web_is_no_link(diagnosis_of):
    diagnosis = diagnosis_of("biased")
    finding = replace(diagnosis.issues[0], url="javascript:alert(1)")
    page = Page(html_page(predictions_document(replace(diagnosis, findings=(finding,)))))
    assert all(attrs["href"].startswith("#") for attrs in page.all("a"))


def test_a_page_without_pictures_has_no_section_for_them(diagnosis_of):
    page = Page(html_page(predictions_document(diagnosis_of("few"))))
    assert not page.all("figure")
    assert "#figures" not in {attrs["href"] for attrs in page.all("a")}


def test_the_fragment_is_scoped_and_may_be_shown_twice(diagnosis):
    text = html_fragment(predictions_document(diagnosis))
    page = Page(text + text)
    assert not [attrs for _, attrs, _ in page.elements if "id" in attrs]
    assert not page.all("svg")
    rules = re.findall(r"([^{}]+)\{[^{}]*\}", re.sub(r"@media[^{]*\{(.*)\}\}", r"\1}", STYLE))
    selectors = [selector.strip() for rule in rules for selector in rule.split(",")]
    assert len(selectors) > 20
    assert [selector for selector in selectors if not selector.startswith(".lossacc")] == []


def test_styles_load_nothing():
    assert "http" not in STYLE + PAGE_STYLE
    assert "@font-face" not in STYLE + PAGE_STYLE


def luminance(color):
    color = color * 2 if len(color) == 3 else color
    channels = [int(color[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    light, dark = sorted([luminance(one), luminance(other)], reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("style", [STYLE, PAGE_STYLE[: PAGE_STYLE.index("@media print")]], ids=["light", "dark"])
def test_text_has_contrast_enough(style):
    """WCAG 2.2 asks for 4.5 for text."""
    colors = dict(re.findall(r"--([a-z]+):#([0-9a-f]{3,6})\b", style))
    for name in ("ink", "quiet", "link", "error", "warning", "tip", "fine"):
        for ground in ("paper", "soft"):
            assert contrast(colors[name], colors[ground]) >= 4.5, (name, ground)


def test_the_wide_picture_of_a_log_is_scrolled_on_a_phone_and_whole_on_paper():
    """Shrunk to 340 pixels its letters would be 3 pixels high."""
    assert ".figures.wide figure{overflow-x:auto}" in STYLE
    assert re.search(r"\.figures\.wide svg\{[^}]*min-width:36rem", STYLE)
    assert ".figures.wide svg{min-width:0}" in PAGE_STYLE[PAGE_STYLE.index("@media print") :]
