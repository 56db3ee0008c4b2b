"""The study files that ship with the package."""

from __future__ import annotations

from pathlib import Path

from study.spec.messages import closest

SPECS = Path(__file__).parents[1] / "specs"


def spec_path(file: Path) -> Path:
    """Return the path of a study file; a bare name such as ``demo`` means a shipped one, unless a file has it."""
    shipped_file = SPECS / f"{file}.yaml"
    return shipped_file if not file.exists() and len(file.parts) == 1 and shipped_file.exists() else file


def shipped() -> list[str]:
    """Return the names of the shipped study files."""
    return sorted(path.stem for path in SPECS.glob("*.yaml"))


def nearest(file: Path) -> str:
    """Return ``(did you mean X?)`` for a study file that does not exist: a shipped one, or one of the same folder."""
    if len(file.parts) == 1 and not file.suffix:
        return closest(str(file), shipped())
    try:
        beside = sorted(path.name for path in file.parent.glob("*.y*ml"))
    except (OSError, ValueError):
        return ""
    return closest(file.name, beside)
