"""What a study may say, and that the JSON Schema says the same."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest
from pydantic import ValidationError

from study.spec.differences import differences, dump
from study.spec.reading import read_spec
from study.spec.study import StudySpec, json_schema
from study.spec.yaml_reader import parse
from trainables.config import Subset
from trainables.losses.catalogue import LOSSES

if TYPE_CHECKING:
    from collections.abc import Iterator

SPECS = sorted((Path(__file__).parents[3] / "study" / "specs").glob("*.yaml"))
SMALL: dict[str, Any] = {
    "name": "small",
    "dataset": {"kind": "synthetic"},
    "arms": [{"name": "a", "loss": {"name": "gce", "q": 0.7}}],
    "seeds": 2,
}


def study(**changes: object) -> StudySpec:
    return StudySpec.model_validate(SMALL | changes)


def open_q(*values: object) -> list[dict[str, Any]]:
    return [{"name": "a", "loss": {"name": "gce", "q": {"values": list(values)}}}]


def test_which_weights_stay_is_dumped_only_if_it_is_stated() -> None:
    assert study().keep == "best"
    assert "keep" not in dump(study(keep="best"))
    assert dump(study(keep="all"))["keep"] == "all"


def test_which_weights_stay_is_no_difference_between_studies() -> None:
    assert differences(dump(study()), dump(study(keep="none"))) == []


def test_defaults_are_the_papers_on_every_clip() -> None:
    spec = study()
    assert (spec.description, spec.method.name, spec.training.epochs, spec.arms[0].subset) == ("", "grid", 160, "all")
    assert (spec.resources.cpus_per_run, spec.resources.gpus_per_run, spec.resources.max_concurrent) == (1, 0.0, None)


def test_storage_and_data_paths_are_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/someone")
    assert study().storage == str(tmp_path / "results")
    assert study(storage="~/out").storage == "/home/someone/out"
    assert study(dataset={"kind": "fsdnoisy18k", "root": "~/data"}).dataset.model_dump()["root"] == "/home/someone/data"
    csv = study(dataset={"kind": "csv", "path": "a.csv", "noise": {"pool": "pool"}}).dataset.model_dump()
    assert (csv["path"], csv["root"], csv["noise"]["pool"]) == (str(tmp_path / "a.csv"), None, str(tmp_path / "pool"))


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.__name__)
def test_every_parameter_of_every_loss_can_be_fixed_or_left_open(loss: type[Any]) -> None:
    name = get_args(loss.model_fields["name"].annotation)[0]
    samples: dict[str, Any] = {
        "rule": "quantile" if name == "scheduled_gce" else "outlier",
        "reading": "pooled",
        "distances": "penultimate",
        "a": 2.5,
        "t": 2,
        "warm_up": 2,
        "matrix": "verified",
        "start": 20,
        "every": 10,
        "weights_from": "running",
    }
    for parameter in loss.model_fields.keys() - {"name"}:
        value = samples.get(parameter, 0.25)
        for given in (value, {"values": [value]}):
            arm = study(arms=[{"name": "a", "loss": {"name": name, parameter: given}}]).open_arms[0]
            (choice,) = arm.choices()
            assert getattr(choice.configuration.loss, parameter) == value
            assert choice.varied == ({parameter: value} if isinstance(given, dict) else {})


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"seeds": 0}, "seeds"),
        ({"seeds": 1001}, "seeds"),
        ({"seeds": []}, "seeds"),
        ({"seeds": [1, 1]}, "seeds"),
        ({"seeds": [-1]}, "seeds"),
        ({"seeds": True}, "seeds"),
        ({"seeds": 2.0}, "seeds"),
        ({"name": "a" * 65}, "name"),
        ({"name": "-a"}, "name"),
        ({"name": "a\n"}, "name"),
        ({"name": "../a"}, "name"),
        ({"arms": []}, "arms"),
        ({"arms": open_q()}, "arms"),
        ({"arms": open_q(0.1, 0.1)}, "arms"),
        ({"arms": open_q(0, 0.0)}, "arms"),
        ({"arms": open_q(0.1, 1.1)}, "arms"),
        ({"arms": open_q(*[i / 2000 for i in range(1001)])}, "arms"),
        ({"resources": {"gpus_per_run": 1.5}}, "resources"),
        ({"resources": {"cpus_per_run": 0}}, "resources"),
        ({"resources": {"cpus_per_run": 1.0}}, "resources"),
        ({"resources": {"max_concurrent": 0}}, "resources"),
        ({"storage": ""}, "storage"),
        ({"storage": "s3://Bucket/prefix"}, "storage"),
        ({"storage": "http://bucket/prefix"}, "storage"),
        ({"dataset": {"kind": "folder", "root": "s3://bucket/../a"}}, "dataset"),
        ({"storage": "~no-such-user-here/x"}, "storage"),
        ({"dataset": {"kind": "folder", "root": "a\0b"}}, "dataset"),
        ({"training": {"epochs": "20"}}, "training"),
    ],
)
def test_out_of_range_is_refused(changes: dict[str, Any], where: str) -> None:
    with pytest.raises(ValidationError) as error:
        study(**changes)
    assert {e["loc"][0] for e in error.value.errors()} == {where}


def test_a_storage_location_and_a_data_set_may_lie_in_an_object_store() -> None:
    spec = study(storage="s3://bucket/some/prefix/", dataset={"kind": "csv", "path": "s3://bucket/clips.csv"})
    assert spec.storage == "s3://bucket/some/prefix"
    assert spec.dataset.model_dump()["path"] == "s3://bucket/clips.csv"


@pytest.mark.parametrize("gpus", [0, 0.25, 1, 2.0])
def test_gpus_are_a_fraction_or_whole(gpus: float) -> None:
    assert study(resources={"gpus_per_run": gpus}).resources.gpus_per_run == gpus


def test_a_study_of_too_many_runs_is_refused_without_making_them() -> None:
    many = {"values": [i / 1000 for i in range(1, 1001)]}
    arm = {"name": "a", "loss": {"name": "truncated_gce", "q": many, "k": {"values": many["values"][:-1]}}}
    with pytest.raises(ValidationError, match="at most 10000 configurations"):
        study(arms=[arm])
    with pytest.raises(ValidationError, match="at most 100000 runs"):
        study(arms=open_q(*many["values"]), seeds=101)


def test_two_arms_of_one_configuration_are_refused_by_name() -> None:
    arms = [*open_q(0.5, 0.7), {"name": "b", "loss": {"name": "gce"}}]
    with pytest.raises(ValidationError, match="arms a and b both name"):
        study(arms=arms)


def test_a_spec_does_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        study().seeds = 3  # type: ignore[misc]


@pytest.mark.parametrize("path", SPECS, ids=lambda p: p.stem)
def test_shipped_specs_fit_the_schema(path: Path, schema: dict[str, Any]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    spec = parse(path.read_text(encoding="utf-8")).data
    validator = jsonschema.Draft202012Validator(schema)
    validator.validate(spec)
    validator.validate(dump(read_spec(path)))
    wrong = copy.deepcopy(spec)
    wrong["arms"][0]["los"] = {}
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(wrong)


def test_the_schema_is_a_valid_json_schema(schema: dict[str, Any]) -> None:
    pytest.importorskip("jsonschema").Draft202012Validator.check_schema(schema)


def test_the_shipped_specs_are_there() -> None:
    assert {"demo", "figure3", "table2", "table3"} <= {p.stem for p in SPECS}


def _keys(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for model in (schema, *schema["$defs"].values()):
        for key, value in model.get("properties", {}).items():
            yield f"{model['title']}.{key}", value


def test_every_key_of_the_schema_has_a_description() -> None:
    assert [key for key, value in _keys(json_schema()) if not value.get("description")] == []


def test_the_schema_knows_every_subset_and_loss() -> None:
    text = str(json_schema())
    names = [get_args(loss.model_fields["name"].annotation)[0] for loss in LOSSES]
    assert [word for word in (*get_args(Subset), *names) if f"'{word}'" not in text] == []


def test_the_schema_says_what_noise_rates_are_shares_of():
    noise = json_schema()["$defs"]["Noise"]["properties"]
    assert noise["symmetric"]["description"].startswith("share of the clips not kept verified")
    assert noise["keep_verified"]["description"] == "share of each class that stays verified, with the right label"
