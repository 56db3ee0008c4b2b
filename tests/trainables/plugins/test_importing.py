"""Plugins are imported from their sources, under unique names."""

import io
import sys
import traceback

import pytest

from trainables.plugins.importing import PREFIX, exit_of_plugin, import_sources, place_of
from trainables.plugins.sources import PluginError, Sources


def imported(text="", name="mine.py", modules=None):
    return import_sources(Sources(name=name, files={"__init__.py": text} | (modules or {})))


def test_a_plugin_is_a_module_named_by_its_hash():
    sources = Sources(name="mine.py", files={"__init__.py": "x = 1"})
    module = import_sources(sources)
    assert (module.__name__, module.x, module.__file__) == (PREFIX + sources.sha256, 1, "mine.py")


def test_a_plugin_is_imported_once_a_process():
    first = imported("import random\nx = object()")
    assert imported("import random\nx = object()") is first


def test_modules_of_a_package_import_each_other_relatively():
    module = imported(
        "from .terms import x\nfrom .deep.more import y",
        name="mine",
        modules={"terms.py": "x = 1", "deep/__init__.py": "", "deep/more.py": "from ..terms import x\ny = x + 1"},
    )
    assert (module.x, module.y) == (1, 2)


def test_a_module_beside_a_plugin_is_not_found(tmp_path, monkeypatch):
    (tmp_path / "beside_a_plugin.py").write_text("raise RuntimeError")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        PluginError, match=r"^mine\.py:2: ModuleNotFoundError: No module named 'beside_a_plugin'; if it is a"
    ):
        imported("\nimport beside_a_plugin")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("x = 1\nx = = 2", "mine.py:2: SyntaxError: invalid syntax"),
        ("def f():\n  raise ValueError('no\\nway')\nf()", "mine.py:2: ValueError: no\\nway"),
        ("import sys\nsys.exit(3)", "mine.py:2: it called sys.exit(3)"),
        (
            "from .terms import x",
            "mine.py:1: ModuleNotFoundError: No module named 'terms'; if it is a file of yours",
        ),
        ("import json\njson.loads('{')", "mine.py:2: json.decoder.JSONDecodeError: Expecting property name"),
    ],
)
def test_an_error_is_a_message_with_file_and_line(text, problem):
    with pytest.raises(PluginError) as error:
        imported(text)
    assert str(error.value).startswith(problem)


def test_an_error_of_pydantic_is_shown_without_its_address():
    with pytest.raises(PluginError) as error:
        imported("import pydantic\nclass A(pydantic.BaseModel):\n  x = 1")
    assert str(error.value).startswith("mine.py:2: A non-annotated attribute was detected: `x = 1`.")
    assert "http" not in str(error.value)


def test_an_error_in_a_module_of_a_package_names_that_module():
    with pytest.raises(PluginError, match=r"^mine/terms\.py:1: ZeroDivisionError"):
        imported("from . import terms", name="mine", modules={"terms.py": "1 / 0"})


def test_a_plugin_that_failed_leaves_no_module_and_fails_again():
    before = set(sys.modules)
    for _ in range(2):
        with pytest.raises(PluginError, match="ZeroDivisionError"):
            imported("from . import terms\n1 / 0", name="mine", modules={"terms.py": ""})
    assert set(sys.modules) == before


def test_a_plugin_that_closes_the_standard_output_is_refused_and_the_output_is_open_again(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    with pytest.raises(PluginError, match=r"^mine\.py: it closed sys\.stdout$"):
        imported("import sys\nsys.stdout.close()")
    assert not sys.stdout.closed


def test_a_byte_order_mark_is_no_part_of_the_code():
    assert imported("\ufeffmarked = 1").marked == 1


def test_a_traceback_shows_the_lines_of_a_plugin():
    module = imported("def f():\n    raise ValueError('why')  # in a plugin")
    with pytest.raises(ValueError, match="why") as error:
        module.f()
    assert place_of(error.value) == "mine.py:2"
    assert "# in a plugin" in "".join(traceback.format_exception(error.value))


def test_an_error_outside_of_plugins_has_no_place():
    with pytest.raises(ZeroDivisionError) as error:
        1 / 0  # noqa: B018 -- raises
    assert not place_of(error.value)


def test_an_exit_is_a_plugins_unless_rays_handler_of_a_signal_raised_it_meanwhile():
    plugin = imported("import sys\ndef end():\n  sys.exit(1)\ndef call(f):\n  f()")
    rays = {"__name__": "ray._private.worker"}
    exec("def handler():\n  raise SystemExit(1)", rays)  # noqa: S102 -- a function of a module of that name
    of_plugin = {}
    for name, end in (("its own", plugin.end), ("a signal's", lambda: plugin.call(rays["handler"]))):
        with pytest.raises(SystemExit) as error:
            end()
        of_plugin[name] = exit_of_plugin(error.value)
    assert of_plugin == {"its own": True, "a signal's": False}
