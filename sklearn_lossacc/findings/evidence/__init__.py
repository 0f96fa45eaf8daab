"""What the rules share: a summary, its row sample, and everything computed once from them.

A chain of classes, each of which knows only what stands before it: rows, baselines, gates, single causes, selected
causes, their costs, what is left beyond them, and the descriptions of it all in `Evidence`.
"""

from sklearn_lossacc.findings.evidence.causes import AS_LIKELY, LIKELIER
from sklearn_lossacc.findings.evidence.evidence import Evidence
from sklearn_lossacc.findings.evidence.rows import LOG_CLIP

__all__ = ["AS_LIKELY", "LIKELIER", "LOG_CLIP", "Evidence"]
