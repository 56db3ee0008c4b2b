"""Runs that stand still in the middle of an epoch, on machines of any speed, until a test lets them continue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plugin_files import write_plugin
from watching import until

if TYPE_CHECKING:
    from pathlib import Path

# Cross-entropy whose runs stand still in each epoch for which there is a file ``hold-EPOCH``. It lies in the folder
# that the environment names, so the same code, and with it the same runs, can be held in one study and not in another.
HELD = """\
class Held(Loss):
    name: Literal["mine.held"]
    scale: Annotated[float, Field(gt=0)] = 1.0

    def make(self):
        import os
        import time
        from pathlib import Path

        from torch.nn import functional

        folder = Path(os.environ.get("STUDY_UNDER_TEST", "/nowhere"))

        def held(logits, targets, batch):
            hold = folder / f"hold-{batch.epoch}"
            while hold.exists():
                hold.with_suffix(".reached").touch()
                time.sleep(0.01)
            return self.scale * functional.cross_entropy(logits, targets, reduction="none")

        return held
"""


def write_held_loss(folder: Path) -> Path:
    """Write the plugin ``held.py``, whose loss ``mine.held`` can be held; return its path."""
    return write_plugin(folder / "held.py", HELD)


class Hold:
    """Holds every run that comes to an epoch, in studies whose ``STUDY_UNDER_TEST`` is a folder.

    The epoch is the third or a later one: the check of a plugin's contract calls a loss with epochs 1 and 2.

    Attributes:
        path: the file; once it is removed, the runs continue.

    """

    def __init__(self, folder: Path, epoch: int = 3) -> None:
        self.path = folder / f"hold-{epoch}"
        self._reached = self.path.with_suffix(".reached")
        self._reached.unlink(missing_ok=True)
        self.path.touch()

    def wait(self) -> None:
        """Wait until a run is held."""
        until(self._reached.exists, "a run that is held", seconds=400)

    def end(self) -> None:
        """Let the runs continue."""
        self.path.unlink()
