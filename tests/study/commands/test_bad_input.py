"""Bad input at the command line: exit code 2, one line a problem with where it is, nothing written but caches."""

import subprocess
import sys

import numpy as np
import pytest
import soundfile

from study.cli import main

RATE = 44_100


@pytest.fixture
def sounds(tmp_path):
    """A CSV data set of eight sound clips in two classes, and a study file on it."""
    folder = tmp_path / "sounds"
    folder.mkdir()
    rows = ["path,label,split,verified"]
    for i in range(8):
        write(folder / f"{i}.wav", seed=i)
        rows.append(f"{i}.wav,{'ab'[i % 2]},{'train' if i < 6 else 'test'},1")
    (folder / "clips.csv").write_text("\n".join(rows) + "\n")
    study = f"""
name: bad
dataset: {{kind: csv, path: {folder / "clips.csv"}}}
arms:
  - {{name: cce, loss: {{name: cce}}}}
seeds: 1
training: {{epochs: 1, batch_size: 2}}
storage: {tmp_path / "storage"}
"""
    (tmp_path / "bad.yaml").write_text(study)
    return folder


def write(path, seed=0, seconds=0.2, **settings):
    noise = np.random.default_rng(seed).uniform(-0.5, 0.5, int(seconds * RATE)).astype(np.float32)
    soundfile.write(path, noise, settings.pop("rate", RATE), **{"subtype": "PCM_16", **settings})


def change_row(folder, line, text):
    lines = (folder / "clips.csv").read_text().splitlines()
    lines[line - 1] = text
    (folder / "clips.csv").write_text("\n".join(lines) + "\n")


def refused(capsys, folder, command="check", *options):
    """Run a command on the study; return what it complained of, after checking that it is a refusal."""
    code = main([command, str(folder.parent / "bad.yaml"), *options])
    errors = capsys.readouterr().err
    assert code == 2, errors
    assert "Traceback" not in errors
    assert all(line.startswith(("gce-study: ", "log-mel frames: ")) for line in errors.splitlines())
    assert not (folder.parent / "storage" / "records").exists()
    return errors


def cut(path, keep):
    path.write_bytes(path.read_bytes()[:keep])


def zero_rate(path):
    data = bytearray(path.read_bytes())
    data[24:28] = bytes(4)
    path.write_bytes(data)


FILES = {
    "missing": (lambda path: path.unlink(), "no such file"),
    "zero bytes": (lambda path: path.write_bytes(b""), "zero bytes"),
    "header only": (lambda path: soundfile.write(path, np.zeros(0), RATE, subtype="PCM_16"), "0 samples"),
    "truncated": (lambda path: cut(path, 4000), "truncated"),
    "0 Hz": (zero_rate, "0 Hz"),
    "1 Hz": (lambda path: soundfile.write(path, np.zeros(9), 1), "sample rate 1 Hz"),
    "text named wav": (lambda path: path.write_text("this is text"), "not a readable sound file"),
}


@pytest.mark.parametrize("case", FILES)
def test_a_bad_file_is_named_with_its_row(sounds, capsys, case):
    damage, expected = FILES[case]
    damage(sounds / "3.wav")
    errors = refused(capsys, sounds)
    assert "clips.csv:5: 3.wav: " in errors
    assert expected in errors


DECODED = {
    "NaN": lambda path: soundfile.write(path, np.array([0.1, np.nan], np.float32), RATE, subtype="FLOAT"),
    "Inf": lambda path: soundfile.write(path, np.array([0.1, np.inf], np.float32), RATE, subtype="FLOAT"),
}


def test_what_only_decoding_finds_is_listed_together_with_the_rest(sounds, capsys):
    DECODED["NaN"](sounds / "0.wav")
    DECODED["Inf"](sounds / "1.wav")
    (sounds / "2.wav").unlink()
    write(sounds / "3.flac", seconds=2, format="FLAC")
    cut(sounds / "3.flac", 60_000)
    change_row(sounds, 5, "3.flac,b,train,1")
    errors = refused(capsys, sounds, "run")
    for row, name, reason in (
        (2, "0.wav", "NaN"),
        (3, "1.wav", "Inf"),
        (4, "2.wav", "no such file"),
        (5, "3.flac", "truncated"),
    ):
        line = next(line for line in errors.splitlines() if f"clips.csv:{row}: {name}: " in line)
        assert reason.lower() in line.lower()
    assert "4 problems" in errors


ROWS = {
    "a parent folder": ("../3.wav,b,train,1", "../3.wav"),
    "an absolute path": ("/etc/passwd,b,train,1", "/etc/passwd"),
    "a duplicate": ("1.wav,b,train,1", "1.wav"),
    "an unknown split": ("3.wav,b,training,1", "'training'"),
    "an unknown mark": ("3.wav,b,train,maybe", "'maybe'"),
    "an empty label": ("3.wav,,train,1", "label"),
    "a short row": ("3.wav,b", "clips.csv:5"),
}


