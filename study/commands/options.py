"""Options that several commands share."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from study.consent import ALLOW_CODE, Consent
from study.console import say
from study.errors import UnknownStudyError
from study.ledger.registry import stored_spec
from study.spec.reading import read_spec
from study.spec.shipped import shipped, spec_path
from trainables.plans import plan_path
from trainables.plugins.loading import load_apart
from trainables.settings import NAME_PATTERN
from trainables.storage.location import location

if TYPE_CHECKING:
    from study.spec.study import StudySpec
    from trainables.storage.types import Location

DEFAULT_STORAGE = "results"
PORTS = 65_536


def add_cluster(command: argparse.ArgumentParser, *, usual: bool = False) -> None:
    """Add the options that name a cluster; ``usual`` if one is used without them."""
    way = command.add_mutually_exclusive_group()
    way.add_argument(
        "--cluster", type=Path, metavar="FILE", help="Ray's cluster file; the cluster is reached through SSH"
    )
    example = "default: http://127.0.0.1:8265" if usual else "such as http://127.0.0.1:8265"
    way.add_argument("--address", metavar="URL", help=f"address of a cluster's dashboard ({example})")


def add_run_options(command: argparse.ArgumentParser, *, retry: bool = True) -> None:
    """Add the options for unusable clips and, with ``retry``, for runs that are to be trained again."""
    command.add_argument(
        "--skip-bad-clips", type=_count, default=0, metavar="N", help="leave out up to N clips that cannot be used"
    )
    if retry:
        command.add_argument("--retry-failed", action="store_true", help="train failed runs again")
        text = "retrain the runs of the choice whose weights were not kept; their records are put aside"
        command.add_argument("--retrain-choice", action="store_true", help=text)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        msg = f"{text!r} is not a whole number of 0 or more"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def add_study_file(command: argparse.ArgumentParser, *, stored: bool = True) -> None:
    """Add the study file to a command; ``stored`` if it may be a stored study's name instead, see ``study_spec``."""
    names = ", ".join(shipped())
    text = f"the study file (YAML), or a shipped one: {names}"
    text += f"; or the name of a study in the folder {DEFAULT_STORAGE}" if stored else ""
    command.add_argument("file", type=Path, metavar="FILE", help=text)


def add_allow_code(command: argparse.ArgumentParser, whose: str = "the study's plugins") -> None:
    """Add ``--allow-code``, for the code of ``whose``; see ``consent``."""
    text = f"run the code of {whose} without asking; read it first, because it can do whatever you can do"
    command.add_argument(ALLOW_CODE, action="store_true", help=text)


def consent(options: argparse.Namespace) -> Consent:
    """Return what asks for consent to the code of plugins; the options are those of ``add_allow_code``."""
    return Consent(allowed=options.allow_code, accepted=load_apart)


def study_spec(file: Path, consent: Consent) -> StudySpec:
    """Return the study of a file, of a shipped file, or of a plan in the folder ``results``: the first that exists.

    Args:
        file: the file, or the name of a study.
        consent: asks for consent to the code of the study's plugins, which are imported.

    Raises:
        SpecError: the file cannot be read or is not a study; see also ``stored_spec``.
        UsageError: there is no consent.

    """
    path, place = spec_path(file), StudyPlace(location(DEFAULT_STORAGE), str(file))
    return read_spec(path, consent) if path.exists() or not place.has_plan() else spec_of_plan(place, consent)


def spec_of_plan(place: StudyPlace, consent: Consent) -> StudySpec:
    """Return a study from its plan (see ``stored_spec``), and print that it was not read from its file."""
    say(f"{place.name}: read from its plan, which keeps all of its file but notify", err=True)
    return stored_spec(*place, consent)


class StudyPlace(NamedTuple):
    """A study, and the storage location that holds it."""

    storage: Location
    name: str

    def has_plan(self) -> bool:
        """Return whether the name is one that a study can have, and the storage location holds such a study."""
        return re.fullmatch(NAME_PATTERN, self.name) is not None and plan_path(*self).exists()


