"""Notifications of a study's events: JSON posted to a web address, in the form that Slack and Mattermost accept."""

from __future__ import annotations

import http.client
import json
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING

from study.console import complain, say
from study.engine.state import Observer
from trainables.characters import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from study.spec.notify import Event, Notify

TIMEOUT_S = 10.0


class Notifier(Observer):
    """Posts a study's events. If a request fails, the study prints one warning and continues."""

    def __init__(self, study: str, notify: Notify | None, hint: str = "") -> None:
        """Prepare the notifications of a study.

        Args:
            study: its name.
            notify: the address and the events to post; None posts nothing.
            hint: how to continue the study, printed if the cluster is lost.

        """
        self._study, self._notify, self._hint = study, notify, hint

    def send(self, event: Event, text: str) -> None:
        """Post an event as ``{"study": ..., "event": ..., "text": ...}`` if the study file asks for it."""
        notify = self._notify
        if notify is None or event not in notify.on:
            return
        body = {"study": self._study, "event": event, "text": one_line(f"{self._study} {event}: {text}")}
        request = urllib.request.Request(  # noqa: S310 -- http or https, as the model has checked
            notify.url.get_secret_value(),
            json.dumps(body).encode(),
            {"Content-Type": "application/json", "User-Agent": "gce-study"},
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S):  # noqa: S310 -- see above
                pass
        except (OSError, ValueError, http.client.HTTPException) as error:
            # The text of the other errors may hold the address.
            why = str(error) if isinstance(error, OSError) else type(error).__name__
            say(f"{self._study}: {notify.host} was not notified that the study {event}: {why}", err=True)

    @contextmanager
    def of_failure(self) -> Iterator[None]:
        """Post ``failed`` for any exception that leaves the context, interrupts excepted."""
        try:
            yield
        except Exception as error:
            self.send("failed", str(error) or type(error).__name__)
            raise

    def gone(self, reason: str) -> None:
        """Print and post why the process is about to end, and print how to continue."""
        complain(reason)
        say(self._hint, err=True)
        self.send("failed", reason)

    def chosen(self, choice: str) -> None:
        """Post the choice that is being confirmed."""
        self.send("settled", choice)
