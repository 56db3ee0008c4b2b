"""The corrected loss of a run: which clips it corrects, and with which matrix."""

import pytest
import torch

from trainables.losses import cce, forward_correction
from trainables.losses.base import Batch, KnownLabels, TrainingSet
from trainables.losses.catalogue import ForwardCorrection

TARGETS = torch.tensor([0, 1, 0, 1, 1, 0])
VERIFIED = torch.tensor([True, True, True, False, False, False])
LABELS = KnownLabels(("bird", "cat"), (2, 1), (1, 2), ((1, 1), (0, 1)))
DATA = TrainingSet(TARGETS, VERIFIED, clips=torch.arange(6), classes=2, labels=LABELS)
LOGITS = torch.randn(6, 2, generator=torch.Generator().manual_seed(0))


class Predicted:
    """What the network predicts for the training patches."""

    def running(self):
        return LOGITS.log_softmax(1)


def started(matrix, data=DATA, **parameters):
    loss = ForwardCorrection(name="forward_correction", matrix=matrix, **parameters).make()
    loss.start(data)
    return loss


def losses(loss, epoch=1):
    return loss(LOGITS, TARGETS, Batch(LOGITS, LOGITS, VERIFIED, torch.arange(6), epoch))


@pytest.mark.parametrize(
    ("matrix", "rows"),
    [("injected", [[0.5, 0.5], [0.0, 1.0]]), ("cat,bird\n0.9,0.1\n0.3,0.7\n", [[0.7, 0.3], [0.1, 0.9]])],
)
def test_unverified_clips_have_the_corrected_loss_and_verified_ones_cross_entropy(matrix, rows):
    values = losses(started(matrix))
    assert torch.equal(values[VERIFIED], cce(LOGITS, TARGETS)[VERIFIED])
    torch.testing.assert_close(values[~VERIFIED], forward_correction(LOGITS, TARGETS, rows)[~VERIFIED])


def test_before_the_matrix_is_estimated_only_unverified_clips_are_trained_on():
    loss = started("verified", warm_up=2)
    loss.begin_epoch(2, Predicted())
    values = losses(loss, epoch=2)
    assert torch.equal(values, torch.where(VERIFIED, 0.0, cce(LOGITS, TARGETS)))


def test_the_estimated_matrix_is_the_mean_prediction_for_the_verified_patches_of_each_class():
    loss = started("verified", warm_up=2)
    loss.begin_epoch(3, Predicted())
    p = LOGITS.softmax(1)
    expected = torch.stack([(p[0] + p[2]) / 2, p[1]])
    torch.testing.assert_close(loss.matrix, expected)
    torch.testing.assert_close(losses(loss)[~VERIFIED], forward_correction(LOGITS, TARGETS, expected)[~VERIFIED])


def test_an_estimated_matrix_stays_the_same_until_the_end_and_through_a_checkpoint():
    loss, resumed = started("verified", warm_up=1), started("verified", warm_up=1)
    loss.begin_epoch(2, Predicted())
    resumed.load_state_dict(loss.state_dict())
    resumed.begin_epoch(3, predictions=None)  # it asks for no prediction
    assert torch.equal(resumed.matrix, loss.matrix)


def test_labels_that_do_not_suffice_are_refused_before_the_training():
    data = TrainingSet(TARGETS, VERIFIED, torch.arange(6), 2, KnownLabels(("a", "b"), (3, 0), (1, 2), ((0, 0), (0, 0))))
    with pytest.raises(ValueError, match="needs a verified training clip of each class; b has none"):
        started("verified", data)
