"""Write the reference pages that follow from the code: every command from argparse, every key from the JSON Schema.

    python docs/generate.py

A test compares the pages with what this makes, so they cannot drift.
"""

from __future__ import annotations

import argparse
import json
import re
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.findings.method_finding import method_finding
from analysis.report.codebook import codebook
from analysis.report.export import epochs_table, runs_table
from analysis.report.predictions import columns_of
from analysis.results.study_results import study_results
from analysis.tables.labels.review import REVIEW_COLUMNS
from analysis.tables.summary import summary
from study.commands.line.catalogue import COMMANDS, parser
from study.commands.overview.models import (
    Answer,
    CheckAnswer,
    CompareAnswer,
    JobAnswer,
    JobsAnswer,
    ListAnswer,
    StatusAnswer,
)
from study.spec.study import json_schema
from trainables.datasets.config import KINDS
from trainables.plans import DataSummary, StudyPlan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from study.commands.line.parser import CommandParser

REFERENCE = Path(__file__).resolve().parent / "reference"

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

KEY_PAGE = """\
# Study file

This page lists every key of a study file: its type, range, default and meaning. It is generated from the JSON Schema
(`gce-study schema`) by `docs/generate.py`.

A study file is YAML 1.2. An unknown key is an error, and so is a value of the wrong type; every problem is reported at
once. Only `name`, `dataset` and `arms` are required.

```yaml
name: figure3
description: Accuracy of the adaptive loss against T
dataset: {kind: fsdnoisy18k, root: ~/data/FSDnoisy18k}
arms:
  - {name: adaptive, loss: {name: adaptive_gce, temperature: {values: [100, 316, 1000, 3162, 10000]}}, subset: all}
  - {name: gce, loss: {name: gce, q: 0.7}, subset: {values: [all, clean]}}
  - {name: cce, loss: {name: cce}}
method: {name: grid}
seeds: 12                      # 0 to 11, or an explicit list such as [3, 5, 8]
training: {epochs: 160}        # every default is the paper's
resources: {cpus_per_run: 1, gpus_per_run: 0, max_concurrent: 2}
storage: results               # a folder, or s3://bucket/prefix
```

A parameter can be fixed (`q: 0.7`), left open over values (`q: {values: [0.3, 0.7]}`, 1 to 1,000 distinct ones, each a
configuration of its own) or, if it is a number and the method is `search`, left open over a range (`q: {min: 0.1,
max: 1}`, with `scale: linear` or `scale: log`; of a parameter that is a whole number, whole numbers are sampled). The
tables mark such keys as *open*: the parameters of losses and networks, the subset, and the training settings.

`training` and `network` hold for every arm. An arm may have its own: a network in place of the study's, and training
settings that replace the study's key by key; see [Tune the learning rate of each loss](../howto/tune-training.md).

`keep` states which trained weights the storage location keeps, as `weights/RUN_ID.safetensors`; see
[Which weights are kept](../howto/running-studies.md#which-weights-are-kept).

Changing `description`, `keep`, `budget`, `resources`, `notify`, `storage` or the place of the data changes no result,
so it may be done under the same study name. Any other change needs a new name.
"""

JSON_PART = """
## JSON

Accuracies and scores are fractions from 0 to 1, durations are in seconds, and times are ISO 8601 in UTC. Keys keep
their meaning while `schema` is 1; new ones may be added. What `best --json` prints is described in
[JSON report](json-report.md).
"""
JSON_ANSWERS: dict[str, type[Answer]] = {
    "status, as JSON": StatusAnswer,
    "status of a study on a cluster, as JSON": JobAnswer,
    "list, as JSON": ListAnswer,
    "list of a cluster, as JSON": JobsAnswer,
    "check, as JSON": CheckAnswer,
    "compare, as JSON": CompareAnswer,
}

COLUMNS_PAGE = """\
# Columns

This page lists the columns of the files that `gce-study report`, `export` and `audit --csv` write. It is generated from
the codebook that they write beside these files (`columns.md` beside a report, else `NAME.columns.md`) by
`docs/generate.py`.
Parameters of networks and training settings have columns where the study has or varies them.

"""

