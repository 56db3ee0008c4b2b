"""Telling somebody how a study goes: a JSON object posted to a web address, as Slack, Mattermost and others take it."""

from __future__ import annotations

import http.client
import json
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING

from study.console import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from study.spec.notify import Event, Notify

PATIENCE_S = 10.0


class Notifier:
    """Tells of a study's events. What fails here costs the study one line of warning."""

    def __init__(self, study: str, notify: Notify | None) -> None:
        """Take a study's name, and what its file says of notifying (None: nobody is told)."""
        self._study, self._notify = study, notify

    def send(self, event: Event, text: str) -> None:
        """Post an event: ``{"study": ..., "event": ..., "text": ...}``; nothing if the file does not ask for it."""
        notify = self._notify
        if notify is None or event not in notify.on:
            return
        body = {"study": self._study, "event": event, "text": f"{self._study} {event}: {text}"}
        request = urllib.request.Request(  # noqa: S310 -- http or https, as the model has checked
            notify.url.get_secret_value(),
            json.dumps(body).encode(),
            {"Content-Type": "application/json", "User-Agent": "gce-study"},
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S):  # noqa: S310 -- see above
                pass
        except (OSError, ValueError, http.client.HTTPException) as error:
            # Some of these errors have the address in their text.
            why = str(error) if isinstance(error, OSError) else type(error).__name__
            say(f"{self._study}: {notify.host} was not told that the study {event}: {why}", err=True)

    @contextmanager
    def of_failure(self) -> Iterator[None]:
        """Tell of an error that leaves the context; being asked to end is none."""
        try:
            yield
        except Exception as error:
            self.send("failed", str(error) or type(error).__name__)
            raise

    def on_gone(self, hint: str) -> Callable[[str], None]:
        """Return what is to be called with a reason when the process is about to end."""

        def tell(reason: str) -> None:
            say(f"gce-study: {reason}\n{hint}", err=True)
            self.send("failed", reason)

        return tell

    def on_choice(self, chosen: Callable[[], str | None]) -> Callable[[], None]:
        """Return what is to be called whenever the study has changed; it tells of the choice once.

        Args:
            chosen: says what is chosen, in words; None as long as nothing is.

        """
        told = chosen() is not None  # an earlier sitting has told

        def look() -> None:
            nonlocal told
            if not told and (text := chosen()) is not None:
                told = True
                self.send("settled", text)

        return look
