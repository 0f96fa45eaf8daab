"""What a report on a comparison says."""

from sklearn_lossacc.render.comparison.document import comparison_document

__all__ = ["comparison_document"]
