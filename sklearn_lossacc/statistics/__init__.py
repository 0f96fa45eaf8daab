"""Mergeable one-pass statistics of a set of predictions."""
