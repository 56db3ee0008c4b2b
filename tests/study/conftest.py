"""Fixtures of the tests of study files and of clusters."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from ray_cluster import Head
from study.errors import SpecError
from study.spec import validation_errors
from study.spec.reading import read_spec
from study.spec.study import json_schema
from trainables.datasets.kinds import synthetic
from trained_studies import trained_study

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trainables.datasets.manifest import Clip
    from trainables.storage.types import Location


@pytest.fixture
def short_sounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make synthetic sounds of a tenth of a second of noise: those of the six classes take long to compute."""

    def noise(seed: int, clip: Clip) -> np.ndarray:
        name = int.from_bytes(clip.path.encode(), "big")
        return np.random.default_rng([seed, name]).uniform(-0.5, 0.5, 4410).astype(np.float32)

    monkeypatch.setattr(synthetic, "_sound", noise)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Location:
    """Return the storage location of the study ``small``, whose two runs were really trained and kept their weights."""
    return trained_study(tmp_path_factory.mktemp("trained"))


@pytest.fixture(scope="session")
def schema() -> dict[str, Any]:
    """Return the schema of a study file without plugins; making it takes a tenth of a second."""
    return json_schema()


@pytest.fixture
def one_schema(schema: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Make error messages from one schema, for tests that make many of them and load no plugin."""
    monkeypatch.setattr(validation_errors, "json_schema", lambda: schema)


@pytest.fixture
def problems(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    one_schema: None,  # noqa: ARG001 -- a fixture
) -> Callable[[str | bytes], list[str]]:
    """Return a function that reads a study file of the given content and returns its problems."""
    monkeypatch.chdir(tmp_path)

    def refused(content: str | bytes) -> list[str]:
        path = Path("figure3.yaml")
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        with pytest.raises(SpecError) as error:
            read_spec(path)
        return error.value.problems

    return refused


@pytest.fixture(scope="module")
def start_head(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Head]]:
    """Return a function that starts the head of a cluster; every head is ended with the module."""
    pytest.importorskip("aiohttp", reason="jobs need the cluster extra")
    heads: list[Head] = []

    def start(autoscaling: Callable[[int], Any] | None = None, **variables: str) -> Head:
        heads.append(Head(tmp_path_factory.mktemp("head"), autoscaling, **variables))
        return heads[-1]

    yield start
    for head in heads:
        head.end()
