"""``gce-study audit`` lists suspicious clips, and makes a new data set of a person's decisions."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from analysis.statistics.label_audit.neighbours import neighbour_disagreement
from clip_outputs import leave_manifest, write_margins
from factories import FINGERPRINT, Builder
from study.cli import main
from study.spec.reading import read_spec
from trainables.datasets.kinds import csv_manifest
from trainables.datasets.manifest import POOL, Clip
from trainables.losses.catalogue import CCE
from trainables.outputs.neighbours import read_neighbours
from trainables.plans import EmbeddingSummary
from trainables.storage.location import location

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


SIZES = {"train verified": 1, "train unverified": 5, "test": 2}
MARGINS = (4.0, -3.0, -1.0, 2.0, 3.0, 5.0)
PATHS = ("0.wav", "1.wav", "2.wav", "3.wav", "4.wav", "5.wav")


def _write(storage: Path, paths: Sequence[str] = PATHS, *, outputs: bool = True, **fields: Any) -> None:
    study = Builder(clips=SIZES, **{"spec": {"dataset": {"kind": "folder", "root": "x"}}} | fields)
    labels = ("Rain",) * 5 + ("Wind",)
    clips = [Clip(path, label, "train", verified=path == "0.wav") for path, label in zip(paths, labels, strict=True)]
    clips += [Clip(f"t{label}.wav", label, "test", verified=True) for label in ("Rain", "Wind")]
    leave_manifest(location(storage), study.plan(), clips)
    for seed in range(2):
        run_id = study.add("cce", CCE(name="cce"), seed, test=0.5)
        if outputs:
            write_margins(location(storage), run_id, MARGINS, [0, 1, 1, 0, 0, 1], held=1)
    study.write(storage)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder, which holds a study in ``results``."""
    monkeypatch.chdir(tmp_path)
    _write(tmp_path / "results")
    return tmp_path


def test_the_most_suspicious_clips_are_printed_with_what_to_do_next(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "best-t", "--top", "2"]) == 0
    printed = capsys.readouterr().out
    assert printed.index("1.wav") < printed.index("2.wav")
    assert "3.wav" not in printed
    assert "labels ranked by 2 complete runs with 2 seeds" in printed
    assert "because a person verified them: 1 clip" in printed
    assert "next: gce-study audit best-t --csv best-t-review.csv" in printed
    assert "gce-study audit best-t --apply best-t-review.csv" in printed


def test_the_csv_lists_every_clip_to_review_with_an_empty_decision(folder: Path) -> None:
    assert main(["audit", "best-t", "--csv", "review.csv"]) == 0
    rows = list(csv.DictReader((folder / "review.csv").read_text().splitlines()))
    assert [row["path"] for row in rows] == ["1.wav", "2.wav", "3.wav", "5.wav", "4.wav"]
    assert {(row["decision"], row["new_label"]) for row in rows} == {("", "")}
    assert (rows[0]["label"], rows[0]["suggested"], rows[0]["runs"]) == ("Rain", "Wind", "2")


def test_the_csv_has_its_codebook_beside_it(folder: Path) -> None:
    main(["audit", "best-t", "--csv", "review.csv"])
    assert "| `new_label` | the label of a clip to relabel" in (folder / "review.columns.md").read_text()


def test_a_csv_that_cannot_be_written_is_named_before_anything_is_printed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "file").touch()
    assert main(["audit", "best-t", "--csv", "file/review.csv"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.endswith("gce-study: file: Not a directory\n")


def test_a_class_limits_table_and_csv(folder: Path) -> None:
    assert main(["audit", "best-t", "--class", "Wind", "--csv", "review.csv"]) == 0
    assert [row["path"] for row in csv.DictReader((folder / "review.csv").read_text().splitlines())] == ["5.wav"]


def test_an_unknown_class_is_refused_with_the_known_ones_and_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "best-t", "--class", "Rian"]) == 2
    assert (
        "--class 'Rian': not a class of the data set; allowed: Rain, Wind (did you mean Rain?)"
        in capsys.readouterr().err
    )


def test_a_study_without_margins_states_why_there_is_no_audit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _write(tmp_path / "older", outputs=False)
    assert main(["audit", "best-t", "--storage", "older"]) == 1
    assert "best-t: 2 runs left no margins: an earlier version of gce-study trained them" in capsys.readouterr().err


def test_a_filled_in_review_becomes_a_data_set_that_can_be_read(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["audit", "best-t", "--csv", "review.csv"])
    rows = list(csv.DictReader((folder / "review.csv").read_text().splitlines()))
    for row, decision in zip(rows, ("relabel", "drop", "keep"), strict=False):
        row["decision"] = decision
    with (folder / "review.csv").open("w") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    capsys.readouterr()
    assert main(["audit", "best-t", "--apply", "review.csv"]) == 0
    printed = capsys.readouterr().out
    assert "best-t-reviewed.csv: 7 clips; 1 kept, 1 relabelled, 1 dropped" in printed
    manifest, problems = csv_manifest.parse(folder / "best-t-reviewed.csv")
    assert problems == []
    after = {clip.path: (clip.label, clip.verified) for clip in manifest.of("train")}
    assert after["1.wav"] == ("Wind", True)
    assert after["3.wav"] == ("Rain", True)
    assert after["4.wav"] == ("Rain", False)
    assert "2.wav" not in after


