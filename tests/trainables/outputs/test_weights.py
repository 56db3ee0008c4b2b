"""The weights of runs, as a storage location keeps them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch
from torch import nn

from trainables.networks.cnn import CNN
from trainables.outputs.weights import Weights, read_weights, weights_path, write_weights
from trainables.storage.documents import DamagedError, OtherVersionError
from trainables.storage.location import location

RUN = "a" * 20


class Odd(nn.Module):
    """A network with tensors of several types, one without dimensions, and tied weights in another memory layout."""

    def __init__(self, seed=0):
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        kernels = torch.randn(3, 2, 4, 5, generator=generator).to(memory_format=torch.channels_last)
        self.kernels, self.tied = nn.Parameter(kernels), None
        self.tied = self.kernels
        self.coarse = nn.Parameter(torch.randn(7, generator=generator).bfloat16())
        self.register_buffer("steps", torch.tensor(2**53 + 1, dtype=torch.int64))
        self.register_buffer("mask", torch.tensor([True, False]))
        self.register_buffer("empty", torch.empty(0, 3))


def kept(network, bands=4):
    return Weights(network.state_dict(), torch.linspace(-1, 1, bands), torch.full((bands,), 0.1))


@pytest.fixture
def storage(tmp_path):
    return location(tmp_path)


@pytest.mark.parametrize("network", [Odd(), CNN(3, seed=1)], ids=["odd", "cnn"])
def test_weights_are_read_bit_for_bit_as_they_were_written(storage, network):
    weights = kept(network)
    write_weights(storage, RUN, weights)
    read = read_weights(storage, RUN)
    assert read.model.keys() == weights.model.keys()
    for name, tensor in {**weights.model, "mean": weights.mean, "sd": weights.sd}.items():
        again = {**read.model, "mean": read.mean, "sd": read.sd}[name]
        assert again.dtype == tensor.dtype
        assert torch.equal(again, tensor)


def test_a_network_with_read_weights_equals_the_one_that_was_kept(storage):
    network, other = Odd(), Odd(seed=1)
    write_weights(storage, RUN, kept(network))
    read_weights(storage, RUN).load_into(other)
    assert all(torch.equal(tensor, other.state_dict()[name]) for name, tensor in network.state_dict().items())


def test_other_tools_read_the_file(storage):
    from safetensors import safe_open  # noqa: PLC0415 -- the file as another tool opens it

    write_weights(storage, RUN, kept(Odd()))
    with safe_open(weights_path(storage, RUN).local_path, framework="pt") as file:
        assert file.metadata()["run_id"] == RUN
        assert set(file.keys()) == {*Odd().state_dict(), "input.mean", "input.sd"}


def test_a_run_whose_weights_were_not_kept_has_no_file(storage):
    with pytest.raises(FileNotFoundError):
        read_weights(storage, RUN)


@pytest.mark.parametrize("part", ["length", "header", "tensor"])
def test_a_changed_bit_is_damage(storage, part):
    write_weights(storage, RUN, kept(Odd()))
    path = weights_path(storage, RUN)
    data = bytearray(path.read_bytes())
    data[{"length": 1, "header": data.index(b"BF16"), "tensor": -1}[part]] ^= 1
    path.write(bytes(data))
    with pytest.raises(DamagedError, match="weights"):
        read_weights(storage, RUN)


def test_a_file_cut_anywhere_is_damaged(storage):
    write_weights(storage, RUN, kept(Odd()))
    path = weights_path(storage, RUN)
    data = path.read_bytes()
    for size in range(0, len(data), 211):
        path.write(data[:size])
        with pytest.raises(DamagedError):
            read_weights(storage, RUN)


def test_a_file_whose_header_is_json_of_another_kind_is_damaged(storage):
    for header in (b"[]", b"{}", b'{"__metadata__": 1}', b'{"__metadata__": {"run_id": "x"}}'):
        weights_path(storage, RUN).write(len(header).to_bytes(8, "little") + header)
        with pytest.raises(DamagedError):
            read_weights(storage, RUN)


def test_the_weights_of_another_run_are_refused(storage):
    write_weights(storage, RUN, kept(Odd()))
    weights_path(storage, RUN).move_to(weights_path(storage, "b" * 20))
    with pytest.raises(DamagedError, match=f"it has the weights of run '{RUN}'"):
        read_weights(storage, "b" * 20)


def test_a_file_of_a_newer_version_is_named_as_such(storage):
    write_weights(storage, RUN, kept(Odd()))
    path = weights_path(storage, RUN)
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    header["__metadata__"]["schema_version"] = "2"
    text = json.dumps(header).encode()
    path.write(len(text).to_bytes(8, "little") + text + data[8 + length :])
    with pytest.raises(OtherVersionError, match=r"newer version of gce-study \(schema 2; this version reads 1\)"):
        read_weights(storage, RUN)


def test_weights_of_another_network_are_named_in_one_message():
    network = Odd()
    state = dict(network.state_dict())
    state["coarse"], state["more"] = state["coarse"].float(), state.pop("steps")
    with pytest.raises(ValueError, match="not those of this network") as raised:
        replace(kept(network), model=state).load_into(network)
    for part in ("steps is missing", "more is unknown", "coarse is float32 (7,) instead of bfloat16 (7,)"):
        assert part in str(raised.value)


def test_weights_of_another_network_change_nothing():
    network = Odd()
    state = {name: tensor + 1 for name, tensor in network.state_dict().items() if name != "mask"}
    with pytest.raises(ValueError, match="mask is missing"):
        replace(kept(network), model=state).load_into(network)
    assert torch.equal(network.coarse, Odd().coarse)


@pytest.mark.parametrize("foreign", [{"extra": "text"}, {"input.mean": torch.zeros(1)}])
def test_a_state_that_cannot_be_kept_is_refused_and_named(storage, foreign):
    weights = replace(kept(Odd()), model=Odd().state_dict() | foreign)
    with pytest.raises(ValueError, match=next(iter(foreign))):
        write_weights(storage, RUN, weights)
    assert not weights_path(storage, RUN).exists()


def test_weights_in_an_object_store_are_read_as_they_were_written(bucket):
    write_weights(bucket, RUN, kept(Odd()))
    assert torch.equal(read_weights(bucket, RUN).model["kernels"], Odd().kernels)
