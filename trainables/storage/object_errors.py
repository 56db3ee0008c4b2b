"""The meaning of an object store's exceptions: whether to wait, and which message to show.

fsspec's filesystems raise ``OSError``, but also what botocore, aiohttp and the credential providers raise. Those
classes are recognised by name, so that none of these packages has to be imported or installed.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

Meaning: TypeAlias = Literal["final", "expired", "refused", "unreachable"]


class _Rule(NamedTuple):
    """An exception has a meaning if any of its store's code, its classes or its ``errno`` is listed."""

    meaning: Meaning | None
    codes: AbstractSet[str] = frozenset()
    classes: AbstractSet[str] = frozenset()
    numbers: AbstractSet[int] = frozenset()


_RULES = (  # the first that applies counts
    # This machine's disk, while an object is copied to it or from it.
    _Rule(None, numbers={errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.ENOTDIR, errno.EISDIR}),
    _Rule("final", classes={"FileNotFoundError", "FileExistsError"}),
    # S3 answers a HEAD with only a number: 400 for an expired token.
    _Rule(
        "expired",
        codes={"400", "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired"},
        classes={"RefreshError", "SSOTokenLoadError", "UnauthorizedSSOTokenError", "TokenRetrievalError"},
    ),
    _Rule(
        "refused",
        codes={"403", "AccessDenied", "InvalidToken", "InvalidAccessKeyId", "SignatureDoesNotMatch"}
        | {"RequestTimeTooSkewed"},
        classes={"PermissionError", "NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"},
    ),
    # The request itself is wrong: the next attempt would get the same answer.
    _Rule(
        "final",
        numbers={errno.EINVAL, errno.ENOSYS, errno.ENAMETOOLONG, errno.EMSGSIZE, errno.ENOTEMPTY, errno.EPERM},
    ),
    # Connections and answers that broke off, throttling, errors of the server.
    _Rule(
        "unreachable",
        classes={"OSError", "HTTPClientError", "ConnectionError", "ResponseParserError", "IncompleteRead"}
        | {"ClientError", "HttpError"},
    ),
    _Rule("final", classes={"BotoCoreError"}),
)


def meaning(error: Exception) -> Meaning | None:
    """Return what an exception of a filesystem means.

    Returns:
        ``final``: the store answered, and would answer the same again; ``expired``: the credentials have expired;
        ``refused``: they are rejected or absent; ``unreachable``: the store is away or busy. None: the exception is not
        about the store, but about this machine's disk or the program.

    """
    code = _code(error)
    classes = {ancestor.__name__ for ancestor in type(error).__mro__}
    number = error.errno if isinstance(error, OSError) else None
    matching = (r.meaning for r in _RULES if code in r.codes or classes & r.classes or number in r.numbers)
    return next(matching, None)


def _code(error: BaseException | None) -> str:
    """Return the code in the store's answer, which s3fs keeps behind its own exception; empty without one."""
    while error is not None:
        response = getattr(error, "response", None)
        if isinstance(response, dict):
            return str(response.get("Error", {}).get("Code", ""))
        error = error.__cause__ or error.__context__
    return ""


def message(error: Exception, url: str, what: Meaning) -> str:
    """Return one line for the user on what keeps an object from being read or written."""
    reason = {
        "expired": "the credentials have expired",
        "refused": "access is refused",
        "unreachable": "the storage location cannot be reached",
    }[what]
    return f"{url}: {reason} ({getattr(error, 'strerror', None) or str(error) or type(error).__name__})"


def as_os_error(error: Exception, url: str, what: Meaning) -> OSError:
    """Return the exception to raise for one of the filesystem's, with the URL in it."""
    if what != "final":
        return OSError(message(error, url, what))
    if isinstance(error, FileNotFoundError):  # s3fs gives only the key of a missing object
        text = "No such bucket" if _code(error) == "NoSuchBucket" else os.strerror(errno.ENOENT)
        return FileNotFoundError(errno.ENOENT, text, url)
    if isinstance(error, FileExistsError) or _code(error) in {"PreconditionFailed", "412"}:
        return FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), url)
    return OSError(f"{url}: {getattr(error, 'strerror', None) or error}")
