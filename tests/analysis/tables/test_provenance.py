"""What the report states of a study's settings, data, cost and provenance."""

from analysis.figures import sweep
from analysis.figures.sweep_data import sweep_data
from analysis.plotting.styles import styles
from analysis.results.study_results import study_results
from analysis.tables.provenance import cost_table, data_table, known_noise, provenance_table, settings_table
from trainables.feature_settings import Features
from trainables.losses.catalogue import CCE, GCE, LossMasking
from trainables.networks.catalogue import EmbeddingHead, VGGLike
from trainables.plans import EmbeddingSummary


def test_every_configuration_is_listed_with_all_its_parameters(study):
    study.baselines(1).temperatures([3], 1)
    study.add("mask", LossMasking(name="loss_masking"), 0, validation=0.5, test=0.5)
    rows = {row[0]: row[1] for row in settings_table(study.results()).rows}
    assert rows["gce"] == "gce: q = 0.7"
    assert rows["cce"] == "cce"
    assert rows["adaptive T=1000"] == "adaptive_gce: T = 1000, reading = mean, distances = input"
    assert rows["mask"] == "loss_masking: rule = max"


def test_the_training_protocol_is_listed_once(study):
    note = settings_table(study.baselines(2).results()).note
    assert "epochs 160, batch_size 64, learning_rate 0.001" in note


def test_labels_known_to_be_wrong_are_counted(study):
    data = study.baselines(1).plan().dataset
    assert known_noise(data) == []
    known = data.model_copy(update={"wrong": 9, "clips": {"train verified": 6, "train unverified": 27, "test": 12}})
    assert known_noise(known) == [("Training labels known to be wrong", "9 of 33 (27.3 %)")]
    assert "Seed of the subsets" in dict(data_table(study.results()).rows)


def test_the_features_are_stated_with_what_they_mean(study):
    study.features = Features(hop=441, mels=64)
    assert dict(data_table(study.baselines(1).results()).rows)["Features"] == (
        "log-mel spectrograms of 64 bands at 44.1 kHz (a window of 40 ms every 10 ms) in patches of 1 s every 0.5 s"
    )


def test_a_class_whose_name_holds_commas_is_listed_in_quotes(study):
    study.classes = ["Rain", "Vehicle horn, car horn"]
    assert dict(data_table(study.baselines(1).results()).rows)["Classes"] == '2: Rain, "Vehicle horn, car horn"'


def test_an_interval_beyond_0_to_100_percent_does_not_stretch_the_axis(study):
    for seed, accuracy in enumerate((0.0, 1.0, 0.0, 1.0, 0.5)):
        study.add("gce", GCE(name="gce", q=0.5), seed, validation=accuracy, test=accuracy, varied={"q": 0.5})
    figure = sweep.draw_sweep(sweep_data(study.results().runs, "q", "test"), styles(study.results().runs))
    low, high = figure.layout.yaxis.range
    assert (low, high) == (0, 100)


def test_training_settings_that_differ_have_columns_and_are_not_the_same_for_all(study):
    table = settings_table(study.learning_rates("cce", (1e-3, 1e-2), 2).results())
    assert table.header == ("Configuration", "Loss", "Subset", "lr")
    assert [row[3] for row in table.rows] == ["0.001", "0.01"]
    assert "learning_rate" not in table.note
    assert "batch_size 64" in table.note


def test_networks_are_a_column_of_the_configurations_where_one_is_not_the_baselines(study):
    study.baselines(2)
    assert "Network" not in settings_table(study.results()).header
    study.add("vgg", CCE(name="cce"), 0, network=VGGLike())
    study.add("head", CCE(name="cce"), 0, network=EmbeddingHead(hidden=0))
    table = settings_table(study.results())
    named = {row[0]: row[table.header.index("Network")] for row in table.rows}
    assert named["vgg"] == "vgg"
    assert named["head"] == "head: hidden = 0, dropout = 0.1"
    assert named["cce"] == "cnn"


def test_embeddings_are_stated_with_their_digest_and_frames_only_where_a_network_receives_them(study):
    study.baselines(1)
    timing = {"hop_s": 0.48, "window_s": 0.975}
    study.embeddings = EmbeddingSummary(digest="d" * 20, model="yamnet", dims=1024, windows=9036, **timing)
    rows = dict(data_table(study.results()).rows)
    assert rows["Embeddings"] == "yamnet: 1,024 dimensions, 9,036 windows of 0.975 s every 0.48 s"
    assert rows["Digest of the embeddings"] == "d" * 20
    plan = study.plan()
    data = plan.dataset.model_copy(update={"frames": False})
    assert "Features" not in dict(data_table(study_results(plan.model_copy(update={"dataset": data}), {})).rows)


def test_cost_and_differing_provenance_are_counted(study):
    study.add("cce", CCE(name="cce"), 0)
    study.add("cce", CCE(name="cce"), 1, status="failed", provenance={"device": "cpu"})
    results = study.results()
    assert cost_table(results).rows == (
        ("Recorded", "2", "2", "1.00", "2.00", "8"),
        ("Complete", "1", "1", "0.50", "1.00", "4"),
        ("Failed", "1", "1", "0.50", "1.00", "4"),
    )
    rows = dict(provenance_table(results).rows)
    assert rows["torch"] == "2.11.0"
    assert rows["git.commit"] == "abc1234"
    assert rows["device"] == "cpu (1 of 2 runs)"


def test_facts_that_differ_by_run_are_summed_up(study):
    for seed in range(6):
        facts = {
            "started": f"2026-01-0{seed + 1}T00:00:00",
            "attempts": 2,
            "host": f"h{seed}",
            "device": f"d{seed % 2}",
        }
        study.add("cce", CCE(name="cce"), seed, provenance=facts)
    results = study.results()
    rows = dict(provenance_table(results).rows)
    assert rows["started"] == "2026-01-01 00:00 UTC to 2026-01-06 00:00 UTC"
    assert rows["host"] == "6 different values"
    assert rows["device"] == "2 different values: d0; d1"
    assert "attempts" not in rows
    assert cost_table(results).rows[0][2] == "12"
