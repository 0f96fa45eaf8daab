"""The picture of a training log: loss above, accuracy below, with noise, bounds and the best epochs."""

from sklearn_lossacc.plots.history.epochs import draw_epochs
from sklearn_lossacc.plots.history.figure import draw_history, history_picture, new_history_figure, pyplot_history_axes

__all__ = ["draw_epochs", "draw_history", "history_picture", "new_history_figure", "pyplot_history_axes"]
