"""The frames of an MPEG stream (mp3): how many there are, whatever a header states or libsndfile guesses.

Without a header that states the number of frames, libsndfile guesses the length from the bit rate of the first frame,
and stops there although more sound may follow. So such a stream is read with a header put in front of it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from trainables.audio.errors import AudioError, truncated
from trainables.audio.parts import Part

if TYPE_CHECKING:
    from collections.abc import Iterator

LAYER_1, LAYER_3 = 3, 1
VERSION_1 = 3
# kbit/s by the number in the header; 0: free format, whose frames have no length.
BIT_RATES = {
    (True, 3): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 1): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 3): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 1): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}  # Hz, by version
DECODER_DELAY = 529  # samples that the decoder drops at the start of a stream that states its length
SILENT_FRAMES = 8  # put in front for that; their number leaves the decoder's rounding as it is without them
BLOCK = 1 << 16  # bytes searched at once
LONGEST = 4_096  # bytes; no frame is longer


Kind = tuple[int, int, int, bool]  # version, layer, rate in Hz, mono


@dataclass(frozen=True, slots=True)
class Frame:
    """The header of a frame: bytes of the frame, samples in it, and what all frames of a stream share."""

    length: int
    samples: int
    kind: Kind
    side_information: int  # bytes before the place where a layer-3 frame may hold a Xing or Info header


def read_header(data: bytes) -> Frame | None:
    """Return the frame whose header is these 4 bytes; None if they are not a header, or one of free format."""
    if len(data) < 4 or data[0] != 0xFF or data[1] & 0xE0 != 0xE0:  # noqa: PLR2004 -- 4 bytes, 11 bits set
        return None
    version, layer = data[1] >> 3 & 3, data[1] >> 1 & 3
    bit_rate, rate = data[2] >> 4, data[2] >> 2 & 3
    if version == 1 or layer == 0 or bit_rate in (0, 15) or rate == 3:  # noqa: PLR2004 -- reserved
        return None
    first = version == VERSION_1
    hertz = RATES[version][rate]
    bits, padding = BIT_RATES[first, layer][bit_rate] * 1000, data[2] >> 1 & 1
    mono = data[3] >> 6 == 3  # noqa: PLR2004 -- of four channel modes, the last
    if layer == LAYER_1:
        length, samples = (12 * bits // hertz + padding) * 4, 384
    else:
        samples = 576 if layer == LAYER_3 and not first else 1152
        length = samples // 8 * bits // hertz + padding
    side = (17 if mono else 32) if first else (9 if mono else 17)
    return Frame(length, samples, (version, layer, hertz, mono), side)


@dataclass(frozen=True, slots=True)
class Stream:
    """An MPEG stream.

    Attributes:
        samples: samples per channel in its frames, before an encoder's delay and padding are cut.
        states_length: whether the file states the number of frames, truly, in the way that libsndfile reads.
        part: the stream, after a header that states its length if the file does not.

    """

    samples: int
    states_length: bool
    part: Part

    @property
    def guessed(self) -> bool:
        """Whether libsndfile guesses the length of ``part``, so that it has to be decoded to know what is read."""
        return not self.states_length and not self.part.prefix


def check_mpeg(file: BinaryIO, start: int, end: int) -> Stream:
    """Count the frames of the MPEG stream between two bytes of a file.

    Raises:
        AudioError: there is no frame, the last one is cut, or a header states another number of frames.

    """
    frames = _frames(file, start, end)
    begin, first = next(frames, (0, None))
    if first is None:
        msg = "not a readable sound file (no MPEG frames, or of free format); convert it to flac or wav"
        raise AudioError(msg)
    count = 1 + sum(1 for _ in frames)
    file.seek(begin)
    name, stated = _stated_frames(file.read(first.length), first)
    if name:  # a frame that holds no sound
        count -= 1
    if stated is not None and count < stated:
        raise truncated(stated, count, "MPEG frames")
    if stated is not None and count > stated:
        msg = f"the header promises {stated} MPEG frames, but {count} follow (files joined?); convert it to flac or wav"
        raise AudioError(msg)
    samples = count * first.samples
    if stated is not None and name != b"VBRI":
        return Stream(samples, states_length=True, part=Part(begin, end))
    file.seek(begin)
    prefix = _header_frames(file.read(4), first, count)
    begin += first.length if name else 0
    skip = SILENT_FRAMES * first.samples - DECODER_DELAY if prefix else 0
    return Stream(samples, states_length=False, part=Part(begin, end, prefix, skip))


def _frames(file: BinaryIO, start: int, end: int) -> Iterator[tuple[int, Frame]]:
    """Yield the frames of one kind and their places; pass over what lies between them."""
    position = _next_frame(file, start, end, None)
    kind = None
    while position is not None and position < end:
        file.seek(position)
        frame = read_header(file.read(4))
        if frame is None or frame.kind != (kind or frame.kind):
            position = _next_frame(file, position, end, kind)
            continue
        if position + frame.length > end:
            msg = "truncated: the last MPEG frame is cut"
            raise AudioError(msg)
        yield position, frame
        kind = frame.kind
        position += frame.length


def _next_frame(file: BinaryIO, start: int, end: int, kind: Kind | None) -> int | None:
    """Return the place of the next frame that another one of the same kind, or the end, follows."""
    while start < end:
        file.seek(start)
        block = file.read(min(BLOCK + LONGEST, end - start))
        offset = block.find(b"\xff")
        while 0 <= offset < BLOCK:
            frame = read_header(block[offset : offset + 4])
            if frame is not None and frame.kind == (kind or frame.kind):
                after = offset + frame.length
                follower = read_header(block[after : after + 4])
                if start + after == end or (follower is not None and follower.kind == frame.kind):
                    return start + offset
            offset = block.find(b"\xff", offset + 1)
        start += BLOCK
    return None


def _stated_frames(data: bytes, frame: Frame) -> tuple[bytes, int | None]:
    """Return the name of the header in a stream's first frame, empty without one, and the frames that it states."""
    for place in (4 + frame.side_information, 6 + frame.side_information):  # with a checksum, 2 bytes later
        if (name := data[place : place + 4]) in (b"Xing", b"Info"):
            flags, count = struct.unpack(">II", data[place + 4 : place + 12].ljust(8, b"\0"))
            return name, count if flags & 1 else None
    if data[36:40] == b"VBRI":
        return b"VBRI", struct.unpack(">I", data[50:54].ljust(4, b"\0"))[0]
    return b"", None


def _header_frames(header: bytes, frame: Frame, count: int) -> bytes:
    """Return a frame that states the number of frames after it, and a silent one; nothing for layers 1 and 2.

    The silent one is for the decoder, which drops the first 529 samples of a stream that states its length.
    """
    if frame.kind[1] != LAYER_3:
        return b""
    statement = bytes(frame.side_information) + b"Xing" + struct.pack(">II", 1, count + SILENT_FRAMES)
    for bit_rate in range(1, 15):
        # The same kind of frame, without checksum and padding, and long enough.
        start = bytes((0xFF, header[1] | 1, bit_rate << 4 | header[2] & 0x0C, header[3]))
        made = read_header(start)
        if made is not None and made.length >= len(start + statement):
            return (start + statement).ljust(made.length, b"\0") + SILENT_FRAMES * start.ljust(made.length, b"\0")
    return b""
