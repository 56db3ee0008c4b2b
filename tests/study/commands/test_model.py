"""The commands model and predict."""

import csv
import io

import numpy as np
import pytest
import soundfile

from study import load_model
from study.cli import main
from study.models import folder as model_folder
from trainables.plans import read_plan
from trainables.records import read_record

pytestmark = pytest.mark.slow  # two runs are really trained


@pytest.fixture
def predict(trained, capsys):
    """Return a function that runs ``predict`` on the study, and returns exit code, output and errors."""

    def run(*arguments):
        code = main(["predict", "small", "--storage", str(trained), *map(str, arguments)])
        return code, *capsys.readouterr()

    return run


@pytest.fixture(scope="module")
def clips(trained):
    """The test clips, in the manifest's order."""
    return sorted((trained.local_path.parent / "sounds").rglob("test/*.wav"))


@pytest.fixture
def long_file(tmp_path):
    path = tmp_path / "long.wav"
    soundfile.write(path, np.random.default_rng(0).uniform(-0.5, 0.5, 8_000 * 33).astype(np.float32), 8_000)
    return path


def test_the_test_clips_get_the_labels_of_the_record(trained, clips, predict):
    plan = read_plan(trained, "small")
    record = read_record(trained, next(p.run.run_id for p in plan.runs if p.run.seed == 1))
    _, out, _ = predict("--seed", 1, "--top", 1, *clips)
    labels = [line.rpartition(": ")[2].split()[0] for line in out.splitlines()]
    assert labels == [plan.dataset.classes[k] for k in record.test.predictions]


def test_a_line_names_the_file_the_time_and_the_likeliest_classes(long_file, predict):
    code, out, err = predict(long_file)
    assert (code, err) == (0, "")
    first, *_, last = out.splitlines()
    assert first.startswith(f"{long_file} 0.0-10.0 s: ")
    assert last.startswith(f"{long_file} 23.0-33.0 s: ")
    probabilities = [float(part.split()[1]) for part in first.rpartition(": ")[2].split(", ")]
    assert len(probabilities) == 3
    assert probabilities == sorted(probabilities, reverse=True)


def test_windows_have_the_stated_length_and_hop(long_file, predict):
    _, out, _ = predict(long_file, "--window", 20, "--hop", 7)
    assert [line.split()[1] for line in out.splitlines()] == ["0.0-20.0", "7.0-27.0", "13.0-33.0"]


def test_csv_has_a_row_for_each_class_of_each_window(long_file, predict):
    code, out, _ = predict(long_file, "--top", 2, "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0
    assert [(row["start_s"], row["end_s"], row["rank"]) for row in rows[:3]] == [
        ("0.000", "10.000", "1"),
        ("0.000", "10.000", "2"),
        ("10.000", "20.000", "1"),
    ]
    assert {row["path"] for row in rows} == {str(long_file)}


def test_csv_goes_to_the_named_file(tmp_path, long_file, predict):
    _, out, _ = predict("--csv", tmp_path / "labels.csv", long_file)
    assert out == f"{tmp_path / 'labels.csv'}: 12 rows\n"
    assert (tmp_path / "labels.csv").read_text().startswith("path,start_s,end_s,rank,label,probability\n")


def test_a_sound_after_csv_is_not_written_over(long_file, predict):
    before = long_file.read_bytes()
    with pytest.raises(SystemExit) as ended:
        predict("--csv", long_file, long_file)
    assert ended.value.code == 2
    assert long_file.read_bytes() == before


def test_bad_files_get_a_line_each_and_the_others_are_labelled(tmp_path, long_file, predict):
    (tmp_path / "empty.wav").touch()
    code, out, err = predict(tmp_path / "none.wav", long_file, tmp_path / "empty.wav")
    assert code == 2
    assert len(out.splitlines()) == 4
    assert err.splitlines() == [
        f"gce-study: {tmp_path / 'none.wav'}: no such file",
        f"gce-study: {tmp_path / 'empty.wav'}: zero bytes",
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--window", "400"], "--window and --hop: window 400; allowed: 0.1 to 300 seconds"),
        (["--hop", "5"], "--window and --hop: a hop needs the length of the window too"),
    ],
)
def test_windows_out_of_range_are_refused(long_file, predict, options, message):
    assert predict(long_file, *options) == (2, "", f"gce-study: {message}\n")


@pytest.mark.parametrize("count", ["0", "-1", "x"])
def test_a_number_of_classes_below_one_is_refused(long_file, predict, count):
    with pytest.raises(SystemExit) as ended:
        predict(long_file, f"--top={count}")
    assert ended.value.code == 2


@pytest.fixture
def folder(tmp_path, trained, monkeypatch, capsys):
    """The folder of a model without its ONNX graph, which takes seconds."""
    monkeypatch.setattr(model_folder, "missing_packages", lambda: ["onnx"])
    path = tmp_path / "model"
    assert main(["model", "small", "--storage", str(trained), "--out", str(path)]) == 0
    assert capsys.readouterr().out.startswith(f"{path}: the run with seed ")
    return path


def test_a_model_in_a_folder_predicts_as_the_study_does(folder, long_file, predict, capsys):
    assert main(["predict", str(folder), str(long_file)]) == 0
    assert capsys.readouterr().out == predict(long_file)[1]


def test_a_model_in_a_folder_takes_no_seed(folder, long_file, capsys):
    assert main(["predict", str(folder), str(long_file), "--ensemble"]) == 2
    assert capsys.readouterr().err == (
        f"gce-study: --seed and --ensemble are for studies; {folder} is a folder with one model\n"
    )


def test_a_folder_that_is_not_empty_is_refused_before_anything_is_read(tmp_path, capsys):
    (tmp_path / "notes.txt").touch()
    assert main(["model", "no-such-study", "--out", str(tmp_path)]) == 2
    assert (
        capsys.readouterr().err == f"gce-study: --out {tmp_path}: already exists; allowed: a new or an empty folder\n"
    )


def test_the_model_in_python_predicts_as_the_command_does(trained, clips, predict):
    model = load_model(trained, "small", ensemble=True)
    label = model.predict(clips[0]).iloc[0].idxmax()
    assert f": {label} " in predict("--ensemble", clips[0])[1]


def test_a_folder_in_python_takes_no_seed(tmp_path):
    with pytest.raises(ValueError, match=r"^seed and ensemble are for studies"):
        load_model(tmp_path, seed=1)
