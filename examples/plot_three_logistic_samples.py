"""
Three logistic samples
======================

A logistic regression with one feature is the smallest place where loss and accuracy can
disagree. It has two numbers, slope and intercept; we fix the intercept and turn the
slope, on 5 points, on 100 and on 10 000.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.special import expit

from sklearn_lossacc import metrics

slopes = np.linspace(0.3, 3.0, 109)


def sweep(x, y, intercept, slopes=slopes):
    """Log loss and accuracy of every slope."""
    rows = [expit(slope * x + intercept) for slope in slopes]
    loss = np.array([metrics.log_loss(y, p) for p in rows])
    accuracy = np.array([np.mean((p > 0.5) == y) for p in rows])
    return loss, accuracy


def show(title, loss, accuracy, marks):
    """Loss above, accuracy below, over the same slopes."""
    _, (above, below) = plt.subplots(2, 1, sharex=True, figsize=(6.4, 4.4), layout="constrained")
    above.plot(slopes, loss, color="#1b5e9e")
    below.plot(slopes, accuracy, color="#c2571a", drawstyle="steps-mid")
    for slope, text in marks.items():
        for ax in (above, below):
            ax.axvline(slope, color="0.6", linewidth=1, linestyle=":")
        above.annotate(
            text,
            (slope, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(3, -11),
            textcoords="offset points",
            fontsize=9,
        )
    above.set(title=title, ylabel="log loss (nats)")
    below.set(xlabel="slope", ylabel="accuracy")
    for ax in (above, below):
        ax.spines[["top", "right"]].set_visible(False)


# %%
# Five points
# -----------
# The line with the least log loss has no closed form; here it is to fifteen digits.

x = np.array([-1.0, -0.3, 0.0, 0.9, 1.0])
y = np.array([0, 0, 1, 0, 1])
slope, intercept = 1.26805089898588, -0.654274277039157
p = expit(slope * x + intercept)

gradient = np.array([np.mean((p - y) * x), np.mean(p - y)])
losses = -np.log(np.where(y == 1, p, 1 - p))
assert np.abs(gradient).max() < 1e-6
assert np.allclose(losses, [0.1365, 0.3040, 1.0729, 0.9660, 0.4326], atol=5e-5)
assert abs(metrics.log_loss(y, p) - 0.582408175862082) < 1e-12
print(f"least log loss {metrics.log_loss(y, p):.3f}, accuracy {np.mean((p > 0.5) == y):.1f}")

# %%
# A flatter line has its threshold between the last two points. It is right on four of
# five instead of three, at a higher loss.

loss, accuracy = sweep(x, y, intercept)
show("Five points", loss, accuracy, {slope: "least loss"})

assert np.mean((p > 0.5) == y) == 0.6
assert accuracy.max() == 0.8
four_right = loss[accuracy == 0.8].min()
print(f"right on four of five: log loss at least {four_right:.3f}")
assert four_right > metrics.log_loss(y, p) + 0.005

# %%
# *On five points the line of least loss is right on three, and a worse line, by loss,
# is right on four.*
#
# One hundred points
# ------------------
# Labels are drawn with slope 0.3 and intercept 0.5. The true line never crosses one
# half on this range, so always saying 1 is the best decision there is. On this draw,
# chosen for the purpose, a few zeros lie at the left end.

rng = np.random.default_rng(265)
x = rng.uniform(-1, 1, 100)
y = (rng.random(100) < expit(0.3 * x + 0.5)).astype(int)
loss, accuracy = sweep(x, y, 0.5)
show(
    "One hundred points, slope 0.3",
    loss,
    accuracy,
    {0.3: "true", slopes[loss.argmin()]: "least loss"},
)

steep = slopes >= slopes[loss.argmin()]
assert np.all(np.diff(loss[steep]) > 0)
assert accuracy[-1] > accuracy[loss.argmin()] + 0.03
print(f"slope {slopes[loss.argmin()]:.2f}: loss {loss.min():.3f}, accuracy {accuracy[loss.argmin()]:.2f}")
print(f"slope {slopes[-1]:.2f}: loss {loss[-1]:.3f}, accuracy {accuracy[-1]:.2f}")

# %%
# How special is it? Slope 3 has more loss than slope 0.3 and yet more accuracy in about
# one draw of eight.

draws, found = 2000, 0
for _ in range(draws):
    x = rng.uniform(-1, 1, 100)
    y = rng.random(100) < expit(0.3 * x + 0.5)
    z = np.outer([0.3, 3.0], x) + 0.5
    loss = np.logaddexp(0, np.where(y, -z, z)).mean(axis=1)
    accuracy = ((z > 0) == y).mean(axis=1)
    found += bool(loss[1] > loss[0] and accuracy[1] > accuracy[0])
print(f"{found / draws:.1%} of the draws")

assert 0.10 < found / draws < 0.17

# %%
# *On a hundred points a steeper line pays with loss for accuracy that it owes to luck.*
#
# Ten thousand points
# -------------------
# With slope 1 the threshold lies inside the range, and there are rows enough for both
# measures to see it.

x = rng.uniform(-1, 1, 10_000)
y = (rng.random(10_000) < expit(x + 0.5)).astype(int)
loss, accuracy = sweep(x, y, 0.5)
show(
    "Ten thousand points, slope 1",
    loss,
    accuracy,
    {slopes[loss.argmin()]: "least loss"},
)

assert abs(slopes[loss.argmin()] - 1.0) < 0.15
assert accuracy.max() - accuracy[loss.argmin()] < 0.006
assert accuracy[loss.argmin()] > accuracy[0] + 0.01
assert accuracy[loss.argmin()] > accuracy[-1] + 0.01
print(f"accuracy {accuracy[loss.argmin()]:.3f} at the least loss, {accuracy.max():.3f} at best")

# %%
# *On ten thousand points they agree: the slope of least loss gives up less than one row
# in a hundred and fifty.*
