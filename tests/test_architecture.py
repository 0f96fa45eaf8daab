"""The floors: imports only go down, heavy libraries are imported where they are used."""

import ast
import importlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "sklearn_lossacc"
MODULES = sorted(PACKAGE.rglob("*.py"))


def lint_imports(folder):
    pytest.importorskip("importlinter")
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(is_debug_mode=False))"
    return subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)


def test_imports_only_go_down():
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("statistics/planted.py", "import sklearn_lossacc.report", "The floors"),
        ("_numerics/planted.py", "import sklearn.metrics", "The ground floor"),
        ("findings/planted.py", "def f():\n    import matplotlib", "Only plots"),
        ("attic/__init__.py", '"""No floor was chosen."""', "attic"),
    ],
)
def test_a_planted_breach_is_found(tmp_path, module, line, contract):
    shutil.copytree(PACKAGE, tmp_path / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "setup.cfg", tmp_path)
    planted = tmp_path / PACKAGE.name / module
    planted.parent.mkdir(exist_ok=True)
    planted.write_text(line + "\n")
    result = lint_imports(tmp_path)
    assert result.returncode != 0
    assert contract in result.stdout


def module_level_imports(path):
    """Names of the packages that a module imports as soon as it is imported itself."""
    pending = list(ast.parse(path.read_text(encoding="utf-8")).body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield (node.module or "").partition(".")[0]
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            pending += node.orelse
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            pending += [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_modules_import_light_libraries_only(path):
    allowed = {"__future__", "numpy", "scipy", "sklearn", "sklearn_lossacc", "threadpoolctl", *sys.stdlib_module_names}
    assert set(module_level_imports(path)) <= allowed


@pytest.mark.parametrize(
    "path",
    [path for folder in ("benchmarks", "tools", "examples") for path in sorted((ROOT / folder).rglob("*.py"))],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_scripts_import_names_that_exist(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "sklearn_lossacc":
            module = importlib.import_module(node.module)
            for alias in node.names:
                if not hasattr(module, alias.name):
                    importlib.import_module(f"{node.module}.{alias.name}")
