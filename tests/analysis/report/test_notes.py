"""Notes and captions, without what an earlier one states."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotly.graph_objects as go

from analysis.plotting.figure import Figure
from analysis.report.notes import captions_once, sentences_once
from analysis.report.sections import report_sections
from analysis.tables.table import Table

if TYPE_CHECKING:
    from factories import Builder


def tables(*notes: str) -> list[Table]:
    return [Table("t", ("h",), (), note) for note in notes]


def figures(*captions: tuple[str, str]) -> list[Figure]:
    drawing = go.Figure()
    return [Figure(str(i), "t", caption, drawing, more=more) for i, (caption, more) in enumerate(captions)]


def test_a_sentence_of_an_earlier_note_is_left_out() -> None:
    first, second = sentences_once(
        tables("In %. Bold: best (95 %). ± is a width.", "In %. Here: n = 3. Bold: best (95 %).")
    )
    assert first.note == "In %. Bold: best (95 %). ± is a width."
    assert second.note == "Here: n = 3."


def test_every_note_states_the_unit_of_its_numbers() -> None:
    _, second = sentences_once(tables("Test accuracy in %. Bold: best.", "Test accuracy in %. Bold: best."))
    assert second.note == "Test accuracy in %."


def test_a_note_that_is_the_same_as_an_earlier_one_becomes_empty() -> None:
    assert [table.note for table in sentences_once(tables("All of it.", "All of it."))] == ["All of it.", ""]


def test_no_section_of_a_report_on_several_subsets_states_a_procedure_twice(study: Builder) -> None:
    for subset in ("all", "clean"):
        study.temperatures([2, 3], 5, subset=subset).baselines(5, subset=subset)
    for section in report_sections(study.report()):
        notes = " ".join(table.note for table in section.tables)
        procedures = {procedure for table in section.tables for procedure in table.procedures}
        assert all(notes.count(procedure.words) <= 1 for procedure in procedures), section.title


def test_a_caption_of_an_earlier_figure_becomes_a_reference_with_what_is_new_in_its_explanation() -> None:
    first, second = captions_once(figures(("Dots: runs.", "Moved. By T."), ("Dots: runs.", "Moved. Chosen on.")), 3)
    assert (first.caption, first.more) == ("Dots: runs.", "Moved. By T.")
    assert (second.caption, second.more) == ("As Figure 3.", "Chosen on.")


def test_another_caption_keeps_what_is_new_in_its_explanation() -> None:
    _, second = captions_once(figures(("Dots: runs.", "Moved."), ("Bars: runs.", "Moved. Chosen on.")))
    assert (second.caption, second.more) == ("Bars: runs.", "Chosen on.")
