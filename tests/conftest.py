"""Fixtures of every test: reference vectors, real data where present, small sound files, an object store."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, Phase, settings

from trainables.storage.folder_location import FolderLocation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trainables.storage.object_location import ObjectLocation

RATE = 44_100


# On a busy machine no deadline holds, and shrinking a failure of one of the larger tests takes minutes:
# `pytest --hypothesis-profile=shrink` does it. Each change is tried with the same examples, so that it passes or fails
# by itself; `--hypothesis-profile=explore` draws others.
SHORT = set(Phase) - {Phase.shrink, Phase.explain}
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("shrink", PATIENT, derandomize=True)
settings.register_profile("explore", PATIENT, phases=SHORT)
settings.register_profile("first-failure", PATIENT, phases=SHORT, derandomize=True)
settings.load_profile("first-failure")

# Whatever needs one of these starts a browser, an object store or a Ray cluster.
SLOW_FIXTURES = {"account", "chromium", "front", "machine", "start_head"}


@pytest.hookimpl(tryfirst=True)  # before ``-m`` selects
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what needs a slow fixture or a cluster."""
    for item in items:
        if SLOW_FIXTURES.intersection(item.fixturenames) or item.get_closest_marker("clusters"):
            item.add_marker(pytest.mark.slow)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip tests that take minutes, unless GCE_STUDY_CLUSTERS is set."""
    if item.get_closest_marker("clusters") and not os.environ.get("GCE_STUDY_CLUSTERS"):
        pytest.skip("starts and ends Ray clusters for minutes; run by make clusters")


@pytest.fixture(scope="session")
def tmp_path_factory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pytest.TempPathFactory]:
    """Make temporary folders, also that of ``tmp_path``, which can be storage locations."""
    plain = tmp_path_factory.mktemp
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tmp_path_factory, "mktemp", lambda *args, **kwargs: FolderLocation(plain(*args, **kwargs)))
        yield tmp_path_factory


@pytest.fixture(scope="session")
def golden() -> Path:
    """Return the folder of reference vectors."""
    return Path(__file__).parent / "golden"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of real metadata and recordings; skip the test where it is absent."""
    default = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("GCE_STUDY_SHARED", default)) / "data"
    if not folder.is_dir():
        pytest.skip(f"no real data in {folder}; set GCE_STUDY_SHARED to the folder that holds data/")
    return folder


@pytest.fixture
def make_wav() -> Callable[..., Path]:
    """Return a function that writes noise to a PCM16 file and returns the path."""

    def write(path: Path, samples: int = 2_000, rate: int = RATE, seed: int = 0) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, np.random.default_rng(seed).uniform(-0.5, 0.5, samples), rate, subtype="PCM_16")
        return path

    return write


BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
DENIED = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
EXPIRED = b"<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>"


class Front:
    """A TCP proxy in front of an object store, which can make it unreachable, busy, or refuse a key.

    Attributes:
        url: the endpoint of the proxy.
        refused: the access key that is treated as expired; empty for none.
        denied: the HTTP method that is answered with a 403, such as PUT; empty for none.

    """

    def __init__(self, port: int) -> None:
        self._behind = ("127.0.0.1", port)
        self._mode, self.refused, self.denied = "open", "", ""
        self._sockets: set[socket.socket] = set()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def set(self, mode: str) -> None:
        """Switch to ``open``, ``closed`` (breaks every connection) or ``busy`` (answers every request with a 503)."""
        self._mode = mode
        for connection in list(self._sockets):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.set("closed")
        self._listening.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._answer, args=(client,), daemon=True).start()

    def _answer(self, client: socket.socket) -> None:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sockets.add(client)
        with client, suppress(OSError):
            head = b""
            if self._mode == "closed":
                return
            while b"\r\n\r\n" not in head and (more := client.recv(65536)):
                head += more
            if self._mode == "busy":
                client.sendall(BUSY)
            elif self.refused and f"Credential={self.refused}/".encode() in head:
                response = f"HTTP/1.1 400 Bad Request\r\nContent-Length: {len(EXPIRED)}\r\nConnection: close\r\n\r\n"
                client.sendall(response.encode() + (b"" if head.startswith(b"HEAD") else EXPIRED))
            elif self.denied and head.startswith(self.denied.encode()):
                response = f"HTTP/1.1 403 Forbidden\r\nContent-Length: {len(DENIED)}\r\nConnection: close\r\n\r\n"
                client.sendall(response.encode() + DENIED)
            elif head and self._mode == "open":
                self._connect(client, head)
        self._sockets.discard(client)

    def _connect(self, client: socket.socket, head: bytes) -> None:
        with socket.create_connection(self._behind) as server:
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sockets.add(server)
            server.sendall(head)
            back = threading.Thread(target=self._copy, args=(server, client), daemon=True)
            back.start()
            self._copy(client, server)
            back.join()
            self._sockets.discard(server)

    @staticmethod
    def _copy(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        for connection in (source, target):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


@pytest.fixture(scope="session")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """Serve S3 on loopback behind a proxy, for this process and those it starts, with a cache of their own."""
    from moto.s3.responses import S3Response  # noqa: PLC0415 -- only the tests of object storage need them
    from moto.server import ThreadedMotoServer  # noqa: PLC0415

    put, one_at_a_time = S3Response._key_response_put, threading.Lock()

    def put_atomically(*arguments: Any) -> Any:
        """Answer a PUT as S3 does: what it depends on does not change before the object is there."""
        with one_at_a_time:
            return put(*arguments)

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    proxy = Front(server.get_host_and_port()[1])
    folder = tmp_path_factory.mktemp("object-store")
    credentials = folder / "credentials"
    credentials.write_text("[default]\naws_access_key_id = first\naws_secret_access_key = test\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(S3Response, "_key_response_put", put_atomically)
        for name in list(os.environ):
            if name.startswith("AWS_"):
                patch.delenv(name)
        patch.setenv("AWS_ENDPOINT_URL", proxy.url)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))
        patch.setenv("AWS_CONFIG_FILE", str(folder / "config"))
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setenv("GCE_STUDY_CACHE", str(folder / "cache"))
        yield proxy
    proxy.close()
    server.stop()


@pytest.fixture(scope="session")
def make_bucket(front: Front) -> Callable[[str], ObjectLocation]:
    """Return a function that opens the proxy and returns an empty location in the object store, by name."""
    import fsspec  # noqa: PLC0415 -- as above

    from trainables.storage.location import location  # noqa: PLC0415

    def make(name: str) -> Any:
        front.set("open")
        front.refused = front.denied = ""
        fsspec.filesystem("s3", use_listings_cache=False).mkdir(f"test-{name}")
        return location(f"s3://test-{name}/here")

    return make


@pytest.fixture
def bucket(make_bucket: Callable[[str], ObjectLocation], request: pytest.FixtureRequest) -> ObjectLocation:
    """Return an empty location in the object store that no other test uses."""
    return make_bucket(hashlib.blake2b(request.node.nodeid.encode(), digest_size=8).hexdigest())
