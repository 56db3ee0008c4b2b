"""Make standard output and standard error never fail: a reader that leaves, or a full disk, must not end a study.

The command reports at its end what it could not write.
"""

from __future__ import annotations

import errno
import io
import os
import select
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from _typeshed import ReadableBuffer


class Descriptor(io.FileIO):
    """A file descriptor to write to; what cannot be written is dropped, and the first reason is kept.

    Attributes:
        failure: why something was dropped; None if nothing was.

    """

    failure: OSError | None = None

    def write(self, data: ReadableBuffer, /) -> int:
        """Write the data and return its length, as if all of it had been written."""
        rest = memoryview(data).cast("B")
        length = len(rest)
        try:
            while len(rest):
                written = super().write(rest)
                if written is None:  # another process has made a shared pipe non-blocking
                    select.select([], [self], [])
                else:
                    rest = rest[written:]
        except OSError as error:
            self.failure = self.failure or error
        return length


class Streams:
    """The process's standard output and standard error, and what happened to them."""

    def __init__(self, output: Descriptor | None = None) -> None:
        """Watch a descriptor; None if the streams are not those of the process."""
        self._output = output

    @property
    def reader_left(self) -> bool:
        """Whether nobody reads the standard output any more: the pipe is closed."""
        return self._lost is not None and self._lost.errno == errno.EPIPE

    def failure(self) -> str:
        """Return why some of the standard output was lost, apart from a reader that left; empty if none was."""
        if sys.stdout is not None:
            sys.stdout.flush()
        return "" if self._lost is None or self.reader_left else f"standard output: {self._lost.strerror}"

    @property
    def _lost(self) -> OSError | None:
        return self._output.failure if self._output else None


_current = Streams()


def reader_left() -> bool:
    """Return whether nobody reads the standard output any more, so that a command that never ends by itself may end."""
    return _current.reader_left


@contextmanager
def steady_streams() -> Iterator[Streams]:
    """Replace the process's standard output and standard error by streams that never fail, and open closed ones.

    Streams that a caller has replaced already are left as they are.
    """
    global _current  # noqa: PLW0603 -- a process has one standard output
    if sys.stdout is not sys.__stdout__ or sys.stderr is not sys.__stderr__:
        yield Streams()
        return
    _open_closed()
    before = sys.stdout, sys.stderr, _current
    for stream in before[:2]:
        if stream is not None:
            stream.flush()
    output = Descriptor(1, "w", closefd=False)
    sys.stdout = _text(output, before[0], by_line=output.isatty())
    sys.stderr = _text(Descriptor(2, "w", closefd=False), before[1], by_line=True)
    _current = Streams(output)
    try:
        yield _current
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        sys.stdout, sys.stderr, _current = before


def _open_closed() -> None:
    """Open those of the three standard descriptors that are closed, so that no other file gets their numbers."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            nowhere = os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
            os.set_inheritable(number, True)  # noqa: FBT003 -- it takes no keywords


def _text(raw: Descriptor, former: TextIO | None, *, by_line: bool) -> io.TextIOWrapper:
    """Return a text stream with the encoding of the former one; characters that it lacks are escaped."""
    encoding = former.encoding if former is not None else "utf-8"
    return io.TextIOWrapper(
        io.BufferedWriter(raw), encoding=encoding, errors="backslashreplace", line_buffering=by_line
    )
