"""The code of plugins is run only with the user's consent, which is remembered by its hash."""

import io
import os
from pathlib import Path

import pytest

from plugin_files import FOCAL, plugin_sources
from study.consent import Consent, remembered_path
from study.errors import UsageError
from trainables.plugins.sources import PluginError

PLUGIN = (Path("/here/my_losses.py"), plugin_sources(FOCAL))
OTHER = (Path("/here/other.py"), plugin_sources(FOCAL + "    # other"))


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def answer(monkeypatch):
    """Return a function that makes the streams a terminal on which the user types a text."""

    def typed(text):
        monkeypatch.setattr("sys.stdin", Terminal(text))
        monkeypatch.setattr("sys.stderr", screen := Terminal())
        return screen

    return typed


def test_without_a_terminal_the_message_names_the_option(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    with pytest.raises(UsageError) as error:
        Consent()([PLUGIN])
    assert str(error.value) == (
        "this command runs Python code that you have not accepted yet (/here/my_losses.py: "
        f"{PLUGIN[1].size} B, SHA-256 {PLUGIN[1].sha256[:12]}); read it first, then add --allow-code"
    )


def test_a_terminal_shows_what_is_to_be_read_and_asks(answer):
    screen = answer("y\n")
    Consent()([PLUGIN])
    assert screen.getvalue() == (
        "This command runs Python code that you have not accepted yet:\n"
        f"/here/my_losses.py: {PLUGIN[1].size} B, SHA-256 {PLUGIN[1].sha256[:12]}\n"
        "It can do whatever you can do. Read it first. Run it? [y/N] "
    )


@pytest.mark.parametrize("text", ["\n", "n\n", "", "nyes\n"])
def test_any_answer_but_yes_refuses_and_is_not_remembered(answer, text):
    for _ in range(2):
        answer(text)
        with pytest.raises(UsageError, match=r"the code of /here/my_losses\.py was not accepted; nothing was run"):
            Consent()([PLUGIN])


def test_what_was_accepted_is_not_asked_for_again(answer):
    answer("Yes\n")
    Consent()([PLUGIN])
    screen = answer("")
    Consent()([PLUGIN])
    assert not screen.getvalue()


def test_what_the_option_allowed_is_remembered():
    Consent(allowed=True)([PLUGIN])
    assert remembered_path().read_text() == f"{PLUGIN[1].sha256} {PLUGIN[1].name}\n"
    tried = []
    Consent(accepted=tried.append)([PLUGIN])
    assert tried == []


def test_an_edited_plugin_is_asked_for_again():
    Consent(allowed=True)([PLUGIN])
    with pytest.raises(UsageError, match=r"other\.py"):
        Consent()([PLUGIN, OTHER])


def test_only_what_is_new_is_tried():
    tried = []
    Consent(allowed=True, accepted=tried.append)([PLUGIN])
    Consent(allowed=True, accepted=tried.append)([PLUGIN, OTHER])
    assert tried == [PLUGIN[1], OTHER[1]]


def test_what_could_not_be_loaded_is_not_remembered():
    def fails(_):
        raise PluginError

    with pytest.raises(PluginError):
        Consent(allowed=True, accepted=fails)([PLUGIN])
    with pytest.raises(UsageError):
        Consent()([PLUGIN])


def test_only_the_user_may_read_and_write_what_is_remembered():
    Consent(allowed=True)([PLUGIN])
    assert remembered_path().stat().st_mode & 0o777 == 0o600
    assert remembered_path().parent.stat().st_mode & 0o777 == 0o700


def test_what_others_may_write_is_ignored():
    Consent(allowed=True)([PLUGIN])
    remembered_path().chmod(0o620)
    with pytest.raises(UsageError):
        Consent()([PLUGIN])


def test_a_state_folder_that_cannot_be_written_only_means_that_nothing_is_remembered(monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", os.devnull)
    Consent(allowed=True)([PLUGIN])
    with pytest.raises(UsageError):
        Consent()([PLUGIN])


def test_without_plugins_nothing_is_asked(answer):
    screen = answer("")
    Consent()([])
    assert not screen.getvalue()
