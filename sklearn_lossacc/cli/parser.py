"""The arguments of the command line."""

from __future__ import annotations

import argparse
from typing import NoReturn

from sklearn_lossacc.adapters.histories import FORMATS
from sklearn_lossacc.adapters.probability_files import EXTENSIONS
from sklearn_lossacc.cli.apply import run_apply
from sklearn_lossacc.cli.calibrate import METHODS, run_calibrate
from sklearn_lossacc.cli.compare import run_compare
from sklearn_lossacc.cli.demo import run_demo
from sklearn_lossacc.cli.fail_on import FAIL_ON
from sklearn_lossacc.cli.history import read_columns, run_history
from sklearn_lossacc.cli.report import run_report

_PREDICTIONS = ".npz, .npy (with --y), .csv, .tsv, .parquet, .feather, .arrow, or a folder of the last three"


class _Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        """Exit with code 2."""
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def _names(text: str) -> list[str]:
    """Split a comma-separated list."""
    return [name.strip() for name in text.split(",")]


def _name_or_names(text: str) -> str | list[str]:
    """Split a comma-separated list; a single name stays a name."""
    return _names(text) if "," in text else text


def _numbers(text: str) -> list[float]:
    """Read a comma-separated list of numbers."""
    return [float(number) for number in text.split(",")]


def _level(text: str) -> float:
    """Read a level strictly between 0 and 1."""
    value = float(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text} does not lie between 0 and 1")
    return value


def _epochs(text: str) -> int:
    """Read a number of epochs."""
    value = int(text)
    if value < 2:
        raise argparse.ArgumentTypeError("at least 2 epochs are needed")
    return value


def _count(text: str) -> int:
    """Read a number of rows or of classes."""
    if not text.strip().isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"invalid count {text!r}: expected a whole number of at least 1")
    return int(text)


_numbers.__name__ = "list of numbers"
_level.__name__ = "level"  # argparse writes the name of the type into its messages
_epochs.__name__ = "number of epochs"


def _add_demo(commands: argparse._SubParsersAction[_Parser]) -> None:
    """Add ``lossacc demo``."""
    demo = commands.add_parser(
        "demo",
        help="train, diagnose and repair a small neural network",
        description="Train a neural network on scikit-learn's digits until its validation loss rises while its "
        "accuracy holds, diagnose the exported probabilities, and repair them on one half for the other.",
    )
    demo.add_argument("--out", metavar="FOLDER", default="lossacc-demo", help="default: %(default)s")
    demo.add_argument("--epochs", type=_epochs, default=100, help="default: %(default)s")
    demo.set_defaults(run=run_demo)


def _add_report(commands: argparse._SubParsersAction[_Parser]) -> None:
    """Add ``lossacc report``."""
    report = commands.add_parser(
        "report",
        help="diagnose predictions from a file",
        description="Diagnose exported probabilities or logits from an .npz, .npy, .csv or .parquet file.",
        epilog="Exit code: 0 fine, 1 a finding at or above --fail-on, 2 bad input.",
    )
    report.add_argument("file", metavar="FILE", help=_PREDICTIONS)
    _add_where(report.add_argument_group("what is what in the file"))
    how = report.add_argument_group("how it is judged")
    how.add_argument(
        "--train-prior",
        metavar="N,...",
        type=_numbers,
        help="class frequencies or counts of the training data, in column order; default: the key train_prior, if any",
    )
    how.add_argument("--in-sample", action="store_true", help="the model was trained on these rows")
    how.add_argument(
        "--alpha", type=_level, default=0.05, help="chance of any false alarm on a healthy model; default: %(default)s"
    )
    how.add_argument("--ignore", metavar="CODE,...", type=_names, default=[], help="findings to leave out: LA101,...")
    _add_fail_on(how)
    _add_views(report)
    report.set_defaults(run=run_report)


def _add_where(where: argparse._ArgumentGroup) -> None:
    """Add what is what in a file of predictions."""
    where.add_argument("--y", metavar="NAME", help="key, column or file of the true labels")
    where.add_argument(
        "--proba", metavar="NAME[,NAME]", type=_name_or_names, help="key, column prefix or columns of the scores"
    )
    where.add_argument("--input", choices=("proba", "logits"), help="what the scores are; default: as they are called")
    where.add_argument("--classes", metavar="A,B,...", type=_names, help="class of each column, in column order")
    where.add_argument("--sample-weight", metavar="NAME", help="key, column or file of the weights")
    where.add_argument("--groups", metavar="NAME", help="key, column or file that says which rows belong together")


def _add_compare(commands: argparse._SubParsersAction[_Parser]) -> None:
    """Add ``lossacc compare``."""
    compare = commands.add_parser(
        "compare",
        help="compare two or more models on the same rows",
        description="Compare exported predictions of two or more models, or of two epochs of one, for the same rows in "
        "the same order: which is better by loss, by accuracy and after recalibration, and which rows decide.",
        epilog="Exit code: 0 fine, 1 a finding at or above --fail-on, 2 bad input.",
    )
    compare.add_argument("files", metavar="FILE", nargs="+", help=f"at least two: {_PREDICTIONS}")
    _add_where(compare.add_argument_group("what is what in the files"))
    how = compare.add_argument_group("how they are compared")
    how.add_argument("--names", metavar="A,B,...", type=_names, help="names of the models; default: the files'")
    how.add_argument("--reference", metavar="NAME", help="compare each with this model; default: all pairs")
    how.add_argument(
        "--alpha", type=_level, default=0.05, help="chance of any false alarm on equal models; default: %(default)s"
    )
    how.add_argument("--ignore", metavar="CODE,...", type=_names, default=[], help="findings to leave out: LA603,...")
    _add_fail_on(how)
    _add_views(compare)
    compare.set_defaults(run=run_compare)


