"""Drawing only: the one package that imports matplotlib, and only inside functions."""

from sklearn_lossacc.plots.figure import PANELS, check_panels, draw, new_figure, pyplot_figure
from sklearn_lossacc.plots.svg import PanelPicture, panel_pictures

__all__ = ["PANELS", "PanelPicture", "check_panels", "draw", "new_figure", "panel_pictures", "pyplot_figure"]
