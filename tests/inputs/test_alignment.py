import warnings

import numpy as np
import pandas as pd
import pytest

from sklearn_lossacc import IdentityCalibrator, diagnose
from sklearn_lossacc.exceptions import DataWarning
from sklearn_lossacc.findings.comparison import ComparisonDiagnosis
from sklearn_lossacc.inputs.alignment import warn_misaligned

RNG = np.random.default_rng(0)
INDEX = RNG.permutation(200) + 1000
P = pd.DataFrame(RNG.dirichlet(np.ones(2), 200), index=INDEX)
Y = pd.Series((RNG.random(200) < P[1]).astype(int), index=INDEX)


@pytest.mark.parametrize(
    "call",
    [
        lambda y, proba: diagnose(y, proba),
        lambda y, proba: IdentityCalibrator().fit(proba, y),
        lambda y, proba: ComparisonDiagnosis.from_predictions(y, {"A": P, "B": proba}),
    ],
)
def test_one_index_in_two_orders_is_told_and_rows_stay_where_they_are(call):
    row = int(np.argmax(np.sort(INDEX) != INDEX))
    with pytest.warns(
        DataWarning, match=rf"row {row}: {np.sort(INDEX)[row]} and {INDEX[row]}\), but rows are matched by"
    ):
        call(Y, P.sort_index())


@pytest.mark.parametrize("name", ["sample_weight", "groups"])
def test_the_argument_is_named(name):
    values = pd.Series(np.ones(200), index=np.sort(INDEX))
    with pytest.warns(DataWarning, match=f"the index of {name} is that of the labels in another order"):
        diagnose(Y, P, **{name: values})


@pytest.mark.parametrize(
    ("labels", "other"),
    [
        (Y, P),
        (Y, P.to_numpy()),
        (Y, P.reset_index(drop=True)),  # as predictions of a model are, put into a new frame
        (Y.sort_index().reset_index(drop=True).sample(frac=1.0, random_state=0), P.reset_index(drop=True)),
        (Y, P.set_axis(INDEX + 1)),
        (Y, P.set_axis(np.zeros(200))),
        (Y.set_axis(np.zeros(200)), P.set_axis(np.zeros(200))),
        (Y.tolist(), P),
        (Y[:3].set_axis([1, "a", None]), P[:3].set_axis(["a", 1, None])),
    ],
)
def test_what_says_nothing_is_not_told(labels, other):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_misaligned(labels, y_proba=other)


def test_rows_that_were_turned_round_have_an_index_of_their_own():
    labels = Y.reset_index(drop=True)
    with pytest.warns(DataWarning, match="row 0: 0 and 199"):
        warn_misaligned(labels[::-1], y_proba=labels.set_axis(np.arange(200)))
