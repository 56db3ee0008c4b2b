"""The ``dataset`` key of a study file: where the clips come from, as plain data.

A kind of data set is a model of its keys, which states how its list of clips is read; ``DataSet`` lists the kinds. The
readers are imported when they are needed, as a study file is often only checked or compared.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self, get_args

from pydantic import Field, model_validator

from trainables.datasets.base import KIND, DataSetKind
from trainables.datasets.keys import InjectedNoise, LocalPath, Noise, Rate, Seed, SilentClips, TestedFolds
from trainables.datasets.presets import ARCA23K, ARCA23KFSD, ESC50, FSDKaggle2018, UrbanSound8K
from trainables.frozen import Frozen, not_allowed
from trainables.storage.location import is_url

if TYPE_CHECKING:
    from collections.abc import Callable

    from trainables.datasets.manifest import Manifest


class FSDnoisy18k(DataSetKind):
    """FSDnoisy18k's own folders, as unpacked from its zips."""

    path_key = "root"

    kind: Annotated[Literal["fsdnoisy18k"], KIND]
    root: Annotated[LocalPath, Field(description="folder of the data set")]
    silent: SilentClips = "keep"

    @classmethod
    def recognises(cls, path: Path, /) -> bool:
        """Return whether the path holds the release's list of training clips."""
        from trainables.datasets.kinds import fsdnoisy18k  # noqa: PLC0415 -- see the module's docstring

        return (fsdnoisy18k.meta(path) / "train.csv").is_file()

    def parse(self, _: Path, /) -> tuple[Manifest, list[str]]:
        """Read the two CSVs."""
        from trainables.datasets.kinds import fsdnoisy18k  # noqa: PLC0415 -- see the module's docstring

        return fsdnoisy18k.parse(Path(self.root).expanduser())

    @property
    def leaves_out_silent(self) -> bool:
        """The ``silent`` key."""
        return self.silent == "leave_out"


class Columns(Frozen):
    """Names of columns that gce-study does not recognise."""

    path: Annotated[str | None, Field(description="column of the paths")] = None
    label: Annotated[str | None, Field(description="column of the given labels")] = None
    split: Annotated[str | None, Field(description="column of train and test")] = None
    verified: Annotated[
        str | None, Field(description="column that states whether a person has confirmed the label")
    ] = None
    true_label: Annotated[str | None, Field(description="column of the true labels")] = None
    recording: Annotated[str | None, Field(description="column of the recording that the clip was cut from")] = None

    @property
    def names(self) -> dict[str, str]:
        """The names that are set."""
        return self.model_dump(exclude_none=True)

    @model_validator(mode="after")
    def _are_different(self) -> Self:
        uses: dict[str, str] = {}
        for use, column in self.names.items():
            other = uses.setdefault(column, use)
            if other != use and {other, use} != {"label", "true_label"}:  # all given labels may be known to be true
                raise not_allowed((use,), f"another column than {column}, which has the {other}")
        return self


_COLUMNS = Columns()
NamedColumns = Annotated[
    Columns,
    Field(
        description="names of columns that gce-study does not recognise",
        exclude_if=lambda columns: columns == _COLUMNS,
    ),
]


class CSV(DataSetKind):
    """A CSV with a row for each clip, or one of the training clips and one of the test clips."""

    path_key = "path"

    kind: Annotated[Literal["csv"], KIND]
    path: Annotated[LocalPath, Field(description="CSV file of the clips; with test_path, of the training clips")]
    test_path: Annotated[
        LocalPath | None,
        Field(
            description="CSV file of the test clips, if they are listed in a file of their own",
            exclude_if=lambda path: path is None,
        ),
    ] = None
    root: Annotated[
        LocalPath | None, Field(description="folder that the paths of clips are relative to; by default that of path")
    ] = None
    columns: NamedColumns = _COLUMNS
    folds: TestedFolds = None
    silent: SilentClips = "keep"
    noise: InjectedNoise = None

    @classmethod
    def recognises(cls, path: Path, /) -> bool:
        """Return whether the path is a file."""
        return path.is_file()

    def parse(self, _: Path, /) -> tuple[Manifest, list[str]]:
        """Read the CSV."""
        from trainables.datasets.kinds import csv_manifest  # noqa: PLC0415 -- see the module's docstring

        root, test = (None if path is None else Path(path).expanduser() for path in (self.root, self.test_path))
        path = Path(self.path).expanduser()
        return csv_manifest.parse(path, root, self.folds, test=test, names=self.columns.names)

    @property
    def cross_validates(self) -> bool:
        """Whether ``folds`` is ``all``."""
        return self.folds is not None and self.folds.in_turn

    @property
    def injected_noise(self) -> Noise | None:
        """The ``noise`` key."""
        return self.noise

    @property
    def leaves_out_silent(self) -> bool:
        """The ``silent`` key."""
        return self.silent == "leave_out"

    def fetched(self, copy: Callable[[str, str | None], Path]) -> Self:
        """Return the data set with each URL replaced; without a root, the clips are next to the CSV."""
        here = self
        for key, path in {"path": self.path, "test_path": self.test_path}.items():
            if path is not None and is_url(path):
                folder, _, name = path.rpartition("/")
                beside = key == "path" and self.root is None
                here = here.model_copy(update={key: str(copy(folder, None if beside else name) / name)})
        return super(CSV, here).fetched(copy)


