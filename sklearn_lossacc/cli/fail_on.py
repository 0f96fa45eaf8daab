"""``--fail-on``: findings as an exit code."""

from __future__ import annotations

from collections.abc import Iterable

from sklearn_lossacc.findings import Finding

FAIL_ON = ("never", "tip", "warning", "error")
_FAILED = 1


def exit_code(issues: Iterable[Finding], level: str) -> int:
    """Return 1 where a finding that fired is at least as severe as a level, else 0.

    Parameters
    ----------
    issues : iterable of Finding
        The findings that fired.
    level : {"never", "tip", "warning", "error"}
        From which severity on it fails.

    Returns
    -------
    int
        0 or 1.

    Examples
    --------
    >>> from sklearn_lossacc import Finding
    >>> found = [Finding("LA501", "loss-accuracy-divergence", "fired", "warning")]
    >>> exit_code(found, "tip"), exit_code(found, "error"), exit_code(found, "never")
    (1, 0, 0)
    """
    if level == "never":
        return 0
    reached = any(FAIL_ON.index(finding.severity) >= FAIL_ON.index(level) for finding in issues)
    return _FAILED if reached else 0
