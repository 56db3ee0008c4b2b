"""The callbacks of Explore and Runs over HTTP: what they answer, what they refuse, and what stays hidden."""

import csv
import json

import pytest

from analysis.dashboard.app import make_app
from analysis.dashboard.callbacks import PATH
from analysis.dashboard.guard import Guard
from analysis.dashboard.studies import Studies
from trainables.losses.catalogue import CCE

FIGURE, DRAWER, COMPARISON = "explore-figure.figure", "run-drawer.opened", "comparison.children"
ROWS = "runs-grid.getRowsResponse"
EVIL = "<img src=x onerror=alert(1)>"


class Client:
    """Sends the callbacks that a browser would send."""

    def __init__(self, studies):
        app = make_app(studies, Guard())
        self.http = app.server.test_client()
        self.callbacks = {output: callback for output, callback in app.callback_map.items() if "callback" in callback}

    def body(self, component, **values):
        """Return the body of the callback with an output; ``values`` are those of its inputs."""
        output, callback = next(one for one in self.callbacks.items() if component in one[0].strip(".").split("..."))
        outputs = [
            dict(zip(("id", "property"), one.rsplit(".", 1), strict=True)) for one in output.strip(".").split("...")
        ]

        def filled(kind):
            return [one | {"value": values.get(f"{one['id']}.{one['property']}")} for one in callback[kind]]

        several = output.startswith("..")
        body = {"output": output, "outputs": outputs if several else outputs[0], "changedPropIds": []}
        return body | {"inputs": filled("inputs"), "state": filled("state")}

    def send(self, component, query, path="/study/best-t", **values):
        where = {"address.pathname": path, "address.search": query}
        return self.http.post(PATH, json=self.body(component, **where, **values))


@pytest.fixture(scope="module")
def client(full_storage):
    return Client(Studies(full_storage, lambda *_: None))


REQUEST = {"startRow": 0, "endRow": 100, "sortModel": [], "filterModel": {}}


def rows(client, query, **changes):
    answer = client.send(ROWS, query, **{"runs-grid.getRowsRequest": REQUEST | changes})
    return answer.json["response"]["runs-grid"]["getRowsResponse"]


def test_the_grid_is_sent_the_rows_that_it_asks_for(client):
    answer = rows(client, "?tab=runs&arm=cce", startRow=2, endRow=4, sortModel=[{"colId": "seed", "sort": "desc"}])
    assert answer["rowCount"] == 6
    assert [row["seed"] for row in answer["rowData"]] == ["3", "2"]


def test_a_wrong_filter_is_stated_at_its_field(client):
    answer = client.send("choose-where.error", "?tab=runs&where=lss+==+3")
    problem = answer.json["response"]["choose-where"]["error"]
    assert problem.startswith("character 1: there is no column lss")


@pytest.mark.parametrize(
    "request_",
    [
        {"startRow": "0", "endRow": 1, "sortModel": []},
        {"startRow": 0, "sortModel": []},
        {"startRow": 0, "endRow": 1, "sortModel": [{"colId": 3, "sort": "asc"}]},
        [],
        "all",
    ],
)
def test_a_malformed_request_for_rows_is_refused(client, request_):
    answer = client.send(ROWS, "?tab=runs", **{"runs-grid.getRowsRequest": request_})
    assert answer.status_code == 400


@pytest.mark.parametrize("component", [FIGURE, DRAWER, COMPARISON, ROWS])
def test_a_malformed_address_is_refused(client, component):
    body = client.body(component)
    for part in (*body["inputs"], *body["state"]):
        if part["id"] == "address":
            part["value"] = ["/study/best-t"]
    assert client.http.post(PATH, json=body).status_code == 400


@pytest.mark.parametrize("component", [FIGURE, DRAWER, COMPARISON])
@pytest.mark.parametrize("path", ["/study/none", "/", "/study/../best-t"])
def test_a_study_that_is_not_there_changes_nothing(client, component, path):
    assert client.send(component, "?tab=explore", path).status_code in (200, 204)


def test_hostile_parts_of_an_address_answer_like_none(client):
    query = "?tab=explore&x=__class__&y=../..&colour=%00&facet=%3Cb%3E&brush=box1_1&pick=x&drawer=x&columns=a,b&sort=-x"
    answer = client.send(FIGURE, query)
    assert answer.status_code == 200
    assert answer.json["response"]["explore-defaults"]["data"]["unknown"] == ["x", "y", "colour", "facet"]
    assert rows(client, query)["rowCount"] == 0  # of no configuration
    assert client.send(DRAWER, query).status_code == 204


def test_what_is_drawn_already_is_not_sent_again(client):
    first = client.send(FIGURE, "?tab=explore&x=seed")
    drawn = first.json["response"]["explore-drawn"]["data"]
    again = {"explore-drawn.data": drawn}
    assert client.send(FIGURE, "?tab=explore&x=seed&columns=seed&runs=1", **again).status_code == 204
    assert client.send(FIGURE, "?tab=explore&x=seed&smoothing=5", **again).status_code == 200


def test_the_csv_has_the_chosen_runs_in_the_chosen_order(client):
    text = client.http.get("/files/best-t/runs.csv?where=seed+%3C+2&arm=cce&sort=-seed").text
    assert [row["seed"] for row in csv.DictReader(text.splitlines())] == ["1", "0"]
    wrong = client.http.get("/files/best-t/runs.csv?where=lss+==+3")
    assert (wrong.status_code, "there is no column lss" in wrong.text) == (400, True)


def test_the_test_accuracies_of_a_running_study_reach_no_callback_until_asked_for(study, studies, storage):
    for seed in range(4):
        study.add("cce", CCE(name="cce"), seed, validation=0.8, test=0.4321, status="complete" if seed < 3 else None)
    run_id = study.planned[0].run.run_id
    study.write(storage)
    client = Client(studies)
    for view, seen in (("", False), ("&test=shown", True)):
        query = f"?tab=explore&y=test_accuracy&colour=test_accuracy&columns=seed,test_accuracy&sort=test_accuracy{view}"
        query += f"&drawer={run_id}&runs={run_id}&compare=sides&group=runs"
        answers = [client.send(name, query).text for name in (FIGURE, DRAWER, COMPARISON)]
        answers += [json.dumps(rows(client, query)), client.http.get(f"/files/best-t/runs.csv?sort=seed{view}").text]
        for text in answers:
            assert any(value in text for value in ("43.2", "0.4321", "43.21")) == seen
        wrong = client.http.get(f"/files/best-t/runs.csv?where=test_accuracy+%3E+0.5{view}")
        assert ("hidden until the study has ended" in wrong.text) == (not seen)
    assert "Test metrics are hidden" in client.send(FIGURE, "?tab=explore").text


def test_markup_in_names_is_sent_as_text(study, studies, storage):
    study.add(EVIL, CCE(name="cce"), 0, status="failed", error=EVIL)
    study.write(storage)
    client = Client(studies)
    assert EVIL not in client.send(FIGURE, "?tab=explore&x=seed&colour=error&facet=arm").text
    assert rows(client, "?tab=runs")["rowData"][0]["error"] == EVIL  # a child of React, which is text
