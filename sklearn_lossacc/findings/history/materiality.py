"""Effects that count in a training log."""

LEAST_TREND = 5  # evaluations below which a trend cannot be told from a jump
LOSS_CHANGE = 0.02  # share of the loss
ACCURACY_CHANGE = 0.01
ERROR_SHARE = 0.1  # of the wrong rows; near 100 % a change of accuracy counts by this share
LOSS_FALL = 0.05  # share of the loss, for a loss that falls while accuracy stands still
CHANCE_GAIN = 0.01  # share of ln k that must be gained over chance
PRIOR_MARGIN = 0.02  # share of the loss, around that of the class frequencies
SPIKE = 0.2  # share of the best loss so far
SPIKE_NATS = 0.1
GAP_NATS = 0.1
GAP_SHARE = 0.5  # of the validation loss
GAP_ACCURACY = 0.05
FEW_WRONG_ROWS = 8.0  # wrong rows below which a rise may rest on a few of them
EXCESS_NATS = 0.005  # above the calibrated ceiling
SAME_LOSS = 0.02  # nats between log and predictions
SAME_ACCURACY = 0.005
SHOWN_ACCURACY = 0.002  # difference below which nobody chooses an epoch
Z_ONE_SIDED = 1.6448536269514722
Z_FAR = 3.0


def material_accuracy(accuracy: float, most: float = ACCURACY_CHANGE) -> float:
    """Return the change of accuracy that counts: a point, or a tenth of the wrong rows where that is less.

    Parameters
    ----------
    accuracy : float
        Accuracy before the change.
    most : float, default=0.01
        The change that counts far from 100 %.

    Returns
    -------
    float

    Examples
    --------
    >>> material_accuracy(0.7), round(material_accuracy(0.99), 6)
    (0.01, 0.001)
    """
    return min(most, ERROR_SHARE * (1.0 - accuracy))
