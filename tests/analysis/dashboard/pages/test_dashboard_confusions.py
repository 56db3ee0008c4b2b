"""The clips of a confusion: who is mistaken for whom, in how many runs."""

from analysis.dashboard.addresses import Address
from analysis.dashboard.pages.confusions import Confused, confused_clips
from analysis.dashboard.pages.routes import make_page
from analysis.findings.clip_predictions import ClipPredictions
from analysis.results.runs_table import Key
from factories import leave_manifest
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


def confused_study(study, storage, *, ended):
    """Write a study of two clips of rain, one of which is taken for wind; return its address."""
    for seed in range(2):
        run_id = study.add("cce", CCE(name="cce"), seed, test=0.75)
        test = Test(accuracy=0.75, predictions=[0, 1, 1, 1])
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
