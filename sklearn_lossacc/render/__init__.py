"""Text only: a report as a document, and its plain, Markdown and HTML views."""

from sklearn_lossacc.render.comparison import comparison_document
from sklearn_lossacc.render.document import Document
from sklearn_lossacc.render.history import history_document
from sklearn_lossacc.render.html import html_fragment, html_page
from sklearn_lossacc.render.markdown import markdown
from sklearn_lossacc.render.plain import plain
from sklearn_lossacc.render.predictions import predictions_document

__all__ = [
    "Document",
    "comparison_document",
    "history_document",
    "html_fragment",
    "html_page",
    "markdown",
    "plain",
    "predictions_document",
]
