"""Plugins for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.plugins.sources import Sources

if TYPE_CHECKING:
    from pathlib import Path

HEAD = """\
from typing import Annotated, Literal

from pydantic import Field

from trainables.losses import Loss
from trainables.networks import Network

"""
FOCAL = """\
class Focal(Loss):
    name: Literal["mine.focal"]
    gamma: Annotated[float, Field(ge=0, le=5, description="how much less easy patches count")] = 2.0

    def make(self):
        def focal(logits, targets, batch):
            log_p = logits.log_softmax(1).gather(1, targets[:, None]).squeeze(1)
            return -((1 - log_p.exp()) ** self.gamma) * log_p

        return focal
"""
LINEAR = """\
class Linear(Network):
    name: Literal["mine.linear"]
    features: Annotated[int, Field(ge=1)] = 8

    def make(self, shape, classes):
        from torch import Size, nn

        class Module(nn.Module):
            def __init__(self, inputs, features):
                super().__init__()
                self.hidden, self.output = nn.Linear(inputs, features), nn.Linear(features, classes)

            def forward(self, patches):
                features = self.hidden(patches.flatten(1)).relu()
                return self.output(features), features

        return Module(Size(shape).numel(), self.features)
"""


def plugin_sources(*definitions: str, name: str = "my_losses.py") -> Sources:
    """Return the sources of a plugin of one file."""
    return Sources(name=name, files={"__init__.py": HEAD + "\n\n".join(definitions)})


def write_plugin(path: Path, *definitions: str) -> Path:
    """Write a plugin of one file; return its path."""
    path.write_text(HEAD + "\n\n".join(definitions))
    return path
