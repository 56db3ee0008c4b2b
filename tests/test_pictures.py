"""What makes the pictures of the documentation: the recorded terminal, its animation, and the figure of a table."""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from animation import DARK, LIGHT, animation
from cost import draw, table
from recording import COLUMNS, ROWS, Frame, Recording, record
from screen import Look, Screen

PAGE = Path(__file__).resolve().parents[1] / "docs" / "evidence" / "what-an-answer-costs.md"
SVG = "{http://www.w3.org/2000/svg}"


def shown(screen: Screen) -> list[str]:
    """Return the lines of a screen as text."""
    return ["".join(cell.text for cell in line).rstrip() for line in screen.lines()]


def test_a_live_display_is_drawn_over_the_last_one() -> None:
    screen = Screen(10, 3)
    screen.feed("one\r\ntwo\r\n\x1b[1A\x1b[2K\x1b[1A\x1b[2KONE\r\nTWO")
    assert shown(screen) == ["ONE", "TWO", ""]


def test_a_full_screen_scrolls_and_long_lines_wrap() -> None:
    screen = Screen(3, 2)
    screen.feed("abcd\r\ne")
    assert shown(screen) == ["d", "e"]


def test_a_sequence_may_come_in_two_parts_and_links_are_not_shown() -> None:
    screen = Screen(10, 1)
    screen.feed("\x1b]8;id=1;file:///report\x1b\\re\x1b[3")
    screen.feed("1mport\x1b]8;;\x1b\\")
    assert shown(screen) == ["report"]
    assert [cell.look.colour for cell in screen.lines()[0][:3]] == ["", "", "red"]


@pytest.mark.parametrize(
    ("codes", "look"),
    [
        ("1;32", Look("green", bold=True)),
        ("2", Look(dim=True)),
        ("94", Look("bright-blue")),
        ("38;5;9", Look("bright-red")),
        ("38;5;208", Look("#ff8700")),
        ("38;5;244", Look("#808080")),
        ("38;2;1;2;255;1", Look("#0102ff", bold=True)),
        ("48;5;1;31", Look("red")),
        ("31;0", Look()),
    ],
)
def test_colours_are_those_of_a_terminal(codes: str, look: Look) -> None:
    screen = Screen(2, 1)
    screen.feed(f"\x1b[{codes}mx")
    assert screen.lines()[0][0].look == look


def recorded(*texts: str) -> Recording:
    """Return a recording of a minute that shows texts one after the other."""
    frames = []
    for number, text in enumerate(texts):
        screen = Screen(COLUMNS, ROWS)
        screen.feed(text)
        frames.append(Frame(60 * number / len(texts), screen.lines()))
    return Recording("gce-study run demo", tuple(frames), 60.0)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_an_animation_is_whole_svg_that_shows_every_screen(theme: object) -> None:
    root = ET.fromstring(animation(recorded("a & <b>", "\x1b[31mlast"), theme))  # noqa: S314 -- our own
    texts = ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]
    assert {"a & <b>", "last"} <= set(texts)
    assert "prefers-reduced-motion" in "".join(root.find(f"{SVG}style").itertext())


def test_lines_that_stay_are_kept_once() -> None:
    root = ET.fromstring(animation(recorded("same\r\none", "same\r\ntwo"), DARK))  # noqa: S314 -- our own
    assert ["".join(text.itertext()) for text in root.iter(f"{SVG}text")].count("same") == 1


def test_a_command_is_recorded_as_its_terminal_shows_it(tmp_path: Path) -> None:
    code = "import os, sys; print(os.get_terminal_size().columns, os.environ['TERM'], sys.stdout.isatty())"
    recording = record([sys.executable, "-c", code], "python", tmp_path)
    assert "".join(cell.text for cell in recording.frames[-1].lines[0]).rstrip() == "80 xterm-256color True"


def test_a_command_that_fails_is_no_recording(tmp_path: Path) -> None:
    with pytest.raises(ChildProcessError, match="status 3:\nno such study"):
        record([sys.executable, "-c", "print('no such study'); raise SystemExit(3)"], "python", tmp_path)


def test_the_figure_of_costs_shows_the_rows_of_its_table() -> None:
    families, rows = table(PAGE.read_text(encoding="utf-8"))
    figure = draw(families, rows)
    assert len(rows) == len(figure.layout.annotations)
    settle = figure.data[0]
    assert (tuple(settle.x), tuple(settle.y)) == (rows[0].trainings, rows[0].right)
    assert [trace.name for trace in figure.data if trace.name] == [f"{family} curve" for family in families]


def test_a_page_without_the_table_is_refused() -> None:
    with pytest.raises(ValueError, match="no table"):
        table("# What an answer costs")
