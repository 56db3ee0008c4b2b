from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trainables.datasets.kinds.csv_manifest import parse, write
from trainables.datasets.manifest import Clip, DataSetError, Manifest, Split, checked

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "path,label,split,verified\n"
GOOD = HEADER + "a/1.wav,dog,train,1\na/2.wav,cat,train,0\na/3.wav,dog,test,\na/4.wav,cat,test,\n"
REUSED = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def table(folder: Path, text: str | bytes) -> Path:
    path = folder / "data.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def problems(path: Path) -> list[str]:
    with pytest.raises(DataSetError) as caught:
        checked(parse(path))
    return caught.value.problems


def test_a_good_csv_is_read_in_order(tmp_path: Path) -> None:
    manifest = checked(parse(table(tmp_path, GOOD)))
    assert manifest.classes == ("cat", "dog")
    assert manifest.clips[1] == Clip("a/2.wav", "cat", "train", verified=False, row="data.csv:3")
    assert manifest.clips[2].verified
    assert manifest.root == tmp_path


def test_optional_columns_are_used_and_others_ignored(tmp_path: Path) -> None:
    header = "note,true_label,noisy_small,verified,split,label,path\n"
    text = header + "x,,1,true,train,dog,1.wav\ny,cat,,False,train,dog,2.wav\nz,(none),,0,train,cat,3.wav\n"
    first, second, third = checked(parse(table(tmp_path, text))).clips
    assert (first.true_label, first.noisy_small, first.verified) == (None, True, True)
    assert (second.true_label, second.noisy_small, second.verified) == ("cat", False, False)
    assert third.true_label == ""


def test_a_true_label_that_is_no_class_names_the_row(tmp_path: Path) -> None:
    text = "path,label,split,verified,true_label\n1.wav,dog,train,1,dog\n2.wav,cat,train,1,dgo\n"
    assert problems(table(tmp_path, text)) == [
        "data.csv:3: true_label 'dgo' is not a label of this data set; (none) stands for a sound of no class"
    ]


def test_the_same_problem_in_many_rows_is_one_line(tmp_path: Path) -> None:
    rows = "".join(f"/data/{i}.wav,dog,train,1\n" for i in range(21))
    first = "data.csv:2: the path '/data/0.wav' is absolute; it must be relative to the root"
    assert problems(table(tmp_path, HEADER + rows + "1.wav,,train,1\n")) == [
        f"21 problems of this kind: {first}",
        "data.csv:23: the label is empty",
    ]


def test_quoted_column_names_and_values_are_read(tmp_path: Path) -> None:
    text = '"path","label","split","verified"\n"1,5.wav","Rain, heavy","train","1"\n'
    (clip,) = parse(table(tmp_path, text))[0].clips
    assert (clip.path, clip.label) == ("1,5.wav", "Rain, heavy")


def test_missing_csv(tmp_path: Path) -> None:
    assert problems(tmp_path / "data.csv") == [f"{tmp_path / 'data.csv'}: no such file"]


