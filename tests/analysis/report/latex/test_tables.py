"""Tables in LaTeX: aligned numbers, columns that fold, and no box that is too wide."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from analysis.report.latex.tables import standalone, to_latex
from analysis.report.write import write_report
from analysis.tables.table import Table
from compiling import compiled, need, overfull
from trainables.losses.catalogue import GCE

if TYPE_CHECKING:
    from pathlib import Path

    from factories import Builder

PREAMBLE = r"""\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage{booktabs,graphicx,longtable}
\begin{document}
\input{report/report.tex}
\end{document}
"""
RESULTS = Table(
    "Accuracy",
    ("Configuration", "Test accuracy of the last epoch"),
    (("gce", "73.3 ± 0.6"), ("cce", "9.0 ± 10.6"), ("none", "-")),
    "In %.",
    frozenset({(0, 1)}),
)


def test_numbers_are_aligned_at_the_decimal_point_and_bold_is_the_number_alone() -> None:
    text = to_latex(RESULTS, "tab:a")
    assert r"\begin{tabular}{@{}lr@{}l@{}}" in text
    assert r"gce & \textbf{73} & \textbf{.3 $\pm$ 0.6} \tabularnewline" in text
    assert r"cce & 9 & .0 $\pm$ 10.6 \tabularnewline" in text
    assert r"none & \multicolumn{2}{c}{--} \tabularnewline" in text


def test_the_caption_is_the_title_and_the_note_stands_below() -> None:
    text = to_latex(RESULTS, "tab:a")
    assert r"\caption{Accuracy.}" in text
    assert text.index(r"\end{tabular}") < text.index(r"In \%.")


def test_a_heading_is_as_narrow_as_its_column() -> None:
    assert r"\shortstack[r]{Test\\accuracy\\of the\\last epoch}" in to_latex(RESULTS, "tab:a")


def test_a_table_to_paste_has_the_definitions_that_it_uses() -> None:
    plain, foreign = RESULTS, Table("t", ("h",), (("雨",),))
    assert r"\providecommand\fitted" in standalone(plain, "tab:a")
    assert r"\unicodesign" not in standalone(plain, "tab:a")
    assert r"\DeclareRobustCommand\unicodesign" in standalone(foreign, "tab:a")


def test_only_columns_of_text_that_do_not_fit_fold() -> None:
    text = to_latex(Table("t", ("Clip", "Status", "Why"), (("a.wav", "failed", "x " * 100),)), "tab:a")
    assert re.search(r"\{@\{\}llp\{0\.7\d+\\linewidth\}@\{\}\}", text)


@pytest.mark.slow
def test_no_table_of_the_report_is_wider_than_the_line(full_study: Builder, tmp_path: Path) -> None:
    need("booktabs.sty")
    for subset in ("xs_noisy+clean", "s_noisy+clean", "m_noisy+clean", "l_noisy+clean"):
        full_study.baselines(6, subset=subset)
    full_study.add(
        "an_arm_with_a_" + "long_" * 50 + "name", GCE(name="gce", q=0.3), 0, status="failed", error="e" * 300
    )
    storage = tmp_path / "results"
    write_report(storage, full_study.write(storage), tmp_path / "report", formats=["latex"])
    (tmp_path / "paper.tex").write_text(PREAMBLE)
    assert overfull(compiled(tmp_path, "paper")) == []
