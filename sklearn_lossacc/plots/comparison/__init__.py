"""The picture of a comparison: differences with intervals, the rows behind them, and how few rows decide."""

from sklearn_lossacc.plots.comparison.figure import (
    check_comparison_panels,
    comparison_pictures,
    draw_comparison,
    new_comparison_figure,
    pyplot_comparison_axes,
)

__all__ = [
    "check_comparison_panels",
    "comparison_pictures",
    "draw_comparison",
    "new_comparison_figure",
    "pyplot_comparison_axes",
]
