"""Where, when and with what a run was trained, one entry for each attempt."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, RootModel

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

CPU = "cpu"  # the device of a run without a GPU


@cache
def code_digest() -> str:
    """Return the SHA-256, in hexadecimal, of the Python files of the package that trains in this process.

    It is read once per process, so a file that is edited later does not change it, nor what is imported already.
    """
    package = Path(__file__).parent
    files = {path.relative_to(package).as_posix(): path for path in package.rglob("*.py")}
    digest = hashlib.sha256()
    for name in sorted(files):
        content = files[name].read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


class Attempt(BaseModel):
    """One process's attempt at a run, from its start or a checkpoint to its last checkpoint.

    A value that is not known is absent from the JSON; keys that other versions wrote are kept.
    """

    model_config = ConfigDict(extra="allow", frozen=True, coerce_numbers_to_str=True)

    host: str = ""
    device: str = ""
    gpus: float = 0.0
    threads: int | None = None
    cpu_capability: str = ""  # vector instructions that PyTorch uses on the CPU, by its name for them: AVX2, AVX512
    code_digest: str = ""  # SHA-256 of the package that trained
    started: str = ""  # ISO 8601 in UTC
    from_epoch: int | None = None
    wall_s: float | None = None
    at_rung: bool = False  # it ended at a rung, where it waited for a decision

    def dump(self) -> dict[str, Any]:
        """Return the attempt as plain data."""
        return self.model_dump(exclude_unset=True)

    def of_run(self) -> dict[str, Any]:
        """Return what also describes the run as a whole."""
        return self.model_dump(exclude_unset=True, exclude={"from_epoch", "wall_s", "at_rung"})


class Provenance(RootModel[dict[str, Any]]):
    """Where, when and with what a run was trained. It is kept exactly as it was written, keys of other versions too."""

    root: dict[str, Any] = Field(default_factory=dict)

    @classmethod
    def of(cls, facts: Mapping[str, Any], earlier: Sequence[Attempt], ended: str) -> Provenance:
        """Return the provenance of a run that has ended.

        Args:
            facts: about the last attempt and the code.
            earlier: the attempts before the last.
            ended: when the run ended, ISO 8601 in UTC.

        """
        attempts = {"attempts": len(earlier) + 1, "earlier_attempts": [attempt.dump() for attempt in earlier]}
        return cls({**facts, "ended": ended, **attempts})

    @property
    def attempts(self) -> list[Attempt]:
        """The attempts that are known, the last one at the end; its ``wall_s`` is not among its values."""
        earlier = [Attempt.model_validate(attempt) for attempt in self.root.get("earlier_attempts", ())]
        last = {name: self.root[name] for name in Attempt.model_fields if name in self.root}
        return [*earlier, Attempt.model_validate(last)]

    @property
    def attempt_count(self) -> int:
        """The number of attempts, even if the record does not describe the earlier ones."""
        return int(self.root.get("attempts", 1))

    @property
    def ended(self) -> str:
        """When the run ended, ISO 8601 in UTC; empty if unknown."""
        return self._text("ended") or ""

    @property
    def device(self) -> str | None:
        """The device of the last attempt."""
        return self._text("device")

    @property
    def commit(self) -> str | None:
        """The git commit of the code."""
        return self._text("commit")

    @property
    def code_digests(self) -> tuple[str, ...]:
        """The digests of the code that trained the run, each once, in the order of its attempts; empty if unknown."""
        return _each(attempt.code_digest for attempt in self.attempts)

    @property
    def cpu_capabilities(self) -> tuple[str, ...]:
        """The capabilities of the CPUs that trained the run, as ``code_digests``; attempts on a GPU do not count."""
        return _each(attempt.cpu_capability for attempt in self.attempts if attempt.device == CPU)

    @property
    def study(self) -> str | None:
        """The study that stopped the run early."""
        return self._text("study")

    @property
    def versions(self) -> dict[str, str]:
        """The version of Python and of each package."""
        packages = self.root.get("versions")
        versions = {"Python": self.root.get("python"), **(packages if isinstance(packages, dict) else {})}
        return {name: version for name, version in versions.items() if isinstance(version, str)}

    def entries(self) -> Iterator[tuple[str, str]]:
        """Yield every entry as text; the names of nested entries are joined by dots."""
        return _entries(self.root)

    def _text(self, name: str) -> str | None:
        value = self.root.get(name)
        return value if isinstance(value, str) else None


def _each(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))


def _entries(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, item in value.items():
        if isinstance(item, dict):
            yield from _entries(item, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", item if isinstance(item, str) else json.dumps(item, default=str)
