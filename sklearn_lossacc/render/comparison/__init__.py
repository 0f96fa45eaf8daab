"""Text only: plain, Markdown and HTML views of a comparison."""

from sklearn_lossacc.render.comparison.html import comparison_fragment, comparison_page
from sklearn_lossacc.render.comparison.markdown import comparison_markdown
from sklearn_lossacc.render.comparison.plain import comparison_plain

__all__ = ["comparison_fragment", "comparison_markdown", "comparison_page", "comparison_plain"]
