"""Options that several commands share."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from study.spec.shipped import shipped
from trainables.storage.location import location

if TYPE_CHECKING:
    from trainables.storage.types import Location


def add_cluster(command: argparse.ArgumentParser) -> None:
    """Add the options that name a cluster."""
    way = command.add_mutually_exclusive_group()
    way.add_argument(
        "--cluster", type=Path, metavar="FILE", help="Ray's cluster file; the cluster is reached through SSH"
    )
    way.add_argument(
        "--address", metavar="URL", help="address of a cluster's dashboard (default: http://127.0.0.1:8265)"
    )


def add_run_options(command: argparse.ArgumentParser, *, retry: bool = True) -> None:
    """Add the options for unusable clips and failed runs."""
    command.add_argument(
        "--skip-bad-clips", type=_count, default=0, metavar="N", help="leave out up to N clips that cannot be used"
    )
    if retry:
        command.add_argument("--retry-failed", action="store_true", help="train failed runs again")


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        msg = f"{text!r} is not a whole number of 0 or more"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def add_study_file(command: argparse.ArgumentParser) -> None:
    """Add the study file to a command."""
    command.add_argument("file", type=Path, help=f"the study file (YAML), or a shipped one: {', '.join(shipped())}")


def add_study_name(command: argparse.ArgumentParser) -> None:
    """Add a study's name, and the storage location that holds it, to a command."""
    command.add_argument("name", help="the study's name")
    add_storage(command)


def add_show_test(command: argparse.ArgumentParser) -> None:
    """Add ``--show-test``."""
    text = "show test accuracies although the study has not ended (choosing or stopping by them would spoil them)"
    command.add_argument("--show-test", action="store_true", help=text)


def add_storage(command: argparse.ArgumentParser) -> None:
    """Add ``--storage`` to a command."""
    text = "storage location: a folder, or s3://BUCKET/PREFIX (default: results)"
    command.add_argument("--storage", type=storage_location, default="results", help=text)


def storage_location(text: str) -> Location:
    """Return the storage location that an option names."""
    try:
        return location(text)
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(str(error)) from None
