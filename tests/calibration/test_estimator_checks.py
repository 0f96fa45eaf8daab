"""scikit-learn's own checks."""

import pytest
import sklearn
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_lossacc.calibration import (
    AutoCalibrator,
    BetaCalibrator,
    CalibratedClassifier,
    DirichletCalibrator,
    EnsembleTemperatureCalibrator,
    HistogramCalibrator,
    IdentityCalibrator,
    IsotonicCalibrator,
    MatrixCalibrator,
    PriorShiftCalibrator,
    SigmoidCalibrator,
    SplineCalibrator,
    TemperatureCalibrator,
    VectorCalibrator,
    VennAbersCalibrator,
)
from sklearn_lossacc.calibration.one_vs_rest import OneVsRestCalibrator
from sklearn_lossacc.calibration.structured import StructuredCalibrator

# The checks' few random rows are separable, lack classes, have classes of four rows, or say nothing about the labels.
pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn_lossacc.exceptions.CalibrationWarning"),
    pytest.mark.filterwarnings("ignore:The least populated class:UserWarning"),
]


def every_check(estimators, **kwargs):
    """Let `parametrize_with_checks` give a list: scikit-learn 1.6 gives a generator, which pytest 9 refuses."""
    mark = parametrize_with_checks(estimators, **kwargs)
    names, cases = mark.args
    return pytest.mark.parametrize(names, list(cases), **mark.kwargs)


MAIN = [
    TemperatureCalibrator(input="logits"),
    IsotonicCalibrator(input="logits"),
    AutoCalibrator(input="logits"),
]
OTHERS = [
    IdentityCalibrator(input="logits"),
    TemperatureCalibrator(input="logits", floor=True),
    IsotonicCalibrator(centered=False, input="logits"),
    SigmoidCalibrator(input="logits"),
    BetaCalibrator(input="logits"),
    BetaCalibrator(shape="quadratic", input="logits"),
    EnsembleTemperatureCalibrator(input="logits"),
    PriorShiftCalibrator(input="logits"),
    VectorCalibrator(input="logits"),
    MatrixCalibrator(input="logits"),
    DirichletCalibrator(input="logits"),
    HistogramCalibrator(input="logits"),
    HistogramCalibrator(strategy="uniform", input="logits"),
    VennAbersCalibrator(input="logits"),
    SplineCalibrator(input="logits"),
]
CALIBRATORS = MAIN + OTHERS

# The columns of X are the scores of the classes; these checks have fewer columns than classes, or columns that score
# nothing.
SHAPE_MISMATCHES = {
    "check_estimators_overwrite_params": "two columns, three classes",
    "check_estimators_fit_returns_self": "two columns, three classes",
    "check_readonly_memmap_input": "two columns, three classes",
    "check_classifiers_classes": "two columns, three classes",
    "check_classifiers_train": "two columns, three classes; and columns that are no scores of the classes",
}
# Maps with an intercept for each class learn to predict one class whatever the columns; one temperature cannot.
ONE_CLASS = {"check_classifiers_one_label": "three columns, one class"}
# Up to 1.6 this check ignores the tag by which the calibrators refuse sparse X.
SPARSE = (
    {"check_sample_weight_equivalence_on_sparse_data": "sparse X is refused"} if sklearn.__version__ < "1.7" else {}
)


def expected_failures(calibrator):
    learns_one_class = isinstance(
        calibrator,
        AutoCalibrator | DirichletCalibrator | IsotonicCalibrator | OneVsRestCalibrator | StructuredCalibrator,
    )
    return SHAPE_MISMATCHES | SPARSE | ({} if learns_one_class else ONE_CLASS)


@pytest.mark.whole
@every_check(MAIN, expected_failed_checks=expected_failures)
def test_calibrators_on_logits(estimator, check):
    check(estimator)


@every_check(OTHERS, expected_failed_checks=expected_failures)
def test_other_calibrators_on_logits(estimator, check):
    check(estimator)


@pytest.mark.whole
@every_check(
    [
        CalibratedClassifier(LogisticRegression(), TemperatureCalibrator()),
        CalibratedClassifier(LogisticRegression(), TemperatureCalibrator(), ensemble=False),
        CalibratedClassifier(LogisticRegression(), IsotonicCalibrator()),
        CalibratedClassifier(LogisticRegression(), ensemble=False),  # Auto
    ]
)
def test_calibrated_classifier_with_nothing_excepted(estimator, check):
    check(estimator)


@pytest.mark.slow
@every_check(
    [
        CalibratedClassifier(LogisticRegression()),
        *(CalibratedClassifier(LogisticRegression(), clone(one).set_params(input="proba")) for one in CALIBRATORS),
        *(
            CalibratedClassifier(LogisticRegression(), calibrator, ensemble=False)
            for calibrator in (TemperatureCalibrator(floor=True), IsotonicCalibrator(), IdentityCalibrator())
        ),
        CalibratedClassifier(GaussianNB(), SplineCalibrator()),  # log odds of a hundred nats
    ]
)
def test_calibrated_classifier_with_every_calibrator(estimator, check):
    check(estimator)


@pytest.mark.parametrize("calibrator", CALIBRATORS, ids=repr)
def test_tags_are_honest(calibrator):
    assert not get_tags(calibrator).input_tags.positive_only
    assert get_tags(type(calibrator)()).input_tags.positive_only
    for tags in (get_tags(calibrator), get_tags(type(calibrator)())):
        assert not tags.no_validation
        assert not tags._skip_test
        assert tags.input_tags.two_d_array
        assert tags.classifier_tags.multi_class


def test_the_classifier_takes_what_its_estimator_takes():
    tags = get_tags(CalibratedClassifier(FrozenEstimator(LogisticRegression())))
    assert tags.input_tags == get_tags(LogisticRegression()).input_tags
