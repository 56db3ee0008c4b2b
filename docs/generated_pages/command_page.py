"""The reference page of the command line: every command from argparse, every key of what they print as JSON."""

from __future__ import annotations

import argparse
import json
import textwrap
from typing import TYPE_CHECKING, Any

from generated_pages.markdown import WORDS, cell, code, sentence, slug

from study.commands.line.catalogue import COMMANDS, parser
from study.commands.overview.json_models import (
    Answer,
    CheckAnswer,
    CompareAnswer,
    JobAnswer,
    JobsAnswer,
    ListAnswer,
    StatusAnswer,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from study.commands.line.parser import CommandParser

COMMAND_PAGE = """\
# Command line

This page lists every command and option of `gce-study`. It is generated from the program by `docs/generate.py`;
`gce-study COMMAND --help` prints the same.

`FILE` is a study file or the name of a shipped study: `demo`, `best-t`, `best-q`, `search`, `figure3`, `table2`,
`table3` ([their files](../../study/specs)). `check` and `run` also take the name of a study in the folder `results`,
whose plan keeps all of its file but `notify`. Relative paths in a study file start from the folder you are in. If a
file is wrong, every problem is reported at once, with file, line, key, value and the values allowed.

`STUDY` is a study's name, or its file: a text that ends in `.yaml` or `.yml` or contains a slash, such as `./study`. A
name is looked up in the folder `results`, a file's study in the storage location that the file names; `--storage` names
another place. A file takes precedence over a study of the same name.

What a command returns to the shell is listed under [exit codes](exit-codes.md). The commands for clusters are
explained in [Run a study on a cluster](../howto/cluster.md).

`status`, `list`, `compare`, `check` and `best` print JSON with `--json`; its keys are [listed below](#json).

To complete commands, options, names of studies and files with the Tab key, save the script that
[`gce-study completion`](#completion) prints for bash, zsh or fish.

To complete and check study files while you type, point your editor's YAML support at the schema:

```sh
gce-study schema > study.schema.json
```
"""
JSON_PART = """
## JSON

Accuracies and scores are fractions from 0 to 1, durations are in seconds, and times are ISO 8601 in UTC. Keys keep
their meaning while `schema` is 1; new ones may be added. A number that does not exist is `null`. After an error,
standard output is empty, the message is on standard error, and the [exit code](exit-codes.md) is not 0. What
`best --json` prints is described in [JSON report](json-report.md).

With [jq](https://jqlang.org), for example:

```sh
gce-study list --json | jq -r '.studies[].headline'  # a line for each study
gce-study status demo --json | jq '.runs.failed'  # how many runs have failed
gce-study status demo --json | jq '.eta_s'  # seconds left, null if nothing runs
gce-study status demo --json | jq -r '.pick.configuration'  # what leads, or the choice
gce-study check demo --json | jq '.seconds'  # how long the runs that are left take at most
```
"""
JSON_ANSWERS: dict[str, type[Answer]] = {
    "status, as JSON": StatusAnswer,
    "status of a study on a cluster, as JSON": JobAnswer,
    "list, as JSON": ListAnswer,
    "list of a cluster, as JSON": JobsAnswer,
    "check, as JSON": CheckAnswer,
    "compare, as JSON": CompareAnswer,
}


def command_reference() -> str:
    """Return the page of every command, and of what they print as JSON."""
    return COMMAND_PAGE + "".join(_command(each) for each in _commands()) + JSON_PART + _json_answers()


def _json_answers() -> str:
    """Return the keys of what each command prints as JSON, and of the objects in it."""
    definitions: dict[str, Any] = {}
    page = ""
    for heading, model in JSON_ANSWERS.items():
        schema = model.model_json_schema(mode="serialization")
        definitions |= schema.pop("$defs", {})
        page += f"\n### {heading}\n\n{code(_joined(schema['description']))}\n\n{_answer_keys(schema)}"
    for name, schema in definitions.items():
        page += f"\n### {name}\n\n{code(_joined(schema.get('description', '')))}\n\n{_answer_keys(schema)}"
    return page


def _answer_keys(schema: dict[str, Any]) -> str:
    rows = "".join(f"| `{key}` | {cell(_answer_type(value))} |\n" for key, value in schema["properties"].items())
    return f"| key | value |\n|---|---|\n{rows}"


def _answer_type(value: dict[str, Any]) -> str:
    """Return in words what a value is."""
    if "$ref" in value:
        name = value["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{slug(name)})"
    if "anyOf" in value:
        return " or ".join(_answer_type(each) for each in value["anyOf"])
    if value.get("type") == "array":
        return f"list of: {_answer_type(value['items'])}"
    if "const" in value or "enum" in value:
        return ", ".join(f"`{json.dumps(each)}`" for each in value.get("enum", [value.get("const")]))
    return WORDS[value["type"]]


def _joined(text: str) -> str:
    return " ".join(text.split())


def _commands() -> Iterator[CommandParser]:
    """Yield every command that the help lists, in its order; those of a group instead of the group."""
    for name, listed in COMMANDS.items():
        if listed.text:
            command = _below(parser(name))[name]
            yield from _below(command).values() or [command]


def _below(command: argparse.ArgumentParser) -> dict[str, CommandParser]:
    """Return the commands of a parser by name; argparse has no public way to list them."""
    groups = [action for action in command._actions if isinstance(action, argparse._SubParsersAction)]  # noqa: SLF001
    if not groups:
        return {}
    return dict(groups[0].choices)


def _command(command: CommandParser) -> str:
    usage = " ".join(command.format_usage().removeprefix("usage: ").split()).replace(" [-h]", "")
    lines = textwrap.wrap(usage, 100, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
    page = f"\n## {command.prog.removeprefix('gce-study ')}\n\n{sentence(command.description or '')}\n\n"
    page += "```text\n" + "\n".join(lines) + "\n```\n"
    rows = [_argument(action) for action in command._actions if action.dest != "help"]  # noqa: SLF001 -- see _below
    page += "\n| argument | meaning |\n|---|---|\n" + "".join(rows) if rows else ""
    examples = "".join(f"gce-study {line}  # {meaning}\n" for line, meaning in command.examples)
    return page + (f"\n```sh\n{examples}```\n" if examples else "")


def _argument(action: argparse.Action) -> str:
    value = action.metavar or ("/".join(action.choices) if action.choices else action.dest)
    if action.option_strings:
        value = value if action.metavar or action.choices else action.dest.upper()
        value = action.option_strings[0] + ("" if action.nargs == 0 else f" {value}")
    return f"| `{value}` | {cell(code(action.help or ''))} |\n"
