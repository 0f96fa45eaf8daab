"""Effects that count: a million rows must not turn a trifle into an alarm."""

import math

from sklearn_lossacc.inference.few_rows import MATERIAL_NOISE
from sklearn_lossacc.inference.floor import MATERIAL_NATS

LOG_TEMPERATURE = 0.1
TEMPERATURE_HIGH = math.exp(LOG_TEMPERATURE)
TEMPERATURE_LOW = math.exp(-LOG_TEMPERATURE)
NATS = MATERIAL_NATS  # class bias, temperature and floor, each
NOISE_RATE = MATERIAL_NOISE
OUTLIER_EXCESS = 0.01
D2_MARGIN = 0.01
ACCURACY_MARGIN = 0.005
THRESHOLD_GAIN = 0.01
IMBALANCE_GAP = 0.1  # accuracy minus balanced accuracy
DOMINATES = 0.1  # share of the loss in one row from which the interval of the mean is not to be trusted
