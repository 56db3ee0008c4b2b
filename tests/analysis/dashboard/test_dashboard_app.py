"""What the server answers: the pages, and what must change in a browser."""

import json
import re
from dataclasses import replace

import pytest
from dash import no_update
from dash.exceptions import PreventUpdate
from plotly.utils import PlotlyJSONEncoder

from analysis.dashboard.app import make_app
from analysis.dashboard.blocks import zoomed
from analysis.dashboard.guard import Guard
from analysis.dashboard.pages.study import TABS
from analysis.dashboard.studies import Studies
from analysis.dashboard.updates import Browser, update
from factories import write_record
from looking import look
from study.ledger.claim import owner
from trainables.losses.catalogue import CCE
from trainables.numerals import unbroken
from trainables.plans import write_plan
from trainables.records import log_path
from trainables.storage import object_store

LOSS = CCE(name="cce")
EVIL = "<img src=x onerror=alert(1)>"


def test_the_first_tab_has_verdict_progress_seeds_and_the_evidence(full_studies):
    text, browser = look(full_studies, "/study/best-t")
    assert browser.parts[:6] == ["head", "tabs", "notes", "answer", "progress", "table-1"]
    assert list(browser.figures) == ["accuracy_vs_t"]
    assert {"seeds", "evidence/fold-comparisons"} < set(browser.parts)
    assert json.dumps(unbroken(full_studies.snapshot("best-t").verdict)) in text
    assert "45 of 46 runs recorded: 42 complete" in text
    assert browser.shown["title"] == "best-t: Answer"


def test_the_methods_are_a_list_of_definitions(full_studies):
    text, _ = look(full_studies, "/study/best-t", "?tab=about&open=methods")
    headings = re.findall(r'"children": "([^"]*)"}, "type": "Dt"', text)
    assert headings[:3] == ["Data", "Model and training", "Losses"]


def test_a_store_that_is_away_is_said_on_every_page_until_it_answers_again(study, bucket, front, monkeypatch):
    monkeypatch.setattr(object_store, "HASTY_S", 0.3)
    run_id = study.add("cce", LOSS, 0)
    study.write(bucket)
    studies = Studies(bucket.hasty(), owner)
    front.set("closed")
    away = f"{bucket}/studies: the storage location cannot be reached"
    for path, query in (("/", ""), ("/study/best-t", ""), ("/study/best-t", f"?run={run_id}")):
        assert away in look(studies, path, query)[0]
    studies.warm()
    client = make_app(studies, Guard()).server.test_client()
    assert client.get(f"/files/record/{run_id}.json").status_code == 503
    front.set("open")
    shown = look(studies, "/")[0]
    assert '"recorded": 1, "planned": 1' in shown
    assert away not in shown


@pytest.mark.parametrize("what", ["stamps", "read", "_owner"])
def test_a_store_that_goes_away_in_the_middle_is_said_and_makes_no_record_damaged(
    what, study, bucket, front, monkeypatch
):
    monkeypatch.setattr(object_store, "HASTY_S", 0.3)
    study.add("cce", LOSS, 0)
    study.write(bucket)
    studies = Studies(bucket.hasty(), owner)
    part = studies if what == "_owner" else studies._records
    there = getattr(part, what)

    def away(*arguments):
        front.set("closed")
        return there(*arguments)

    monkeypatch.setattr(part, what, away)
    assert "the storage location cannot be reached" in look(studies, "/study/best-t")[0]
    monkeypatch.setattr(part, what, there)
    front.set("open")
    assert "cce is the only configuration with complete runs" in look(studies, "/study/best-t")[0]


def test_every_figure_and_table_of_the_report_is_on_some_tab(full_studies):
    sections = full_studies.snapshot("best-t").sections
    unfolded = ",".join(section.slug for section in sections)
    pages = [look(full_studies, "/study/best-t", f"?tab={tab}&open={unfolded}") for tab in TABS]
    for section in sections:
        for content in (*section.figures, *section.tables):
            assert any(json.dumps(content.title)[1:] in page[0] for page in pages), content.title


def test_nothing_is_sent_while_nothing_changes(full_studies):
    full_studies.warm()  # a list alone waits for results only briefly
    for path, query in (("/", ""), ("/study/best-t", ""), ("/study/best-t", "?tab=runs")):
        _, browser = look(full_studies, path, query)
        with pytest.raises(PreventUpdate):
            update(full_studies, (path, query), browser)


