"""The page of the label audit lists, filters and shows clips, with whatever of their sounds can be heard."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from analysis.dashboard.addresses import Address, parse
from analysis.dashboard.app import make_app
from analysis.dashboard.files import table_file
from analysis.dashboard.guard import Guard
from analysis.dashboard.pages.clips import ROWS_PER_PAGE, listing
from analysis.dashboard.pages.routes import make_page
from analysis.dashboard.sounds import ELSEWHERE
from analysis.dashboard.studies import Studies
from analysis.study import load_study
from analysis.tables.csv_text import frame_csv
from analysis.tables.labels.review import review_frame
from factories import Builder
from published_sounds import audited
from trainables.features.clip_sounds import ClipSounds
from trainables.outputs.clips import outputs_path
from trainables.storage.location import location

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

TAB = Address(study="best-t", tab="clips")
CLIPS = 60  # of which 15 are verified


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a study in ``storage`` whose labels were audited, and its sounds in ``sounds``."""
    folder = tmp_path_factory.mktemp("audited")
    (folder / "storage").mkdir()
    audited(Builder(), location(folder / "storage"), folder / "sounds", clips=CLIPS)
    return folder


@pytest.fixture(scope="module")
def clips(place: Path) -> pd.DataFrame:
    """Return the clips of the audit."""
    audit = load_study(place / "storage", "best-t").audit()
    assert audit is not None
    return audit.clips


@pytest.fixture(scope="module")
def shown(place: Path) -> Studies:
    """Return the studies of the storage location, with their sounds."""
    return Studies(location(place / "storage"), lambda *_: None, reader=ClipSounds())


def page(studies: Studies, address: Address = TAB, *, here: bool = True) -> dict[str, Any]:
    """Return the blocks of a page as text, by their keys."""
    return {block.key: str(block.parts) for block in make_page(studies, address, here=here).blocks}


def test_the_clips_to_review_are_listed_first(clips: pd.DataFrame) -> None:
    listed = listing(clips, TAB)
    assert listed.paths == clips.loc[~clips["verified"], "path"].tolist()
    assert listed.rows[0]["path"] == clips["path"][0]
    assert (listed.checked, listed.page, listed.pages, len(listed.rows)) == ("no", 1, 2, ROWS_PER_PAGE)


def test_where_all_clips_are_verified_all_are_listed(clips: pd.DataFrame) -> None:
    assert listing(clips.assign(verified=True), TAB).checked == "all"


@pytest.mark.parametrize(("checked", "count"), [("yes", 15), ("no", 45), ("all", 60), ("nonsense", 45)])
def test_a_reader_chooses_verified_clips_or_others_or_both(clips: pd.DataFrame, checked: str, count: int) -> None:
    assert len(listing(clips, TAB.but(checked=checked)).paths) == count


def test_a_reader_chooses_a_given_label(clips: pd.DataFrame) -> None:
    listed = listing(clips, TAB.but(label="Wind", checked="all"))
    assert listed.paths == clips.loc[clips["label"] == "Wind", "path"].tolist()


def test_numbers_of_listed_clips_are_aligned_with_their_headings(shown: Studies) -> None:
    assert page(shown)["clips"].count("className='number'") == 3 * (1 + ROWS_PER_PAGE)  # rank, agreement and runs


def test_each_filter_counts_what_its_choice_would_list(clips: pd.DataFrame) -> None:
    listed = listing(clips, TAB.but(label="Wind"))
    assert listed.of_checked == {
        checked: len(listing(clips, TAB.but(label="Wind", checked=checked)).paths) for checked in ("no", "yes", "all")
    }
    assert listed.labels == {label: len(listing(clips, TAB.but(label=label)).paths) for label in ("Rain", "Wind")}


def test_beyond_the_last_page_is_the_last(clips: pd.DataFrame) -> None:
    assert listing(clips, TAB.but(page=99)).page == 2


def test_an_address_keeps_filters_and_clip() -> None:
    address = TAB.but(label="a&b", checked="all", clip="train/ü #1.wav", page=2)
    path, _, query = str(address).partition("?")
    assert parse(path, query) == address


def test_every_row_has_a_button_for_its_sound(shown: Studies, clips: pd.DataFrame) -> None:
    text = page(shown)["clips"]
    assert text.count("/sounds/best-t/") == ROWS_PER_PAGE
    assert clips["path"][0] in text


