"""What each exception of an object store's client means, a test per row of the table."""

import errno

import pytest
from aiohttp import ClientPayloadError
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)
from botocore.parsers import ResponseParserError

from trainables.storage.object_errors import as_os_error, meaning


def answered(code, error=None):
    """Return an exception as s3fs makes it of an answer."""
    error = error or PermissionError(code)
    error.__cause__ = ClientError({"Error": {"Code": code}}, "PutObject")
    return error


@pytest.mark.parametrize("number", ["ENOSPC", "EDQUOT", "EROFS", "EACCES", "ENOTDIR", "EISDIR"])
def test_an_error_of_this_machines_disk_is_not_about_the_store(number):
    assert meaning(OSError(getattr(errno, number), "x")) is None


@pytest.mark.parametrize("error", [FileNotFoundError(), FileExistsError(), answered("NoSuchKey", FileNotFoundError())])
def test_an_object_that_is_missing_or_exists_is_final(error):
    assert meaning(error) == "final"


@pytest.mark.parametrize(
    "code", ["400", "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired"]
)
def test_a_code_of_an_expired_token_means_expired(code):
    assert meaning(answered(code)) == "expired"
    assert meaning(answered(code, OSError(errno.EIO, "x"))) == "expired"


@pytest.mark.parametrize(
    "error",
    [
        SSOTokenLoadError(error_msg="x"),
        UnauthorizedSSOTokenError(),
        TokenRetrievalError(provider="x", error_msg="x"),
        type("RefreshError", (Exception,), {})(),  # of google.auth
    ],
)
def test_a_token_that_cannot_be_refreshed_means_expired(error):
    assert meaning(error) == "expired"


@pytest.mark.parametrize(
    "code",
    ["403", "AccessDenied", "InvalidToken", "InvalidAccessKeyId", "SignatureDoesNotMatch", "RequestTimeTooSkewed"],
)
def test_a_code_of_rejected_credentials_means_refused(code):
    assert meaning(answered(code)) == "refused"
    assert meaning(answered(code, OSError(errno.EIO, "x"))) == "refused"


@pytest.mark.parametrize(
    "error",
    [
        PermissionError("Forbidden"),
        NoCredentialsError(),
        PartialCredentialsError(provider="x", cred_var="x"),
        CredentialRetrievalError(provider="x", error_msg="x"),
    ],
)
def test_missing_credentials_mean_refused(error):
    assert meaning(error) == "refused"


@pytest.mark.parametrize("number", ["EINVAL", "ENOSYS", "ENAMETOOLONG", "EMSGSIZE", "ENOTEMPTY"])
def test_a_wrong_request_is_final(number):
    assert meaning(OSError(getattr(errno, number), "x")) == "final"


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.EIO, "x"),
        OSError(errno.EBUSY, "x"),
        TimeoutError(),
        ConnectionResetError(),
        ConnectTimeoutError(endpoint_url="x"),
        ResponseParserError(),
        ClientPayloadError(),
        answered("SlowDown", OSError(errno.EBUSY, "x")),
        type("HttpError", (Exception,), {})(),  # of gcsfs
        type("IncompleteRead", (Exception,), {})(),  # of http.client, by another package's base
    ],
)
def test_a_store_that_is_away_or_busy_is_unreachable(error):
    assert meaning(error) == "unreachable"


def test_any_other_error_of_botocore_is_final():
    assert meaning(ParamValidationError(report="x")) == "final"


def test_an_error_of_the_program_is_not_about_the_store():
    assert meaning(ValueError()) is None


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (FileNotFoundError("key"), FileNotFoundError, "[Errno 2] No such file or directory: 's3://b/a'"),
        (answered("NoSuchBucket", FileNotFoundError()), FileNotFoundError, "[Errno 2] No such bucket: 's3://b/a'"),
        (answered("PreconditionFailed", OSError(22, "x")), FileExistsError, "[Errno 17] File exists: 's3://b/a'"),
        (OSError(errno.EINVAL, "Bad name"), OSError, "s3://b/a: Bad name"),
    ],
)
def test_a_final_error_names_the_object(error, kind, text):
    raised = as_os_error(error, "s3://b/a", "final")
    assert type(raised) is kind
    assert str(raised) == text
