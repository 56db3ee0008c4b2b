"""Studies side by side in the dashboard."""

import pytest

from analysis.dashboard.addresses import Address, parse
from analysis.dashboard.pages.routes import make_page
from analysis.dashboard.studies import Studies
from factories import Builder
from trainables.config import Training
from trainables.losses.catalogue import CCE, GCE


@pytest.fixture
def three(storage):
    """Write three studies of two configurations; the last has one of its own."""
    for place, name in enumerate("abc"):
        builder = Builder(name=name, training=Training(epochs=10 + place))  # so that the runs differ
        for seed in range(5):
            value = 0.7 + place / 50 + (seed + place) % 5 / 100
            builder.add("cce", CCE(name="cce"), seed, validation=value, test=value)
            if name == "c":
                builder.add("gce", GCE(name="gce"), seed)
        builder.write(storage)
    return storage


def page_of(studies, *names, **view):
    return make_page(studies, Address(place="compare", compared=names, **view))


def words(page):
    return str([block.parts for block in page.blocks])


def test_an_address_names_the_studies_in_their_order():
    address = Address(place="compare", compared=("b", "a & c"), metric="macro_f1")
    assert str(address) == "/compare?metric=macro_f1&study=b&study=a+%26+c"
    assert parse("/compare", "?metric=macro_f1&study=b&study=a+%26+c") == address


def test_a_study_that_is_named_twice_is_compared_once():
    assert parse("/compare", "?study=a&study=b&study=a").compared == ("a", "b")


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize("names", [(), ("a",)])
def test_fewer_than_two_studies_ask_for_more(studies, names):
    assert "Choose 2 to 6; the others are compared with the first" in words(page_of(studies, *names))


def test_a_storage_location_without_studies_states_that(studies):
    assert "No study is registered here yet." in words(page_of(studies))


@pytest.mark.usefixtures("three")
def test_the_shared_configurations_are_drawn_and_tabulated(studies):
    page = page_of(studies, "a", "b")
    drawn = [block.figure.title for block in page.blocks if block.figure]
    assert drawn == [
        "Test accuracy of the configurations that the studies share",
        "Difference from a, paired by seed",
    ]
    assert "a and b" in words(page)


@pytest.mark.usefixtures("three")
def test_what_one_study_alone_has_is_named(studies):
    assert "Only in c: 1 configuration" in words(page_of(studies, "a", "c"))


@pytest.mark.usefixtures("three")
def test_the_files_of_the_others_are_compared_with_the_first(storage):
    studies = Studies(
        storage, lambda *_: None, differences=lambda old, new: [f"name: {old['name']}", f"seeds: {new['name']}"]
    )
    shown = words(page_of(studies, "a", "b"))
    assert "seeds: b" in shown
    assert "name: a" not in shown


@pytest.mark.usefixtures("three")
def test_files_that_nothing_compares_have_no_section(studies):
    assert "Study files" not in words(page_of(studies, "a", "b"))


@pytest.mark.usefixtures("three")
def test_a_study_that_does_not_exist_is_named(studies):
    assert "There is no study named 'none' here." in words(page_of(studies, "a", "none"))


@pytest.mark.usefixtures("three")
@pytest.mark.slow
def test_a_study_is_added_in_the_browser_and_stays_in_the_address(served, page):
    expect = pytest.importorskip("playwright.sync_api").expect
    page.goto(f"{served}/compare?study=a")
    expect(page.get_by_text("Choose 2 to 6; the others are compared with the first")).to_be_visible()
    page.get_by_role("textbox", name="Studies to compare").fill("c")
    page.get_by_role("option", name="c").click()
    expect(page).to_have_url(f"{served}/compare?study=a&study=c")
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    expect(page.get_by_role("heading", name="a and c")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Results")).to_have_count(0)
    expect(page.get_by_text("Choose 2 to 6; the others are compared with the first")).to_be_visible()
