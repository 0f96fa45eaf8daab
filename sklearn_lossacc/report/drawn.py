"""What a report that was drawn keeps of its drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class Drawn:
    """Something that can be drawn, with the axes of its last drawing."""

    ax_: Axes
    axes_: dict[str, Axes]
    figure_: Figure

    def _keep(self, ax: Axes, axes: dict[str, Axes]) -> Self:
        """Remember the axes that were drawn on, and what they were divided into."""
        self.ax_, self.axes_ = ax, axes
        self.figure_ = ax.figure.figure  # a part of a figure cannot be saved
        return self
