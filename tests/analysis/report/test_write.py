"""The report folder: whole, offline, inert, and honest about what it lacks."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from analysis.report import markdown
from analysis.report.method_report import method_report
from analysis.report.write import write_report
from analysis.results.study_results import load_results
from analysis.tables import accuracy
from analysis.text.tiles import tiles
from trainables.losses.catalogue import CCE, GCE
from trainables.numerals import unbroken
from trainables.records import record_path

if TYPE_CHECKING:
    from pathlib import Path

    from factories import Builder

NASTY = "<img src=x onerror=alert(1)>"
FILES = {"report.html", "report.md", "runs.csv", "summary.csv", "columns.md"}


class Tags(HTMLParser):
    """Collects the tags, their addresses, and the text outside scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href"}]

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] not in {"script", "style"}:
            self.text.append(data)


def _read(page: Path) -> Tags:
    tags = Tags()
    tags.feed(page.read_text())
    return tags


def test_a_report_is_four_whole_files(full_study: Builder, tmp_path: Path) -> None:
    folder = write_report(tmp_path, full_study.write(tmp_path))
    assert folder == tmp_path / "studies" / "best-t" / "report"
    assert {path.name for path in folder.iterdir()} == FILES


@pytest.mark.slow
def test_a_report_can_be_written_elsewhere_and_again(full_study: Builder, tmp_path: Path) -> None:
    name = full_study.write(tmp_path)
    first = {path.name: path.read_bytes() for path in write_report(str(tmp_path), name, tmp_path / "out").iterdir()}
    again = {path.name: path.read_bytes() for path in write_report(tmp_path, name, tmp_path / "out").iterdir()}
    assert first == again
    assert set(first) == FILES


def test_the_page_fetches_nothing_and_holds_plotly_once(full_report: Path) -> None:
    page = full_report / "report.html"
    tags = _read(page)
    beside = {address for address in tags.addresses if not address.startswith("#")}
    assert beside == {"report.md", "report.tex", "report.json", "runs.csv", "summary.csv"}
    assert "default-src 'none'" in page.read_text()
    assert page.read_text().count("Licensed under the MIT license\n*/") == 1
    assert tags.tags.count("figure") == 7  # T (test, validation), boxes, pairs, curves, runs, cost


def test_the_page_and_the_markdown_open_with_headline_advice_and_verdict(full_report: Path, full_storage: Path) -> None:
    report = method_report(load_results(full_storage, "best-t"))
    texts = (report.headline.text, report.headline.advice, report.verdict)
    shown = "".join(_read(full_report / "report.html").text)
    places = [shown.index(unbroken(text)) for text in texts]
    assert places == sorted(places)
    assert shown.rindex("Figure 1. Test accuracy against temperature T") > places[-1]
    written = (full_report / "report.md").read_text()
    places = [written.index(markdown.markdown_text(text)) for text in texts]
    assert places == sorted(places)
    assert written.startswith(f"# best-t: {markdown.markdown_text(report.headline.text)}\n")
    assert places[2] < 1000


def test_the_label_of_a_number_on_the_first_screen_is_there_once(full_report: Path, full_storage: Path) -> None:
    labels = [unbroken(tile.label) for tile in tiles(method_report(load_results(full_storage, "best-t")).finding)]
    shown = [text.strip() for text in _read(full_report / "report.html").text]
    first = shown[: shown.index("In full")]
    assert len(labels) > 2
    assert [first.count(label) for label in labels] == [1] * len(labels)


@pytest.mark.parametrize("file", ["report.html", "report.md"])
def test_both_forms_state_what_was_left_out_and_what_was_published(full_report: Path, file: str) -> None:
    text = (full_report / file).read_text()
    for fact in ("train_loss is nan in epoch 2", "RuntimeError: out of memory", "393581.wav", "75.3 ± 0.5", "abc1234"):
        assert any(form in text for form in (fact, unbroken(fact), markdown.markdown_text(fact)))
    assert "4 of 46 runs: 1 stopped, 1 diverged, 1 failed, 1 missing." in text


