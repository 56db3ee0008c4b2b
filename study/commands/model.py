"""The commands model and predict: write the trained network of a study's choice to a folder, and use it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.tables.csv_text import csv_text
from study.commands.options import add_allow_code, add_storage_of_study, add_study, consent, study_place
from study.console import complain, say, write
from study.errors import UsageError
from study.models.config import CONFIG
from study.spec.messages import shown
from trainables.audio.errors import AudioError
from trainables.naming import counted
from trainables.storage.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trainables.inference.kept_model import KeptModel, Window

BAD_FILE = 2  # exit code if a file could not be used
SCREEN = Path("-")  # where ``--csv`` without a file writes
HEADER = ("path", "start_s", "end_s", "rank", "label", "probability")


def add_arguments(command: argparse.ArgumentParser, name: str) -> None:
    """Add a command's arguments to its parser."""
    if name == "model":
        add_study(command)
        command.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="a new or empty folder to write")
    else:
        text = "the study's name or its file, or a folder that gce-study model wrote"
        command.add_argument("study", metavar="MODEL", help=text)
        command.add_argument("files", nargs="+", type=Path, metavar="SOUND", help="wav, flac, ogg or mp3 files")
        add_storage_of_study(command)
        command.add_argument("--top", type=_top, default=3, metavar="N", help="classes to name (default: 3)")
        text = "write CSV to a file or, without FILE, to standard output"
        command.add_argument("--csv", type=_csv, nargs="?", const=SCREEN, metavar="FILE", help=text)
        text = "cut files longer than this into windows of this length, 0.1 to 300 (default: 10, if longer than 30)"
        command.add_argument("--window", type=float, metavar="SECONDS", help=text)
        text = "seconds from one window to the next (default: the window's length)"
        command.add_argument("--hop", type=float, metavar="SECONDS", help=text)
    runs = command.add_mutually_exclusive_group()
    text = "take the choice's run with this seed (default: the one with the median validation score)"
    runs.add_argument("--seed", type=int, metavar="N", help=text)
    text = "average all of the choice's runs, by the geometric mean of their probabilities"
    runs.add_argument("--ensemble", action="store_true", help=text)
    add_allow_code(command, "the plugin that defines the network")
    command.set_defaults(handler={"model": model, "predict": predict}[name])


def _top(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text)):
        msg = f"{shown(text)} is not a whole number of at least 1"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def _csv(text: str) -> Path:
    if not text.endswith(".csv"):  # it may be a sound that was to be labelled
        msg = f"{shown(text)}; allowed: a file that ends in .csv; without a file, place --csv after the sounds"
        raise argparse.ArgumentTypeError(msg)
    return Path(text)


def model(options: argparse.Namespace) -> int:
    """Write the model of a study's choice to a folder."""
    from study.models.folder import refuse_used_folder, write_model  # noqa: PLC0415 -- imports PyTorch
    from study.models.loading import model_of_study  # noqa: PLC0415
    from study.models.selection import select  # noqa: PLC0415 -- imports pandas

    refuse_used_folder(options.out)
    place = study_place(options.study, options.storage)
    selection = select(*place, seed=options.seed, ensemble=options.ensemble)
    say(*write_model(options.out, selection, model_of_study(selection, consent(options))))
    return 0


def predict(options: argparse.Namespace) -> int:
    """Print or write the likeliest classes of each window of each file."""
    from trainables.inference.windows import window_problem  # noqa: PLC0415 -- imports NumPy

    if problem := window_problem(options.window, options.hop):
        msg = f"--window and --hop: {problem}"
        raise UsageError(msg)
    kept = _model(options)
    rows: list[tuple[str, ...]] = []
    bad = 0
    for path in options.files:
        try:
            for window in kept.windows(path, options.window, options.hop):
                ranked = list(_ranked(kept, window, options.top))
                times = f"{window.start_s:.3f}", f"{window.end_s:.3f}"
                if options.csv:
                    rows += [(str(path), *times, str(i), *label) for i, label in enumerate(ranked, 1)]
                else:
                    labels = ", ".join(f"{name} {float(p):.3f}" for name, p in ranked)
                    say(f"{path} {window.start_s:.1f}-{window.end_s:.1f} s: {labels}")
        except AudioError as error:
            complain(f"{path}: {error}")
            bad += 1
    if options.csv == SCREEN:
        write(csv_text(HEADER, rows))
    elif options.csv:
        write_atomically(options.csv, csv_text(HEADER, rows).encode())
        say(f"{options.csv}: {counted(len(rows), 'row')}")
    return BAD_FILE if bad else 0


def _model(options: argparse.Namespace) -> KeptModel:
    """Return the model of a folder, if the argument names one that has a model, else that of a study."""
    from study.models.loading import model_of_folder, model_of_study  # noqa: PLC0415 -- imports PyTorch
    from study.models.selection import select  # noqa: PLC0415 -- imports pandas

    if (Path(options.study) / CONFIG).is_file():
        if options.seed is not None or options.ensemble:
            msg = f"--seed and --ensemble are for studies; {options.study} is a folder with one model"
            raise UsageError(msg)
        return model_of_folder(Path(options.study), consent(options))
    place = study_place(options.study, options.storage)
    return model_of_study(select(*place, seed=options.seed, ensemble=options.ensemble), consent(options))


def _ranked(kept: KeptModel, window: Window, top: int) -> Iterator[tuple[str, str]]:
    """Yield the likeliest classes of a window with their probabilities, the likeliest first."""
    for k in sorted(range(len(kept.classes)), key=lambda k: -float(window.probabilities[k]))[:top]:
        yield kept.classes[k], f"{window.probabilities[k]:.6f}"
