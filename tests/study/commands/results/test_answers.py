"""The commands that hand a study's answer on: report, export, best, compare."""

import csv
import json
import os

import pytest

from analysis.report.drawing import browser
from factories import Builder, curve, record, write_record
from study.cli import main
from study.spec.reading import read_spec
from trainables.config import Configuration, Run
from trainables.losses.catalogue import CCE, AdaptiveGCE
from trainables.plans import DataSummary, PlannedRun, StudyPlan, plan_path, write_plan
from trainables.records import Test
from trainables.storage.location import location

FINGERPRINT = "0123456789abcdef0123"
DATA = "dataset: {kind: synthetic, noise: 0.4, seed: 0}"


def planned(arm, loss, seed, **varied):
    run = Run(configuration=Configuration(loss=loss), seed=seed, dataset=FINGERPRINT)
    return PlannedRun(arm=arm, varied=varied, run=run)


def write_study(folder, name, temperatures, seeds=2, *, recorded=True):
    """Write the plan and the records of a grid over T beside CCE."""
    spec = folder / f"{name}.yaml"
    arm = f"{{name: adaptive, loss: {{name: adaptive_gce, temperature: {{values: {temperatures}}}}}}}"
    spec.write_text(f"name: {name}\n{DATA}\narms:\n  - {arm}\n  - {{name: cce, loss: {{name: cce}}}}\nseeds: {seeds}\n")
    runs = [
        planned("adaptive", AdaptiveGCE(name="adaptive_gce", temperature=float(t)), seed, temperature=float(t))
        for t in temperatures
        for seed in range(seeds)
    ] + [planned("cce", CCE(name="cce"), seed) for seed in range(seeds)]
    data = DataSummary(
        name="synthetic",
        kind="synthetic",
        fingerprint=FINGERPRINT,
        classes=["a", "b"],
        clips={"train verified": 10, "train unverified": 10, "test": 10},
    )
    plan = StudyPlan(
        name=name,
        description="",
        method="grid",
        dataset=data,
        runs=runs,
        spec=read_spec(spec).model_dump(mode="json"),
    )
    write_plan(folder / "results", plan)
    for i, each in enumerate(runs if recorded else []):
        test = Test(accuracy=0.7 - 0.01 * i, predictions=[0])
        write_record(folder / "results", record(each, epochs=curve([0.8 - 0.01 * i]), test=test))


@pytest.fixture
def storage(tmp_path, monkeypatch):
    """A folder whose storage location holds the finished study ``first`` and ``second``, and ``empty``."""
    monkeypatch.chdir(tmp_path)
    write_study(tmp_path, "first", [100, 1000])
    write_study(tmp_path, "second", [1000, 10000], seeds=3)
    write_study(tmp_path, "empty", [7, 8], recorded=False)
    return tmp_path


def refused(capsys, *arguments):
    """Run a command that the parser refuses; return the last line that it printed."""
    with pytest.raises(SystemExit) as ending:
        main([*arguments])
    assert ending.value.code == 2
    return capsys.readouterr().err.splitlines()[-1]


def test_the_report_has_the_formats_asked_for(storage, capsys):
    assert main(["report", "first", "--format", "json,latex,md"]) == 0
    folder = storage / "results" / "studies" / "first" / "report"
    assert capsys.readouterr().out.strip() == "results/studies/first/report"
    assert sorted(path.name for path in folder.iterdir()) == ["report.json", "report.md", "report.tex"]


def test_the_report_is_html_markdown_and_csv_unless_asked_otherwise(storage, capsys):
    assert main(["report", "first", "--out", "out"]) == 0
    assert capsys.readouterr().out.strip() == "out/report.html"
    tables = {"runs.csv", "summary.csv", "columns.md"}
    assert {p.name for p in (storage / "out").iterdir()} == {"report.html", "report.md"} | tables


@pytest.mark.usefixtures("storage")
def test_an_unknown_format_is_refused_with_the_nearest(capsys):
    said = refused(capsys, "report", "first", "--format", "html,pfd")
    assert said.endswith(
        "argument --format: 'pfd'; allowed: one or more of html, md, latex, csv, json, pdf, png, svg, pdf-figures, "
        "paper, with commas (did you mean pdf?)"
    )


def test_without_anything_that_draws_the_command_says_what_to_install(storage, capsys, monkeypatch):
    monkeypatch.setattr(browser, "find_browser", lambda: None)
    assert main(["report", "first", "--format", "html,png", "--out", "out"]) == 1
    said = capsys.readouterr().err
    assert "figures as files and PDF need a browser, and none is installed: install Chromium or Chrome" in said
    assert "Traceback" not in said
    assert not (storage / "out").exists()


