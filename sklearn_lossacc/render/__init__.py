"""Text only: plain, Markdown and HTML views of a diagnosis."""

from sklearn_lossacc.render.html import html_fragment, html_page
from sklearn_lossacc.render.markdown import markdown
from sklearn_lossacc.render.plain import plain

__all__ = ["html_fragment", "html_page", "markdown", "plain"]
