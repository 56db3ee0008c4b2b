"""Losses by name: the built-in ones, those of plugins, and those whose plugin is not loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict

from trainables.losses.base import Loss
from trainables.losses.catalogue import LOSSES
from trainables.losses.memory.settings import ConstantTruncatedGCE
from trainables.registry import Registry

if TYPE_CHECKING:
    from trainables.losses.base import LossFunction

CONSTANT = "truncated_gce of 0.1.0"  # tag of the truncated GCE of that version, which lacked these parameters
STAGES = frozenset({"start", "every", "weights_from"})


class UnknownLoss(Loss):
    """A loss of a plugin that is not loaded: its name and parameters, as a run states them."""

    model_config = ConfigDict(extra="allow")

    def make(self) -> LossFunction:
        """Refuse.

        Raises:
            LookupError: always, because the plugin is not loaded.

        """
        msg = f"loss {self.name}: its plugin is not loaded"
        raise LookupError(msg)


class _Losses(Registry[Loss]):
    def tag(self, value: Any) -> str:  # noqa: ANN401 -- any value of a file
        """Return the tag of a loss; truncated GCE without stages is that of version 0.1.0."""
        tag = super().tag(value)
        keys = value if isinstance(value, dict) else type(value).model_fields
        return CONSTANT if tag == "truncated_gce" and not STAGES.intersection(keys) else tag


_LOSSES: Registry[Loss] = _Losses(Loss, LOSSES, UnknownLoss)
use, known_losses, loss_class = _LOSSES.use, _LOSSES.known, _LOSSES.find

if TYPE_CHECKING:
    AnyLoss = Loss
else:
    AnyLoss = _LOSSES.annotation({CONSTANT: ConstantTruncatedGCE})
