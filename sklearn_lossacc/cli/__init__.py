"""The command line: ``lossacc demo``, ``lossacc report FILE`` and ``lossacc history FILE``."""

from sklearn_lossacc.cli.main import main

__all__ = ["main"]