def test_the_printed_lines_make_a_study_file_that_names_the_new_data_set(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "review.csv").write_text("path,label,decision\n1.wav,Rain,drop\n")
    assert main(["audit", "best-t", "--apply", "review.csv", "--out", "a: b.csv"]) == 0
    lines = capsys.readouterr().out.splitlines()
    study = ["name: after", "seeds: 2", "arms: [{name: cce, loss: {name: cce}}]", *lines[lines.index("dataset:") :]]
    (folder / "study.yaml").write_text("\n".join(study))
    dataset = read_spec(folder / "study.yaml").dataset
    assert (dataset.kind, dataset.path, dataset.root) == ("csv", str(folder / "a: b.csv"), str(folder / "x"))


def test_the_problems_of_a_review_are_printed_together(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "review.csv").write_text("path,label,decision\nz.wav,Rain,drop\n1.wav,Rain,burn\n")
    assert main(["audit", "best-t", "--apply", "review.csv"]) == 2
    printed = capsys.readouterr().err
    assert "review.csv:2: path 'z.wav'" in printed
    assert "review.csv:3: decision 'burn'" in printed
    assert not (folder / "best-t-reviewed.csv").exists()


@pytest.mark.parametrize("out", ["./review.csv", "../{folder}/review.csv"])
def test_the_review_itself_is_never_overwritten(folder: Path, out: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = "path,label,decision\n1.wav,Rain,drop\n"
    (folder / "review.csv").write_text(text)
    assert main(["audit", "best-t", "--apply", "review.csv", "--out", out.format(folder=folder.name)]) == 2
    assert (folder / "review.csv").read_text() == text
    assert "review.csv: that file is an input" in capsys.readouterr().err


@pytest.mark.parametrize("key", ["path", "test_path"])
def test_the_lists_of_the_data_set_are_never_overwritten(tmp_path: Path, key: str) -> None:
    (tmp_path / "review.csv").write_text("path,label,decision\n1.wav,Rain,drop\n")
    (tmp_path / "clips.csv").write_text("as it was")
    _write(tmp_path / "csv", spec={"dataset": {"kind": "csv", key: str(tmp_path / "clips.csv")}})
    apply = ["audit", "best-t", "--storage", "csv", "--apply", "review.csv", "--out"]
    assert main([*apply, f"../{tmp_path.name}/clips.csv"]) == 2
    assert (tmp_path / "clips.csv").read_text() == "as it was"


def test_a_review_never_replaces_a_file_which_may_hold_decisions(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "review.csv").write_text("as it was")
    assert main(["audit", "best-t", "--csv", "review.csv"]) == 2
    assert (folder / "review.csv").read_text() == "as it was"
    printed = capsys.readouterr().err
    assert "--csv review.csv: is there already, and may hold a person's decisions; allowed: a new file" in printed


def test_injected_sounds_outside_the_data_set_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _write(tmp_path / "injected", (*PATHS[:5], f"{POOL}5.wav"))
    (tmp_path / "review.csv").write_text("path,label,decision\n1.wav,Rain,drop\n")
    assert main(["audit", "best-t", "--storage", "injected", "--apply", "review.csv"]) == 2
    assert (
        "best-t: one CSV cannot list its data set: noise.pool adds 1 clip from another folder"
        in capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--out", "x.csv"], "--out: only with --apply"),
        (["--apply", "x.csv", "--top", "3", "--csv", "y.csv"], "--apply: cannot be combined with --top or --csv"),
        (["--csv", "x.txt"], "allowed: a file that ends in .csv"),
        (["--folds", "1"], "'1' is not a whole number from 2 to 50"),
        (["--top", "0"], "'0' is not a whole number of at least 1"),
        (["--apply", "absent.csv"], "absent.csv: "),
    ],
)
def test_options_that_make_no_sense_are_refused(
    options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = main(["audit", "best-t", *options])
    except SystemExit as ended:
        code = ended.code
    assert code == 2
    assert message in capsys.readouterr().err


def test_neighbours_are_compared_once_and_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    embeddings = EmbeddingSummary(digest="a" * 20, model="yamnet", dims=2, windows=6, hop_s=0.5, window_s=1.0)
    _write(folder / "embedded", embeddings=embeddings)
    vectors = np.random.default_rng(0).normal(size=(6, 2)).astype(np.float32)
    calls = []
    name = "trainables.features.clip_vectors.training_clip_vectors"
    monkeypatch.setattr(name, lambda *given: calls.append(given[1:]) or vectors)
    for _ in range(2):
        assert main(["audit", "best-t", "--storage", "embedded"]) == 0
    assert calls == [(FINGERPRINT, embeddings.digest)]
    kept = read_neighbours(location(folder / "embedded"), FINGERPRINT, embeddings.digest)
    assert kept == pytest.approx(neighbour_disagreement(vectors, np.array([0] * 5 + [1])))


def test_folds_train_what_predicts_the_clips_before_they_are_ranked(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr("study.api.cross_validation.train_out_of_sample", lambda *given: calls.append(given))
    assert main(["audit", "best-t", "--folds", "5"]) == 0
    ((storage, name, parts, _, again),) = calls
    assert (str(storage), name, parts, again) == ("results", "best-t", 5, "gce-study audit best-t --folds 5")
