"""What plugins define is found, checked, known by name, and part of the runs that use it."""

import pytest
from pydantic import ValidationError

from factories import Builder
from plugin_files import FOCAL, LINEAR, plugin_sources
from trainables.config import Configuration, PluginCode, Run
from trainables.losses.catalogue import CCE
from trainables.losses.registry import UnknownLoss, known_losses, loss_class
from trainables.naming import PARAMETERS
from trainables.networks.registry import network_class
from trainables.plugins.forms import TAKEN
from trainables.plugins.loading import code_of, load, load_apart, use
from trainables.plugins.sources import PluginError, Sources

BUILT_IN = set(known_losses())


def configuration(loss, **keys):
    return Configuration.model_validate({"loss": loss} | keys)


def test_a_plugin_has_the_losses_and_networks_that_it_defines():
    plugin = load(plugin_sources(FOCAL, LINEAR))
    assert (set(plugin.losses), set(plugin.networks)) == ({"mine.focal"}, {"mine.linear"})


def test_a_package_has_what_its_modules_define():
    text = plugin_sources(FOCAL).files["__init__.py"]
    plugin = load(Sources(name="mine", files={"__init__.py": "from .focal import Focal", "focal.py": text}))
    assert list(plugin.losses) == ["mine.focal"]


def test_loss_and_network_are_known_while_their_plugin_is_used():
    use([load(plugin_sources(FOCAL, LINEAR))])
    assert loss_class("mine.focal").model_fields["gamma"].default == 2.0
    assert network_class("mine.linear").model_fields["features"].default == 8
    use([])
    assert set(known_losses()) == BUILT_IN
    assert network_class("mine.linear") is None


def test_the_bounds_of_a_parameter_hold():
    use([load(plugin_sources(FOCAL))])
    with pytest.raises(ValidationError, match="less than or equal to 5"):
        loss_class("mine.focal")(name="mine.focal", gamma=6.0)


def test_an_edited_plugin_replaces_the_earlier_one():
    use([load(plugin_sources(FOCAL))])
    use([load(plugin_sources(FOCAL.replace("2.0", "3.0")))])
    assert configuration({"name": "mine.focal"}).loss.gamma == 3.0


def test_two_plugins_with_the_same_name_are_refused():
    first, second = plugin_sources("# a\n" + FOCAL, name="a.py"), plugin_sources("# b\n" + FOCAL, name="b.py")
    with pytest.raises(PluginError, match=r"^b\.py:9: mine\.focal is also defined at a\.py:9; names must differ$"):
        use([load(first), load(second)])


def test_a_plugin_that_defines_a_name_twice_is_refused():
    with pytest.raises(PluginError, match=r"mine\.focal is also defined at my_losses\.py:"):
        load(plugin_sources(FOCAL, FOCAL.replace("class Focal", "class Other")))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "my_losses.py: defines no subclass of Loss or Network"),
        (
            FOCAL.replace('"mine.focal"', '"focal"'),
            "my_losses.py:8: name of Focal: 'focal' is not allowed; allowed: name:",
        ),
        (FOCAL.replace('"mine.focal"', '"Mine.focal"'), "my_losses.py:8: name of Focal: 'Mine.focal' is not allowed"),
        (
            FOCAL.replace('Literal["mine.focal"]', "str"),
            "my_losses.py:8: name of Focal: missing; allowed: name: Literal[",
        ),
        (
            FOCAL.replace('"mine.focal"', '"mine.a", "mine.b"'),
            "my_losses.py:8: name of Focal: 'mine.a', 'mine.b' is not",
        ),
        (FOCAL.replace("def make", "def build"), "my_losses.py:8: Focal has no method make"),
        (
            FOCAL + "\n    def __init__(self, gamma=2.0):\n        self.gamma = gamma\n",
            "my_losses.py:8: __init__ of Focal: got an unexpected keyword argument 'name'; allowed: no __init__, as",
        ),
        (
            FOCAL.replace("le=5,", 'le=5, alias="lambda",'),
            "my_losses.py:8: Focal: gamma has an alias; allowed: the field's name alone",
        ),
        (FOCAL.replace("gamma", "subset"), "my_losses.py:8: Focal: a parameter cannot be called subset"),
        (
            "import typing\n" + FOCAL + "    scale: typing.Callable[[], int] = int\n",
            "my_losses.py:9: Focal: the type of scale is not allowed; allowed: float, int, bool, str, Literal, None",
        ),
        (
            FOCAL + "    weights: dict[str, float] = {}\n",
            "my_losses.py:8: Focal: the type of weights is not allowed; allowed: float, int, bool, str, Literal, None",
        ),
    ],
)
def test_a_plugin_of_another_form_is_refused(text, problem):
    with pytest.raises(PluginError) as error:
        load(plugin_sources(text))
    assert str(error.value).startswith(problem)


