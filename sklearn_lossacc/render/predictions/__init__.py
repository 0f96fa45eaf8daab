"""What a report on predictions says."""

from sklearn_lossacc.render.predictions.document import predictions_document

__all__ = ["predictions_document"]
