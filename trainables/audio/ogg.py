"""The pages of an Ogg file: whether all are there, and where each link of a chained file lies.

libsndfile reads the first link only, accepts any last page as the end, and passes over missing pages.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, BinaryIO

from trainables.audio.errors import AudioError
from trainables.audio.parts import Part
from trainables.audio.signatures import occurs

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC = b"OggS"
HEADER = 27  # bytes of a page before its table of segments
FIRST, LAST = 2, 4  # flags of a stream's first and last page


def check_ogg(file: BinaryIO, first: int, size: int) -> tuple[Part, ...]:
    """Return the links of an Ogg file that begins at byte ``first`` of a file of ``size`` bytes.

    Raises:
        AudioError: a page is cut or missing, or a stream has no end.

    """
    starts: list[int] = []
    numbers: dict[int, int] = {}  # serial number of a stream -> number of its next page
    beginning, end = False, first
    for start, end, flags, serial, number in _pages(file, first, size):  # noqa: B007 -- the last page's end is used
        if flags & FIRST:
            if not beginning:  # all streams of a link begin before any continues
                _check_ended(numbers)
                starts.append(start)
            numbers[serial] = number
        elif numbers.get(serial, number) != number:
            msg = f"damaged: Ogg pages are missing before byte {start}"
            raise AudioError(msg)
        beginning = bool(flags & FIRST)
        numbers[serial] = number + 1
        if flags & LAST:
            del numbers[serial]
    _check_ended(numbers)
    ends = [*starts[1:], end]
    return tuple(Part(start, stop) for start, stop in zip(starts, ends, strict=True))


def _check_ended(numbers: dict[int, int]) -> None:
    if numbers:
        msg = "truncated: no Ogg page is marked as the end of the stream"
        raise AudioError(msg)


def _pages(file: BinaryIO, position: int, size: int) -> Iterator[tuple[int, int, int, int, int]]:
    """Yield each page: its first byte, the byte after it, its flags, its stream's serial number, its own number."""
    while position < size:
        file.seek(position)
        header = file.read(HEADER)
        if not header.startswith(MAGIC):
            file.seek(position)
            if position == 0 or occurs(file, re.compile(MAGIC), longest=len(MAGIC)):
                msg = f"damaged: there is no Ogg page at byte {position}"
                raise AudioError(msg)
            return  # bytes after the last page, such as a tag
        segments = file.read(header[26]) if len(header) == HEADER else b""
        end = position + HEADER + len(segments) + sum(segments)
        if len(header) < HEADER or len(segments) < header[26] or end > size:
            msg = "truncated: the last Ogg page is cut"
            raise AudioError(msg)
        serial, number = struct.unpack("<II", header[14:22])
        yield position, end, header[5], serial, number
        position = end
