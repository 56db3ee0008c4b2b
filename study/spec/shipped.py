"""The study files that ship with the package."""

from __future__ import annotations

from pathlib import Path

SPECS = Path(__file__).parents[1] / "specs"


def spec_path(file: Path) -> Path:
    """Return the path of a study file; a bare name such as ``demo`` means a shipped one, unless a file has it."""
    shipped_file = SPECS / f"{file}.yaml"
    return shipped_file if not file.exists() and len(file.parts) == 1 and shipped_file.exists() else file


def shipped() -> list[str]:
    """Return the names of the shipped study files."""
    return sorted(path.stem for path in SPECS.glob("*.yaml"))
