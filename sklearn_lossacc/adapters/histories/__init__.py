"""Training logs: one small file a family of formats, one matcher of names, one entrance."""

from sklearn_lossacc.adapters.histories.read import FORMATS, Format, read_history

__all__ = ["FORMATS", "Format", "read_history"]
