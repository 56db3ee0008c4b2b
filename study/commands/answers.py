"""The commands that hand a study's answer on: report, export, best, compare."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from study.commands.options import add_storage, storage_location
from study.console import say, show
from study.ledger.registry import find_plan

if TYPE_CHECKING:
    from analysis.results.study_results import StudyResults
    from trainables.storage.types import Location

# Those of ``analysis.report.write`` and ``analysis.report.export``, which are too slow to import for a help text.
FORMATS = ("html", "md", "latex", "csv", "json", "pdf", "png", "svg")
USUAL = ("html", "md", "csv")
SUFFIXES = (".csv", ".parquet")
NOTHING = 1  # exit code where there is nothing to choose from


def add_parsers(commands: Any) -> None:  # noqa: ANN401 -- argparse keeps the type private
    """Add the commands to the parser."""
    command = _add(commands, "report", report, "write a study's report")
    command.add_argument("--out", type=storage_location, help="folder to write (default: STORAGE/studies/NAME/report)")
    command.add_argument(
        *("--format",),
        type=_formats,
        default=USUAL,
        metavar="LIST",
        help=f"any of {','.join(FORMATS)} (default: {','.join(USUAL)}); pdf, png and svg need Chromium or kaleido",
    )
    command = _add(commands, "export", export, "write a study's runs, and their curves, as CSV or Parquet")
    command.add_argument("--runs", type=_table, required=True, metavar="FILE", help="a row per run; .csv or .parquet")
    command.add_argument("--epochs", type=_table, metavar="FILE", help="a row per epoch of a run; .csv or .parquet")
    command = _add(commands, "best", best, "print what a study chooses, and how sure that is")
    forms = command.add_mutually_exclusive_group()
    forms.add_argument("--json", action="store_true", help="as JSON, for scripts")
    forms.add_argument("--yaml", action="store_true", help="as the arms of a study file")
    command = _add(commands, "compare", compare, "print how two studies differ, in their files and in their results")
    command.add_argument("other", help="the second study's name")
    command.add_argument(
        "--storage-b", type=storage_location, help="the second study's storage location (default: the first's)"
    )


def _add(commands: Any, name: str, handler: Any, text: str) -> argparse.ArgumentParser:  # noqa: ANN401 -- see above
    command: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    command.add_argument("name", help="the study's name")
    add_storage(command)
    command.set_defaults(handler=handler)
    return command


def _formats(text: str) -> tuple[str, ...]:
    found = [part.strip() for part in text.split(",")]
    for part in found:
        if part not in FORMATS:
            from study.spec.messages import closest, shown  # noqa: PLC0415

            msg = f"{shown(part)}; allowed: one or more of {', '.join(FORMATS)}, with commas{closest(part, FORMATS)}"
            raise argparse.ArgumentTypeError(msg)
    return tuple(dict.fromkeys(found))


def _table(text: str) -> Path:
    path = Path(text)
    if path.suffix not in SUFFIXES:
        from study.spec.messages import shown  # noqa: PLC0415

        msg = f"{shown(text)}; allowed: a file that ends in {' or '.join(SUFFIXES)}"
        raise argparse.ArgumentTypeError(msg)
    return path


def report(options: argparse.Namespace) -> int:
    """Write a study's report and print where its files lie."""
    from analysis.report.write import write_report  # noqa: PLC0415

    find_plan(options.storage, options.name)
    folder = write_report(options.storage, options.name, options.out, options.format)
    say(str(folder / "report.html" if "html" in options.format else folder))
    return 0


def export(options: argparse.Namespace) -> int:
    """Write the tidy tables and print where they lie."""
    from analysis.report.export import epochs_table, runs_table, write_tables  # noqa: PLC0415

    if options.epochs is not None and options.epochs.absolute() == options.runs.absolute():
        from study.errors import UsageError  # noqa: PLC0415

        msg = f"--epochs {options.epochs}: the same file as --runs; allowed: another one"
        raise UsageError(msg)
    results = _load(options.storage, options.name)
    tables = {options.runs: runs_table(results)}
    if options.epochs is not None:
        tables[options.epochs] = epochs_table(results)
    write_tables(tables)
    for path, table in tables.items():
        say(f"{path}: {len(table)} rows")
    return 0


def best(options: argparse.Namespace) -> int:
    """Print the choice; where there is nothing to choose from, say why on the standard error."""
    from analysis.findings.choice import best as choice_of  # noqa: PLC0415
    from analysis.text.best import best_lines  # noqa: PLC0415
    from analysis.text.verdict import verdict  # noqa: PLC0415

    results = _load(options.storage, options.name)
    found = choice_of(results)
    if found is None:
        say(f"gce-study: {options.name}: {verdict(results)}", err=True)
        return NOTHING
    if options.json:
        say(json.dumps(found.as_dict(), indent=1, ensure_ascii=False))
    elif options.yaml:
        say(found.arms_yaml().rstrip())
    else:
        say("\n".join(best_lines(found)))
    return 0


def compare(options: argparse.Namespace) -> int:
    """Print how two studies differ: keys of their files, data, and the configurations that both have."""
    from analysis.tables.two_studies import comparison, only  # noqa: PLC0415
    from study.spec.differences import differences  # noqa: PLC0415

    first = _load(options.storage, options.name)
    second = _load(options.storage_b or options.storage, options.other)
    changed = [line for line in differences(first.plan.spec, second.plan.spec) if not line.startswith("name: ")]
    say(f"{first.plan.name} -> {second.plan.name}: " + ("" if changed else "files that ask the same"))
    for line in changed:
        say(f"  {line}")
    if first.plan.dataset.fingerprint != second.plan.dataset.fingerprint:
        say("  different data: no difference is paired")
    for one, other in ((first, second), (second, first)):
        if alone := only(one, other):
            say(f"only in {one.plan.name}: {', '.join(alone)}")
    table = comparison(first, second)
    if table.rows:
        show("", table.header, table.rows)
        say(table.note)
    else:
        say("no configuration with a complete run is in both")
    return 0


def _load(storage: Location, name: str) -> StudyResults:
    """Load a study; one that is not there is named as such, with those that are."""
    from analysis.results.study_results import load_results  # noqa: PLC0415

    find_plan(storage, name)
    return load_results(storage, name)
