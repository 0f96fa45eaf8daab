"""Findings: from numbers to judgements."""
