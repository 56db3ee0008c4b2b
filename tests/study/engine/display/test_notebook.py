"""The display in a notebook: one output, which is replaced."""

import time

import pytest
from rich.table import Table
from rich.text import Text

from study.engine.display import notebook
from study.engine.display.notebook import NotebookDisplay, bundle
from watching import until


class Cell:
    """Receives what IPython would send to a notebook."""

    def __init__(self):
        self.shown, self.updates = [], []

    def display(self, data, *, raw, display_id):
        assert raw
        assert display_id
        self.shown.append(data["text/plain"])
        return self

    def update(self, data, *, raw):
        assert raw
        self.updates.append(data["text/plain"])


@pytest.fixture
def cell(monkeypatch):
    receiver = Cell()
    monkeypatch.setattr("IPython.display.display", receiver.display)
    monkeypatch.setattr(notebook, "REFRESH_S", 0.01)
    return receiver


def test_a_state_replaces_the_one_before_in_one_output(cell):
    state = ["1 of 3"]
    with NotebookDisplay(lambda: state[0]):
        state[0] = "2 of 3"
        until(lambda: cell.updates, pause=0.005)
        state[0] = "3 of 3"
    assert (cell.shown, cell.updates) == (["1 of 3"], ["2 of 3", "3 of 3"])


def test_a_state_that_stays_is_sent_once(cell):
    with NotebookDisplay(lambda: "1 of 3"):
        time.sleep(0.05)
    assert (cell.shown, cell.updates) == (["1 of 3"], [])


def test_a_transient_display_shows_nothing_of_what_ends_at_once(cell, monkeypatch):
    monkeypatch.setattr(notebook, "REFRESH_S", 600.0)
    with NotebookDisplay(lambda: "1 of 3", transient=True):
        pass
    assert (cell.shown, cell.updates) == ([], [])


def test_a_transient_display_leaves_nothing(cell):
    with NotebookDisplay(lambda: "1 of 3", transient=True):
        until(lambda: cell.shown, pause=0.005)
    assert (cell.shown, cell.updates) == (["1 of 3"], [""])


def test_what_is_shown_has_its_colours_in_html_and_none_of_its_text_is_markup():
    shown = bundle(Text("<b>1 failed", "red"))
    assert shown["text/plain"] == "<b>1 failed"
    assert "&lt;b&gt;1 failed" in shown["text/html"]
    assert 'style="color: #' in shown["text/html"]


def test_a_table_keeps_its_columns():
    table = Table("running", "epoch", box=None, pad_edge=False)
    table.add_row("gce q=0.7", "3/25")
    assert bundle(table)["text/plain"].splitlines()[1] == "gce q=0.7  3/25"
