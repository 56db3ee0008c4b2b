"""The plugins of a study file: imported by consent, checked as built-in losses are, not needed to read it."""

import json

import jsonschema
import pytest

from plugin_files import FOCAL, write_plugin
from study.consent import Consent
from study.errors import SpecError, UsageError
from study.spec.candidates import candidates
from study.spec.differences import differences, dump
from study.spec.reading import MAX_BYTES, Submission, read_spec, read_study_file
from study.spec.study import json_schema
from trainables.plugins.loading import use
from trainables.plugins.sources import read_sources

ALLOWED = Consent(allowed=True)
STUDY = """\
name: s
plugins: [my_losses.py]
dataset: {kind: synthetic}
arms:
  - name: focal
    loss: {name: mine.focal, gamma: {values: [1, 5]}}
  - {name: cce, loss: {name: cce}}
seeds: 1
"""


@pytest.fixture(autouse=True)
def only_built_in(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    yield
    use([])


@pytest.fixture
def study(tmp_path):
    """Return a function that writes a study, with changes, beside a plugin, and returns its path."""
    write_plugin(tmp_path / "my_losses.py", FOCAL)

    def written(*changes):
        text = STUDY
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (tmp_path / "study.yaml").write_text(text)
        return tmp_path / "study.yaml"

    return written


def problems(path, consent=ALLOWED):
    with pytest.raises(SpecError) as error:
        read_spec(path, consent)
    return [problem.removeprefix(f"{path}:") for problem in error.value.problems]


def test_a_plugin_beside_the_study_file_is_found_from_any_folder(study, tmp_path, monkeypatch):
    monkeypatch.chdir("/")
    spec = read_spec(study(), ALLOWED)
    assert spec.plugins == (str(tmp_path / "my_losses.py"),)
    assert [c.varied for c in candidates(spec)] == [{"gamma": 1.0}, {"gamma": 5.0}, {}]


def test_an_error_that_a_plugin_raises_while_its_parameters_are_checked_names_its_line(study, tmp_path):
    path = study()
    write_plugin(tmp_path / "my_losses.py", FOCAL + "\n    def model_post_init(self, context):\n        {}[1]\n")
    with pytest.raises(SpecError) as error:
        read_spec(path, ALLOWED)
    assert error.value.problems == ["my_losses.py:20: KeyError: 1"]


SHARE = """
    share: float = 0.5

    @model_validator(mode="after")
    def _in_order(self):
        if self.share > self.gamma:
            raise ValueError("share must not exceed gamma")
        return self
"""
RANGE = ("{values: [1, 5]}", "{min: 0, max: 5}"), ("seeds: 1", "method: {name: search}")


@pytest.mark.parametrize(
    ("changes", "place", "refused"),
    [
        ([("{values: [1, 5]}", "0.25")], 6, "gamma: 0.25, share: 0.5"),
        ([("{values: [1, 5]}", "{values: [5, 0.25]}")], 6, "gamma: 0.25, share: 0.5"),
        (RANGE, 6, "gamma: 0, share: 0.5"),
    ],
)
def test_a_combination_that_a_validator_of_the_plugin_refuses_is_named_with_its_reason(
    study, tmp_path, changes, place, refused
):
    path = study(*changes)
    write_plugin(tmp_path / "my_losses.py", "from pydantic import model_validator", FOCAL + SHARE)
    (problem,) = problems(path)
    assert problem.startswith(f"{place}: arms[0].loss: ")
    assert problem.endswith(f"values that it accepts; mine.focal refuses {{{refused}}}: share must not exceed gamma")


def test_a_range_between_whose_ends_values_are_refused_is_named(study, tmp_path):
    path = study(*RANGE)
    write_plugin(tmp_path / "my_losses.py", FOCAL.replace("le=5,", "le=5, multiple_of=0.5,"))
    (problem,) = problems(path)
    assert problem.endswith("mine.focal refuses {gamma: 1.91}: gamma Input should be a multiple of 0.5")


def test_only_runs_of_the_plugin_have_its_hash(study, tmp_path):
    sha256 = read_sources(tmp_path / "my_losses.py").sha256
    runs = [c.planned(0, "0" * 20).run for c in candidates(read_spec(study(), ALLOWED))]
    assert [[(code.name, code.sha256) for code in run.code] for run in runs] == [[("mine.focal", sha256)]] * 2 + [[]]


def test_without_consent_nothing_is_imported(study, tmp_path):
    (tmp_path / "my_losses.py").write_text("raise SystemExit")
    with pytest.raises(UsageError, match="my_losses"):
        read_spec(study(), Consent())


def test_reading_a_study_imports_nothing_and_needs_no_plugin(study, tmp_path):
    (tmp_path / "my_losses.py").unlink()
    spec = read_spec(study())
    assert (spec.name, spec.open_arms[0].size) == ("s", 2)


def test_reading_without_plugins_accepts_ranges_of_a_search(study):
    search = ("seeds: 1", "method: {name: search, confirm_seeds: 2}")
    opened = ("{values: [1, 5]}", "{min: 1, max: 5}")
    assert read_spec(study(search, opened)).open_arms[0].open.keys() == {"gamma"}


@pytest.mark.parametrize(
    "value", ["[3, 4]", "{values: []}", "{values: 3}", "{min: a}", "{a: 1}", "{values: [[1], [2]]}"]
)
def test_reading_without_plugins_accepts_any_parameter(study, value):
    assert read_spec(study(("{values: [1, 5]}", value))).name == "s"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("[1, 5]", "[1, 6]"), "6: arms[0].loss.gamma.values[1]: 6 is not allowed; allowed: a number in [0, 5]"),
        (
            ("gamma:", "gama:"),
            "6: arms[0].loss.gama: unknown key (its value is {values: [1, 5]}) (did you mean gamma?); allowed: name, ",
        ),
        (
            ("mine.focal", "mine.vocal"),
            "6: arms[0].loss.name: 'mine.vocal' is not defined by a plugin of this study (did you mean mine.focal?)",
        ),
        (
            ("name: cce}", "name: mine_focal}"),
            "7: arms[1].loss.name: 'mine_focal' is not allowed (did you mean mine.focal?)",
        ),
        (
            ("[my_losses.py]", "my_losses.py"),
            "2: plugins: 'my_losses.py' is not allowed; allowed: a list of 0 to 50 items",
        ),
        (
            ("[my_losses.py]", "[a.py, a.py]"),
            "2: plugins[1]: 'a.py' is not allowed; allowed: each value once (item 0 is",
        ),
        (("[my_losses.py]", "['']"), "2: plugins[0]: '' is not allowed; allowed: a path of printable characters"),
    ],
)
def test_a_mistake_is_reported_as_for_a_built_in_loss(study, change, problem):
    assert problems(study(change))[0].startswith(problem)


