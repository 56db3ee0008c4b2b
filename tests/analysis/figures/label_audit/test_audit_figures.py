"""The figures of the label audit draw its numbers, and nothing without them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.figures.label_audit.noise_rates import draw_noise_rates, noise_rates
from analysis.figures.label_audit.spectrogram import RANGE, Spectrogram, draw_spectrogram, spectrogram
from analysis.figures.label_audit.transition import draw_transition, most_mislabelled, transition
from analysis.findings.label_audit import LabelAudit

NAN = float("nan")
CLASSES = pd.DataFrame(
    {
        "class": ["Rain", "<b>Wind</b>", "Snow"],
        "noise_rate": [0.2, 0.5, NAN],
        "low": [0.1, NAN, NAN],
        "high": [0.4, NAN, NAN],
        "true_rate": [0.25, NAN, 0.1],
    }
)
MATRIX = pd.DataFrame([[0.7, 0.3], [0.1, 0.9]], index=["Rain", "Wind"], columns=["Rain", "Wind"])


def audit(classes: pd.DataFrame = CLASSES, matrix: pd.DataFrame | None = None) -> LabelAudit:
    """Return an audit with these estimates alone."""
    nothing = pd.DataFrame()
    return LabelAudit("best-t", 3, nothing, ("margins",), classes, matrix, nothing, ())


def test_classes_without_an_estimate_are_not_drawn_and_the_largest_is_on_top() -> None:
    (figure,) = noise_rates(audit())
    estimated, true = figure.drawing.data
    assert list(estimated.x) == [20, 50]
    assert list(figure.drawing.layout.yaxis.categoryarray) == ["Rain", "&lt;b&gt;Wind&lt;/b&gt;"]
    assert list(true.x) == [25, None]


def test_the_interval_is_drawn_where_there_is_one() -> None:
    estimated = draw_noise_rates(CLASSES.dropna(subset="noise_rate")).data[0]
    assert list(estimated.error_x.array) == [pytest.approx(20), None]
    assert list(estimated.error_x.arrayminus) == [pytest.approx(10), None]
    assert list(estimated.customdata) == ["Rain: 20 % (10 to 40)", "&lt;b&gt;Wind&lt;/b&gt;: 50 %"]


def test_the_caption_speaks_of_the_truth_only_where_it_is_known() -> None:
    known, unknown = (noise_rates(audit(classes))[0] for classes in (CLASSES, CLASSES.assign(true_rate=NAN)))
    assert "diamond" in known.caption
    assert "diamond" not in unknown.caption
    assert len(unknown.drawing.data) == 1


def test_without_estimates_there_is_no_figure() -> None:
    nothing = audit(CLASSES.assign(noise_rate=NAN))
    assert (noise_rates(nothing), transition(nothing)) == ((), ())


def test_the_transition_matrix_has_true_classes_as_rows() -> None:
    drawing = draw_transition(MATRIX)
    assert [list(row) for row in drawing.data[0].z] == [[70, 30], [10, 90]]
    assert drawing.data[0].x == drawing.data[0].y == ("Rain", "Wind")
    assert drawing.layout.annotations[0].text == "Given label →<br>True class ↓"


def test_the_most_frequent_errors_are_named() -> None:
    assert most_mislabelled(MATRIX, 1) == [("Rain", "Wind", 0.3)]
    (figure,) = transition(audit(matrix=MATRIX))
    assert "Most frequent errors: Rain as Wind (30 %); Wind as Rain (10 %)." in figure.more


def test_a_spectrogram_is_relative_to_its_loudest_and_cut_below() -> None:
    levels = np.array([[-20.0, -30.0], [-200.0, -25.0]])
    drawing = draw_spectrogram(Spectrogram(levels, np.array([100.0, 5000.0]), 4.0))
    assert np.array(drawing.data[0].z).tolist() == [[0, -10], [-RANGE, -5]]
    assert (drawing.data[0].x0, drawing.data[0].dx) == (1.0, 2.0)
    assert list(drawing.layout.yaxis.ticktext) == ["0.5", "1", "2", "4"]
    assert drawing.layout.yaxis.tickvals[1] == pytest.approx(900 / 4900)


def test_a_spectrogram_states_its_duration() -> None:
    assert "4.0 s" in spectrogram(Spectrogram(np.zeros((2, 2)), np.array([100.0, 5000.0]), 4.0)).caption