def test_markup_in_names_is_inert_everywhere(study: Builder, tmp_path: Path) -> None:
    study.description, study.classes, study.skipped = NASTY, [NASTY, "</script><b>"], [(NASTY, NASTY)]
    study.temperatures([2, 3], 2, arm=NASTY).add(NASTY, CCE(name="cce"), 9, status="failed", error=NASTY)
    folder = write_report(tmp_path, study.write(tmp_path))
    tags = _read(folder / "report.html")
    assert not {"img", "b"} & set(tags.tags)
    assert NASTY in "".join(tags.text)
    page = (folder / "report.html").read_text()
    figures = re.findall(r'id="figure-.*?</figure>', page, flags=re.DOTALL)
    assert figures
    assert not any("<img" in figure or "\\u003cimg" in figure for figure in figures)
    assert "<img" not in (folder / "report.md").read_text()


@pytest.mark.parametrize(
    ("text", "inert"),
    [
        ("[a](javascript:b)|c\nd", r"\[a\](javascript:b)\|c d"),
        ("_a_ ~b~ $c$ #1", r"\_a\_ \~b\~ \$c\$ \#1"),
        ("- a", r"\- a"),
        ("---", r"\---"),
        ("+ a", r"\+ a"),
        ("===", r"\==="),
        ("12. a", r"12\. a"),
        ("1) a", r"1\) a"),
        ("0.5 a-b 3.wav", "0.5 a-b 3.wav"),
        ("https://x.org www.x.org", r"https:\//x.org www\.x.org"),
        ("a@x.org", r"a\@<!-- -->x.org"),
    ],
)
def test_markup_does_not_reach_markdown(text: str, inert: str) -> None:
    assert markdown.markdown_text(text) == inert


def test_other_data_is_not_laid_beside_the_published_numbers(study: Builder, tmp_path: Path) -> None:
    study.temperatures([2, 3], 2)
    assert "Published numbers" not in (write_report(tmp_path, study.write(tmp_path)) / "report.md").read_text()


@pytest.mark.slow
def test_data_that_only_look_like_fsdnoisy18k_are_not_laid_beside_it(full_study: Builder, tmp_path: Path) -> None:
    full_study.clips = {"train verified": 1771, "train unverified": 15813, "test": 947}  # one skipped, two lack
    assert "Published numbers" in (write_report(tmp_path, full_study.write(tmp_path)) / "report.md").read_text()
    full_study.clips["test"] = 940
    text = (write_report(tmp_path, full_study.write(tmp_path)) / "report.md").read_text()
    assert "Published numbers" not in text
    assert "This data set is laid out as FSDnoisy18k but is not it (18,524 clips)." in text


def test_the_choice_names_its_own_left_out_runs_and_counts_all_it_was_compared_with(study: Builder) -> None:
    for seed in range(6):
        study.add("gce", GCE(name="gce"), seed, validation=0.8 + seed / 100, test=0.7 + seed / 100)
        study.add("cce", CCE(name="cce"), seed, validation=0.7, status="complete" if seed < 2 else "diverged")
    study.add("gce", GCE(name="gce"), 6, status="diverged")
    table = accuracy.choice_table(study.finding())
    assert dict(table.rows) | {
        "Chosen configuration": "gce",
        "Validation accuracy": "82.5",
        "Runs": "6",
        "Runs left out": "1 of 7 (1 diverged)",
        "May also be the best": "0 of 1",
        "Test accuracy": "72.5 ± 2.0",
    } == dict(table.rows)
    assert "n = 6 seeds everywhere" in table.note


def test_the_choice_on_several_subsets_has_a_row_for_each(study: Builder) -> None:
    study.baselines(2).baselines(2, subset="clean")
    table = accuracy.choice_table(study.finding())
    assert table.header[:2] == ("Subset", "Chosen configuration")
    assert [row[0] for row in table.rows] == ["all", "clean"]


def test_validation_is_drawn_apart_for_each_subset(study: Builder, tmp_path: Path) -> None:
    study.temperatures([2, 3], 2).temperatures([2, 3], 2, subset="clean").baselines(2, subset="noisy")
    page = (write_report(tmp_path, study.write(tmp_path)) / "report.html").read_text()
    titles = re.findall(r'<h3><span class="part-number">Figure \d+\.</span> (.*?)</h3>', page)
    assert titles == [
        "Test accuracy per arm and subset",
        "Test accuracy against temperature T",
        "Validation accuracy against temperature T",
        "Test accuracy: differences between arms, paired by seed",
        *(f"Validation accuracy and training loss per epoch on {name}" for name in ("all", "clean", "noisy")),
        "All runs: configurations and seeds",
        "Test accuracy against training time",
    ]


