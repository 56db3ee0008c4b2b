"""The ``data`` commands: fetch, verify and describe data sets, and embed a study's clips."""

from __future__ import annotations

import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.tables.csv_text import csv_text
from analysis.text.cautions.clips import clip_cautions
from study.commands import embed
from study.console import say, show, write
from study.engine.display.heartbeat import still
from study.spec.reading import read_spec
from trainables.audio.errors import AudioError
from trainables.audio.headers import probe
from trainables.datasets.checks.doubtful import doubtful_clips
from trainables.datasets.checks.files import lines, notes, quick_checks, threads
from trainables.datasets.checks.pitfalls import pitfalls
from trainables.datasets.checks.structure import structure
from trainables.datasets.config import KINDS
from trainables.datasets.fetching.fetch import fetch
from trainables.datasets.fetching.releases import RELEASES
from trainables.datasets.kinds import fsdnoisy18k
from trainables.datasets.load import compare_contents
from trainables.datasets.manifest import DataSetError
from trainables.datasets.names import MISSING
from trainables.datasets.remote import local_copy
from trainables.datasets.subsets import counts
from trainables.storage.files import cache

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from trainables.audio.headers import Probe
    from trainables.datasets.manifest import Clip, Manifest

    Table = tuple[str, Sequence[str], Sequence[Sequence[str]]]  # title, columns, rows

WORDS = ("what", "what to do")  # the columns of pitfalls
STUDY_FILES = (".yaml", ".yml")
PROBLEMS = 1  # exit code of `data verify` when it finds problems


def add_arguments(command: argparse.ArgumentParser, _: str) -> None:
    """Add ``fetch``, ``verify`` and ``describe`` to the command's parser."""
    commands = command.add_subparsers(title="commands", metavar="COMMAND", required=True)

    text = "download a published data set and unpack it; continues if interrupted"
    fetching = commands.add_parser("fetch", help=text, description=text)
    fetching.add_argument("name", choices=list(RELEASES), help="the data set: its kind in a study file")
    fetching.add_argument("root", type=_path, metavar="ROOT", help="folder to put its folders into")
    fetching.add_argument("--quiet", action="store_true", help="show no progress bar")
    fetching.set_defaults(handler=_fetch)

    text = "compare FSDnoisy18k on disk with the official release"
    verify = commands.add_parser("verify", help=text, description=text)
    verify.add_argument("root", type=_path, metavar="ROOT", help="the folder that holds FSDnoisy18k.meta")
    verify.set_defaults(handler=_verify)

    text = "print classes, hours, rates, subsets, every problem, and pitfalls for training"
    describe = commands.add_parser("describe", help=text, description=text)
    describe.add_argument(
        "root",
        type=_path,
        metavar="ROOT",
        help="a study file, a published data set, a folder per class, or a .csv file",
    )
    describe.add_argument(
        "--kind",
        choices=[name for name, model in KINDS.items() if model.path_key],
        help="what ROOT is (default: detected)",
    )
    describe.add_argument("--csv", action="store_true", help="print CSV instead of tables")
    describe.set_defaults(handler=_describe)

    text = "embed the clips of a study with a model that has the HEAR 2021 API; run it again to continue"
    embed.add_arguments(commands.add_parser("embed", help=text, description=text))


def _path(text: str) -> Path:
    return Path(text).expanduser()


def _fetch(options: argparse.Namespace) -> int:
    options.root.mkdir(parents=True, exist_ok=True)
    bar = not options.quiet and sys.stderr.isatty()
    with nullcontext() if bar or options.quiet else still("fetching and unpacking"):
        fetched = fetch(options.root, RELEASES[options.name], progress=bar)
    say(f"unpacked {', '.join(fetched)}" if fetched else "everything is already unpacked")
    say(f"next: gce-study data {'verify' if options.name == 'fsdnoisy18k' else 'describe'} {options.root}")
    return 0


def _verify(options: argparse.Namespace) -> int:
    with still(f"{options.root}: reading the data"):
        problems = fsdnoisy18k.verify(options.root)
    for line in problems:
        say(line)
    if len(problems) > 1:
        say(f"{options.root}: {len(problems)} problems")
    elif not problems:
        say(f"{options.root}: names, counts and lengths as released (content not compared)")
    return PROBLEMS if problems else 0


