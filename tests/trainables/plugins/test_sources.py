"""The sources of plugins: read, identified and kept."""

import os
from pathlib import Path

import pytest

from trainables.plugins import sources as module
from trainables.plugins.sources import PluginError, Sources, keep_sources, read_sources, sources_path, stored_sources
from trainables.storage.documents import DamagedError, to_bytes


def package(folder, **files):
    for name, text in files.items():
        path = folder / f"{name.replace('.', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_the_hash_of_a_file_depends_on_its_bytes_alone(tmp_path):
    for name, text in {"a": "x = 1\n", "b": "x = 1\n", "c": "x = 2\n", "d": "x = 1\r\n"}.items():
        (tmp_path / f"{name}.py").write_bytes(text.encode())
    a, b, c, d = (read_sources(tmp_path / f"{name}.py").sha256 for name in "abcd")
    assert a == b
    assert len({a, c, d}) == 3


def test_the_hash_of_a_package_depends_on_the_names_and_contents_of_its_modules(tmp_path):
    first = read_sources(package(tmp_path / "first", __init__="", terms="x = 1"))
    same = read_sources(package(tmp_path / "same", __init__="", terms="x = 1"))
    renamed = read_sources(package(tmp_path / "renamed", __init__="", term="x = 1"))
    moved = read_sources(package(tmp_path / "moved", __init__="x", terms=" = 1"))
    assert first.sha256 == same.sha256
    assert len({first.sha256, renamed.sha256, moved.sha256}) == 3


def test_a_package_has_the_modules_in_folders_below_and_nothing_else(tmp_path):
    folder = package(
        tmp_path / "mine", **{"__init__": "", "deep.terms": "x = 1", "not-a-module": "", "not-a-package.a": ""}
    )
    (folder / "weights.npz").write_bytes(b"\0")
    assert set(read_sources(folder).files) == {"__init__.py", "deep/terms.py"}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"a = 1\nb = '\xe9'\n", r":2: the byte 0xe9 is not UTF-8; allowed: UTF-8 text"),
        (b"#" * 1_000_001, "1 files of 1000001 bytes; allowed: at most 200 .py files of 1000000 bytes"),
    ],
)
def test_a_file_that_is_no_source_is_refused(tmp_path, content, problem):
    if content is not None:
        (tmp_path / "a.py").write_bytes(content)
    with pytest.raises(PluginError, match=problem):
        read_sources(tmp_path / "a.py")


def test_a_file_of_another_suffix_and_a_folder_without_init_are_refused(tmp_path):
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(PluginError, match=r"a\.txt: not a plugin; allowed: a \.py file, or a folder with __init__\.py"):
        read_sources(tmp_path / "a.txt")
    with pytest.raises(PluginError, match=r"not a package: it has no __init__\.py"):
        read_sources(tmp_path)


def test_what_is_no_file_is_refused_without_being_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.py")
    for path in (Path(tmp_path) / "pipe.py", Path("/dev/zero")):
        with pytest.raises(PluginError, match=f"{path}: not a plugin; allowed: a .py file"):
            read_sources(path)


def test_more_files_than_allowed_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MAX_FILES", 1)
    with pytest.raises(PluginError, match="2 files of 0 bytes; allowed: at most 1 "):
        read_sources(package(tmp_path / "mine", __init__="", terms=""))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(tmp_path):
    (tmp_path / "a.py").touch(0o000)
    with pytest.raises(PluginError, match="cannot be read: Permission denied"):
        read_sources(tmp_path / "a.py")


def test_sources_are_kept_under_their_hash_and_read_back_equal(tmp_path):
    sources = Sources(name="mine.py", files={"__init__.py": "x = 'é'\r\n"})
    keep_sources(tmp_path, sources)
    assert sources_path(tmp_path, sources.sha256).name == f"{sources.sha256}.json"
    assert stored_sources(tmp_path, sources.sha256) == sources


def test_kept_sources_are_not_written_again(tmp_path):
    sources = Sources(name="mine.py", files={"__init__.py": "x = 1"})
    keep_sources(tmp_path, sources)
    before = sources_path(tmp_path, sources.sha256).stamp()
    keep_sources(tmp_path, sources)
    assert sources_path(tmp_path, sources.sha256).stamp() == before


def test_other_sources_under_a_hash_are_refused_and_written_over(tmp_path):
    sources = Sources(name="mine.py", files={"__init__.py": "x = 1"})
    forged = Sources(name="mine.py", files={"__init__.py": "x = 2"})
    sources_path(tmp_path, sources.sha256).write(to_bytes(forged))
    with pytest.raises(DamagedError, match=f"its sources have the SHA-256 {forged.sha256}"):
        stored_sources(tmp_path, sources.sha256)
    keep_sources(tmp_path, sources)
    assert stored_sources(tmp_path, sources.sha256) == sources


@pytest.mark.parametrize("path", ["../a.py", "/etc/a.py", "a/../../b.py", "a.txt", "a-b.py", ""])
def test_sources_have_only_paths_of_modules(path):
    with pytest.raises(ValueError, match="is not the path of a module"):
        Sources(name="mine", files={"__init__.py": "", path: ""})


def test_sources_have_the_module_itself():
    with pytest.raises(ValueError, match=r"there is no __init__\.py"):
        Sources(name="mine", files={"terms.py": ""})