def test_export_writes_a_row_per_run_and_a_row_per_epoch(storage, capsys):
    assert main(["export", "first", "--runs", "runs.csv", "--epochs", "epochs.csv"]) == 0
    assert capsys.readouterr().out == "runs.csv: 6 rows\nepochs.csv: 6 rows\n"
    assert "| `test_accuracy` |" in (storage / "runs.columns.md").read_text()
    assert "| `train_loss` |" in (storage / "epochs.columns.md").read_text()
    with (storage / "runs.csv").open() as file:
        assert [row["study"] for row in csv.DictReader(file)] == ["first"] * 6


@pytest.mark.usefixtures("storage")
def test_export_refuses_other_files(capsys):
    said = refused(capsys, "export", "first", "--runs", "runs.xls")
    assert said.endswith("argument --runs: 'runs.xls'; allowed: a file that ends in .csv or .parquet")
    assert main(["export", "first", "--runs", "a.csv", "--epochs", "./a.csv"]) == 2
    assert "the same file as --runs" in capsys.readouterr().err
    assert main(["export", "first"]) == 2
    assert "nothing to export; allowed: one or more of --runs, --epochs and --predictions" in capsys.readouterr().err


@pytest.mark.usefixtures("storage")
def test_predictions_need_the_labels_of_the_data_set(capsys):
    assert main(["export", "first", "--predictions", "out.csv"]) == 2
    assert "does not keep the test clips" in capsys.readouterr().err


@pytest.mark.usefixtures("storage")
def test_a_metric_of_which_less_is_better_is_refused(capsys):
    said = refused(capsys, "best", "first", "--metric", "log_loss")
    assert "a lower log loss is better" in said
    assert said.endswith("allowed: accuracy, macro_f1, balanced_accuracy, top3")


@pytest.mark.parametrize("command", ["best", "report"])
@pytest.mark.usefixtures("storage")
def test_a_metric_that_every_run_lacks_is_refused(capsys, command):
    assert main([command, "first", "--metric", "top3"]) == 2
    assert "Test top-3 accuracy is missing in 6 of 6 complete runs" in capsys.readouterr().err


@pytest.mark.parametrize(("of", "key"), [("study", "arms"), ("record", "run_id"), ("report", "verdict")])
def test_the_schema_is_of_what_is_asked_for(capsys, of, key):
    assert main(["schema", "--of", of]) == 0
    assert key in json.loads(capsys.readouterr().out)["properties"]


@pytest.mark.usefixtures("storage")
@pytest.mark.parametrize("command", [["export", "--runs", "a.csv"], ["best"], ["report"]])
def test_a_study_that_is_not_there_is_refused_with_those_that_are(capsys, command):
    assert main([*command, "nowhere"]) == 2
    assert "no study named 'nowhere'; its studies: empty, first, second" in capsys.readouterr().err


