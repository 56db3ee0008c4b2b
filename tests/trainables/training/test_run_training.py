"""Training: deterministic by seed, paired across losses, resumable bit for bit, and honest about divergence."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from runs_in_process import CPU, curve, train
from trainables.datasets.config import Synthetic
from trainables.datasets.load import load, with_digests
from trainables.feature_settings import FEATURES
from trainables.features.frame_store_builder import build_store
from trainables.losses.catalogue import CCE, GCE, AdaptiveGCE, SoftBootstrapping
from trainables.losses.robust import gce
from trainables.metrics import METRICS
from trainables.networks.cnn import CNN
from trainables.records import read_record, recorded
from trainables.storage.folder_location import FolderLocation
from trainables.training.clip_scores import clip_predictions
from trainables.training.patches import index_patches
from trainables.training.run_data import RunDataSource
from trainables.training.run_training import Diverged, RunTraining
from trainables.training.streams import stream

pytestmark = pytest.mark.usefixtures("one_thread")


def plain_network(classes):
    """The network as one writes it: no layout, nothing in place, the library's own gradients."""

    def convolution(before, after):
        norm = nn.BatchNorm2d(before, eps=1e-3, momentum=0.01)
        return norm, nn.ReLU(), nn.Conv2d(before, after, 5, padding="same")

    def norm(channels):
        return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01), nn.ReLU()

    network = nn.Module()
    network.convolutions = nn.Sequential(
        *convolution(1, 24), *norm(24), nn.MaxPool2d((4, 2)),
        *convolution(24, 48), *norm(48), nn.MaxPool2d((4, 2)),
        *convolution(48, 48), *norm(48),
    )  # fmt: skip
    network.dense = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(6912, 64), nn.ReLU())
    network.output = nn.Sequential(nn.Dropout(0.5), nn.Linear(64, classes))
    network.load_state_dict(CNN(classes, seed=stream(0, "weights")).state_dict())
    return network


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "plain"),
    [
        ({}, partial(torch.optim.Adam, lr=1e-3, eps=1e-7)),
        ({"optimizer": "adamw", "weight_decay": 0.1}, partial(torch.optim.AdamW, lr=1e-3, eps=1e-7, weight_decay=0.1)),
        (
            {"optimizer": "sgd", "learning_rate": 0.05, "momentum": 0.8, "weight_decay": 0.01},
            partial(torch.optim.SGD, lr=0.05, momentum=0.8, weight_decay=0.01),
        ),
    ],
)
def test_twenty_steps_equal_those_of_plain_pytorch(paper_loader, make_run, settings, plain):
    """In float64: in float32 two orders of one sum are soon far apart, since Adam makes as much of a tiny gradient."""
    run = make_run(GCE(name="gce", q=0.7), epochs=10, **settings).model_copy(update={"features": FEATURES})
    data, size, losses = paper_loader.run_data(run), 16, []
    patches = replace(data.patches, frames=data.patches.frames.double())
    training = RunTraining(run, replace(data, patches=patches), CPU)
    training.model.double()
    ours = [training.train_epoch().train_loss for _ in range(10)]
    network = plain_network(data.classes).double()
    optimiser = plain(network.parameters())
    batches = patches.gather(data.train.starts).contiguous()
    for epoch in range(1, 11):
        order = torch.randperm(len(batches), generator=torch.Generator().manual_seed(stream(0, "order", epoch)))
        torch.manual_seed(stream(0, "dropout", epoch))
        for chosen in order[: 2 * size].split(size):
            logits = network.output(network.dense(network.convolutions(batches[chosen])))
            kernels = network.dense[2].weight.square().sum() + network.output[1].weight.square().sum()
            loss = gce(logits.float(), data.train.labels[chosen], 0.7).mean()
            loss = loss + run.configuration.training.l2 * kernels
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
    assert 2 * size <= len(batches) < 3 * size  # two steps an epoch
    assert ours == pytest.approx([(a + b) / 2 for a, b in zip(losses[::2], losses[1::2], strict=True)], rel=1e-5)
    assert ours[-1] < ours[0]


def test_the_same_run_gives_the_same_curve_and_predictions(loader, make_run):
    one, two = (train(loader, make_run(AdaptiveGCE(name="adaptive_gce")), 2) for _ in range(2))
    assert curve(one) == curve(two)
    assert one.evaluate().test == two.evaluate().test


def test_the_seed_matters(loader, make_run):
    assert curve(train(loader, make_run(seed=0), 1)) != curve(train(loader, make_run(seed=1), 1))