def test_a_folder_or_a_pipe_is_no_csv(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    for name in ("folder.csv", "pipe.csv"):
        assert problems(tmp_path / name) == [f"{tmp_path / name}: not a file"]


def test_lines_may_end_as_on_any_system(tmp_path: Path) -> None:
    expected = checked(parse(table(tmp_path, GOOD))).clips
    for end in ("\r\n", "\r"):
        assert checked(parse(table(tmp_path, GOOD.replace("\n", end)))).clips == expected


def test_empty_csv(tmp_path: Path) -> None:
    assert problems(table(tmp_path, "")) == ["data.csv: empty; the first line must name the columns path,label,split"]


def test_header_without_rows(tmp_path: Path) -> None:
    assert problems(table(tmp_path, HEADER)) == ["data.csv: no rows"]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("../1.wav,dog,train,1", "the path '../1.wav' leaves the root"),
        ("a\\..\\..\\1.wav,dog,train,1", "the path 'a\\..\\..\\1.wav' leaves the root"),
        ("/etc/1.wav,dog,train,1", "the path '/etc/1.wav' is absolute; it must be relative to the root"),
        ("C:\\1.wav,dog,train,1", "the path 'C:\\1.wav' is absolute; it must be relative to the root"),
        (",dog,train,1", "the path is empty"),
        (" 1.wav,dog,train,1", "the path has spaces around it"),
        ("pool:1.wav,dog,train,1", "the path may not start with 'pool:'"),
        ('"1\n.wav",dog,train,1', "the path contains an unprintable character"),
        ("1.wav,,train,1", "the label is empty"),
        ("1.wav,do\tg,train,1", "label 'do\\tg' contains an unprintable character"),
        ("1.wav,(none),train,1", "label '(none)' is reserved for the true label of a sound of no class"),
        ("1.wav, dog,train,1", "label ' dog' has spaces around it"),
        ("1.wav,dog,eval,1", "split 'eval' is neither train nor test"),
        ("1.wav,dog,train,yes", "verified 'yes' is not one of 0, 1, true, false"),
        ("1.wav,dog,train,", "verified '' is not one of 0, 1, true, false"),
        ("1.wav,d\x1b[31mog,train,1", "label 'd\\x1b[31mog' contains an unprintable character"),
        ("1.wav,dog ,train,1", "label 'dog ' has spaces around it"),
        ('1.wav,"d\nog",train,1', "label 'd\\nog' contains an unprintable character"),
        ("1.wav,dog,tr\x1bain,1", "split 'tr\\x1bain' is neither train nor test"),
        ("1.wav,dog,train,\x9b1", "verified '\\x9b1' is not one of 0, 1, true, false"),
        ('"1.wav,dog,train,1\n2.wav,dog,train,1', "1 value, the header has 4 columns; is a quote not closed?"),
        ("1.wav,dog,train", "3 values, the header has 4 columns"),
        ("1.wav,dog,train,1,2", "5 values, the header has 4 columns"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, row: str, problem: str) -> None:
    assert problems(table(tmp_path, GOOD + row + "\n")) == [f"data.csv:6: {problem}"]


def test_every_bad_row_is_listed_at_once(tmp_path: Path) -> None:
    assert len(problems(table(tmp_path, HEADER + "../1.wav,,eval,maybe\n/2.wav,dog,train,1\n"))) == 5


def test_problems_of_every_kind_are_in_the_order_of_the_lines(tmp_path: Path) -> None:
    rows = "1.wav,dog,train,1\n1.wav,dog,train,1\n2.wav,,train,1\n3.wav,dog\n" + "4.wav,dog,train,1\n" * 6
    lines = [int(problem.split(":")[1]) for problem in problems(table(tmp_path, HEADER + rows))]
    assert lines == [3, 4, 5, 7, 8, 9, 10, 11]


def test_row_numbers_are_physical_lines(tmp_path: Path) -> None:
    text = 'note,path,label,split,verified\n\n"two\nlines",1.wav,dog,train,1\n,2.wav,dog,bad,1\n'
    assert problems(table(tmp_path, text)) == ["data.csv:5: split 'bad' is neither train nor test"]


def test_a_name_twice_in_a_split(tmp_path: Path) -> None:
    assert problems(table(tmp_path, GOOD + "./a/1.wav,dog,train,1\n")) == [
        "data.csv:6: a/1.wav: twice in train, first at data.csv:2"
    ]


def test_a_file_in_both_splits(tmp_path: Path) -> None:
    assert problems(table(tmp_path, GOOD + "a/1.wav,dog,test,1\n")) == [
        "data.csv:6: a/1.wav: in test and in train (data.csv:2)"
    ]


COMPOSED, DECOMPOSED = "caf\u00e9", "cafe\u0301"


def test_paths_that_differ_only_in_the_encoding_of_accents_are_one_path(tmp_path: Path) -> None:
    text = HEADER + f"{COMPOSED}.wav,dog,train,1\n{DECOMPOSED}.wav,dog,test,1\n"
    assert problems(table(tmp_path, text)) == [
        (
            f"data.csv:3: {DECOMPOSED}.wav: in test and in train (data.csv:2); the two paths differ only in how "
            "accents are encoded (Unicode NFC or NFD)"
        )
    ]


def test_a_true_label_in_another_encoding_of_accents_is_named(tmp_path: Path) -> None:
    text = f"path,label,split,verified,true_label\n1.wav,{COMPOSED},train,1,{DECOMPOSED}\n"
    assert problems(table(tmp_path, text)) == [
        (
            f"data.csv:2: true_label '{DECOMPOSED}' is not a label of this data set; it and a label that looks the "
            "same differ only in how accents are encoded (Unicode NFC or NFD)"
        )
    ]


def test_a_csv_whose_name_is_encoded_in_another_way_is_pointed_to(tmp_path: Path) -> None:
    (tmp_path / f"{DECOMPOSED}.csv").write_text(GOOD)
    assert problems(tmp_path / f"{COMPOSED}.csv") == [
        (
            f"{tmp_path}/{COMPOSED}.csv: no such file, but there is one whose name differs only in how accents "
            f"are encoded (Unicode NFC or NFD): '{tmp_path}/cafe\\u0301.csv'; rename it, or copy its name from there"
        )
    ]


TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)


