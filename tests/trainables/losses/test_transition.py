"""Transition matrices: read from files in one canonical form, counted, and refused with a reason."""

import pytest
from pydantic import ValidationError

from trainables.losses.base import KnownLabels
from trainables.losses.catalogue import ForwardCorrection
from trainables.losses.transition import empirical, parse_transition, read_transition

MATRIX = "cat,bird\n0.9,0.1\n0.3,0.7\n"
CANONICAL = "bird,cat\n0.7,0.3\n0.1,0.9\n"


def correction(matrix, **context):
    return ForwardCorrection.model_validate({"name": "forward_correction", "matrix": matrix}, context=context)


def test_classes_are_sorted_with_their_rows_and_columns():
    assert parse_transition(MATRIX).text() == CANONICAL


def test_a_text_reads_back_equal_even_where_a_class_has_a_comma_or_quote():
    transition = parse_transition('"a, b","c ""d"""\n1,0\n0.25,0.75\n')
    assert parse_transition(transition.text()) == transition


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "0 distinct classes on the first line and 0 rows below it"),
        ("a,b\n1,0\n", "2 distinct classes on the first line and 1 rows below it"),
        ("a,a\n1,0\n0,1\n", "1 distinct classes on the first line and 2 rows below it"),
        ("a,b\n1,0\n0,1,0\n", "row b has length 3; allowed: 2, a number for each class"),
        ("a,b\n1,0\n0,one\n", "row b: could not convert string to float: 'one'"),
        ("a,b\n1,0\n-0.5,1.5\n", "row b, column a is -0.5; allowed: a probability"),
        ("a,b\n1,0\nnan,1\n", "row b, column a is nan; allowed: a probability"),
        ("a,b\n1,0\n0.5,0.6\n", "row b sums to 1.1; allowed: 1, within 0.001"),
        ("a,b\n1,0\n1,0\n", "column b is zero; allowed: a label that some class may be given"),
    ],
)
def test_a_text_without_a_transition_matrix_is_refused_with_the_reason(text, message):
    with pytest.raises(ValueError, match=message):
        parse_transition(text)


def test_a_file_that_cannot_be_read_is_refused_with_the_reason(tmp_path):
    (tmp_path / "latin.csv").write_bytes(b"\xff\xfe")
    for name, message in (("none.csv", "No such file"), (".", "is not a file"), ("latin.csv", "is not UTF-8")):
        with pytest.raises(ValueError, match=message):
            read_transition(tmp_path / name)


def test_a_loss_holds_the_content_of_its_file_whose_path_starts_from_the_folder_of_the_study(tmp_path):
    (tmp_path / "m.csv").write_text(MATRIX)
    assert correction("m.csv", folder=tmp_path).matrix == CANONICAL
    assert correction(str(tmp_path / "m.csv")) == correction(MATRIX)


def test_a_file_without_a_matrix_is_refused_with_what_is_allowed(tmp_path):
    (tmp_path / "m.csv").write_text("a,b\n1,0\n1,0\n")
    with pytest.raises(
        ValidationError, match=r"injected, verified, or the CSV file of a transition matrix \(m.csv: col"
    ):
        correction("m.csv", folder=tmp_path)


LABELS = KnownLabels(("bird", "cat"), verified=(2, 1), unverified=(4, 4), transitions=((3, 1), (0, 4)))


def test_the_matrix_of_injected_noise_is_counted():
    assert empirical(LABELS) == [[0.75, 0.25], [0.0, 1.0]]


def test_a_class_without_clips_of_known_true_label_is_taken_to_have_no_noise():
    labels = KnownLabels(("a", "b", "c"), (0, 0, 0), (1, 1, 1), ((1, 1, 0), (0, 0, 0), (0, 0, 0)))
    assert empirical(labels) == [[0.5, 0.5, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]


ALL_VERIFIED = KnownLabels(("bird", "cat"), (4, 4), (0, 0), ((0, 0), (0, 0)))
NO_TRUTH = KnownLabels(("bird", "cat"), (0, 2), (4, 4), ((0, 0), (0, 0)))
NO_TRUE_CAT = KnownLabels(("bird", "cat"), (1, 1), (4, 4), ((4, 0), (4, 0)))


@pytest.mark.parametrize(
    ("matrix", "labels", "problem"),
    [
        ("injected", LABELS, ""),
        ("verified", LABELS, ""),
        (MATRIX, LABELS, ""),
        ("injected", ALL_VERIFIED, "forward_correction has no label to correct, as every training clip is verified"),
        (
            "injected",
            NO_TRUTH,
            "forward_correction needs the true label of unverified training clips; none is known",
        ),
        (
            "injected",
            NO_TRUE_CAT,
            "forward_correction needs an unverified training clip labelled cat whose true class is known",
        ),
        ("verified", NO_TRUTH, "forward_correction needs a verified training clip of each class; bird has none"),
        (
            "a,b\n1,0\n0,1\n",
            LABELS,
            "forward_correction has a matrix for the classes a, b; the data set has bird, cat",
        ),
    ],
)
def test_labels_that_do_not_suffice_for_the_matrix_are_a_problem(matrix, labels, problem):
    assert correction(matrix).problem(labels) == problem
