"""The command ``data embed``: consent, progress, what it prints, and messages where the model is at fault."""

import json
from pathlib import Path

import numpy as np
import pytest

from embedding_files import MODEL, csv_study
from study.cli import main

RETURNED = "    return embeddings, times[None]"
STUDY = {"arms": [{"name": "cce", "loss": {"name": "cce"}}]}


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A study of four clips and a model, in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    csv_study(Path(tmp_path), **STUDY)
    Path("my_model.py").write_text(MODEL)


def embed(*options):
    return main(["data", "embed", "study.yaml", "--with", "my_model.py", *options])


@pytest.mark.usefixtures("here")
def test_it_ends_with_the_line_for_the_study_file(capsys):
    assert embed("--allow-code") == 0
    assert capsys.readouterr().out.splitlines() == [
        "embeddings/my_model: 8 clips, windows of 0.2 s every 0.1 s, 2 dimensions",
        "in the study file:",
        "features: {embeddings: embeddings/my_model}",
    ]


@pytest.mark.slow  # times a training step
@pytest.mark.usefixtures("here")
def test_the_line_that_it_prints_makes_the_study_use_the_embeddings(capsys):
    embed("--allow-code", "--to", "a folder, of mine")
    line = capsys.readouterr().out.splitlines()[-1]
    study = json.loads(Path("study.yaml").read_text())
    del study["features"]
    Path("study.yaml").write_text(json.dumps(study) + "\n")
    text = "\n".join(f"{key}: {json.dumps(value)}" for key, value in study.items())
    Path("study.yaml").write_text(f"{text}\n{line}\nnetwork: {{name: head}}\n")
    assert main(["check", "study.yaml"]) == 0
    out = capsys.readouterr().out
    assert "embeddings: my_model, 2 dimensions, windows of 0.2 s every 0.1 s; digest " in out
    assert "72 windows of 8 clips: 576 B on disk and in memory, which runs share" in out


@pytest.mark.usefixtures("here")
def test_progress_has_lines_with_an_eta(capsys):
    embed("--allow-code")
    assert "embeddings: 8 of 8 clips; ETA 0 s" in capsys.readouterr().err


@pytest.mark.usefixtures("here")
def test_an_interrupt_is_one_line_with_how_to_continue(capsys):
    Path("my_model.py").write_text(MODEL.replace(RETURNED, f"    raise KeyboardInterrupt\n{RETURNED}"))
    assert embed("--allow-code") == 130
    assert capsys.readouterr().err.splitlines() == [
        "embeddings/my_model: finished clips are kept; run the same command again to continue",
        "gce-study: interrupted by SIGINT",
    ]


@pytest.mark.usefixtures("here")
def test_code_that_was_not_accepted_is_not_run(capsys):
    Path("my_model.py").write_text("from pathlib import Path\nPath('was_run').touch()\n")
    assert embed() == 2
    assert "add --allow-code" in capsys.readouterr().err
    assert not Path("was_run").exists()


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("line", "other", "problem"),
    [
        ("import torch", "import torch as", "my_model.py:2: SyntaxError: "),
        (
            RETURNED,
            "    return 1 / 0",
            "my_model.py:16: ZeroDivisionError: division by zero",
        ),
        (
            RETURNED,
            "    return embeddings",
            "my_model.py:12: get_timestamp_embeddings returned",
        ),
    ],
)
def test_a_fault_of_the_model_is_one_message_with_file_and_line(capsys, line, other, problem):
    Path("my_model.py").write_text(MODEL.replace(line, other))
    assert embed("--allow-code") == 2
    (message,) = [text for text in capsys.readouterr().err.splitlines() if text.startswith("gce-study: ")]
    assert problem in message


@pytest.mark.usefixtures("here")
def test_an_unknown_model_is_refused(capsys):
    assert main(["data", "embed", "study.yaml", "--with", "nothing"]) == 2
    error = capsys.readouterr().err
    assert "--with 'nothing': neither a file nor an installed model" in error


@pytest.mark.usefixtures("here")
def test_a_file_that_does_not_exist_is_refused(capsys):
    assert main(["data", "embed", "study.yaml", "--with", "absent.py"]) == 2
    assert "absent.py: cannot be read: No such file or directory" in capsys.readouterr().err


@pytest.mark.usefixtures("here")
def test_check_counts_the_clips_without_embeddings(capsys):
    np.savez("e.npz", hop_s=0.1, window_s=0.2, model="m")
    keys = {"features": {"embeddings": "e.npz"}, "network": {"name": "head"}}
    Path("study.yaml").write_text(json.dumps(json.loads(Path("study.yaml").read_text()) | keys))
    assert main(["check", "study.yaml"]) == 2
    assert "e.npz: no array, for 8 of 8 clips: a/0.wav, " in capsys.readouterr().err
