"""Catch the lines that libmpg123 prints on standard error, to show them with the name of the file, which they lack."""

from __future__ import annotations

import os
import re
import tempfile
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

STDERR = 2
_OF_DECODER = re.compile(rb"\[\S*libmpg123/|(Note|Warning|error): ", re.IGNORECASE)
_PLACE = re.compile(r"^\[\S*\] |^(error|warning|note): ", re.IGNORECASE)
_lock = threading.RLock()


@contextmanager
def decoder_messages(*, expected: bool = True) -> Iterator[list[str]]:
    """Yield a list that holds, at the end, what the decoder printed meanwhile, each line once.

    Unless ``expected``, nothing is caught, and threads do not wait for each other.

    Standard error is redirected for the whole process, one thread at a time. What others print to it meanwhile is
    printed afterwards.
    """
    messages: list[str] = []
    if not expected:
        yield messages
        return
    with _lock:
        try:
            original = os.dup(STDERR)
        except OSError:  # closed
            yield messages
            return
        with tempfile.TemporaryFile() as caught:
            os.dup2(caught.fileno(), STDERR)
            try:
                yield messages
            finally:
                os.dup2(original, STDERR)
                os.close(original)
                caught.seek(0)
                for line in caught.read().splitlines(keepends=True):
                    if _OF_DECODER.match(line):
                        message = _plain(line)
                        messages += [message] if message not in messages else []
                    else:
                        os.write(STDERR, line)


def _plain(line: bytes) -> str:
    """Return a message without the decoder's own place in its source."""
    text = line.decode("ascii", "replace").strip().rstrip(".")
    while (shorter := _PLACE.sub("", text)) != text:
        text = shorter
    return text
