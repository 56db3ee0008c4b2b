from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from trainables.audio.decoding import FIRST_LOOK, read_mono, without_sound
from trainables.audio.errors import AudioError
from trainables.audio.headers import probe, resampled_length

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RATE = 44_100
SINE = (0.5 * np.sin(2 * np.pi * 440 * np.arange(3 * RATE) / RATE)).astype(np.float32)


def wav_bytes(promised: int, data: bytes, rate: int = RATE, block: int = 2) -> bytes:
    header = struct.pack("<IHHIIHH", 16, 1, 1, rate, rate * block, block, 16)
    return (
        b"RIFF"
        + struct.pack("<I", 36 + len(data))
        + b"WAVEfmt "
        + header
        + b"data"
        + struct.pack("<I", promised)
        + data
    )


def reason(path: Path) -> str:
    with pytest.raises(AudioError) as caught:
        read_mono(path, RATE)
    return str(caught.value)


def cut(path: Path, share: float = 0.6) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


@pytest.mark.parametrize(("suffix", "tolerance"), [("wav", 1e-4), ("flac", 1e-4), ("ogg", 0.05), ("mp3", 0.05)])
def test_each_format_reads_back(tmp_path: Path, suffix: str, tolerance: float) -> None:
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, SINE, RATE)
    wave = read_mono(path, RATE)
    assert wave.dtype == np.float32
    assert wave.shape == SINE.shape == (probe(path).samples,)
    assert np.abs(wave - SINE)[RATE : 2 * RATE].max() < tolerance


@pytest.mark.parametrize("suffix", ["wav", "flac"])
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_the_samples_are_bit_for_bit_libsndfiles_floats(tmp_path: Path, suffix: str, subtype: str) -> None:
    path = tmp_path / f"a.{suffix}"
    every = np.arange(-32768, 32768).astype(np.int16)
    soundfile.write(path, every if subtype == "PCM_16" else every.astype(np.int32) * 65_537, RATE, subtype=subtype)
    assert soundfile.info(path).subtype == subtype
    expected, _ = soundfile.read(path, dtype="float32")
    np.testing.assert_array_equal(read_mono(path, RATE), expected)


def test_stereo_is_averaged(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.stack([SINE, -0.5 * SINE], axis=1), RATE, subtype="FLOAT")
    assert probe(tmp_path / "a.wav").channels == 2
    np.testing.assert_allclose(read_mono(tmp_path / "a.wav", RATE), 0.25 * SINE, atol=1e-7)


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 32_000, 48_000, 96_000])
def test_other_rates_are_resampled_to_the_length_that_the_header_gives(tmp_path: Path, rate: int) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(rate + 7) / rate)
    soundfile.write(tmp_path / "a.wav", tone, rate, subtype="FLOAT")
    wave = read_mono(tmp_path / "a.wav", RATE)
    assert len(wave) == resampled_length(probe(tmp_path / "a.wav").samples, rate, RATE)
    assert np.abs(wave - SINE[: len(wave)])[1000:-1000].max() < 0.01


@settings(max_examples=20)
@given(
    samples=st.integers(1, 3_000),
    rate=st.sampled_from([8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 37_800, 48_000, 88_200]),
)
def test_resampled_length_is_torchaudios(samples: int, rate: int) -> None:
    import torch  # noqa: PLC0415
    from torchaudio.functional import resample  # noqa: PLC0415

    assert resampled_length(samples, rate, RATE) == resample(torch.zeros(samples), rate, RATE).shape[-1]


def test_missing_file(tmp_path: Path) -> None:
    assert reason(tmp_path / "a.wav") == "no such file"


def test_folder(tmp_path: Path) -> None:
    assert reason(tmp_path) == "a folder, not a file"


def test_zero_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    assert reason(tmp_path / "a.wav") == "zero bytes"


