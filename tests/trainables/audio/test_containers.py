"""Whatever is done to a sound file, it is read to its true length or refused: never shorter without an error."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from sound_files import ID3, noise, written
from trainables.audio.decoding import read_mono
from trainables.audio.errors import AudioError
from trainables.audio.headers import probe

if TYPE_CHECKING:
    from pathlib import Path

# Format, subtype, options, rate, and the suffix of its files.
KINDS = [
    *[("WAV", s, {}, 16_000, "wav") for s in ("PCM_16", "PCM_24", "PCM_U8", "FLOAT", "DOUBLE", "ULAW", "ALAW")],
    *[("WAV", s, {}, 8_000, "wav") for s in ("IMA_ADPCM", "MS_ADPCM", "GSM610", "G721_32", "NMS_ADPCM_16")],
    ("WAV", "PCM_16", {"endian": "BIG"}, 44_100, "wav"),
    ("WAVEX", "PCM_16", {}, 44_100, "wav"),
    ("RF64", "PCM_16", {}, 44_100, "wav"),
    ("FLAC", "PCM_16", {}, 44_100, "flac"),
    ("FLAC", "PCM_24", {}, 44_100, "flac"),
    ("OGG", "VORBIS", {}, 44_100, "ogg"),
    ("OGG", "OPUS", {}, 48_000, "ogg"),
    ("MP3", "MPEG_LAYER_III", {"bitrate_mode": "CONSTANT", "compression_level": 0.5}, 44_100, "mp3"),
    ("MP3", "MPEG_LAYER_III", {"bitrate_mode": "VARIABLE", "compression_level": 0.5}, 44_100, "mp3"),
    ("AIFF", "PCM_16", {}, 44_100, "wav"),
    ("AU", "PCM_16", {}, 44_100, "wav"),
    ("W64", "PCM_16", {}, 44_100, "wav"),
]
kinds = st.sampled_from(KINDS)
lengths = st.integers(1, 40_000)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("containers")


def outcome(folder: Path, suffix: str, data: bytes) -> int | None:
    """Return the number of samples that are read; None if the file is refused."""
    path = folder / f"a.{suffix}"
    path.unlink(missing_ok=True)
    path.write_bytes(data)
    try:
        header = probe(path)
        wave = read_mono(path, header.rate)
    except AudioError as error:
        assert "\n" not in str(error)  # noqa: PT017 -- either outcome is right
        return None
    assert len(wave) == header.samples
    assert np.isfinite(wave).all()
    return len(wave)


def build(kind: tuple[str, str, dict[str, object], int, str], samples: int, seed: int = 0) -> tuple[bytes, int]:
    """Return a file, and the samples that libsndfile reads of it."""
    form, subtype, options, rate, _ = kind
    data = written(noise(samples, seed), form, subtype, rate, **options)
    return data, samples_of(data)


def samples_of(data: bytes) -> int:
    import io  # noqa: PLC0415

    return len(soundfile.read(io.BytesIO(data))[0])


@settings(max_examples=60, deadline=None)
@given(kind=kinds, samples=lengths, share=st.floats(0, 1, exclude_max=True))
def test_a_file_cut_anywhere_is_not_read_short(folder: Path, kind: tuple, samples: int, share: float) -> None:
    data, true_length = build(kind, samples)
    assert outcome(folder, kind[-1], data[: int(len(data) * share)]) in {None, true_length}


@settings(max_examples=40, deadline=None)
@given(kind=kinds, samples=lengths, junk=st.binary(max_size=3000), tagged=st.booleans())
def test_a_file_after_other_bytes_is_not_read_short(
    folder: Path,
    kind: tuple,
    samples: int,
    junk: bytes,
    tagged: bool,
) -> None:
    data, true_length = build(kind, samples)
    assert outcome(folder, kind[-1], (ID3 if tagged else junk) + data) in {None, true_length}


@settings(max_examples=40, deadline=None)
@given(kind=kinds, samples=lengths, junk=st.binary(max_size=3000))
def test_a_file_before_other_bytes_is_not_read_short(folder: Path, kind: tuple, samples: int, junk: bytes) -> None:
    data, true_length = build(kind, samples)
    assert outcome(folder, kind[-1], data + junk) in {None, true_length}


@settings(max_examples=40, deadline=None)
@given(kind=kinds, first=lengths, second=lengths)
def test_two_files_joined_are_read_whole_or_refused(folder: Path, kind: tuple, first: int, second: int) -> None:
    (one, one_length), (two, two_length) = build(kind, first), build(kind, second, seed=1)
    assert outcome(folder, kind[-1], one + two) in {None, one_length + two_length}


@settings(max_examples=60, deadline=None)
@given(kind=st.sampled_from(KINDS[:14]), samples=lengths, stated=st.floats(0, 1, exclude_max=True))
def test_a_wav_that_states_less_than_it_holds_is_not_read_short(
    folder: Path, kind: tuple, samples: int, stated: float
) -> None:
    data, true_length = build(kind, samples)
    place = data.index(b"data") + 4
    order = ">" if data[:4] == b"RIFX" else "<"
    length = struct.unpack(f"{order}I", data[place : place + 4])[0]
    claimed = int(length * stated)
    data = data[:place] + struct.pack(f"{order}I", claimed) + data[place + 4 :]
    read = outcome(folder, kind[-1], data)
    # Of 8-bit samples in an odd number, the byte that fills up the chunk cannot be told from one of them; up to 64
    # bytes after a sound, and any number of zeros, are taken for padding.
    padding = length - claimed <= 64 or not any(data[place + 4 + claimed :])
    assert read is None or read >= true_length or padding


@pytest.mark.parametrize("kind", KINDS[:-3], ids=lambda kind: "-".join(map(str, kind[:2])))
def test_a_whole_file_of_each_kind_is_read(folder: Path, kind: tuple) -> None:
    data, true_length = build(kind, 30_001)
    assert outcome(folder, kind[-1], data) == true_length
