"""Calibrators, one a file, and the wrapper around an estimator."""
