"""What normal laws are asked for again and again."""

from __future__ import annotations

Z95 = 1.959963984540054
"""95 % of a standard normal law lie within this of 0."""

Z_POWER = Z95 + 0.8416212335729143
"""So many standard errors from 0, a two-sided test at level .05 finds what is there in 80 % of samples."""
