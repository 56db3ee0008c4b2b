from __future__ import annotations

import argparse
import csv
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from study.cli import main
from study.commands import data
from trainables.datasets.fetching.releases import RELEASES
from trainables.datasets.kinds import fsdnoisy18k
from trainables.datasets.manifest import DataSetError

if TYPE_CHECKING:
    from collections.abc import Callable


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    data.add_arguments(parser, "data")
    options = parser.parse_args(arguments)
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
    classes, audio, subsets, pitfalls = csv_tables(capsys)
    assert classes[0] == {"class": "cat", "verified": "3", "unverified": "0", "test": "1", "total": "4"}
    assert classes[-1] == {"class": "all", "verified": "6", "unverified": "0", "test": "2", "total": "8"}
    assert audio[0]["files"] == "6 of 6"
    assert (audio[0]["shortest s"], audio[0]["longest s"]) == ("1.00", "3.00")
    assert sorted(audio[0]["rates"].split(", ")) == ["16000 Hz: 3", "44100 Hz: 3"]
    assert [s["subset"] for s in subsets][:2] == ["all", "clean"]
    assert subsets[1]["total"] == "6"
    assert [row["what"] for row in pitfalls] == [
        "2 classes with at most one validation clip: cat, dog",
        "4 of 8 clips recorded at less than 44,100 Hz, the lowest at 16,000 Hz",
    ]
    assert pitfalls[1]["what to do"].startswith("set features.sample_rate: 16000")


