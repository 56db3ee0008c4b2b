"""Cheap checks of sound files: read the header, and compare it with what the file holds."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import soundfile

from trainables.audio import flac, ogg
from trainables.audio.decoder_messages import decoder_messages
from trainables.audio.errors import MAX_RATE, MIN_RATE, AudioError, out_of_range
from trainables.audio.mpeg import check_mpeg
from trainables.audio.parts import Part, open_sound
from trainables.audio.signatures import id3_length, other_content, unsuitable
from trainables.audio.wav import Wav, check_wav, is_wav

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
UNKNOWN_LENGTH = 2**62  # libsndfile returns 2**63 - 1 for a FLAC stream of unknown length
HEAD = 512  # bytes by which content is recognised
BLOCK = 1 << 20  # samples decoded at a time
MAX_PADDING = 8_190 + 1_152  # samples: two numbers of 12 bits, and a frame
REMEMBERED = 1 << 16  # files
SETTLED = 2 * 10**9  # nanoseconds since a file was last written


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


@dataclass(frozen=True, slots=True)
class Layout:
    """A checked file: its header, and the parts to decode one after another; none means the file as it is."""

    probe: Probe
    parts: tuple[Part, ...] = ()
    is_mpeg: bool = False


def probe(path: Path | str) -> Probe:
    """Read a sound file's header and compare it with what the file holds.

    The chunks of a wav, the pages of an ogg and the frames of an mp3 are counted without decoding them. A flac that is
    cut is noticed only by decoding (``decoding.read_mono``).

    Raises:
        AudioError: the file is missing, empty, unreadable, of another format than wav, flac, ogg and mp3, without
            samples, at a rate outside 1,000 to 768,000 Hz, or shorter or longer than its header states.

    """
    return inspect(path).probe


def inspect(path: Path | str) -> Layout:
    """Check a sound file, and return how to decode it.

    Raises:
        AudioError: see ``probe``.

    """
    path = Path(path)
    try:
        status = path.stat()
        if status.st_size == 0:
            msg = "zero bytes"
            raise AudioError(msg)
        # A file system may not show that a file was written again within the same few milliseconds.
        settled = time.time_ns() - status.st_mtime_ns > SETTLED
        return (_remembered if settled else _inspect)(path, status.st_size, status.st_mtime_ns)
    except FileNotFoundError:
        msg = "no such file"
        raise AudioError(msg) from None
    except IsADirectoryError:
        msg = "a folder, not a file"
        raise AudioError(msg) from None
    except OSError as error:
        reason = f"cannot be read: {error.strerror}"
        raise AudioError(reason) from None


def _inspect(path: Path, size: int, _mtime: int) -> Layout:
    with path.open("rb") as file:
        head, first = _head(file)
        if is_wav(head):
            return _inspect_wav(path, check_wav(file, first, size), file)
        if reason := other_content(head, path.suffix):
            raise AudioError(reason)
        # Other content may be mp3, or be taken for it at first.
        with _opened(path, quiet=not head.startswith((flac.MAGIC, ogg.MAGIC))) as sound:
            header, kind = (sound.frames, sound.samplerate, sound.channels), sound.format
            name, subtype = sound.format_info, sound.subtype
        if subtype.startswith("MPEG"):
            return _inspect_mpeg(path, file, first, size)
        if kind == "OGG" and head.startswith(ogg.MAGIC):
            links = ogg.check_ogg(file, first, size)
            # libsndfile does not decode Opus before other bytes.
            whole = len(links) == 1 and links[0].end == size
            return Layout(_checked(*header)) if whole else _joined(path, links)
        if kind == "FLAC" and head.startswith(flac.MAGIC):
            flac.refuse_joined_flac(file, first)
            return Layout(_checked(*header))
    raise AudioError(unsuitable(name, path.suffix))


_remembered = lru_cache(maxsize=REMEMBERED)(_inspect)  # a study asks for the same file's length several times


def _head(file: BinaryIO) -> tuple[bytes, int]:
    """Return the first bytes after any ID3 tags, and their place."""
    first = 0
    while True:
        file.seek(first)
        head = file.read(HEAD)
        length = id3_length(head)
        if length == 0:
            return head, first
        first += length


def _inspect_wav(path: Path, wav: Wav, file: BinaryIO) -> Layout:
    if wav.mpeg:
        return _inspect_mpeg(path, file, wav.start, wav.end)
    if wav.parts:
        return _joined(path, wav.parts)
    with _opened(path) as sound:
        return Layout(_checked(sound.frames, sound.samplerate, sound.channels))


def _inspect_mpeg(path: Path, file: BinaryIO, start: int, end: int) -> Layout:
    """Check an MPEG stream; if it does not state its length, it is read after a header that does."""
    stream = check_mpeg(file, start, end)
    with _opened(path, stream.part, quiet=True) as sound:
        header = _checked(sound.frames, sound.samplerate, sound.channels)
        count = _count(sound) if stream.guessed else header.samples - stream.part.skip
    # Where the file states its length, it may also state what an encoder added at the start and the end.
    if not 0 <= stream.samples - count <= (MAX_PADDING if stream.states_length else 0):
        msg = f"its frames hold {stream.samples} samples, but the decoder reads {count}; convert it to flac or wav"
        raise AudioError(msg)
    return Layout(Probe(count, header.rate, header.channels), (stream.part,), is_mpeg=True)


def _joined(path: Path, parts: Sequence[Part]) -> Layout:
    """Check each part, and add their lengths."""
    probes = []
    for part in parts:
        with _opened(path, part) as sound:
            probes.append(_checked(sound.frames, sound.samplerate, sound.channels))
    rates = sorted({header.rate for header in probes})
    if len(rates) > 1:
        msg = f"the {len(parts)} links of a chained file have different rates: {rates} Hz; write one file for each"
        raise AudioError(msg)
    samples, channels = sum(header.samples for header in probes), max(header.channels for header in probes)
    return Layout(Probe(samples, rates[0], channels), tuple(parts))


def _count(sound: soundfile.SoundFile) -> int:
    """Count the samples of an open sound by decoding it."""
    count = 0
    while block := len(sound.read(BLOCK, dtype="float32")):
        count += block
    return count


@contextmanager
def _opened(path: Path, part: Part | None = None, *, quiet: bool = False) -> Iterator[soundfile.SoundFile]:
    """Open a sound; raise what goes wrong as an AudioError, if ``quiet`` with what the decoder printed."""
    with decoder_messages(expected=quiet) as messages:
        try:
            with open_sound(path, part) as sound:
                yield sound
        except (soundfile.LibsndfileError, RuntimeError) as error:
            failure = error
        else:
            return
    raise AudioError(_unreadable(failure, messages)) from None


def _checked(samples: int, rate: int, channels: int) -> Probe:
    """Return the header's content if it can be right."""
    if not MIN_RATE <= rate <= MAX_RATE:
        raise out_of_range(rate)
    if samples <= 0:
        msg = "header only: 0 samples"
        raise AudioError(msg)
    if samples >= UNKNOWN_LENGTH:
        msg = "the header does not state the number of samples; write the file again, not to a pipe"
        raise AudioError(msg)
    return Probe(samples, rate, channels)


def _unreadable(error: Exception, messages: Sequence[str]) -> str:
    # libsndfile puts the path in the message, and the reason after the last colon.
    reason = str(error).rpartition(": ")[2].rstrip(".")
    if reason.startswith("File does not exist"):  # its reason for content that it first takes for mp3
        reason = "Format not recognised"
    return f"not a readable sound file ({'; '.join([reason, *messages])})"


def resampled_length(samples: int, rate: int, sample_rate: int) -> int:
    """Return the number of samples after resampling: samples * sample_rate / rate, rounded up.

    This is the length of what ``trainables.audio.decoding.read_mono`` returns.
    """
    return -(-samples * sample_rate // rate)
