from __future__ import annotations

import argparse
import csv
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from study import data_commands
from trainables.datasets import fsdnoisy18k
from trainables.datasets.manifest import DataSetError

if TYPE_CHECKING:
    from collections.abc import Callable


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    data_commands.add_parser(parser.add_subparsers())
    options = parser.parse_args(["data", *arguments])
    return int(options.handler(options))


@pytest.fixture
def folders(tmp_path: Path, make_wav: Callable[..., Path]) -> Path:
    for i in range(4):
        make_wav(tmp_path / f"set/dog/{i}.wav", samples=44_100)
        make_wav(tmp_path / f"set/cat/{i}.wav", samples=16_000 * 3, rate=16_000)
    return tmp_path / "set"


def csv_tables(capsys: pytest.CaptureFixture[str]) -> list[list[dict[str, str]]]:
    return [list(csv.DictReader(part.splitlines())) for part in capsys.readouterr().out.split("\n\n")]


def test_describe_counts_classes_hours_and_rates(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("describe", str(folders), "--csv") == 0
    classes, audio, subsets = csv_tables(capsys)
    assert classes[0] == {"class": "cat", "verified": "3", "unverified": "0", "test": "1", "total": "4"}
    assert classes[-1] == {"class": "all", "verified": "6", "unverified": "0", "test": "2", "total": "8"}
    assert audio[0]["files"] == "6 of 6"
    assert (audio[0]["shortest s"], audio[0]["longest s"]) == ("1.00", "3.00")
    assert sorted(audio[0]["rates"].split(", ")) == ["16000 Hz: 3", "44100 Hz: 3"]
    assert [s["subset"] for s in subsets][:2] == ["all", "clean"]
    assert subsets[1]["total"] == "6"


def test_describe_without_audio_matches_the_papers_counts(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = shared / "data" / "fsdnoisy18k-meta"
    assert run("describe", str(folder), "--csv") == 0
    classes, audio, subsets = csv_tables(capsys)
    with (folder / "class_counts.csv").open(newline="") as file:
        expected = [[r[k] for k in ("label", "clean", "noisy", "test", "total")] for r in csv.DictReader(file)]
    assert [list(row.values()) for row in classes[:-1]] == expected
    assert [row["files"] for row in audio] == ["audio absent", "audio absent"]
    assert {s["subset"]: (s["unverified"], s["verified"]) for s in subsets}["l_noisy+m_clean"] == ("10000", "886")


def test_describe_prints_tables(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("describe", str(folders)) == 0
    shown = capsys.readouterr().out
    assert "set: clips per class" in shown
    assert "training subsets (Table 1)" in shown


def test_describe_says_how_many_files_cannot_be_used(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in folders.glob("dog/*.wav"):
        path.write_bytes(b"")
    run("describe", str(folders), "--csv")
    audio = csv_tables(capsys)[1]
    assert [row["cannot be used"] for row in audio] == ["3", "1"]


def test_describe_finds_out_what_it_is_given(folders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "list.csv"
    table.write_text("path,label,split,verified\nset/dog/0.wav,dog,train,0\nset/cat/0.wav,cat,test,1\n")
    assert data_commands.read_any(table).kind == "csv"
    assert data_commands.read_any(folders).kind == "folder"
    (tmp_path / "train.csv").write_text("fname,label,aso_id,manually_verified,noisy_small\n1.wav,a,x,1,0\n")
    (tmp_path / "test.csv").write_text("fname,label,aso_id\n1.wav,a,x\n")
    assert data_commands.read_any(tmp_path).kind == "fsdnoisy18k"
    assert data_commands.read_any(tmp_path / "set", "folder").kind == "folder"
    assert capsys.readouterr().out == ""


def test_describe_raises_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(DataSetError, match="no such folder"):
        run("describe", str(tmp_path / "no"))


def test_verify_lists_problems(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = shared / "data" / "fsdnoisy18k-meta"
    assert run("verify", str(folder)) == 1
    assert capsys.readouterr().out.splitlines()[-1] == f"{folder}: 2 problems"


def test_verify_says_when_all_is_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fsdnoisy18k, "verify", lambda _: [])
    assert run("verify", str(tmp_path)) == 0
    assert capsys.readouterr().out == f"{tmp_path}: as released\n"


def test_fetch_makes_the_folder_and_names_the_next_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = []

    def fetch(root: Path, *, progress: bool) -> list[str]:
        seen.append((root, progress))
        return ["a.zip"]

    monkeypatch.setattr(fsdnoisy18k, "fetch", fetch)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert run("fetch", "fsdnoisy18k", "~/data", "--quiet") == 0
    assert seen == [(tmp_path / "data", False)]
    assert (tmp_path / "data").is_dir()
    assert capsys.readouterr().out == f"unpacked a.zip\nnext: gce-study data verify {tmp_path}/data\n"


def test_describe_needs_neither_torch_nor_ray(folders: Path) -> None:
    code = (
        "import argparse, sys\nfrom study import data_commands\np = argparse.ArgumentParser()\n"
        "data_commands.add_parser(p.add_subparsers())\n"
        f"o = p.parse_args(['data', 'describe', {str(folders)!r}])\no.handler(o)\n"
        "sys.exit(bool({'torch', 'ray', 'torchaudio', 'pandas'} & sys.modules.keys()))"
    )
    root = Path(__file__).resolve().parents[1]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False, capture_output=True).returncode == 0