def test_a_new_record_changes_the_blocks_that_it_concerns_and_no_others(study, studies, storage, owners):
    study.temperatures([2, 3], 3)
    write_plan(storage, study.plan())
    *others, late, _ = study.records.values()
    for record in others:
        write_record(storage, record)
    query = "?test=shown"  # otherwise another figure, of the test accuracy, joins with the last record
    owners["best-t"] = "process 7"
    _, browser = look(studies, "/study/best-t", query)
    studies.snapshot("best-t", show_test=True).cost_s = 0.0
    write_record(storage, late)
    built, after, parts, figures, _ = update(studies, ("/study/best-t", query), browser)
    assert built is no_update
    changed = [key for key, value in zip(browser.parts, parts, strict=True) if value is not no_update]
    assert {"head", "answer", "progress", "seeds", "table-1"} <= set(changed)
    assert not {"tabs", "evidence"} & set(changed)
    assert figures[0]["layout"]["uirevision"] == next(iter(browser.figures))
    with pytest.raises(PreventUpdate):
        update(studies, ("/study/best-t", query), replace(browser, shown=after))


def test_a_page_that_gains_a_block_is_built_again(study, studies, storage):
    study.temperatures([2, 3], 3)
    write_plan(storage, study.plan())
    _, browser = look(studies, "/study/best-t")
    assert browser.figures == {}
    studies.snapshot("best-t").cost_s = 0.0
    for record in study.records.values():
        write_record(storage, record)
    built, *_ = update(studies, ("/study/best-t", ""), browser)
    assert built is not no_update


def test_what_is_unfolded_joins_a_part_and_leaves_the_rest(full_studies):
    _, browser = look(full_studies, "/study/best-t")
    built, now, parts, figures, _ = update(full_studies, ("/study/best-t", "?open=learning-curves"), browser)
    changed = [key for key, value in zip(browser.parts, parts, strict=True) if value is not no_update]
    assert built is no_update
    assert changed == ["evidence/learning-curves"]
    assert figures == [no_update]
    joined = [key for key, _ in now["stamps"] if key.startswith("evidence/learning-curves/")]
    assert joined
    graphs = [key for key in joined if key.endswith("learning_curves")]
    unfolded = replace(
        browser,
        shown=now,
        parts=[*browser.parts, *(key for key in joined if key not in graphs)],
        figures=browser.figures | {key: {"xaxis.range[0]": 1, "xaxis.range[1]": 2} for key in graphs},
    )
    with pytest.raises(PreventUpdate):
        update(full_studies, ("/study/best-t", "?open=learning-curves"), unfolded)
    parts = update(full_studies, ("/study/best-t", ""), unfolded)[2]
    changed = {key: value for key, value in zip(unfolded.parts, parts, strict=True) if value is not no_update}
    assert changed == {"evidence/learning-curves": []}


def test_a_changed_figure_keeps_the_readers_zoom():
    drawn = {"data": [], "layout": {"xaxis": {"type": "log", "range": [1, 4]}, "yaxis": {}, "title": "t"}}
    zoom = {"xaxis.range[0]": 2, "xaxis.range[1]": 3.5, "yaxis.range[0]": "<i>", "yaxis.range[1]": 1, "title": "x"}
    assert zoomed(drawn, zoom)["layout"] == {
        "xaxis": {"type": "log", "range": [2, 3.5], "autorange": False},
        "yaxis": {},
        "title": "t",
    }
    assert zoomed(drawn, {"autosize": True}) == drawn


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/", "No study is registered here yet"),
        ("/nowhere", "no page at this address"),
        ("/study/none", "There is no study named"),
        ("/study/none/run/1", "There is no study named"),
    ],
)
def test_what_is_not_there_is_said_in_words(studies, path, text):
    assert text in look(studies, path)[0]


def test_a_study_that_is_claimed_and_not_planned_yet_is_starting(studies, owners):
    owners["rain"] = owners["Not A Name"] = "process 7"
    assert "rain is starting: its data is being prepared." in look(studies, "/study/rain")[0]
    assert "There is no study named" in look(studies, "/study/Not%20A%20Name")[0]


def test_a_run_that_is_not_there_and_a_damaged_plan_are_said_in_words(study, studies, storage):
    study.add("cce", LOSS, 0)
    study.write(storage)
    assert "has no run 'x'" in look(studies, "/study/best-t/run/x")[0]
    (storage / "studies" / "best-t" / "plan.json").write_text("{")
    assert "plan.json: damaged" in look(studies, "/study/best-t")[0]
    assert "damaged" in look(studies, "/")[0]