DATA_SETS = {model.__name__: f"Data set of kind {kind}" for kind, model in KINDS.items()}
TITLES = DATA_SETS | {
    "Arm": "Arms", "Grid": "Method grid", "Settle": "Method settle", "Search": "Method search",
    "StudyFeatures": "Features",
}  # fmt: skip
ORDER = ["Arm", *DATA_SETS, "Noise", "Grid", "Settle", "Search", "Asha", "Budget", "StudyFeatures"]
OPEN = {
    "OpenLoss": ("Losses", "[Losses](losses.md) has the formulas."),
    "OpenNetwork": ("Networks", "[Networks](networks.md) has their layers and weights."),
}
ARM_TRAINING = "ArmTraining"  # the keys of ``Training`` but three; their defaults are the study's


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
        page += f"\n### {heading}\n\n{_answer_keys(schema)}"
    for name, schema in definitions.items():
        page += f"\n### {name}\n\n{_code(_joined(schema.get('description', '')))}\n\n{_answer_keys(schema)}"
    return page


def _answer_keys(schema: dict[str, Any]) -> str:
    rows = "".join(f"| `{key}` | {_cell(_answer_type(value))} |\n" for key, value in schema["properties"].items())
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
    words = {"string": "text", "integer": "integer", "number": "number", "boolean": "`true`, `false`", "null": "`null`"}
    return words[value["type"]]


def _joined(text: str) -> str:
    return " ".join(text.split())


def study_file_reference() -> str:
    """Return the page of every key of a study file."""
    schema = json_schema()
    definitions: dict[str, Any] = schema["$defs"]
    made = ("Values", "Range", *OPEN)  # derived models, which have no section or one further below
    rest = [name for name in definitions if not name.endswith(made[:2]) and not name.startswith(made[2:])]
    page = KEY_PAGE + "\n## Top level\n\n" + _table(schema, definitions)
    for name in [*ORDER, *(name for name in rest if name not in {*ORDER, ARM_TRAINING})]:
        page += _section("##", TITLES.get(name, name), definitions[name], definitions)
    for prefix, (heading, text) in OPEN.items():
        page += f"\n## {heading}\n" + (f"\n{text}\n" if text else "")
        for name, model in definitions.items():
            if name.startswith(prefix):
                page += _section("###", _open_title(name, definitions), model, definitions)
    return page


def columns_reference() -> str:
    """Return the page of every column of the CSV and Parquet files."""
    data = DataSummary(name="", kind="", fingerprint="", classes=["CLASS"], clips={})
    plan = StudyPlan(name="s", description="", method="grid", spec={}, dataset=data, runs=[])
    results = study_results(plan, {})
    tables: dict[str, Iterable[str]] = {
        "runs.csv": runs_table(results).columns,
        "summary.csv": summary(method_finding(results)).columns,
        "Epochs": epochs_table(results).columns,
        "Predictions": columns_of(results),
        "Labels to review": REVIEW_COLUMNS,
    }
    _, _, described = codebook(tables).partition("\n\n")
    return COLUMNS_PAGE + described


def _open_title(name: str, definitions: dict[str, Any]) -> str:
    """Return the heading of a loss or network, such as ``Loss gce``."""
    prefix = next(prefix for prefix in OPEN if name.startswith(prefix))
    return f"{prefix.removeprefix('Open')} {definitions[name]['properties']['name']['const']}"


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
    page = f"\n## {command.prog.removeprefix('gce-study ')}\n\n{_sentence(command.description or '')}\n\n"
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
    return f"| `{value}` | {_cell(_code(action.help or ''))} |\n"


def _section(level: str, title: str, model: dict[str, Any], definitions: dict[str, Any]) -> str:
    text = "\n\n".join(" ".join(part.split()) for part in model.get("description", "").split("\n\n"))
    return f"\n{level} {title}\n\n{_code(text)}\n\n" + _table(model, definitions)


