"""Panels as inline SVG, each alone, so that a page can arrange them by its width."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from io import StringIO
from typing import TYPE_CHECKING

from sklearn_lossacc.findings.diagnosis import Diagnosis
from sklearn_lossacc.plots.figure import PANELS, check_panels, draw_untitled, panel_figure
from sklearn_lossacc.plots.fonts import warn_of_names
from sklearn_lossacc.plots.names import class_names

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LINES = 'stroke-linejoin="round" stroke-linecap="butt"'


@dataclass(frozen=True)
class PanelPicture:
    """A drawn panel.

    Attributes
    ----------
    name : str
        Name of the panel.
    title : str
        What it shows, in words.
    alt : str
        The same for those who do not see it, with the main numbers.
    svg : str
        The ``svg`` element with `alt` as its label; every id in it starts with the name of the panel.
    """

    name: str
    title: str
    alt: str
    svg: str


def panel_pictures(diagnosis: Diagnosis, panels: Sequence[str] | None = None) -> tuple[PanelPicture, ...]:
    """Draw each panel as SVG, without pyplot; its title is left to the page.

    Parameters
    ----------
    diagnosis : Diagnosis
        What to draw.
    panels : sequence of str or None, default=None
        Names of panels; None draws all.

    Returns
    -------
    tuple of PanelPicture
        One per panel. The same diagnosis gives the same text.

    Raises
    ------
    LossAccError
        If a panel is not known.
    """
    warn_of_names(class_names(diagnosis), "class")
    return tuple(_picture(diagnosis, name) for name in check_panels(panels))


def _picture(diagnosis: Diagnosis, name: str) -> PanelPicture:
    """Draw one panel."""
    panel = PANELS[name]
    figure, ax = panel_figure()
    draw_untitled(diagnosis, ax, name)
    return picture_of(figure, name, panel.title(diagnosis), panel.alt(diagnosis))


def picture_of(figure: Figure, name: str, title: str, alt: str) -> PanelPicture:
    """Write a figure as SVG that may stand in a page."""
    written = StringIO()
    figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    return PanelPicture(name, title, alt, inline_svg(written.getvalue(), name, alt))


def inline_svg(document: str, prefix: str, alt: str) -> str:
    """Turn an SVG document into an element for a page.

    Comments and metadata go, and so does the style sheet, which would reach the whole page. Ids are numbered and
    prefixed, so that several pictures share a page and the same picture is the same text. The size is left to the
    page, and the element is labelled as one image.

    Parameters
    ----------
    document : str
        An SVG document as matplotlib writes it.
    prefix : str
        Start of all ids.
    alt : str
        The label.

    Returns
    -------
    str
        The ``svg`` element.
    """
    element = document[document.index("<svg") :].strip()
    element = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>|<style.*?</style>", "", element, flags=re.DOTALL)
    names: dict[str, str] = {}
    for found in re.finditer(r'\bid="([^"]+)"', element):
        names.setdefault(found[1], f"{prefix}-{len(names)}")
    element = re.sub(r'\bid="([^"]+)"', lambda found: f'id="{names[found[1]]}"', element)
    element = re.sub(r'href="#([^"]+)"', lambda found: f'href="#{names.get(found[1], found[1])}"', element)
    element = re.sub(r"url\(#([^)]+)\)", lambda found: f"url(#{names.get(found[1], found[1])})", element)
    head, rest = element.split(">", 1)
    head = re.sub(r'\s(width|height|version)="[^"]*"', "", head)
    rest = re.sub(r">\s+<", "><", rest)
    return f'{head} {LINES} role="img" aria-label="{escape(alt)}">{rest}'
