"""The command line: ``lossacc demo``, ``report``, ``history``, ``compare``, ``calibrate`` and ``apply``."""

from sklearn_lossacc.cli.main import main

__all__ = ["main"]
