"""Safe unpacking of zips and tar files into one folder only, and joining of zips that are in parts."""

from __future__ import annotations

import shutil
import stat
import subprocess
import tarfile
import tempfile
import zlib
from collections import Counter
from contextlib import contextmanager
from gzip import BadGzipFile
from io import BytesIO
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING
from zipfile import BadZipFile, ZipFile, ZipInfo

from trainables.datasets.fetching.download import check_free_space
from trainables.datasets.manifest import DataSetError

if TYPE_CHECKING:
    from collections.abc import Iterator

UNPACKING = ".unpacking-"
JOINED = ".joined.zip"  # end of the name of a zip that was joined from its parts
JOINER = "zip"  # Info-ZIP's program; Python's zipfile reads no zip in parts


def extract(archive: Path, root: Path, top: str) -> int:
    """Unpack a zip or tar file whose every member lies in the folder ``top`` into ``root``; return the number of files.

    The members are unpacked into a temporary folder. Once all are complete, that folder is renamed into its place, or
    the files are moved one by one into an existing folder.

    Raises:
        DataSetError: a member leaves the folder, is absolute, a link, repeated, or damaged; or the disk is too
            small. Nothing has been put into ``root`` then.

    """
    for left_behind in root.glob(f"{UNPACKING}*"):  # by a process that was killed
        shutil.rmtree(left_behind)
    with tempfile.TemporaryDirectory(dir=root, prefix=UNPACKING) as temporary:
        unpack = _unzip if archive.suffix == ".zip" else _untar
        files = unpack(archive, Path(temporary), top)
        if files and not (root / top).exists():
            (Path(temporary) / top).rename(root / top)
            return len(files)
        for name in files:
            target = root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            (Path(temporary) / name).replace(target)
    return len(files)


def _unzip(archive: Path, folder: Path, top: str) -> list[str]:
    """Unpack a zip into a folder, and return the names of its files."""
    try:
        with ZipFile(archive) as zipped:
            members = [m for m in zipped.infolist() if not m.filename.startswith("__MACOSX/")]
            times = Counter(PurePosixPath(m.filename) for m in members)
            problems = [
                f"{archive.name}: member '{m.filename}' {p}" for m in members if (p := _unsafe_zip(m, top, times))
            ]
            if problems:
                raise DataSetError(problems)
            check_free_space(folder, sum(m.file_size for m in members), f"unpacking {archive.name}")
            for member in members:
                zipped.extract(member, folder)  # reads to the end, which checks the CRC
    except BadZipFile as error:
        message = f"{archive.name}: damaged: {error}"
        raise DataSetError([message]) from None
    return [m.filename for m in members if not m.is_dir()]


def _untar(archive: Path, folder: Path, top: str) -> list[str]:
    """Unpack a tar file, compressed or not, into a folder in one pass, and return the names of its files."""
    files = []
    times: Counter[PurePosixPath] = Counter()
    try:
        with tarfile.open(archive, "r|*") as tar:
            for member in tar:
                times[PurePosixPath(member.name)] += 1
                problem = _unsafe(member.name, top, times)
                if not problem and not (member.isfile() or member.isdir()):
                    problem = "is neither a file nor a folder"
                if problem:
                    raise DataSetError([f"{archive.name}: member '{member.name}' {problem}"])
                if member.isfile():
                    _write(tar, member, folder / member.name)
                    files.append(member.name)
    except (tarfile.TarError, EOFError, zlib.error, BadGzipFile) as error:
        message = f"{archive.name}: damaged: {error}"
        raise DataSetError([message]) from None
    return files


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    """Write the content of a member, without the owner and the permissions that it states."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = tar.extractfile(member)
    with path.open("wb") as file:
        shutil.copyfileobj(content or BytesIO(), file)


def _unsafe_zip(member: ZipInfo, top: str, times: Counter[PurePosixPath]) -> str:
    link = stat.S_ISLNK(member.external_attr >> 16)
    return "is a symbolic link" if link else _unsafe(member.filename, top, times)


def _unsafe(member: str, top: str, times: Counter[PurePosixPath]) -> str:
    name = PurePosixPath(member)
    if "\\" in member:
        return "holds a backslash"
    if name.is_absolute() or PureWindowsPath(name).drive:
        return "is absolute"
    if ".." in name.parts:
        return "leaves the folder ('..')"
    if times[name] > 1:
        return f"occurs {times[name]} times"
    return "" if name.parts and name.parts[0] == top else f"is not in the folder {top}"


def check_joiner(archive: str) -> None:
    """Refuse a zip in parts where the program that joins them is not installed.

    Raises:
        DataSetError: it is not.

    """
    if shutil.which(JOINER) is None:
        message = (
            f"{archive} is a split zip file, which the program {JOINER} joins: install it (apt install zip, brew "
            "install zip), and run the same command again"
        )
        raise DataSetError([message])


@contextmanager
def joined(last: Path) -> Iterator[Path]:
    """Join the parts of a zip, and yield the whole zip; it is removed afterwards.

    Args:
        last: the part that ends in ``.zip``, beside those that end in ``.z01`` and so on.

    Raises:
        DataSetError: the parts cannot be joined.

    """
    whole = last.with_name(f"{last.stem}{JOINED}")
    whole.unlink(missing_ok=True)
    try:
        # -s 0 joins; the parts are left as they are.
        done = subprocess.run(  # noqa: S603 -- names of this program, not of a user
            [JOINER, "-q", "-s", "0", last.name, "--out", whole.name],
            cwd=last.parent, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if done.returncode:
            reason = " ".join((done.stdout + done.stderr).split())
            raise DataSetError([f"{last.name}: its parts cannot be joined: {reason}"])
        yield whole
    finally:
        whole.unlink(missing_ok=True)
