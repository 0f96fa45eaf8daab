"""Importing the package loads little beyond what scikit-learn's metrics load; counted, not clocked."""

import subprocess
import sys
from functools import cache

LIST = "import sys; print(chr(10).join(sys.modules))"


@cache
def modules_after(statement):
    """Names of all modules loaded by a statement in a fresh interpreter."""
    run = subprocess.run([sys.executable, "-c", f"{statement}\n{LIST}"], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_importing_loads_few_modules_beyond_those_of_sklearn_metrics():
    base = modules_after("import sklearn.metrics")
    ours = modules_after("import sklearn_lossacc")
    extra = {name for name in ours - base if not name.startswith("sklearn_lossacc")}
    assert len(extra) < 0.05 * len(base), sorted(extra)
    assert len(ours) < 1.3 * len(base)


def test_importing_loads_no_library_that_sklearn_does_not_load():
    base = {name.partition(".")[0] for name in modules_after("import sklearn.metrics")}
    ours = {name.partition(".")[0] for name in modules_after("import sklearn_lossacc")}
    heavy = {"pandas", "matplotlib", "pyarrow", "polars", "torch", "dask", "onnx", "multiprocessing.pool"}
    assert not (ours - base) & heavy


def test_diagnosing_loads_no_matplotlib():
    code = "import sklearn_lossacc as s; print(s.diagnose([0, 1, 1], [[.9, .1], [.2, .8], [.6, .4]]))"
    assert "matplotlib" not in {name.partition(".")[0] for name in modules_after(code)}
