"""Arrays in, arrays out: numpy and scipy only, no validation."""

from sklearn_lossacc._numerics.blocks import BLOCK_ENTRIES, row_blocks, row_max, row_sum
from sklearn_lossacc._numerics.links import LOG_CLIP, LOSS_CLIP, log_softmax, softmax, softmax_pair
from sklearn_lossacc._numerics.threads import one_blas_thread

__all__ = [
    "BLOCK_ENTRIES",
    "LOG_CLIP",
    "LOSS_CLIP",
    "log_softmax",
    "one_blas_thread",
    "row_blocks",
    "row_max",
    "row_sum",
    "softmax",
    "softmax_pair",
]