def test_of_many_studies_the_newest_are_named_and_the_command_that_lists_all(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    place = location("my results")
    for age, name in enumerate(("d", "a", "g", "b", "f", "c", "e")):  # the newest first
        Builder(name=name).baselines(1).write(place)
        os.utime(plan_path(place, name), (1_000_000 - age, 1_000_000 - age))
    assert main(["best", "none", "--storage", "my results"]) == 2
    assert capsys.readouterr().err == (
        "gce-study: my results: no study named 'none'; its newest studies: d, a, g, b, f and 2 more, "
        "which gce-study list --storage 'my results' shows; --storage names another place\n"
    )


@pytest.mark.usefixtures("storage")
def test_the_nearest_study_is_suggested(capsys):
    assert main(["best", "frist"]) == 2
    assert "no study named 'frist' (did you mean first?); its studies: " in capsys.readouterr().err


@pytest.mark.usefixtures("storage")
def test_best_prints_choice_parameters_accuracies_and_what_may_be_the_best(capsys):
    assert main(["best", "first"]) == 0
    said = capsys.readouterr().out
    headline, *lines = said.splitlines()
    assert headline.startswith("Undecided: adaptive with T 100 or 1000 tie. Train at least 5 seeds of every ")
    assert lines[0] == "first: adaptive T=100 on all"
    assert lines[1].startswith("loss: adaptive_gce: T = 100, reading = mean")
    assert "test accuracy: 69.5 % (n = 2: 70.0, 69.0)" in said
    assert "may be the best: adaptive T=100" in said


@pytest.mark.usefixtures("storage")
def test_best_as_json_is_for_scripts(capsys):
    assert main(["best", "first", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["loss"]["temperature"] == 100
    assert told["headline"] == "Undecided: adaptive with T 100 or 1000 tie"
    assert told["advice"].startswith("Train at least 5 seeds")


@pytest.mark.usefixtures("storage")
def test_best_states_that_a_study_of_the_first_version_chose_by_the_accuracy_over_patches(golden, capsys):
    assert main(["best", "first", "--storage", str(golden / "first_version"), "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["validation"]["mean"] == pytest.approx((7 + 9 + 9) / 66)
    assert "over patches instead of clips" in err
    assert main(["best", "first", "--json"]) == 0
    assert capsys.readouterr().err == ""


def test_best_fails_where_there_is_nothing_to_choose_from(storage, capsys):
    for path in (storage / "results" / "records").iterdir():
        path.unlink()
    assert main(["best", "empty", "--json"]) == 1
    found = capsys.readouterr()
    assert found.out == ""
    assert "No run of the 6 is complete" in found.err


@pytest.mark.usefixtures("storage")
def test_compare_lists_differences_of_files_and_results(capsys):
    assert main(["compare", "first", "second"]) == 0
    said = capsys.readouterr().out
    assert "arms.adaptive.loss.temperature.values: [100, 1000] -> [1000, 10000]" in said
    assert "seeds: 2 -> 3" in said
    assert "only in first: adaptive T=100" in said
    assert "only in second: adaptive T=10000" in said
    assert "adaptive T=1000" in said
    assert "the same runs (n = 2)" in said


def test_compare_gives_every_older_plan_the_defaults_of_later_keys(storage, capsys):
    for name in ("first", "second"):
        path = storage / "results" / "studies" / name / "plan.json"
        plan = json.loads(path.read_text())
        del plan["spec"]["collapse"]
        path.write_text(json.dumps(plan))
    assert main(["compare", "first", "second"]) == 0
    assert "collapse" not in capsys.readouterr().out


def test_compare_states_that_features_differ_also_from_a_plan_without_them(storage, capsys):
    for name, features in (("first", None), ("second", {"hop": 441})):
        path = storage / "results" / "studies" / name / "plan.json"
        plan = json.loads(path.read_text())
        plan["spec"].pop("features")
        plan["spec"] |= {"features": features} if features else {}
        path.write_text(json.dumps(plan))
    assert main(["compare", "first", "second"]) == 0
    assert [line for line in capsys.readouterr().out.splitlines() if "features" in line] == [
        "  features.hop: 882 -> 441"
    ]


def test_compare_states_that_code_and_embeddings_differ(storage, capsys):
    for name, digit in (("first", "1"), ("second", "2")):
        path = storage / "results" / "studies" / name / "plan.json"
        plan = json.loads(path.read_text())
        plan["runs"][0]["run"]["code"] = [{"name": "mine.focal", "sha256": digit * 64}]
        timing = {"model": "m", "dims": 8, "windows": 9, "hop_s": 1.0, "window_s": 1.0}
        plan["dataset"]["embeddings"] = {"digest": digit * 20, **timing}
        path.write_text(json.dumps(plan))
    assert main(["compare", "first", "second"]) == 0
    said = capsys.readouterr().out
    assert f"  code of mine.focal: SHA-256 {'1' * 12} -> {'2' * 12}\n" in said
    assert f"  content of features.embeddings: SHA-256 {'1' * 12} -> {'2' * 12}\n" in said


def test_compare_takes_the_second_study_from_another_place(storage, capsys):
    (storage / "results").rename(storage / "other")
    write_study(storage, "first", [100])
    assert main(["compare", "first", "first", "--storage-b", "other"]) == 0
    assert "first (second)" in capsys.readouterr().out


def unfinished(storage):
    """Take the last record of the study ``first`` away."""
    last = max((storage / "records").glob("*.json"), key=lambda path: json.loads(path.read_text())["test"]["accuracy"])
    last.unlink()


@pytest.mark.parametrize("shown", [True, False])
def test_the_test_accuracy_of_an_unfinished_study_needs_a_switch(storage, capsys, shown):
    main(["report", "first"])  # creates the folder results
    unfinished(storage / "results")
    switch = ["--show-test"] if shown else []
    capsys.readouterr()
    assert main(["best", "first", *switch]) == 0
    assert ("test accuracy: hidden until the study has ended" in capsys.readouterr().out) != shown
    assert main(["export", "first", "--runs", "runs.csv", *switch]) == 0
    rows = csv.DictReader((storage / "runs.csv").read_text().splitlines())
    assert any(row["test_accuracy"] for row in rows) == shown
    assert main(["report", "first", *switch]) == 0
    text = (storage / "results/studies/first/report/report.md").read_text()
    assert ("| Configuration | Test accuracy" in text or ". Test accuracy\n" in text) == shown
    capsys.readouterr()
    assert main(["compare", "first", "first", *switch]) == 0
    assert (" test " in capsys.readouterr().out) == shown
