"""One thread: these tests compute with a few numbers at a time, for which a second one only costs time."""

import pytest
import torch


@pytest.fixture(scope="module", autouse=True)
def _single_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
