"""What the mp3 decoder prints on standard error is caught, and shown with the file."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sound_files import RATE, mp3, noise
from trainables.audio.decoder_messages import decoder_messages
from trainables.audio.decoding import decode
from trainables.audio.errors import AudioError
from trainables.audio.headers import probe

if TYPE_CHECKING:
    from pathlib import Path

DAMAGED = mp3(noise(RATE), header=False)


def damaged(folder: Path) -> Path:
    """Write an mp3 that the decoder complains about, because the bytes before its first frames are gone."""
    (folder / "a.mp3").write_bytes(DAMAGED[len(DAMAGED) // 2 :])
    return folder / "a.mp3"


def test_messages_of_a_file_that_can_be_read_come_with_its_sound(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert decode(damaged(tmp_path)).messages == ["dequantization failed!"]
    assert capfd.readouterr().err == ""


def test_messages_of_a_file_that_cannot_be_read_are_in_its_reason(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.mp3").write_bytes(bytes(70_000) + DAMAGED)
    with pytest.raises(AudioError, match=r"Giving up searching valid MPEG header after 65536 bytes of junk\)$"):
        probe(tmp_path / "a.mp3")
    assert capfd.readouterr().err == ""


def test_what_others_print_meanwhile_is_printed_afterwards(capfd: pytest.CaptureFixture[str]) -> None:
    with decoder_messages() as messages:
        os.write(2, b"Note: Trying to resync...\nanother thread\n[src/libmpg123/id3.c:x():1] error: bad tag\n")
    assert messages == ["Trying to resync", "bad tag"]
    assert capfd.readouterr().err == "another thread\n"


def test_a_message_that_is_repeated_is_kept_once() -> None:
    with decoder_messages() as messages:
        os.write(2, 3 * b"Note: Trying to resync...\n")
    assert messages == ["Trying to resync"]


def test_nothing_is_caught_where_nothing_is_expected(capfd: pytest.CaptureFixture[str]) -> None:
    with decoder_messages(expected=False) as messages:
        os.write(2, b"Note: x\n")
    assert messages == []
    assert capfd.readouterr().err == "Note: x\n"


def test_an_mp3_is_read_by_a_process_without_standard_error(tmp_path: Path) -> None:
    path = str(damaged(tmp_path))
    code = f"import os; os.close(2); from trainables.audio.headers import probe; print(probe({path!r}).rate)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == f"{RATE}\n"
