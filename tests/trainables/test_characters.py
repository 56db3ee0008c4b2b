"""What of a foreign text reaches a terminal or a document."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainables.characters import one_line, several_lines

STRANGE = st.text(st.characters(codec=None, categories=None) | st.sampled_from("\x1b\x9b\u202e\u2028\n\t\r"))


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("\x1b[31mred", "\\u001b[31mred"),
        ("\x9b31m", "\\u009b31m"),
        ("\x00\x07\x7f", "\\u0000\\u0007\\u007f"),
        ("abc\u202edcba", "abc\\u202edcba"),
        ("\u2066a\u2069\u200f", "\\u2066a\\u2069\\u200f"),
        ("\ud800", "\\ud800"),
        ("f\udcff.wav", "f\\udcff.wav"),
        ("\U000e0041", "\\udb40\\udc41"),
        ("one\ntwo\r\tthree", "one\\ntwo\\r\\tthree"),
        ("one\u2028two\x85", "one\\u2028two\\u0085"),
    ],
)
def test_characters_that_control_a_terminal_are_escaped(text, printed):
    assert one_line(text) == printed


@pytest.mark.parametrize("text", ["Vögel & Käfer", "犬の声", "می‌خواهم", "👩‍👩‍👧", "10 % ± 2", "a\u00a0b", r"C:\new"])
def test_texts_of_any_language_stay_as_they_are(text):
    assert one_line(text) == text
    assert several_lines(text) == text


def test_line_ends_and_tabs_stay_in_a_text_of_several_lines():
    assert several_lines("a\tb\nc\r\x1b") == "a\tb\nc\\r\\u001b"


@given(STRANGE)
def test_one_line_is_one_line_without_control_characters(text):
    printed = one_line(text)
    assert len(printed.splitlines()) <= 1
    assert not any(character < " " or "\x7f" <= character <= "\x9f" for character in printed)
    assert printed.encode() is not None


@given(STRANGE)
def test_json_holds_the_same_text_after_it_was_made_safe(text):
    assert json.loads(several_lines(json.dumps({text: [text]}, indent=1, ensure_ascii=False))) == {text: [text]}
