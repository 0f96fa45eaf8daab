"""The public names: exactly those of the contract that work, all documented, all with an example."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import sklearn_lossacc
import sklearn_lossacc.findings.comparison
import sklearn_lossacc.findings.history
from sklearn_lossacc import adapters, findings, metrics
from sklearn_lossacc.adapters import callbacks, dask, onnx, torch
from sklearn_lossacc.report import epochs

ROOT = Path(__file__).parents[1]

# A change here is a change of the public interface.
EXPECTED = {
    "AutoCalibrator",
    "BetaCalibrator",
    "CalibratedClassifier",
    "ComparisonReport",
    "Diagnosis",
    "DirichletCalibrator",
    "EnsembleTemperatureCalibrator",
    "EpochRecorder",
    "Finding",
    "HistogramCalibrator",
    "HistoryReport",
    "IdentityCalibrator",
    "IsotonicCalibrator",
    "LossAccuracyReport",
    "MatrixCalibrator",
    "PredictionSummary",
    "PriorShiftCalibrator",
    "SigmoidCalibrator",
    "SplineCalibrator",
    "TemperatureCalibrator",
    "TrainingHistory",
    "VectorCalibrator",
    "VennAbersCalibrator",
    "diagnose",
    "get_scorer",
    "get_scorer_names",
    "lossacc_scoring",
    "metrics",
    "read_history",
    "read_predictions",
    "summarize",
}
PUBLIC = [(sklearn_lossacc, name) for name in sklearn_lossacc.__all__ if name != "metrics"]
PUBLIC += [(metrics, name) for name in metrics.__all__ if name not in sklearn_lossacc.__all__]
PUBLIC += [(onnx, "to_onnx"), (torch, "to_module"), (dask, "summarize_dask"), (adapters, "summarize_predictions")]
HANDED_OUT = [(findings, "Estimate"), (findings, "Decomposition"), (findings, "Part"), (epochs, "EpochChoice")]
HANDED_OUT += [(findings.history, "HistoryDiagnosis"), (findings.comparison, "ComparisonDiagnosis")]


def test_public_names_are_the_expected_ones():
    assert set(sklearn_lossacc.__all__) == EXPECTED


@pytest.mark.parametrize("module", [sklearn_lossacc, metrics], ids=lambda module: module.__name__)
def test_all_lists_each_name_once_and_every_name_exists(module):
    assert len(set(module.__all__)) == len(module.__all__)
    assert all(hasattr(module, name) for name in module.__all__)


def test_the_package_leaks_no_other_names():
    names = {name for name in vars(sklearn_lossacc) if not name.startswith("_")}
    modules = {name for name in names if inspect.ismodule(getattr(sklearn_lossacc, name))}
    assert names - modules - {"Any", "TYPE_CHECKING", "import_module"} <= EXPECTED


def test_what_is_loaded_later_is_there_from_the_start():
    code = (
        "import sklearn_lossacc as s, sys; assert 'sklearn_lossacc.report' not in sys.modules; "
        "assert set(s.__all__) <= set(dir(s)); from sklearn_lossacc import LossAccuracyReport; "
        "assert s.LossAccuracyReport is LossAccuracyReport is vars(s)['LossAccuracyReport']"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(AttributeError, match=r"'sklearn_lossacc' has no attribute 'LossReport'"):
        sklearn_lossacc.LossReport  # noqa: B018


def test_no_two_public_names_are_the_same_thing():
    things = [getattr(module, name) for module, name in PUBLIC]
    assert len({id(thing) for thing in things}) == len(things)


@pytest.mark.parametrize(("module", "name"), PUBLIC, ids=lambda part: getattr(part, "__name__", part))
def test_every_public_name_has_an_example_that_imports_it_from_there(module, name):
    text = inspect.getdoc(getattr(module, name))
    assert ">>> " in text
    places = re.findall(rf">>> from ([\w.]+) import .*\b{name}\b", text)
    assert set(places) <= {"sklearn_lossacc", module.__name__}


def test_the_reference_lists_every_public_name_and_what_is_handed_out_once():
    text = (ROOT / "doc" / "api.rst").read_text(encoding="utf-8")
    listed = re.findall(r"^   ([\w.]+)$", text, re.MULTILINE)
    names = [*PUBLIC, *HANDED_OUT, *((callbacks, name) for name in callbacks.__all__)]
    expected = [f"{module.__name__}.{name}".removeprefix("sklearn_lossacc.") for module, name in names]
    assert sorted(listed) == sorted(expected)


def test_version_is_the_installed_one():
    from importlib.metadata import PackageNotFoundError, version

    try:
        installed = version("sklearn-lossacc")
    except PackageNotFoundError:
        pytest.skip("run from a checkout that is not installed")
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{installed}"' in text
