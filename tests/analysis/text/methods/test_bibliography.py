"""Works: cited, listed, and as entries of BibTeX."""

from __future__ import annotations

import re

import pytest

from analysis.text.methods.bibliography import WORKS, cited_works
from analysis.text.methods.work import Work

MIXUP = Work("H. Zhang, M. Cisse", "mixup", "ICLR", 2018)


@pytest.mark.parametrize(
    ("key", "citation"),
    [
        ("hsu", "Hsu, 1981"),
        ("englesson", "Englesson and Azizpour, 2021"),
        ("barrio", "del Barrio et al., 2018"),
        ("bouthillier", "Bouthillier et al., 2021"),
        ("fonseca_waspaa", "Fonseca, Font and Serra, 2019"),
        ("liu", "Liu et al., 2020"),
    ],
)
def test_a_work_is_cited_by_surnames_and_year(key: str, citation: str) -> None:
    assert WORKS[key].citation() == citation


@pytest.mark.parametrize(
    ("key", "end"),
    [
        ("feng", "Can cross entropy loss be robust to label noise? IJCAI 2020."),
        ("efron", "B. Efron, R. J. Tibshirani. An introduction to the bootstrap. Chapman and Hall, 1993."),
        ("holm", "Scandinavian Journal of Statistics 6, 1979."),
        ("bouthillier", "X. Bouthillier et al. Accounting for variance in machine learning benchmarks. MLSys 2021."),
        ("deng", "WASPAA 2021. doi 10.1109/WASPAA52581.2021.9632679."),
    ],
)
def test_a_reference_ends_with_place_year_and_doi(key: str, end: str) -> None:
    assert WORKS[key].reference().endswith(end)


def test_no_two_works_are_cited_or_listed_alike() -> None:
    assert len({work.citation() for work in WORKS.values()}) == len(WORKS)
    assert len({work.reference() for work in WORKS.values()}) == len(WORKS)


def test_the_key_of_a_work_follows_from_its_reference() -> None:
    assert cited_works([WORKS["hsu"].reference(), WORKS["deng"].reference()]) == ["hsu", "deng"]


def test_a_paper_at_a_conference_becomes_an_entry_of_proceedings() -> None:
    assert MIXUP.bibtex("zhang") == (
        "@inproceedings{zhang,\n"
        "  author = {H. Zhang and M. Cisse},\n"
        "  title = {{mixup}},\n"
        "  booktitle = {International Conference on Learning Representations},\n"
        "  year = {2018},\n"
        "}\n"
    )


def test_every_work_has_the_fields_that_its_kind_of_entry_needs() -> None:
    needed = {
        "article": {"author", "title", "journal", "volume", "year"},
        "book": {"author", "title", "publisher", "year"},
        "inproceedings": {"author", "title", "booktitle", "year"},
    }
    for key, work in WORKS.items():
        entry = work.bibtex(key)
        kind, fields = re.findall(r"^@(\w+)", entry)[0], set(re.findall(r"^  (\w+) = \{", entry, re.MULTILINE))
        assert fields >= needed[kind], key
        assert entry.count("{") == entry.count("}")
