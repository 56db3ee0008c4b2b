"""Containers of sound built byte by byte, for what soundfile does not write."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from trainables.audio.errors import AudioError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RATE = 44_100
ID3 = b"ID3\x03\0\0\0\0\x01\x0a" + bytes(138)


def noise(samples: int, seed: int = 0) -> np.ndarray:
    """Noise, quiet in its first third, so that a variable bit rate starts low."""
    wave = np.random.default_rng(seed).uniform(-0.6, 0.6, samples).astype(np.float32)
    wave[: samples // 3] *= 0.001
    return wave


def written(wave: np.ndarray, form: str, subtype: str | None = None, rate: int = RATE, **options: object) -> bytes:
    """Return the file that libsndfile writes."""
    file = io.BytesIO()
    soundfile.write(file, wave, rate, format=form, subtype=subtype, **options)
    return file.getvalue()


def mp3(wave: np.ndarray, mode: str = "CONSTANT", *, header: bool = True, rate: int = RATE) -> bytes:
    """Return an mp3, without its first frame, which states the number of frames, unless ``header``."""
    data = written(wave, "MP3", rate=rate, bitrate_mode=mode, compression_level=0.5)
    return data if header else data[data.find(data[:2], 40) :]


def refusal(path: Path, data: bytes, read: Callable[[Path], object]) -> str:
    """Write a file and return why it cannot be read."""
    path.write_bytes(data)
    with pytest.raises(AudioError) as caught:
        read(path)
    return str(caught.value)


def chunk(name: bytes, content: bytes, length: int | None = None, order: str = "<") -> bytes:
    size = len(content) if length is None else length
    return name + struct.pack(f"{order}I", size) + content + b"\0" * (len(content) % 2)


def form(tag: int = 1, channels: int = 1, bits: int = 16, rate: int = RATE, order: str = "<") -> bytes:
    block = channels * bits // 8
    return chunk(b"fmt ", struct.pack(f"{order}HHIIHH", tag, channels, rate, rate * block, block, bits), order=order)


def mp3_form(rate: int = RATE) -> bytes:
    return chunk(b"fmt ", struct.pack("<HHIIHHHHIHHH", 0x55, 1, rate, 16_000, 1, 0, 12, 1, 2, 417, 1, 1393))


def riff(*chunks: bytes, magic: bytes = b"RIFF", order: str = "<") -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return magic + struct.pack(f"{order}I", len(body)) + body


def pcm(wave: np.ndarray) -> bytes:
    return (wave * 32_767).astype("<i2").tobytes()


def pages(ogg: bytes) -> list[bytes]:
    """Return the pages of an Ogg file."""
    starts = [i for i in range(len(ogg)) if ogg[i : i + 5] == b"OggS\0"]
    return [ogg[a:b] for a, b in zip(starts, [*starts[1:], len(ogg)], strict=True)]
