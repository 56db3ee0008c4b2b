"""The folder of an article: it compiles at once, and nothing in it is wider than a column."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from analysis.report.drawing.browser import Browser
from analysis.report.drawing.images import images
from analysis.report.drawing.sizes import laid_out
from analysis.report.formats import PDF_FIGURES, SIZES, FigureFormat
from analysis.report.paper.folder import cited_figures, paper_files, text_files
from analysis.report.paper.methods_text import methods_tex, references_bib
from analysis.report.paper.result_table import result_table
from analysis.report.sections import report_sections
from analysis.report.write import files
from analysis.tables.table import Table
from analysis.text.methods.bibliography import WORKS
from analysis.text.methods.parts import Methods
from compiling import compiled, need, overfull
from factories import Builder
from hostile_text import HOSTILE
from trainables.losses.catalogue import GCE

if TYPE_CHECKING:
    from pathlib import Path

SUBSETS = ("xs_noisy+clean", "s_noisy+clean", "m_noisy+clean", "l_noisy+clean", "all")
METHODS = Methods(
    (("Data", "Two."), ("Comparison", "Hsu's comparisons (Hsu, 1981; Holm, 1979), as by Holm, 1979.")),
    tuple(WORKS[key].reference() for key in ("holm", "hsu")),
)


def table2() -> Builder:
    study = Builder(kind="fsdnoisy18k")
    for subset in SUBSETS:
        study.baselines(6, subset=subset)
    return study


def hostile(study: Builder) -> Builder:
    study.description, study.classes = HOSTILE, [HOSTILE, "b"]
    for seed in range(3):
        study.add(HOSTILE, GCE(name="gce", q=0.3), seed)
    study.add("long_" * 60, GCE(name="gce", q=0.4), 0)
    return study


def written(study: Builder, folder: Path) -> Path:
    """Write the texts of a study's folder, and one drawing in place of each figure."""
    report = study.report()
    figures = cited_figures(report_sections(report), None)
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in text_files(
        report, [(number, figure, size == "double") for number, figure, size in figures]
    ).items():
        path = folder / file.rpartition("/")[2]
        path.write_text(re.sub(r"\\includegraphics(\[[^\]]*\])\{[^}]*\}", r"\\rule{\\columnwidth}{3cm}", text))
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", ["figure3", "table2", "settle", "hostile"])
def test_the_article_compiles_at_once_and_nothing_is_wider_than_a_column(
    full_study: Builder, tmp_path: Path, name: str
) -> None:
    need("siunitx.sty", "caption.sty", "booktabs.sty")
    studies = {
        "figure3": lambda: full_study,
        "table2": table2,
        "settle": lambda: Builder().exploring_temperatures({100: 1, 1000: 0}),
    }
    study = studies[name]() if name in studies else hostile(full_study)
    folder = written(study, tmp_path / "paper")
    printed = compiled(folder, "main", bibliography=True)
    assert overfull(printed) == []
    assert "undefined" not in printed


def test_a_citation_in_brackets_and_one_in_the_sentence_become_commands() -> None:
    cited = r"\paragraph{Comparison.} Hsu's comparisons~\cite{hsu,holm}, as by Holm~\cite{holm}."
    assert methods_tex(METHODS).endswith(f"\n\n{cited}\n")


def test_each_part_of_the_methods_is_a_paragraph_with_its_heading(full_study: Builder) -> None:
    told = full_study.report().methods
    written = methods_tex(told)
    assert re.findall(r"\\paragraph\{([^}]*)\.\}", written) == [heading for heading, _ in told.parts]
    assert written.count("\n\n") == len(told.parts) - 1


def test_every_work_cited_has_an_entry_and_every_entry_is_cited(full_study: Builder) -> None:
    methods = full_study.report().methods
    cited = {key for keys in re.findall(r"\\cite\{([^}]*)\}", methods_tex(methods)) for key in keys.split(",")}
    entries = re.findall(r"^@\w+\{(\w+),$", references_bib(methods), re.MULTILINE)
    assert len(cited) > 5
    assert cited == set(entries)
    assert len(entries) == len(set(entries))


def test_means_and_half_widths_have_columns_of_their_own() -> None:
    rows = (
        ("adaptive T=1000", "73.3 ± 0.6"),
        ("adaptive T=10^2.5", "1.0 ± 0.6 (n = 11)"),
        ("gce q=0.7", "1.0 ± 0.6"),
        ("cce", "9.0 ± 10.6"),
        ("gce", "70.0 (69.0, 71.0)"),
        ("none", "-"),
    )
    text = result_table(Table("Test accuracy", ("Configuration", "all"), rows, "In %.", frozenset({(0, 1)})))
    assert r"S[table-format=2.1]@{\,}c@{\,}S[table-format=2.1]@{~}l" in text
    assert r"adaptive~$T=1000$ & \bfseries 73.3 & $\pm$ & \bfseries 0.6 & \bfseries  \tabularnewline" in text
    assert r"adaptive~$T=10^{2.5}$ & 1.0 & $\pm$ & 0.6 & (n = 11) \tabularnewline" in text
    assert r"gce~$q=0.7$ & " in text
    assert r"gce & 70.0 & \multicolumn{3}{@{~}l}{(69.0, 71.0)} \tabularnewline" in text
    assert r"none & \multicolumn{4}{c}{--} \tabularnewline" in text


