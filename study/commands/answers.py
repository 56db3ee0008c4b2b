"""The commands that give a study's results: export, best, compare."""

from __future__ import annotations

import argparse
import json
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.findings.method_finding import method_finding
from analysis.findings.shared_configurations import shared_configurations
from analysis.report.codebook import write_codebook
from analysis.report.export import SUFFIXES, epochs_table, runs_table, write_tables
from analysis.report.predictions import write_predictions
from analysis.results.reported_metric import of_metric
from analysis.results.study_results import load_results
from analysis.tables.several_studies import comparison
from analysis.text.best import best_lines
from analysis.text.headline import headline
from analysis.text.validation_clips import earlier_version
from study.commands.options import add_json, add_metric, add_show_test, add_study, storage_location, study_place
from study.commands.overview.models import CompareAnswer, TableAnswer
from study.consent import SHOWN
from study.console import complain, say, show, write
from study.errors import UsageError
from study.ledger.registry import find_plan
from study.spec.differences import differences
from study.spec.messages import shown
from trainables.naming import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analysis.results.study_results import StudyResults
    from study.commands.options import StudyPlace
    from trainables.plans import StudyPlan

NO_CHOICE = 1  # exit code if there is nothing to choose from


def add_arguments(command: argparse.ArgumentParser, name: str) -> None:
    """Add a command's arguments to its parser."""
    add_study(command)
    add_show_test(command)
    if name == "export":
        text = "a row per run; .csv or .parquet"
        command.add_argument("--runs", type=_table, metavar="FILE", help=text)
        command.add_argument("--epochs", type=_table, metavar="FILE", help="a row per epoch of a run; .csv or .parquet")
        text = "a row per run and test clip: labels, prediction, probabilities; .csv or .parquet"
        command.add_argument("--predictions", type=_table, metavar="FILE", help=text)
    elif name == "best":
        add_metric(command)
        forms = command.add_mutually_exclusive_group()
        forms.add_argument("--json", action="store_true", help="as JSON, for scripts")
        forms.add_argument("--yaml", action="store_true", help="as the arms of a study file")
    else:
        add_metric(command)
        command.add_argument("other", metavar="OTHER", help="the second study's name or its file")
        text = "the second study's storage location (default: that of its file, or the first's)"
        command.add_argument("--storage-b", type=storage_location, metavar="STORAGE", help=text)
        add_json(command)
    command.set_defaults(handler={"export": export, "best": best, "compare": compare}[name])


def _table(text: str) -> Path:
    path = Path(text)
    if path.suffix not in SUFFIXES:
        msg = f"{shown(text)}; allowed: a file that ends in {' or '.join(SUFFIXES)}"
        raise argparse.ArgumentTypeError(msg)
    return path


def export(options: argparse.Namespace) -> int:
    """Write the tidy tables, each with its codebook, and print their paths."""
    makers = {"runs": runs_table, "epochs": epochs_table, "predictions": None}
    paths = {name: path for name in makers if (path := getattr(options, name)) is not None}
    if not paths:
        msg = "nothing to export; allowed: one or more of --runs, --epochs and --predictions"
        raise UsageError(msg)
    for name, earlier in combinations(reversed(paths), 2):
        if paths[name].absolute() == paths[earlier].absolute():
            msg = f"--{name} {paths[name]}: the same file as --{earlier}; allowed: another one"
            raise UsageError(msg)
    place = study_place(options.study, options.storage)
    results = _load(place, show_test=options.show_test)
    tables = {paths[name]: make(results) for name, make in makers.items() if make is not None and name in paths}
    write_tables(tables)
    for path, table in tables.items():
        _written(path, len(table), table.columns)
    if "predictions" in paths:
        try:
            written = write_predictions(results, place.storage, paths["predictions"])
        except ValueError as error:
            raise UsageError(str(error)) from None
        _written(paths["predictions"], written.rows, written.columns)
        for problem in written.problems:
            say(problem, err=True)
    return 0


