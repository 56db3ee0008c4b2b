"""A process that trains imports plugins from the storage location, and verifies them."""

import pytest

from plugin_files import FOCAL, LINEAR, plugin_sources
from trainables.config import Configuration, PluginCode, Run
from trainables.losses.registry import loss_class
from trainables.networks.registry import network_class
from trainables.plugins.kept import load_kept
from trainables.plugins.loading import keep_plugins, load, use
from trainables.plugins.sources import PluginError, Sources, keep_sources, sources_path
from trainables.storage.documents import to_bytes

FIRST, SECOND = plugin_sources(FOCAL), plugin_sources(LINEAR, name="my_networks.py")


def run(**sources):
    code = [PluginCode(name=f"mine.{name}", sha256=of.sha256) for name, of in sources.items()]
    configuration = Configuration.model_validate({"loss": {"name": "cce"}})
    return Run(configuration=configuration, seed=0, dataset="0" * 20, code=tuple(code))


def test_what_a_run_uses_is_loaded_from_the_sources_that_a_driver_kept(tmp_path):
    use([load(FIRST), load(SECOND)])
    keep_plugins(tmp_path)
    use([])
    load_kept(tmp_path, run(focal=FIRST, linear=SECOND))
    assert (loss_class("mine.focal"), network_class("mine.linear")) != (None, None)


def test_plugins_are_loaded_from_an_object_store(bucket):
    keep_sources(bucket, FIRST)
    load_kept(bucket, run(focal=FIRST))
    assert loss_class("mine.focal") is not None


def test_what_another_run_used_is_forgotten(tmp_path):
    for sources in (FIRST, SECOND):
        keep_sources(tmp_path, sources)
    load_kept(tmp_path, run(focal=FIRST))
    load_kept(tmp_path, run(linear=SECOND))
    assert loss_class("mine.focal") is None


def test_a_run_of_other_code_is_given_that_code(tmp_path):
    edited = plugin_sources(FOCAL.replace("2.0", "3.0"))
    for sources in (FIRST, edited):
        keep_sources(tmp_path, sources)
    defaults = []
    for sources in (FIRST, edited, FIRST):
        load_kept(tmp_path, run(focal=sources))
        defaults.append(loss_class("mine.focal").model_fields["gamma"].default)
    assert defaults == [2.0, 3.0, 2.0]


def test_sources_that_are_absent_are_refused(tmp_path):
    with pytest.raises(PluginError, match=rf"does not keep the code of the run \(SHA-256 {FIRST.sha256}\)"):
        load_kept(tmp_path, run(focal=FIRST))


def test_other_sources_in_their_place_are_refused_and_not_run(tmp_path, capsys):
    forged = Sources(name="my_losses.py", files={"__init__.py": "print('forged')"})
    sources_path(tmp_path, FIRST.sha256).write(to_bytes(forged))
    with pytest.raises(PluginError, match=f"its sources have the SHA-256 {forged.sha256}"):
        load_kept(tmp_path, run(focal=FIRST))
    assert "forged" not in capsys.readouterr().out


def test_sources_that_do_not_define_what_the_run_uses_are_refused(tmp_path):
    keep_sources(tmp_path, SECOND)
    with pytest.raises(PluginError, match=r"my_networks\.py: does not define mine\.focal"):
        load_kept(tmp_path, run(focal=SECOND))
