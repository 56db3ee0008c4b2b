"""The command ``data embed``: embeddings of a study's clips, by a user's model."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from study.commands.options import add_allow_code, add_run_options, add_study_file, consent, study_spec
from study.consent import Consent
from study.console import say
from study.engine.frames import progress_display
from study.errors import SpecError, UsageError
from study.planning.data import read_data
from study.spec.messages import closest, shown
from trainables.audio.errors import AudioError
from trainables.datasets.manifest import DataSetError
from trainables.hear.embedding import embed_clips
from trainables.hear.models import installed_names, load_file, load_installed
from trainables.naming import counted
from trainables.plugins.sources import PluginError, read_sources

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from trainables.hear.models import HearModel

FOLDER = "embeddings"  # in the current folder: the default of ``--to`` is in it


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's arguments to its parser."""
    add_study_file(command)
    text = "a module with the HEAR 2021 API: a .py file, a package folder, or the name of an installed model"
    command.add_argument("--with", dest="model", required=True, metavar="MODEL", help=text)
    text = f"folder to write, or to continue (default: {FOLDER}/ and the model's name)"
    command.add_argument("--to", type=Path, metavar="FOLDER", help=text)
    add_run_options(command, retry=False)
    add_allow_code(command, "the model and of the study's plugins")
    command.set_defaults(handler=embed)


def embed(options: argparse.Namespace) -> int:
    """Embed the clips of a study's data set that the folder lacks, and print what to write in the study file.

    Raises:
        SpecError: the model's code raises an error, or returns what it must not.
        UsageError: there is no such model, or no consent to its code.
        DataSetError: the data set has problems, or the folder holds other embeddings.

    """
    spec = study_spec(options.file, consent(options))
    try:
        model = _model(options.model, allowed=options.allow_code)
        folder = (options.to or Path(FOLDER) / model.name).expanduser()
        with _continued(folder), progress_display("embeddings", "embeds the same clips") as display:
            manifest = read_data(spec, options.skip_bad_clips)
            timing = embed_clips(model, manifest, folder.absolute(), display.advance)
    except PluginError as error:
        raise SpecError([str(error)]) from None
    except AudioError as error:
        raise DataSetError([str(error)]) from None
    say(f"{folder}: {counted(len(manifest.clips), 'clip')}, {timing.in_words}, {counted(model.dims, 'dimension')}")
    say("in the study file:", f"features: {{embeddings: {_yaml(str(folder))}}}")
    return 0


@contextmanager
def _continued(folder: Path) -> Iterator[None]:
    """State how to continue if the embedding is interrupted, or the folder cannot be written."""
    try:
        yield
    except (KeyboardInterrupt, OSError):
        say(f"{folder}: finished clips are kept; run the same command again to continue", err=True)
        raise


def _model(name: str, *, allowed: bool) -> HearModel:
    """Load the model of a file, or of an installed package.

    Raises:
        PluginError, UsageError: see ``embed``.

    """
    path = Path(name).expanduser()
    if path.exists() or name.endswith(".py"):
        sources = read_sources(path)
        Consent(allowed=allowed)([(path, sources)])
        return load_file(path.absolute(), sources)
    model = load_installed(name)
    if model is None:
        names = installed_names()
        others = f"installed: {', '.join(names)}" if names else "no installed package has a model"
        msg = f"--with {shown(name)}: neither a file nor an installed model{closest(name, names)}; {others}"
        raise UsageError(msg)
    return model


def _yaml(text: str) -> str:
    """Return a text as a value in a line of YAML: in quotes, unless it is plainly a path."""
    return text if re.fullmatch(r"[\w./~-]+", text) else json.dumps(text)