def add_study(command: argparse.ArgumentParser) -> None:
    """Add a study, by name or file, and the storage location that holds it, to a command."""
    command.add_argument("study", metavar="STUDY", help="the study's name or its file")
    add_storage_of_study(command)


def add_storage_of_study(command: argparse.ArgumentParser) -> None:
    """Add ``--storage`` to a command whose study may be named by its file; None by default."""
    text = (
        f"storage location: a folder, or s3://BUCKET/PREFIX (default: that of the study's file, or {DEFAULT_STORAGE})"
    )
    command.add_argument("--storage", type=storage_location, help=text)


def study_place(study: str, storage: Location | None = None, usual: Location | None = None) -> StudyPlace:
    """Return the study that a command names, and where it is; nothing is read but its file.

    A text that ends in ``.yaml`` or ``.yml``, or contains a slash, is a file, unless there is no such file but a study
    of that name; any other text is a name.

    Args:
        study: the study's name or its file.
        storage: the storage location; by default that of the file, or ``usual``.
        usual: where to look for a name; by default the folder ``results``.

    Raises:
        SpecError: the file cannot be read or is not a study.

    """
    path = Path(study)
    place = StudyPlace(storage or usual or location(DEFAULT_STORAGE), study)
    if not ("/" in study or path.suffix in {".yaml", ".yml"}):
        return place
    if not path.exists() and place.has_plan():
        return place
    spec = read_spec(path)
    return StudyPlace(storage or location(spec.storage), spec.name)


def add_json(command: argparse._ActionsContainer) -> None:
    """Add ``--json``."""
    command.add_argument("--json", action="store_true", help="as JSON, for scripts")


def add_metric(command: argparse.ArgumentParser) -> None:
    """Add the option that chooses the metric on test clips."""
    from analysis.results.reported_metric import REPORTABLE  # noqa: PLC0415 -- imports numpy, which few commands need

    text = f"the metric on test clips that is reported: {', '.join(REPORTABLE)} (default: accuracy)"
    command.add_argument("--metric", type=_metric, default="accuracy", metavar="NAME", help=text)


def _metric(text: str) -> str:
    from analysis.results.reported_metric import REPORTABLE, not_reportable  # noqa: PLC0415 -- as above

    if text not in REPORTABLE:
        raise argparse.ArgumentTypeError(not_reportable(text))
    return text


def add_show_test(command: argparse.ArgumentParser) -> None:
    """Add ``--show-test``."""
    text = "show test accuracies although the study has not ended (choosing or stopping by them would spoil them)"
    command.add_argument("--show-test", action="store_true", help=text)


def add_storage(command: argparse.ArgumentParser) -> None:
    """Add ``--storage`` to a command."""
    text = f"storage location: a folder, or s3://BUCKET/PREFIX (default: {DEFAULT_STORAGE})"
    command.add_argument("--storage", type=storage_location, default=DEFAULT_STORAGE, help=text)


def existing(storage: Location) -> Location:
    """Return a storage location; raise UnknownStudyError if it does not exist."""
    if not storage.is_dir():
        msg = f"{storage}: no such storage location"
        raise UnknownStudyError(msg)
    return storage


def storage_location(text: str) -> Location:
    """Return the storage location that an option names.

    Raises:
        argparse.ArgumentTypeError: it cannot be one.

    """
    try:
        return location(text)
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def port_number(text: str) -> int:
    """Return the port that an option names; 0 stands for a free one.

    Raises:
        argparse.ArgumentTypeError: it is not one.

    """
    if not (text.isascii() and text.isdigit() and int(text) < PORTS):
        msg = f"{text!r} is not a whole number from 0 to {PORTS - 1}"
        raise argparse.ArgumentTypeError(msg)
    return int(text)
