"""What is installed: every package is pinned, the command line starts light."""

import re
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from study.commands.line.catalogue import COMMANDS

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("study", "trainables", "analysis")


USES = {"run": {""}, "cluster": {"", "cluster"}, "dev": {"", "cluster", "dashboard", "dev", "onnx"}}
# What builds the project, which each file of hashes has too, so that a build fetches nothing.
BUILDING = {"hatchling", "editables", "packaging", "pathspec", "pluggy", "tomlkit", "trove-classifiers"}


def entries(path):
    """Each entry of a file of requirements, which may go over lines."""
    lines = path.read_text().replace("\\\n", "").splitlines()
    return [Requirement(line.split(" --hash=")[0]) for line in lines if line and not line.startswith("#")]


def pins(path=ROOT / "constraints.txt"):
    """Version by package, of those that this platform and this Python need."""
    return {
        canonicalize_name(entry.name): str(entry.specifier).removeprefix("==")
        for entry in entries(path)
        if entry.marker is None or entry.marker.evaluate()
    }


def needed(name, extras, seen):
    """Every package that a package needs with its extras, and they with theirs."""
    for text in distribution(name).requires or []:
        requirement = Requirement(text)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras):
            key = (canonicalize_name(requirement.name), frozenset(requirement.extras) | {""})
            if key not in seen:
                seen.add(key)
                needed(*key, seen)
    return {package for package, _ in seen}


def test_constraints_pin_every_package_that_any_extra_needs():
    packages = needed("gce-study", frozenset(USES["dev"]), set())
    assert len(packages) > 100
    pinned = pins()
    assert packages - set(pinned) == set()
    assert {p: distribution(p).version for p in packages} == {p: pinned[p] for p in packages}


def test_no_pin_is_left_over():
    packages = needed("gce-study", frozenset(USES["dev"]), set())
    assert set(pins()) - packages - BUILDING == set()
    assert set(pins()) >= BUILDING


@pytest.mark.parametrize("use", USES)
def test_every_pin_of_a_use_has_a_hash_and_the_version_of_the_constraints(use):
    path = ROOT / "requirements" / f"{use}.txt"
    for line in path.read_text().replace("\\\n", "").splitlines():
        assert line.startswith("#") or re.fullmatch(r"[^ ]+==[^ ]+( ; [^-]+)?( +--hash=sha256:[0-9a-f]{64})+", line), (
            line
        )
    assert pins(path).items() <= pins().items()


@pytest.mark.parametrize("use", USES)
def test_the_hashes_of_a_use_are_those_of_what_it_needs_and_of_what_builds_the_project(use):
    assert (
        set(pins(ROOT / "requirements" / f"{use}.txt")) == needed("gce-study", frozenset(USES[use]), set()) | BUILDING
    )


def test_make_installs_only_files_with_a_known_hash_and_the_project_itself():
    installing = [line for line in (ROOT / "Makefile").read_text().splitlines() if line.startswith("$(PIP)")]
    assert installing == [
        "$(PIP) --require-hashes --only-binary :all: --requirement requirements/$(1).txt",
        "$(PIP) --no-deps --no-build-isolation --editable .",
    ]


@pytest.mark.parametrize("path", ["constraints.txt", *(f"requirements/{use}.txt" for use in USES)])
def test_pins_name_no_address_of_a_registry(path):
    assert not re.search(r"://|^ *--(extra-)?index-url|^ *--find-links", (ROOT / path).read_text(), re.MULTILINE)


def test_a_plain_install_leaves_the_extras_out():
    core = needed("gce-study", frozenset({""}), set())
    assert not core & {"dash", "boto3", "s3fs", "pytest", "mypy", "ruff", "aiohttp-cors"}
    assert core >= {"optuna", "torch", "torchaudio", "ray", "pandas", "plotly", "pydantic"}


def test_every_package_is_marked_as_typed():
    assert all((ROOT / package / "py.typed").is_file() for package in PACKAGES)


def test_the_citation_and_the_changelog_are_of_this_version():
    number = distribution("gce-study").version
    assert re.search(rf"^version: {re.escape(number)}$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)
    assert re.search(
        rf"^## \[{re.escape(number)}\] - \d{{4}}-\d\d-\d\d$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE
    )


def test_continuous_integration_calls_the_commands_that_a_developer_calls():
    jobs = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"]
    called = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert [command for command in called if "make" in command] == ["make test", "make clusters"]


def test_the_command_line_starts_without_torch_ray_and_pandas():
    heavy = "{'torch', 'ray', 'pandas', 'numpy'}"
    code = "import sys, study.cli; from study.commands.line.catalogue import parser; parser()"
    code += f"; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


HEAVY = {"torch", "ray", "pandas", "scipy", "plotly", "dash"}


@pytest.mark.slow
def test_the_arguments_of_every_command_are_parsed_without_what_is_slow_to_import():
    code = "import sys; from study.commands.line.catalogue import COMMANDS, parser; parser(*COMMANDS)"
    code += f"; print(len(COMMANDS), sorted({HEAVY} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == f"{len(COMMANDS)} []\n"


@pytest.mark.slow
def test_completion_imports_nothing_that_is_slow_to_import():
    code = f"import sys, study.cli; study.cli.main(['completion', 'bash']); print(sorted({HEAVY} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("\n[]\n")


def test_help_names_every_command():
    answer = subprocess.run([sys.executable, "-m", "study.cli", "--help"], capture_output=True, text=True, check=True)
    listed, _, _ = answer.stdout.partition("\nOptions:\n")
    groups = {
        heading: re.findall(r"^  ([a-z]+)  ", commands, re.MULTILINE)
        for heading, commands in re.findall(r"^(\w[\w ]*):\n((?: .*\n|\n(?= ))+)", listed, re.MULTILINE)
    }
    assert groups == {
        "Study": ["init", "check", "run", "resume", "status", "list", "logs", "stop", "cancel", "wait"],
        "Results": ["report", "best", "compare", "export", "audit", "dashboard"],
        "Cluster": ["submit"],
        "Data": ["data", "prune"],
        "Model": ["model", "predict"],
        "Shell and editor": ["completion", "schema"],
    }


@pytest.mark.slow
def test_a_folder_needs_no_object_storage():
    heavy = "{'fsspec', 's3fs', 'botocore', 'aiohttp'}"
    modules = "analysis.study, analysis.report.write, study.cli, study.ledger.registry, study.planning.data"
    code = f"import sys, {modules}; from trainables.storage.location import location"
    code = f"{code}; study.ledger.registry.list_studies(location('.')); print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("trainables.losses", ["adaptive_q", "cce", "gce", "mae", "soft_bootstrapping", "truncated_gce"]),
        ("trainables.features", ["log_mel"]),
        ("trainables.networks", ["CNN", "VGG", "Head", "Network"]),
        ("analysis", ["load_study"]),
        ("study", ["Study", "check", "run"]),
    ],
)
@pytest.mark.slow
def test_the_public_face_offers_its_names_and_imports_them_when_asked(module, names):
    code = (
        f"import sys, {module} as m; light = not {{'torch', 'pandas', 'scipy'}} & set(sys.modules);"
        f"print(light, all(callable(getattr(m, name)) for name in {names}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True True\n"


@pytest.mark.slow
def test_analysis_offers_load_study_without_importing_pandas_before_it_is_asked_for():
    code = (
        "import sys, analysis; print('pandas' in sys.modules, analysis.load_study.__module__, 'pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False analysis.study True\n"