def test_names_are_text_wherever_they_stand(study, studies, storage):
    study.name, study.description, study.classes = "best-t", EVIL, [EVIL, "Wind"]
    study.temperatures([2, 3], 3, arm=EVIL)
    study.add("cce", LOSS, 0, status="failed", error=EVIL, provenance={EVIL: EVIL})
    study.write(storage)
    runs = studies.snapshot("best-t").results.runs
    pages = [("/", ""), *(("/study/best-t", f"?tab={tab}") for tab in TABS)]
    pages += [(f"/study/best-t/run/{run_id}", "") for run_id in (runs["run_id"].iloc[0], runs["run_id"].iloc[-1])]
    for path, query in pages:
        built, *_ = update(studies, (path, query), Browser())
        for component in (each for block in built for each in [block, *block._traverse()]):
            kind = type(component).__name__
            assert kind not in {"Markdown", "Script", "Iframe", "Img"}
            if kind == "Graph":  # plotly reads a part of HTML in its texts
                assert EVIL not in component.figure["layout"].__repr__() + repr(component.figure["data"])


def test_no_page_holds_a_character_that_cannot_be_seen(study, studies, storage):
    name = "a\u202eb\x1b[31mc\u2028d"
    study.description, study.classes, study.skipped = name, [name, "Wind"], [(name, name)]
    study.temperatures([2, 3], 3, arm=name)
    study.add("cce", LOSS, 0, status="failed", error=name, provenance={name: name})
    study.write(storage)
    run_id = next(iter(study.records))
    log_path(storage, run_id).parent.mkdir(exist_ok=True)
    log_path(storage, run_id).write_text(f"{name}\n\tnext line")
    pages = [("/", ""), *(("/study/best-t", f"?tab={tab}") for tab in TABS), (f"/study/best-t/run/{run_id}", "")]
    shown = [json.dumps(update(studies, page, Browser()), cls=PlotlyJSONEncoder, ensure_ascii=False) for page in pages]
    for hidden in ("\u202e", "\x1b", "\u2028", "\\u202e", "\\u001b", "\\u2028"):
        assert not [page for page, text in zip(pages, shown, strict=True) if hidden in text], hidden
    assert all("a?b" in text for text in shown[1:])
    assert "\\n\\tnext line" in shown[-1]


def test_a_page_is_of_the_metric_that_its_address_names(study, studies, storage):
    for seed in range(4):
        study.records[study.add("cce", LOSS, seed, test=0.4)].test.top3 = 0.876
    study.write(storage)
    of_accuracy, of_top3 = (look(studies, "/study/best-t", query)[0] for query in ("", "?metric=top3"))
    assert "Test top-3 accuracy" not in of_accuracy
    assert "metric=top3" in of_accuracy  # a link
    assert "Test top-3 accuracy" in of_top3
    assert "87.6" in of_top3


def test_a_metric_that_every_run_lacks_is_neither_offered_nor_reported(study, studies, storage):
    for seed in range(4):
        study.add("cce", LOSS, seed)
    study.write(storage)
    text = look(studies, "/study/best-t", "?metric=top3")[0]
    assert "Test accuracy" in text
    assert "Metric on test clips" not in text


def test_test_accuracies_of_a_running_study_are_hidden_on_every_page_and_in_every_file_until_asked_for(
    study, studies, storage
):
    for seed in range(4):
        done = study.add("cce", LOSS, seed, validation=0.8, test=0.4321, status="complete" if seed < 3 else None)
    first = study.planned[0].run.run_id
    study.write(storage)
    client = make_app(studies, Guard()).server.test_client()
    for query, seen in (("", False), ("?test=shown", True)):
        pages = [look(studies, "/study/best-t", query)[0], look(studies, f"/study/best-t/run/{first}", query)[0]]
        pages.append(look(studies, "/study/best-t", f"{query or '?'}&tab=results")[0])
        pages.append(look(studies, "/study/best-t", f"{query or '?'}&tab=runs")[0])
        pages.append(client.get(f"/files/best-t/runs.csv{query}").text)
        pages.append(client.get(f"/files/best-t/seeds.csv{query}").text)
        assert [("43.2" in text or "0.4321" in text) for text in pages] == [seen] * len(pages)
        assert f"{'Hide' if seen else 'Show'} the test accuracies" in pages[0]
        assert "would be choosing by the test set" in pages[0]
    study.planned.pop()
    study.records.pop(done, None)
    study.write(storage)
    assert "43.2" in look(studies, "/study/best-t")[0]  # it has ended
    assert "the test accuracies" not in look(studies, "/study/best-t")[0]
