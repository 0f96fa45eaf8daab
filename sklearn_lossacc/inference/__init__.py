"""Tests, intervals and null distributions, on plain arrays."""
