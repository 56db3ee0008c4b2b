"""The connection to a cluster's jobs API: its token, its version, and the meaning of its errors."""

from __future__ import annotations

import logging
import os
import socket
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from study.errors import EngineError, last_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ray.job_submission import JobSubmissionClient


ANSWER_S = 2.0  # for a connection to be accepted


def listens(address: str) -> bool:
    """Return whether something accepts connections at ``HOST:PORT``."""
    host, port = address.rsplit(":", 1)
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=ANSWER_S).close()
    except OSError:
        return False
    return True


def connect(address: str, name: str) -> JobSubmissionClient:
    """Return Ray's client of the jobs of a cluster.

    Args:
        address: of the cluster's dashboard.
        name: of the cluster in messages: the address, or the cluster file.

    Raises:
        EngineError: the cluster runs another version of Ray, or Ray's job client is not installed here.

    """
    _show_token()
    os.environ["RAY_API_SERVER_ADDRESS"] = address  # Ray prefers this variable to its argument
    try:
        import requests  # noqa: F401, PLC0415 -- the part of the cluster extra that Ray's client checks for
        from ray.job_submission import JobSubmissionClient  # noqa: PLC0415
    except ModuleNotFoundError:
        msg = "submitting needs Ray's job client; install the extra: pip install -c constraints.txt '.[cluster]'"
        raise EngineError(msg) from None
    import ray  # noqa: PLC0415

    for logger in ("dashboard.modules.dashboard_sdk", "dashboard.modules.job.sdk", "_private.runtime_env.packaging"):
        logging.getLogger(f"ray.{logger}").setLevel(logging.WARNING)
    client = JobSubmissionClient(address)
    theirs = client._server_ray_version  # noqa: SLF001 -- already fetched; there is no public accessor
    if theirs != ray.__version__:
        msg = f"{name} runs Ray {theirs}, this machine has {ray.__version__}; install one of them on both"
        raise EngineError(msg)
    return client


@contextmanager
def answers(name: str) -> Iterator[None]:
    """Turn any error inside the context into one line about the cluster of that name; see ``connect``.

    Raises:
        EngineError: there was an error.

    """
    try:
        yield
    except EngineError:
        raise
    except Exception as error:  # noqa: BLE001 -- Ray raises what its libraries raise, and plain RuntimeErrors
        raise EngineError(_meaning(name, error)) from None


def _meaning(name: str, error: Exception) -> str:
    text = str(error)
    if isinstance(error, ConnectionError | OSError):  # requests' own errors are among them
        where = ", and the tunnel (ray dashboard CLUSTER.yaml) open?" if name.startswith("http") else f"? ray up {name}"
        return f"{name}: no cluster answers there; is it up{where}"
    if "Authentication required" in text or "find an authentication token" in text:
        return (
            f"{name}: the cluster asks for a token; put it into ~/.ray/auth_token (mode 0600), or name its file in "
            "RAY_AUTH_TOKEN_PATH"
        )
    if "Authentication failed" in text:
        return f"{name}: the cluster refuses this token; it accepts the one in ~/.ray/auth_token on its head"
    return f"{name}: {last_line(error)}"


def _show_token() -> None:
    """Make Ray send the token, if there is one: it does so only in token mode, even if the cluster asks for one."""
    token = Path("~/.ray/auth_token").expanduser()
    if os.environ.get("RAY_AUTH_TOKEN") or os.environ.get("RAY_AUTH_TOKEN_PATH") or token.exists():
        os.environ.setdefault("RAY_AUTH_MODE", "token")
