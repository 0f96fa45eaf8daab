"""Formulas as MathML, which browsers draw themselves: no script, no network, readable by screen readers."""

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)


def _mathml(node: nodes.Element, block: bool) -> str:
    """Translate one formula; what cannot be translated is a warning, which fails the build."""
    try:
        formula = str(tex2mathml(node.astext()))
    except MathError as error:
        logger.warning("formula cannot be translated: %s", error, location=node)
        return ""
    formula = formula.replace("<mo>&ApplyFunction;</mo>", '<mspace width="0.17em"/>')
    return formula.replace("<math ", '<math display="block" ', 1) if block else formula


def visit_inline(translator: HTML5Translator, node: nodes.Element) -> None:
    """Write a formula into the text."""
    translator.body.append(_mathml(node, block=False))
    raise nodes.SkipNode


def visit_block(translator: HTML5Translator, node: nodes.Element) -> None:
    """Write a formula on a line of its own."""
    translator.body.append(f'<div class="math">{_mathml(node, block=True)}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer."""
    app.add_html_math_renderer("native", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
