"""The ``data`` commands: fetch and verify FSDnoisy18k, and describe any data set."""

from __future__ import annotations

import csv
import io
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from trainables.datasets.headers import Probe
    from trainables.datasets.manifest import Manifest

    Table = tuple[str, Sequence[str], Sequence[Sequence[str]]]  # title, columns, rows

KINDS = ("fsdnoisy18k", "csv", "folder")
PROBLEMS = 1  # exit code of `data verify` when something is not as it should be


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``data fetch``, ``data verify`` and ``data describe``; each sets ``handler``, which returns the exit code."""
    data = subparsers.add_parser("data", help="fetch, verify or describe a data set")
    commands = data.add_subparsers(title="commands", metavar="COMMAND", required=True)

    fetch = commands.add_parser(
        "fetch", help="download FSDnoisy18k (about 12 GB) and unpack it; continues if interrupted"
    )
    fetch.add_argument("name", choices=["fsdnoisy18k"])
    fetch.add_argument("root", type=_path, metavar="ROOT", help="where its folders will lie")
    fetch.add_argument("--quiet", action="store_true", help="show no progress bar")
    fetch.set_defaults(handler=_fetch)

    verify = commands.add_parser("verify", help="compare FSDnoisy18k on disk with the official release")
    verify.add_argument("root", type=_path, metavar="ROOT", help="the folder that holds FSDnoisy18k.meta")
    verify.set_defaults(handler=_verify)

    describe = commands.add_parser("describe", help="print classes, hours, rates and the subsets of Table 1")
    describe.add_argument("root", type=_path, metavar="ROOT", help="FSDnoisy18k, a folder per class, or a .csv file")
    describe.add_argument("--kind", choices=KINDS, help="what ROOT is (default: found out)")
    describe.add_argument("--csv", action="store_true", help="print CSV instead of tables")
    describe.set_defaults(handler=_describe)


def _path(text: str) -> Path:
    return Path(text).expanduser()


def _fetch(options: argparse.Namespace) -> int:
    from trainables.datasets import fsdnoisy18k  # noqa: PLC0415 -- `--help` need not wait for it

    options.root.mkdir(parents=True, exist_ok=True)
    fetched = fsdnoisy18k.fetch(options.root, progress=not options.quiet and sys.stderr.isatty())
    print(f"unpacked {', '.join(fetched)}" if fetched else "everything was there already")  # noqa: T201
    print(f"next: gce-study data verify {options.root}")  # noqa: T201
    return 0


def _verify(options: argparse.Namespace) -> int:
    from trainables.datasets import fsdnoisy18k  # noqa: PLC0415

    problems = fsdnoisy18k.verify(options.root)
    for line in problems:
        print(line)  # noqa: T201
    print(f"{options.root}: {len(problems)} problems" if problems else f"{options.root}: as released")  # noqa: T201
    return PROBLEMS if problems else 0


def _describe(options: argparse.Namespace) -> int:
    manifest = read_any(options.root, options.kind)
    tables = [class_table(manifest), _audio_table(manifest), subset_table(manifest)]
    if options.csv:
        print(_as_csv(tables), end="")  # noqa: T201
    else:
        _print(tables)
    return 0


def read_any(root: Path, kind: str | None = None) -> Manifest:
    """Read the list of clips of whatever lies at ``root``; the audio may be absent.

    Raises:
        DataSetError: it cannot be read; every problem is listed.

    """
    from trainables.datasets import csv_manifest, folders, fsdnoisy18k  # noqa: PLC0415

    if kind is None:
        if root.is_file():
            kind = "csv"
        else:
            kind = "fsdnoisy18k" if (fsdnoisy18k.meta(root) / "train.csv").is_file() else "folder"
    if kind == "csv":
        return csv_manifest.read(root)
    return folders.read(root) if kind == "folder" else fsdnoisy18k.read(root)


def class_table(manifest: Manifest) -> Table:
    """Count the clips of each class as Figure 1 of Fonseca et al. 2019 does."""
    counted = Counter((c.label, "test" if c.split == "test" else c.verified) for c in manifest.clips)
    columns = (True, False, "test")
    numbers = {label: [counted[label, column] for column in columns] for label in manifest.classes}
    numbers["all"] = [sum(column) for column in zip(*numbers.values(), strict=True)]
    table = [[label, *map(str, row), str(sum(row))] for label, row in numbers.items()]
    return f"{manifest.name}: clips per class", ("class", "verified", "unverified", "test", "total"), table


def subset_table(manifest: Manifest) -> Table:
    """Count the training clips of each subset of Table 1."""
    from trainables.datasets.subsets import counts  # noqa: PLC0415

    rows = [[c.name, str(c.unverified), str(c.verified), str(c.unverified + c.verified)] for c in counts(manifest)]
    return "training subsets (Table 1)", ("subset", "unverified", "verified", "total"), rows


def _audio_table(manifest: Manifest) -> Table:
    """Sum up hours and rates by the files' headers; say so where there are none."""
    title, columns = "audio", ("split", "files", "hours", "shortest s", "longest s", "rates", "cannot be used")
    rows = []
    for split in ("train", "test"):
        clips = [c for c in manifest.clips if c.split == split]
        present = [manifest.file(c) for c in clips if manifest.file(c).is_file()]
        if not present:
            rows.append([split, "audio absent", "", "", "", "", ""])
            continue
        with ThreadPoolExecutor() as pool:
            found = [p for p in pool.map(_probe, present) if p is not None]
        seconds = [p.seconds for p in found] or [0.0]
        rates = Counter(p.rate for p in found)
        rows.append(
            [
                split,
                f"{len(present)} of {len(clips)}",
                f"{sum(seconds) / 3600:.2f}",
                f"{min(seconds):.2f}",
                f"{max(seconds):.2f}",
                ", ".join(f"{rate} Hz: {n}" for rate, n in rates.most_common()),
                str(len(present) - len(found)),
            ]
        )
    return title, columns, rows


def _probe(path: Path) -> Probe | None:
    from trainables.datasets.headers import AudioError, probe  # noqa: PLC0415

    try:
        return probe(path)
    except AudioError:
        return None


def _print(tables: list[Table]) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table as RichTable  # noqa: PLC0415

    console = Console()
    for title, columns, rows in tables:
        table = RichTable(title=title, title_justify="left")
        for i, column in enumerate(columns):
            table.add_column(column, justify="right" if i else "left", overflow="fold")
        for row in rows:
            table.add_row(*row, end_section=len(rows) > 1 and row is rows[-2] and rows[-1][0] == "all")
        console.print(table)


def _as_csv(tables: list[Table]) -> str:
    """Join the tables, each with its header, by blank lines."""
    parts = []
    for _, columns, rows in tables:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows([columns, *rows])
        parts.append(text.getvalue())
    return "\n".join(parts)