def _written(path: Path, rows: int, columns: Iterable[str]) -> None:
    """Write a file's codebook beside it, and print the file's path."""
    write_codebook(path, columns)
    say(f"{path}: {counted(rows, 'row')}")


def best(options: argparse.Namespace) -> int:
    """Print the choice; if there is nothing to choose from, print the reason on the standard error."""
    results = _load(study_place(options.study, options.storage), options.metric, show_test=options.show_test)
    finding = method_finding(results)
    choice = finding.best
    if choice is None:
        from analysis.report.method_report import method_report  # noqa: PLC0415 -- imports plotly, which a choice does not need

        complain(f"{results.plan.name}: {method_report(results).verdict}")
        return NO_CHOICE
    if text := earlier_version(results.plan):
        say(f"{results.plan.name}: {text}", err=True)
    if options.json:
        words = headline(finding)
        told = {"headline": words.text, "advice": words.advice}
        write(f"{json.dumps(choice.as_dict() | told, indent=1, ensure_ascii=False)}\n")
    elif options.yaml:
        of_plugins = any("." in part["name"] for part in (choice.loss, choice.network))
        plugins = f"plugins: {json.dumps(results.plan.spec['plugins'])}\n" if of_plugins else ""
        write(f"{plugins}{choice.arms_yaml().rstrip()}\n")
    else:
        say(headline(finding).line, *best_lines(choice))
    return 0


def compare(options: argparse.Namespace) -> int:
    """Print how two studies differ: keys of their files, data, and the configurations that both have."""
    place = study_place(options.study, options.storage)
    first = _load(place, options.metric, show_test=options.show_test)
    elsewhere = study_place(options.other, options.storage_b, place.storage)
    second = _load(elsewhere, options.metric, show_test=options.show_test)
    changed = [line for line in differences(first.plan.spec, second.plan.spec) if not line.startswith("name: ")]
    contents = _contents(first.plan), _contents(second.plan)
    changed += [
        f"{name}: SHA-256 {sha256} -> {contents[1][name]}"
        for name, sha256 in contents[0].items()
        if contents[1].get(name, sha256) != sha256
    ]
    shared = shared_configurations((first, second))
    table = comparison(shared)
    answer = CompareAnswer(
        first=first.plan.name,
        second=second.plan.name,
        file_differences=changed,
        same_data=first.plan.dataset.fingerprint == second.plan.dataset.fingerprint,
        only_in_first=list(shared.only(0)),
        only_in_second=list(shared.only(1)),
        table=TableAnswer.of(table.title, table.header, table.rows),
        note=table.note,
    )
    if options.json:
        write(answer.text())
    else:
        _print_comparison(answer)
    return 0


def _print_comparison(answer: CompareAnswer) -> None:
    title = f"{answer.first} -> {answer.second}:"
    say(title if answer.file_differences else f"{title} the study files are equivalent")
    say(*(f"  {line}" for line in answer.file_differences))
    if not answer.same_data:
        say("  different data: no difference is paired")
    for name, alone in ((answer.first, answer.only_in_first), (answer.second, answer.only_in_second)):
        if alone:
            say(f"only in {name}: {', '.join(alone)}")
    if answer.table.rows:
        show("", answer.table.header, answer.table.rows)
        say(answer.note)
    else:
        say("no configuration with a complete run is in both")


def _contents(plan: StudyPlan) -> dict[str, str]:
    """Return the start of the SHA-256 of what runs use beside the study file: code of plugins, and embeddings."""
    contents = {f"code of {code.name}": code.sha256[:SHOWN] for planned in plan.runs for code in planned.run.code}
    if plan.dataset.embeddings is not None:
        contents["content of features.embeddings"] = plan.dataset.embeddings.digest[:SHOWN]
    return contents


def _load(place: StudyPlace, metric: str = "accuracy", *, show_test: bool) -> StudyResults:
    """Load a study; if it does not exist, raise UnknownStudyError, which lists those that do."""
    find_plan(*place)
    results = load_results(*place, show_test=show_test)
    try:
        return of_metric(results, metric)
    except ValueError as error:
        raise UsageError(str(error)) from None
