"""Metrics equal scikit-learn's, and are defined where a class has no clips."""

import warnings

import numpy as np
import pytest
from sklearn import metrics as sklearn
from sklearn.calibration import calibration_curve

from trainables.metrics import BINS, METRICS, calibration_error, log_loss, macro_f1, top3

CLASSES, CLIPS = 7, 300


def clips(seed):
    """Return labels, probabilities and predictions of clips; the probabilities favour the label a little."""
    numbers = np.random.default_rng(seed)
    labels = numbers.integers(0, CLASSES, CLIPS)
    logits = numbers.normal(size=(CLIPS, CLASSES)) + 1.5 * np.eye(CLASSES)[labels]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return labels, probabilities, probabilities.argmax(axis=1)


REFERENCES = {
    "accuracy": sklearn.accuracy_score,
    "macro_f1": lambda labels, predicted: sklearn.f1_score(labels, predicted, average="macro"),
    "balanced_accuracy": sklearn.balanced_accuracy_score,
    "top3": lambda labels, p: sklearn.top_k_accuracy_score(labels, p, k=3),
    "log_loss": sklearn.log_loss,
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", REFERENCES)
def test_a_metric_equals_that_of_scikit_learn(name, seed):
    labels, probabilities, predicted = clips(seed)
    outputs = predicted if METRICS[name].needs == "predictions" else probabilities
    assert METRICS[name].of(labels, outputs) == pytest.approx(REFERENCES[name](labels, outputs), rel=1e-9)


def test_every_metric_but_the_calibration_error_is_compared_with_scikit_learn():
    assert set(METRICS) - set(REFERENCES) == {"calibration_error"}


@pytest.mark.parametrize("seed", range(3))
def test_the_calibration_error_is_the_weighted_distance_from_scikit_learns_calibration_curve(seed):
    labels, probabilities, predicted = clips(seed)
    confidence = probabilities.max(axis=1)
    accuracies, confidences = calibration_curve(predicted == labels, confidence, n_bins=BINS)
    sizes, _ = np.histogram(confidence, BINS, (0.0, 1.0))
    expected = np.average(np.abs(accuracies - confidences), weights=sizes[sizes > 0])
    assert calibration_error(labels, probabilities) == pytest.approx(expected, rel=1e-9)


def test_the_calibration_error_of_certain_and_right_predictions_is_zero():
    assert calibration_error(np.array([0, 1]), np.eye(2)) == 0.0


def test_the_calibration_error_of_certain_and_wrong_predictions_is_one():
    assert calibration_error(np.array([1, 0]), np.eye(2)) == 1.0


def test_a_confidence_at_the_edge_of_two_bins_is_in_the_lower_one():
    probabilities = np.array([[1 / 3, 1 / 3, 1 / 3], [0.34, 0.33, 0.33]])  # 1/3 is the upper end of bin 5 of 15
    assert calibration_error(np.array([0, 1]), probabilities) == pytest.approx((2 / 3 + 0.34) / 2)


def test_a_class_without_clips_does_not_count_in_macro_f1_even_if_it_is_predicted():
    labels, predicted = np.array([0, 0, 2, 2]), np.array([0, 1, 2, 2])
    expected = sklearn.f1_score(labels, predicted, labels=[0, 2], average="macro")
    assert macro_f1(labels, predicted) == pytest.approx(expected)


def test_a_class_without_clips_does_not_count_in_balanced_accuracy_even_if_it_is_predicted():
    labels, predicted = np.array([0, 0, 2, 2]), np.array([0, 1, 2, 2])
    with warnings.catch_warnings(action="ignore"):  # scikit-learn warns of the predicted class
        expected = sklearn.balanced_accuracy_score(labels, predicted)
    assert METRICS["balanced_accuracy"].of(labels, predicted) == pytest.approx(expected)


def test_a_class_that_is_never_predicted_has_an_f1_of_zero():
    assert macro_f1(np.array([0, 1]), np.array([0, 0])) == pytest.approx((2 / 3 + 0) / 2)


def test_top_3_of_three_classes_is_one():
    assert top3(np.array([0, 1, 2]), np.full((3, 3), 1 / 3)) == 1.0


def test_top_3_of_equal_probabilities_prefers_the_lower_class():
    equal = np.full((2, 5), 0.2)
    assert top3(np.array([2, 3]), equal) == 0.5


def test_the_log_loss_of_a_probability_of_zero_is_finite():
    assert log_loss(np.array([0]), np.array([[0.0, 1.0]], np.float32)) == pytest.approx(15.94, abs=0.01)


def test_a_lower_log_loss_and_calibration_error_are_better():
    assert [name for name, metric in METRICS.items() if not metric.higher_is_better] == [
        "log_loss",
        "calibration_error",
    ]
