"""Stretches of a file that libsndfile reads as files of their own, such as one link of a chained Ogg file."""

from __future__ import annotations

import io
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import soundfile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from typing_extensions import Buffer

BUFFER = 1 << 16  # bytes


@dataclass(frozen=True, slots=True)
class Part:
    """The bytes ``prefix`` followed by those of a file from ``start`` up to, but not including, ``end``.

    Of the decoded samples, the first ``skip`` are those of the prefix.
    """

    start: int
    end: int
    prefix: bytes = b""
    skip: int = 0


class _PartReader(io.RawIOBase):
    """A part as a file that can be read and positioned."""

    def __init__(self, path: Path, part: Part) -> None:
        self._file = path.open("rb")
        self._part = part
        self._position = 0
        self._size = len(part.prefix) + part.end - part.start

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._position = offset + (0, self._position, self._size)[whence]
        return self._position

    def readinto(self, buffer: Buffer) -> int:
        view, prefix = memoryview(buffer), self._part.prefix
        if self._position < len(prefix):
            piece = prefix[self._position : self._position + len(view)]
        else:
            start = self._part.start + self._position - len(prefix)
            self._file.seek(start)
            piece = self._file.read(max(0, min(len(view), self._part.end - start)))
        view[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def close(self) -> None:
        self._file.close()
        super().close()


@contextmanager
def open_sound(path: Path, part: Part | None = None) -> Iterator[soundfile.SoundFile]:
    """Open a file, or one part of it, with libsndfile.

    Raises:
        LibsndfileError: it cannot be opened or decoded.

    """
    if part is None:
        with soundfile.SoundFile(str(path)) as sound:
            yield sound
        return
    with (
        io.BufferedReader(_PartReader(path, part), BUFFER) as file,
        soundfile.SoundFile(file) as sound,
    ):
        yield sound
