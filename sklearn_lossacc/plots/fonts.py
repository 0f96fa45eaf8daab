"""Fonts for letters that the usual font lacks: looked for among those installed, set on the texts that need them."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sklearn_lossacc.exceptions import DataWarning
from sklearn_lossacc.findings.format import one_line

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.text import Text

BOX = "□"
NO_FONT = "Last Resort"  # matplotlib's own font of boxes
REGULAR = (400, "normal", "regular", "book")


@lru_cache(maxsize=4096)
def _letters(path: str) -> frozenset[str]:
    """Return the letters of a font file; none where it cannot be read."""
    from matplotlib.ft2font import FT2Font

    try:
        return frozenset(map(chr, FT2Font(path).get_charmap()))
    except (OSError, RuntimeError):
        return frozenset()


def _beyond_ascii(words: str) -> set[str]:
    """Return the letters that a font may lack."""
    return set() if words.isascii() else {letter for letter in words if letter > "\x7f"}


@lru_cache(maxsize=256)
def _of_families(names: tuple[str, ...], style: Any, weight: str | int, n_fonts: int) -> frozenset[str]:
    """Return the letters of those of some families that are installed; their number is part of the question."""
    from matplotlib.font_manager import FontProperties, findfont

    found: set[str] = set()
    for name in names:
        try:
            font = findfont(FontProperties(family=[name], style=style, weight=weight), fallback_to_default=False)
        except ValueError:  # not installed
            continue
        found |= _letters(str(font))
    return frozenset(found)


def _of_properties(properties: Any) -> frozenset[str]:
    """Return the letters that matplotlib finds for a text of these properties: in any of its families."""
    from matplotlib import rcParams
    from matplotlib.font_manager import fontManager

    settings: Any = rcParams
    names: list[str] = []
    for family in properties.get_family():
        names += settings.get(f"font.{family}", [family])  # sans-serif stands for a list of families
    return _of_families(tuple(names), properties.get_style(), properties.get_weight(), len(fontManager.ttflist))


def _families(wanted: set[str]) -> list[str]:
    """Return installed families that have letters, each the one that has most of those that are left."""
    from matplotlib.font_manager import fontManager

    has: dict[str, set[str]] = {}
    for font in fontManager.ttflist:
        if font.style == "normal" and font.weight in REGULAR and not font.name.startswith(NO_FONT):
            has[font.name] = wanted & _letters(font.fname)
    found: list[str] = []
    left = set(wanted)
    while has and left:
        best = max(sorted(has), key=lambda name: len(left & has[name]))
        if not left & has[best]:
            break
        found.append(best)
        left -= has[best]
    return found


def undrawable(words: str) -> set[str]:
    """Return the letters that no installed font has.

    Examples
    --------
    >>> undrawable("naïve → …"), undrawable("\U0010fffd") == {"\U0010fffd"}
    (set(), True)
    """
    from matplotlib.font_manager import FontProperties

    left = _beyond_ascii(words)
    if left:
        left -= _of_properties(FontProperties())
    for family in _families(left) if left else ():
        left -= _of_properties(FontProperties(family=[family]))
    return left


def drawable(words: str) -> str:
    """Put a box in the place of each letter that no installed font has; matplotlib would draw one and warn."""
    missing = undrawable(words)
    return "".join(BOX if letter in missing else letter for letter in words) if missing else words


def give_font(text: Text, words: str) -> None:
    """Add families to those of a text, where none of these has some letter of its words."""
    wanted = _beyond_ascii(words)
    if not wanted:
        return
    wanted -= _of_properties(text.get_fontproperties())
    families = _families(wanted) if wanted else []
    if families:
        text.set_fontfamily([*text.get_fontfamily(), *families])
        if wanted - _of_properties(text.get_fontproperties()):  # bold fonts have fewer letters
            text.set_fontweight("normal")


def give_fonts(artist: Artist, names: Iterable[str]) -> None:
    """Do so for all texts of an axes and of those inside it, if the usual font lacks a letter of some names."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.text import Text

    if _beyond_ascii("".join(names)) - _of_properties(FontProperties()):
        for part in artist.findobj():
            if isinstance(part, Text):
                give_font(part, part.get_text())


def warn_of_names(names: Iterable[str], kind: str) -> None:
    """Warn if names are not drawn, since no installed font has their letters.

    Parameters
    ----------
    names : iterable of str
        All names of one kind.
    kind : str
        What they are names of: "class" or "model".

    Warns
    -----
    DataWarning
        With one of these names, and what to do.
    """
    missing = [name for name in map(one_line, names) if undrawable(name)]
    if missing:
        warnings.warn(
            f"no installed font has the letters of {missing[0]!r}: pictures call such a {kind} by its place, as "
            f"'{kind} 1'. Install a font that has them, such as Noto Sans CJK, or name it in Latin letters.",
            DataWarning,
            stacklevel=4,
        )
