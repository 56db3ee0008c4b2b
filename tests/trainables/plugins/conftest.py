"""Fixtures of the tests of plugins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from trainables.plugins.loading import use

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def only_built_in() -> Iterator[None]:
    """After each test, forget the plugins that it uses."""
    yield
    use([])
