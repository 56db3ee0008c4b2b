"""A client of Chromium's DevTools protocol over pipes (https://chromedevtools.github.io/devtools-protocol/).

Commands and answers are JSON, each followed by a zero byte. No port is opened, and Chromium ends once the pipe of its
commands is closed, also where this process is killed.
"""

from __future__ import annotations

import json
import os
import selectors
import time
from typing import IO, Any

END = b"\0"
CHUNK = 1 << 20  # bytes that are read at once
GONE = frozenset({"Inspector.targetCrashed", "Inspector.detached", "Target.detachedFromTarget"})  # events


class DevTools:
    """A conversation with Chromium: one command at a time, each with its answer; events are dropped."""

    def __init__(self, commands: IO[bytes], answers: IO[bytes], timeout_s: float) -> None:
        """Talk over two pipes.

        Args:
            commands: the pipe that Chromium reads.
            answers: the pipe that it writes.
            timeout_s: the longest time that a command may take, in seconds.

        """
        self._commands, self._answers, self._timeout_s = commands, answers, timeout_s
        self._read = bytearray()
        self._count = 0
        self._session: dict[str, str] = {}

    def open_tab(self) -> None:
        """Open an empty page, which the commands that follow are for. Raises what ``call`` raises."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = {"sessionId": self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]}
        self.call("Inspector.enable")  # it reports a crash

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """Send a command and return its result.

        Raises:
            EOFError: Chromium has ended, or the page has crashed.
            TimeoutError: there is no answer in time.
            RuntimeError: Chromium refuses the command; the message states why.

        """
        self._count += 1
        command = {"id": self._count, "method": method, "params": parameters, **self._session}
        try:
            self._commands.write(json.dumps(command).encode() + END)
            self._commands.flush()
        except BrokenPipeError as error:
            raise EOFError from error
        deadline = time.monotonic() + self._timeout_s
        while (answer := self._receive(deadline)).get("id") != self._count:
            if answer.get("method") in GONE:
                msg = "the page crashed"
                raise EOFError(msg)
        if "error" in answer:
            raise RuntimeError(answer["error"]["message"])
        result: dict[str, Any] = answer["result"]
        return result

    def _receive(self, deadline: float) -> dict[str, Any]:
        """Return the next answer or event."""
        start = 0
        with selectors.DefaultSelector() as selector:
            selector.register(self._answers, selectors.EVENT_READ)
            while (end := self._read.find(END, start)) < 0:
                start = len(self._read)
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise TimeoutError
                chunk = os.read(self._answers.fileno(), CHUNK)
                if not chunk:
                    raise EOFError
                self._read += chunk
        message = bytes(self._read[:end])
        del self._read[: end + 1]
        answer: dict[str, Any] = json.loads(message)
        return answer
