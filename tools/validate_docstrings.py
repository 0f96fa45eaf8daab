"""Check the docstrings of all public names with numpydoc; the checks stand in setup.cfg."""

import configparser
import dataclasses
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

from numpydoc.docscrape import get_doc_object
from numpydoc.validate import ERROR_MSGS, Validator, validate

import sklearn_lossacc
from sklearn_lossacc import adapters, metrics
from sklearn_lossacc.adapters import callbacks, dask, onnx, torch
from sklearn_lossacc.findings import Decomposition, Estimate, Part
from sklearn_lossacc.findings.comparison import ComparisonDiagnosis
from sklearn_lossacc.findings.history import HistoryDiagnosis
from sklearn_lossacc.report.epochs import EpochChoice

IMPORTED = (sklearn_lossacc, metrics, adapters, dask, onnx, torch)
HANDED_OUT = (Estimate, Decomposition, Part, HistoryDiagnosis, ComparisonDiagnosis, EpochChoice)

ROOT = Path(__file__).parents[1]


def skipped_checks() -> set[str]:
    """Read the checks that setup.cfg takes out of "all"."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    words = config["tool:numpydoc_validation"]["checks"].replace("\n", ",").split(",")
    first, *skipped = (word.strip() for word in words if word.strip())
    unknown = set(skipped) - set(ERROR_MSGS)
    if first != "all" or unknown:
        sys.exit(f"setup.cfg: checks must be 'all' and codes to leave out; unknown: {sorted(unknown)}")
    return set(skipped)


def public_names() -> Iterator[tuple[str, bool]]:
    """Yield the full name of every public object, and whether its docstring needs an example."""
    for module in IMPORTED:
        for name in module.__all__:
            thing = getattr(module, name)
            if inspect.isclass(thing) or inspect.isfunction(thing):
                yield f"{module.__name__}.{name}", True
                yield from methods(thing, f"{module.__name__}.{name}")
    for name in callbacks.__all__:
        yield f"{callbacks.__name__}.{name}", False
    for thing in HANDED_OUT:
        yield f"{thing.__module__}.{thing.__name__}", False
        yield from methods(thing, f"{thing.__module__}.{thing.__name__}")


def methods(thing: object, name: str) -> Iterator[tuple[str, bool]]:
    """Yield the full name of every public method of a class, inherited ones of this package included."""
    for member in sorted(dir(thing)) if inspect.isclass(thing) else ():
        own = inspect.unwrap(getattr(thing, member)) if not member.startswith("_") else None
        if inspect.isfunction(own) and own.__module__.startswith("sklearn_lossacc"):
            yield f"{name}.{member}", False


def fields_are_documented(full_name: str) -> bool:
    """Whether this is a dataclass whose docstring lists every field under Attributes instead of Parameters."""
    thing = Validator._load_obj(full_name)
    if not (inspect.isclass(thing) and dataclasses.is_dataclass(thing)):
        return False
    listed = {name.strip() for entry in get_doc_object(thing)["Attributes"] for name in entry.name.split(",")}
    return {field.name for field in dataclasses.fields(thing)} <= listed


def main() -> int:
    """Print every complaint; return 1 if there is one."""
    skipped = skipped_checks()
    complaints, names = [], list(public_names())
    for full_name, imported in names:
        wanted = skipped - {"EX01"} if imported else skipped
        if fields_are_documented(full_name):
            wanted = wanted | {"PR01"}
        complaints += [
            f"{full_name}: {code} {message}" for code, message in validate(full_name)["errors"] if code not in wanted
        ]
    print("\n".join([*complaints, f"{len(names)} public docstrings, {len(complaints)} complaints"]))
    return int(bool(complaints))


if __name__ == "__main__":
    sys.exit(main())
