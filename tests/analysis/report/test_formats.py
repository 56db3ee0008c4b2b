"""The report's other formats: LaTeX that compiles, JSON that programs read, all made before any is written."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from analysis.report.drawing import images
from analysis.report.drawing.browser import Browser, RenderError
from analysis.report.latex.tables import to_latex
from analysis.report.latex.text import latex_text
from analysis.report.sections import figures_of, report_sections
from analysis.report.write import write_report
from analysis.tables.accuracy import results_table
from analysis.tables.table import Table
from trainables.losses.catalogue import CCE, GCE
from trainables.numerals import unbroken

if TYPE_CHECKING:
    from pathlib import Path

    from factories import Builder


def test_json_holds_verdict_choice_summary_tables_and_methods(full_study: Builder, full_report: Path) -> None:
    found = json.loads((full_report / "report.json").read_text())
    assert set(found) == {
        *(
            "schema",
            "study",
            "ended",
            "test_hidden",
            "headline",
            "advice",
            "context",
            "tiles",
            "verdict",
            "cautions",
            "choice",
            "summary",
            "tables",
            "figures",
            "methods",
        ),
        *("comparisons", "pooled_comparisons"),
    }
    assert found["schema"] == 2
    assert found["verdict"] == full_study.report().verdict
    assert found["choice"]["configuration"] == "adaptive T=1000"
    assert found["summary"][0]["n"] == 6
    assert all(len(row) == len(table["header"]) for table in found["tables"] for row in table["rows"])
    assert found["methods"][0].startswith("Data. We used FSDnoisy18k")


def test_json_has_null_where_there_is_no_number(study: Builder, tmp_path: Path) -> None:
    study.add("cce", CCE(name="cce"), 0, status="failed", error="OSError: disk full")
    folder = write_report(tmp_path, study.write(tmp_path), formats=["json"])
    assert [path.name for path in folder.iterdir()] == ["report.json"]
    text = (folder / "report.json").read_text()
    assert "NaN" not in text
    found = json.loads(text)
    assert found["choice"] is None
    assert found["summary"][0]["test_mean"] is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("50 % & $x_1#{}", r"50 \% \& \$x\_1\#\{\}"),
        ("a\\b ~ ^", r"a\textbackslash{}b \textasciitilde{} \textasciicircum{}"),
        ("75.3 ± 0.5", r"75.3 $\pm$ 0.5"),
        ("< β | --x", r"\textless{} $\beta$ \textbar{} -{}-x"),
        ("[a]*\nb\x07", "{[}a{]}{*} b?"),
    ],
)
def test_latex_shows_a_text_as_it_is(text: str, shown: str) -> None:
    assert latex_text(text) == shown


def test_a_latex_table_has_booktabs_rules_and_equal_columns(full_report: Path) -> None:
    text = (full_report / "report.tex").read_text()
    tables = re.findall(r"\\begin\{tabular\}\{([^\n]*)\}\n(.*?)\\end\{tabular\}", text, re.DOTALL)
    assert len(tables) >= 8
    for columns, body in tables:
        assert body.startswith("\\toprule\n")
        assert body.endswith("\\bottomrule\n")
        width = len(re.sub(r"@\{\}|p\{[^}]*\}", lambda found: "p" * found[0].startswith("p"), columns))
        rows = [line for line in body.splitlines() if line.endswith((r"\\", r"\tabularnewline"))]
        assert len(rows) > 1
        assert all(len(re.findall(r"(?<!\\)&", row)) + row.count(r"\multicolumn{2}") == width - 1 for row in rows)
    assert text.count(r"\begin{table}") == text.count(r"\end{table}") == len(tables)
    assert len(set(re.findall(r"\\label\{[^}]*\}", text))) == len(re.findall(r"\\label\{", text))


def test_cells_that_stand_out_are_bold_in_every_format(study: Builder, tmp_path: Path) -> None:
    """In each of five seeds gce is ahead of cce by 20 points and a little."""
    for seed in range(5):
        study.add("gce", GCE(name="gce"), seed, validation=0.9, test=0.8 + 0.001 * seed)
        study.add("cce", CCE(name="cce"), seed, validation=0.7 + 0.001 * seed, test=0.6 + 0.002 * seed)
    folder = write_report(tmp_path, study.write(tmp_path), formats=["md", "html", "latex"])
    assert "| gce | **80.2 ± 0.2** |" in (folder / "report.md").read_text()
    assert (
        f'<strong>80<span class="rest">{unbroken(".2 ± 0.2")}</span></strong>' in (folder / "report.html").read_text()
    )
    assert r"\textbf{80} & \textbf{.2 $\pm$ 0.2}" in (folder / "report.tex").read_text()


def test_nothing_is_bold_beside_what_was_not_compared(study: Builder) -> None:
    for seed in range(6):
        study.add("gce", GCE(name="gce"), seed, test=0.8 + 0.001 * seed)
        study.add("cce", CCE(name="cce"), seed, test=0.6 + 0.002 * seed)
    study.add("best", GCE(name="gce", q=0.5), 0, test=0.9)
    assert results_table(study.finding(), "test").bold == frozenset()


def test_nothing_is_bold_where_nothing_is_ruled_out(study: Builder) -> None:
    for seed, (first, second) in enumerate([(0.7, 0.8), (0.8, 0.7), (0.75, 0.76)]):
        study.add("gce", GCE(name="gce"), seed, test=first)
        study.add("cce", CCE(name="cce"), seed, test=second)
    table = results_table(study.finding(), "test")
    assert table.bold == frozenset()
    assert "Bold" not in table.note


def test_a_latex_table_longer_than_a_page_may_break() -> None:
    text = to_latex(Table("Long", ("A",), tuple((str(i),) for i in range(60))), "tab:long")
    assert r"\begin{longtable}{@{}l@{}}" in text
    assert r"\endhead" in text


def test_every_figure_becomes_a_file_of_its_name(
    full_study: Builder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "images", lambda _, names, forms, _dpi: {(n, f): b"x" for n in names for f in forms})
    folder = write_report(tmp_path, full_study.write(tmp_path), formats=["png", "svg", "pdf-figures"])
    drawn = ["accuracy_per_arm", "accuracy_vs_t", "accuracy_vs_training_time", "learning_curves"]
    names = [*drawn, "paired_differences", "runs", "validation_accuracy_vs_t"]
    assert sorted(p.name for p in (folder / "figures").iterdir()) == sorted(
        f"{name}.{form}" for name in names for form in ("png", "svg", "pdf")
    )


def test_names_of_figures_are_distinct_and_safe_as_files(study: Builder) -> None:
    for subset in ("all", "l_noisy+clean", "l_noisy+l_clean"):
        study.temperatures([2, 3], 2, subset=subset).temperatures([2, 3], 2, subset=subset, arm="other")
    found = report_sections(study.report())
    assert len(figures_of(found)) == sum(len(section.figures) for section in found) == 9
    assert all(re.fullmatch("[a-z0-9_]+", name) for name in figures_of(found))


def test_nothing_is_written_when_one_format_cannot_be_made(
    full_study: Builder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_browser: object, _page: str) -> None:
        msg = "no browser"
        raise RenderError(msg)

    monkeypatch.setattr(Browser, "open", refuse)
    with pytest.raises(RenderError):
        write_report(tmp_path, full_study.write(tmp_path), tmp_path / "out", ["html", "csv", "pdf"])
    assert not (tmp_path / "out").exists()


def test_an_unknown_format_is_an_error_with_those_allowed(full_study: Builder, tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match="'docx'; allowed: html, md, latex, csv, json, pdf, png, svg, pdf-figures, paper"
    ):
        write_report(tmp_path, full_study.write(tmp_path), formats=["docx"])


@pytest.mark.parametrize("file", ["report.html", "report.md"])
def test_the_report_has_a_section_on_methods(full_report: Path, file: str) -> None:
    text = (full_report / file).read_text()
    assert "Methods" in text
    assert "We used FSDnoisy18k (Fonseca et al., 2019) with 2 classes: 17,585 training clips" in text
    headings = {"report.html": "<dt>{}</dt>", "report.md": "\n\n**{}.** "}
    assert all(headings[file].format(part) in text for part in ("Data", "Losses", "Comparison", "Runs"))