def test_every_plugin_that_cannot_be_read_is_a_problem(study, tmp_path):
    assert problems(study(("[my_losses.py]", "[a.py, my_losses.py, b.py]"))) == [
        f"{tmp_path / name}: cannot be read: No such file or directory" for name in ("a.py", "b.py")
    ]


def test_an_error_in_a_plugin_is_its_file_and_line(study, tmp_path):
    (tmp_path / "my_losses.py").write_text("\n1 / 0\n")
    assert problems(study()) == ["my_losses.py:2: ZeroDivisionError: division by zero"]


def test_a_dumped_study_reads_back_equal_with_its_plugin(study):
    spec = read_spec(study(), ALLOWED)
    assert type(spec).model_validate(json.loads(json.dumps(dump(spec)))) == spec


def test_where_a_plugin_is_makes_no_difference(study):
    spec = dump(read_spec(study(), ALLOWED))
    assert differences(spec, spec | {"plugins": ["/elsewhere/my_losses.py"]}) == []


def test_the_schema_accepts_plugins_that_are_loaded_and_others(study):
    data = dump(read_spec(study(), ALLOWED))
    with_plugin = json_schema()
    jsonschema.Draft202012Validator(with_plugin).validate(data)
    use([])
    jsonschema.Draft202012Validator(json_schema()).validate(data)
    assert "mine.focal" in json.dumps(with_plugin)


def test_a_name_without_a_prefix_is_not_accepted_by_the_schema(study):
    data = dump(read_spec(study(), ALLOWED))
    data["arms"][1]["loss"]["name"] = "mine_focal"
    assert not jsonschema.Draft202012Validator(json_schema()).is_valid(data)


def test_a_submission_carries_the_plugins_and_reads_back_equal_elsewhere(study, tmp_path):
    package = tmp_path / "more"
    package.mkdir()
    (package / "__init__.py").write_text("from .terms import Focal\n")
    write_plugin(package / "terms.py", FOCAL.replace("mine.focal", "more.focal"))
    file = read_study_file(
        study(("[my_losses.py]", "[my_losses.py, more]"), ("{name: cce}", "{name: more.focal}")), ALLOWED
    )
    submission = file.submission()
    unpacked = Submission.unpack(submission.packed, submission.digest)
    assert unpacked == submission
    path = unpacked.write(tmp_path / "job")
    read = read_study_file(path, Consent())  # the same code: it is already accepted
    assert [sources.sha256 for sources in read.plugins] == [sources.sha256 for sources in file.plugins]
    assert read.spec.arms == file.spec.arms


def test_a_submission_of_an_edited_plugin_is_another_one(study, tmp_path):
    first = read_study_file(study(), ALLOWED).submission()
    write_plugin(tmp_path / "my_losses.py", FOCAL, "# edited")
    assert read_study_file(study(), ALLOWED).submission().digest != first.digest


def test_plugins_that_are_too_large_together_are_not_submitted(study, tmp_path):
    for name in "ab":
        write_plugin(tmp_path / f"{name}.py", FOCAL.replace("mine", name), "#" * (MAX_BYTES // 2))
    file = read_study_file(study(("[my_losses.py]", "[my_losses.py, a.py, b.py]")), ALLOWED)
    with pytest.raises(
        SpecError, match=r"study\.yaml:2: plugins: \d+ bytes together; allowed on a cluster: at most 1000000"
    ):
        file.submission()
