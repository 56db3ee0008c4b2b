"""The base of the kinds of data sets."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Self

from pydantic import Field

from trainables.datasets.keys import Noise, with_paths
from trainables.frozen import Frozen
from trainables.storage.location import is_url

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from trainables.datasets.manifest import Manifest

KIND = Field(description="where the clips come from")


class DataSetKind(Frozen, ABC):
    """Base of the kinds of data sets."""

    path_key: ClassVar[str] = ""  # the key that a path alone can set; "" if the kind has no path

    @classmethod
    def recognises(cls, _: Path, /) -> bool:
        """Return whether a path looks like a data set of this kind."""
        return False

    @classmethod
    def at(cls, path: Path) -> DataSetKind:
        """Return the data set of this kind at a path. It is not validated: a file's name need not be Unicode."""
        values = {cls.path_key: str(path)}
        return cls.model_construct(None, **values)

    @abstractmethod
    def parse(self, cache: Path, /) -> tuple[Manifest, list[str]]:
        """Read what can be read of the list of clips, and list every problem; the audio may be absent.

        Args:
            cache: folder that a kind may make files in.

        """

    @property
    def injected_noise(self) -> Noise | None:
        """The label noise to inject."""
        return None

    @property
    def leaves_out_silent(self) -> bool:
        """Whether clips that hold no sound are left out."""
        return False

    @property
    def cross_validates(self) -> bool:
        """Whether each fold is the test set in turn."""
        return False

    def fetched(self, copy: Callable[[str, str | None], Path]) -> Self:
        """Return the data set with each URL replaced by a path on this machine.

        Args:
            copy: copies the folder at a URL, or only one file of it, to this machine, and returns the copy's folder.

        """
        return with_paths(self, lambda path, _: str(copy(path, None)) if is_url(path) else path)
