"""The JSON Schema of report.json. Keys may be added without another ``schema`` number, so unknown ones are allowed."""

from __future__ import annotations

from typing import Any, get_args

from trainables.settings import MethodName

Schema = dict[str, Any]

SCHEMA = 2  # raised when a key changes its meaning or is removed

_TEXT: Schema = {"type": "string"}
_TRUTH: Schema = {"type": "boolean"}
_WHOLE: Schema = {"type": "integer", "minimum": 0}
_MAPPING: Schema = {"type": "object"}
_NUMBER: Schema = {"type": ["number", "null"]}


def report_schema() -> Schema:
    """Return the JSON Schema (draft 2020-12) of report.json."""
    row = _list(_TEXT)
    document = _object(
        schema={"const": SCHEMA},
        study=_object(
            name=_TEXT,
            description=_TEXT,
            method={"enum": list(get_args(MethodName))},
            spec=_MAPPING,
            dataset={
                "type": "object",
                "required": ["name", "kind", "fingerprint", "classes", "clips"],
                "properties": {"classes": _list(_TEXT), "clips": {"type": "object", "additionalProperties": _WHOLE}},
            },
        ),
        ended=_TRUTH,
        test_hidden=_TRUTH,
        headline=_TEXT,
        advice=_TEXT,
        context=_list(_TEXT),
        tiles=_list(_object(label=_TEXT, readings=_list(_reading()), detail=_TEXT)),
        verdict=_TEXT,
        cautions=_list(_TEXT),
        choice=_or_null(_choice()),
        summary=_list(_object(arm=_TEXT, configuration=_TEXT, subset=_TEXT, n=_WHOLE)),
        comparisons=_list(_object(subset=_TEXT, first=_TEXT, second=_TEXT, difference=_interval(), p=_NUMBER)),
        pooled_comparisons=_list(_object(first=_TEXT, second=_TEXT, subsets=_list(_TEXT), difference=_interval())),
        tables=_list(_object(section=_TEXT, number=_WHOLE, title=_TEXT, header=row, rows=_list(row), note=_TEXT)),
        figures=_list(_object(section=_TEXT, number=_WHOLE, name=_TEXT, title=_TEXT, caption=_TEXT, more=_TEXT)),
        methods=_list(_TEXT),
    )
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "report.json of gce-study"} | document


def _reading() -> Schema:
    """Return the schema of ``text.tiles.Reading``."""
    judgement = {"enum": ["better", "worse", "unclear", None]}
    return _object(
        **dict.fromkeys(("name", "note", "value", "margin", "unit"), _TEXT), judgement=judgement, aside=_TRUTH
    )


def _choice() -> Schema:
    """Return the schema of ``findings.choice.Best.as_dict``."""
    intervals = dict.fromkeys(("validation", "test", "test_next_run"), _or_null(_interval()))
    return _object(
        **dict.fromkeys(("study", "method", "arm", "configuration", "subset", "selected_on", "tested_by"), _TEXT),
        **dict.fromkeys(("loss", "network", "training"), _MAPPING),
        **intervals,
        **dict.fromkeys(("test_hidden", "picked", "test_picked"), _TRUTH),
        **dict.fromkeys(("confirmed", "settled"), _or_null(_TRUTH)),
        **dict.fromkeys(("probability", "within", "regret", "test_luck"), _NUMBER),
        stopping_rule=_or_null(_TEXT),
        test_left_out=_or_null(_object(mean=_NUMBER, seeds=_WHOLE, same=_WHOLE)),
        may_be_best=_or_null(_list(_TEXT)),
        explored_may_be_best=_or_null(_list(_TEXT)),
    )


def _interval() -> Schema:
    ends = dict.fromkeys(("mean", "half_width", "low", "high", "level"), _NUMBER)
    return _object(**ends, n=_WHOLE, method=_TEXT, values=_list(_NUMBER))


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "required": list(properties), "properties": properties}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}
