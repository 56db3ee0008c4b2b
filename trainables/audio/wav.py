"""The chunks of a WAV file: where its sound lies, and whether all of it is there.

libsndfile silently shortens a sound to what the file holds, and believes a length of 0.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from trainables.audio.errors import AudioError, out_of_range, truncated
from trainables.audio.parts import Part

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC = (b"RIFF", b"RIFX", b"RF64")
LINEAR_FORMATS = (1, 3, 0xFFFE)  # PCM, float, extensible: a block holds one sample of each channel
MPEG_FORMATS = (0x50, 0x55)  # MPEG layers 1 and 2; layer 3
# Writers that stream to a pipe cannot fill in the length later: they leave the largest number, or just under 2 GiB.
STREAMED_LENGTHS = (range(0x7FFF_F000, 0x8000_0001), range(0xFFFF_F000, 0x1_0000_0000))
MAX_CHUNKS = 10_000  # before the sound or after it; a file of zeros would have millions
MAX_HEADER = 1 << 24  # bytes before the sound of a file whose lengths are corrected in memory
TAGS = (b"TAG", b"ID3", b"APETAGEX")  # that taggers append without a chunk
CUT_CHUNKS = (b"LIST", b"id3 ", b"ID3 ", b"JUNK", b"bext", b"iXML")  # names by which a cut chunk is recognised
LARGEST = 0xFFFF_FFFF  # length that a chunk can state
MAX_REST = 64  # bytes after the sound that need not be chunks
BLOCK = 1 << 20  # bytes read at a time


@dataclass(frozen=True)
class Wav:
    """Where the sound of a WAV file lies.

    Attributes:
        start: its first byte.
        end: the byte after its last.
        mpeg: whether the sound is an MPEG stream.
        parts: how to read it if libsndfile would believe a wrong length; empty if it may read the file itself.

    """

    start: int
    end: int
    mpeg: bool
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class _Chunk:
    name: bytes
    start: int  # of its content
    length: int


@dataclass(frozen=True)
class _Header:
    """What stands before the sound."""

    first: int  # byte of the file
    start: int  # byte of the sound
    order: str  # of bytes, for struct
    length: int  # bytes of sound
    long_field: int  # place of the 64-bit length; 0 without one
    format_tag: int
    block: int  # bytes of one sample of each channel; 0 where samples have no fixed size

    @property
    def is_streamed(self) -> bool:
        return not self.long_field and any(self.length in lengths for lengths in STREAMED_LENGTHS)


def is_wav(head: bytes) -> bool:
    """Return whether a file's first 12 bytes are those of a WAV file."""
    return head[:4] in MAGIC and head[8:12] == b"WAVE"


def check_wav(file: BinaryIO, first: int, size: int) -> Wav:
    """Find the sound of a WAV file that begins at byte ``first`` of a file of ``size`` bytes.

    Raises:
        AudioError: there is no sound, less than the header states, or more.

    """
    header = _read_header(file, first)
    start, promised, rest = header.start, header.length, size - header.start
    mpeg = header.format_tag in MPEG_FORMATS
    if header.is_streamed:
        return Wav(start, size, mpeg)
    if promised > rest:
        raise (
            truncated(promised // header.block, rest // header.block)
            if header.block
            else truncated(promised, rest, "bytes")
        )
    after = list(_chunks(file, start, promised, header.order))
    for chunk in after:
        if chunk.name == b"data" or chunk.name in MAGIC:
            msg = "a second sound follows the first: two files joined, or two data chunks; write one file for each"
            raise AudioError(msg)
    surplus = _surplus(file, start + promised, size, after) if promised or after else rest
    if promised == 0 and surplus > max(header.block, 8):
        return Wav(start, size, mpeg, (Part(start, size, _with_length(file, header, rest)),))
    if surplus > MAX_REST:
        msg = f"the header promises {promised} bytes of sound, but {surplus} more follow that are not chunks"
        raise AudioError(msg)
    return Wav(start, start + promised, mpeg)


def _read_header(file: BinaryIO, first: int) -> _Header:
    file.seek(first)
    magic = file.read(12)[:4]
    order = ">" if magic == b"RIFX" else "<"
    long_length, long_field, block, tag = 0, 0, 0, 0
    for chunk in _chunks(file, first, 12, order):
        if chunk.name == b"ds64" and magic == b"RF64":  # 64-bit lengths: of the file, of the sound, samples
            long_field = chunk.start + 8
            long_length = struct.unpack("<Q", file.read(16)[8:].ljust(8, b"\0"))[0]
        elif chunk.name == b"fmt ":
            tag, _, rate, _, align = struct.unpack(f"{order}HHIIH", file.read(14).ljust(14, b"\xff"))
            if rate == 0:  # libsndfile would report the file as unreadable
                raise out_of_range(rate)
            block = align if tag in LINEAR_FORMATS else 0
        elif chunk.name == b"data":
            length = long_length if long_field else chunk.length
            return _Header(first, chunk.start, order, length, long_field, tag, block)
    msg = "not a readable sound file (a WAV header without a data chunk)"
    raise AudioError(msg)


def _chunks(file: BinaryIO, position: int, length: int, order: str) -> Iterator[_Chunk]:
    """Yield the chunks after ``length`` bytes at a position, each with the file at its content; end at other bytes."""
    for _ in range(MAX_CHUNKS):
        position += length
        chunk = _chunk_at(file, position + length % 2, order)
        if chunk is None and length % 2:  # some writers do not fill up an odd length
            chunk = _chunk_at(file, position, order)
        if chunk is None:
            return
        yield chunk
        position, length = chunk.start, chunk.length


def _chunk_at(file: BinaryIO, position: int, order: str) -> _Chunk | None:
    file.seek(position)
    header = file.read(8)
    name = header[:4]
    if len(header) < 8 or not name.isascii() or not name.decode("ascii").isprintable():  # noqa: PLR2004 -- name, length
        return None
    return _Chunk(name, position + 8, struct.unpack(f"{order}I", header[4:])[0])


def _surplus(file: BinaryIO, position: int, size: int, after: list[_Chunk]) -> int:
    """Return how many bytes after the sound, from ``position`` on, are neither chunks nor a tag nor all zeros."""
    if after:
        last = after[-1]
        if last.start + last.length > size and len(after) == 1 and last.name not in CUT_CHUNKS:
            return size - position  # letters by chance, which name a chunk longer than the file
        position = last.start + last.length
    file.seek(position)
    while block := file.read(BLOCK):
        if rest := block.lstrip(b"\0"):
            return 0 if rest.startswith(TAGS) else size - position
    return 0


def _with_length(file: BinaryIO, header: _Header, length: int) -> bytes:
    """Return the bytes before the sound of a file that states 0 bytes of it, with the true length."""
    size = header.start - header.first
    if size > MAX_HEADER:
        msg = f"the header states 0 bytes of sound, {length} follow: written to a pipe or not closed"
        raise AudioError(msg)
    file.seek(header.first)
    before = bytearray(file.read(size))
    before[4:8] = struct.pack(f"{header.order}I", min(size - 8 + length, LARGEST))
    before[-4:] = struct.pack(f"{header.order}I", LARGEST if header.long_field else min(length, LARGEST))
    if header.long_field:
        place = header.long_field - header.first
        before[place : place + 8] = struct.pack("<Q", length)
    return bytes(before)