@pytest.mark.parametrize("case", ROWS)
def test_a_bad_row_is_named_by_its_number(sounds, capsys, case):
    text, expected = ROWS[case]
    change_row(sounds, 5, text)
    errors = refused(capsys, sounds)
    assert "clips.csv:5: " in errors
    assert expected in errors


def test_a_symlink_out_of_the_root_is_refused(sounds, capsys, tmp_path):
    write(tmp_path / "outside.wav", seed=99)
    (sounds / "3.wav").unlink()
    (sounds / "3.wav").symlink_to(tmp_path / "outside.wav")
    errors = refused(capsys, sounds)
    assert "clips.csv:5: 3.wav: " in errors
    assert "outside" in errors


def test_an_unknown_test_label_is_refused(sounds, capsys):
    change_row(sounds, 8, "6.wav,c,test,1")
    errors = refused(capsys, sounds)
    assert "clips.csv:8: 6.wav: unknown label 'c'" in errors


def test_one_class_only_is_refused(sounds, capsys):
    text = (sounds / "clips.csv").read_text().replace(",b,", ",a,")
    (sounds / "clips.csv").write_text(text)
    assert "one class only ('a')" in refused(capsys, sounds)


def test_a_byte_order_mark_is_accepted(sounds, capsys):
    path = sounds / "clips.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert main(["check", str(sounds.parent / "bad.yaml")]) == 0
    assert "1 run named (1 seed)" in capsys.readouterr().out


def test_a_csv_that_is_not_text_is_refused(sounds, capsys):
    (sounds / "clips.csv").write_bytes(b"path,label,split,verified\n\xff\xfe.wav,a,train,1\n")
    assert "clips.csv:2" in refused(capsys, sounds)


def test_an_empty_class_folder_is_refused(tmp_path, capsys):
    for label, split in (("a", "train"), ("b", "train"), ("a", "test"), ("b", "test")):
        (tmp_path / "sounds" / split / label).mkdir(parents=True)
        for i in range(3):
            write(tmp_path / "sounds" / split / label / f"{i}.wav", seed=hash((label, split, i)) % 1000)
    (tmp_path / "sounds" / "train" / "empty").mkdir()
    (tmp_path / "bad.yaml").write_text(
        f"name: bad\ndataset: {{kind: folder, root: {tmp_path / 'sounds'}}}\n"
        f"arms: [{{name: cce, loss: {{name: cce}}}}]\nseeds: 1\nstorage: {tmp_path / 'storage'}\n"
    )
    errors = refused(capsys, tmp_path / "sounds")
    assert "empty" in errors
    assert "train/empty" in errors


@pytest.mark.slow
def test_as_many_bad_clips_are_skipped_as_allowed_and_the_report_lists_them(sounds, capsys):
    DECODED["NaN"](sounds / "0.wav")
    (sounds / "3.wav").unlink()
    errors = refused(capsys, sounds, "run", "--skip-bad-clips", "1")
    assert "2 bad clips; --skip-bad-clips allows 1" in errors
    # Ray reads its environment when it is first imported, so the study runs in a process of its own.
    command = [sys.executable, "-m", "study.cli", "run", sounds.parent / "bad.yaml", "--skip-bad-clips", "2"]
    assert subprocess.run(command, check=False, capture_output=True, timeout=300).returncode == 0
    report = (sounds.parent / "storage" / "studies" / "bad" / "report" / "report.md").read_text()
    assert "3.wav" in report
    assert "no such file" in report
    assert "0.wav" in report


def test_a_subset_that_is_empty_or_too_small_is_refused_before_training(sounds, capsys):
    path = sounds.parent / "bad.yaml"
    path.write_text(path.read_text().replace("{name: cce}}", "{name: cce}, subset: {values: [noisy, all]}}"))
    path.write_text(path.read_text().replace("batch_size: 2", "batch_size: 100"))
    errors = refused(capsys, sounds)
    assert "noisy" in errors
    assert "subset all: 4 training patches; training.batch_size is 100" in errors


def test_every_batch_size_that_is_too_large_is_named(sounds, capsys):
    path = sounds.parent / "bad.yaml"
    path.write_text(path.read_text().replace("batch_size: 2", "batch_size: {values: [2, 50, 100]}"))
    assert "subset all: 4 training patches; training.batch_size is 50 and 100, and" in refused(capsys, sounds)


def test_a_missing_study_file_is_refused(tmp_path, capsys):
    assert main(["run", str(tmp_path / "none.yaml")]) == 2
    assert f"gce-study: {tmp_path / 'none.yaml'}: cannot be read: No such file" in capsys.readouterr().err


@pytest.mark.parametrize("number", ["-1", "many"])
def test_a_count_of_clips_to_skip_is_a_whole_number(number, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["run", "demo", "--skip-bad-clips", number])
    assert ended.value.code == 2
    assert "--skip-bad-clips" in capsys.readouterr().err
