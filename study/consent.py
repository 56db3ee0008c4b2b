"""The user's consent to run the code of a plugin; a file's code is never run before it.

What was accepted is remembered by its SHA-256 in the user's own state folder, not in the storage location, which others
may be able to write.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from study.console import say
from study.errors import UsageError
from trainables.characters import one_line
from trainables.naming import file_size

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trainables.plugins.sources import Sources

SHOWN = 12  # digits of a SHA-256
ALLOW_CODE = "--allow-code"


class Consent:
    """Asks for the user's consent to the code of plugins, and remembers it."""

    def __init__(self, *, allowed: bool = False, accepted: Callable[[Sources], object] = bool) -> None:
        """Prepare.

        Args:
            allowed: whether the user consents without being asked.
            accepted: called with sources that are accepted for the first time; what it raises keeps them from being
                remembered.

        """
        self._allowed, self._accepted = allowed, accepted

    def __call__(self, plugins: Sequence[tuple[Path, Sources]]) -> None:
        """Return if the user accepts all plugins.

        Args:
            plugins: the path and the sources of each.

        Raises:
            UsageError: the user refuses one, or cannot be asked.

        """
        known = _remembered()
        new = [(path, sources) for path, sources in plugins if sources.sha256 not in known]
        if new and not self._allowed:
            _ask(new)
        for _, sources in new:
            self._accepted(sources)
            _remember(sources)


def _ask(plugins: Sequence[tuple[Path, Sources]]) -> None:
    lines = [f"{path}: {file_size(sources.size)}, SHA-256 {sources.sha256[:SHOWN]}" for path, sources in plugins]
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        msg = f"this command runs Python code that you have not accepted yet ({'; '.join(lines)}); read it first, then "
        msg += f"add {ALLOW_CODE}"
        raise UsageError(msg)
    say("This command runs Python code that you have not accepted yet:", *lines, err=True)
    print("It can do whatever you can do. Read it first. Run it? [y/N] ", end="", file=sys.stderr, flush=True)  # noqa: T201 -- the answer follows on the same line
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        msg = f"the code of {', '.join(one_line(str(path)) for path, _ in plugins)} was not accepted; nothing was run"
        raise UsageError(msg)


def remembered_path() -> Path:
    """Return the file of the accepted SHA-256, a line for each."""
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home) / "gce-study" / "accepted-code"


def _remembered() -> set[str]:
    """Return what was accepted; nothing if others can write the file."""
    try:
        with remembered_path().open(encoding="utf-8", errors="replace") as file:
            status = os.fstat(file.fileno())
            if status.st_uid != os.getuid() or status.st_mode & 0o022:
                return set()
            return {line.split(maxsplit=1)[0] for line in file if line.strip()}
    except (OSError, RuntimeError):  # RuntimeError: no home folder
        return set()


def _remember(sources: Sources) -> None:
    with suppress(OSError, RuntimeError):  # then it is asked for again
        path = remembered_path()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600), "a") as file:
            file.write(f"{sources.sha256} {sources.name}\n")
