"""Differences between models that count, and how few rows are few."""

from sklearn_lossacc.findings.materiality import NATS

LOSS_SHARE = 0.02  # of the smaller loss; small losses have small differences that count
FEW_SHARE = 0.01  # of the rows: so many are few
FEWER_THAN_NORMAL = 4.0  # times fewer than if differences followed the normal law
LEAST_UNITS = 10  # rows below which every row decides
LEAST_FOLD_UNITS = 30  # rows below which a recalibration cannot be cross-fitted


def material_loss(loss: float) -> float:
    """Return the difference in log loss that counts: 0.005 nats, or a fiftieth of the loss where that is less.

    Parameters
    ----------
    loss : float
        The smaller of the two losses, in nats.

    Returns
    -------
    float

    Examples
    --------
    >>> material_loss(0.7), round(material_loss(0.05), 6)
    (0.005, 0.001)
    """
    return min(NATS, LOSS_SHARE * loss)
