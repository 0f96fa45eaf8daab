"""The command line: ``lossacc demo`` and ``lossacc report FILE``."""

from sklearn_lossacc.cli.main import main

__all__ = ["main"]
