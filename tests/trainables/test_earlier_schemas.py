"""Records and plans of every set of keys that an earlier version wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from trainables.plans import StudyPlan, plan_path, read_plan, write_plan
from trainables.records import Record, add_record, read_record, record_path
from trainables.storage.documents import OtherVersionError

if TYPE_CHECKING:
    from trainables.storage.folder_location import FolderLocation

SCHEMAS = Path(__file__).parents[1] / "golden" / "earlier_schemas"
RECORDS = sorted((SCHEMAS / "records").iterdir())
PLANS = sorted((SCHEMAS / "plans").iterdir())


def kept(before: object, after: object) -> bool:
    """Return whether a JSON value holds all of another one, with more keys at most."""
    if isinstance(before, dict) and isinstance(after, dict):
        return all(key in after and kept(value, after[key]) for key, value in before.items())
    if isinstance(before, list) and isinstance(after, list):
        return len(before) == len(after) and all(map(kept, before, after))
    return before == after


def reread(storage: FolderLocation, content: dict[str, Any]) -> Record:
    """Write a record and read it."""
    run_id = content.get("run_id", "r")
    record_path(storage, run_id).write(json.dumps(content).encode())
    return read_record(storage, run_id)


@pytest.mark.parametrize("file", RECORDS, ids=lambda file: file.stem)
def test_a_record_of_an_earlier_schema_is_read_whole(file: Path, tmp_path: FolderLocation) -> None:
    content = json.loads(file.read_bytes())
    record = reread(tmp_path, content)
    assert kept(content, record.model_dump(mode="json"))
    add_record(tmp_path, record)
    assert read_record(tmp_path, record.run_id) == record


@pytest.mark.parametrize("file", PLANS, ids=lambda file: file.stem)
def test_a_plan_of_an_earlier_schema_is_read_whole(file: Path, tmp_path: FolderLocation) -> None:
    plan_path(tmp_path, "shape").write(file.read_bytes())
    plan = read_plan(tmp_path, "shape")
    assert kept(json.loads(file.read_bytes()), plan.model_dump(mode="json"))
    write_plan(tmp_path, plan)
    assert read_plan(tmp_path, "shape") == plan


@pytest.mark.parametrize("file", RECORDS, ids=lambda file: file.stem)
def test_a_record_is_read_with_a_key_more_and_its_optional_keys_fewer(file: Path, tmp_path: FolderLocation) -> None:
    content = json.loads(file.read_bytes())
    required = {name for name, field in Record.model_fields.items() if field.is_required()}
    fewer = {name: value for name, value in content.items() if name in required} | {"mood": "good"}
    assert reread(tmp_path, fewer).run_id == content["run_id"]


@pytest.mark.parametrize("key", [name for name, field in Record.model_fields.items() if field.is_required()])
def test_a_record_without_a_key_that_is_needed_is_of_another_version(key: str, tmp_path: FolderLocation) -> None:
    content = json.loads(RECORDS[0].read_bytes())
    del content[key]
    with pytest.raises(OtherVersionError, match=f"no key {key}"):
        reread(tmp_path, content)


def test_a_run_with_an_unknown_key_is_of_another_version_because_its_identity_is_unknown(
    tmp_path: FolderLocation,
) -> None:
    content = json.loads(RECORDS[-1].read_bytes())
    content["run"]["configuration"]["training"]["warm_up"] = 3
    with pytest.raises(OtherVersionError, match=r"unknown key run\.configuration\.training\.warm_up"):
        reread(tmp_path, content)


def test_a_plan_whose_study_file_has_an_unknown_key_of_the_method_is_of_another_version(
    tmp_path: FolderLocation,
) -> None:
    content = json.loads((SCHEMAS / "plans" / "4-stages.json").read_bytes())
    content["spec"]["method"]["patience"] = 3
    plan_path(tmp_path, "shape").write(json.dumps(content).encode())
    with pytest.raises(OtherVersionError, match=r"plan\.json: .*unknown key method\.settle\.patience"):
        read_plan(tmp_path, "shape")


def test_documents_of_the_present_schema_keep_the_identity_of_their_runs() -> None:
    records = [Record.model_validate_json(file.read_bytes()) for file in RECORDS]
    plans = [StudyPlan.model_validate_json(file.read_bytes()) for file in PLANS]
    assert all(record.run_id == record.run.run_id for record in records)
    assert len({plan.runs[0].run.run_id for plan in plans}) == 2  # one for each version of the training
