import json
import math

import numpy as np
import pytest

from sklearn_lossacc.findings import Finding
from sklearn_lossacc.findings.plain import finding_fields, plain


def test_numpy_and_tuples_become_plain_at_every_depth():
    turned = plain({1: (np.float32(0.5), np.bool_(True)), "b": {"c": np.arange(2)}, "d": [np.array([[1.0]])]})
    assert turned == {"1": [0.5, True], "b": {"c": [0, 1]}, "d": [[[1.0]]]}
    assert type(turned["1"][1]) is bool
    json.dumps(turned, allow_nan=False)


@pytest.mark.parametrize("value", [math.inf, np.float64("inf"), np.array(np.inf)])
def test_infinities_are_none_or_text(value):
    assert plain(value) is None
    assert plain(value, infinities_as_text=True) == "inf"
    assert plain([value], infinities_as_text=True) == ["inf"]


def test_nan_is_none_in_any_case():
    assert plain({"a": [math.nan]}) == plain({"a": [math.nan]}, infinities_as_text=True) == {"a": [None]}


def test_fields_of_a_finding_rebuild_it():
    finding = Finding("LA001", "infinite-loss", "fired", "error", value=1.0, interval=(0.0, 2.0), evidence={"n": 3})
    assert Finding(**finding_fields(finding)) == finding
