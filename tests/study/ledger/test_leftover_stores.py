"""Frames, embeddings, published data sets and code of plugins are leftovers once no study needs them."""

from factories import FINGERPRINT, Builder
from plugin_files import FOCAL, plugin_sources
from pruning import NOBODYS, UNUSED, USED, frames, prune, stores, study
from trainables.config import PluginCode
from trainables.feature_settings import Features
from trainables.losses.catalogue import CCE
from trainables.losses.registry import loss_class
from trainables.plans import EmbeddingSummary, write_plan
from trainables.plugins.loading import load, use
from trainables.plugins.sources import keep_sources
from trainables.published import PublishedEmbeddings, embeddings_path, published_path
from trainables.storage.documents import to_bytes
from trainables.storage.locks import acquire


def test_a_frame_store_is_kept_while_a_study_of_its_data_has_not_ended(storage):
    frames(storage, USED, FINGERPRINT)
    frames(storage, UNUSED)
    study(storage, "rain")
    assert prune(storage)["stores of frames or embeddings"] == 1
    assert stores(storage) == {USED}


def test_studies_of_different_features_on_one_data_set_need_their_own_frames_and_published_data(storage):
    frames(storage, USED, FINGERPRINT, Features(mels=40))
    frames(storage, UNUSED, FINGERPRINT)
    study(storage, "rain", features=Features(mels=40))
    assert prune(storage) == {"checkpoints": 1, "stores of frames or embeddings": 1, "data sets that no study names": 1}
    assert stores(storage) == {USED}
    assert list((storage / "datasets").glob("*")) == [published_path(storage, FINGERPRINT, Features(mels=40))]


def test_a_frame_store_of_ended_studies_is_a_leftover_and_their_labels_are_not(storage):
    frames(storage, USED, FINGERPRINT)
    study(storage, "rain", planned=1)
    assert prune(storage) == {"checkpoints": 1, "stores of frames or embeddings": 1}
    assert stores(storage) == set()
    assert (storage / "datasets" / f"{FINGERPRINT}.json").exists()


def test_frame_stores_are_kept_if_nobody_knows_which_one_a_study_needs(storage):
    frames(storage, UNUSED)
    study(storage, "rain")
    prune(storage)
    assert stores(storage) == {UNUSED}


def test_a_frame_store_that_a_process_builds_is_kept(tmp_path):
    frames(tmp_path, UNUSED)
    held = acquire(tmp_path / "features" / UNUSED / "lock")
    assert prune(tmp_path) == {"stores of frames or embeddings": 0}
    held.release()
    assert prune(tmp_path) == {"stores of frames or embeddings": 1}
    assert stores(tmp_path) == set()


def test_a_published_data_set_that_no_study_names_is_a_leftover(storage):
    (storage / "datasets" / f"{NOBODYS}.json").write(b"{}")
    (storage / "datasets" / f"{FINGERPRINT}.json").write(b'{"frames": "store"}')
    study(storage, "rain", planned=1, recorded=0)
    assert prune(storage) == {"data sets that no study names": 1}
    assert {path.stem for path in (storage / "datasets").glob("*")} == {FINGERPRINT}


def with_plugin(storage, *, planned):
    """Write a study with a plugin, one of whose runs is recorded, and the code of it and of an earlier state."""
    used, earlier = plugin_sources(FOCAL), plugin_sources(FOCAL, "# earlier")
    use([load(used)])
    builder = Builder("open", spec={"plugins": ["/there/my_losses.py"]})
    for seed in range(planned):
        builder.add("mine", loss_class("mine.focal")(name="mine.focal"), seed, status=None if seed else "complete")
    use([])
    builder.planned = [
        p.model_copy(update={"run": p.run.model_copy(update={"code": code(used)})}) for p in builder.planned
    ]
    records = [
        r.model_copy(update={"run": p.run, "run_id": p.run.run_id})
        for p, r in zip(builder.planned, builder.records.values(), strict=False)
    ]
    builder.records = {r.run_id: r for r in records}
    builder.write(storage)
    for sources in (used, earlier):
        keep_sources(storage, sources)
    return used.sha256, earlier.sha256


def code(sources):
    return (PluginCode(name="mine.focal", sha256=sources.sha256),)


def plugins(storage):
    return {name.removesuffix(".json") for name in (storage / "plugins").stamps()}


def test_code_of_plugins_that_no_plan_names_is_a_leftover(storage):
    used, _ = with_plugin(storage, planned=1)
    (storage / "plugins" / "notes.json").write(b"{}")
    assert prune(storage) == {"plugins that no study uses": 1}
    assert plugins(storage) == {used, "notes"}


def test_code_of_plugins_is_kept_while_a_study_with_plugins_has_not_ended(storage):
    both = with_plugin(storage, planned=2)
    prune(storage)
    assert plugins(storage) == set(both)


def test_a_study_on_embeddings_needs_their_store_and_no_frames(storage):
    frames(storage, UNUSED, FINGERPRINT)
    (storage / "features" / USED / "store.json").write(b"{}")
    timing = {"hop_s": 0.5, "window_s": 1.0, "model": "m"}
    published = PublishedEmbeddings(frames=USED, manifest={}, **timing)
    embeddings_path(storage, FINGERPRINT, USED).write(to_bytes(published))
    builder = Builder("rain")
    builder.add("cce", CCE(name="cce"), 0, status=None)
    plan = builder.plan()
    summary = EmbeddingSummary(digest=USED, dims=2, windows=3, **timing)
    data = plan.dataset.model_copy(update={"embeddings": summary, "frames": False})
    write_plan(storage, plan.model_copy(update={"dataset": data}))
    assert prune(storage) == {"stores of frames or embeddings": 1, "data sets that no study names": 1}
    assert stores(storage) == {USED}
    assert list((storage / "datasets").glob("*")) == [embeddings_path(storage, FINGERPRINT, USED)]
