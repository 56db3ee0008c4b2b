"""The command study-names, which completion scripts call: it is fast because it imports and reads nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from study.console import say

if TYPE_CHECKING:
    import argparse

# What a study's name may consist of (``trainables.settings.NAME_PATTERN``), so that no shell reads more into it.
SAFE = re.compile(r"[a-z0-9][a-z0-9._-]*")


def add_arguments(command: argparse.ArgumentParser, _: str) -> None:
    """Add the command's argument to its parser."""
    command.add_argument("storage", nargs="?", default="results")
    command.set_defaults(handler=study_names)


def study_names(options: argparse.Namespace) -> int:
    """Print the name of each study of a folder, a line each; nothing for an object store, which answers slowly."""
    try:
        plans = sorted(Path(options.storage).expanduser().glob("studies/*/plan.json"))
    except (OSError, RuntimeError, ValueError):  # RuntimeError: of a user without a home
        return 0
    say(*(path.parent.name for path in plans if SAFE.fullmatch(path.parent.name)))
    return 0
