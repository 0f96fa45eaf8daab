"""Small products of matrices on one thread: several would wait for each other longer than they compute."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController


@cache
def _libraries() -> ThreadpoolController:
    """Find the linear algebra libraries of this process, once: it takes longer than a small diagnosis."""
    return ThreadpoolController()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Run a block, or a decorated function, with one thread of linear algebra; restore what was after it."""
    with _libraries().limit(limits=1, user_api="blas"):
        yield