class Folder(DataSetKind):
    """A folder per class, split into train and test or with a test share drawn by seed; or files of a metadata.csv."""

    path_key = "root"

    kind: Annotated[Literal["folder"], KIND]
    root: Annotated[
        LocalPath,
        Field(
            description="folder of ROOT/train/CLASS/* and ROOT/test/CLASS/*, of ROOT/CLASS/*, or of files listed in a "
            "metadata.csv or metadata.jsonl"
        ),
    ]
    verified: Annotated[bool, Field(description="whether the training labels are verified")] = True
    test: Annotated[float, Field(gt=0, lt=1, description="share of each class's clips held out as the test set")] = 0.3
    test_seed: Annotated[Seed, Field(description="seed of the test share")] = 0
    columns: NamedColumns = _COLUMNS
    silent: SilentClips = "keep"
    noise: InjectedNoise = None

    @classmethod
    def recognises(cls, _: Path, /) -> bool:
        """Accept any path that no kind before this one recognises."""
        return True

    def parse(self, _: Path, /) -> tuple[Manifest, list[str]]:
        """List the files of every class, or read the metadata.csv."""
        from trainables.datasets.kinds import folders  # noqa: PLC0415 -- see the module's docstring

        return folders.parse(
            Path(self.root).expanduser(),
            verified=self.verified,
            test=self.test,
            test_seed=self.test_seed,
            names=self.columns.names,
        )

    @property
    def injected_noise(self) -> Noise | None:
        """The ``noise`` key."""
        return self.noise

    @property
    def leaves_out_silent(self) -> bool:
        """The ``silent`` key."""
        return self.silent == "leave_out"


class Synthetic(DataSetKind):
    """Six classes of synthesised sound events with known label noise, made from a seed; needs no download."""

    kind: Annotated[Literal["synthetic"], KIND]
    seed: Annotated[Seed, Field(description="seed of the synthesised sounds and labels")] = 0
    train_per_class: Annotated[int, Field(ge=4, le=10_000, description="training clips of each class")] = 40
    test_per_class: Annotated[int, Field(ge=1, le=10_000, description="test clips of each class")] = 20
    noise: Annotated[Rate, Field(description="share of the unverified clips that carry another class's label")] = 0.4
    keep_verified: Annotated[Rate, Field(description="share of each class that is verified, with the right label")] = (
        0.2
    )

    def parse(self, cache: Path, /) -> tuple[Manifest, list[str]]:
        """Make the sounds, unless they were made before."""
        from trainables.datasets.kinds import synthetic  # noqa: PLC0415 -- see the module's docstring

        return synthetic.generate(synthetic.Settings(**self.model_dump(exclude={"kind"})), cache), []


DataSet = Annotated[
    FSDnoisy18k | FSDKaggle2018 | ESC50 | UrbanSound8K | ARCA23K | ARCA23KFSD | CSV | Folder | Synthetic,
    Field(discriminator="kind"),
]
# Kind -> its model. ``data describe`` uses the first that recognises a path.
KINDS: dict[str, type[DataSetKind]] = {
    get_args(model.model_fields["kind"].annotation)[0]: model for model in get_args(get_args(DataSet)[0])
}
