"""Fetch a published data set: download its archives, verify them, and unpack them; an interrupted call continues."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path
from typing import TYPE_CHECKING

from trainables.datasets.fetching.archives import check_joiner, extract, joined
from trainables.datasets.fetching.download import Resume, check_free_space, locked, remote_size
from trainables.datasets.manifest import DataSetError
from trainables.datasets.names import is_leftover
from trainables.storage.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FETCHED = ".fetched.json"  # in ROOT: the archives verified and unpacked; written after each
SUMS = "md5sums.txt"  # in ROOT: the MD5 sums of archives that are not in this program, as ``md5sum`` writes them
GROWTH = 1.2  # bytes of sound for each byte of its archive


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive of a release: a zip, a zip in parts, or a tar file.

    Attributes:
        name: its file's name; of a zip in parts, that of the part that ends in ``.zip``.
        base_url: of its files, ending in a slash.
        md5: the MD5 sums of its files by name, as far as they are known.
        record: of Zenodo, which states the others; 0 for a file from elsewhere.
        parts: the names of the other parts.
        top: the folder that holds all that it contains.
        packed: bytes, used only if the server states none.
        unpacked: bytes; 0 if unknown.

    """

    name: str
    base_url: str
    md5: Mapping[str, str]
    record: int = 0
    parts: tuple[str, ...] = ()
    top: str = ""
    packed: int = 0
    unpacked: int = 0

    @property
    def folder(self) -> str:
        """The folder that holds all that it contains; by default the name without the ending."""
        return self.top or Path(self.name).stem

    @property
    def files(self) -> tuple[str, ...]:
        """The names of its files."""
        return (*self.parts, self.name)


def fetch(root: Path, archives: Iterable[Archive], *, progress: bool = True) -> list[str]:
    """Download, verify and unpack a release; an interrupted call continues where it stopped.

    Args:
        root: the folder for those of the release; created if absent. An archive is removed once it is unpacked.
        archives: what to fetch, in order.
        progress: whether to show a progress bar.

    Returns:
        The names of the archives that this call unpacked; the others were unpacked before.

    Raises:
        DataSetError: too little disk (nothing is fetched then), a refused or lost connection, a wrong MD5, an unsafe
            archive, parts that cannot be joined, or another process that fetches into the same folder.

    """
    with locked(root):
        done = _fetched(root)
        noted = _noted(root)
        missing = [a for a in archives if done.get(a.name) != [_known(a, noted), len(names_in(root / a.folder))]]
        for archive in missing:
            if archive.parts:
                check_joiner(archive.name)
        if missing:
            _check_space(root, missing)
        for archive in missing:
            sums = {**noted, **archive.md5}
            if archive.record and not sums.keys() >= set(archive.files):
                sums = record_sums(root, archive.record) | sums
            files = [_download(root, archive.base_url + name, sums.get(name, ""), progress) for name in archive.files]
            noted |= {file.name: sums.get(file.name) or _md5(file) for file in files if file.name not in archive.md5}
            if noted:
                lines = "".join(f"{value}  {name}\n" for name, value in sorted(noted.items()))
                write_atomically(root / SUMS, lines.encode())
            with joined(files[-1]) if archive.parts else nullcontext(files[-1]) as whole:
                extract(whole, root, archive.folder)
            done[archive.name] = [_known(archive, noted), len(names_in(root / archive.folder))]
            write_atomically(root / FETCHED, json.dumps(done, indent=1).encode())
            for file in files:
                file.unlink()
    return [archive.name for archive in missing]


def record_sums(root: Path, record: int) -> dict[str, str]:
    """Return the MD5 sums of all files of a record of Zenodo, by name, as Zenodo states them.

    Raises:
        DataSetError: Zenodo cannot be reached, or answers something else.

    """
    import pooch  # noqa: PLC0415 -- slow to import, and only needed here

    registry = pooch.create(path=root, base_url=f"doi:10.5281/zenodo.{record}")
    try:
        registry.load_registry_from_doi()
    except (OSError, ValueError, KeyError, TypeError) as error:  # those of requests are OSErrors
        message = f"Zenodo record {record} cannot be read ({' '.join(str(error).split())}); try again later"
        raise DataSetError([message]) from None
    return {name: value.removeprefix("md5:") for name, value in registry.registry.items()}


def names_in(folder: Path) -> list[str]:
    """List what a folder holds, without hidden files and those that systems leave; nothing if it is absent."""
    return sorted(p.name for p in folder.iterdir() if not is_leftover(p.name)) if folder.is_dir() else []


def _known(archive: Archive, noted: Mapping[str, str]) -> str:
    return archive.md5.get(archive.name) or noted.get(archive.name, "")


def _check_space(root: Path, missing: Iterable[Archive]) -> None:
    needed = 0
    names = []
    for archive in missing:
        names.append(archive.name)
        sizes = {name: remote_size(archive.base_url + name) or 0 for name in archive.files}
        packed = sum(sizes.values()) or archive.packed
        held = sum(p.stat().st_size for n in sizes for p in (root / n, root / f"{n}.part") if p.exists())
        whole = packed if archive.parts else 0
        needed += max(0, packed - held) + whole + max(archive.unpacked or int(GROWTH * packed), packed)
    check_free_space(root, needed, f"fetching and unpacking {', '.join(names)}")


def _download(root: Path, url: str, md5sum: str, progress: bool) -> Path:  # noqa: FBT001 -- as of ``fetch``
    import pooch  # noqa: PLC0415 -- slow to import, and only needed here

    pooch.get_logger().setLevel("WARNING")
    name = url.rpartition("/")[2]
    downloader = Resume(root / f"{name}.part", progress=progress)
    known = f"md5:{md5sum}" if md5sum else None
    try:
        return Path(pooch.retrieve(url, known, fname=name, path=root, downloader=downloader))
    except ValueError as error:  # pooch raises it for a wrong hash, and has removed the file
        reason = " ".join(str(error).split())
        message = f"{url}: not the official file: {reason}"
        raise DataSetError([message]) from None


def _md5(path: Path) -> str:
    content = md5(usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            content.update(block)
    return content.hexdigest()


def _fetched(root: Path) -> dict[str, list[str | int]]:
    try:
        value = json.loads((root / FETCHED).read_bytes())
    except (OSError, ValueError):
        return {}
    return dict(value) if isinstance(value, dict) else {}


def _noted(root: Path) -> dict[str, str]:
    """Read the MD5 sums that an earlier call wrote down."""
    try:
        lines = (root / SUMS).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    return {name: value for value, _, name in (line.partition("  ") for line in lines) if name}