@REUSED
@given(
    header=st.lists(st.sampled_from(["path", "label", "split", "verified", "x", " path", "Label"]) | TEXT, max_size=6),
    rows=st.lists(st.lists(TEXT | st.sampled_from(["train", "test", "1", "a.wav", "dog"]), max_size=6), max_size=5),
    separator=st.sampled_from(list(",;\t|")),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32-be"]),
)
def test_every_problem_of_any_table_is_one_printable_line(
    tmp_path: Path, header: list[str], rows: list[list[str]], separator: str, encoding: str
) -> None:
    text = "\r\n".join(separator.join(row) for row in [header, ["path", "label", "split", "verified"], *rows])
    for content in (text, HEADER + text):
        manifest, found = parse(table(tmp_path, content.encode(encoding)))
        assert manifest.clips or found
        assert all(line.isprintable() for line in found)
        assert all(clip.label.isprintable() and clip.path.isprintable() for clip in manifest.clips)


@REUSED
@given(data=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(tmp_path: Path, data: bytes) -> None:
    for text in (data, HEADER.encode() + data):
        try:
            checked(parse(table(tmp_path, text)))
        except DataSetError as error:
            assert error.problems  # noqa: PT017 -- either outcome is right


@REUSED
@given(text=st.text(alphabet='",\n\r\0 ab.01/\\trainestdog', max_size=200))
def test_any_text_is_read_or_refused(tmp_path: Path, text: str) -> None:
    try:
        checked(parse(table(tmp_path, HEADER + text)))
    except DataSetError as error:
        assert all(p.startswith("data.csv:") for p in error.problems)  # noqa: PT017 -- either outcome is right


PRINTABLE = st.characters(exclude_categories=["C", "Z"])  # a space may stand between two of them, not at the ends
LABEL = st.lists(st.text(PRINTABLE, min_size=1, max_size=5), min_size=1, max_size=3).map(" ".join)
WORD = LABEL.filter(lambda s: s not in {".", ".."} and not set(s) & set("/\\:"))


@REUSED
@given(
    rows=st.lists(
        st.tuples(
            WORD, WORD, LABEL, st.sampled_from(["train", "test"]), st.booleans(), st.integers(0, 9), st.booleans()
        ),
        min_size=1,
        max_size=8,
        unique_by=lambda r: (r[0], r[1]),
    ),
    known=st.booleans(),
)
def test_what_is_written_reads_back(
    tmp_path: Path, rows: list[tuple[str, str, str, Split, bool, int, bool]], *, known: bool
) -> None:
    truths = [row[2] for row in rows] + ["", None]
    clips = tuple(
        Clip(f"{folder}/{name}", label, split, verified, truths[truth % len(truths)] if known else None, small)
        for folder, name, label, split, verified, truth, small in rows
    )
    write(Manifest("data", "csv", tmp_path, clips), tmp_path / "data.csv")
    found = checked(parse(tmp_path / "data.csv")).clips
    assert [(c.path, c.label, c.split, c.verified, c.true_label, c.noisy_small) for c in found] == [
        (c.path, c.label, c.split, c.verified, c.true_label, c.noisy_small) for c in clips
    ]
