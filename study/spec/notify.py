"""The ``notify`` key of a study file."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from trainables.frozen import Frozen, not_allowed

Event = Literal["finished", "failed", "settled"]


class Notify(Frozen):
    """The web address to post events to. It may hold a secret, so it is neither printed nor stored with the study."""

    on: Annotated[
        tuple[Event, ...],
        # Not strict about the container, because YAML and JSON have only lists.
        Field(
            strict=False,
            min_length=1,
            description="events to post: finished, failed, settled (a choice is being confirmed)",
        ),
    ] = ("finished", "failed", "settled")
    url: Annotated[SecretStr, Field(description="http or https address to which JSON with a text is posted")]

    @field_validator("url")
    @classmethod
    def _is_a_web_address(cls, url: SecretStr) -> SecretStr:
        try:
            parts = urlsplit(url.get_secret_value())
            valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            valid = False
        if not valid or not url.get_secret_value().isprintable() or " " in url.get_secret_value():
            raise not_allowed((), "an address like https://HOST/PATH")
        return url

    @property
    def host(self) -> str:
        """The address without anything that could be a secret."""
        parts = urlsplit(self.url.get_secret_value())
        return f"{parts.scheme}://{parts.hostname}/..."