def test_equal_seeds_start_from_equal_weights_whatever_the_loss(loader, make_run):
    one, two = (RunTraining(make_run(c), loader.run_data(make_run()), CPU) for c in (None, GCE(name="gce")))
    weights = two.model.state_dict()
    assert all(torch.equal(w, weights[k]) for k, w in one.model.state_dict().items())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_an_epoch_on_a_gpu_is_close_to_one_on_cpu(manifest, store, features, make_run):
    run = make_run(AdaptiveGCE(name="adaptive_gce"))
    losses = []
    for device in (CPU, torch.device("cuda")):
        training = RunTraining(run, RunDataSource(manifest, store, features, device).run_data(run), device)
        training.schedule.learning_rate = 1e-6
        losses.append(training.train_epoch().validation_loss)
        assert len(training.evaluate().test.predictions) == 12
    assert losses[0] == pytest.approx(losses[1], rel=1e-2)


def test_bf16_is_close_to_fp32_but_not_the_same_and_repeats(loader, make_run):
    exact, *coarse = (train(loader, make_run(precision=p, learning_rate=1e-6), 1) for p in ("fp32", "bf16", "bf16"))
    assert curve(coarse[0]) == curve(coarse[1]) != curve(exact)
    assert coarse[0].curve[0].train_loss == pytest.approx(exact.curve[0].train_loss, rel=1e-2)
    assert coarse[0].curve[0].validation_loss == pytest.approx(exact.curve[0].validation_loss, rel=1e-2)


def test_bf16_leaves_q_exact_and_weights_in_float32(loader, make_run):
    exact, coarse = (
        train(loader, make_run(AdaptiveGCE(name="adaptive_gce"), precision=p), 1) for p in ("fp32", "bf16")
    )
    assert coarse.curve[0].q_mean == exact.curve[0].q_mean
    assert {weight.dtype for weight in coarse.model.parameters()} == {torch.float32}


def test_streams_differ_by_seed_purpose_and_epoch_and_repeat():
    streams = {stream(s, p, e) for s in range(3) for p in ("order", "dropout") for e in range(3)}
    assert len(streams) == 18
    assert stream(1, "order", 2) == stream(1, "order", 2)


def test_training_lowers_the_loss(loader, make_run):
    points = train(loader, make_run(epochs=6), 6).curve
    assert points[-1].train_loss < points[0].train_loss


def test_q_zero_trains_exactly_as_cross_entropy(loader, make_run):
    assert curve(train(loader, make_run(GCE(name="gce", q=0.0)), 2)) == curve(
        train(loader, make_run(CCE(name="cce")), 2)
    )


def test_the_curve_of_an_adaptive_loss_has_q(loader, make_run):
    point = train(loader, make_run(AdaptiveGCE(name="adaptive_gce")), 1).curve[0]
    assert 0 <= point.q_mean <= 1
    assert point.q_sd >= 0
    assert train(loader, make_run(), 1).curve[0].q_mean is None


def test_the_last_part_batch_is_dropped(loader, make_run):
    training = train(loader, make_run(batch_size=13), 1)
    patches = len(training.data.train)
    assert patches % 13 != 0
    assert training.images == patches // 13 * 13


def test_a_weight_that_is_not_finite_ends_the_run_as_diverged_with_the_epoch(loader, make_run):
    training = train(loader, make_run(epochs=3), 1)
    with torch.no_grad():
        training.model.output[1].weight[0, 0] = float("nan")
    with pytest.raises(Diverged, match="the loss was not finite in epoch 2"):
        training.train_epoch()


def test_a_rate_that_makes_weights_overflow_is_diverged(loader, make_run):
    training = RunTraining(make_run(SoftBootstrapping(name="soft_bootstrapping")), loader.run_data(make_run()), CPU)
    training.schedule.learning_rate = 1e38
    with pytest.raises(Diverged, match=r"not finite in epoch 1"):
        training.train_epoch()


def test_a_batch_larger_than_the_data_is_refused(loader, make_run):
    run = make_run(batch_size=4000)
    with pytest.raises(
        ValueError, match=r"training.batch_size is 4000, but the subset all has only \d+ training patches"
    ):
        RunTraining(run, loader.run_data(run), CPU)


def test_a_clip_is_scored_by_the_geometric_mean_of_its_patches():
    """Two patches vote for class 0 a little, one vetoes it strongly: the product of the three decides."""
    p = torch.tensor([[0.6, 0.4], [0.6, 0.4], [0.01, 0.99], [0.9, 0.1]])
    assert p[:3].mean(0).argmax() == 1
    assert clip_predictions(p.log(), torch.tensor([0, 0, 0, 1]), 2).tolist() == [1, 0]
    p = torch.tensor([[0.98, 0.01, 0.01], [0.001, 0.5, 0.499]])
    assert p.mean(0).argmax() == 0
    assert clip_predictions(p.log(), torch.tensor([0, 0]), 1).tolist() == [1]