def test_describe_without_audio_matches_the_papers_counts(real_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = real_data / "fsdnoisy18k-meta"
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
    assert "Subsets (Table 1 of the adaptive GCE paper)" in shown
    assert re.search(r"^noisy +- +- +-$", shown, re.MULTILINE)  # there are no unverified clips


def test_describe_does_not_fold_what_goes_into_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    label = "a_very_long_label_" * 10
    for split in ("train", "test"):
        for name in (label, "b"):
            (tmp_path / split / name).mkdir(parents=True)
            (tmp_path / split / name / "1.wav").touch()
    with pytest.raises(DataSetError):
        run("describe", str(tmp_path))
    assert label in capsys.readouterr().out


@pytest.mark.parametrize("label", ["B[/x]", "Coin [dropping]", "[red]"])
def test_describe_shows_labels_as_they_are(folders: Path, capsys: pytest.CaptureFixture[str], label: str) -> None:
    rows = [
        f"{kind}/{i}.wav,{name},{'test' if i else 'train'},1"
        for kind, name in (("dog", label), ("cat", "c"))
        for i in (0, 1)
    ]
    (folders / "[b]x.csv").write_text("path,label,split,verified\n" + "\n".join(rows))
    assert run("describe", str(folders / "[b]x.csv")) == 0
    shown = capsys.readouterr().out
    assert re.search(rf"^{re.escape(label)} +1 ", shown, re.MULTILINE)
    assert "[b]x: clips per class" in shown


def described_problems(root: Path) -> list[str]:
    with pytest.raises(DataSetError) as caught:
        run("describe", str(root), "--csv")
    return caught.value.problems


def test_describe_lists_every_problem_with_its_row(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folders / "dog/1.wav").write_bytes(b"")
    (folders / "dog/2.wav").write_text("text")
    (folders / "dog/3.wav").unlink()
    (folders / "dog/3.wav").symlink_to("/etc/hostname")
    name = "x" * 300 + ".wav"
    rows = [
        "dog/0.wav,dog,train",
        "dog/1.wav,dog,train",
        "dog/2.wav,dog,train",
        "dog/3.wav,dog,train",
        f"{name},dog,test",
    ]
    rows += ["cat/0.wav,cat,train", "cat/1.wav,fox,test", "cat/2.wav,dog,nowhere", "cat/9.wav,dog,train"]
    (folders / "a.csv").write_text("path,label,split,verified\n" + "".join(f"{r},1\n" for r in rows))
    assert described_problems(folders / "a.csv") == [
        "a.csv:9: split 'nowhere' is neither train nor test",
        "a: class 'cat' has training clips but no test clip",
        "a.csv:8: cat/1.wav: unknown label 'fox': no training clip has it",
        "a.csv:3: dog/1.wav: zero bytes",
        "a.csv:4: dog/2.wav: not a readable sound file (Format not recognised)",
        f"a.csv:5: dog/3.wav: leaves the root: it leads to {Path('/etc/hostname').resolve()}",
        f"a.csv:6: {name}: cannot be read: File name too long",
        "a.csv:10: cat/9.wav: no such file",
    ]
    audio = csv_tables(capsys)[1]
    assert (audio[0]["files"], audio[0]["cannot be used"]) == ("5 of 6", "3")


def test_describe_lists_what_is_wrong_with_the_structure(folders: Path) -> None:
    (folders / "a.csv").write_text("path,label,split,verified\ndog/0.wav,dog,train,1\n")
    assert described_problems(folders / "a.csv") == [
        "a: no test clips",
        "a: one class only ('dog'); at least 2 are needed",
    ]


def test_problems_make_the_exit_code_2_and_follow_the_tables(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folders / "dog/1.wav").write_bytes(b"")
    assert main(["data", "describe", str(folders)]) == 2
    shown = capsys.readouterr()
    assert "set: clips per class" in shown.out
    assert shown.err == "gce-study: dog/1.wav: zero bytes\n"


def test_describe_says_how_many_files_cannot_be_used(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in folders.glob("dog/*.wav"):
        path.write_bytes(b"")
    assert len(described_problems(folders)) == 4
    audio = csv_tables(capsys)[1]
    assert [row["cannot be used"] for row in audio] == ["3", "1"]


def test_describe_names_doubtful_clips_and_what_it_passed_over(
    tmp_path: Path, make_wav: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    for seed, name in enumerate(f"{split}/{label}/{i}" for split in ("train", "test") for label in "ab" for i in "01"):
        make_wav(tmp_path / f"set/{name}.wav", seed=seed)
    (tmp_path / "set/test/a/1.wav").write_bytes((tmp_path / "set/train/b/0.wav").read_bytes())
    soundfile.write(tmp_path / "set/train/a/1.wav", np.zeros(9_000), 44_100)
    (tmp_path / "set/train/a/Thumbs.db").touch()
    notes = [
        "ignored, because hidden or left by a system: Thumbs.db",
        (
            "1 of 4 test clips holds the sound of a training clip, which makes test accuracies too high: test/a/1.wav "
            "as train/b/0.wav."
        ),
        (
            "2 of 8 clips hold a sound that another clip has under another label: train/b/0.wav ('b') as "
            "test/a/1.wav ('a')."
        ),
        (
            "1 of 8 clips holds no sound; dataset.silent: leave_out leaves such clips out: train/a/1.wav (silent: "
            "every sample is 0)."
        ),
    ]
    assert run("describe", str(tmp_path / "set")) == 0
    assert capsys.readouterr().out.splitlines()[-4:] == notes
    assert run("describe", str(tmp_path / "set"), "--csv") == 0
    assert capsys.readouterr().err.splitlines() == notes


def test_describe_finds_out_what_it_is_given(folders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "list.csv"
    table.write_text("path,label,split,verified\nset/dog/0.wav,dog,train,0\nset/cat/0.wav,cat,test,1\n")
    assert data.parse_any(table)[0].kind == "csv"
    assert data.parse_any(folders)[0].kind == "folder"
    (tmp_path / "train.csv").write_text("fname,label,aso_id,manually_verified,noisy_small\n1.wav,a,x,1,0\n")
    (tmp_path / "test.csv").write_text("fname,label,aso_id\n1.wav,a,x\n")
    assert data.parse_any(tmp_path)[0].kind == "fsdnoisy18k"
    assert data.parse_any(tmp_path / "set", "folder")[0].kind == "folder"
    assert capsys.readouterr().out == ""


def test_describe_reads_the_data_set_of_a_study_file(
    folders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"{label}/{i}.wav" for label in ("dog", "cat") for i in range(4)]
    (tmp_path / "list.csv").write_text("file,kind,part\n" + "".join(f"{n},{n[:3]},{n[4]}\n" for n in names))
    keys = f"path: {tmp_path}/list.csv, root: {folders}, columns: {{path: file, label: kind}}, "
    (tmp_path / "s.yaml").write_text(
        f"name: s\ndataset: {{kind: csv, {keys}folds: {{column: part, test: all}}}}\n"
        "arms: [{name: cce, loss: {name: cce}}]\nseeds: 1\n"
    )
    assert run("describe", str(tmp_path / "s.yaml"), "--csv") == 0
    classes = csv_tables(capsys)[0]
    assert classes[-1] == {"class": "all", "verified": "0", "unverified": "8", "test": "8", "total": "8"}


def test_describe_raises_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(DataSetError, match="no such folder"):
        run("describe", str(tmp_path / "no"))


def test_verify_lists_problems(real_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = real_data / "fsdnoisy18k-meta"
    assert run("verify", str(folder)) == 1
    assert capsys.readouterr().out.splitlines()[-1] == f"{folder}: 2 problems"


def test_verify_says_when_all_is_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fsdnoisy18k, "verify", lambda _: [])
    assert run("verify", str(tmp_path)) == 0
    said = f"{tmp_path}: names, counts and lengths as released (content not compared)\n"
    assert capsys.readouterr().out == said


def test_verify_of_an_absent_folder_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("verify", str(tmp_path / "no")) == 1
    assert capsys.readouterr().out == f"{tmp_path}/no: no such folder\n"


@pytest.mark.parametrize(("name", "next_step"), [("fsdnoisy18k", "verify"), ("esc50", "describe")])
def test_fetch_makes_the_folder_and_names_the_next_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, next_step: str
) -> None:
    seen = []

    def fetch(root: Path, archives: object, *, progress: bool) -> list[str]:
        seen.append((root, archives, progress))
        return ["a.zip"]

    monkeypatch.setattr(data, "fetch", fetch)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert run("fetch", name, "~/data", "--quiet") == 0
    assert seen == [(tmp_path / "data", RELEASES[name], False)]
    assert (tmp_path / "data").is_dir()
    assert capsys.readouterr().out == f"unpacked a.zip\nnext: gce-study data {next_step} {tmp_path}/data\n"


@pytest.mark.slow
def test_describe_needs_neither_torch_nor_ray(folders: Path) -> None:
    code = (
        "import argparse, sys\nfrom study.commands import data as data_commands\np = argparse.ArgumentParser()\n"
        "data_commands.add_arguments(p, 'data')\n"
        f"o = p.parse_args(['describe', {str(folders)!r}])\no.handler(o)\n"
        "sys.exit(bool({'torch', 'ray', 'torchaudio', 'pandas'} & sys.modules.keys()))"
    )
    root = Path(__file__).resolve().parents[3]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False, capture_output=True).returncode == 0
