"""Cheap checks of sound files without decoding: read the header, and compare it with the length of the file."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import soundfile

SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
# Writers that stream to a pipe cannot go back to fill in the length: they leave 0xFFFFFFFF or just under 2 GiB.
STREAMED_LENGTH = 0x7FFF_F000
LINEAR_FORMATS = (1, 3, 0xFFFE)  # PCM, float, extensible: a block holds one sample of each channel
# Hz. A rate outside this range means a damaged header, and resampling from 1 Hz would exhaust the memory.
MIN_RATE, MAX_RATE = 1_000, 768_000
MAX_OGG_PAGE = 65_307  # bytes
MPEG_SYNC = 0xFFE0  # the 11 bits at the start of every mp3 frame
UNKNOWN_LENGTH = 2**62  # libsndfile returns 2**63 - 1 for a FLAC stream of unknown length


class AudioError(Exception):
    """A sound file cannot be used. The message is only the reason: the caller knows the file."""


@dataclass(frozen=True, slots=True)
class Probe:
    """The contents of a header: samples per channel (> 0), rate in Hz (1,000 to 768,000), number of channels."""

    samples: int
    rate: int
    channels: int

    @property
    def seconds(self) -> float:
        """The duration."""
        return self.samples / self.rate


def probe(path: Path | str) -> Probe:
    """Read a sound file's header and compare it with the length of the file.

    A truncated wav or ogg file is detected here; a truncated flac or mp3 only by decoding (``decoding.read_mono``).
    An mp3 without a Xing or Info header does not state its length: it is decoded to count the samples.

    Raises:
        AudioError: the file is missing, empty, unreadable, without samples, at a rate outside 1,000 to 768,000 Hz, or
            shorter than its header states.

    """
    path = Path(path)
    try:
        size = path.stat().st_size
        if size == 0:
            msg = "zero bytes"
            raise AudioError(msg)
        with path.open("rb") as file:
            counted = _check_container(file, size)
    except FileNotFoundError:
        msg = "no such file"
        raise AudioError(msg) from None
    except IsADirectoryError:
        msg = "a folder, not a file"
        raise AudioError(msg) from None
    except OSError as error:
        reason = f"cannot be read: {error.strerror}"
        raise AudioError(reason) from None
    try:
        info = soundfile.info(str(path))
    except (soundfile.LibsndfileError, RuntimeError) as error:
        raise AudioError(_unreadable(error)) from None
    if not MIN_RATE <= info.samplerate <= MAX_RATE:
        raise _bad_rate(info.samplerate)
    if info.frames <= 0:
        msg = "header only: 0 samples"
        raise AudioError(msg)
    if info.frames >= UNKNOWN_LENGTH:
        msg = "the header does not state the number of samples; write the file again, not to a pipe"
        raise AudioError(msg)
    samples = int(info.frames) if counted else _count(path, int(info.frames))
    return Probe(samples, int(info.samplerate), int(info.channels))


def resampled_length(samples: int, rate: int, sample_rate: int) -> int:
    """Return the number of samples after resampling: samples * sample_rate / rate, rounded up.

    This is the length of what ``trainables.audio.decoding.read_mono`` returns.
    """
    return -(-samples * sample_rate // rate)


def truncated(promised: int, readable: int, unit: str = "samples") -> AudioError:
    """Return the error for a file that is shorter than its header states."""
    return AudioError(f"truncated: the header promises {promised} {unit}, {readable} could be read")


def _bad_rate(rate: int) -> AudioError:
    return AudioError(f"sample rate {rate} Hz; allowed: {MIN_RATE} to {MAX_RATE}")


def _unreadable(error: Exception) -> str:
    # libsndfile puts the path in the message, and the reason after the last colon.
    reason = str(error).rpartition(": ")[2].rstrip(".")
    return f"not a readable sound file ({reason})"


def _check_container(file: BinaryIO, size: int) -> bool:
    """Check the lengths in the container; return whether the header states the number of samples."""
    head = file.read(12)
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        _check_wav(file, size)
    elif head[:4] == b"OggS":
        _check_ogg(file, size)
    elif head[:3] == b"ID3" or (int.from_bytes(head[:2], "big") & MPEG_SYNC) == MPEG_SYNC:
        return _mp3_promises_length(file, head)
    return True


def _check_wav(file: BinaryIO, size: int) -> None:
    """Check that the data chunk is complete; libsndfile silently truncates the length to the file's."""
    long_size, block = 0, 0
    while len(header := file.read(8)) == 8:  # noqa: PLR2004 -- name and length of a chunk
        name, length = header[:4], struct.unpack("<I", header[4:])[0]
        start = file.tell()
        if name == b"ds64":  # RF64 stores its 64-bit lengths here: riff, data, samples
            long_size = struct.unpack("<Q", file.read(16)[8:].ljust(8, b"\0"))[0]
        elif name == b"fmt ":
            tag, _, rate, _, align = struct.unpack("<HHIIH", file.read(14).ljust(14, b"\xff"))
            if rate == 0:  # libsndfile would report the file as unreadable
                raise _bad_rate(rate)
            block = align if tag in LINEAR_FORMATS else 0
        elif name == b"data":
            promised = long_size or (0 if length >= STREAMED_LENGTH else length)
            if start + promised > size:
                raise (
                    truncated(promised // block, (size - start) // block)
                    if block
                    else truncated(promised, size - start, "bytes")
                )
            return
        file.seek(start + length + length % 2)


def _check_ogg(file: BinaryIO, size: int) -> None:
    """Check that the last page ends the stream; libsndfile accepts any last page as the end."""
    start = max(0, size - MAX_OGG_PAGE)
    file.seek(start)
    tail = file.read()
    page = tail.rfind(b"OggS")
    header = tail[page : page + 27]
    if page < 0 or len(header) < 27:  # noqa: PLR2004 -- the fixed part of an Ogg page's header
        msg = "truncated: the last Ogg page is cut"
        raise AudioError(msg)
    segments = tail[page + 27 : page + 27 + header[26]]
    end = page + 27 + header[26] + sum(segments)
    if len(segments) < header[26] or end > len(tail):
        msg = "truncated: the last Ogg page is cut"
        raise AudioError(msg)
    if not header[5] & 4:
        msg = "truncated: no Ogg page is marked as the end of the stream"
        raise AudioError(msg)


def _mp3_promises_length(file: BinaryIO, head: bytes) -> bool:
    """Return whether the first MPEG frame is a Xing, Info or VBRI header, which states the number of frames."""
    start = 0
    if head[:3] == b"ID3":  # a leading tag, whose length is stored in 4 bytes of 7 bits
        start = 10 + sum(b << shift for b, shift in zip(head[6:10], (21, 14, 7, 0), strict=False))
    file.seek(start)
    first = file.read(2048)
    return any(mark in first for mark in (b"Xing", b"Info", b"VBRI"))


def _count(path: Path, estimate: int) -> int:
    """Count the samples of an mp3 by decoding it.

    libsndfile estimates the length from the bit rate of the first frame. At a constant bit rate, the estimate is
    slightly high. At a variable bit rate it may be low, and libsndfile then stops there; this has happened if the
    estimate is reached and is not a whole number of frames (of 576 samples).
    """
    count = 0
    try:
        with soundfile.SoundFile(str(path)) as sound:
            while block := len(sound.read(1 << 20, dtype="float32")):
                count += block
    except (soundfile.LibsndfileError, RuntimeError) as error:
        raise AudioError(_unreadable(error)) from None
    if count == 0:
        msg = "header only: 0 samples"
        raise AudioError(msg)
    if count >= estimate and estimate % 576:
        msg = "an mp3 of variable bit rate whose header does not state its length; convert it to flac or wav"
        raise AudioError(msg)
    return count
