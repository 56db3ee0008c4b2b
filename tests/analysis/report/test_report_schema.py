"""The JSON Schemas of report.json and of records hold for real ones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import jsonschema
import pytest

from analysis.report.json_report import report_json
from analysis.report.method_report import method_report
from analysis.report.report_schema import report_schema
from analysis.report.sections import report_sections
from trainables.records import record_schema
from trainables.storage.documents import to_bytes

if TYPE_CHECKING:
    from factories import Builder


def problems_of(builder: Builder) -> list[str]:
    """Return what is wrong with the report.json of a study."""
    report = method_report(builder.results())
    document = json.loads(report_json(report, report_sections(report)))
    return [error.message for error in jsonschema.Draft202012Validator(report_schema()).iter_errors(document)]


def test_the_report_of_a_grid_is_valid(full_study: Builder) -> None:
    assert problems_of(full_study) == []


def test_the_report_of_an_empty_study_is_valid(study: Builder) -> None:
    study.temperatures([2.0], 0)
    assert problems_of(study) == []


def test_a_report_without_a_verdict_is_not_valid(full_study: Builder) -> None:
    report = method_report(full_study.results())
    document = json.loads(report_json(report, []))
    del document["verdict"]
    with pytest.raises(jsonschema.ValidationError, match="'verdict' is a required property"):
        jsonschema.validate(document, report_schema())


def test_every_record_of_a_study_is_valid(full_study: Builder) -> None:
    validator = jsonschema.Draft202012Validator(record_schema())
    problems = [
        error.message
        for record in full_study.records.values()
        if record.status != "diverged"
        for error in validator.iter_errors(json.loads(to_bytes(record)))
    ]
    assert problems == []