def _table(model: dict[str, Any], definitions: dict[str, Any]) -> str:
    rows = ["| key | allowed | default | meaning |", "|---|---|---|---|"]
    for key, value in model["properties"].items():
        required = key in model.get("required", [])
        default = "required" if required else f"`{json.dumps(value['default'])}`" if "default" in value else ""
        meaning = _cell(_code(value.get("description", "")))
        rows.append(f"| `{key}` | {_cell(_allowed(value, definitions))} | {_default(default)} | {meaning} |")
    return "\n".join(rows) + "\n"


def _default(text: str) -> str:
    """Leave out a default that is an object, which the section of the object states."""
    return "see below" if text.startswith("`{") and text != "`{}`" else "" if text in {'`""`', "`[]`"} else text


def _allowed(value: dict[str, Any], definitions: dict[str, Any]) -> str:  # noqa: PLR0911 -- a case for each form
    """Return in words what a schema allows."""
    if "const" in value:
        return f"`{value['const']}`"
    if "enum" in value:
        return ", ".join(f"`{each}`" for each in value["enum"])
    if value.get("title") == "Plugin":
        return "one of a [plugin](plugins.md)"
    if "$ref" in value:
        return _reference(value["$ref"].rsplit("/", 1)[1], definitions)
    for several in ("oneOf", "anyOf"):
        if several in value:
            return _alternatives([_allowed(each, definitions) for each in value[several]])
    if value.get("type") == "array":
        return f"list of: {_allowed(value['items'], definitions)}"
    return _simple(value)


def _alternatives(texts: list[str]) -> str:
    texts = list(dict.fromkeys(text for text in texts if text))
    opened = "*open*" in texts
    rest = [text for text in texts if text != "*open*"]
    for kind in ("loss", "network"):
        named = [text for text in rest if f"(#{kind}-" in text]
        if named:
            heading = f"{kind}{'es' if kind == 'loss' else 's'}"
            rest = [f"one of the [{heading}](#{heading})", *(text for text in rest if text not in named)]
    return "; ".join(["; or ".join(rest), *(["*open*"] if opened else [])])


def _reference(name: str, definitions: dict[str, Any]) -> str:
    if name.endswith(("Values", "Range")):
        return "*open*"
    if name == ARM_TRAINING:
        return "[Training](#training) without `validation`, `split_seed` and `split`"
    title = _open_title(name, definitions) if name.startswith(tuple(OPEN)) else TITLES.get(name, name)
    return f"[{title.rsplit(' ', 1)[-1]}](#{slug(title)})"


def _simple(value: dict[str, Any]) -> str:
    words = {"string": "text", "integer": "integer", "number": "number", "boolean": "`true`, `false`", "null": "`null`"}
    word = words.get(value.get("type", ""), "mapping of numbers")
    bounds = [
        f"{sign} {value[name]:,.10g}"
        for name, sign in (("minimum", "≥"), ("exclusiveMinimum", ">"), ("maximum", "≤"), ("exclusiveMaximum", "<"))
        if name in value
    ]
    return f"{word} {', '.join(bounds)}".strip() + (f" like `{value['pattern']}`" if "pattern" in value else "")


def _cell(text: str) -> str:
    """Keep a text in one cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def _code(text: str) -> str:
    """Turn the code marks of docstrings into those of Markdown, and keep its other marks from meaning anything."""
    parts = text.replace("``", "`").split("`")
    return "`".join(part if i % 2 else part.replace("*", "\\*") for i, part in enumerate(parts))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith(".") else ".")


def slug(title: str) -> str:
    """Return the anchor of a heading, as code forges make it."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def pages() -> dict[Path, str]:
    """Return the generated pages: file -> text."""
    return {
        REFERENCE / "cli.md": command_reference(),
        REFERENCE / "study-file.md": study_file_reference(),
        REFERENCE / "columns.md": columns_reference(),
    }


if __name__ == "__main__":
    for file, text in pages().items():
        file.write_text(text)