def _describe(options: argparse.Namespace) -> int:
    """Print the tables of what can be read, with warnings, and raise DataSetError with everything that is wrong."""
    manifest, problems = parse_any(options.root, options.kind)
    if not manifest.clips:
        raise DataSetError(problems)
    with still(f"{options.root}: reading the data"):
        headers, bad = headers_of(manifest)
        doubtful = doubtful_clips(compare_contents(manifest, headers))
    tables = [class_table(manifest), _audio_table(manifest, headers, bad), subset_table(manifest)]
    if warnings := pitfalls(manifest, headers):
        tables.append(("Pitfalls for training", WORDS, warnings))
    if options.csv:
        write(_as_csv(tables))
    else:
        for title, columns, rows in tables:
            show(title, columns, rows)
            say("")
    for text in (*notes(manifest), *clip_cautions(doubtful)):
        say(text, err=options.csv)
    problems = problems + structure(manifest)
    if headers or set(bad.values()) != {MISSING}:  # the table already shows that all audio is absent
        problems += lines(manifest, bad)
    if problems:
        raise DataSetError(problems)
    return 0


def parse_any(path: Path, kind: str | None = None) -> tuple[Manifest, list[str]]:
    """Read the list of clips of a study file's data set, or of the first kind that recognises the path.

    Args:
        path: of a study file, or of a data set.
        kind: of the data set at the path; by default it is found out.

    """
    if kind is None and path.suffix in STUDY_FILES and not path.is_dir():
        return local_copy(read_spec(path).dataset, cache()).parse(cache())
    model = KINDS[kind] if kind else next(model for model in KINDS.values() if model.recognises(path))
    return model.at(path).parse(cache())


def class_table(manifest: Manifest) -> Table:
    """Count the clips of each class as Figure 1 of Fonseca et al. 2019 does."""
    counted = Counter((c.label, "test" if c.split == "test" else c.verified) for c in manifest.clips)
    columns = (True, False, "test")
    numbers = {label: [counted[label, column] for column in columns] for label in manifest.classes}
    numbers["all"] = [sum(column) for column in zip(*numbers.values(), strict=True)]
    # Where each fold is the test set in turn, a sound is a training clip and a test clip.
    totals = Counter(clip.label for clip in manifest.sounds)
    table = [[label, *map(str, row), str(totals[label])] for label, row in numbers.items()]
    table[-1][-1] = str(totals.total())
    return f"{manifest.name}: clips per class", ("class", "verified", "unverified", "test", "total"), table


def subset_table(manifest: Manifest) -> Table:
    """Count the training clips of each subset of Table 1."""
    rows = []
    for c in counts(manifest):
        numbers = (c.unverified, c.verified, c.unverified + c.verified)
        rows.append([c.name, *(map(str, numbers) if any(numbers) else "---")])
    return "Subsets (Table 1 of the adaptive GCE paper)", ("subset", "unverified", "verified", "total"), rows


def headers_of(manifest: Manifest) -> tuple[dict[str, Probe], dict[str, str]]:
    """Read every file's header: path -> header of the usable files, path -> problem of the others."""
    headers: dict[str, Probe] = {}
    bad = quick_checks(manifest)

    def look(clip: Clip) -> None:
        try:
            headers[clip.path] = probe(manifest.file(clip))
        except AudioError as error:
            bad[clip.path] = str(error)

    with ThreadPoolExecutor(threads()) as pool:
        list(pool.map(look, [c for c in manifest.sounds if c.path not in bad]))
    return headers, bad


def _audio_table(manifest: Manifest, headers: dict[str, Probe], bad: dict[str, str]) -> Table:
    """Return hours and rates by the files' headers; a split without audio is marked as absent."""
    title, columns = "audio", ("split", "files", "hours", "shortest s", "longest s", "rates", "cannot be used")
    rows = []
    for split in ("train", "test"):
        clips = [c for c in manifest.clips if c.split == split]
        present = [c.path for c in clips if bad.get(c.path) != MISSING]
        if not present:
            rows.append([split, "audio absent", "", "", "", "", ""])
            continue
        readable = [headers[path] for path in present if path in headers]
        seconds = [p.seconds for p in readable] or [0.0]
        rates = Counter(p.rate for p in readable)
        rows.append(
            [
                split,
                f"{len(present)} of {len(clips)}",
                f"{sum(seconds) / 3600:.2f}",
                f"{min(seconds):.2f}",
                f"{max(seconds):.2f}",
                ", ".join(f"{rate} Hz: {n}" for rate, n in rates.most_common()),
                str(len(present) - len(readable)),
            ]
        )
    return title, columns, rows


def _as_csv(tables: list[Table]) -> str:
    """Join the tables, each with its header, by blank lines."""
    return "\n".join(csv_text(columns, rows) for _, columns, rows in tables)