def test_a_clip_is_shown_with_player_and_spectrogram(shown: Studies, clips: pd.DataFrame) -> None:
    number = clips["path"][0].removeprefix("train/").removesuffix(".wav")
    text = page(shown, TAB.but(clip=clips["path"][0]))["clip"]
    assert f"src='/sounds/best-t/{number}'" in text
    assert text.count("Graph(") == 1


def test_the_choice_of_a_clip_changes_only_what_shows_it(shown: Studies, clips: pd.DataFrame) -> None:
    before, after = (dict(make_page(shown, TAB.but(clip=clip)).stamps) for clip in ("", clips["path"][0]))
    assert list(before) == list(after)
    # The links of the filters lead to a list without the clip either way.
    assert {key for key in before if before[key] != after[key]} == {"clip", "clips"}


def test_the_label_is_chosen_from_a_list_that_can_be_searched(shown: Studies) -> None:
    text = page(shown, TAB.but(label="Wind"))["clip-filters"]
    assert "searchable=True" in text
    assert "value='Wind'" in text


def test_from_another_machine_no_sound_is_offered_and_the_page_states_why(shown: Studies, clips: pd.DataFrame) -> None:
    texts = page(shown, TAB.but(clip=clips["path"][0]), here=False)
    assert "/sounds/" not in str(texts)
    assert ELSEWHERE in texts["clip"]
    assert ELSEWHERE in texts["clips"]
    assert "Graph(" not in texts["clip"]


def test_where_the_sounds_are_absent_the_list_is_shown_and_a_clip_states_which_file_is_missing(tmp_path: Path) -> None:
    (tmp_path / "storage").mkdir()
    audited(Builder(), location(tmp_path / "storage"), tmp_path / "sounds", clips=10, seconds=0.1)
    shutil.rmtree(tmp_path / "sounds")
    without = Studies(location(tmp_path / "storage"), lambda *_: None, reader=ClipSounds())
    texts = page(without, TAB.but(clip="train/0.wav"))
    assert "train/0.wav" in texts["clips"]
    assert f"The sound of this clip is not on this machine: {tmp_path}/sounds/train/0.wav." in texts["clip"]


def test_without_a_reader_of_sounds_the_list_is_shown(place: Path, clips: pd.DataFrame) -> None:
    texts = page(Studies(location(place / "storage"), lambda *_: None))
    assert clips["path"][0] in texts["clips"]
    assert "/sounds/" not in texts["clips"]


@pytest.mark.parametrize("clip", ["train/none.wav", "../secret.wav", "test/Rain.wav"])
def test_what_is_no_training_clip_is_stated(shown: Studies, clip: str) -> None:
    assert f"There is no training clip {clip} in this study." in page(shown, TAB.but(clip=clip))["clip"]


def test_the_next_clip_may_be_on_the_next_page(shown: Studies, clips: pd.DataFrame) -> None:
    paths = listing(clips, TAB).paths
    last = paths[ROWS_PER_PAGE - 1]
    text = page(shown, TAB.but(clip=last))["clip"]
    assert str(TAB.but(clip=paths[ROWS_PER_PAGE], page=2)) in text
    assert str(TAB.but(clip=paths[ROWS_PER_PAGE - 2])) in text
    assert "Previous clip" not in page(shown, TAB.but(clip=paths[0]))["clip"]


def test_the_csv_is_the_one_that_the_command_writes(shown: Studies, place: Path) -> None:
    audit = load_study(place / "storage", "best-t").audit()
    assert audit is not None
    assert table_file(shown, "best-t", "review") == frame_csv(review_frame(audit))
    assert "/files/best-t/review.csv" in page(shown)["clips"]


def test_a_study_without_an_audit_has_no_csv_to_review(study: Builder, studies: Studies, storage: Path) -> None:
    study.baselines(1).write(storage)
    assert make_app(studies, Guard()).server.test_client().get("/files/best-t/review.csv").status_code == 404


def test_a_study_of_an_earlier_version_has_the_sentence_of_the_report_alone(study: Builder, tmp_path: Path) -> None:
    audited(study, location(tmp_path))
    for run_id in study.records:
        outputs_path(location(tmp_path), run_id).unlink()
    texts = page(Studies(location(tmp_path), lambda *_: None))
    assert "The labels are not audited: " in texts["label-audit-text"]
    assert list(texts) == ["head", "tabs", "notes", "label-audit-text"]
