"""The README and docs/**: their examples run, their commands parse, their links lead somewhere, their facts hold."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from analysis.study import Study
from embedding_files import sounds
from factories import Builder
from study.commands.line.catalogue import COMMANDS, parser
from study.spec.shipped import spec_path
from study.spec.study import StudySpec
from study.spec.yaml_reader import parse
from study.testing import check_loss
from trainables.datasets.config import KINDS
from trainables.features.embeddings.checking import check_embeddings
from trainables.features.embeddings.files import open_embeddings
from trainables.hear.embedding import embed_clips
from trainables.hear.models import load_file
from trainables.plugins.loading import load
from trainables.plugins.sources import Sources, read_sources
from trained_studies import trained_study

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted(
    (ROOT / "docs").rglob("*.md")
)
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
LANGUAGES = {"sh", "python", "yaml", "text"}
MOST_README_LINES = 130
# What a block that shows a part of a study file is a part of.
STUDY = {
    "name": "shown",
    "dataset": {"kind": "synthetic"},
    "arms": [{"name": "cce", "loss": {"name": "cce"}}, {"name": "gce", "loss": {"name": "gce"}}],
}


def blocks(language):
    """Every fenced block of a language: (page, text)."""
    return [(page, text) for page in PAGES for found, text in FENCE.findall(page.read_text()) if found == language]


def named(page):
    return str(page.relative_to(ROOT))


def each_block(language):
    found = blocks(language)
    assert found
    return pytest.mark.parametrize("text", [text for _, text in found], ids=[named(page) for page, _ in found])


each_page = pytest.mark.parametrize("page", PAGES, ids=named)


@each_page
def test_every_block_has_a_language_that_is_checked(page):
    assert {language for language, _ in FENCE.findall(page.read_text())} <= LANGUAGES
    assert page.read_text().count("```") == 2 * len(FENCE.findall(page.read_text()))


@pytest.mark.slow
def test_the_python_example_of_studies_runs(tmp_path):
    (example,) = [text for page, text in blocks("python") if page.name == "notebooks.md"]
    example, shortened = re.subn(r'"(epochs|test_per_class)": \d+', r'"\1": 1', example)
    assert shortened == 2
    done = subprocess.run(
        [sys.executable, "-c", example], cwd=tmp_path, capture_output=True, text=True, timeout=550, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "three-losses: 6 runs named (2 seeds), 0 recorded, 6 left\n" in done.stdout
    assert done.stdout.splitlines()[-1].startswith(("No single winner", "gce", "cce"))


@pytest.mark.slow
def test_the_python_example_of_losses_runs():
    (example,) = [text for _, text in blocks("python") if "adaptive_q" in text]
    names = {}
    exec(example, names)  # noqa: S102 -- our own text
    assert 0 <= names["q"] <= 1


@pytest.mark.slow
def test_the_python_example_of_a_model_labels_a_sound(tmp_path, monkeypatch):
    (example,) = [text for page, text in blocks("python") if page.name == "use-the-model.md"]
    trained_study(tmp_path, "demo").local_path.rename(tmp_path / "results")
    next((tmp_path / "sounds").rglob("*.wav")).rename(tmp_path / "street.wav")
    monkeypatch.chdir(tmp_path)
    exec(example, names := {})  # noqa: S102 -- our own text
    assert names["table"].shape == (1, len(names["model"].classes))


def test_the_python_example_of_a_study_runs_and_names_what_a_study_has(tmp_path, monkeypatch):
    (example,) = [text for _, text in blocks("python") if "load_study" in text]
    Builder(name="demo").temperatures([2, 3, 4], seeds=3).baselines(3).write(tmp_path / "results")
    monkeypatch.chdir(tmp_path)
    exec(example, names := {})  # noqa: S102 -- our own text
    assert isinstance(names["study"], Study)
    attributes = set(re.findall(r"\bstudy\.(\w+)", example))
    assert attributes == {
        "headline",
        "advice",
        "verdict",
        "methods",
        "runs",
        "epochs",
        "summary",
        "best",
        "figures",
        "figure",
        "audit",
    }


def test_the_examples_of_plugins_define_what_the_study_beside_them_names():
    texts = [text for page, text in blocks("python") if page.name == "plugins.md"]
    loss, memory, network = (load(Sources(name="mine.py", files={"__init__.py": text})) for text in texts)
    assert [*loss.losses, *memory.losses, *network.networks] == ["mine.focal", "mine.averaged", "mine.linear"]
    check_loss(memory.losses["mine.averaged"](name="mine.averaged"))


def test_the_embeddings_that_the_guide_makes_are_those_that_a_study_reads(tmp_path, monkeypatch):
    model, own = (text for page, text in blocks("python") if page.name == "embeddings.md")
    monkeypatch.chdir(tmp_path)
    data = sounds(Path("sounds"), seconds=2.0)
    Path("mel_statistics.py").write_text(model)
    made = load_file(Path("mel_statistics.py").absolute(), read_sources(Path("mel_statistics.py")))
    embed_clips(made, data, Path("folder").absolute())
    paths = [clip.path for clip in data.clips]
    exec(own, {"paths": paths, "embed": lambda path: np.load(f"folder/{path}.npy")})  # noqa: S102 -- our own text
    for path, timing in (
        ("folder", "windows of 1 s every 0.5 s"),
        ("embeddings.npz", "windows of 0.975 s every 0.48 s"),
    ):
        with open_embeddings(Path(path)) as files:
            assert check_embeddings(files, data).dims == 128
            assert files.timing.in_words == timing


def test_no_python_example_is_left_unchecked():
    assert len(blocks("python")) == 11


@each_block("yaml")
def test_every_yaml_block_is_a_study_or_a_part_of_one(text):
    shown = parse(text).data  # to YAML 1.1 ``on`` is no text
    assert shown
    StudySpec.model_validate((STUDY | shown) if "method" in shown else (STUDY | {"seeds": 3} | shown))


def test_the_study_of_the_readme_is_the_demo():
    (study,) = [text for page, text in blocks("yaml") if page.name == "README.md"]
    shipped = parse(spec_path(Path("demo")).read_text()).data
    asked = ("name", "dataset", "arms", "method", "seeds", "training", "storage")
    assert parse(study).data == {key: shipped[key] for key in asked}


def test_every_kind_of_data_set_and_every_method_is_shown():
    shown = [parse(text).data for _, text in blocks("yaml")]
    assert {part["dataset"]["kind"] for part in shown if "dataset" in part} == set(KINDS)
    assert {part["method"]["name"] for part in shown if "method" in part} == {"grid", "settle", "search"}


def test_yaml_shown_means_the_same_to_yaml_1_1_readers_but_for_on():
    for _, text in blocks("yaml"):
        if "notify" not in text:
            assert yaml.safe_load(text) == parse(text).data


def commands(text):
    """The command lines of a block, without comments, each split as a shell does."""
    for line in text.splitlines():
        for part in re.split(r"&&|\|", re.sub(r"(^|\s)#.*", "", line)):
            words = shlex.split(part)
            if words:
                yield words[: words.index(">")] if ">" in words else words


@each_block("sh")
def test_every_command_shown_is_one_that_the_program_takes(text):
    for program, *arguments in commands(text):
        if program.rsplit("/", 1)[-1] == "gce-study":
            assert callable(parser(arguments[0]).parse_args(arguments).handler)
        elif program == "make":
            assert re.search(rf"^{arguments[0]}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
        elif program.rsplit("/", 1)[-1] == "python" and not arguments[0].startswith("-"):
            assert (ROOT / arguments[0]).is_file()


def test_every_command_named_in_a_sentence_is_a_command():
    text = "\n".join(page.read_text() for page in PAGES)
    mentioned = set(re.findall(r"gce-study ([a-z]+)", re.sub(FENCE, "", text))) & set(
        re.findall(r"`gce-study ([a-z]+)", text)
    )
    assert mentioned >= {"check", "run", "report", "schema", "data", "best", "wait"}
    assert mentioned <= set(COMMANDS)


def anchors(page):
    titles = re.findall(r"^#+ (.+)$", re.sub(FENCE, "", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@each_page
def test_every_relative_link_leads_to_a_file_and_a_heading(page):
    for link in LINK.findall(page.read_text()):
        if "://" not in link:
            path, _, anchor = link.partition("#")
            target = (page.parent / path).resolve() if path else page
            assert target.exists(), link
            assert target.is_relative_to(ROOT), link
            assert not anchor or anchor in anchors(target), link


@each_page
def test_a_page_has_one_title_and_says_first_what_it_is_for(page):
    lines = page.read_text().splitlines()
    assert lines[0].startswith("# ")
    assert lines[1] == ""
    assert re.match(r"\w", lines[2])


def test_the_index_lists_every_page():
    index = ROOT / "docs" / "index.md"
    listed = {(index.parent / link.partition("#")[0]).resolve() for link in LINK.findall(index.read_text())}
    assert {page for page in (ROOT / "docs").rglob("*.md") if page != index} <= listed


@each_page
def test_every_path_in_the_code_that_a_page_names_exists(page):
    named_paths = re.findall(
        r"`((?:study|analysis|trainables|tests|benchmarks|deploy|docs)/[\w./-]*)`", page.read_text()
    )
    assert [path for path in named_paths if not (ROOT / path).exists()] == []


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) <= MOST_README_LINES


def test_the_images_are_small_and_in_use():
    text = "\n".join(page.read_text() for page in PAGES)
    images = list((ROOT / "docs" / "images").iterdir())
    assert len(images) >= 3
    most = {".png": 120_000, ".svg": 300_000}  # an animation holds many pictures
    large = {image.name for image in images if image.stat().st_size >= most[image.suffix]}
    assert large | {image.name for image in images if image.name not in text} == set()