def test_values_without_half_widths_stand_beside_their_means() -> None:
    text = result_table(Table("t", ("Configuration", "all"), (("cce", "70.0 (69.0, 71.0)"), ("gce", "8.5 (8, 9)"))))
    assert r"{@{}lS[table-format=2.1]@{~}l@{}}" in text
    assert r"gce & 8.5 & (8, 9) \tabularnewline" in text


def test_a_table_takes_both_columns_only_where_it_must() -> None:
    narrow = Table("t", ("Configuration", "all"), (("cce", "70.0 ± 1.0"),))
    wide = Table("t", ("Configuration", *SUBSETS), (("cce", *["70.0 ± 1.0"] * 5),))
    assert r"\begin{table}[tbp]" in result_table(narrow)
    assert r"\begin{table*}[tbp]" in result_table(wide)


def test_a_table_of_many_configurations_has_the_first_and_states_how_many_there_are() -> None:
    text = result_table(Table("t", ("Configuration", "all"), tuple((f"a{i}", "70.0 ± 1.0") for i in range(90))))
    assert text.count(r"\tabularnewline") == 40
    assert "The first 40 of 90 rows." in text


def test_figures_of_the_appendix_are_left_out_and_the_others_keep_their_numbers(full_study: Builder) -> None:
    sections = report_sections(full_study.report())
    numbers = [number for number, *_ in cited_figures(sections, None)]
    total = sum(len(section.figures) for section in sections)
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) == total - sum(len(section.figures) for section in sections if section.group == "Appendix")


def test_every_cited_figure_is_included_and_no_taller_than_its_page(full_study: Builder) -> None:
    report = full_study.report()
    figures = [(number, figure, False) for number, figure, _ in cited_figures(report_sections(report), "column")]
    text = text_files(report, figures)["paper/main.tex"]
    for number, *_ in figures:
        assert rf"[width=\columnwidth,height=200mm,keepaspectratio]{{figure{number}.pdf}}" in text


@pytest.mark.usefixtures("chromium")
def test_each_figure_of_a_column_is_a_pdf_with_true_type_fonts_of_eight_points(
    full_study: Builder, tmp_path: Path
) -> None:
    """Type 3 fonts are refused by publishers; Chromium writes a variable font as such."""
    if shutil.which("pdffonts") is None or shutil.which("pdftohtml") is None:
        pytest.skip("no pdffonts or pdftohtml in PATH")
    figures = cited_figures(report_sections(full_study.report()), "column")[:3]
    layouts = {f"{number}": laid_out(figure.drawing, SIZES["column"]) for number, figure, _ in figures}
    with Browser() as drawing:
        drawn = images(drawing, layouts, [PDF_FIGURES])
    for (number, _), data in drawn.items():
        (tmp_path / f"{number}.pdf").write_bytes(data)
    for path in sorted(tmp_path.glob("*.pdf")):
        command = ["pdffonts", str(path)]
        fonts = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[2:]
        assert fonts
        assert all("Inter" in font and "TrueType" in font for font in fonts), fonts
        command = ["pdftohtml", "-xml", "-stdout", "-i", "-zoom", "3", str(path)]
        described = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        sizes = {int(size) / 3 for size in re.findall(r'<fontspec id="\d+" size="(\d+)"', described)}
        assert 8.0 in sizes
        assert min(sizes) >= 7.5 - 2 / 3  # exponents of powers of ten are a little smaller


def test_the_folder_has_main_table_methods_references_and_the_figures(
    full_study: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "analysis.report.paper.folder.images", lambda _, layouts, forms: {(n, f): b"x" for n in layouts for f in forms}
    )
    report = full_study.report()
    with Browser() as drawing:
        made = set(paper_files(drawing, report, report_sections(report)))
    assert {f"paper/{file}" for file in ("main.tex", "table.tex", "methods.tex", "refs.bib", "figure1.pdf")} <= made


def test_an_article_with_figures_for_slides_is_refused(full_study: Builder) -> None:
    with pytest.raises(ValueError, match="size 'slide' of format paper; allowed: column, double"):
        files(full_study.report(), ["paper"], FigureFormat("slide"))
