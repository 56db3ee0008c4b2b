"""The archives of the published data sets that can be fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.datasets.fetching.fetch import Archive
from trainables.datasets.kinds import fsdnoisy18k

if TYPE_CHECKING:
    from collections.abc import Mapping

ZENODO = "https://zenodo.org/record/{record}/files/"
FSDKAGGLE2018 = 2552860
URBANSOUND8K = 1203745
ARCA23K = 5117901
FSD50K = 4060432
GITHUB = "https://github.com/karolpiczak/ESC-50/archive/refs/heads/"


def _of(record: int, name: str, md5: Mapping[str, str] | None = None, parts: int = 0, top: str = "") -> Archive:
    """Return an archive of a record of Zenodo, with ``parts`` parts beside the one that ends in ``.zip``."""
    stem = name.removesuffix(".zip")
    others = tuple(f"{stem}.z{i + 1:02d}" for i in range(parts))
    return Archive(name, ZENODO.format(record=record), md5 or {}, record, others, top)


_EVAL = _of(
    FSD50K,
    "FSD50K.eval_audio.zip",
    {
        "FSD50K.eval_audio.z01": "3090670eaeecc013ca1ff84fe4442aeb",
        "FSD50K.eval_audio.zip": "6fa47636c3a3ad5c7dfeba99f2637982",
    },
    parts=1,
)
_DEV = _of(
    FSD50K,
    "FSD50K.dev_audio.zip",
    {
        "FSD50K.dev_audio.z01": "faa7cf4cc076fc34a44a479a5ed862a3",
        "FSD50K.dev_audio.z02": "8f9b66153e68571164fb1315d00bc7bc",
        "FSD50K.dev_audio.z03": "1196ef47d267a993d30fa98af54b7159",
        "FSD50K.dev_audio.z04": "d088ac4e11ba53daf9f7574c11cccac9",
        "FSD50K.dev_audio.z05": "81356521aa159accd3c35de22da28c7f",
        "FSD50K.dev_audio.zip": "c480d119b8f7a7e32fdb58f3ea4d6c5a",
    },
    parts=5,
)
# Small ones first, so that a wrong address or a full disk shows before the large downloads.
RELEASES: dict[str, tuple[Archive, ...]] = {
    "fsdnoisy18k": fsdnoisy18k.archives(),
    "fsdkaggle2018": tuple(
        _of(FSDKAGGLE2018, f"FSDKaggle2018.{part}.zip") for part in ("meta", "doc", "audio_test", "audio_train")
    ),
    "esc50": (Archive("master.zip", GITHUB, {}, top="ESC-50-master", packed=650_000_000),),
    "urbansound8k": (
        _of(
            URBANSOUND8K,
            "UrbanSound8K.tar.gz",
            {"UrbanSound8K.tar.gz": "9aa69802bbf37fb986f71ec1483a196e"},
            top="UrbanSound8K",
        ),
    ),
    "arca23k": (_of(ARCA23K, "ARCA23K.ground_truth.zip"), _EVAL, _of(ARCA23K, "ARCA23K.audio.zip", parts=4)),
    "arca23k-fsd": (_of(ARCA23K, "ARCA23K-FSD.ground_truth.zip"), _EVAL, _DEV),
}
