"""What a report on a training log says."""

from sklearn_lossacc.render.history.document import history_document

__all__ = ["history_document"]
