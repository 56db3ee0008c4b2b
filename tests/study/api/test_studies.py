"""Studies in Python: they equal the same study files, and their errors name keys, not lines."""

import inspect
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import study
from analysis.tables.table import Table
from plugin_files import FOCAL, write_plugin
from study import SpecError, Study, check, run
from study.api import studies
from study.api.from_python import reloaded
from study.cli import main
from study.errors import EngineError
from study.planning.check import Check
from study.spec.keys import StudyKeys
from study.spec.reading import read_spec
from trainables.config import Training
from trainables.losses import Loss
from trainables.losses.catalogue import GCE
from trainables.losses.registry import known_losses

DATA = {"kind": "synthetic", "train_per_class": 8, "test_per_class": 1}
ARMS = [{"name": "cce", "loss": {"name": "cce"}}, {"name": "gce", "loss": {"name": "gce", "q": {"values": [0.5, 0.7]}}}]
FILE = """\
name: first
dataset: {kind: synthetic, train_per_class: 8, test_per_class: 1}
arms:
  - {name: cce, loss: {name: cce}}
  - {name: gce, loss: {name: gce, q: {values: [0.5, 0.7]}}}
seeds: 2
training: {epochs: 1, batch_size: 8}
storage: runs
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(studies, "CONSENT", lambda _: None)  # not in a process of its own, which takes seconds
    monkeypatch.setattr("study.planning.check.estimate_s", lambda *_: 90.0)
    return tmp_path


def first(**keys):
    given = {"seeds": 2, "training": {"epochs": 1, "batch_size": 8}, "storage": "runs"} | keys
    return Study(name="first", dataset=DATA, arms=given.pop("arms", ARMS), **given)


def problems(**keys):
    with pytest.raises(SpecError) as error:
        first(**keys)
    return error.value.problems


def test_the_keywords_are_the_keys_of_a_study_file():
    keywords = inspect.signature(Study).parameters
    assert set(keywords) == set(StudyKeys.model_fields)
    assert all(keyword.default is None for name, keyword in keywords.items() if name not in {"name", "dataset", "arms"})


def test_a_study_of_keywords_is_that_of_the_same_file(folder):
    (folder / "first.yaml").write_text(FILE)
    assert first().spec == read_spec(folder / "first.yaml")
    assert Study.from_yaml("first.yaml").spec == first().spec


def test_a_shipped_study_is_read_by_its_name():
    assert Study.from_yaml("demo").spec.name == "demo"


def test_models_paths_and_numpys_numbers_stand_for_plain_values(folder):
    arms = [
        {"name": "cce", "loss": {"name": "cce"}},
        {"name": "gce", "loss": {"name": "gce", "q": {"values": np.array([0.5, 0.7])}}},
    ]
    same = first(arms=arms, seeds=np.int64(2), storage=folder / "runs", training=Training(epochs=1, batch_size=8))
    assert same.spec == first().spec
    assert first(seeds=range(2)).spec.seed_list == (0, 1)


def test_a_built_in_loss_may_be_an_object():
    arms = [ARMS[0], {"name": "gce", "loss": GCE(name="gce", q=0.5)}]
    assert first(arms=arms).spec.arms[1].loss.q == 0.5
    assert first(arms=arms).spec.plugins == ()


def test_every_problem_has_its_key_its_value_and_what_is_allowed_but_no_line():
    arms = [ARMS[0], {"name": "gce", "loss": {"name": "gce", "q": 1.5}}]
    assert problems(arms=arms, seeds=0, select_on="test") == [
        "arms[1].loss.q: 1.5 is not allowed; allowed: a number in [0, 1]",
        "seeds: 0 is not allowed; allowed: a whole number in [1, 1000]",
        (
            "select_on: 'test' is not allowed; allowed: one of validation, verified, or a mapping with the keys "
            "metric, labels"
        ),
    ]


def test_the_message_of_an_error_has_a_line_for_each_problem():
    with pytest.raises(SpecError, match=r"^seeds: 0 is not allowed; allowed: .*\nselect_on: 'test' is not allowed"):
        first(seeds=0, select_on="test")


def test_a_misspelt_name_has_a_suggestion():
    assert problems(arms=[{"name": "a", "loss": {"name": "gcee"}}])[0].startswith(
        "arms[0].loss.name: 'gcee' is not allowed (did you mean gce?)"
    )


def test_a_value_that_no_file_could_hold_is_named_by_its_class():
    (problem,) = problems(seeds={1, 2})
    assert problem.startswith("seeds: an object of class set is not allowed; allowed: text, numbers, ")


def test_a_class_in_place_of_an_object_is_answered_by_how_to_make_one():
    (problem,) = problems(arms=[{"name": "gce", "loss": GCE}])
    assert problem == "arms[0].loss: the class GCE is not allowed; allowed: an object of it, such as GCE()"


def test_a_study_shows_its_arms_and_its_method():
    assert repr(first()) == "<study first: cce, gce (method grid)>"


def test_check_returns_what_the_command_prints(folder, capsys):
    (folder / "first.yaml").write_text(FILE)
    assert main(["check", "first.yaml"]) == 0
    printed = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    checked = check(first())
    assert str(checked).splitlines() == printed
    assert (checked.recorded, checked.left) == (0, 6)
    assert checked.seconds == 90.0


@pytest.mark.parametrize("function", [check, run])
def test_a_file_in_place_of_a_study_is_answered_by_how_to_read_it(function):
    with pytest.raises(TypeError) as error:
        function("s.yaml")
    assert str(error.value).endswith("class str is not allowed; allowed: a study, such as Study.from_yaml('s.yaml')")


def test_a_notebook_shows_a_check_as_tables_and_lines_without_markup_of_the_users():
    table = Table("", ("arm",), (("<b>",),))
    shown = Check("first", 0, 2, None, (table,), ("left out: <i>.wav", "time: not estimated for a GPU"))._repr_html_()
    assert "&lt;b&gt;" in shown
    assert "<b>" not in shown
    assert shown.endswith("<p>left out: &lt;i&gt;.wav<br>time: not estimated for a GPU</p>")


def test_the_file_of_an_objects_class_is_a_plugin_of_the_study(folder, monkeypatch):
    write_plugin(folder / "my_losses_of_a_test.py", FOCAL)
    monkeypatch.syspath_prepend(folder)
    import my_losses_of_a_test as mine  # noqa: PLC0415 -- written above

    arms = [ARMS[0], {"name": "focal", "loss": mine.Focal(name="mine.focal", gamma=1.0)}]
    by_object = first(arms=arms).spec
    arms = [ARMS[0], {"name": "focal", "loss": {"name": "mine.focal", "gamma": 1.0}}]
    by_name = first(arms=arms, plugins=["my_losses_of_a_test.py"]).spec
    assert by_object.plugins == (str(folder / "my_losses_of_a_test.py"),)
    assert by_object == by_name


def test_a_file_that_is_named_and_used_is_one_plugin(folder, monkeypatch):
    write_plugin(folder / "my_losses_named_and_used.py", FOCAL)
    monkeypatch.syspath_prepend(folder)
    import my_losses_named_and_used as mine  # noqa: PLC0415 -- written above

    arms = [{"name": "focal", "loss": mine.Focal(name="mine.focal")}]
    spec = first(arms=arms, plugins=["my_losses_named_and_used.py"]).spec
    assert spec.plugins == (str(folder / "my_losses_named_and_used.py"),)


def test_the_folder_of_a_package_is_the_plugin_of_its_classes(folder, monkeypatch):
    (folder / "package_of_a_test").mkdir()
    write_plugin(folder / "package_of_a_test" / "losses.py", FOCAL)
    (folder / "package_of_a_test" / "__init__.py").write_text("from .losses import Focal\n")
    monkeypatch.syspath_prepend(folder)
    from package_of_a_test.losses import Focal  # noqa: PLC0415 -- written above

    spec = first(arms=[{"name": "focal", "loss": Focal(name="mine.focal")}]).spec
    assert spec.plugins == (str(folder / "package_of_a_test"),)


def test_a_class_without_a_file_is_refused(monkeypatch):
    class Cell(Loss):
        name: str = "mine.cell"

        def make(self):
            raise NotImplementedError

    monkeypatch.setattr(Cell, "__module__", "__main__")
    (problem,) = problems(arms=[{"name": "cell", "loss": Cell()}])
    assert problem.startswith("arms[0].loss: Cell is defined in a notebook, or in the program itself, ")
    assert problem.endswith("; allowed: a class of a file that was imported, such as my_losses.py")


def test_a_study_has_its_plugins_again_after_another_one_was_defined(folder):
    write_plugin(folder / "my_losses.py", FOCAL)
    with_plugin = first(arms=[{"name": "focal", "loss": {"name": "mine.focal"}}], plugins=["my_losses.py"])
    first()
    assert "mine.focal" not in known_losses()
    assert reloaded(with_plugin.spec, studies.CONSENT) == with_plugin.spec
    assert "mine.focal" in known_losses()


def test_a_process_runs_one_study_at_a_time():
    refused = []

    def second():
        try:
            run(first())
        except EngineError as error:
            refused.append(str(error))

    with studies._alone():
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    assert refused == ["this process runs a study already; run them one after the other, or each in its own process"]


@pytest.mark.slow
def test_importing_the_names_loads_neither_torch_nor_ray_nor_pandas():
    heavy = {"torch", "ray", "pandas", "numpy", "scipy", "analysis"}
    code = f"import sys; from study import *; print(Study.__name__, sorted({heavy} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout == "Study []\n"


def test_any_other_name_is_an_attribute_error():
    assert study.__all__ == ["SpecError", "Study", "check", "load_model", "run"]
    with pytest.raises(AttributeError, match="module 'study' has no attribute 'Studi'"):
        study.Studi  # noqa: B018 -- the access is what is tested


def test_relative_paths_start_from_the_working_folder():
    assert first().spec.storage == str(Path.cwd() / "runs")
