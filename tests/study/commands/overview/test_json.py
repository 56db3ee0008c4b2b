"""``--json`` of status, list, compare and check: stable keys, fractions and seconds, and nothing else on the output."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from factories import Builder
from small_studies import small_study
from study.cli import main
from study.commands.overview import json_models as models
from study.commands.overview import summaries
from study.ledger.claim import claim
from trainables.losses.catalogue import CCE, GCE

SUMMARY = {
    "study", "description", "dataset", "state", "run_by", "planned", "at_most", "recorded", "runs", "elapsed_s",
    "eta_s", "changed", "headline", "advice", "pick",
}  # fmt: skip


@pytest.fixture
def storage(two_studies):
    return two_studies("done")


@pytest.fixture
def answer(storage, capsys):
    """A function that returns what a command prints as JSON."""

    def of(*arguments):
        assert main([*arguments, "--json", "--storage", str(storage)]) == 0
        printed = capsys.readouterr()
        assert printed.err == ""
        return json.loads(printed.out)

    return of


def test_status_has_the_result_every_configuration_and_what_is_running(answer, storage):
    status = answer("status", "done")
    extra = {"schema", "storage", "scored_by", "standing", "waits", "configurations", "running"}
    assert set(status) == SUMMARY | extra
    assert status["schema"] == 1
    assert status["state"] == "complete"
    assert status["headline"].startswith("adaptive T=1000 is best")
    assert status["pick"]["configuration"] == "adaptive T=1000"
    assert status["pick"]["test"]["low"] < status["pick"]["test"]["mean"] < status["pick"]["test"]["high"] <= 1
    (chosen,) = [c for c in status["configurations"] if c["leads"]]
    assert set(chosen) == {"configuration", "arm", "subset", "stage", "runs", "score", "leads"}
    assert (chosen["configuration"], chosen["runs"]["complete"], chosen["score"]["n"]) == ("adaptive T=1000", 5, 5)
    assert status["running"] == []
    assert status["storage"] == str(storage)


def test_the_test_accuracy_of_a_study_that_has_not_ended_is_hidden(answer):
    status = answer("status", "begun")
    assert status["state"] == "not running"
    assert status["runs"] == {"complete": 1, "stopped": 0, "failed": 1, "diverged": 0, "running": 0, "waiting": 1}
    assert status["pick"]["test"] is None
    assert status["pick"]["validation"] == 0.8


def test_the_list_has_a_summary_of_each_study(answer, storage):
    listed = answer("list")
    assert set(listed) == {"schema", "storage", "studies"}
    assert [set(study) for study in listed["studies"]] == [SUMMARY, SUMMARY]
    assert [study["study"] for study in listed["studies"]] == ["begun", "done"]
    with claim(storage, "done"):
        assert [study["state"] for study in answer("list")["studies"]] == ["not running", "running"]


def test_compare_has_the_differences_and_the_shared_configurations(answer):
    compared = answer("compare", "done", "begun")
    assert set(compared) == {
        "schema", "first", "second", "file_differences", "same_data", "only_in_first", "only_in_second", "table",
        "note",
    }  # fmt: skip
    assert compared["only_in_first"]
    assert all(len(row) == len(compared["table"]["header"]) for row in compared["table"]["rows"])


def test_check_has_runs_time_and_every_line(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("study.planning.check.estimate_s", lambda *_: 60.0)
    assert main(["check", str(small_study(tmp_path, "small")), "--json"]) == 0
    checked = json.loads(capsys.readouterr().out)
    assert set(checked) == {"schema", "study", "recorded", "left", "seconds", "tables", "lines"}
    assert (checked["study"], checked["recorded"], checked["left"], checked["seconds"]) == ("small", 0, 2, 60.0)
    assert checked["tables"][0]["rows"][0][0] == "cce"


def test_every_answer_has_the_number_of_its_form():
    answers = [models.StatusAnswer, models.ListAnswer, models.JobAnswer, models.JobsAnswer, models.CheckAnswer]
    for model in [*answers, models.CompareAnswer]:
        assert model.model_json_schema(by_alias=True)["properties"]["schema"]["const"] == 1


def test_a_summary_is_computed_again_only_when_records_change(answer, storage, monkeypatch):
    computed = []
    real = summaries._computed
    monkeypatch.setattr(summaries, "_computed", lambda place, plan: computed.append(plan.name) or real(place, plan))
    first = answer("list")
    assert (answer("list"), computed) == (first, ["begun", "done"])
    builder = Builder("begun")
    for seed in range(3):
        builder.add("gce", GCE(name="gce", q=0.5), seed)
    builder.write(storage.local_path)
    assert [study["recorded"] for study in answer("list")["studies"]] == [3, 25]
    assert computed == ["begun", "done", "begun"]


def test_a_damaged_cache_is_made_again(answer, tmp_path):
    first = answer("list")
    (tmp_path / "cache" / "summaries.json").write_text("{")
    assert answer("list") == first


def test_a_list_of_known_results_imports_no_pandas(answer, storage):
    answer("list")
    import subprocess  # noqa: PLC0415 -- this test alone starts a process

    code = f"import sys; from study.cli import main; main(['list', '--storage', {str(storage)!r}])"
    code += "; print('pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"


def test_a_study_of_a_name_that_is_unknown_is_refused_with_the_nearest(storage, capsys):
    assert main(["status", "don", "--json", "--storage", str(storage)]) == 2
    assert "did you mean done?" in capsys.readouterr().err


def test_a_study_without_a_complete_run_has_no_pick(tmp_path, capsys):
    builder = Builder("none")
    builder.add("cce", CCE(name="cce"), 0, status="failed", error="no memory")
    builder.write(tmp_path / "other")
    assert main(["status", "none", "--json", "--storage", str(tmp_path / "other")]) == 0
    assert json.loads(capsys.readouterr().out)["pick"] is None


JQ = shutil.which("jq")


@pytest.mark.skipif(JQ is None, reason="needs jq")
def test_the_examples_of_the_reference_work_with_jq(answer):
    page = (Path(__file__).parents[4] / "docs" / "reference" / "cli.md").read_text()
    examples = re.findall(r"^gce-study (list|status) .*\| jq (?:-r )?'(.*?)'", page, re.MULTILINE)
    answers = {"list": answer("list"), "status": answer("status", "done")}
    for command, program in examples:
        ended = subprocess.run(
            [JQ, program], input=json.dumps(answers[command]), capture_output=True, text=True, check=True
        )
        assert ended.stdout
        assert program == ".eta_s" or "null" not in ended.stdout
    assert len(examples) == 4


@pytest.mark.parametrize("command", ["status", "compare"])
def test_after_an_error_the_standard_output_is_empty(command, storage, capsys):
    names = ["nowhere"] if command == "status" else ["done", "nowhere"]
    assert main([command, *names, "--json", "--storage", str(storage)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "no study named 'nowhere'" in printed.err
