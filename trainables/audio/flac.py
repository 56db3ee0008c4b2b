"""FLAC files joined to one, of which libsndfile reads the first only."""

from __future__ import annotations

import re
from typing import BinaryIO

from trainables.audio.errors import AudioError
from trainables.audio.signatures import occurs

MAGIC = b"fLaC"
# The magic, and the header of the block that must follow it: type 0, 34 bytes; the highest bit marks the last block.
BEGINNING = re.compile(rb"fLaC[\x00\x80]\x00\x00\x22")


def refuse_joined_flac(file: BinaryIO, first: int) -> None:
    """Raise an AudioError if another FLAC stream follows the one that begins at byte ``first``."""
    file.seek(first + 4)
    if occurs(file, BEGINNING, longest=8):
        msg = "a second FLAC stream follows the first: two files joined; write one file for each"
        raise AudioError(msg)
