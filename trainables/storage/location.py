"""Storage locations: a folder, or ``s3://bucket/prefix`` in an object store."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from trainables.storage.folder_location import FolderLocation

if TYPE_CHECKING:
    from trainables.storage.object_location import ObjectLocation
    from trainables.storage.types import Location

# Letters that mean the same in a URL, in a glob pattern and on a command line.
URL = re.compile(r"(s3|gs)://[a-z0-9][a-z0-9._-]{1,61}[a-z0-9](/[A-Za-z0-9_=-][A-Za-z0-9._=-]*)*/?")
URL_FORM = "s3://BUCKET/PREFIX or gs://BUCKET/PREFIX, of letters, digits and . _ - = /"


class MissingExtraError(OSError):
    """The packages that an object store needs are not installed."""


def is_url(text: str) -> bool:
    """Return whether a text has the form of a URL of any kind."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", text) is not None


def location(place: str | Path | Location, *, proven: bool = False) -> Location:
    """Return the storage location that a text or a path names: in an object store if it is a URL, else a folder.

    Args:
        place: a folder's path, or a URL of ``URL_FORM``; a location is returned as it is.
        proven: whether another process has used the object store; if so, refused credentials are waited for from the
            start.

    Raises:
        ValueError: it is a URL of another form.
        MissingExtraError: the packages for object stores are not installed.

    """
    if isinstance(place, str) and is_url(place):
        return object_location(place, proven=proven)
    return FolderLocation(place) if isinstance(place, str | Path) else place


def object_location(url: str, *, proven: bool = False) -> ObjectLocation:
    """Return the place in an object store that a URL names; see ``location``."""
    if not URL.fullmatch(url):
        msg = f"{url!r} is not allowed; allowed: a folder, or {URL_FORM}"
        raise ValueError(msg)
    from trainables.storage.object_location import from_url  # noqa: PLC0415 -- a folder needs none of it

    try:
        return from_url(url, proven=proven)
    except ImportError as error:
        extra = "pip install gcsfs" if url.startswith("gs:") else "pip install -c constraints.txt '.[cluster]'"
        msg = f"{url}: object storage needs packages that are not installed ({error.name or error}): {extra}"
        raise MissingExtraError(msg) from None