@pytest.mark.parametrize(
    ("attribute", "problem"),
    [
        ('input = "sounds"', "input is 'sounds'; allowed: 'frames' or 'embeddings'"),
        ("smallest = 16", "smallest is 16; allowed: (frames, mel bands), both at least 1"),
        ("smallest = (16, 0)", "smallest is (16, 0); allowed: (frames, mel bands), both at least 1"),
        ("smallest: int = 16", "smallest is an attribute of the class; allowed: a value without an annotation"),
    ],
)
@pytest.mark.filterwarnings("ignore:Field name")  # an annotated attribute shadows that of the base
def test_a_network_whose_attributes_are_of_another_form_is_refused(attribute, problem):
    name = '    name: Literal["mine.linear"]'
    assert name in LINEAR
    with pytest.raises(PluginError) as error:
        load(plugin_sources(LINEAR.replace(name, f"    {attribute}\n{name}")))
    assert problem in str(error.value)
    assert "Linear: " in str(error.value)


def test_a_base_class_without_a_name_is_no_loss():
    base = "class Base(Loss):\n    scale: float = 1.0\n"
    assert list(load(plugin_sources(base, FOCAL.replace("(Loss)", "(Base)"))).losses) == ["mine.focal"]


def test_a_run_of_a_plugin_has_its_hash_and_others_have_none():
    sources = plugin_sources(FOCAL, LINEAR)
    use([load(sources)])
    loss, network = (PluginCode(name=name, sha256=sources.sha256) for name in ("mine.focal", "mine.linear"))
    assert code_of(configuration({"name": "cce"})) == ()
    assert code_of(configuration({"name": "mine.focal"})) == (loss,)
    assert code_of(configuration({"name": "cce"}, network={"name": "mine.linear"})) == (network,)
    assert code_of(configuration({"name": "mine.focal"}, network={"name": "mine.linear"})) == (loss, network)


def test_the_code_of_a_plugin_that_is_not_loaded_is_unknown():
    with pytest.raises(LookupError, match=r"mine\.focal: its plugin is not loaded"):
        code_of(configuration({"name": "mine.focal"}))


def run(gamma):
    chosen = configuration({"name": "mine.focal", "gamma": gamma})
    return Run(configuration=chosen, seed=0, dataset="0" * 20, code=code_of(chosen))


def test_a_run_reads_back_equal_with_and_without_its_plugin():
    use([load(plugin_sources(FOCAL))])
    of_plugin = run(2.5)
    text = of_plugin.model_dump_json()
    assert Run.model_validate_json(text) == of_plugin
    use([])
    read = Run.model_validate_json(text)
    assert isinstance(read.configuration.loss, UnknownLoss)
    assert (read.run_id, read.model_dump_json()) == (of_plugin.run_id, text)


def test_a_run_that_its_plugin_no_longer_accepts_can_be_read():
    use([load(plugin_sources(FOCAL))])
    of_plugin = run(5.0)
    use([load(plugin_sources(FOCAL.replace("le=5", "le=4")))])
    assert Run.model_validate_json(of_plugin.model_dump_json()).run_id == of_plugin.run_id


def test_the_run_id_depends_on_the_hash():
    use([load(plugin_sources(FOCAL))])
    before = run(2.0)
    use([load(plugin_sources(FOCAL + "    # edited"))])
    after = run(2.0)
    assert before.configuration.model_dump() == after.configuration.model_dump()
    assert before.run_id != after.run_id


def test_no_parameter_can_have_the_name_of_a_column_of_the_table_of_runs():
    study = Builder()
    study.add("a", CCE(name="cce"), 0)
    assert set(study.results().runs.columns) - {*PARAMETERS} <= TAKEN


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("import os\nos._exit(0)", "my_losses.py:9: it called os._exit(0)"),
        ("import ctypes\nctypes.string_at(0)", "my_losses.py:9: its process was killed by SIGSEGV"),
        ("import os\nos.abort()", "my_losses.py:9: its process was killed by SIGABRT"),
        ("import no_such_module", "my_losses.py:8: ModuleNotFoundError: No module named 'no_such_module'"),
    ],
)
def test_a_plugin_that_ends_its_process_is_a_message(text, problem):
    with pytest.raises(PluginError) as error:
        load_apart(plugin_sources(text))
    assert str(error.value).startswith(problem)


@pytest.mark.slow
def test_a_plugin_that_prints_is_loaded_and_prints_nothing(capfd):
    load_apart(plugin_sources("import os\nprint('noise')\nos.system('echo noise >&2')", FOCAL))
    assert capfd.readouterr() == ("", "")
