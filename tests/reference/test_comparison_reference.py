"""Comparisons against figures that were computed independently."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest, norm, ttest_1samp

from sklearn_lossacc.findings.comparison import ComparisonDiagnosis

DATA = os.environ.get("SKLEARN_LOSSACC_DATA")


def test_rows_a_to_d():
    """Four rows by hand: -ln .9, -ln .8, -ln .45, -ln .4 before, -ln .95, -ln .9, -ln .55, -ln .1 after."""
    before, after = np.array([0.90, 0.80, 0.45, 0.40]), np.array([0.95, 0.90, 0.55, 0.10])
    d = ComparisonDiagnosis.from_predictions([1, 1, 1, 1], {"before": before, "after": after})
    assert d.difference("log_loss").value == pytest.approx(0.7642 - 0.5108, abs=1e-4)
    assert d.difference("accuracy").value == 0.25
    contribution = dict(zip(d.tables["stories"]["story"], d.tables["stories"]["contribution"], strict=True))
    assert contribution["only second right"] == pytest.approx(np.log(0.45 / 0.55) / 4)
    assert contribution["both wrong"] == pytest.approx(np.log(4) / 4)
    assert d.tables["differences"]["p_value"][1] == 1.0
    assert [finding.code for finding in d.issues] == ["LA603"]


@pytest.fixture(scope="module")
def recidivism():
    """Return labels and four forecasts of the same thousand people."""
    path = Path(DATA or "", "binary", "recid_broward_DGJ20.csv")
    if DATA is None or not path.is_file():
        pytest.skip("needs the recidivism data")
    with open(path, encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    columns = {
        "logistic": "logitpredprobs",
        "boosting": "gbmpredprobs",
        "people": "mturkpredprobs",
        "COMPAS": "compaspredprobs.linear",
    }
    y = np.array([int(row["two_year_recid"]) for row in rows])
    return y, {name: np.array([float(row[column]) for row in rows]) for name, column in columns.items()}


def test_four_forecasts_of_recidivism(recidivism):
    y, models = recidivism
    d = ComparisonDiagnosis.from_predictions(y, models)
    table = d.tables["models"]
    assert table["log_loss_clipped"][:2] == pytest.approx([0.61015, 0.59849], abs=5e-6)
    assert table["log_loss_clipped"][3] == pytest.approx(0.69713, abs=5e-6)
    assert table["accuracy"] == [0.684, 0.699, 0.670, 0.646]
    assert np.array(table["brier_score"]) / 2 == pytest.approx([0.21034, 0.20470, 0.23999, 0.23480], abs=5e-6)
    assert table["zero_rows"] == [0, 0, 18, 0]
    assert table["log_loss"][2] == "inf"


def test_pairs_are_those_of_classic_tests(recidivism):
    y, models = recidivism
    d = ComparisonDiagnosis.from_predictions(y, models)
    frame = d.frame().set_index(["first", "second", "measure"])
    for first, second in d.pairs:
        if "people" in (first, second):
            continue
        loss = [-np.log(np.where(y == 1, models[name], 1 - models[name])) for name in (first, second)]
        classic = ttest_1samp(loss[1] - loss[0], 0)
        assert frame.loc[first, second, "log_loss"]["value"] == pytest.approx((loss[1] - loss[0]).mean())
        normal = 2 * norm.sf(abs(classic.statistic))
        assert frame.loc[first, second, "log_loss"]["p_value"] == pytest.approx(normal, rel=1e-6)
        right = [(models[name] > 0.5) == y for name in (first, second)]
        gained, lost = int((right[1] & ~right[0]).sum()), int((right[0] & ~right[1]).sum())
        exact = binomtest(gained, gained + lost).pvalue
        assert frame.loc[first, second, "accuracy"]["p_value"] == pytest.approx(exact)
    assert d["LA603"].evidence["pair"] == ["logistic", "boosting"]
    verdicts = dict(zip(d.pairs, d.tables["pairs"]["verdict"], strict=True))
    assert verdicts["logistic", "boosting"] == "neither"
    assert verdicts["boosting", "COMPAS"] == "agree"
    assert verdicts["people", "COMPAS"] == "loss only"


def test_people_are_too_sure(recidivism):
    y, models = recidivism
    d = ComparisonDiagnosis.from_predictions(y, {name: models[name] for name in ("logistic", "people")})
    certainty, capacity, _ = d.records("mechanisms")
    assert certainty["verdict"] == capacity["verdict"] == "supported"
    assert certainty["value"] > 0.6
    assert 0.04 < capacity["value"] < 0.08
    assert "people pays" in certainty["text"]
    assert "too sure" in certainty["text"]
