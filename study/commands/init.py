"""The command init: look at a data set, and write a first study file for it."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from study.commands.data import headers_of
from study.console import say
from study.engine.display.heartbeat import still
from study.errors import EngineError, UsageError
from study.planning.check import check_study
from study.planning.starter import epochs_within, starter, study_name
from study.spec.messages import closest, shown
from study.spec.reading import read_spec
from trainables.datasets.config import KINDS, Folder, Synthetic
from trainables.datasets.fetching.releases import RELEASES
from trainables.datasets.manifest import DataSetError, checked
from trainables.naming import duration
from trainables.storage.files import cache, write_atomically
from trainables.storage.location import is_url

if TYPE_CHECKING:
    import argparse

    from study.planning.starter import Starter
    from trainables.datasets.base import DataSetKind

SYNTHETIC = "synthetic"


def add_arguments(command: argparse.ArgumentParser, _: str) -> None:
    """Add the command's arguments to its parser."""
    text = "a folder of sounds, a .csv file, the folder of a published data set, or synthetic (the default)"
    command.add_argument("data", metavar="DATA", nargs="?", default=SYNTHETIC, help=text)
    text = "the study file to write (default: NAME.yaml, by the data's name)"
    command.add_argument("--out", type=Path, metavar="FILE", help=text)
    command.add_argument("--force", action="store_true", help="replace the file if it exists")
    command.set_defaults(handler=init)


def init(options: argparse.Namespace) -> int:
    """Write a study file that ``check`` accepts, and print what to do next.

    Raises:
        UsageError: there is no such data, its name is not Unicode, or the file exists.
        DataSetError: the data set has problems; all are listed.

    """
    dataset, name = _data_set(options.data)
    path = options.out or Path(f"{study_name(name)}.yaml")
    if path.exists() and not options.force:
        msg = f"{path}: already exists; use --force to replace it, or --out to name another file"
        raise UsageError(msg)
    try:
        with still(f"{options.data}: reading the data"):
            manifest = checked(dataset.parse(cache()))
            headers, _ = headers_of(manifest)
            made = _sized(starter(dataset, manifest, headers, name), path)
    except DataSetError as error:
        raise DataSetError([*error.problems, *_lists(dataset)]) from None
    write_atomically(path, made.text().encode())
    file = shlex.quote(str(path))
    say(f"{path}: written", f"next: gce-study check {file}", f"then: gce-study run {file}")
    return 0


def _data_set(text: str) -> tuple[DataSetKind, str]:
    """Return the data set that a command line names, and a name for its study.

    Raises:
        UsageError: there is no such data.

    """
    path = Path(text).expanduser()
    if text == SYNTHETIC and not path.exists():
        return Synthetic(kind="synthetic"), SYNTHETIC
    if is_url(text):
        msg = f"{shown(text)}: init reads only files on this machine; write the study file for a URL by hand"
        raise UsageError(msg)
    if text in RELEASES and not path.exists():
        fetched = f"gce-study data fetch {text} ~/data"
        msg = f"{text} is a published data set, which is not here; fetch it: {fetched}; then name its folder"
        raise UsageError(msg)
    if not path.exists():
        msg = f"{shown(text)}: no such file or folder{closest(text, [SYNTHETIC, *RELEASES])}"
        raise UsageError(msg)
    try:
        str(path.absolute()).encode()
    except UnicodeEncodeError:
        msg = f"{shown(text)}: its name is not Unicode, so no study file can name it; rename it"
        raise UsageError(msg) from None
    model = next(model for model in KINDS.values() if model.recognises(path))
    return model.at(path.absolute()), path.absolute().stem if path.is_file() else path.absolute().name


def _lists(dataset: DataSetKind) -> list[str]:
    """Return what to try in place of a folder that is no data set but holds a CSV."""
    lists = sorted(Path(dataset.root).glob("*.csv")) if isinstance(dataset, Folder) else []
    return [f"if {lists[0].name} lists the clips: gce-study init {shlex.quote(str(lists[0]))}"] if lists else []


def _sized(made: Starter, path: Path) -> Starter:
    """Return a starter with as many epochs as this machine trains in a reasonable time.

    Raises:
        SpecError, DataSetError: the study could not be run.

    """
    with TemporaryDirectory() as folder:
        draft = Path(folder) / path.name
        draft.write_text(made.text(), encoding="utf-8")
        spec = read_spec(draft)
    try:
        seconds = check_study(spec).seconds
    except EngineError as error:  # this machine could not be timed; the study may still be sound
        say(str(error), err=True)
        return made
    epochs = epochs_within(seconds)
    if seconds is not None and epochs < made.epochs:
        all_epochs = f"The default of {made.epochs} epochs would take up to {duration(seconds)} on this machine"
        why = f"{all_epochs}; {epochs} take {duration(seconds * epochs / made.epochs)}."
        return replace(made, epochs=epochs, about=(*made.about, why))
    return made
