"""Text only: plain, Markdown and HTML views of the diagnosis of a training log."""

from sklearn_lossacc.render.history.html import history_fragment, history_page
from sklearn_lossacc.render.history.markdown import history_markdown
from sklearn_lossacc.render.history.plain import history_plain

__all__ = ["history_fragment", "history_markdown", "history_page", "history_plain"]
