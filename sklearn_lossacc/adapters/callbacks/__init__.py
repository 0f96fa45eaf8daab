"""Thin callbacks that hand the validation predictions of every epoch to an `EpochRecorder`.

Each module imports its framework only when its function is called: ``keras_callback``, ``lightning_callback``,
``skorch_callback``, ``transformers_callback``, ``xgboost_callback``, ``lightgbm_callback``, ``sklearn_callback``.
"""

from sklearn_lossacc.adapters.callbacks.boosting import lightgbm_callback, xgboost_callback
from sklearn_lossacc.adapters.callbacks.keras import keras_callback
from sklearn_lossacc.adapters.callbacks.lightning import lightning_callback
from sklearn_lossacc.adapters.callbacks.scikit_learn import sklearn_callback
from sklearn_lossacc.adapters.callbacks.skorch import skorch_callback
from sklearn_lossacc.adapters.callbacks.transformers import transformers_callback

__all__ = [
    "keras_callback",
    "lightgbm_callback",
    "lightning_callback",
    "sklearn_callback",
    "skorch_callback",
    "transformers_callback",
    "xgboost_callback",
]
