"""The arguments of the command audit; what it does is imported when it runs, so that help needs no pandas."""

from __future__ import annotations

import argparse
from pathlib import Path

from study.commands.options import add_allow_code, add_study
from study.errors import UsageError
from study.spec.messages import shown
from trainables.plans import FEWEST_PARTS, MOST_PARTS

TOP = 20  # clips that are printed


def add_arguments(command: argparse.ArgumentParser, _: str) -> None:
    """Add the command's arguments to its parser."""
    add_study(command)
    command.add_argument("--top", type=_positive, metavar="N", help=f"print N clips (default: {TOP})")
    command.add_argument("--class", dest="of_class", metavar="LABEL", help="only clips with this given label")
    text = "write all clips to review as a new CSV, with empty columns decision and new_label to fill in"
    command.add_argument("--csv", type=_csv, metavar="FILE", help=text)
    text = (
        "train K runs, each of which holds out another part of the training clips, and use their predictions for it; "
        "they form a study of their own, STUDY-folds-K"
    )
    command.add_argument("--folds", type=_folds, metavar="K", help=text)
    add_allow_code(command)
    text = "write the data set corrected by the decisions in FILE, as a new CSV; your sounds and lists are not changed"
    command.add_argument("--apply", type=Path, metavar="FILE", help=text)
    command.add_argument(
        "--out", type=_csv, metavar="FILE", help="with --apply: the new CSV (default: STUDY-reviewed.csv)"
    )
    command.set_defaults(handler=audit)


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text)):
        msg = f"{shown(text)} is not a whole number of at least 1"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def _folds(text: str) -> int:
    if not (text.isascii() and text.isdigit() and FEWEST_PARTS <= int(text) <= MOST_PARTS):
        msg = f"{shown(text)} is not a whole number from {FEWEST_PARTS} to {MOST_PARTS}"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def _csv(text: str) -> Path:
    path = Path(text)
    if path.suffix != ".csv":
        msg = f"{shown(text)}; allowed: a file that ends in .csv"
        raise argparse.ArgumentTypeError(msg)
    return path


def audit(options: argparse.Namespace) -> int:
    """Rank the clips, or apply a person's decisions."""
    listing = {"--top": options.top, "--class": options.of_class, "--csv": options.csv, "--folds": options.folds}
    if options.apply is not None:
        if given := [name for name, value in listing.items() if value is not None]:
            msg = f"--apply: cannot be combined with {' or '.join(given)}"
            raise UsageError(msg)
        from study.commands.audits.corrected import write_corrected  # noqa: PLC0415 -- see the module's docstring

        return write_corrected(options)
    if options.out is not None:
        msg = "--out: only with --apply"
        raise UsageError(msg)
    from study.commands.audits.ranked import list_ranked  # noqa: PLC0415 -- see the module's docstring

    return list_ranked(options, options.top or TOP)
