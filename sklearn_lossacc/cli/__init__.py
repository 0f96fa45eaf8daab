"""The command line: ``lossacc demo``, ``lossacc report``, ``lossacc history`` and ``lossacc compare``."""

from sklearn_lossacc.cli.main import main

__all__ = ["main"]
