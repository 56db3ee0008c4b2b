"""The clips of a confusion: who is mistaken for whom, in how many runs."""

import pytest

from analysis.dashboard.addresses import Address
from analysis.dashboard.pages.confusions import Confused, confused_clips
from analysis.dashboard.pages.routes import make_page
from analysis.findings.clip_predictions import ClipPredictions
from analysis.results.runs_table import Key
from clip_outputs import leave_manifest
from trainables.datasets.manifest import Clip
from trainables.losses.catalogue import CCE
from trainables.records import Test

KEY = Key("cce", "cce", "all")


def predictions(*runs, truth):
    return ClipPredictions({KEY: dict(enumerate(runs))}, truth, ["Rain", "Wind", "Sea"], {KEY: "cce"}, KEY, None)


def test_clips_of_a_confusion_are_those_that_runs_take_so_the_most_often_first():
    clips = predictions((1, 1, 0, 1), (2, 1, 1, 1), truth=(0, 0, 0, 1))
    assert confused_clips(clips, ["a", "b", "c", "d"], "Rain", "Wind") == [
        Confused("b", 2),
        Confused("a", 1),
        Confused("c", 1),
    ]
    assert confused_clips(clips, ["a", "b", "c", "d"], "Wind", "Rain") == []


def confused_study(study, storage, *, ended, predicted=(0, 1, 1, 1)):
    """Write a study of two clips of rain and two of wind, one of which is taken for wind; return its address."""
    accuracy = sum(map(int.__eq__, predicted, (0, 0, 1, 1))) / 4
    for seed in range(2):
        run_id = study.add("cce", CCE(name="cce"), seed, test=accuracy)
        test = Test(accuracy=accuracy, predictions=list(predicted))
        study.records[run_id] = study.records[run_id].model_copy(update={"test": test})
    if not ended:
        study.add("cce", CCE(name="cce"), 2, status=None)
    study.clips = {"test": 4}
    study.write(storage)
    names = [("rain 1.wav", "Rain"), ("<b>rain 2.wav", "Rain"), ("wind 1.wav", "Wind"), ("wind 2.wav", "Wind")]
    leave_manifest(storage, study.plan(), [Clip(name, label, "test", verified=True) for name, label in names])
    return Address(study=study.name, tab="clips")


def test_the_tab_lists_the_clips_of_the_most_frequent_confusion(study, studies, storage):
    page = make_page(studies, confused_study(study, storage, ended=True))
    blocks = {block.key: str(block.parts) for block in page.blocks}
    assert len(blocks) == len(page.blocks)  # each block has a key of its own
    assert "Rain taken for Wind (50.0 %, 2 times)" in blocks["confused-clips"]
    assert "'<b>rain 2.wav'" in blocks["confused-clips"]
    assert "2 of 2" in blocks["confused-clips"]
    assert "rain 1.wav" not in blocks["confused-clips"]


def test_an_unknown_confusion_is_the_most_frequent_one(study, studies, storage):
    address = confused_study(study, storage, ended=True)
    first, other = (
        next(block.stamp for block in make_page(studies, at).blocks if block.key == "confused-clips")
        for at in (address, address.but(confusion="9-9"))
    )
    assert first == other


def test_confusions_of_a_running_study_are_hidden(study, studies, storage):
    address = confused_study(study, storage, ended=False)
    assert "confused-clips" not in [block.key for block in make_page(studies, address).blocks]


@pytest.mark.slow
def test_a_control_stays_in_its_place_when_the_figures_above_it_are_drawn(study, storage, served, page):
    scripts = "**/plotly.min.js"
    page.route(scripts, lambda _: None)  # it is not answered before the route is removed
    with page.expect_request(scripts):
        page.goto(f"{served}{confused_study(study, storage, ended=True)}")
    box, drawing = page.get_by_role("textbox", name="Clips of a confusion"), page.locator("figure .main-svg")
    box.wait_for()
    page.wait_for_function("document.fonts.status == 'loaded'")
    before = box.bounding_box()
    assert drawing.count() == 0
    page.unroute(scripts)
    drawing.first.wait_for()
    assert box.bounding_box() == before


@pytest.mark.slow
def test_a_confusion_is_picked_in_the_browser_and_stays_in_the_address(study, storage, served, page):
    expect = pytest.importorskip("playwright.sync_api").expect
    address = confused_study(study, storage, ended=True, predicted=(0, 1, 0, 1))
    page.goto(f"{served}{address}")
    clips = page.get_by_role("region", name="Clips of the confusion")
    expect(clips).to_contain_text("<b>rain 2.wav")
    box = page.get_by_role("textbox", name="Clips of a confusion")
    box.scroll_into_view_if_needed()  # a list whose box is out of view is hidden
    box.fill("Wind taken")  # opens the list, as a click does
    page.get_by_role("option", name="Wind taken for Rain (50.0 %, 2 times)").click()
    expect(clips).to_contain_text("wind 1.wav")
    expect(clips).not_to_contain_text("rain 2.wav")
    expect(page).to_have_url(f"{served}{address}&confusion=2-1")
    page.go_back()
    expect(clips).to_contain_text("<b>rain 2.wav")
    expect(page.get_by_role("textbox", name="Clips of a confusion")).to_have_value(
        "Rain taken for Wind (50.0 %, 2 times)"
    )


@pytest.mark.slow
def test_another_metric_on_test_clips_is_chosen_on_explore(study, storage, served, page):
    expect = pytest.importorskip("playwright.sync_api").expect
    address = confused_study(study, storage, ended=True)
    page.goto(f"{served}{address.but(tab='explore')}")
    page.get_by_role("link", name="macro F1").click()
    expect(page.locator("p", has_text="Metric on test clips").locator("strong")).to_have_text("macro F1")
    expect(page).to_have_url(f"{served}{address.but(tab='explore', metric='macro_f1')}")
    expect(page.locator("#explore-figure .scatterlayer .point").first).to_be_attached()