def test_a_damaged_record_does_not_stop_the_report(full_study: Builder, tmp_path: Path) -> None:
    name = full_study.write(tmp_path)
    record_path(tmp_path, next(iter(full_study.records))).write_text("{")
    text = (write_report(tmp_path, name) / "report.md").read_text()
    assert "5 of 46 runs: 1 stopped, 1 diverged, 1 failed, 1 missing, 1 damaged." in text


def test_a_table_cell_has_mean_half_width_and_n_or_mean_and_runs_of_fewer_than_five(study: Builder) -> None:
    for seed, test in enumerate((0.74, 0.76, 0.75, 0.73, 0.77)):
        study.add("cce", CCE(name="cce"), seed, test=test)
        if seed < 4:
            study.add("cce", CCE(name="cce"), seed, test=test, subset="s_noisy+clean")
        if seed == 0:
            study.add("cce", CCE(name="cce"), seed, test=0.6, subset="clean")
    table = accuracy.results_table(study.finding(), "test")
    assert table.header == ("Configuration", "all", "s_noisy+clean", "clean")
    assert table.rows == (("cce", "75.0 ± 2.0", "74.5 (74.0, 76.0, 75.0, 73.0)", "60.0 (n = 1)"),)
    assert "95 % t-interval" in table.note
    assert "n = 5 seeds unless stated otherwise" in table.note


def test_a_table_of_one_metric_on_one_subset_is_headed_by_the_metric(study: Builder) -> None:
    table = accuracy.results_table(study.baselines(5).finding(), "test")
    assert table.header == ("Configuration", "Test accuracy")
    assert set(table.spans) == {(0, 1), (1, 1)}


def test_a_table_of_many_subsets_has_no_bars(study: Builder) -> None:
    for subset in ("all", "clean", "s_noisy+clean", "l_noisy+clean"):
        study.baselines(5, subset=subset)
    assert accuracy.results_table(study.finding(), "test").spans == {}


def test_one_seed_shows_no_interval(study: Builder, tmp_path: Path) -> None:
    study.temperatures([2, 3], 1)
    text = (write_report(tmp_path, study.write(tmp_path)) / "report.md").read_text()
    results = text.partition("### Table 1. Test accuracy and validation accuracy")[2].partition("###")[0]
    assert "n = 1 seed everywhere" in results
    assert not re.search(r"± \d", results)


def test_a_study_without_a_complete_run_says_so(study: Builder, tmp_path: Path) -> None:
    study.add("cce", CCE(name="cce"), 0, status="failed", error="OSError: disk full", epochs=0)
    study.add("cce", CCE(name="cce"), 1, status=None)
    folder = write_report(tmp_path, study.write(tmp_path))
    for file in ("report.html", "report.md"):
        assert "No run of the 2 is complete yet (1 failed)" in (folder / file).read_text()
    assert "figure" not in _read(folder / "report.html").tags


def test_a_study_without_any_record_has_a_report(study: Builder, tmp_path: Path) -> None:
    study.add("cce", CCE(name="cce"), 0, status=None)
    folder = write_report(tmp_path, study.write(tmp_path))
    assert "No run of the 1 is complete" in (folder / "report.md").read_text()


def test_without_test_clips_the_report_shows_validation(study: Builder, tmp_path: Path) -> None:
    study.add("cce", CCE(name="cce"), 0, test=None)
    text = (write_report(tmp_path, study.write(tmp_path)) / "report.md").read_text()
    assert "### Table 1. Validation accuracy" in text
    assert not re.search(r"### Table \d+. Test accuracy", text)


def test_the_csv_files_hold_every_run_and_every_configuration(full_report: Path) -> None:
    with (full_report / "runs.csv").open() as file:
        runs = list(csv.DictReader(file))
    with (full_report / "summary.csv").open() as file:
        means = list(csv.DictReader(file))
    assert len(runs) == 46
    assert [row["n"] for row in means] == ["6"] * 7
    assert {row["method"] for row in means} == {"t"}


def test_an_unknown_study_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_report(tmp_path, "nowhere")


@pytest.mark.slow
def test_the_report_needs_neither_torch_nor_ray() -> None:
    code = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"torch", "torchaudio", "ray", "study"}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Block())
import analysis.report.write
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
