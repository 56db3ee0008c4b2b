"""JSON documents in a storage location: each has the version of its schema, and a checksum of all that follows it.

A document of an older schema is read by the defaults of its model; a change that defaults cannot bridge raises the
model's ``SCHEMA`` and converts older keys in a validator. One of a newer schema is never changed, moved or written
over: whoever needs it gets an ``OtherVersionError``. Documents that were written before there were versions and
checksums have neither key, and are read as schema 1.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic_core import ErrorDetails

    from trainables.storage.types import Location

logger = logging.getLogger(__name__)

CHECKSUM = re.compile(rb'\{\n "checksum": "([0-9a-f]{64})",')
NEWER = "newer_schema"  # type of the error of a schema_version above SCHEMA
SHAPE = {"missing", "extra_forbidden"}  # types of errors that damage does not cause
SHOWN = 3  # problems of a document


class DamagedError(ValueError):
    """A document's content is not what was written; ``reason`` states how that shows."""

    def __init__(self, path: object, reason: str) -> None:
        """Set the path, which the message names, and the reason."""
        super().__init__(f"{path}: damaged: {reason}")
        self.reason = reason


class OtherVersionError(OSError):
    """Documents that another version of gce-study wrote, and this one cannot read; ``problems`` has a line for each."""

    def __init__(self, problems: list[str]) -> None:
        """Keep the problems; the message has one line for each."""
        super().__init__("\n".join(problems))
        self.problems = problems


class Part(BaseModel):
    """Base of the parts of a document: unknown keys are ignored, NaN is kept."""

    model_config = ConfigDict(extra="ignore", ser_json_inf_nan="constants")


class Document(Part):
    """Base of what a storage location keeps as a JSON document."""

    SCHEMA: ClassVar[int] = 1

    schema_version: Annotated[int, Field(ge=1, validate_default=True)] = 1

    @field_validator("schema_version")
    @classmethod
    def _not_newer(cls, version: int) -> int:
        """Return the present schema, in which the document will be written; refuse a newer one."""
        if version > cls.SCHEMA:
            raise PydanticCustomError(NEWER, "schema {version}", {"version": version})
        return cls.SCHEMA


D = TypeVar("D", bound=Document)


def to_bytes(document: Document) -> bytes:
    """Return a document as JSON with its checksum: the SHA-256 of every byte after the checksum's own comma."""
    rest = document.model_dump_json(indent=1).encode()[1:]
    return b'{\n "checksum": "%s",%s' % (hashlib.sha256(rest).hexdigest().encode(), rest)


def read_document(path: Location, model: type[D], check: Callable[[D], object] = bool) -> D:
    """Read a document.

    Args:
        path: of its file.
        model: the model that it must fit.
        check: called with it; a ``pydantic.ValidationError`` that it raises counts as one of the model.

    Raises:
        DamagedError: its content is not what was written.
        OtherVersionError: another version of gce-study wrote it, in a form that this one cannot read.
        FileNotFoundError: there is no such file.
        OSError: the file cannot be read now.

    """
    return parse(path.read_bytes(), model, path, check)


def parse(data: bytes, model: type[D], path: object, check: Callable[[D], object] = bool) -> D:
    """Return the document in the bytes of a file; see ``read_document``."""
    head = CHECKSUM.match(data)
    intact = head is not None and hashlib.sha256(data[head.end() :]).hexdigest().encode() == head[1]
    if head and not intact:
        raise DamagedError(path, "its checksum does not match its content")
    try:
        document = model.model_validate_json(data)
        check(document)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        reason = newer(error, model)
        if not reason and (intact or _other_shape(data, errors, model)):
            reason = (
                f"written by another version of gce-study ({_listed(errors)}); it is left as it is: install that "
                "version to use it"
            )
        if not reason:
            raise DamagedError(path, _listed(errors)) from None
        raise OtherVersionError([f"{path}: {reason}"]) from None
    return document


def newer(error: ValidationError, model: type[Document]) -> str:
    """Return what to do about a document that a newer version wrote; empty if an error has another cause."""
    written = [problem["input"] for problem in error.errors(include_url=False) if problem["type"] == NEWER]
    if not written:
        return ""
    return (
        f"written by a newer version of gce-study (schema {written[0]}; this version reads up to {model.SCHEMA}); it "
        "is left as it is: install the newer version to use it"
    )


def is_outage(storage: Location, error: Exception) -> bool:
    """Return whether an error concerns a whole object store, and not one of its files, which may be intact."""
    return storage.local_path is None and isinstance(error, OSError) and not isinstance(error, OtherVersionError)


@lru_cache(maxsize=256)
def warn_once(text: str) -> None:
    """Log a warning, unless it was logged before: the dashboard reads the same file again and again."""
    logger.warning("%s", text)


def _other_shape(data: bytes, errors: list[ErrorDetails], model: type[Document]) -> bool:
    """Return whether a document without a checksum only has other keys than its model: damage looks different."""
    required = {name for name, field in model.model_fields.items() if field.is_required()}
    known = required & json.loads(data).keys() if all(problem["type"] in SHAPE for problem in errors) else set()
    return bool(known)


def _listed(errors: list[ErrorDetails]) -> str:
    texts = [_problem(error) for error in errors[:SHOWN]]
    return "; ".join(texts) + (f"; and {len(errors) - SHOWN} more" if len(errors) > SHOWN else "")


def _problem(error: ErrorDetails) -> str:
    at = ".".join(map(str, error["loc"]))
    if error["type"] == "missing":
        return f"no key {at}"
    if error["type"] == "extra_forbidden":
        return f"unknown key {at}"
    return f"{at}: {error['msg']}" if at else error["msg"]
