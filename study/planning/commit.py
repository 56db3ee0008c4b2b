"""The revision of the source code that makes a record."""

from __future__ import annotations

import subprocess
from pathlib import Path


def git_revision() -> dict[str, str | None]:
    """Return the code's git commit, with ``+changes`` if it was edited; None outside a checkout."""
    folder = Path(__file__).resolve().parents[2]
    try:
        # Only a checkout of this project counts, not another repository around the environment.
        if not (folder / ".git").exists():
            return {"commit": None}
        commit = _git(folder, "rev-parse", "HEAD")
        return {"commit": commit + ("+changes" if _git(folder, "status", "--porcelain", "-uno") else "")}
    except (OSError, subprocess.SubprocessError):
        return {"commit": None}


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.run(  # noqa: S603 -- fixed arguments
        ["git", "-C", str(folder), *arguments],  # noqa: S607 -- the user's own git
        capture_output=True,
        check=True,
        text=True,
        timeout=10,
    ).stdout.strip()
