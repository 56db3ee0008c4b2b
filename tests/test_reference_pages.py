"""The reference pages: what is generated is current, and each key, command, loss, event and column is on its page."""

import json
import re
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest
from generate import pages

from analysis.study import Study
from factories import Builder
from study.commands.line.catalogue import COMMANDS, parser
from study.spec.notify import Event
from study.spec.study import StudySpec
from trainables.losses.catalogue import LOSSES

ROOT = Path(__file__).resolve().parent.parent


def named(page):
    return str(page.relative_to(ROOT))


def test_the_generated_pages_are_what_the_program_says_of_itself():
    made = pages()
    assert {named(page) for page in made} == {f"docs/reference/{name}.md" for name in ("cli", "study-file", "columns")}
    assert {page: page.read_text() for page in made} == made


def test_the_command_reference_has_every_command():
    page = (ROOT / "docs" / "reference" / "cli.md").read_text()
    titles = re.findall(r"^## (.+)$", page, re.MULTILINE)
    listed = [name for name, command in COMMANDS.items() if command.text]
    groups = {"data": ["data fetch", "data verify", "data describe", "data embed"]}
    assert titles == [*(title for name in listed for title in groups.get(name, [name])), "JSON"]
    assert len(titles) > 20


def test_the_file_reference_has_every_key_of_the_schema():
    page = (ROOT / "docs" / "reference" / "study-file.md").read_text()
    definitions = StudySpec.model_json_schema()["$defs"]
    shown = {name for name in definitions if not name.endswith(("Values", "Range"))}
    keys = {key for name in shown for key in definitions[name].get("properties", {})}
    assert len(keys) > 50
    assert {key for key in keys if f"| `{key}` |" not in page} == set()


def test_the_editor_schema_of_the_docs_is_json(capsys):
    options = parser("schema").parse_args(["schema"])
    options.handler(options)
    assert json.loads(capsys.readouterr().out)["title"] == "StudySpec"


@pytest.mark.parametrize("module", ["trainables.losses", "trainables.features", "trainables.networks"])
def test_the_python_page_lists_every_public_name(module):
    page = (ROOT / "docs" / "reference" / "python-api.md").read_text()
    row = next(line for line in page.splitlines() if line.startswith(f"| `{module}` |"))
    assert re.findall(r"`(\w+)`", row.split("|")[2]) == sorted(import_module(module).__all__, key=str.lower)


def test_the_page_on_notifications_lists_every_event():
    page = (ROOT / "docs" / "howto" / "notify.md").read_text()
    assert len(get_args(Event)) >= 3
    assert [event for event in get_args(Event) if f"`{event}`" not in page] == []


def test_the_page_on_losses_lists_every_loss():
    page = (ROOT / "docs" / "reference" / "losses.md").read_text()
    names = [get_args(model.model_fields["name"].annotation)[0] for model in LOSSES]
    assert len(names) > 9
    assert [name for name in names if f"`{name}`" not in page] == []


def test_the_page_on_report_files_lists_every_column_of_runs_csv():
    page = (ROOT / "docs" / "reference" / "report-files.md").read_text().partition("## runs.csv")[2]
    columns = set(re.findall(r"`(\w+)`", "".join(line.split("|")[1] for line in page.splitlines() if "|" in line)))
    runs = Study(Builder().temperatures([2, 3], 2).results()).runs
    assert len(runs) == 4
    assert set(runs.columns) - {"study"} <= columns
