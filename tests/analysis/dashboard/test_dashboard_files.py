"""Files that the dashboard serves, and who is turned away."""

import pytest

from analysis.dashboard.app import make_app
from analysis.dashboard.guard import Guard, is_loopback
from analysis.results.study_results import load_results
from trainables.losses.catalogue import CCE
from trainables.records import log_path, record_path, recorded


def test_tables_and_records_can_be_saved(full_client, full_storage):
    runs = full_client.get("/files/best-t/runs.csv")
    assert runs.text == load_results(full_storage, "best-t").runs.to_csv(index=False)
    assert "attachment" in runs.headers["Content-Disposition"]
    assert full_client.get("/files/best-t/seeds.csv").text.startswith("Configuration,Seeds,")
    assert full_client.get("/files/best-t/left-out/0.csv").text.count("\n") == 5
    run_id = next(iter(recorded(full_storage)))
    assert full_client.get(f"/files/record/{run_id}.json").data == record_path(full_storage, run_id).read_bytes()


@pytest.mark.parametrize(
    "path",
    [
        "none/runs.csv",
        "best-t/left-out/99.csv",
        "best-t/left-out/-9.csv",
        "best-t/left-out/x.csv",
        "best-t/nothing/0.csv",
        "best-t/x.csv",
        "best-t/a/b/c.csv",
        "..%2Fbest-t/runs.csv",
        "record/..%2F..%2Fstudies%2Fbest-t%2Fplan.json",
        "record/plan.json",
        "log/..%2F..%2Fstudies%2Fbest-t%2Fplan.json",
        "log/..%2Flogs%2Fx.log",
        "log/none.log",
    ],
)
def test_no_other_file_is_served(full_client, path):
    answer = full_client.get(f"/files/{path}")
    assert answer.mimetype == "text/html"  # an error, or the page that every other address opens
    assert "fingerprint" not in answer.text


@pytest.mark.parametrize("kind", ["log", "record"])
@pytest.mark.parametrize("linked", ["file", "folder"])
def test_no_file_behind_a_link_is_served(study, client, storage, kind, linked):
    run_id = study.add("cce", CCE(name="cce"), 0, status=None)
    study.write(storage)
    path = {"log": log_path, "record": record_path}[kind](storage, run_id)
    secret = storage.parent / "outside" / path.name
    secret.write(b"secret")
    path.parent.parent.mkdir(exist_ok=True)
    if linked == "folder":
        path.parent.symlink_to(secret.parent)
    else:
        path.parent.mkdir()
        path.symlink_to(secret)
    answer = client.get(f"/files/{kind}/{run_id}{path.suffix}")
    assert answer.status_code == 404
    assert "secret" not in answer.text + client.get(f"/study/best-t/run/{run_id}").text


def test_nothing_can_be_written(full_study, client, storage):
    full_study.write(storage)
    for method in (client.post, client.put, client.delete, client.patch):
        assert method("/files/best-t/runs.csv").status_code == 405


def test_every_answer_forbids_foreign_scripts(client):
    for path in ("/", "/files/none/runs.csv", "/_dash-layout"):
        policy = client.get(path).headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe-eval" not in policy
        assert "'unsafe-inline'" not in policy.split("style-src")[0]
        assert client.get(path).headers["X-Content-Type-Options"] == "nosniff"


def test_the_page_loads_nothing_from_elsewhere(client):
    page = client.get("/").text
    sources = [part.split('"')[0] for part in page.split('src="')[1:]]
    assert sources
    assert all(source.startswith("/") and not source.startswith("//") for source in sources)
    for source in (*sources, "/assets/style.css"):
        with client.get(source) as answer:  # a file: it is to be closed
            assert answer.status_code == 200


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("127.0.0.1:8050", 200),
        ("localhost", 200),
        ("[::1]:8050", 200),
        ("127.8.8.8:1", 200),
        ("evil.example", 403),
        ("evil.example:8050", 403),
        ("127.evil.example", 403),
        ("localhost.evil.example", 403),
    ],
)
def test_a_request_by_another_name_is_refused(client, host, code):
    assert client.get("/", headers={"Host": host}).status_code == code


def test_beyond_loopback_a_token_is_asked_for_once(studies):
    client = make_app(studies, Guard("0123456789abcdef")).server.test_client()
    for path in ("/", "/?token=", "/?token=wrong", "/_dash-layout", "/assets/style.css", "/files/a/runs.csv"):
        assert client.get(path).status_code == 401
    answer = client.get("/study/a?tab=runs&token=0123456789abcdef")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/study/a?tab=runs")
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert "SameSite=Strict" in answer.headers["Set-Cookie"]
    assert client.get("/").status_code == 200


def test_what_is_loopback():
    assert all(map(is_loopback, ("127.0.0.1", "127.1.2.3", "::1", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "192.168.1.2", "example.org", "")))  # noqa: S104 -- compared