def test_text_named_wav(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("These are not the samples you are looking for.\n" * 100)
    assert reason(tmp_path / "a.wav") == "not a readable sound file (Format not recognised)"


@pytest.mark.parametrize("promised", [0, 0xFFFFFFFF])
def test_header_only(tmp_path: Path, promised: int) -> None:
    (tmp_path / "a.wav").write_bytes(wav_bytes(promised, b""))
    assert reason(tmp_path / "a.wav") == "header only: 0 samples"


def test_a_wav_header_that_is_itself_cut(tmp_path: Path) -> None:
    for length in (6, 13, 24, 38):
        (tmp_path / "a.wav").write_bytes(wav_bytes(2000, bytes(2000))[:length])
        assert "not a readable sound file" in reason(tmp_path / "a.wav")


def test_zero_hertz(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav_bytes(2000, bytes(2000), rate=0))
    assert reason(tmp_path / "a.wav") == "sample rate 0 Hz; allowed: 1000 to 768000"


@pytest.mark.parametrize("rate", [1, 999, 768_001])
def test_an_impossible_rate_is_refused_before_anything_is_resampled(tmp_path: Path, rate: int) -> None:
    (tmp_path / "a.wav").write_bytes(wav_bytes(2000, bytes(2000), rate=rate))
    with pytest.raises(AudioError, match=rf"^sample rate {rate} Hz; allowed: 1000 to 768000$"):
        probe(tmp_path / "a.wav")


@pytest.mark.parametrize("rate", [1_000, 768_000])
def test_the_outermost_rates_are_allowed(tmp_path: Path, rate: int) -> None:
    (tmp_path / "a.wav").write_bytes(wav_bytes(2000, bytes(2000), rate=rate))
    assert probe(tmp_path / "a.wav").rate == rate


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_samples_that_are_not_finite(tmp_path: Path, value: float) -> None:
    wave = SINE.copy()
    wave[22_050:22_053] = value
    soundfile.write(tmp_path / "a.wav", wave, RATE, subtype="FLOAT")
    assert reason(tmp_path / "a.wav") == "3 samples are NaN or Inf, the first at 0.500 s"


def test_truncated_wav_is_seen_in_the_header_though_libsndfile_repairs_it(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", SINE, RATE, subtype="PCM_16")
    cut(tmp_path / "a.wav")
    assert soundfile.info(tmp_path / "a.wav").frames == 79_371  # what libsndfile makes of it
    with pytest.raises(AudioError, match=r"^truncated: the header promises 132300 samples, 79371 could be read$"):
        probe(tmp_path / "a.wav")


def test_truncated_wav_without_any_sample(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav_bytes(88_200, b""))
    assert reason(tmp_path / "a.wav") == "truncated: the header promises 44100 samples, 0 could be read"


def test_truncated_rf64(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", SINE, RATE, format="RF64", subtype="PCM_16")
    assert probe(tmp_path / "a.wav").samples == len(SINE)
    assert "truncated: the header promises 132300 samples" in reason(cut(tmp_path / "a.wav"))


@pytest.mark.parametrize("promised", [0xFFFFFFFF, 0x7FFFF024])
def test_a_wav_that_was_streamed_to_a_pipe_promises_nothing(tmp_path: Path, promised: int) -> None:
    (tmp_path / "a.wav").write_bytes(wav_bytes(promised, bytes(2000)))
    assert len(read_mono(tmp_path / "a.wav", RATE)) == 1000


def test_chunks_around_the_data_are_passed_over(tmp_path: Path) -> None:
    plain = wav_bytes(2000, bytes(2000))
    odd = b"LIST" + struct.pack("<I", 5) + b"hello\0"
    (tmp_path / "a.wav").write_bytes(plain[:36] + odd + plain[36:] + odd)
    assert len(read_mono(tmp_path / "a.wav", RATE)) == 1000


@pytest.mark.parametrize(
    ("suffix", "message"),
    [
        ("ogg", "truncated: "),
        ("flac", "truncated or damaged: the header promises 132300 samples"),
        ("mp3", "truncated: "),
    ],
)
def test_truncated_compressed_files(tmp_path: Path, suffix: str, message: str) -> None:
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, np.random.default_rng(0).uniform(-0.5, 0.5, len(SINE)), RATE)
    assert message in reason(cut(path))


def test_an_ogg_cut_between_two_pages(tmp_path: Path) -> None:
    path = tmp_path / "a.ogg"
    soundfile.write(path, np.random.default_rng(0).uniform(-0.5, 0.5, len(SINE)), RATE)
    data = path.read_bytes()
    path.write_bytes(data[: data.rfind(b"OggS")])
    assert reason(path) == "truncated: no Ogg page is marked as the end of the stream"


def test_a_flac_of_unknown_length(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.flac", SINE, RATE)
    data = bytearray((tmp_path / "a.flac").read_bytes())
    data[21] &= 0xF0  # the number of samples: 36 bits from here
    data[22:26] = bytes(4)
    (tmp_path / "a.flac").write_bytes(data)
    assert "does not state the number of samples" in reason(tmp_path / "a.flac")


@settings(max_examples=60)
@given(
    data=st.binary(max_size=200),
    head=st.sampled_from([b"", b"RIFF\0\0\0\0WAVE", b"OggS", b"fLaC", b"ID3", b"\xff\xfb"]),
)
def test_any_bytes_are_read_or_refused_with_a_reason(
    data: bytes, head: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("bytes") / "a.wav"
    path.write_bytes(head + data)
    try:
        assert np.isfinite(read_mono(path, RATE)).all()
    except AudioError as error:
        assert "\n" not in str(error)  # noqa: PT017 -- either outcome is right


def test_real_recordings_are_read(real_data: Path) -> None:
    for path in sorted((real_data / "esc-sounds").glob("*.ogg"))[::100]:
        assert len(read_mono(path, RATE)) == probe(path).samples


def test_a_path_may_be_text(tmp_path: Path, make_wav: Callable[..., Path]) -> None:
    assert len(read_mono(str(make_wav(tmp_path / "a.wav", 500)), RATE)) == 500


@pytest.mark.parametrize(
    ("samples", "rate", "reason"),
    [
        (np.zeros(9_000), 44_100, "silent: every sample is 0"),
        (np.zeros(3 * FIRST_LOOK), 44_100, "silent: every sample is 0"),
        (np.full(9_000, 0.25), 16_000, "constant: every sample is 0.25"),
        (np.stack([np.linspace(-1, 1, 999), -np.linspace(-1, 1, 999)], axis=1), 44_100, "silent: every sample is 0"),
        (np.array([0.25]), 44_100, "a single sample"),
    ],
    ids=["zeros", "longer-than-a-look", "constant", "channels-that-cancel", "one-sample"],
)
def test_a_file_without_sound_is_recognised_with_its_reason(
    tmp_path: Path, samples: np.ndarray, rate: int, reason: str
) -> None:
    soundfile.write(tmp_path / "clip.wav", samples, rate, subtype="FLOAT")
    assert without_sound(tmp_path / "clip.wav") == reason


@pytest.mark.parametrize("suffix", ["flac", "ogg", "mp3"])
def test_silence_is_recognised_in_every_format(tmp_path: Path, suffix: str) -> None:
    soundfile.write(tmp_path / f"clip.{suffix}", np.zeros(RATE), RATE)
    assert without_sound(tmp_path / f"clip.{suffix}") == "silent: every sample is 0"


@pytest.mark.parametrize(
    "samples",
    [
        np.array([0, 0, 1, 0] * 1000, np.int16),
        np.concatenate([np.zeros(2 * FIRST_LOOK, np.int16), np.ones(1, np.int16)]),
        np.concatenate([np.zeros(FIRST_LOOK, np.int16), np.ones(FIRST_LOOK, np.int16)]),
    ],
    ids=["faint", "late", "a-step-between-looks"],
)
def test_a_faint_or_late_sound_is_a_sound(tmp_path: Path, samples: np.ndarray) -> None:
    soundfile.write(tmp_path / "clip.wav", samples, RATE)
    assert without_sound(tmp_path / "clip.wav") == ""


def test_a_file_that_cannot_be_decoded_is_not_called_silent(tmp_path: Path) -> None:
    (tmp_path / "clip.wav").write_text("text")
    assert without_sound(tmp_path / "clip.wav") == ""
