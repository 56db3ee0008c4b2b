"""A dashboard behind a web server."""

from __future__ import annotations

import socket

import pytest

from analysis.dashboard.app import make_app
from analysis.dashboard.guard import Guard
from analysis.dashboard.server import serving
from analysis.dashboard.studies import Studies


@pytest.fixture
def storage(tmp_path):
    """Return an empty storage location."""
    folder = tmp_path / "results"
    folder.mkdir()
    return folder


@pytest.fixture
def owners():
    """Return the owners of studies by name; a study that a test adds here counts as running."""
    return {}


@pytest.fixture
def studies(storage, owners):
    """Return the studies of the storage location."""
    return Studies(storage, lambda _, name: owners.get(name))


@pytest.fixture
def served(studies):
    """Serve the storage location on a free port and return the address."""
    listener = socket.create_server(("127.0.0.1", 0))
    with listener, serving(make_app(studies, Guard()).server, listener):
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture(scope="module")
def full_studies(full_storage):
    """Return the studies of a storage location with runs of every status, in which nothing is changed."""
    return Studies(full_storage, lambda *_: None)


@pytest.fixture
def client(studies):
    """Ask without a network."""
    return make_app(studies, Guard()).server.test_client()


@pytest.fixture(scope="module")
def full_client(full_studies):
    """Ask without a network about a study with runs of every status, and change nothing."""
    return make_app(full_studies, Guard()).server.test_client()
