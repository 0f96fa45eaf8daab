"""Tests, intervals and null laws on plain arrays."""