def test_an_epoch_records_the_accuracy_over_patches_and_that_over_clips_scored_as_test_clips_are(loader, make_run):
    """Ten clips of 1 to 5 patches, three of them verified; the reference is float64 numpy, clip by clip."""
    run = make_run(epochs=1)
    data = loader.run_data(run)
    lengths = [100, 310, 150, 200, 260, 100, 210, 150, 300, 100]
    places = [(100 * i, frames) for i, frames in enumerate(lengths)]
    labels, verified = [0, 1, 2, 3, 4, 5, 1, 1, 3, 3], [i in {1, 4, 8} for i in range(10)]
    training = RunTraining(run, replace(data, validation=index_patches(places, labels, verified, FEATURES)), CPU)
    point = training.train_epoch()
    index = training.data.validation
    p = training._log_probabilities(index).double().exp().numpy()
    means = np.stack([np.exp(np.log(p[index.clips.numpy() == clip]).mean(axis=0)) for clip in range(10)])
    right = means.argmax(axis=1) == np.array(labels)
    assert point.validation_clip_accuracy == pytest.approx(right.mean())
    assert point.verified_accuracy == pytest.approx(right[verified].mean())
    predicted, truth = means.argmax(axis=1), np.array(labels)
    assert point.validation_macro_f1 == pytest.approx(METRICS["macro_f1"].of(truth, predicted))
    assert point.verified_macro_f1 == pytest.approx(METRICS["macro_f1"].of(truth[verified], predicted[verified]))
    assert point.validation_balanced_accuracy == pytest.approx(METRICS["balanced_accuracy"].of(truth, predicted))
    assert point.verified_balanced_accuracy == pytest.approx(
        METRICS["balanced_accuracy"].of(truth[verified], predicted[verified])
    )
    assert point.validation_accuracy == pytest.approx((p.argmax(axis=1) == index.labels.numpy()).mean())
    assert point.validation_accuracy != point.validation_clip_accuracy


def test_an_epoch_has_no_metric_on_verified_clips_without_any(loader, make_run):
    run = make_run(epochs=1)
    unverified = index_patches([(0, 100), (100, 100)], [0, 1], [False, False], FEATURES)
    point = RunTraining(run, replace(loader.run_data(run), validation=unverified), CPU).train_epoch()
    assert (point.verified_accuracy, point.verified_macro_f1, point.verified_balanced_accuracy) == (None, None, None)
    assert point.validation_macro_f1 is not None


def test_a_test_clip_is_scored_as_before(loader, make_run):
    training = train(loader, make_run(), 1)
    test = training.evaluate().test
    log_p, index = training._log_probabilities(training.data.test), training.data.test
    assert test.predictions == clip_predictions(log_p, index.clips, 12).tolist()
    assert test.accuracy == np.mean(np.array(test.predictions) == index.clip_labels.numpy())


@pytest.mark.parametrize("name", ["top3", "log_loss", "calibration_error"])
def test_a_test_metric_is_that_of_the_probabilities_that_are_kept_to_their_precision(loader, make_run, name):
    training = train(loader, make_run(), 1)
    evaluation = training.evaluate()
    labels = training.data.test.clip_labels.numpy()
    kept = METRICS[name].of(labels, evaluation.outputs.probabilities.astype(np.float32))
    assert getattr(evaluation.test, name) == pytest.approx(kept, abs=2e-3)


@pytest.mark.slow
def test_a_run_trains_as_it_did_in_the_first_version(golden, tmp_path):
    """Not bit for bit, as the record may have been made on another machine."""
    config = Synthetic(kind="synthetic", train_per_class=12, test_per_class=3)
    manifest = with_digests(load(config, tmp_path), tmp_path)
    source = RunDataSource(manifest, build_store(manifest, tmp_path), FEATURES, CPU)
    earlier = FolderLocation(golden / "first_version")
    for run_id in sorted(recorded(earlier))[:2]:
        old = read_record(earlier, run_id)
        assert old.run.semantics == 1
        training = train(source, old.run, len(old.epochs))
        for now, then in zip(training.curve, old.epochs, strict=True):
            assert now.train_loss == pytest.approx(then.train_loss, rel=0.01)
            assert now.validation_loss == pytest.approx(then.validation_loss, rel=0.01)
            assert (now.learning_rate, now.q_mean) == (then.learning_rate, then.q_mean and pytest.approx(then.q_mean))


def test_scoring_leaves_no_trace_in_the_weights(loader, make_run):
    training = train(loader, make_run(), 1)
    before = {k: v.clone() for k, v in training.model.state_dict().items()}
    training.evaluate()
    assert all(torch.equal(v, before[k]) for k, v in training.model.state_dict().items())
