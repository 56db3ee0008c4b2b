"""The estimate of a patch's time: what is timed is what would be trained."""

import pytest
import torch

from study import estimate
from trainables.model import CNN


@pytest.mark.parametrize(("precision", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
def test_the_network_is_timed_in_the_precision_asked_for(precision, dtype, monkeypatch):
    seen = set()

    class Watched(CNN):
        def forward(self, patches):
            logits = super().forward(patches)
            seen.add(logits.dtype)
            return logits

    monkeypatch.setattr(estimate, "CNN", Watched)
    train_s, validate_s = estimate.seconds_per_patch(8, 3, precision)
    assert validate_s > 0
    assert train_s > 0
    assert seen == {dtype}
