"""What the tests of study files share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from study.reading import SpecError, read_spec

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def problems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str | bytes], list[str]]:
    """Return a function from a file's content to the problems it is refused with."""
    monkeypatch.chdir(tmp_path)

    def refused(content: str | bytes) -> list[str]:
        path = Path("figure3.yaml")
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        with pytest.raises(SpecError) as error:
            read_spec(path)
        return error.value.problems

    return refused
