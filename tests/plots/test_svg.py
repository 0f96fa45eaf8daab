import re
from xml.etree import ElementTree

import pytest

from sklearn_lossacc.plots import PANELS, panel_pictures
from sklearn_lossacc.plots.svg import inline_svg


@pytest.fixture(params=["biased", "many", "evil"])
def pictures(request, diagnosis_of):
    return panel_pictures(diagnosis_of(request.param))


def test_every_panel_becomes_one_picture(pictures):
    assert [picture.name for picture in pictures] == list(PANELS)
    assert all(picture.title and picture.alt for picture in pictures)


def test_pictures_are_well_formed_and_labelled(pictures):
    for picture in pictures:
        root = ElementTree.fromstring(picture.svg)
        assert root.tag.endswith("svg")
        assert root.get("role") == "img"
        assert root.get("aria-label") == picture.alt
        assert root.get("viewBox")
        assert root.get("width") is None


def test_ids_are_unique_over_all_pictures_and_every_reference_is_met(pictures):
    together = "".join(picture.svg for picture in pictures)
    ids = re.findall(r'\bid="([^"]+)"', together)
    assert len(ids) == len(set(ids)) > 0
    references = re.findall(r'href="#([^"]+)"', together) + re.findall(r"url\(#([^)]+)\)", together)
    assert references
    assert set(references) <= set(ids)


def test_nothing_reaches_outside_the_picture(pictures):
    for picture in pictures:
        assert not re.search(r"<(style|script|image|foreignObject|metadata|!--)", picture.svg)
        assert "http" not in picture.svg.replace("http://www.w3.org/", "")


def test_the_same_diagnosis_gives_the_same_picture(diagnosis_of):
    assert panel_pictures(diagnosis_of("biased"), ["confusion"]) == panel_pictures(diagnosis_of("biased"), "confusion")


def test_labels_are_escaped():
    document = '<?xml version="1.0"?><svg width="1" height="2" viewBox="0 0 1 2"><g id="a"/><use href="#a"/></svg>'
    element = inline_svg(document, "panel", 'a "quoted" <b>')
    assert 'aria-label="a &quot;quoted&quot; &lt;b&gt;"' in element
    assert '<g id="panel-0"/><use href="#panel-0"/>' in element
