"""What the project uses of its libraries beyond their public interface: another version fails here, and by name."""

import inspect
from importlib.metadata import version

import optuna
import pytest
import torch
from optuna.samplers import QMCSampler
from optuna.trial import FrozenTrial, create_trial
from packaging.version import Version


@pytest.mark.parametrize(("package", "release"), [("ray", (2, 60)), ("optuna", (5,)), ("torch", (2, 14))])
def test_the_private_names_were_read_in_the_version_that_is_installed(package, release):
    assert Version(version(package)).release[: len(release)] == release


def test_ray_drains_a_node_as_the_watcher_of_spot_machines_asks_it_to():
    from ray._raylet import GcsClient, InnerGcsClient  # noqa: PLC0415 -- seconds
    from ray.core.generated.autoscaler_pb2 import DRAIN_NODE_REASON_PREEMPTION  # noqa: PLC0415

    assert DRAIN_NODE_REASON_PREEMPTION == 2
    assert callable(GcsClient)
    assert {"drain_node", "get_all_node_info"} <= set(dir(InnerGcsClient))  # to which it passes calls on


def test_rays_client_of_jobs_keeps_the_version_of_its_server():
    from ray.dashboard.modules.dashboard_sdk import SubmissionClient  # noqa: PLC0415 -- seconds

    assert "self._server_ray_version = " in inspect.getsource(SubmissionClient)


def test_rays_launcher_shares_an_ssh_connection_only_with_a_path_for_it():
    from ray.autoscaler._private.command_runner import SSHOptions  # noqa: PLC0415 -- seconds

    assert [key for key in SSHOptions("key", "path").arg_dict if "Control" in key]
    assert not [key for key in SSHOptions("key", None).arg_dict if "Control" in key]


def test_a_trial_of_tune_keeps_running_means_that_can_be_dropped():
    from ray.tune.experiment import Trial  # noqa: PLC0415 -- seconds

    source = inspect.getsource(Trial)
    assert "def metric_analysis(self)" in source
    assert "def metric_n_steps(self)" in source


@pytest.mark.filterwarnings("ignore:QMCSampler is experimental")
def test_optunas_sobol_sampler_keeps_the_number_of_its_last_point_in_one_attribute_of_the_study():
    storage = optuna.storages.InMemoryStorage()
    study = optuna.create_study(sampler=QMCSampler(scramble=True, seed=0), storage=storage)
    space = {"q": optuna.distributions.FloatDistribution(0, 1)}
    study.tell(study.ask(space), 0.0)
    study.ask(space)
    study.ask(space)
    (value,) = storage.get_study_system_attrs(storage.get_study_id_from_name(study.study_name)).values()
    assert value == 1  # the number of the last point, from 0


def test_an_optuna_trial_is_the_sum_of_its_attributes():
    trial = create_trial(state=optuna.trial.TrialState.COMPLETE, value=0.5)
    copy = FrozenTrial.__new__(FrozenTrial)
    vars(copy).update(vars(trial))
    assert copy == trial


def test_the_backward_pass_of_a_convolution_takes_the_arguments_that_are_passed():
    names = [argument.name for argument in torch.ops.aten.convolution_backward.default._schema.arguments]
    geometry = ["stride", "padding", "dilation", "transposed", "output_padding", "groups", "output_mask"]
    assert names == ["grad_output", "input", "weight", "bias_sizes", *geometry]
