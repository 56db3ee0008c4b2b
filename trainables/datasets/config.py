"""Where a study's clips come from, as plain data: the ``dataset`` key of a study file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from trainables.config import Frozen

Rate = Annotated[float, Field(ge=0, le=1)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]


class Noise(Frozen):
    """Label noise to inject into verified training clips; the truth is kept, the clips are marked as unverified.

    Of each class, ``keep_verified`` of the clips stay verified and right. Of the others, ``symmetric`` get another
    class's label drawn uniformly, ``class_to_class`` get the next class's label (sorted order, cyclic), and
    ``out_of_vocabulary`` are replaced by a clip from ``pool``, a folder of sounds of no class.
    """

    symmetric: Rate = 0.0
    class_to_class: Rate = 0.0
    out_of_vocabulary: Rate = 0.0
    pool: str | None = None
    keep_verified: Rate = 0.2
    seed: Seed = 0


class FSDnoisy18k(Frozen):
    """FSDnoisy18k's own folders, as its zips unpack."""

    kind: Literal["fsdnoisy18k"]
    root: str


class CSV(Frozen):
    """A CSV of ``path,label,split,verified`` (and optionally ``true_label``), paths relative to ``root``."""

    kind: Literal["csv"]
    path: str
    root: str | None = None  # the CSV's own folder when absent
    noise: Noise | None = None


class Folder(Frozen):
    """A folder per class: ROOT/train/CLASS/* and ROOT/test/CLASS/*, or ROOT/CLASS/* with a test share drawn by seed."""

    kind: Literal["folder"]
    root: str
    verified: bool = True  # whether the training labels are verified
    test: Annotated[float, Field(gt=0, lt=1, description="share of each class's clips held out as the test set")] = 0.3
    test_seed: Seed = 0
    noise: Noise | None = None


class Synthetic(Frozen):
    """Six classes of synthesised sound events with known label noise, made from a seed; needs no download."""

    kind: Literal["synthetic"]
    seed: Seed = 0
    train_per_class: Annotated[int, Field(ge=4, le=10_000)] = 40
    test_per_class: Annotated[int, Field(ge=1, le=10_000)] = 20
    noise: Rate = 0.4  # share of the unverified clips that carry another class's label
    keep_verified: Rate = 0.2  # share of each class that is verified and right


DataSet = Annotated[FSDnoisy18k | CSV | Folder | Synthetic, Field(discriminator="kind")]
