"""The command compare: print how two studies differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.findings.shared_configurations import shared_configurations
from analysis.tables.several_studies import comparison
from study.commands.options import study_place
from study.commands.overview.json_models import CompareAnswer, TableAnswer
from study.commands.results.loading import load
from study.consent import SHOWN
from study.console import say, show, write
from study.spec.differences import differences

if TYPE_CHECKING:
    import argparse

    from trainables.plans import StudyPlan


def compare(options: argparse.Namespace) -> int:
    """Print how two studies differ: keys of their files, data, and the configurations that both have."""
    place = study_place(options.study, options.storage)
    first = load(place, options.metric, show_test=options.show_test)
    elsewhere = study_place(options.other, options.storage_b, place.storage)
    second = load(elsewhere, options.metric, show_test=options.show_test)
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
