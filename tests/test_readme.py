"""The README's example runs, and the commands and files that it names are there."""

import re
from pathlib import Path

import yaml

from analysis.study import Study
from study.cli import parser
from study.spec.study import StudySpec
from study.spec.yaml_reader import parse

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_python_example_of_losses_runs():
    (example,) = [block for block in blocks("python") if "adaptive_q" in block]
    names = {}
    exec(example, names)  # noqa: S102 -- our own text
    assert 0 <= names["q"] <= 1


def test_the_python_example_of_a_study_names_what_a_study_has():
    (example,) = [block for block in blocks("python") if "load_study" in block]
    compile(example, "README.md", "exec")
    named = set(re.findall(r"\bstudy\.(\w+)", example)) - {"load_study", "study"}
    assert named - {"import"} == {"verdict", "runs", "epochs", "summary", "best", "figures", "figure"}
    assert all(hasattr(Study, name) for name in named)


def test_the_study_and_the_data_sets_shown_are_valid():
    study, *rest = blocks("yaml")
    whole = yaml.safe_load(study)
    StudySpec.model_validate(whole)
    methods = [yaml.safe_load(block) for block in rest if block.startswith("arms:")]
    assert [part["method"]["name"] for part in methods] == ["settle", "search"]
    for part in methods:
        StudySpec.model_validate({k: v for k, v in whole.items() if k != "seeds"} | part)
    (on_a_cluster,) = [block for block in rest if block.startswith("resources:")]
    StudySpec.model_validate(whole | parse(on_a_cluster).data)  # to YAML 1.1 ``on`` is no text
    rest = [block for block in rest if not block.startswith(("arms:", "resources:"))]
    shown = [line for block in rest for line in block.strip().split("\ndataset:")]
    assert len(shown) == 5
    for text in shown:
        data = yaml.safe_load(text if text.startswith("dataset:") else f"dataset:{text}")["dataset"]
        StudySpec.model_validate(yaml.safe_load(study) | {"dataset": data})


def test_every_command_named_is_a_command():
    named = set(re.findall(r"gce-study ([a-z]+)", README)) - {"answers"}
    commands = next(a for a in parser()._actions if a.dest == "==SUPPRESS==" or (hasattr(a, "choices") and a.choices))
    assert named <= set(commands.choices)
    assert named >= {"check", "run", "status", "report", "schema", "data"}


def test_every_link_leads_to_a_file():
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
    assert len(links) >= 4
    assert all((ROOT / link).exists() for link in links)
