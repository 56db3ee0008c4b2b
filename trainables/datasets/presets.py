"""The ``dataset`` keys of published data sets, read from the folders of their releases."""

from __future__ import annotations

from abc import ABC
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from trainables.datasets.base import KIND, DataSetKind
from trainables.datasets.keys import ChosenFolds, Folds, InjectedNoise, LocalPath, Noise, SilentClips

if TYPE_CHECKING:
    from trainables.datasets.manifest import Manifest

Root = Annotated[LocalPath, Field(description="folder of the release, or the folder that it was unpacked into")]


class Preset(DataSetKind, ABC):
    """Base of the published data sets; each has a layout of the name of its kind."""

    path_key = "root"
    layout: ClassVar[str]

    kind: Annotated[str, KIND]
    root: Root
    silent: SilentClips = "keep"

    @classmethod
    def recognises(cls, path: Path, /) -> bool:
        """Return whether the path holds the lists of the release."""
        from trainables.datasets.kinds import published  # noqa: PLC0415 -- see ``config``

        return published.LAYOUTS[cls.layout].home(path) is not None

    def parse(self, _: Path, /) -> tuple[Manifest, list[str]]:
        """Read the lists of the release."""
        from trainables.datasets.kinds import published  # noqa: PLC0415 -- see ``config``

        return published.parse(published.LAYOUTS[self.layout], Path(self.root).expanduser(), self.tested)

    @property
    def tested(self) -> Folds | None:
        """The folds that are the test set; None if the release has a test set of its own."""
        return None

    @property
    def leaves_out_silent(self) -> bool:
        """The ``silent`` key."""
        return self.silent == "leave_out"


class InFolds(Preset, ABC):
    """Base of the published data sets that come in folds, and have no test set of their own."""

    last: ClassVar[str]  # the last fold

    folds: ChosenFolds
    noise: InjectedNoise = None

    @classmethod
    def at(cls, path: Path) -> InFolds:
        """Return the data set at a path, with its last fold as the test set."""
        values: dict[str, Any] = {"root": str(path), "folds": Folds(test=(cls.last,))}
        return cls.model_construct(None, **values)

    @property
    def tested(self) -> Folds:
        """The ``folds`` key."""
        return self.folds

    @property
    def cross_validates(self) -> bool:
        """Whether ``folds`` is ``all``."""
        return self.folds.in_turn

    @property
    def injected_noise(self) -> Noise | None:
        """The ``noise`` key."""
        return self.noise


class FSDKaggle2018(Preset):
    """FSDKaggle2018 (Fonseca et al. 2018): 41 classes; 3,710 of its 9,473 training labels are verified."""

    layout = "fsdkaggle2018"

    kind: Annotated[Literal["fsdkaggle2018"], KIND]


class ARCA23K(Preset):
    """ARCA23K (Iqbal et al. 2021): 70 classes, training labels from an automatic retrieval, test clips of FSD50K."""

    layout = "arca23k"

    kind: Annotated[Literal["arca23k"], KIND]


class ARCA23KFSD(Preset):
    """ARCA23K-FSD, the twin of ARCA23K with training clips of FSD50K, whose labels people have verified."""

    layout = "arca23k-fsd"

    kind: Annotated[Literal["arca23k-fsd"], KIND]
    noise: InjectedNoise = None

    @property
    def injected_noise(self) -> Noise | None:
        """The ``noise`` key."""
        return self.noise


class ESC50(InFolds):
    """ESC-50 (Piczak 2015): 50 classes of 40 clips each, in five folds."""

    layout = "esc50"
    last = "5"

    kind: Annotated[Literal["esc50"], KIND]


class UrbanSound8K(InFolds):
    """UrbanSound8K (Salamon et al. 2014): 10 classes, 8,732 clips in ten folds."""

    layout = "urbansound8k"
    last = "10"

    kind: Annotated[Literal["urbansound8k"], KIND]