def _add_history(commands: argparse._SubParsersAction[_Parser]) -> None:
    """Add ``lossacc history``."""
    history = commands.add_parser(
        "history",
        help="diagnose a training log",
        description="Diagnose the training log of Keras, Lightning, fastai, skorch, Transformers, xgboost, LightGBM, "
        "CatBoost, Ultralytics, timm, MLflow, TensorBoard or Weights & Biases, any table or JSON with named losses and "
        "accuracies, or what a script printed.",
        epilog="Exit code: 0 fine, 1 a finding at or above --fail-on, 2 bad input.",
    )
    history.add_argument("file", metavar="FILE", help="a log, or a folder of MLflow, TensorBoard or CatBoost")
    where = history.add_argument_group("what is what in the log")
    where.add_argument(
        "--columns",
        metavar="CURVE=COLUMN,...",
        type=read_columns,
        action="append",
        default=[],
        help="where names do not say it: val_loss=nll,val_error_percent=top-1; no column leaves a curve out",
    )
    where.add_argument("--format", choices=list(FORMATS), help="what wrote the log; default: as it looks")
    how = history.add_argument_group("how it is judged")
    how.add_argument("--n-val", metavar="N", type=_count, help="number of validation rows")
    how.add_argument("--n-classes", metavar="K", type=_count, help="number of classes")
    how.add_argument(
        "--final", metavar="PREDICTIONS", help="file of the last epoch's validation predictions, as for lossacc report"
    )
    how.add_argument("--ignore", metavar="CODE,...", type=_names, default=[], help="findings to leave out: LA512,...")
    _add_fail_on(how)
    _add_views(history)
    history.set_defaults(run=run_history)


def _add_calibrate(commands: argparse._SubParsersAction[_Parser]) -> None:
    """Add ``lossacc calibrate``."""
    calibrate = commands.add_parser(
        "calibrate",
        help="fit a calibrator to predictions from a file",
        description="Fit a calibrator to exported probabilities or logits of rows that the model was not trained on, "
        "and tell what it is worth: log loss, accuracy and calibration before and after, on rows that it has not seen.",
        epilog="Exit code: 0 fine, 2 bad input.",
    )
    calibrate.add_argument("file", metavar="FILE", help=_PREDICTIONS)
    _add_where(calibrate.add_argument_group("what is what in the file"))
    how = calibrate.add_argument_group("how it is calibrated")
    how.add_argument("--method", choices=list(METHODS), default="auto", help="default: %(default)s")
    out = calibrate.add_argument_group("what is written")
    out.add_argument("--output", metavar="PATH", help="write the calibrator as JSON, for lossacc apply")
    out.add_argument("--onnx", metavar="PATH", help="write the calibrator as an ONNX model, for deployment")
    _add_json(out)
    calibrate.set_defaults(run=run_calibrate)


def _add_apply(commands: argparse._SubParsersAction[_Parser]) -> None:
    """Add ``lossacc apply``."""
    apply = commands.add_parser(
        "apply",
        help="calibrate predictions from a file",
        description="Calibrate exported probabilities or logits, with or without labels, by what lossacc calibrate "
        "wrote.",
        epilog="Exit code: 0 fine, 2 bad input.",
    )
    apply.add_argument("calibrator", metavar="CALIBRATOR", help=".json, from lossacc calibrate")
    apply.add_argument("file", metavar="FILE", help=_PREDICTIONS.replace(" (with --y)", ""))
    _add_where(apply.add_argument_group("what is what in the file"))
    out = apply.add_argument_group("what is written")
    kinds = f"{', '.join(EXTENSIONS[:-1])} or {EXTENSIONS[-1]}"
    out.add_argument("--output", metavar="PATH", required=True, help=f"write the calibrated probabilities: {kinds}")
    _add_json(out)
    apply.set_defaults(run=run_apply)


def _add_fail_on(group: argparse._ArgumentGroup) -> None:
    """Add the severity that is an exit code."""
    group.add_argument(
        "--fail-on", choices=FAIL_ON, default="never", help="exit with 1 from this severity on; default: %(default)s"
    )


def _add_views(command: _Parser) -> None:
    """Add what is written."""
    out = command.add_argument_group("what is written")
    out.add_argument("--name", help="name in all views; default: the file's")
    out.add_argument("--html", metavar="PATH", help="write the report as one HTML file")
    out.add_argument("--markdown", metavar="PATH", help="write the report as Markdown")
    out.add_argument("--png", metavar="PATH", help="write the figure")
    _add_json(out)


def _add_json(group: argparse._ArgumentGroup) -> None:
    """Add JSON in the place of text."""
    group.add_argument("--json", action="store_true", help="print JSON, and nothing else, instead of text")


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of all commands.

    Returns
    -------
    ArgumentParser
        Its result carries the function to call as ``run``.
    """
    parser = _Parser(prog="lossacc", description="Why loss and accuracy disagree, and how to repair it.")
    parser.add_argument("--version", action="version", version=f"%(prog)s {_version()}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_demo(commands)
    _add_report(commands)
    _add_history(commands)
    _add_compare(commands)
    _add_calibrate(commands)
    _add_apply(commands)
    return parser


def _version() -> str:
    """Return the installed version."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("sklearn-lossacc")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "unknown"
