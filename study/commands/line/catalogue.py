"""Every command: its module, the group that the help lists it in, what it does, and examples."""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple

from study.commands.line.parser import CommandParser


class Command(NamedTuple):
    """A command.

    Attributes:
        module: in ``study.commands``; it has ``add_arguments`` and the handler.
        group: under which the help lists it; empty for a command that the help does not list.
        text: what it does, as the help states it.
        examples: command lines, each with what it does.

    """

    module: str
    group: str = ""
    text: str = ""
    examples: tuple[tuple[str, str], ...] = ()


STUDY, RESULTS, CLUSTER, DATA, MODEL, SHELL = "Study", "Results", "Cluster", "Data", "Model", "Shell and editor"
COMMANDS = {
    "init": Command(
        "init",
        STUDY,
        "look at a data set and write a first study file for it, with comments",
        (("init ~/sounds", "a folder per class"), ("init clips.csv --out first.yaml", "a list of clips")),
    ),
    "check": Command(
        "check",
        STUDY,
        "print the runs that a study file asks for and how long they take, without training",
        (
            ("check study.yaml", "what it trains, and for how long"),
            ("check figure3", "a study that ships with gce-study"),
        ),
    ),
    "run": Command(
        "run",
        STUDY,
        "train every run that is not recorded yet, then report; run it again to continue",
        (
            ("run demo", "a small study on synthetic sounds"),
            ("run demo --dashboard", "the same, with a page that shows it live"),
            ("run study.yaml --retry-failed", "train failed runs again"),
        ),
    ),
    "resume": Command(
        "drivers",
        STUDY,
        "run a study again after it ended or its driver died; on a cluster, from the file it was submitted with",
        (("resume demo", "from the plan in the folder results"),),
    ),
    "status": Command(
        "studies",
        STUDY,
        "print a study's progress and its result so far",
        (("status demo", "once"), ("status demo --watch", "until it ends or you press Ctrl-C")),
    ),
    "list": Command(
        "studies",
        STUDY,
        "list the studies of a storage location with their results, or those of a cluster",
        (("list", "those in the folder results"), ("list --storage s3://bucket/results", "those in an object store")),
    ),
    "logs": Command(
        "drivers",
        STUDY,
        "print the log of a study, or of one of its runs",
        (("logs demo --follow", "until the study ends"), ("logs demo --run 3f2a", "of a run, by the start of its id")),
    ),
    "stop": Command(
        "drivers",
        STUDY,
        "stop a study once its runs have finished their epoch; resume continues it",
        (("stop demo", "from any terminal on any machine that has the storage location"),),
    ),
    "cancel": Command(
        "drivers",
        STUDY,
        "end a study at once; records and checkpoints are kept",
        (("cancel demo", "without waiting for an epoch to end"),),
    ),
    "wait": Command(
        "drivers",
        STUDY,
        "wait until a study ends; on a cluster, the exit code is that of its driver",
        (("wait demo --timeout 3600", "for at most an hour"),),
    ),
    "report": Command(
        "results.command",
        RESULTS,
        "write a study's report",
        (("report demo", "HTML, Markdown and CSV"), ("report demo --format pdf,latex", "for a paper")),
    ),
    "best": Command(
        "results.command",
        RESULTS,
        "print a study's choice and how certain it is",
        (("best demo", "in words"), ("best demo --yaml > best.yaml", "as a study file")),
    ),
    "compare": Command(
        "results.command",
        RESULTS,
        "print how two studies differ, in their files and in their results",
        (("compare demo more-seeds", "files, data and accuracies"),),
    ),
    "export": Command(
        "results.command",
        RESULTS,
        "write a study's runs, and their curves, as CSV or Parquet",
        (("export demo --runs runs.csv --epochs epochs.parquet", "two tables"),),
    ),
    "audit": Command(
        "audits.command",
        RESULTS,
        "list the training clips whose labels are most likely wrong, and write the corrected data set",
        (
            ("audit demo --csv review.csv", "a list to fill in"),
            ("audit demo --apply review.csv", "write the corrected data set"),
        ),
    ),
    "dashboard": Command(
        "dashboard.command",
        RESULTS,
        "show the studies of a storage location, or of a cluster, in a browser, live while they run",
        (
            ("dashboard", "the studies in the folder results"),
            ("dashboard demo --port 0", "on a free port"),
            ("dashboard --cluster cluster.yaml", "of a study that runs on a cluster, through SSH"),
        ),
    ),
    "submit": Command(
        "jobs",
        CLUSTER,
        "start a study on a cluster, or find it running there",
        (("submit study.yaml --cluster cluster.yaml", "through SSH, to the machines of a cluster file"),),
    ),
    "end-driver": Command("jobs"),
    "data": Command(
        "data",
        DATA,
        "fetch, verify or describe a data set, or embed its clips",
        (
            ("data describe ~/sounds", "classes, hours, problems and pitfalls"),
            ("data fetch esc50 ~/data", "a published set"),
        ),
    ),
    "prune": Command(
        "prune",
        DATA,
        "free what studies no longer need: checkpoints, frames, caches, temporary files of killed processes",
        (("prune --dry-run", "what would be freed"), ("prune --older-than 30d", "only what is older than a month")),
    ),
    "model": Command(
        "model",
        MODEL,
        "write the trained network of a study's choice to a folder: weights, model card, ONNX",
        (("model demo --out model", "the choice's run with the median validation score"),),
    ),
    "predict": Command(
        "model",
        MODEL,
        "label sound files with the trained network of a study's choice",
        (("predict demo street.wav", "the three most probable classes"),),
    ),
    "completion": Command(
        "line.completion",
        SHELL,
        "print a script that lets a shell complete commands, options and names of studies",
        (
            ("completion bash > ~/.gce-study.bash", "and in ~/.bashrc: . ~/.gce-study.bash"),
            ("completion zsh > ~/.zfunc/_gce-study", "and in ~/.zshrc, before compinit: fpath+=~/.zfunc"),
            ("completion fish > ~/.config/fish/completions/gce-study.fish", "nothing else to do"),
        ),
    ),
    "schema": Command(
        "studies",
        SHELL,
        "print the JSON Schema of study files, for editors",
        (("schema > study.schema.json", "for an editor's YAML support"),),
    ),
}
NOTES = {CLUSTER: "status, list, resume, logs, stop, cancel and wait reach a cluster with --cluster or --address"}


def parser(*chosen: str) -> CommandParser:
    """Build the parser; only the chosen commands get their arguments, among them ``handler``."""
    from importlib.metadata import version  # noqa: PLC0415 -- needed by the parser alone

    top = CommandParser(
        prog="gce-study",
        description="Find out which noise-robust loss and parameter suit your sounds, and how certain that is.",
    )
    top.add_argument("--version", action="version", version=f"gce-study {version('gce-study')}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    top.hidden = {name for name, command in COMMANDS.items() if not command.text}
    top.groups = {name: command.group for name, command in COMMANDS.items() if command.group}
    top.notes = NOTES
    top.examples = (
        ("init ~/sounds", "write a study file for a folder of sounds"),
        ("run demo", "a small study on synthetic sounds, in minutes"),
        ("COMMAND --help", "the arguments of a command, with examples"),
    )
    for name, command in COMMANDS.items():
        text = command.text
        made = commands.add_parser(name, help=text, description=text) if text else commands.add_parser(name)
        made.examples = command.examples
        if name in chosen:
            import_module(f"study.commands.{command.module}").add_arguments(made, name)
    return top
