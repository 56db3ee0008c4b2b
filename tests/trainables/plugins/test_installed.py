"""Losses and networks of installed packages, by entry points."""

import sys

import pytest

from plugin_files import FOCAL, HEAD, LINEAR
from trainables.config import Configuration, PluginCode, Run
from trainables.plugins.installed import all_installed, installed
from trainables.plugins.kept import load_kept
from trainables.plugins.loading import code_of, load, use
from trainables.plugins.sources import PluginError, Sources, read_sources


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Return a function that installs a package which defines a loss and a network; return its folder."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)

    def made(name="sound_losses", text=FOCAL + "\n\n" + LINEAR, points="mine.focal = {}:Focal"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "__init__.py").write_text(HEAD + text)
        about = tmp_path / f"{name}-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text(
            f"[gce_study.losses]\n{points.format(name)}\n\n[gce_study.networks]\nmine.linear = {name}:Linear\n"
        )
        installed.cache_clear()
        return folder

    yield made
    installed.cache_clear()
    for name in set(sys.modules) - before:
        if name.startswith("sound_losses"):
            del sys.modules[name]


def test_nothing_is_imported_before_a_name_asks_for_it(install):
    install()
    assert all_installed(["cce", "other.focal"], []) == []
    assert "sound_losses" not in sys.modules


def test_a_loss_and_a_network_are_known_by_their_entry_points(install):
    folder = install()
    use(all_installed(["mine.focal", "mine.linear"], []))
    configuration = Configuration.model_validate({"loss": {"name": "mine.focal"}, "network": {"name": "mine.linear"}})
    sha256 = read_sources(folder).sha256
    assert code_of(configuration) == tuple(
        PluginCode(name=name, sha256=sha256) for name in ("mine.focal", "mine.linear")
    )


def test_a_plugin_that_a_study_lists_goes_before_an_installed_one(install):
    install()
    file = load(Sources(name="a.py", files={"__init__.py": HEAD + FOCAL}))
    assert all_installed(["mine.focal"], [file]) == []


def test_a_name_of_two_packages_is_refused(install):
    install()
    install("sound_losses_too")
    with pytest.raises(
        PluginError, match=r"defined by several installed packages: sound_losses:Focal of sound_losses, s"
    ):
        installed("mine.focal")


@pytest.mark.parametrize(
    ("points", "problem"),
    [
        (
            "mine.focal = {}:Linear",
            "sound_losses: entry point mine.focal = sound_losses:Linear: not a subclass of Loss",
        ),
        ("mine.focal = {}:Vocal", "sound_losses: entry point mine.focal = sound_losses:Vocal: AttributeError: module "),
        (
            "mine.other = {}:Focal",
            "sound_losses: entry point mine.other = sound_losses:Focal: the name of the class is ",
        ),
    ],
)
def test_an_entry_point_of_another_form_is_refused(install, points, problem):
    install(points=points)
    with pytest.raises(PluginError) as error:
        installed(points.partition(" ")[0])
    assert str(error.value).startswith(problem)


def test_a_package_that_lacks_another_is_refused_without_advice_on_files(install):
    install(text="import no_such_package\n" + FOCAL)
    with pytest.raises(PluginError) as error:
        installed("mine.focal")
    assert str(error.value) == (
        "sound_losses: entry point mine.focal = sound_losses:Focal: "
        "ModuleNotFoundError: No module named 'no_such_package'"
    )


def run(sha256):
    configuration = Configuration.model_validate({"loss": {"name": "mine.focal"}})
    return Run(
        configuration=configuration, seed=0, dataset="0" * 20, code=(PluginCode(name="mine.focal", sha256=sha256),)
    )


def test_a_process_that_trains_uses_its_installed_package(install, tmp_path):
    sha256 = read_sources(install()).sha256
    load_kept(tmp_path / "results", run(sha256))
    assert code_of(Configuration.model_validate({"loss": {"name": "mine.focal"}}))[0].sha256 == sha256


def test_another_package_than_that_of_the_run_is_refused(install, tmp_path):
    sha256 = read_sources(install()).sha256
    with pytest.raises(PluginError, match=rf"mine\.focal: is installed here with other code \(SHA-256 {sha256}\)"):
        load_kept(tmp_path / "results", run("0" * 64))


def test_a_package_that_is_not_installed_where_it_is_trained_is_named(tmp_path):
    with pytest.raises(
        PluginError, match=r"mine\.focal: is not installed here, and the storage location does not keep"
    ):
        load_kept(tmp_path / "results", run("0" * 64))
